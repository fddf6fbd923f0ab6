import pandas as pd
import pytest

from helpers.measures.care import looked_after_at, periods_of_care, placement_stability, placements


def episode(child, start, end, new, ceased, legal="C1", place="U6", post="AB1", year=2023):
    return {
        "child_id": child, "episode_start": start, "episode_end": end, "reason_new_episode": new,
        "reason_ceased": ceased, "legal_status": legal, "placement": place, "placement_provider": "PR1",
        "placement_postcode": post, "category_of_need": "N1", "collection_year": year,
    }  # fmt: skip


@pytest.fixture
def store(make_store):
    """A goes in, changes legal status, moves, and goes home; comes back for good. B has short breaks."""
    return make_store(
        care_episodes=[
            episode("A", "2021-05-01", "2021-08-01", "S", "X1"),
            episode("A", "2021-08-01", "2021-10-01", "L", "X1", legal="C2"),
            episode("A", "2021-10-01", "2021-12-01", "P", "X1", legal="C2", post="CD2"),
            episode("A", "2021-12-01", "2022-02-01", "T", "E4A", legal="C2", place="U4", post="CD2"),
            episode("A", "2022-06-01", None, "S", None, legal="V2", post="EF3"),
            episode("B", "2022-05-01", "2022-05-03", "S", "E4A", legal="V4"),
            episode("B", "2022-05-20", "2022-05-22", "S", "E4A", legal="V4"),
        ]
    )


def rows(table, *order):
    return table.order_by(list(order)).execute()


def test_a_change_of_legal_status_or_of_placement_with_the_same_carer_is_no_move(store):
    spells = rows(placements(store).filter(lambda t: t.child_id == "A"), "placement_start")
    assert spells["episodes"].tolist() == [2, 2, 1]
    assert spells["days"].tolist() == [153, 123, 303]
    assert pd.to_datetime(spells["placement_start"]).dt.month.tolist() == [5, 10, 6]


def test_a_period_runs_from_the_start_of_care_to_an_end_that_is_not_x1(store):
    periods = rows(periods_of_care(store).filter(lambda t: t.child_id == "A"), "period_start")
    assert periods["period"].tolist() == [1, 2]
    assert periods["days"].tolist() == [276, 303]
    assert periods["open"].tolist() == [False, True]
    first = periods.iloc[0]
    assert first[["episodes", "placements", "entry_year"]].tolist() == [4, 2, 2022]
    expected = ["C1", "C2", "U6", "U4", "E4A"]
    names = ["entry_legal_status", "last_legal_status", "first_placement", "last_placement", "reason_ceased"]
    assert first[names].tolist() == expected


def test_short_breaks_are_apart_and_not_counted_at_31_march(store):
    assert (
        rows(periods_of_care(store), "child_id", "period_start")["respite"].tolist()
        == [False] * 2 + [True] * 2
    )
    assert rows(looked_after_at(periods_of_care(store), 2023), "child_id")["child_id"].tolist() == ["A"]
    assert looked_after_at(periods_of_care(store), 2022).count().execute() == 0


def test_a_short_break_inside_a_period_does_not_cut_it(make_store):
    store = make_store(
        care_episodes=[
            episode("A", "2022-04-01", "2022-06-01", "S", "X1"),
            episode("A", "2022-05-01", "2022-05-03", "S", "E4A", legal="V4"),
            episode("A", "2022-06-01", None, "P", None),
        ]
    )
    periods = rows(periods_of_care(store), "respite")
    assert periods["episodes"].tolist() == [2, 1]


def test_a_gap_or_an_end_that_is_not_followed_up_makes_a_new_period(make_store):
    store = make_store(
        care_episodes=[
            episode("A", "2022-04-01", "2022-05-01", "S", "X1"),
            episode("A", "2022-06-01", "2022-07-01", "P", "X1"),  # gap: the row between is missing
            episode("B", "2022-04-01", "2022-05-01", "S", "E4A"),
            episode("B", "2022-05-01", None, "P", None),
        ]
    )
    counts = rows(periods_of_care(store), "child_id").groupby("child_id").size()
    assert counts.to_dict() == {"A": 2, "B": 2}


def test_without_a_reason_a_placement_is_new_when_the_place_differs(make_store):
    store = make_store(
        care_episodes=[
            episode("A", "2022-04-01", "2022-05-01", "S", "X1"),
            episode("A", "2022-05-01", "2022-06-01", None, "X1", legal="C2"),
            episode("A", "2022-06-01", None, None, None, post="CD2"),
        ]
    )
    assert rows(placements(store), "placement_start")["episodes"].tolist() == [2, 1]


def test_stability_counts_placements_of_the_year_without_temporary_ones(make_store):
    def moves(child, dates, place="U6"):
        ends = [*dates[1:], None]
        return [
            episode(child, a, b, "S" if n == 0 else "P", "X1" if b else None, place=place if n == 1 else "U6")
            for n, (a, b) in enumerate(zip(dates, ends, strict=True))
        ]

    store = make_store(
        care_episodes=[
            *moves("A", ["2022-05-01", "2022-08-01", "2022-10-01"]),
            *moves("B", ["2022-05-01", "2022-08-01", "2022-10-01"], place="T1"),
            *moves("C", ["2021-05-01", "2021-08-01", "2022-10-01"]),
        ]
    )
    table = placement_stability(store, [2022, 2023])
    assert table[["year", "n", "of"]].to_numpy().tolist() == [[2022, 0, 1], [2023, 1, 3]]
