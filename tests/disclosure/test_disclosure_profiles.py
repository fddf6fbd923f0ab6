import pytest

from helpers.disclosure import PROFILES, Profile, profile, profiles


def test_a_rule_is_a_profile_its_name_or_a_threshold():
    assert profile("sail") is PROFILES["sail"]
    assert profile(PROFILES["sail"]) is PROFILES["sail"]
    assert profile(7) == Profile("counts below 7", 7)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_a_source_and_says_what_is_not_confirmed(name):
    rule = PROFILES[name]
    assert rule.source and rule.min_cell >= 5
    assert set(rule.confirmed) | set(rule.unconfirmed) == {
        "min_cell", "round_to", "zeros", "dominance", "p_ratio", "min_df",
    }  # fmt: skip


def test_the_table_of_profiles_names_the_unconfirmed_ones():
    shown = profiles().set_index("profile")
    assert "min_cell" in shown.loc["sail", "not_confirmed"]
    assert "min_cell" not in shown.loc["opensafely", "not_confirmed"]


def test_an_unknown_name_and_a_negative_threshold_are_refused():
    with pytest.raises(KeyError, match="nowhere.*ons_srs"):
        profile("nowhere")
    with pytest.raises(ValueError, match="can't be -1"):
        profile(-1)
