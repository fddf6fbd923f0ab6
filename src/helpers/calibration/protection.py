"""Measures the targets on child protection."""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import around, in_years, open_at, percent, rate, together
from helpers.sources.store import Store

YEARS = around(2025, 3)


@target("F00868", table="section47", column="enquiry_start")
@target("F00900", table="conferences", column="conference_date")
def begun(store: Store, table: str, column: str) -> float:
    """Section 47 enquiries or initial conferences, each counted, per 10,000 children a year (of three)."""
    number = one(store, f"select count(*) from {table} where {in_years(column, YEARS)}")
    return rate(store, number / len(YEARS), YEARS[-1])


def _plans_at(year: int) -> str:
    """Return the query of plans open at 31 March."""
    return f"(select * from cp_plans where {open_at('plan_start', 'plan_end', year)})"


@target("F00964")
def on_plan(store: Store) -> float:
    """Children on a child protection plan at 31 March per 10,000 children, the mean of three years."""
    numbers = [
        one(store, f"select count(distinct (authority, child_id)) from {_plans_at(year)}") for year in YEARS
    ]
    return rate(store, sum(numbers) / len(numbers), YEARS[-1])


@target("F00139", category="NEG")
@target("F00141", category="PHY")
@target("F00143", category="SAB")
@target("F00145", category="EMO")
@target("F00147", category="MUL")
def initial_category(store: Store, category: str) -> float:
    """DfE, table A6 for 2020: plans open at 31 March by category of abuse at their start, %; five years."""
    plans = together(_plans_at(year) for year in around(2020, 5))
    return percent(store, plans, "true", f"initial_category = '{category}'")


@target("F01156")
def second_plan(store: Store) -> float:
    """Plans begun in the last three years for a child on one before, in any authority, %."""
    return percent(store, "cp_plans", in_years("plan_start", YEARS), "previous_plans > 0")
