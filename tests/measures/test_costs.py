import pandas as pd
import pytest

from helpers.measures.costs import child_costs, child_units, journey_costs, placement_costs
from helpers.measures.unit_costs import cost_parts, deflated, process_costs

PROCESSES = {
    "Referral and first decision": 100,
    "Assessment": 500,
    "Closing a case": 50,
    "Child protection plan for a month": 400,
    "Deciding that a child needs care": 800,
    "Finding a placement": 450,
    "Looking after for a month": 300,
}


@pytest.fixture
def store(make_store):
    """Returns of 2021/22 and 2022/23; unit costs of 2022 only, all 1 hour."""
    key = {"child_id": "A", "referral_date": "2021-05-01"}
    parts = [
        {"process": p, "activity": "visit", "role": "5", "year": 2022, "hours": 1.0, "hourly_cost": float(c)}
        for p, c in PROCESSES.items()
    ]
    parts.append(
        {
            "process": "Assessment",
            "activity": "report",
            "role": "3",
            "year": 2022,
            "hours": 2.0,
            "hourly_cost": 50.0,
        }
    )
    return make_store(
        children=[{"child_id": "A", "birth_date": "2015-01-01"}],
        referrals=[
            key | {"closure_date": "2022-06-01", "collection_year": 2023},
            {"child_id": "B", "referral_date": "2021-05-01", "collection_year": 2022},
        ],
        assessments=[key | {"assessment_start": "2021-05-02", "collection_year": 2022}],
        cp_plans=[key | {"plan_start": "2022-03-02", "plan_end": "2022-05-01", "collection_year": 2023}],
        care_episodes=[
            {"child_id": "A", "episode_start": "2023-03-18", "legal_status": "C2", "placement": "U4",
             "reason_new_episode": "S", "collection_year": 2023}
        ],
        unit_cost_parts=parts,
        placement_costs=[
            {"child_id": "A", "placement_start": "2023-03-18", "line": "3.1.2a", "weekly_cost": 700.0,
             "health_share": 0.0, "education_share": 0.5}
        ],
    )  # fmt: skip


def test_a_process_costs_its_hours_at_their_price(store):
    table = process_costs(store).set_index("process")
    assert table.loc["Assessment", ["hours", "cost", "prices"]].tolist() == [3, 600, "cash prices"]
    parts = cost_parts(store).query("process == 'Assessment'").set_index("activity")
    assert parts["share"].to_dict() == pytest.approx({"visit": 500 / 600, "report": 100 / 600})


def test_costs_are_brought_to_the_prices_of_a_year(store):
    deflator = pd.DataFrame({"year": [2022, 2023], "index": [100, 110]})
    table = process_costs(store, deflator, 2023).set_index("process")
    assert table.loc["Assessment", "cost"] == pytest.approx(660)
    assert table["prices"].unique().tolist() == ["prices of 2023"]
    with pytest.raises(ValueError, match="2022"):
        deflated(pd.DataFrame({"year": [2022], "cost": [1.0]}), deflator.tail(1))


def test_events_and_months_are_counted_in_their_years(store):
    table = child_units(store).filter(lambda t: t.child_id == "A").execute()
    units = table.set_index(["process", "year"])["units"].to_dict()
    month = 365.25 / 12
    assert units == pytest.approx(
        {
            ("Referral and first decision", 2022): 1,
            ("Assessment", 2022): 1,
            ("Closing a case", 2023): 1,
            ("Child protection plan for a month", 2022): 30 / month,  # 2 to 31 March
            ("Child protection plan for a month", 2023): 30 / month,  # April; the day of the end not counted
            ("Deciding that a child needs care", 2023): 1,
            ("Finding a placement", 2023): 1,
            ("Looking after for a month", 2023): 14 / month,  # 18 to 31 March, when the returns end
        }
    )


def test_a_placement_costs_its_weeks(store):
    row = placement_costs(store).iloc[0]
    assert row[["line", "year", "n", "weeks", "cost", "weekly"]].tolist() == ["3.1.2a", 2023, 1, 2, 1400, 700]


def test_a_journey_costs_its_processes_and_placements(store):
    costs = child_costs(store)
    table = costs.execute()
    months = 400 * 60 / (365.25 / 12) + 300 * 14 / (365.25 / 12)
    whole = 100 + 600 + 50 + 800 + 450 + months + 1400
    assert table.loc[table["child_id"] == "A", "cost"].sum() == pytest.approx(whole)
    spread = journey_costs(costs).iloc[0]
    assert spread["n"] == 2 and spread["total"] == pytest.approx(whole + 100)
    assert spread["dearest_tenth"] == pytest.approx(whole / (whole + 100))


def test_a_deflator_reaches_placements_too(store):
    deflator = pd.DataFrame({"year": [2022, 2023], "index": [100, 110]})
    table = child_costs(store, deflator=deflator, base=2022).execute()
    assert table.loc[table["process"] == "Placement", "cost"].tolist() == pytest.approx([1400 / 1.1])


def test_costs_are_shown_by_group(store):
    costs = child_costs(store).mutate(who=lambda t: t.child_id)
    assert journey_costs(costs, ["who"])["n"].tolist() == [1, 1]
