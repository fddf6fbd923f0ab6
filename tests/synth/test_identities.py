"""What data sets know of the people of one small chunk."""

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import chunk, identities, names, people, places
from helpers.synth.parameters import value
from helpers.synth.social_care import tidy


@pytest.fixture(scope="module")
def part():
    where = places.make(np.random.default_rng(1), 25_000)
    return chunk.simulate(np.random.default_rng(2), where, 0, 8_000)


@pytest.fixture(scope="module")
def made(part):
    children, families = part.people.children, part.people.families
    pupils = children["person"][(children["birth"] > 9_000) & (children["birth"] < 18_000)]
    patients = np.concatenate([children["person"], families["mother"]])
    others = {
        "pupils": pd.DataFrame({"pupil_id": people.pupil_ids(pupils.to_numpy())}),
        "patients": pd.DataFrame({"patient_id": people.patient_ids(patients)}),
    }
    tables, truth = identities.tables(np.random.default_rng(3), part, others)
    tables = {name: TABLES[name].conform(tidy(name, table)) for name, table in tables.items()}
    return tables, truth, others


@pytest.fixture(scope="module")
def persons(part):
    """The true identities, as drawn for the tables."""
    return identities.everyone(np.random.default_rng(3), part).assign(
        person_id=lambda p: people.register_ids(p["person"].to_numpy())
    )


@pytest.fixture(scope="module")
def compared(made, persons):
    """Records beside the truth about the person."""
    tables, truth, _ = made
    links = truth["links"].drop(columns=["authority", "number"])
    found = tables["person_links"].merge(links, on=["dataset", "record_id"], suffixes=("", "_true"))
    return found.merge(persons, left_on="person_id_true", right_on="person_id", suffixes=("", "_real"))


def test_codes_and_keys(made):
    for name, table in made[0].items():
        for column, codes in TABLES[name].code_columns().items():
            assert set(table[column].dropna()) <= set(valid_codes(codes)), (name, column)
    assert made[0]["person_links"]["record_id"].is_unique


def test_numbers_are_those_that_the_tables_hold_and_no_others(made):
    tables, _, others = made
    assert set(tables["person_links"]["dataset"]) == {"social_care", "education", "health"}
    linked = tables["linked_people"]
    assert set(linked.loc[linked["dataset"] == "education", "number"]) <= set(others["pupils"]["pupil_id"])
    assert set(linked.loc[linked["dataset"] == "health", "number"]) <= set(others["patients"]["patient_id"])


def test_all_children_known_to_social_care_are_in_person_links(made, part):
    written = made[0]["person_links"]
    known = identities.social_care.child_numbers(part)
    born = known[known["birth"] <= 20_178]
    assert set(born["child_id"]) == set(written.loc[written["dataset"] == "social_care", "person_id"])


def test_record_numbers_do_not_give_the_person_away(made):
    """Nobody's records in two data sets share their digits."""
    links = made[1]["links"].assign(digits=lambda t: t["record_id"].str[2:])
    same = links.duplicated(["person_id", "digits"])
    assert same.mean() < 0.001


def test_the_store_does_not_hold_the_true_links(made):
    tables, truth, _ = made
    assert set(truth) == {"links", "link_errors"}
    assert not tables["person_links"]["person_id"].isin(truth["links"]["person_id"]).any()


def test_nobody_has_a_pupil_number_below_school_age_and_only_health_has_nhs_numbers(compared):
    age = (compared["recorded"] - compared["birth_date"]).dt.days / 365.25
    social_care = compared["dataset"] == "social_care"
    assert compared.loc[social_care & (age < 3), "upn"].isna().all()
    later = compared.loc[social_care & (age > 6), "upn"]
    assert 0.08 < later.isna().mean() < 0.3
    assert compared.loc[compared["dataset"] != "health", "nhs_number"].isna().all()
    assert compared.loc[compared["dataset"] == "health", "nhs_number"].notna().mean() > 0.9
    assert not (compared["upn"].notna() & ~compared["child"]).any()


