"""Justice, the family court, domestic abuse and harm outside the family, on one small chunk."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import code_list, valid_codes
from helpers.synth import (
    chunk,
    domestic_abuse,
    family_court,
    justice,
    looked_after,
    outside_harm,
    people,
    places,
    social_care,
)
from helpers.synth.days import collection_year, day, to_dates
from helpers.synth.parameters import value

UNTIL = pd.Timestamp(2025, 3, 31)
DOMAINS = (justice, family_court, domestic_abuse, outside_harm)
ORDER = [
    ("custody", "custody_start", "custody_end"),
    ("exploitation_support", "support_start", "support_end"),
    ("court_cases", "application_date", "final_order_date"),
    ("domestic_abuse_support", "support_start", "support_end"),
]
NAMES = [
    "justice_people", "offences", "disposals", "custody", "court_cases", "case_people", "court_hearings",
    "court_orders", "domestic_abuse_incidents", "domestic_abuse_support", "risk_conferences",
    "exploitation_support", "nrm_referrals",
]  # fmt: skip


@pytest.fixture(scope="module")
def part():
    where = places.make(np.random.default_rng([1, 0]), 40_000)
    return chunk.simulate(np.random.default_rng([1, 2]), where, 0, 10_000)


@pytest.fixture(scope="module")
def made(part):
    return [domain.tables(np.random.default_rng([1, 3, n]), part) for n, domain in enumerate(DOMAINS)]


@pytest.fixture(scope="module")
def tables(made):
    return {n: social_care.tidy(n, table) for found, _ in made for n, table in found.items()}


@pytest.fixture(scope="module")
def lives(part):
    """Birth and death of each child by its number in justice and in court records."""
    children = part.people.children
    table = pd.DataFrame(
        {"birth": to_dates(children["birth"]), "death": to_dates(part.death, day(2025, 3, 31))}
    )
    return {
        "justice": table.set_axis(people.justice_ids(children["person"])),
        "court": table.set_axis(people.court_ids(children["person"])),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_rows_that_fit_the_catalogue(tables, name):
    model = TABLES[name]
    table = model.conform(tables[name])
    assert len(table) and not table.duplicated(model.key_columns()).any()
    for column, codes in model.code_columns().items():
        assert set(table[column].dropna()) <= valid_codes(codes), column


@pytest.mark.parametrize(("name", "before", "after"), ORDER)
def test_dates_are_in_order_and_none_lies_after_the_last_day(tables, name, before, after):
    table = tables[name].dropna(subset=[after])
    assert (table[before] <= table[after]).all()
    assert table[[before, after]].max().max() <= UNTIL


def test_no_child_commits_an_offence_before_ten_or_is_dealt_with_after_death(tables, lives):
    offences = tables["offences"].join(lives["justice"], on="person_id", how="inner")
    known = offences[offences["offence_date"].notna()]
    assert (known["offence_date"] >= known["birth"] + pd.Timedelta(days=3652)).all()
    decided = tables["disposals"].join(lives["justice"], on="person_id", how="inner")
    assert (decided["disposal_date"] < decided["death"].fillna(UNTIL + pd.Timedelta(days=1))).all()


def test_outcomes_are_those_of_the_time(tables):
    known = code_list("disposal").set_index("code")
    rows = tables["disposals"]
    year = collection_year(rows["disposal_date"].to_numpy().astype("datetime64[D]").astype(int))
    first, last = (rows["disposal"].map(known[bound]).astype(float) for bound in ("valid_from", "valid_to"))
    assert (year >= first.fillna(0)).all() and (year <= last.fillna(9999)).all()
    assert tables["disposals"]["disposal_date"].min() >= pd.Timestamp(value("justice.from"), 1, 1)


def test_each_case_has_one_main_offence_and_stays_in_custody_do_not_overlap(tables):
    main = tables["offences"][tables["offences"]["primary"]]
    assert main["case_id"].is_unique and set(main["case_id"]) == set(tables["disposals"]["case_id"])
    stays = tables["custody"].sort_values(["person_id", "custody_start"])
    before = stays.groupby("person_id")["custody_end"].shift()
    assert not (stays["custody_start"] <= before).any()


def test_children_looked_after_are_cautioned_or_convicted_far_more_often(part, made):
    planted = made[0][1]["offending"].set_index("person")
    children = part.people.children
    old = (children["birth"] < day(2007, 3, 31)) & ~children["uasc"]
    ever = part.journeys.first[:, 3] < day(2025, 3, 31)
    by_18 = planted["first_case"].loc[children["person"]].to_numpy() < children["birth"] + 18 * 365.25
    assert by_18[old & ever].mean() > 4 * by_18[old & ~ever].mean()
    boys = (children["sex"] == "M").to_numpy()
    assert by_18[old & boys].mean() > 2 * by_18[old & ~boys].mean()


def test_parents_with_a_history_hand_it_on(part, made):
    planted = made[0][1]["offending"].set_index("person")["log_ratio"]
    family = part.people.children["family"].to_numpy()
    history = part.people.families["justice_history"].to_numpy()[family.clip(0)] & (family >= 0)
    ratio = planted.loc[part.people.children["person"]].to_numpy()
    assert ratio[history].mean() - ratio[~history].mean() > value("justice.effects")["justice_history"]


def test_the_court_and_the_returns_agree_on_interim_orders(part, tables):
    keys = social_care.referral_keys(part)
    episodes = looked_after.tables(np.random.default_rng(5), part, keys)["care_episodes"]
    child = part.events.referrals["child"].to_numpy()
    names = pd.Series(
        people.court_ids(part.people.children["person"].to_numpy()[child]), index=keys["child_id"].to_numpy()
    )
    names = names[~names.index.duplicated()]
    interim = episodes[(episodes["legal_status"] == "C1") & (episodes["reason_new_episode"] == "L")]
    interim = interim[interim["episode_start"].between("2008-01-01", UNTIL)]
    orders = tables["court_orders"].query("order == 'interim_care'")
    made = set(zip(orders["person_id"], orders["order_date"], strict=True))
    asked = set(zip(interim["child_id"].map(names), interim["episode_start"], strict=True))
    assert len(asked) > 20 and asked <= made


def test_people_in_court_are_born_and_cases_have_children_and_mothers(tables, lives):
    inside = tables["case_people"].merge(tables["court_cases"], on="case_id")
    children = inside[inside["role"] == "child"].join(lives["court"], on="person_id")
    assert (children["application_date"] > children["birth"]).all()
    assert set(tables["court_cases"]["case_id"]) == set(children["case_id"])
    care = inside[inside["application"] == "care"]
    share = care.groupby("case_id")["role"].agg(lambda roles: "mother" in set(roles)).mean()
    assert 0.95 < share <= 1
    fathers = care.groupby("case_id")["role"].agg(lambda roles: "father" in set(roles)).mean()
    assert 0.6 < fathers < 0.95


def test_care_proceedings_took_longer_in_2022_than_in_2016(tables):
    cases = tables["court_cases"].query("application == 'care'").dropna(subset=["final_order_date"])
    weeks = (cases["final_order_date"] - cases["application_date"]).dt.days / 7
    by_year = weeks.groupby(cases["final_order_date"].dt.year).mean()
    assert by_year.loc[[2015, 2016]].mean() + 8 < by_year.loc[[2021, 2022, 2023]].mean()


def test_domestic_abuse_follows_the_family_and_the_parting(part, made, tables):
    families = part.people.families
    truth = made[2][1]["domestic_abuse"].set_index("mother")["incidents"]
    number = truth.loc[families["mother"]].to_numpy()
    abuse = families["domestic_abuse"].to_numpy()
    assert number[abuse].mean() > 5 * number[~abuse].mean()
    incidents = tables["domestic_abuse_incidents"]
    told = incidents["notified_to_social_care"].astype(bool)
    assert 0.2 < told.mean() < 0.9
    risk = told.groupby(incidents["risk"]).mean()
    assert risk["high"] > risk["standard"]


def test_the_mechanism_sees_young_people_at_risk_outside_the_home(part, tables):
    at_risk = part.events.referrals["category"].isin(value("outside_harm.categories"))
    at_risk |= part.events.referrals["uasc"]
    child = part.events.referrals["child"].to_numpy()[at_risk]
    known = set(people.mechanism_ids(part.people.children["person"].to_numpy()[child]))
    found = tables["nrm_referrals"]
    assert set(found["person_id"]) <= known and found["person_id"].is_unique
    assert (found["referral_date"] <= UNTIL).all()
    assert not found.loc[found["exploitation"] != "criminal", "county_lines"].any()
