"""The households of one small chunk."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import chunk, hardship, households, places, postcodes
from helpers.synth.parameters import value
from helpers.synth.social_care import tidy

LAST = pd.Timestamp("2025-03-31")


@pytest.fixture(scope="module")
def where():
    return places.make(np.random.default_rng(1), 25_000)


@pytest.fixture(scope="module")
def part(where):
    return chunk.simulate(np.random.default_rng(2), where, 0, 8_000)


@pytest.fixture(scope="module")
def made(part):
    tables, truth = households.tables(np.random.default_rng(3), part)
    return {name: TABLES[name].conform(tidy(name, table)) for name, table in tables.items()}, truth


@pytest.fixture(scope="module")
def tables(made):
    return made[0]


@pytest.fixture(scope="module")
def truth(made):
    return made[1]["household_hardship"]


def test_codes_are_known(tables):
    for name, table in tables.items():
        for column, codes in TABLES[name].code_columns().items():
            assert set(table[column].dropna()) <= set(valid_codes(codes)), (name, column)


def test_days_are_in_order_and_none_lies_after_the_last(tables):
    for name, start, end in [
        ("households", "spell_start", "spell_end"),
        ("household_members", "joined", "left"),
        ("addresses", "address_start", "address_end"),
    ]:
        assert (tables[name][start] <= tables[name][end].fillna(LAST)).all()
        assert tables[name][[start, end]].max().max() <= LAST
    members = tables["household_members"]
    assert (members["birth_date"] <= members["joined"]).all()
    assert members[["sex", "birth_date"]].notna().all(axis=None)


def test_spells_of_a_household_and_addresses_of_a_child_do_not_overlap(tables):
    for name, keys, start, end in [
        ("households", ["household_id"], "spell_start", "spell_end"),
        ("addresses", ["authority", "child_id"], "address_start", "address_end"),
    ]:
        table = tables[name].sort_values([*keys, start])
        following = table.groupby(keys)[start].shift(-1)
        assert (following.isna() | (table[end] < following)).all()


def test_nobody_is_in_a_household_after_death_or_in_two_at_a_time(tables, part):
    members = tables["household_members"].sort_values(["person_id", "joined"])
    following = members.groupby("person_id")["joined"].shift(-1)
    assert (following.isna() | (members["left"] < following)).all()
    ids = households.people.register_ids(part.people.children["person"].to_numpy())
    death = pd.Series(part.death, index=ids)
    day = members["left"].fillna(LAST).astype("datetime64[s]").astype(np.int64) // 86_400
    assert (day <= members["person_id"].map(death).fillna(10**9)).all()


def test_members_and_hardship_belong_to_known_households(tables):
    known = set(tables["households"]["household_id"])
    assert set(tables["household_members"]["household_id"]) <= known
    assert set(tables["household_hardship"]["household_id"]) <= known


def test_every_child_has_a_mother_and_ties_are_stated_once(tables, part):
    ties = tables["family_ties"]
    mothers = ties[ties["relationship"] == "mother"]
    family = part.people.children[lambda c: (c["family"] >= 0) & (c["birth"] <= 20_178)]
    assert len(mothers) == len(family) and mothers["person_id"].is_unique
    other_way = ties.rename(columns={"person_id": "relative_id", "relative_id": "person_id"})
    assert ties.merge(other_way, on=["person_id", "relative_id"]).empty


def test_children_in_care_are_not_at_home_and_some_live_with_relatives_after(tables, part):
    kinds = tables["households"].drop_duplicates("household_id").set_index("household_id")["kind"]
    child = tables["household_members"].query("role == 'child'")
    assert (child["household_id"].map(kinds) == "kinship").any()
    periods = part.events.periods[~part.events.periods["respite"]]
    who = part.events.referrals["child"].to_numpy()[periods["referral_no"]]
    stays = households.homes.children_stays(np.random.default_rng(3), part)
    both = stays.merge(periods.assign(child=who), on="child", suffixes=("_home", "_care"))
    assert not ((both["start_home"] < both["end_care"]) & (both["start_care"] < both["end_home"])).any()


def test_poverty_is_near_the_published_share_and_rises_with_deprivation(tables, where):
    home = tables["households"].groupby("household_id")["neighbourhood"].last()
    now = tables["household_hardship"][lambda t: t["year"] == 2025].set_index("household_id").join(home)
    assert now["in_relative_poverty"].mean() == pytest.approx(0.19, abs=0.03)
    decile = now["neighbourhood"].map(where.neighbourhoods.set_index("neighbourhood")["imd_decile"])
    poor = now["in_relative_poverty"].astype(float)
    assert poor[decile <= 2].mean() > 3 * poor[decile >= 9].mean()
    assert poor.corr(decile) ** 2 < 0.2  # the area says little of the household


def test_hardship_follows_itself_and_varies_about_the_lasting_part(part):
    drawn = hardship.hardship_by_year(np.random.default_rng(4), part.people)
    assert drawn.shape == (len(part.people.families), 16)
    yearly = drawn - part.people.families["hardship"].to_numpy()[:, None]
    planted = value("households.hardship.yearly")
    assert yearly.std() == pytest.approx(planted["spread"], rel=0.05)
    assert np.corrcoef(yearly[:, 3], yearly[:, 4])[0, 1] == pytest.approx(planted["correlation"], abs=0.03)


def test_hardship_is_higher_in_years_of_referral_by_the_planted_ratio(part):
    before = hardship.hardship_by_year(np.random.default_rng(4), part.people)
    after = hardship.given_referrals(before, part)
    events = part.events.referrals
    family = part.people.children["family"].to_numpy()[events["child"]]
    year = hardship.collection_year(events["referral"]) - 2010
    inside = (family >= 0) & (year >= 0)
    shift = (after - before)[family[inside], year[inside]]
    ratio = value("households.hardship.referral")
    assert shift.min() == pytest.approx(ratio * value("households.hardship.yearly")["spread"] ** 2)
    referred = np.zeros(len(before), dtype=bool)
    referred[family[family >= 0]] = True
    assert (after - before)[~referred].max() == 0


def test_truth_has_the_hardship_of_every_household_and_year(tables, truth):
    filled = tables["household_hardship"]
    both = filled.merge(truth, on=["household_id", "year"], validate="one_to_one")
    assert len(both) == len(filled) == len(truth)
    poor = both["in_relative_poverty"].astype(bool)
    assert both.loc[poor, "hardship"].mean() > both.loc[~poor, "hardship"].mean() + 0.7
    assert not {"hardship", "lasting"} & set(filled)


def test_temporary_accommodation_in_a_year_is_a_home_in_that_year(tables):
    temporary = tables["households"].query("tenure == 'temporary'")
    flagged = tables["household_hardship"][lambda t: t["temporary_accommodation"]]
    assert len(flagged) and set(flagged["household_id"]) <= set(temporary["household_id"])


def test_postcodes_are_unique_in_form_and_lead_to_the_neighbourhood(where, tables):
    found, planted = postcodes.tables(np.random.default_rng(5), where, None)
    table = TABLES["postcodes"].conform(found["postcodes"])
    assert table["postcode"].is_unique and not planted
    assert table["postcode"].str.fullmatch(r"[A-Z]{2}\d\d \d[A-Z]{2}").all()
    assert set(tables["addresses"]["postcode"]) <= set(table["postcode"])
    near = table.merge(where.neighbourhoods[["neighbourhood", "authority"]], on="neighbourhood")
    assert set(where.authorities["authority"].to_numpy()[near["authority"]]) >= set(
        tables["addresses"]["authority"]
    )


def test_children_by_ethnicity_add_up_to_those_of_the_neighbourhood(where):
    table = postcodes.tables(np.random.default_rng(5), where, None)[0]["neighbourhood_populations"]
    sums = table.query("year == 2021").groupby("neighbourhood")["children"].sum()
    known = where.neighbourhoods.set_index("neighbourhood")["children"]
    assert sums.to_numpy() == pytest.approx(
        known[sums.index].to_numpy(), abs=0.02
    )  # three decimals, 22 groups
    assert set(table["ethnicity"]) <= set(valid_codes("ethnicity"))
