"""Workforce, spend and context: made of one small chunk, and of the country's counts."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import (
    beyond,
    casework,
    chunk,
    context,
    placement_costs,
    places,
    rates,
    social_care,
    tallies,
    workers,
    workforce,
)
from helpers.synth import spend as spending
from helpers.synth.days import NEVER, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.people import child_ids

CHILDREN = 6_000
LAST = pd.Timestamp("2025-03-31")


@pytest.fixture(scope="module")
def part():
    where = places.make(np.random.default_rng([5, 0]), CHILDREN)
    return chunk.simulate(np.random.default_rng([5, 2, 0]), where, 0, CHILDREN)


@pytest.fixture(scope="module")
def of_chunk(part):
    found = {}
    for make in (social_care.tables, beyond.tables, casework.tables):
        found |= make(np.random.default_rng(1), part)[0]
    found = {name: social_care.tidy(name, table) for name, table in found.items()}
    costs = placement_costs.tables(np.random.default_rng(2), part, found)[0]
    return found | {name: social_care.tidy(name, table) for name, table in costs.items()}


@pytest.fixture(scope="module")
def counts(part, of_chunk):
    return tallies.tallies(part, of_chunk)["number"]


@pytest.fixture(scope="module")
def of_country(part, counts):
    tables, truth = {}, {}
    for make in (workforce.tables, spending.tables, context.tables):
        found, planted = make(np.random.default_rng(3), part.places, counts)
        tables |= found
        truth |= planted
    return tables, truth


@pytest.fixture(scope="module")
def tables(of_chunk, of_country):
    return of_chunk | of_country[0]


@pytest.fixture(scope="module")
def large():
    """Places of a country as large as a million children, and its planted rates."""
    where = places.make(np.random.default_rng([6, 0]), 1_000_000)
    return where, workers.conditions(where), workers.roster(where)


OWN = [
    "social_workers",
    "workforce_vacancies",
    "case_allocations",
    "social_work_visits",
    "spend",
    "placement_costs",
    "unit_cost_parts",
    "inspections",
    "housing_applications",
    "adult_service_transitions",
    "policy_changes",
    "trial_participants",
    "statistical_neighbours",
    "low_income_families",
    "published_indicators",
]


@pytest.mark.parametrize("name", OWN)
def test_a_table_has_rows_keys_and_valid_codes(tables, name):
    table = TABLES[name].conform(tables[name])
    assert len(table)
    assert not table.duplicated(TABLES[name].key_columns()).any()
    for column, codes in TABLES[name].code_columns().items():
        assert set(table[column].dropna()) <= valid_codes(codes), column


ORDER = [
    ("social_workers", "birth_date", "role_start"),
    ("social_workers", "role_start", "role_end"),
    ("case_allocations", "allocation_start", "allocation_end"),
    ("placement_costs", "placement_start", "placement_end"),
    ("housing_applications", "application_date", "temporary_start"),
    ("housing_applications", "temporary_start", "temporary_end"),
    ("adult_service_transitions", "planned_date", "referred_date"),
    ("adult_service_transitions", "referred_date", "first_contact"),
]


@pytest.mark.parametrize(("name", "first", "second"), ORDER)
def test_dates_are_in_order(tables, name, first, second):
    both = tables[name].dropna(subset=[first, second])
    assert (both[first] <= both[second]).all()


EVENTS = {
    "case_allocations": ["allocation_start", "allocation_end"],
    "social_work_visits": ["visit_date"],
    "placement_costs": ["placement_start", "placement_end"],
    "adult_service_transitions": ["planned_date", "referred_date", "first_contact"],
}


@pytest.mark.parametrize("name", EVENTS)
def test_nothing_comes_after_death_or_the_last_day(tables, part, name):
    children = part.people.children
    death = to_dates(part.death, year_end(2025)).to_numpy()
    by_id = {}
    for later in (0, 1):
        by_id |= dict(zip(child_ids(children["person"], np.full(len(children), later)), death, strict=True))
    died = pd.to_datetime(tables[name]["child_id"].map(by_id))
    for column in EVENTS[name]:
        days = tables[name][column]
        assert not (days > LAST).any()
        assert not (days > died).any()


def test_no_visit_comes_before_birth(tables, part):
    children = part.people.children
    birth = dict(
        zip(
            child_ids(children["person"], np.zeros(len(children), int)),
            to_dates(children["birth"]),
            strict=True,
        )
    )
    visits = tables["social_work_visits"]
    born = visits["child_id"].map(birth)
    assert not (visits["visit_date"] < born).any()


def test_a_worker_allocated_was_there_on_the_day(tables):
    roles = tables["social_workers"][["authority", "worker_id", "role_start", "role_end"]]
    spells = roles.groupby(["authority", "worker_id"], as_index=False).agg(
        {"role_start": "min", "role_end": "max"}
    )
    found = tables["case_allocations"].merge(spells, on=["authority", "worker_id"], how="left")
    assert (found["role_start"] <= found["allocation_start"]).all()


def test_a_child_has_one_worker_at_a_time(tables):
    spells = tables["case_allocations"].sort_values(["child_id", "allocation_start"])
    before = spells.groupby("child_id")["allocation_end"].shift()
    assert not (spells["allocation_start"] <= before).any()


def test_every_chunk_meets_the_same_workers(part):
    pd.testing.assert_frame_equal(workers.roster(part.places), workers.roster(part.places))


def test_a_worker_is_in_one_authority_at_a_time(large):
    spells = large[2].groupby(["worker", "place", "start"], as_index=False)["end"].min()
    spells = spells.sort_values(["worker", "start"])
    before = spells.groupby("worker")["end"].shift()
    agency = large[2].groupby("worker")["agency"].any()
    settled = ~spells["worker"].map(agency)
    assert not (spells["start"] <= before)[settled & (before < NEVER)].any()
    assert (spells["worker"].duplicated()).any()  # some do move


def test_planted_rates_have_their_means_spread_and_correlations(large):
    where, planted, _ = large
    for name, scale in {"vacancy": 100, "turnover": 100, "caseload": 1}.items():
        given, rate = value(f"workforce.{name}"), scale * planted[name][:, -1]
        assert rate.std() == pytest.approx(given["spread"], rel=0.05)
        poor = np.corrcoef(rate, rates.deprivation(where))[0, 1]
        assert poor == pytest.approx(given["deprivation"], abs=0.03)
        assert np.corrcoef(rate, where.authorities["turnover"])[0, 1] > 0.1


def test_leavers_follow_the_planted_turnover(large):
    where, planted, rows = large
    last = rows[(rows["census_year"] == 2025) & ~rows["agency"]]
    size = len(where.authorities)
    left = np.bincount(last["place"], last["end"] < NEVER, size)
    stayed = np.bincount(last["place"], last["end"] == NEVER, size)
    assert np.abs(left - planted["turnover"][:, -1] * stayed).max() < 2
    early = value("workforce.early_leaving")
    fresh = last["start"] > year_end(2024) + 183 - early["years"] * 365
    assert (last["end"] < NEVER)[~fresh].mean() > 0.05


def test_cases_are_held_at_the_planted_caseload(large):
    where = large[0]
    years = range(2017, 2026)
    index = pd.MultiIndex.from_product([range(len(where.authorities)), years, ["open"]])
    open_cases = np.repeat(where.authorities["children"].to_numpy() * 330 // 10_000, len(years))
    counts = pd.Series(open_cases, index=index.set_names(["authority", "year", "kind"]))
    made, truth = workforce.tables(np.random.default_rng(4), where, counts)
    held = made["social_workers"].query("cases > 0").groupby(["authority", "census_year"])
    caseload = held["cases"].sum() / held["full_time_equivalent_on_day"].sum()
    planted = truth["workforce"].set_index(["authority", "census_year"])["caseload"]
    both = pd.concat([caseload, planted], axis=1).dropna()
    assert (both[0] / both["caseload"]).median() == pytest.approx(1, abs=0.05)


def test_spend_on_placements_is_what_placements_cost(tables, counts):
    kind = counts.index.get_level_values("kind")
    cost = counts[(kind == "cost 3.1.1") & (counts.index.get_level_values("year") == 2025)].sum()
    home = tables["spend"].query("line == '3.1.1' and year == 2025")
    gross = home[["own_provision", "private_provision", "other_public", "voluntary"]].sum().sum()
    assert gross == pytest.approx(cost, rel=0.01)


def test_a_total_is_the_sum_of_its_lines(tables):
    spent = tables["spend"].query("year == 2025").groupby("line")["net_current"].sum()
    lines = spent[[line for line in spent.index if line.startswith("3.3.") and line != "3.3.4"]]
    assert spent["3.3.4"] == pytest.approx(lines.sum())


def test_judgements_are_worse_where_turnover_is_high():
    where = places.make(np.random.default_rng([7, 0]), 100_000)
    judged = pd.concat([context._inspections(np.random.default_rng(n), where)[0] for n in range(10)])
    turnover = where.authorities.set_index("authority")["turnover"]
    high = judged["authority"].map(turnover) > 0.7
    low = judged["authority"].map(turnover) < -0.7
    assert judged["overall"].astype(int)[high].mean() > judged["overall"].astype(int)[low].mean() + 0.2


def test_the_reform_and_the_trial_are_those_that_were_planted(tables, part):
    began = part.places.authorities.query("reform < @NEVER")
    assert set(tables["policy_changes"]["authority"]) == set(began["authority"])
    arms = tables["trial_participants"].groupby("arm")["sessions"].mean()
    assert arms["control"] == 0 and arms["intervention"] > 15


def test_an_authority_is_not_its_own_neighbour(tables):
    near = tables["statistical_neighbours"]
    assert (near["authority"] != near["neighbour"]).all()
    assert (near.groupby("authority").size() == context.NEIGHBOURS).all()
