"""Validation rules: one small function a rule, registered under the number the field knows it by.

A rule looks at a return whose dates are parsed and answers with the rows of one table that break it::

    @rule("8925", "cin", "ChildProtectionPlans", ["CPPstartDate", "CPPendDate"],
          "The plan ends before it starts: correct one of the two dates.")
    def plan_ends_before_it_starts(r: Checked) -> pd.Series:
        plans = r["ChildProtectionPlans"]
        return plans["CPPendDate"] < plans["CPPstartDate"]

The answer is a boolean Series aligned with the table (missing counts as no).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from helpers.catalogue import TABLES
from helpers.sources.returns import Return
from helpers.sources.values import parse_dates

FINDING_COLUMNS = [
    "rule", "severity", "collection", "year", "authority", "file", "table", "record", "child",
    "fields", "values", "reason",
]  # fmt: skip


@dataclass
class Checked:
    """A return ready for rules: ``r["Episodes"]`` has its date columns as datetimes (NaT when not a date).

    ``r.raw["Episodes"]`` is the same table as text. `previous` is the same authority's return of the year
    before, where it was given.
    """

    source: Return
    tables: dict[str, pd.DataFrame]
    previous: Checked | None = None

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a table with parsed dates; an absent table is empty, with its official columns."""
        return self.tables[table]

    @property
    def raw(self) -> dict[str, pd.DataFrame]:
        """The tables as text."""
        return self.source.tables

    @property
    def year(self) -> int:
        """Collection year, named by the year it ends in."""
        return self.source.year

    @property
    def start(self) -> pd.Timestamp:
        """First day of the collection year."""
        return self.source.start

    @property
    def end(self) -> pd.Timestamp:
        """Last day of the collection year."""
        return self.source.end


@dataclass(frozen=True)
class Rule:
    """A rule with what a person needs to act on a finding."""

    number: str
    collection: str
    table: str
    fields: list[str]
    reason: str
    find: Callable[[Checked], pd.Series] = field(compare=False)
    severity: str = "error"
    first_year: int = 0
    last_year: int = 9999
    needs_previous: bool = False

    def applies(self, year: int) -> bool:
        """Return whether the rule holds in a collection year."""
        return self.first_year <= year <= self.last_year


RULES: list[Rule] = []

# Date columns that no canonical table holds, because another table of the return already does.
REPEATED_DATES = {"ssda903": {"DOB"}}


def prepare(source: Return, previous: Return | None = None) -> Checked:
    """Parse the dates of a return, so that rules can compare them.

    Parameters
    ----------
    source : Return
    previous : Return, optional
        The same authority's return of the year before, for the rules that compare years.
    """
    tables = {name: _parse_table_dates(source.collection, name, rows) for name, rows in source.tables.items()}
    return Checked(source, tables, prepare(previous) if previous else None)


def _parse_table_dates(collection: str, name: str, rows: pd.DataFrame) -> pd.DataFrame:
    dates = date_columns(collection, name) & set(rows.columns)
    return rows.assign(**{column: parse_dates(rows[column]) for column in dates})


@cache
def date_columns(collection: str, table: str) -> frozenset[str]:
    """Return the columns of an official table that hold dates, as the catalogue knows them."""
    found = set(REPEATED_DATES.get(collection, set()))
    for model in TABLES.values():
        if model.source_table(collection) == table:
            types = model.columns()
            sources = model.source_columns(collection).items()
            found |= {official for name, official in sources if "datetime" in str(types[name].dtype)}
    return frozenset(found)


def rule(
    number: str,
    collection: str,
    table: str,
    fields: list[str],
    reason: str,
    *,
    years: tuple[int, int] = (0, 9999),
    needs_previous: bool = False,
) -> Callable[[Callable[[Checked], pd.Series]], Callable[[Checked], pd.Series]]:
    """Register the function below as a rule; a number that ends in Q is a query, any other an error."""
    severity = "query" if number.endswith("Q") else "error"

    def register(find: Callable[[Checked], pd.Series]) -> Callable[[Checked], pd.Series]:
        RULES.append(Rule(number, collection, table, fields, reason, find, severity, *years, needs_previous))
        return find

    return register
