"""Measures the targets on household hardship."""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.sources.store import Store


@target("F04186", year=2025)
def low_income(store: Store, year: int) -> float:
    """Children under 16 in relative low income in a financial year, per cent.

    A child counts in the household it lives in on the last day of the year. The published figure is before
    housing costs and of families with children in any benefit unit; the store holds income after them.
    """
    return one(
        store,
        """
        WITH last AS (SELECT make_date(?::INT, 3, 31) AS day)
        SELECT 100 * avg(in_relative_poverty::INT)
        FROM last, household_members AS member
        JOIN household_hardship AS hardship USING (household_id)
        WHERE hardship.year = ? AND role = 'child'
          AND joined <= day AND coalesce("left", day) >= day
          AND birth_date <= day AND birth_date > day - INTERVAL 16 YEAR
        """,
        year,
        year,
    )
