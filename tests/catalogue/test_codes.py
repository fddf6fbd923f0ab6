"""Code lists are complete, consistent and as the official collections have them."""

from importlib.resources import files

import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.catalogue.codes import canonical_codes, code_list, labels, valid_codes

LISTS = sorted(
    path.name[:-4] for path in files("helpers.catalogue.codes").iterdir() if path.name.endswith(".csv")
)
NAMED = sorted({codes for model in TABLES.values() for codes in model.code_columns().values()})
COLUMNS = ["code", "label", "valid_from", "valid_to", "canonical"]


@pytest.mark.parametrize("name", NAMED)
def test_every_list_a_table_names_exists_and_has_codes(name):
    assert len(code_list(name)) > 0


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_the_agreed_columns_unique_codes_and_a_label_for_each(name):
    raw = pd.read_csv(files("helpers.catalogue.codes") / f"{name}.csv", dtype="string", keep_default_na=False)
    assert list(raw.columns) == COLUMNS
    assert raw["code"].is_unique
    assert (raw["code"].str.strip() == raw["code"]).all()
    assert raw["label"].str.strip().str.len().gt(1).all()


@pytest.mark.parametrize("name", LISTS)
def test_a_code_is_valid_from_before_it_is_valid_to(name):
    codes = code_list(name).dropna(subset=["valid_from", "valid_to"])
    assert (codes["valid_from"] <= codes["valid_to"]).all()


@pytest.mark.parametrize("name", LISTS)
def test_what_the_store_holds_is_itself_a_code_of_the_list(name):
    codes = code_list(name)
    assert set(codes["canonical"]) <= set(codes["code"])
    assert canonical_codes(name).keys() == set(codes["code"])


def test_every_list_is_used_by_a_table_or_by_the_rules():
    assert set(LISTS) - set(NAMED) == {"la_code"}


@pytest.mark.parametrize(
    ("name", "code", "first", "last"),
    [
        ("sex", "1", None, 2024),
        ("sex", "F", 2025, None),
        ("referral_source", "5D", 2023, None),
        ("closure_reason", "RC9", 2023, None),
        ("assessment_factor", "18A", None, None),
        ("assessment_factor", "18B", 2021, None),
        ("assessment_factor", "19C", 2021, None),
        ("assessment_factor", "24A", 2022, None),
        ("placement", "K3", 2025, None),
        ("placement", "H5", None, 2025),
        ("placement", "Z11", 2026, None),
        ("activity", "F3", None, 2021),
        ("activity", "P5", 2022, None),
        ("reason_episode_ceased", "E43", None, 2018),
        ("reason_place_change", "CUSTOD", 2019, None),
    ],
)
def test_codes_come_and_go_in_the_years_the_collections_changed(name, code, first, last):
    years = range(2010, 2031)
    valid = [year for year in years if code in valid_codes(name, year)]
    assert valid == [y for y in years if (first or 0) <= y <= (last or 9999)]


def test_gender_as_recorded_to_2024_becomes_sex():
    held = canonical_codes("sex")
    assert [held[code] for code in ("1", "2", "0", "9", "M")] == ["M", "F", "U", "U", "M"]


def test_the_code_none_of_disability_is_text_and_not_missing():
    assert labels("disability")["NONE"] == "No disability"


def test_labels_carry_no_word_that_the_field_has_left_behind():
    words = {word for name in LISTS for label in code_list(name)["label"] for word in label.lower().split()}
    assert not {"lac", "lacs", "toxic", "troubled", "beyond", "clients"} & words
