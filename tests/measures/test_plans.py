import pandas as pd
import pytest

from helpers.measures.plans import plan_spells, repeat_plans, time_to_next_plan


def plan(child, start, end, previous=0, year=2023):
    return {
        "child_id": child, "referral_date": "2019-05-01", "plan_start": start, "plan_end": end,
        "previous_plans": previous, "collection_year": year,
    }  # fmt: skip


@pytest.fixture
def store(make_store):
    """Returns of 2020 to 2023. A: two years to the day; B: a day more; C: the earlier plan elsewhere."""
    years = [2020, 2023]
    return make_store(
        referrals=[{"child_id": "A", "referral_date": f"{y - 1}-05-01", "collection_year": y} for y in years],
        children=[{"child_id": name, "birth_date": "2015-01-01"} for name in "ABC"],
        cp_plans=[
            plan("A", "2020-01-01", "2020-06-01"),
            plan("A", "2022-06-01", "2022-08-01", 1),
            plan("B", "2020-01-01", "2020-06-01"),
            plan("B", "2022-06-02", None, 1),
            plan("C", "2022-09-01", "2022-12-01", 2),
        ],
    )


def test_a_plan_knows_the_plans_before_and_after_it(store):
    spells = plan_spells(store).filter(lambda t: t.child_id == "A").order_by("plan_start").execute()
    assert spells["number"].tolist() == [1, 2]
    assert pd.Timestamp(spells["previous_end"][1]) == pd.Timestamp(2020, 6, 1)
    assert pd.Timestamp(spells["next_start"][0]) == pd.Timestamp(2022, 6, 1)
    assert pd.Timestamp(spells["last_day"][0]) == pd.Timestamp(2023, 3, 31)


def test_a_second_plan_ever_counts_plans_in_other_authorities(store):
    year = repeat_plans(plan_spells(store)).set_index("year").loc[2023]
    assert (year["n"], year["of"], year["complete"]) == (3, 3, True)


def test_within_two_years_counts_from_the_end_of_the_earlier_plan_to_the_day(store):
    table = repeat_plans(plan_spells(store), 24).set_index("year")
    assert table.loc[2023, ["n", "of"]].tolist() == [1, 3]
    assert table["complete"].to_dict() == {2020: False, 2023: True}


def test_without_the_number_of_earlier_plans_those_in_the_data_count(make_store):
    rows = [plan("A", "2022-05-01", "2022-06-01", None), plan("A", "2022-09-01", None, None)]
    spells = plan_spells(make_store(cp_plans=rows, referrals=[
        {"child_id": "A", "referral_date": "2022-04-05", "collection_year": 2023}]))  # fmt: skip
    year = repeat_plans(spells).iloc[0]
    assert (year["n"], year["of"], year["complete"]) == (1, 2, False)


def test_time_runs_from_the_end_of_a_plan_to_the_next(store):
    times = time_to_next_plan(store).order_by(["child_id", "plan_start"]).execute()
    assert times[["child_id", "number", "days", "event"]].to_numpy().tolist() == [
        ["A", 1, 730, 1], ["A", 2, 242, 0], ["B", 1, 731, 1], ["C", 1, 120, 0],
    ]  # fmt: skip
