import pandas as pd
import pytest

from helpers.measures.contacts import coverage, recorded_services, spells
from helpers.measures.first_contact import (
    ages_at_first_contact,
    early_contact,
    entries_to_care,
    first_contacts,
    not_known_before_care,
)


def referral(child, start, end=None, year=2018, **more):
    return {"child_id": child, "referral_date": start, "closure_date": end, "collection_year": year} | more


def care(child, start, end=None, status="C2", year=2023, reason="S", ceased=None):
    return {
        "child_id": child,
        "episode_start": start,
        "episode_end": end,
        "legal_status": status,
        "reason_new_episode": reason,
        "reason_ceased": ceased,
        "collection_year": year,
    }


@pytest.fixture
def store(make_store):
    """CIN returns 2015 to 2023 (from 1 April 2014), SSDA903 2010 to 2023, early help from April 2016."""
    return make_store(
        children=[
            {"child_id": "A", "birth_date": "2014-06-01"},  # followed from birth
            {"child_id": "B", "birth_date": "2008-06-01"},  # six when the returns begin
            {"child_id": "C", "birth_date": "2021-06-01"},
            {"child_id": "D", "birth_date": "2010-01-01"},
            {"child_id": "E", "birth_date": "2006-01-01"},
        ],
        referrals=[
            referral("A", "2014-05-01", "2014-08-01", 2015, no_further_action=True),  # before birth
            referral("A", "2019-07-01", "2019-09-01", 2020, closure_reason="RC8"),
            referral("A", "2021-01-01", "2022-01-01", 2022, closure_reason="RC7"),
            referral("B", "2016-06-01", "2016-07-01", 2017, closure_reason="RC7"),
            referral("C", "2022-05-20", None, 2023),  # ten days before care
            referral("D", "2014-07-01", "2014-08-01", 2015),
        ],
        care_episodes=[
            care("C", "2022-05-30"),
            care("D", "2020-05-01"),
            care("D", "2012-01-01", "2012-01-08", "V4", 2012, ceased="E4A"),  # a short break is no entry
            care("E", "2022-01-01"),
            care("B", "2010-01-01", "2010-02-01", "C2", 2010, ceased="E4A"),
        ],
        uasc=[{"child_id": "E", "collection_year": 2023}],
        early_help_episodes=[{"episode_id": "1", "episode_start": "2016-05-01"}],
        early_help_children=[{"episode_id": "1", "child_id": "D"}],
    )


def test_what_is_in_need_went_on_after_assessment(store):
    table = spells(store, ["case", "need"]).execute()
    found = table[table["child_id"] == "A"].groupby("service").size().to_dict()
    assert found == {"case": 2, "need": 1}


def test_short_breaks_are_no_care(store):
    table = spells(store, ["care"]).execute()
    assert sorted(table["child_id"]) == ["B", "C", "D", "E"]


def test_records_of_services_begin_on_days_of_their_own(store):
    days = coverage(store, ["early_help", "referral", "care"]).execute().set_index("service")
    first = {name: str(pd.Timestamp(day).date()) for name, day in days["first_day"].items()}
    assert first == {"early_help": "2016-04-01", "referral": "2014-04-01", "care": "2009-04-01"}
    assert recorded_services(store, ["early_help", "plan"]) == ["early_help"]


def test_an_unknown_service_is_named(store):
    with pytest.raises(ValueError, match="got youth"):
        spells(store, ["youth"])


def test_first_contact_is_the_earliest_with_its_age_and_place(store):
    table = first_contacts(store).execute().set_index(["child_id", "service"])
    unborn = table.loc[("A", "referral")]
    assert unborn[["age", "age_band", "order", "from_birth"]].tolist() == [-1, "unborn", 1, True]
    assert table.loc[("A", "need"), "age"] == 6
    assert table.loc["D"]["order"].to_dict() == {"referral": 1, "need": 2, "early_help": 3, "care": 4}
    assert not table.loc[("B", "referral"), "from_birth"]


def test_ages_are_of_children_followed_from_birth_unless_asked_for_all(store):
    ages = ages_at_first_contact(first_contacts(store, ["referral"])).set_index("age_band")
    assert ages.loc["unborn", ["n", "of"]].tolist() == [1, 2]
    assert ages.loc["1 to 4", "n"] == 0
    everyone = ages_at_first_contact(first_contacts(store, ["referral"]), followed_from_birth=False)
    assert everyone["of"].unique().tolist() == [4]


def test_early_is_before_the_fifth_birthday(store):
    table = early_contact(first_contacts(store, ["referral"])).set_index("service")
    assert table.loc["referral", ["n", "of"]].tolist() == [3, 4]  # A, C, and D at four


def test_known_before_care_looks_back_so_many_years_and_not_at_the_way_in(store):
    entries = entries_to_care(store, 5, ["referral"], lead_days=28).execute().set_index("child_id")
    assert entries["known"].to_dict() == {"B": False, "C": False, "D": False, "E": False}
    assert entries["seen"].to_dict() == {"B": False, "C": True, "D": True, "E": True}
    assert entries["unaccompanied"].to_dict() == {"B": False, "C": False, "D": False, "E": True}
    assert entries_to_care(store, 5, ["referral"]).execute().set_index("child_id").loc["C", "known"]
    assert entries_to_care(store, 6, ["referral"]).execute().set_index("child_id").loc["D", "known"]


def test_ever_known_is_only_seen_of_children_followed_from_before_birth(store):
    entries = entries_to_care(store, services=["referral"]).execute().set_index("child_id")
    assert entries["seen"].to_dict() == {"B": False, "C": True, "D": False, "E": False}


def test_early_help_counts_and_limits_what_is_seen(store):
    entries = entries_to_care(store, 5).execute().set_index("child_id")
    assert entries.loc["D", ["known_early_help", "known_referral", "known"]].tolist() == [True, False, True]
    assert not entries.loc["D", "seen"]  # May 2015 is before the records of early help


def test_years_in_which_the_returns_do_not_reach_back_are_marked(store):
    table = not_known_before_care(entries_to_care(store, 5, ["referral"])).set_index("entry_year")
    assert table["complete"].to_dict() == {2010: False, 2021: True, 2022: True, 2023: True}
    assert table.loc[2010, ["n", "of", "left_out"]].tolist() == [0, 0, 1]
    assert table.loc[2022, ["n", "of", "share"]].tolist() == [1, 1, 1.0]
