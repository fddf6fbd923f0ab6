import pandas as pd
import pytest

from helpers.measures.states import distinct_sequences, flows, monthly_states, origins, state_shares


def case(child, start, end=None):
    return {"child_id": child, "referral_date": start, "closure_date": end, "collection_year": 2022}


@pytest.fixture
def store(make_store):
    """Returns of 2020/21 and 2021/22: 1 April 2020 to 31 March 2022."""
    return make_store(
        children=[
            {"child_id": "A", "birth_date": "2010-01-01"},
            {"child_id": "B", "birth_date": "2003-01-15"},  # 18 on 15 January 2021
            {"child_id": "C", "birth_date": "2012-01-01"},
            {"child_id": "D", "birth_date": "2012-01-01"},
        ],
        referrals=[
            case("A", "2020-06-10", "2020-12-10") | {"collection_year": 2021},
            case("B", "2020-10-01", "2021-06-01"),
            case("C", "2021-11-20"),
            case("D", "2020-06-10", "2020-07-10"),
        ],
        cp_plans=[
            {"child_id": "A", "referral_date": "2020-06-10", "plan_start": "2020-08-09",
             "plan_end": "2020-09-10", "collection_year": 2021}
        ],
        care_episodes=[
            {"child_id": "D", "episode_start": "2020-08-01", "episode_end": "2020-11-15",
             "legal_status": "E1", "reason_new_episode": "S", "reason_ceased": "E12",
             "collection_year": 2021},
            {"child_id": "C", "episode_start": "2022-01-01", "legal_status": "C2",
             "reason_new_episode": "S", "collection_year": 2022},
        ],
        early_help_episodes=[{"episode_id": "1", "episode_start": "2021-01-31", "episode_end": "2021-02-20"}],
        early_help_children=[{"episode_id": "1", "child_id": "A"}],
    )  # fmt: skip


def sequence(states, child):
    table = states.filter(states.child_id == child).order_by("month").execute()
    assert table["month"].tolist() == list(range(len(table)))
    return table["state"].tolist()


def test_the_deepest_state_of_the_month_counts(store):
    states = monthly_states(store, origins(store, "referral"), 9)
    # From 10 June: the plan begins on the last day of month 1 and ends on the day month 3 begins; the case
    # ends on the day month 6 begins; early help begins on 31 January, in month 7, and ends in month 8.
    need, plan = "child in need", "child protection plan"
    expected = [need, plan, plan, need, need, need, "none", "early help", "early help"]
    assert sequence(states, "A") == expected


def test_a_child_of_eighteen_has_left(store):
    states = monthly_states(store, origins(store, "referral"), 6)
    assert sequence(states, "B") == ["child in need"] * 4 + ["left"] * 2  # month 4 begins on 1 February


def test_an_adopted_child_has_left(store):
    states = monthly_states(store, origins(store, "referral"), 7)
    need, care = "child in need", "looked after"
    assert sequence(states, "D") == [need, care, care, care, care, care, "left"]


def test_months_after_the_returns_are_not_seen(store):
    states = monthly_states(store, origins(store, "referral"), 6)
    seen = ["child in need", "looked after", "looked after", "looked after"]
    assert sequence(states, "C") == [*seen, "not seen", "not seen"]  # month 4 ends after 31 March 2022


def test_months_before_the_returns_are_not_seen(store):
    states = monthly_states(store, origins(store, "2020-02-01"), 4)
    assert sequence(states, "A") == ["not seen", "not seen", "none", "none"]


def test_services_can_be_left_out(store):
    states = monthly_states(store, origins(store, "referral"), 9, ["case", "plan", "care"])
    assert sequence(states, "A")[7] == "none"
    with pytest.raises(ValueError, match="got youth"):
        monthly_states(store, origins(store, "birth"), 9, ["youth"])


def test_months_end_where_the_calendar_does(make_store):
    """Origin 31 January: month 1 begins on 28 February."""
    store = make_store(
        children=[{"child_id": "A", "birth_date": "2010-01-01"}],
        referrals=[
            case("A", "2021-02-28", "2021-03-01"),
            case("A", "2020-05-01", "2020-05-02") | {"collection_year": 2021},
        ],
    )
    begin = store.children.select("authority", "child_id", origin=pd.Timestamp(2021, 1, 31).date())
    assert sequence(monthly_states(store, begin, 3), "A") == ["none", "child in need", "none"]


def test_shares_of_states_add_up_among_those_seen(store):
    shares = state_shares(monthly_states(store, origins(store, "referral"), 6))
    assert shares.groupby("time")["share"].sum().round(12).eq(1).all()
    last = shares[(shares["time"] == 5) & (shares["n"] > 0)].set_index("state")
    assert last["n"].to_dict() == {"child in need": 1, "looked after": 1, "left": 1}
    assert last["of"].unique().tolist() == [3]


def test_sequences_are_counted_and_weights_are_children(store):
    states = monthly_states(store, origins(store, "2020-06-01"), 1)
    table = distinct_sequences(states, 1)
    assert table.to_numpy().tolist() == [["child in need", 2], ["none", 2]]


def test_sequences_not_wholly_seen_are_left_out_unless_asked_for(store):
    states = monthly_states(store, origins(store, "referral"), 6)
    assert distinct_sequences(states, 6)["n"].sum() == 3
    assert distinct_sequences(states, 6, whole=False)["n"].sum() == 4


def test_flows_join_the_same_child_at_two_points(store):
    table = flows(monthly_states(store, origins(store, "referral"), 5), every=4)
    found = {(row.source, row.target): row.n for row in table.itertuples()}
    need = "child in need"
    assert found == {(need, need): 1, (need, "looked after"): 1, (need, "left"): 1}
    assert table["step"].unique().tolist() == [0]


def test_a_day_that_is_none_is_refused(store):
    with pytest.raises(ValueError, match="Services"):
        origins(store, "school")
    with pytest.raises(ValueError, match="month"):
        monthly_states(store, origins(store, "birth"), 0)
