"""Health records of one small chunk of the country: what must hold, and what was planted."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import chunk, health, hospital, places
from helpers.synth.domains import of_chunk
from helpers.synth.parameters import value
from helpers.synth.patients import patient_ids
from helpers.synth.sampling import choose_by, effect_of_place, events_by_rate
from helpers.synth.social_care import tidy

UNTIL = pd.Timestamp(2025, 3, 31)
DATES = {
    "births": "birth_date",
    "hospital_admissions": "admission_date",
    "hospital_diagnoses": "admission_date",
    "emergency_attendances": "arrival_date",
    "outpatient_appointments": "appointment_date",
    "mental_health_referrals": "referral_date",
    "mental_health_contacts": "contact_date",
}
NAMES = ["patients", *DATES]


@pytest.fixture(scope="module")
def country():
    return chunk.simulate(np.random.default_rng(5), places.make(np.random.default_rng(4), 8000), 0, 8000)


@pytest.fixture(scope="module")
def made(country):
    return health.tables(np.random.default_rng(6), country)


@pytest.fixture(scope="module")
def tables(made):
    return {name: tidy(name, table) for name, table in made[0].items()}


@pytest.fixture(scope="module")
def people(tables, made):
    """Patients by number, with the person behind each and the day of birth and death."""
    return (
        tables["patients"].astype({"patient_id": str}).merge(made[1]["health_people"]).set_index("patient_id")
    )


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_canonical_with_valid_codes(tables, name):
    table = TABLES[name].conform(tables[name])
    assert len(table) > 500 and not table.duplicated(TABLES[name].key_columns()).any()
    for column, codes in TABLES[name].code_columns().items():
        assert set(table[column].dropna()) <= valid_codes(codes)


@pytest.mark.parametrize(("name", "date"), DATES.items())
def test_nothing_happens_to_a_patient_before_birth_after_death_or_outside_the_records(
    tables, people, name, date
):
    when = tables[name][date]
    assert tables[name]["patient_id"].astype(str).isin(people.index).all()
    who = people.loc[tables[name]["patient_id"].astype(str)]
    assert (when.to_numpy() >= who["birth_date"].to_numpy()).all()
    assert not (when.to_numpy() > who["death_date"].to_numpy()).any()
    assert when.max() <= UNTIL
    assert (people["death_date"] > people["birth_date"])[people["death_date"].notna()].all()


def test_each_record_begins_with_its_collection(tables):
    first = {name: tables[name][date].min() for name, date in DATES.items()}
    assert first["hospital_admissions"] >= pd.Timestamp(1997, 4, 1)
    assert first["outpatient_appointments"] >= pd.Timestamp(2003, 4, 1)
    assert first["emergency_attendances"] >= pd.Timestamp(2007, 4, 1)
    assert first["mental_health_referrals"] >= pd.Timestamp(2016, 4, 1)


def test_dates_within_a_record_are_in_order(tables):
    stays = tables["hospital_admissions"]
    assert (
        not (stays["discharge_date"] < stays["admission_date"]).any()
        and stays["discharge_date"].max() <= UNTIL
    )
    referred = tables["mental_health_referrals"]
    assert not (referred["closed_date"] < referred["referral_date"]).any()
    both = tables["mental_health_contacts"].merge(referred, on=["patient_id", "referral_id"], how="left")
    assert both["accepted"].all()
    assert (both["contact_date"] > both["referral_date"]).all()
    assert not (both["contact_date"] > both["closed_date"]).any()


def test_every_admission_has_its_diagnoses_in_order(tables):
    stays, found = tables["hospital_admissions"], tables["hospital_diagnoses"]
    key = ["patient_id", "admission_date", "admission_no"]
    main = found[found["position"] == 1].merge(stays, on=key)
    assert len(main) == len(stays)
    assert (main["diagnosis"].astype(str) == main["main_diagnosis"].astype(str)).all()
    assert (
        found.groupby(key, observed=True)["position"].max() == found.groupby(key, observed=True).size()
    ).all()
    assert found["diagnosis"].astype(str).str.fullmatch(r"[A-Z]\d\d[\dX]").all()


def test_an_attendance_that_led_to_a_stay_has_an_admission_on_the_day(tables):
    seen = tables["emergency_attendances"].query("admitted")
    days = seen[["patient_id", "arrival_date"]].drop_duplicates()
    stays = (
        tables["hospital_admissions"]
        .query("method == '21'")[["patient_id", "admission_date"]]
        .drop_duplicates()
    )
    both = days.merge(
        stays, left_on=["patient_id", "arrival_date"], right_on=["patient_id", "admission_date"]
    )
    assert len(both) == len(days) > 0


def test_babies_have_their_mother_and_share_what_twins_share(tables, people):
    births = tables["births"]
    assert births["mother_id"].astype(str).isin(people.index).all()
    twins = births[births["babies"] > 1].groupby(["mother_id", "birth_date"], observed=True)
    assert (twins.size() > 1).all() and (
        twins["gestation_weeks"].min() == twins["gestation_weeks"].max()
    ).all()
    assert births["mother_age"].min() >= 13 and births["mother_age"].mean() == pytest.approx(29.5, abs=1.5)
    assert births["birth_weight"].groupby(births["gestation_weeks"] < 37).mean().diff().iloc[-1] < -500


def test_truth_names_the_person_behind_each_number(made, people):
    assert (patient_ids(people["person"].to_numpy()) == people.index.to_numpy()).all()
    assert people["person"].is_unique and set(made[1]["health_children"]["patient_id"]) <= set(people.index)


def test_a_chronic_condition_goes_with_disability_and_brings_more_contacts(country, made, tables):
    truth = made[1]["health_children"].merge(made[1]["health_people"])
    disabled = country.people.children.set_index("person")["disabled"].loc[truth["person"]].to_numpy()
    assert truth["chronic"][disabled].mean() > 2 * truth["chronic"][~disabled].mean()
    visits = tables["outpatient_appointments"]["patient_id"].astype(str).value_counts()
    number = visits.reindex(truth["patient_id"]).fillna(0).to_numpy()
    assert number[truth["chronic"]].mean() > 2 * number[~truth["chronic"]].mean()


def test_hospital_use_rises_around_the_first_referral(country, tables, people):
    first = country.journeys.first[:, 0]
    referred = pd.Series(first, index=country.people.children["person"])[lambda days: days < 10**6]
    seen = tables["emergency_attendances"]
    person = people["person"].loc[seen["patient_id"].astype(str)].to_numpy()
    days = (seen["arrival_date"] - pd.Timestamp(1970, 1, 1)).dt.days.to_numpy()
    after = days - referred.reindex(person).to_numpy()
    near, far = ((after > -180) & (after < 180)).sum(), ((after > 540) & (after < 900)).sum()
    assert near > 1.4 * far


def test_self_harm_comes_in_adolescence_more_often_to_girls_and_to_children_in_contact(country):
    rng = np.random.default_rng(8)
    of = hospital.background(rng, country, np.zeros(len(country.people.children), dtype=bool))
    found = hospital.contacts(rng, country, of)["emergency"].query("reason == 'self_harm'")
    children = country.people.children.iloc[found["child"]]
    age = (found["day"].to_numpy() - children["birth"].to_numpy()) / 365.25
    assert age.min() > 9 and np.median(age) < 19
    assert (children["sex"] == "F").mean() > 0.6
    known = of.contact[:, 10:18].max(axis=1) > 0
    assert known[found["child"]].mean() > 1.3 * known.mean()


def test_parents_with_a_difficulty_come_to_services_more_and_before_the_family_is_referred(
    country, made, people
):
    found = made[0]["mental_health_referrals"]
    person = people["person"].loc[found["patient_id"].astype(str)]
    families = country.people.families
    of_mother = families.set_index("mother")["mental_health"]
    mothers = person[person.isin(of_mother.index)]
    share = of_mother.loc[mothers].mean()
    assert share > 2 * of_mother.mean()
    child = country.people.children.join(pd.Series(country.journeys.first[:, 0], name="first"))
    first = child[child["family"] >= 0].groupby("family")["first"].min()
    first.index = families["mother"].loc[first.index]
    days = (found["referral_date"] - pd.Timestamp(1970, 1, 1)).dt.days.set_axis(person.index)
    wait = first.reindex(person).to_numpy() - days.to_numpy()
    # A year before against a year after, of mothers whose family is referred well inside the records.
    inside = (
        np.isin(person, of_mother.index[of_mother]) & (first.reindex(person).between(17500, 19500)).to_numpy()
    )
    assert ((wait > 0) & (wait < 365) & inside).sum() > 1.3 * ((wait < 0) & (wait > -365) & inside).sum()


def test_the_same_seed_gives_the_same_tables(country, made):
    again = health.tables(np.random.default_rng(6), country)[0]
    for name, table in made[0].items():
        pd.testing.assert_frame_equal(table, again[name])


def test_health_is_a_domain_of_every_chunk(country):
    tables, truth = of_chunk(np.random.SeedSequence(1), country, "none")
    assert set(NAMES) <= set(tables) and "health_people" in truth


def test_events_by_rate_follow_the_rates():
    rates = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]).repeat(4000, axis=0)
    row, age = events_by_rate(np.random.default_rng(1), rates)
    found = np.histogram2d(row // 4000, np.floor(age), bins=[[0, 1, 2], [0, 1, 2, 3]])[0] / 4000
    assert found == pytest.approx(np.array([[0, 2, 0], [1, 0, 3]]), abs=0.12)
    assert (np.diff(row + age / 10) >= 0).all()
    assert len(events_by_rate(np.random.default_rng(1), np.zeros((5, 3)))[0]) == 0


def test_choose_by_takes_the_shares_of_the_group():
    group = np.repeat([0, 1], 5000)
    drawn = choose_by(np.random.default_rng(1), [{"a": 1, "b": 3}, {"c": 1.0}], group)
    assert set(drawn[group == 1]) == {"c"}
    assert (drawn[group == 0] == "b").mean() == pytest.approx(0.75, abs=0.03)


def test_the_effect_of_a_place_is_the_same_in_every_chunk_and_differs_by_name(country):
    one = effect_of_place(country.places, "offer")
    assert (one == effect_of_place(country.places, "offer")).all()
    assert abs(np.corrcoef(one, effect_of_place(country.places, "hubs"))[0, 1]) < 0.4
    assert len(one) == len(country.places.authorities) and value("health.use_shape") > 0
