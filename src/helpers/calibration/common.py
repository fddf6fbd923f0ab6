"""What the measures of many targets share: years, populations, tables prepared once a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ibis.expr.types as ir
import pandas as pd

from helpers.calibration.base import one
from helpers.measures.ages import ETHNIC_GROUPS
from helpers.measures.care import periods_of_care
from helpers.sources.store import Store

LAST_YEAR = 2025  # the last collection year that was published

# Source: ONS mid-year population estimates 2012-2024 as used by DfE children in need statistics.
ENGLAND_2024 = 12_183_016  # children aged 0 to 17 in England

GROUP = (
    "case "
    + " ".join(
        f"when ethnicity in ({', '.join(repr(str(code)) for code in codes)}) then '{name}'"
        for name, codes in ETHNIC_GROUPS.items()
    )
    + " end"
)  # SQL: the broad ethnic group of a granular code, null where not known


def in_year(column: str, year: int) -> str:
    """Return SQL: the date falls in the collection year (1 April to 31 March, named by its end)."""
    return f"{column} between date '{year - 1}-04-01' and date '{year}-03-31'"


def around(year: int, span: int) -> range:
    """Return so many collection years around one, none after the last: one year here is few children.

    A rare thing in a small country moves with chance from year to year by more than a tenth. England's
    figure for one year is held against the country's over several, which lie about it.
    """
    last = min(year + span // 2, LAST_YEAR)
    return range(last - span + 1, last + 1)


def in_years(column: str, years: range) -> str:
    """Return SQL: the date falls in the collection years."""
    return f"{column} between date '{years[0] - 1}-04-01' and date '{years[-1]}-03-31'"


def together(tables: Iterable[str]) -> str:
    """Return SQL: the rows of several tables of the same columns."""
    return "(" + " union all by name ".join(f"select * from {table}" for table in tables) + ")"


def open_at(start: str, end: str, year: int) -> str:
    """Return SQL: begun by, and not ended at, the end of 31 March of the year."""
    day = f"date '{year}-03-31'"
    return f"({start} <= {day} and ({end} is null or {end} > {day}))"


def age_at(birth: str, day: str) -> str:
    """Return SQL: age in completed years."""
    return f"date_diff('year', {birth}, {day}) - (strftime({day}, '%m%d') < strftime({birth}, '%m%d'))::int"


def children(store: Store, year: int) -> float:
    """Return children aged 0 to 17 in the middle of the collection year's first calendar year.

    The DfE's rates for 2024/25 stand on the mid-2024 estimate.
    """
    return one(
        store,
        """select sum(people) from populations where age < 18 and year = (
               select year from populations group by year order by abs(year - ?), year limit 1)""",
        year - 1,
    )


def rate(store: Store, number: float, year: int) -> float:
    """Return a number as a rate per 10,000 children in a collection year."""
    return 1e4 * number / children(store, year)


def as_england(store: Store, number: float, year: int) -> float:
    """Return a number as it would be in a country with England's children."""
    return ENGLAND_2024 * number / children(store, year)


def percent(store: Store, table: str, of: str, condition: str) -> float:
    """Return the percentage of the rows of `table` that meet `of` which meet `condition` too (SQL, all)."""
    query = f"select 100 * avg((coalesce({condition}, false))::int) from {table} where {of}"
    return one(store, query)


def prepared(store: Store, name: str, make: Callable[[Store], ir.Table | pd.DataFrame]) -> str:
    """Compute a table that several measures read, once a store; return its name in SQL."""
    if name not in store.connection.list_tables():
        store.connection.create_table(name, make(store), temp=True)
    return name


def prepared_sql(store: Store, name: str, query: str) -> str:
    """Compute the answer to a query that several measures read, once a store; return its name in SQL."""
    store.connection.con.execute(f"create temp table if not exists {name} as {query}")
    return name


def periods(store: Store) -> str:
    """Return the table of periods of care, short breaks left out as in the DfE's counts."""
    return prepared(store, "care_periods", lambda s: (p := periods_of_care(s)).filter(~p.respite))


def neighbourhood_tables(store: Store) -> bool:
    """Return whether the store says where children lived: addresses and postcodes have rows."""
    return one(store, "select least((select count(*) from addresses), (select count(*) from postcodes))") > 0


def by_ethnic_group(store: Store, year: int) -> pd.Series:
    """Return the share of each broad ethnic group among children under 18, in the year nearest to `year`."""
    query = f"""select {GROUP} as who, sum(children) as n from neighbourhood_populations where year = (
        select year from neighbourhood_populations group by year order by abs(year - ?), year limit 1)
        group by 1"""
    found = store.connection.con.execute(query, [year]).df().dropna().set_index("who")["n"]
    return found / found.sum()
