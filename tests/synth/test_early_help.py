"""Early help and health visits of one small chunk of the country: what must hold, and what was planted."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import chunk, early_help, early_help_episodes, health_visits, people, places
from helpers.synth.patients import patient_ids
from helpers.synth.people import household_ids
from helpers.synth.social_care import tidy

UNTIL = pd.Timestamp(2025, 3, 31)
NAMES = ["early_help_episodes", "early_help_children", "early_help_needs", "family_hub_visits",
         "health_visitor_contacts"]  # fmt: skip
EPISODE = ["authority", "episode_id"]


@pytest.fixture(scope="module")
def country():
    return chunk.simulate(np.random.default_rng(5), places.make(np.random.default_rng(4), 8000), 0, 8000)


@pytest.fixture(scope="module")
def made(country):
    return early_help.tables(np.random.default_rng(6), country)


@pytest.fixture(scope="module")
def tables(made):
    return {name: tidy(name, table) for name, table in made[0].items()}


@pytest.fixture(scope="module")
def children(country):
    """Children by the numbers they have had in authorities, before and after a move."""
    born = country.people.children.assign(death=country.death)
    both = [born.assign(child_id=people.child_ids(born["person"], np.full(len(born), later)),
                        place=born["authority_after" if later else "authority"], later=bool(later))
            for later in (0, 1)]  # fmt: skip
    return pd.concat(both).set_index("child_id")


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_canonical_with_valid_codes(tables, name):
    table = TABLES[name].conform(tables[name])
    assert len(table) > 500 and not table.duplicated(TABLES[name].key_columns()).any()
    for column, codes in TABLES[name].code_columns().items():
        assert set(table[column].dropna()) <= valid_codes(codes)


def day_of(dates):
    return (dates - pd.Timestamp(1970, 1, 1)).dt.days.to_numpy()


def test_help_lies_in_the_records_in_order_and_one_spell_at_a_time(tables):
    found = tables["early_help_episodes"]
    assert found["episode_start"].min() >= pd.Timestamp(2013, 4, 1) and found["episode_start"].max() <= UNTIL
    assert not (found["episode_end"] <= found["episode_start"]).any() and found["episode_end"].max() <= UNTIL
    assert (found["outcome"].isna() == found["episode_end"].isna()).all()
    assert (found["contacts"] <= found["planned_contacts"]).all()
    found = found.sort_values(["household_id", "episode_start"])
    following = found.groupby("household_id")["episode_start"].shift(-1)
    assert not (following <= found["episode_end"]).any()


@pytest.mark.parametrize(("name", "date", "adult"), [("early_help_children", "episode_start", 18),
                                                     ("family_hub_visits", "visit_date", 5)])  # fmt: skip
def test_children_are_born_alive_young_and_known_by_the_number_of_the_authority(
    country, tables, children, name, date, adult
):
    found = tables[name]
    if name == "early_help_children":
        found = found.merge(tables["early_help_episodes"], on=EPISODE)
    who = children.loc[found["child_id"]]
    days = day_of(found[date])
    assert (days >= who["birth"]).all() and (days < who["death"]).all()
    assert (days < who["birth"] + adult * 366).all()
    assert ((days >= who["moved"]) == who["later"]).all()
    place = country.places.authorities["authority"].to_numpy()[who["place"]]
    assert (place == found["authority"].to_numpy()).all()


def test_every_spell_has_a_child_and_needs_only_since_the_headings(tables):
    spells = tables["early_help_episodes"].set_index(EPISODE)
    assert set(tables["early_help_children"].set_index(EPISODE).index) == set(spells.index)
    needs = tables["early_help_needs"].join(spells, on=EPISODE)
    assert needs["episode_start"].min() >= pd.Timestamp(2022, 4, 1)
    assert (needs["met"].isna() == needs["episode_end"].isna()).all()
    assert (
        needs[needs["outcome"] == "met"]["met"].mean() > needs[needs["outcome"] == "withdrew"]["met"].mean()
    )


def test_a_spell_that_steps_up_ends_on_the_day_of_a_referral_of_the_family(country, tables):
    referred = country.events.referrals
    family = country.people.children["family"].to_numpy()[referred["child"]]
    mother = country.people.families["mother"].to_numpy()[family[family >= 0]]
    days = pd.MultiIndex.from_arrays([household_ids(mother), referred["referral"][family >= 0]])
    found = tables["early_help_episodes"].query("outcome == 'stepped_up'")
    assert pd.MultiIndex.from_arrays([found["household_id"], day_of(found["episode_end"])]).isin(days).all()
    assert 0.1 < len(found) / len(tables["early_help_episodes"]) < 0.35


def test_step_down_follows_the_closure_of_a_case(country):
    found = early_help_episodes.episodes(np.random.default_rng(7), country)
    referred = country.events.referrals
    family = country.people.children["family"].to_numpy()[referred["child"]]
    closed = pd.DataFrame({"family": family, "closure": referred["closure"].to_numpy()}).sort_values(
        "closure"
    )
    down = found[found["origin"] == "step_down"].sort_values("start")
    at = pd.merge_asof(
        down, closed, left_on="start", right_on="closure", by="family", allow_exact_matches=False
    )
    assert (at["start"] - at["closure"]).between(1, 21).all() and len(down) > 50


def test_help_grows_over_the_years_and_goes_to_families_with_hardship(country, tables):
    found = tables["early_help_episodes"]
    years = found["episode_start"].dt.year.value_counts()
    assert years[[2022, 2023, 2024]].sum() > 1.5 * years[[2014, 2015, 2016]].sum()
    families = country.people.families
    helped = household_ids(families["mother"].to_numpy())
    assert families["hardship"][np.isin(helped, found["household_id"])].mean() > 0.2


def test_the_five_contacts_come_in_time_and_only_one_before_birth(country, tables):
    found = tables["health_visitor_contacts"]
    born = country.people.children.assign(death=country.death)
    born.index = patient_ids(born["person"].to_numpy())
    who = born.loc[found["patient_id"]]
    days = day_of(found["contact_date"]) - who["birth"].to_numpy()
    assert ((days < 0) == (found["contact"] == "antenatal")).all()
    assert days.max() < 5.1 * 366 and (day_of(found["contact_date"]) < who["death"].to_numpy()).all()
    reviewed = found["contact"].isin(["12_months", "2_years"])
    assert (found["below_expected"].notna() == reviewed).all()
    assert found["contact_date"].min() >= pd.Timestamp(2017, 4, 1) and found["contact_date"].max() <= UNTIL


def test_families_with_more_difficulty_are_seen_more(country):
    level = health_visits._levels(np.random.default_rng(2), country)
    more = health_visits._more(np.random.default_rng(2), country, level)
    a_child = (
        more["child"].value_counts().reindex(range(len(country.people.children)), fill_value=0).to_numpy()
    )
    assert a_child[level == "specialist"].mean() > 3 * a_child[level == "universal"].mean()


def test_the_visited_arm_of_the_trial_is_seen_more_often(country):
    families = country.people.families.assign(trial="")
    half = families.index % 2 == 0
    trial = country._replace(
        people=country.people._replace(families=families.assign(trial=np.where(half, "visited", "control")))
    )
    level = health_visits._levels(np.random.default_rng(2), trial)
    seen = health_visits._more(np.random.default_rng(2), trial, level)
    arm = half[country.people.children["family"].to_numpy()[seen["child"]]]
    assert arm.mean() == pytest.approx(1.6 / 2.6, abs=0.03)


def test_truth_says_what_each_place_offers(country):
    truth = early_help.planted(np.random.default_rng(1), country.places, pd.Series(dtype=int))[1]
    assert set(truth["early_help_places"]) == {"authority", "offer", "hubs", "accepted", "wait"}
    assert truth["early_help_places"]["offer"].std() == pytest.approx(0.4, abs=0.1)
