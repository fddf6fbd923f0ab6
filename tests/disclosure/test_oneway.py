import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.disclosure import PROFILES, reshare, suppress, suppress_as


def table(*counts, **more):
    return pd.DataFrame({"n": counts, **more})


def test_small_counts_go_and_zero_and_large_ones_stay():
    safe, _ = suppress(table(0, 4, 9, 10, 50), "n", 10)
    assert safe["n"].tolist() == [0, pd.NA, pd.NA, 10, 50]


def test_a_single_small_count_takes_the_next_smallest_with_it():
    safe, note = suppress(table(0, 3, 25, 100), "n", 10)
    assert safe["n"].tolist() == [0, pd.NA, pd.NA, 100]
    assert "1 count below 10 is suppressed" in note and "1 more" in note


def test_two_tiny_counts_whose_sum_is_small_take_another_with_them():
    assert suppress(table(1, 2, 30, 40), "n", 10)[0]["n"].tolist() == [pd.NA, pd.NA, pd.NA, 40]


def test_totals_are_guarded_within_each_year():
    frame = table(3, 20, 30, 40, year=[1, 1, 2, 2])
    assert suppress(frame, "n", 10, within=["year"])[0]["n"].tolist() == [pd.NA, pd.NA, 30, 40]


def test_without_known_totals_only_small_counts_go():
    assert suppress(table(3, 25), "n", 10, totals=False)[0]["n"].tolist() == [pd.NA, 25]


def test_what_follows_from_a_count_goes_with_it():
    safe, _ = suppress(table(3, 25, 40, share=[0.1, 0.4, 0.5]), "n", 10, linked=["share"])
    assert safe["share"].isna().tolist() == [True, True, False]


def test_rounding_is_to_the_nearest_with_halves_up():
    assert suppress(table(12, 13, 15, 20), "n", 8, round_to=5)[0]["n"].tolist() == [10, 15, 15, 20]
    assert suppress(table(25, 35), "n", 0, round_to=10)[0]["n"].tolist() == [30, 40]


def test_shares_are_worked_out_from_what_is_shown():
    assert reshare(table(10, None, of=[40, 40]))["share"].tolist() == [0.25, pd.NA]


def test_zero_goes_too_when_asked():
    assert suppress(table(0, 0, 50), "n", 10, keep_zero=False)[0]["n"].isna().sum() == 3


def test_no_threshold_suppresses_nothing_and_says_so():
    safe, note = suppress(table(1, 2), "n", 0)
    assert safe["n"].tolist() == [1, 2] and "not suppressed" in note


def test_the_frame_given_is_left_as_it_was():
    frame = table(3, 25)
    suppress(frame, "n", 10)
    assert frame["n"].tolist() == [3, 25]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=12), st.integers(2, 20))
def test_nothing_small_is_shown_and_no_total_gives_a_count_away(counts, min_cell):
    shown = suppress(table(*counts), "n", min_cell)[0]["n"]
    assert not shown.between(1, min_cell - 1).any()
    hidden = pd.Series(counts)[shown.isna().to_numpy()]
    others = (shown > 0).sum()
    assert hidden.empty or others == 0 or (len(hidden) >= 2 and hidden.sum() >= min_cell)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_hides_what_is_below_its_threshold(name):
    low = PROFILES[name].min_cell - 1
    assert suppress_as(table(low, 100, 200), "n", name)[0]["n"].isna().tolist() == [True, True, False]


def test_an_unknown_profile_is_named():
    with pytest.raises(KeyError, match="nowhere"):
        suppress_as(table(1), "n", "nowhere")


def test_ten_hidden_ones_are_not_given_away_by_their_sum_of_ten():
    shown = suppress(table(*[1] * 10, 60), "n", 10)[0]["n"]
    assert shown.isna().all()  # else each hidden count, at least 1 since zeros are shown, would be known


def test_rows_are_told_apart_where_labels_repeat():
    frame = pd.DataFrame({"n": [500, 9, 300, 64, 200]}, index=[0, 1, 0, 1, 0])
    safe, _ = suppress(frame, "n", 10)
    assert safe["n"].isna().tolist() == [False, True, False, True, False]
    assert safe.index.tolist() == [0, 1, 0, 1, 0]
