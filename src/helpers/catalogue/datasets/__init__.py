"""The data sets that hold the real thing: who keeps them, what is in them, and what they lack.

One YAML file each. Twelve are the flagship data sets that the research agenda of ADR UK's community catalyst
names (Griffiths and others, 2025, table 1); the others stand beside them. `confirmed` is true where years and
place of access were read in a public page that `sources` names; the rest says what is not confirmed.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
import pandera.pandas as pa
import yaml

from helpers.catalogue import TABLES

UNCONFIRMED = "not confirmed"
COUNTRIES = ["England", "Wales", "Scotland", "England and Wales"]
YEAR = {"dtype": "Int64", "checks": pa.Check.in_range(1980, 2030), "nullable": True}
TEXT = {"dtype": "string", "checks": pa.Check.str_length(min_value=1)}


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _are_tables(names: list[str]) -> bool:
    return set(names) <= set(TABLES)


def _has_page(row: pd.DataFrame) -> pd.Series:
    found = row["sources"].map(lambda sources: any(source.startswith("https://") for source in sources))
    return ~row["confirmed"] | found


LIST = pa.Check(_is_list_of_text, element_wise=True)
SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(**TEXT, unique=True),
        "name": pa.Column(**TEXT, unique=True),
        "flagship": pa.Column(bool),
        "country": pa.Column("string", pa.Check.isin(COUNTRIES)),
        "holder": pa.Column(**TEXT),
        "holds": pa.Column(**TEXT),
        "coverage_from": pa.Column(**YEAR),
        "coverage_to": pa.Column(**YEAR),
        "note": pa.Column(**TEXT),
        "secure_environment": pa.Column(**TEXT),
        "access": pa.Column(**TEXT),
        "keys": pa.Column(object, LIST),
        "tables": pa.Column(object, [LIST, pa.Check(_are_tables, element_wise=True)]),
        "missing": pa.Column(**TEXT),
        "questions": pa.Column(object, LIST),
        "confirmed": pa.Column(bool),
        "sources": pa.Column(object, LIST),
    },
    checks=pa.Check(_has_page),
    strict=True,
    coerce=True,
    ordered=True,
)


@cache
def datasets() -> pd.DataFrame:
    """Return the data sets, the flagship ones first.

    Returns
    -------
    pandas.DataFrame
        id, name, country, holder, holds, note, secure_environment, access, missing (text); flagship,
        confirmed (bool); coverage_from, coverage_to (years, empty where it goes on, differs or is not known);
        keys, tables (canonical tables it can fill), questions (ids of the agenda), sources (lists of text).

    Raises
    ------
    pandera.errors.SchemaErrors
        When a file lacks a field, has one too many, or names a table that there is not.
    """
    found = [file for file in files(__package__).iterdir() if file.name.endswith(".yml")]
    rows = [{"id": file.name[:-4], **yaml.safe_load(file.read_text(encoding="utf-8"))} for file in found]
    ordered = pd.DataFrame(rows).sort_values(["flagship", "country", "name"], ascending=[False, True, True])
    return SCHEMA.validate(ordered.reset_index(drop=True), lazy=True)


def unconfirmed() -> pd.DataFrame:
    """Return every statement that could not be confirmed: id, field, statement (text)."""
    text = datasets().drop(columns=["flagship", "confirmed"])
    long = text.melt(id_vars=["id"], var_name="field", value_name="statement")
    long["statement"] = [" ".join(s) if isinstance(s, list) else str(s) for s in long["statement"]]
    doubtful = long["statement"].str.lower().str.contains(UNCONFIRMED)
    return long[doubtful].sort_values(["id", "field"]).reset_index(drop=True)
