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

import pandas as pd

from helpers.sources.returns import Return

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