def test_most_records_are_right_and_education_more_than_social_care(compared):
    same = {name: (compared[name] == compared[f"{name}_real"]) for name in ("forename", "surname", "sex")}
    for name, right in same.items():
        by_dataset = right.groupby(compared["dataset"]).mean()
        assert by_dataset.min() > 0.8, name
        assert by_dataset["education"] > by_dataset["social_care"], name
    birth = compared["birth_date"].astype("datetime64[s]").astype(np.int64) // 86_400
    assert 0.9 < (birth == compared["birth"])[~compared["uasc"]].mean() < 0.999


def test_errors_are_commoner_in_groups_and_places_as_planted(compared):
    wrong = compared["forename"] != compared["forename_real"]
    wrong |= compared["surname"] != compared["surname_real"]
    white = compared["group"] == "White"
    assert wrong[compared["group"].isin(["Black", "Asian"])].mean() > 1.15 * wrong[white].mean()
    high, low = compared["care"] > 0.5, compared["care"] < 0
    assert wrong[high].mean() > 1.3 * wrong[low].mean()


def test_linkage_misses_more_people_of_the_groups_named(made, persons):
    tables, truth, _ = made
    missed = truth["link_errors"][lambda t: t["given"].isna()]
    group = persons.set_index("person_id")["group"]
    of_missed = missed["person_id"].map(group).value_counts()
    of_linked = tables["linked_people"]["person_id"].map(group).value_counts()
    rate = of_missed / (of_missed + of_linked)
    assert rate["White"] < rate["Asian"] and rate["White"] < rate["Black"]
    assert 0.01 < rate["White"] < 0.12


def test_wrong_links_are_known_to_the_truth_alone_and_weaker(made):
    tables, truth, _ = made
    wrong = truth["link_errors"].dropna(subset=["given"])
    found = tables["linked_people"].merge(
        wrong, left_on=["person_id", "dataset", "number"], right_on=["person_id", "dataset", "given"]
    )
    assert len(found) >= 0.95 * len(wrong) > 0
    assert found["match_weight"].mean() < tables["linked_people"]["match_weight"].mean() - 3
    assert set(tables["linked_people"]) == set(TABLES["linked_people"].columns())


def test_swapping_day_and_month():
    days = pd.to_datetime(["2010-03-05", "2010-12-31", "2011-02-02"]).to_numpy().astype("datetime64[D]")
    swapped = names.swap_day_and_month(days.astype(np.int64)).astype("datetime64[D]").astype(str)
    assert list(swapped) == ["2010-05-03", "2010-12-31", "2011-02-02"]


def test_a_slip_changes_a_letter_or_two_and_keeps_the_first():
    rng = np.random.default_rng(1)
    true = names.surnames(rng, np.repeat(["White", "Asian", "Black", "Other"], 200))
    slipped = names.misspell(rng, true)
    assert (slipped != true).mean() > 0.9  # two like letters swapped are a name well written
    assert all(a[0] == b[0] and abs(len(a) - len(b)) <= 1 for a, b in zip(true, slipped, strict=True))
    assert len(names.misspell(rng, true[:0])) == 0


def test_numbers_have_their_check_digits():
    person = np.arange(1, 3000)
    nhs = np.array([[int(digit) for digit in number] for number in people.nhs_numbers(person)])
    assert nhs.shape == (2999, 10) and ((nhs * np.arange(10, 0, -1)).sum(axis=1) % 11 == 0).all()
    assert len(np.unique(nhs, axis=0)) == 2999


def test_every_letter_has_a_stride_of_its_own_that_gives_no_number_twice():
    strides = [*people.STRIDES.values(), *(stride for _, stride in identities.RECORDS.values())]
    assert len(set(strides)) == len(strides)
    assert all(np.gcd(stride, 10**9) == 1 for stride in strides)
    assert value("identities.links").keys() <= identities.RECORDS.keys()
