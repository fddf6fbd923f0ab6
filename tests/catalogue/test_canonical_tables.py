"""The canonical tables are whole: described, keyed, and fit for Parquet."""

import ast
import pkgutil
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest

from helpers import catalogue
from helpers.catalogue import TABLES

NAMES = sorted(TABLES)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_what_a_row_is_and_has_a_key(name):
    model = TABLES[name]
    assert (model.__doc__ or "").startswith("One row per ")
    assert model.key_columns()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_has_the_columns_of_its_parquet_schema(name):
    model = TABLES[name]
    assert list(model.empty().columns) == model.arrow_schema().names
    assert len(model.empty()) == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_described(name):
    undescribed = [column for column, about in TABLES[name].columns().items() if not about.description]
    assert undescribed == []


def test_no_two_classes_declare_the_same_table():
    folder = Path(catalogue.__file__).parent
    declared = [
        node.name
        for module in pkgutil.iter_modules([str(folder)])
        if not module.ispkg
        for node in ast.parse((folder / f"{module.name}.py").read_text()).body
        if isinstance(node, ast.ClassDef) and any(getattr(b, "id", "") == "Table" for b in node.bases)
    ]
    assert len(declared) == len(set(declared)) == len(TABLES)


def test_people_are_numbered_as_their_data_set_numbers_them():
    keys = {name: model.key_columns() for name, model in TABLES.items()}
    assert keys["school_enrolments"][0] == "pupil_id"
    assert keys["hospital_admissions"][0] == "patient_id"
    assert keys["offences"][0] == "person_id"
    assert keys["case_people"] == ["case_id", "person_id", "role"]
    assert keys["referrals"][:2] == ["authority", "child_id"]
    assert "worker_id" in keys["social_workers"]


def test_a_row_without_its_key_is_refused():
    with pytest.raises(pandera.errors.SchemaErrors):
        TABLES["absences"].conform(pd.DataFrame({"pupil_id": [None], "academic_year": [2023]}))


def test_values_are_coerced_to_the_types_of_the_table():
    row = {
        "pupil_id": ["P1"],
        "academic_year": ["2023"],
        "term": ["AUT"],
        "urn": ["100001"],
        "illness": [3.0],
    }
    table = TABLES["absences"].conform(pd.DataFrame(row))
    assert str(table["illness"].dtype) == "Int64"
    assert table["academic_year"].iloc[0] == 2023
    assert table["excluded"].isna().all()
