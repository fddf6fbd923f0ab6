"""Measures the targets on child protection."""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import in_year, open_at, percent, rate
from helpers.sources.store import Store


@target("F00868", table="section47", column="enquiry_start", year=2025)
@target("F00900", table="conferences", column="conference_date", year=2025)
def begun(store: Store, table: str, column: str, year: int) -> float:
    """Section 47 enquiries or initial conferences in the year, each counted, per 10,000 children."""
    return rate(store, one(store, f"select count(*) from {table} where {in_year(column, year)}"), year)


@target("F00964", year=2025)
def on_plan(store: Store, year: int) -> float:
    """Children on a child protection plan at 31 March per 10,000 children."""
    number = one(
        store,
        f"""select count(distinct (authority, child_id)) from cp_plans
            where {open_at("plan_start", "plan_end", year)}""",
    )
    return rate(store, number, year)


@target("F00139", category="NEG")
@target("F00141", category="PHY")
@target("F00143", category="SAB")
@target("F00145", category="EMO")
@target("F00147", category="MUL")
def initial_category(store: Store, category: str) -> float:
    """DfE, table A6: plans open at 31 March 2020 by category of abuse at their start, %."""
    return percent(
        store, "cp_plans", open_at("plan_start", "plan_end", 2020), f"initial_category = '{category}'"
    )


@target("F01156", year=2025)
def second_plan(store: Store, year: int) -> float:
    """Plans begun in the year for a child who had been on one before, in any authority, %."""
    return percent(store, "cp_plans", in_year("plan_start", year), "previous_plans > 0")
