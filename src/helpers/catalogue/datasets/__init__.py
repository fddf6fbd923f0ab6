"""The flagship datasets: what each holds, who can reach it where, and which questions it serves.

One YAML file each. `confirmed` is true where coverage and place of access were read in the public page that
`source` names; everything else stands to the best of our knowledge and says so.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd
import pandera.pandas as pa
import yaml

from helpers.catalogue import TABLES

# Tables that these datasets will fill and that the catalogue does not describe yet.
FUTURE_TABLES = frozenset(
    [
        "absences",
        "attainment",
        "benefits",
        "census_households",
        "court_cases",
        "court_parties",
        "early_help",
        "earnings",
        "exclusions",
        "hospital_episodes",
        "mental_health_contacts",
        "offences",
        "pupils",
        "special_needs",
        "workforce",
    ]
)
TEXT = {"dtype": "string", "checks": pa.Check.str_length(min_value=1)}


def _lists_of_text(column: pd.Series) -> pd.Series:
    return column.map(
        lambda value: isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
    )


def _known_tables(column: pd.Series) -> pd.Series:
    return column.map(lambda names: set(names) <= set(TABLES) | FUTURE_TABLES)


SCHEMA = pa.DataFrameSchema(
    {
        "name": pa.Column(**TEXT, unique=True),
        "holder": pa.Column(**TEXT),
        "country": pa.Column("string", pa.Check.isin(["England", "Wales", "England and Wales"])),
        "coverage_from": pa.Column("Int64", pa.Check.in_range(1980, 2030), nullable=True),
        "coverage_to": pa.Column("Int64", pa.Check.in_range(1980, 2030), nullable=True),
        "secure_environment": pa.Column(**TEXT),
        "access": pa.Column(**TEXT),
        "keys": pa.Column(object, pa.Check(_lists_of_text)),
        "tables": pa.Column(object, [pa.Check(_lists_of_text), pa.Check(_known_tables)]),
        "missing": pa.Column(**TEXT),
        "questions": pa.Column(object, pa.Check(_lists_of_text)),
        "confirmed": pa.Column(bool),
        "source": pa.Column("string", pa.Check.str_startswith("https://"), nullable=True),
        "note": pa.Column(**TEXT),
    },
    checks=pa.Check(lambda frame: ~frame["confirmed"] | frame["source"].notna()),
    strict=True,
    coerce=True,
)


@cache
def datasets() -> pd.DataFrame:
    """Return the flagship datasets, one a row.

    Returns
    -------
    pandas.DataFrame
        name, holder, country, coverage_from and coverage_to (years; empty where it goes on or is not known),
        secure_environment, access, keys, tables and questions (lists of text), missing, confirmed, source
        (address of the page that was read, may be empty) and note.

    Raises
    ------
    pandera.errors.SchemaErrors
        When a file lacks a field, has one too many, or names a table that there is not.
    """
    found = sorted((f for f in files(__package__).iterdir() if f.name.endswith(".yml")), key=lambda f: f.name)
    rows = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in found]
    return SCHEMA.validate(pd.DataFrame(rows), lazy=True)


def flagship_datasets() -> str:
    """Return the page on the flagship datasets, in Markdown."""
    table = datasets()
    head = (
        "# The flagship datasets\n\n"
        "Where the questions of this book can be asked of real records, and what those records leave out. "
        f"Of {len(table)} datasets, {table['confirmed'].sum()} were checked against a public page. For the "
        "others, years and routes of access stand to the best of our knowledge: ask the holder before you "
        "plan on them.\n"
    )
    return head + "\n".join(_section(row) for row in table.to_dict("records"))


def _section(row: dict[str, object]) -> str:
    lines = {
        "Holder": row["holder"],
        "Country": row["country"],
        "Years": _years(row["coverage_from"], row["coverage_to"]),
        "Where": row["secure_environment"],
        "How to reach it": row["access"],
        "Records are joined by": "; ".join(row["keys"]),
        "Tables it can fill": ", ".join(f"`{name}`" for name in row["tables"]),
        "What it leaves out": row["missing"],
        "Questions": ", ".join(row["questions"]),
        "Checked": f"[yes]({row['source']})" if row["confirmed"] else "not confirmed",
        "Note": row["note"],
    }
    body = "\n".join(f"| {label} | {text} |" for label, text in lines.items())
    return f"\n## {row['name']}\n\n| Field | What we know |\n|---|---|\n{body}\n"


def _years(first: object, last: object) -> str:
    if pd.isna(first):
        return "differ from place to place"
    return f"{first} to {last}" if pd.notna(last) else f"from {first}"
