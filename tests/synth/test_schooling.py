"""Schooling: keys, order of dates, life, codes, and planted effects that an analysis finds again."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import chunk, education, places, pupil_traits, school_places, schooling, social_care
from helpers.synth.days import day
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import value
from helpers.synth.people import pupil_ids

LAST = pd.Timestamp(day(value("time.last_year"), 3, 31), unit="D")
DATES = {
    "school_enrolments": ["entry_date", "leaving_date"],
    "ehc_plans": ["request_date", "plan_date", "ceased_date"],
    "home_education": ["start_date", "end_date"],
    "missing_education": ["start_date", "end_date"],
    "alternative_provision": ["start_date", "end_date"],
}


@pytest.fixture(scope="module")
def made():
    where = places.make(np.random.default_rng([5, 0]), 60_000)
    return chunk.simulate(np.random.default_rng([5, 2, 0]), where, 0, 8000)


@pytest.fixture(scope="module")
def found(made):
    return education.tables(np.random.default_rng(3), made)


@pytest.fixture(scope="module")
def tables(found):
    return found[0]


@pytest.fixture(scope="module")
def years(made):
    return schooling.school_years(np.random.default_rng(3), made)


def text(table):
    return table.astype(dict.fromkeys(table.select_dtypes("category"), "str"))


def test_tables_have_one_row_a_key_and_the_canonical_types(tables):
    for name, table in tables.items():
        keys = TABLES[name].key_columns()
        assert not table.duplicated(keys).any(), name
        assert len(TABLES[name].conform(text(table.head(500)).replace("nan", pd.NA))) == min(len(table), 500)


def test_every_number_is_one_of_a_pupil(tables):
    for name, table in tables.items():
        assert set(table["pupil_id"]) <= set(tables["pupils"]["pupil_id"]), name


@pytest.mark.parametrize("name", ["pupils", "school_enrolments", "special_needs", "absences"])
def test_codes_are_valid(tables, name):
    for column, codes in TABLES[name].code_columns().items():
        assert set(tables[name][column].dropna().unique()) <= valid_codes(codes), column


def test_special_needs_use_the_codes_of_their_year(tables):
    needs = text(tables["special_needs"])
    before = needs["academic_year"] < 2015
    assert set(needs.loc[before, "provision"]) == {"A", "P", "S"}
    assert set(needs.loc[~before, "provision"]) == {"K", "S", "E"}
    assert set(needs.loc[needs["academic_year"] > 2018, "provision"]) == {"K", "E"}
    assert not needs.loc[before, "primary_type"].isin(["SEMH", "NSA"]).any()
    assert not needs.loc[~before, "primary_type"].eq("BESD").any()


def test_the_long_tables_are_made_in_key_order(tables):
    for name in ("school_enrolments", "absences", "special_needs"):
        keys = tables[name][TABLES[name].key_columns()]
        assert social_care._in_key_order(keys), name
        assert not social_care._in_key_order(keys.iloc[::-1]), name


@pytest.mark.parametrize("name", DATES)
def test_dates_are_in_order_and_within_life(made, tables, name):
    children = made.people.children.assign(pupil_id=pupil_ids(made.people.children["person"].to_numpy()))
    life = children.assign(death=made.death).set_index("pupil_id")[["birth", "death", "arrival"]]
    of = life.loc[tables[name]["pupil_id"].astype(str)]
    dates = tables[name][DATES[name]]
    for before, after in zip(DATES[name], DATES[name][1:], strict=False):
        assert not (dates[after] < dates[before]).any()
    for column in dates:
        days = dates[column].to_numpy().astype("datetime64[D]").astype(np.int64)
        given = dates[column].notna().to_numpy()
        assert dates[column].max() <= LAST
        assert (days >= of["arrival"].to_numpy())[given].all()
        assert (days <= of["death"].to_numpy())[given].all()


def test_no_row_where_nothing_was_collected(tables):
    absences = text(tables["absences"])
    gone = (absences["academic_year"] == 2020) & (absences["term"] != "AUT")
    assert not gone.any()
    enrolled = text(tables["school_enrolments"])
    assert enrolled["academic_year"].min() == value("education.census_from")
    last = enrolled[enrolled["academic_year"] == value("time.last_year")]
    assert set(last["term"]) == {"AUT", "SPR"}


def test_absence_has_an_enrolment_and_adds_up(tables):
    keys = ["pupil_id", "academic_year", "term", "urn"]
    absences, enrolled = text(tables["absences"]), text(tables["school_enrolments"])
    assert len(absences.merge(enrolled[keys])) == len(absences)
    assert (absences["authorised"] + absences["unauthorised"] <= absences["sessions_possible"]).all()
    assert (absences["illness"] + absences["excluded"] <= absences["authorised"]).all()
    assert absences.drop(columns=keys).min().min() >= 0


def test_sessions_lost_by_suspension_are_part_of_authorised_absence(made, years):
    from helpers.synth import absence, school_tables

    rng = np.random.default_rng(1)
    rows, ids = school_tables.rolls(made, years)
    one = pd.DataFrame({"pupil_id": [ids[rows.pupil[0]]] * 2, "academic_year": 1997 + rows.column[0],
                        "term": schooling.TERMS[rows.term[0]], "sessions": [4, 6]})  # fmt: skip
    own = absence.tendencies(rng, made)
    found = school_tables.absences(rng, made, years, rows, ids, own, one)
    assert found["excluded"].sum() == 10 and found["excluded"].iloc[0] == 10
    assert found["authorised"].iloc[0] >= 10


def test_pupils_enter_and_leave_a_school_once_a_stay(tables):
    enrolled = text(tables["school_enrolments"])
    stays = enrolled.groupby(["pupil_id", "urn", "entry_date"], observed=True)
    assert stays["leaving_date"].count().max() <= 1
    assert (enrolled.groupby("pupil_id")["entry_date"].nunique() <= 12).all()


def test_school_years_hold_together(made, years):
    taught = years.year_group >= 0
    assert (years.school[taught] >= 0).all() and (years.school[~taught] == -1).all()
    assert not years.sen[~taught].any() and not years.missing[taught].any()
    assert (years.sen_type[(years.sen > 0).any(axis=1)] >= 0).all()
    assert not (years.fsm & ~years.fsm_six_years).any()
    phase = made.places.schools["phase"].to_numpy()[years.school]
    assert (phase[taught & (years.year_group > 6)] != "primary").all()
    born = made.people.children["birth"].to_numpy()
    starts = np.array([day(y - 1, 9, 1) for y in schooling.years()])
    age = (starts - born[:, None])[years.year_group == 0] / 365.25
    assert age.min() > 3.99 and age.max() < 5.01


def test_episodes_and_the_last_category_are_those_of_five_school_years(made):
    referred = made.events.referrals
    year = 2019
    begin, end = day(year - 5, 9, 1), day(year, 8, 31)
    need = referred[referred["in_need"] & (referred["referral"] <= end) & (referred["closure"] >= begin)]
    at = year - FIRST_YEAR
    number = pupil_traits.episodes_lately(made)[:, at]
    assert number.max() > 2 and number.sum() == len(need)
    assert (number[need["child"]] == need.groupby("child")["child"].transform("size")).all()
    assessed = referred[~referred["no_further_action"] & referred["end"].between(begin, end)]
    last = assessed.sort_values("end").groupby("child")["category"].last()
    category = pupil_traits.category_lately(made)[:, at]
    assert (category[last.index] == last).all() and (category >= 0).sum() == len(last)


def test_a_plan_once_there_stays(years):
    plan = years.needs.sen == 2
    at_school = (years.by_age[:, :-1] >= 0) & (years.by_age[:, 1:] <= schooling.OLDEST)
    assert not (plan[:, :-1] & ~plan[:, 1:] & at_school).any()


def test_children_in_need_are_poorer_and_absent_more(made, years, tables):
    status, taught = made.journeys.in_year, years.year_group >= 0
    of = lambda s: years.fsm[taught & (status == s)].mean()  # noqa: E731
    assert of(1) > 1.5 * of(0)
    absences = (
        tables["absences"]
        .groupby("pupil_id", observed=True)[["authorised", "unauthorised", "sessions_possible"]]
        .sum()
    )
    ids = pupil_ids(made.people.children["person"].to_numpy())
    ever = pd.Series(status.max(axis=1), index=ids).reindex(absences.index.astype(str)).to_numpy()
    rate = (absences["authorised"] + absences["unauthorised"]) / absences["sessions_possible"]
    assert rate[ever == 1].mean() > 1.2 * rate[ever == 0].mean()


def test_free_meals_follow_hardship_within_areas_of_one_deprivation(made, years):
    children = made.people.children
    decile = made.places.neighbourhoods["imd_decile"].to_numpy()[children["neighbourhood"]]
    hardship = made.people.families["hardship"].to_numpy()[children["family"]]
    here = (years.year_group[:, -1] >= 0) & (decile == 1) & (children["family"] >= 0).to_numpy()
    fsm = years.fsm[here, -1]
    assert fsm[hardship[here] > 1].mean() > 2 * fsm[hardship[here] < 0].mean()


def test_boys_have_more_plans_and_children_in_care_more_needs_of_mental_health(made, years):
    plan = (years.sen[:, -10:] == 2).any(axis=1)
    boys = (made.people.children["sex"] == "M").to_numpy()
    assert plan[boys].mean() > 1.3 * plan[~boys].mean()
    known = years.sen_type >= 0
    semh = years.sen_type == schooling.special_needs.SEMH
    care = made.journeys.in_year.max(axis=1) == 3
    assert semh[known & care].mean() > 1.5 * semh[known & ~care].mean()


def test_brothers_and_sisters_mostly_share_a_school(made, years):
    children = made.people.children
    year = years.year_group[:, 15]
    primary = (year >= 0) & (year <= 6) & (children["family"] >= 0).to_numpy()
    by_family = pd.Series(years.school[primary, 15]).groupby(children["family"].to_numpy()[primary])
    several = by_family.count() > 1
    assert (by_family.nunique()[several] == 1).mean() > 0.6


def test_schools_have_a_row_each_and_valid_codes(made):
    table = school_places.tables(np.random.default_rng(0), made.places, None)[0]["schools"]
    found = TABLES["schools"].conform(table)
    assert len(found) == len(made.places.schools) and found["urn"].is_unique
    for column, codes in TABLES["schools"].code_columns().items():
        assert set(found[column].dropna()) <= valid_codes(codes)
    assert (found["pupils"] >= 0).all()


def test_truth_says_who_each_pupil_is(made, found):
    tables, truth = found
    assert truth["pupils"]["pupil_id"].is_unique
    assert set(truth["pupils"]["pupil_id"]) == set(tables["pupils"]["pupil_id"])
    assert (pupil_ids(truth["pupils"]["person"].to_numpy()) == truth["pupils"]["pupil_id"]).all()


def test_the_same_seed_gives_the_same_tables(made, tables):
    again = education.tables(np.random.default_rng(3), made)[0]
    for name in ("absences", "ehc_plans", "home_education"):
        pd.testing.assert_frame_equal(again[name], tables[name])
