import ibis
import pandas as pd
import pytest

from helpers.measures.referrals import re_referrals, referral_spells, referred_again, time_to_rereferral
from helpers.measures.spells import ENDINGS, follow_up, total_time


def referral(child, start, end=None, year=2023, nfa=False):
    return {
        "child_id": child, "referral_date": start, "closure_date": end, "no_further_action": nfa,
        "collection_year": year,
    }  # fmt: skip


def child(name, born, died=None):
    return {"child_id": name, "birth_date": born, "death_date": died}


def adopted(name, day):
    return {
        "child_id": name, "episode_start": "2020-05-01", "episode_end": day, "reason_new_episode": "S",
        "reason_ceased": "E11", "collection_year": 2023,
    }  # fmt: skip


@pytest.fixture
def store(make_store):
    """Closed on 1 June 2021; each child's follow-up ends in another way by 31 March 2023."""
    closed = [referral(name, "2021-01-01", "2021-06-01", 2022) for name in "ABCDEFG"]
    return make_store(
        referrals=[*closed, referral("B", "2021-07-01"), referral("G", "2021-06-01", None)],
        children=[
            child("A", "2015-01-01"),
            child("B", "2015-01-01"),
            child("C", "2003-08-01"),
            child("D", "2020-01-01"),
            child("E", "2015-01-01", died="2021-06-11"),
            child("F", "2003-06-01"),  # 18 on the day of closure
        ],
        care_episodes=[adopted("D", "2022-06-01")],
    )


def endings(times):
    rows = times.order_by("child_id").execute()
    return {
        name: (days, ENDINGS[event])
        for name, days, event in zip(rows["child_id"], rows["days"], rows["event"], strict=True)
    }


def test_each_way_in_which_follow_up_ends_is_told_apart(store):
    assert endings(time_to_rereferral(store, competing=True)) == {
        "A": (668, "end of the returns"),
        "B": (30, "came back"),
        "C": (61, "turned 18"),
        "D": (365, "adopted"),
        "E": (10, "died"),
        "G": (0, "came back"),  # on the very day; without a row among children
    }


def test_without_competing_events_all_else_is_censoring(store):
    assert endings(time_to_rereferral(store))["D"] == (668, "end of the returns")


def test_a_referral_on_the_eighteenth_birthday_is_a_return(make_store):
    rows = [referral("A", "2021-01-01", "2021-06-01"), referral("A", "2021-08-01")]
    store = make_store(referrals=rows, children=[child("A", "2003-08-01")])
    assert endings(time_to_rereferral(store, competing=True)) == {"A": (61, "came back")}


def test_referrals_without_further_action_are_followed_from_the_referral(make_store):
    rows = [referral("A", "2023-01-01", nfa=True), referral("A", "2023-02-01")]
    store = make_store(referrals=rows, children=[])
    assert time_to_rereferral(store, competing=True).count().execute() == 0
    assert endings(time_to_rereferral(store, True, competing=True)) == {"A": (31, "came back")}


def test_re_referral_ever_looks_back_as_far_as_the_returns_go(make_store):
    rows = [
        referral("A", "2018-05-01", "2018-06-01", 2019),
        referral("A", "2022-05-01", "2022-06-01"),
        referral("B", "2022-05-01", "2022-06-01"),
    ]
    spells = referral_spells(make_store(referrals=rows))
    year = re_referrals(spells, None).set_index("year").loc[2023]
    assert (year["n"], year["of"], year["complete"]) == (1, 2, False)
    assert re_referrals(spells, 12).set_index("year").loc[2023, "n"] == 0


def test_a_cohort_is_followed_among_those_still_children(make_store):
    """Of three referred in 2019/20, one comes back at once, one two years on, one is 18 in 2021/22."""
    rows = [
        *[referral(name, "2019-05-01", "2019-06-01", 2020) for name in "ABC"],
        referral("A", "2020-01-01", "2020-02-01", 2020),
        referral("A", "2020-03-01", "2020-03-02", 2020),  # a third one adds nothing
        referral("B", "2021-06-01", "2021-07-01", 2022),
        referral("C", "2021-07-01", None, 2022),
    ]
    children = [child("A", "2010-01-01"), child("B", "2010-01-01"), child("C", "2003-09-01")]
    table = referred_again(make_store(referrals=rows, children=children), 2020)
    assert table[["year", "years_after", "n", "of"]].to_numpy().tolist() == [
        [2020, 0, 1, 3], [2021, 1, 1, 3], [2022, 2, 2, 2],
    ]  # fmt: skip


def test_a_cohort_of_nobody_has_no_rows(make_store):
    assert referred_again(make_store(referrals=[referral("A", "2022-05-01")]), 2015).empty


def test_total_time_runs_on_from_the_first_spell_of_the_child():
    times = ibis.memtable(
        pd.DataFrame(
            {
                "authority": "501",
                "child_id": ["A", "A", "B"],
                "closed": pd.to_datetime(["2020-01-01", "2020-03-01", "2021-01-01"]).date,
                "days": [30, 0, 50],
                "event": [1, 1, 0],
            }
        )
    )
    found = total_time(times, "closed").order_by(["child_id", "closed"]).execute()
    assert found["entry"].tolist() == [0, 60, 0]
    assert found["exit"].tolist() == [30, 61, 50]  # an event on the very day still takes time


def test_following_needs_a_last_day_of_the_returns(store):
    spells = referral_spells(store)
    with pytest.raises(AttributeError, match="last_day"):
        follow_up(spells, store, "closure_date", "next_referral")
