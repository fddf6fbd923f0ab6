"""Tables and statements as a notebook shows them."""

from helpers.tables.described import cohort_flow, table_one
from helpers.tables.estimates import estimate_rows, estimates
from helpers.tables.shown import RATES, SHARES, say, search, show

__all__ = [
    "RATES",
    "SHARES",
    "cohort_flow",
    "estimate_rows",
    "estimates",
    "say",
    "search",
    "show",
    "table_one",
]
