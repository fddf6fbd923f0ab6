import pandas as pd
import pytest

from helpers.measures.referrals import (
    event_counts,
    last_day,
    re_referrals,
    reconcile_years,
    referral_spells,
    time_to_rereferral,
)


def referral(child, start, end=None, year=2022, nfa=False):
    return {
        "child_id": child,
        "referral_date": start,
        "closure_date": end,
        "no_further_action": nfa,
        "collection_year": year,
    }


@pytest.fixture
def store(make_store):
    """Returns of 2020/21 to 2022/23: A comes back on the very day, B a day too late, C never."""
    referrals = [
        referral("A", "2020-06-01", "2020-08-01", 2021),
        referral("A", "2021-06-01", "2021-07-01", 2022),
        referral("B", "2020-06-01", "2020-09-01", 2021),
        referral("B", "2021-06-02", None, 2022),  # open in 2022 and in no return after
        referral("C", "2021-12-01", "2022-05-01", 2023),
        referral("D", "2022-12-01", "2022-12-02", 2023, nfa=True),
        referral("E", "2019-01-01", None, 2023),  # open since before the returns begin
    ]
    children = [{"child_id": "A", "birth_date": "2003-08-01"}, {"child_id": "C", "birth_date": "2015-01-01"}]
    return make_store(referrals=referrals, children=children)


def test_the_returns_end_with_the_latest_collection_year(store):
    assert last_day(store) == pd.Timestamp(2023, 3, 31)


def test_a_spell_knows_the_referrals_before_and_after(store):
    spells = referral_spells(store).filter(lambda t: t.child_id == "A").order_by("referral_date").execute()
    assert spells["number"].tolist() == [1, 2]
    assert pd.Timestamp(spells["next_referral"][0]) == pd.Timestamp(2021, 6, 1)
    assert pd.isna(spells["next_referral"][1]) and pd.isna(spells["previous_referral"][0])


def test_twelve_months_to_the_day_is_a_re_referral_and_a_day_more_is_not(store):
    table = re_referrals(referral_spells(store)).set_index("year")
    assert table.loc[2022, ["n", "of"]].tolist() == [1, 3]
    assert table.loc[2022, "share"] == pytest.approx(1 / 3)


def test_the_first_year_is_incomplete_and_earlier_referrals_are_not_counted(store):
    table = re_referrals(referral_spells(store)).set_index("year")
    assert table["complete"].to_dict() == {2021: False, 2022: True, 2023: True}


def test_re_referral_over_all_years_needs_no_grouping(store):
    assert re_referrals(referral_spells(store), by=())[["n", "of"]].iloc[0].tolist() == [1, 6]


def test_follow_up_ends_with_the_next_referral_the_eighteenth_birthday_or_the_returns(store):
    times = time_to_rereferral(store).execute().set_index(["child_id", "referral_date"])
    times.index = [f"{child} {pd.Timestamp(day).date()}" for child, day in times.index]
    assert times.loc["A 2020-06-01", ["days", "event"]].tolist() == [304, 1]
    assert times.loc["A 2021-06-01", ["days", "event"]].tolist() == [31, 0]  # 18 on 1 August 2021
    assert times.loc["C 2021-12-01", ["days", "event"]].tolist() == [334, 0]
    assert not times.index.str.startswith("D").any()


def test_a_closure_inside_another_open_referral_is_not_followed(make_store):
    rows = [referral("A", "2021-01-01", "2021-06-01"), referral("A", "2021-03-01", "2021-12-01")]
    times = time_to_rereferral(make_store(referrals=rows, children=[])).execute()
    assert pd.to_datetime(times["referral_date"]).tolist() == [pd.Timestamp(2021, 3, 1)]


def test_events_are_counted_by_day(store):
    counts = event_counts(time_to_rereferral(store))
    assert counts["n"].sum() == 4
    assert counts.loc[counts["event"] == 1, "days"].tolist() == [274, 304]


def test_open_referrals_reconcile_from_year_to_year(store):
    table = reconcile_years(store).set_index("year")
    balance = table["open_at_start"] + table["opened"] - table["closed"] - table["lost"]
    assert balance.tolist() == table["open_at_end"].tolist()
    assert table["open_at_start"].tolist() == [1, 1, 3]
    assert table.loc[2023, ["opened", "closed", "lost", "open_at_end"]].tolist() == [0, 1, 1, 1]


def test_reconciling_by_authority_gives_the_same_when_there_is_one(store):
    assert reconcile_years(store, ["authority"]).drop(columns="authority").equals(reconcile_years(store))


def test_an_empty_store_reconciles_to_nothing(make_store):
    assert reconcile_years(make_store(referrals=[])).empty
