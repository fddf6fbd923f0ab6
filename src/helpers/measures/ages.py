"""Ages, collection years and the groups in which England's children's statistics are published."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

DAYS_A_MONTH = 365.25 / 12

CHILD = ["authority", "child_id"]  # the authority's own number is unique within the authority only

# Bands of the DfE's statistics on children in need and children looked after.
AGE_BANDS = {0: "under 1", 1: "1 to 4", 5: "5 to 9", 10: "10 to 15", 16: "16 and over"}
UNBORN = "unborn"
UNKNOWN = "not known"
AGE_ORDER = [UNBORN, *AGE_BANDS.values(), UNKNOWN]

# The five groups of the Census of Population, by granular code of the DfE's returns.
ETHNIC_GROUPS = {
    "White": ["WBRI", "WIRI", "WIRT", "WOTH", "WROM"],
    "Mixed": ["MWBC", "MWBA", "MWAS", "MOTH"],
    "Asian": ["AIND", "APKN", "ABAN", "AOTH"],
    "Black": ["BCRB", "BAFR", "BOTH"],
    "Other": ["CHNE", "OOTH"],
}


def collection_year(date: ir.DateColumn) -> ir.IntegerColumn:
    """Return the collection year of a date, named by the year it ends in: 1 April 2023 belongs to 2024.

    Source: CIN Census and SSDA903 guides, collection period 1 April to 31 March.
    """
    return (date.year() + (date.month() >= 4).cast("int64")).cast("int64")


def year_end(year: ir.IntegerColumn) -> ir.DateColumn:
    """Return the last day of a collection year: 31 March."""
    return ibis.date(year.cast("int64"), 3, 31)


def age_at(birth: ir.DateColumn, date: ir.DateColumn) -> ir.IntegerColumn:
    """Return the age in completed years; negative before birth, missing when either date is."""
    before_birthday = (date.month() * 100 + date.day()) < (birth.month() * 100 + birth.day())
    return (date.year() - birth.year() - before_birthday.cast("int64")).cast("int64")


def age_band(age: ir.IntegerColumn) -> ir.StringColumn:
    """Return the DfE's age band; "unborn" below 0, "not known" where the age is missing.

    Source: bands of the DfE's statistics on children in need (under 1, 1-4, 5-9, 10-15, 16 and over).
    """
    downwards = [(age >= start, name) for start, name in sorted(AGE_BANDS.items(), reverse=True)]
    return ibis.cases((age.isnull(), UNKNOWN), *downwards, else_=UNBORN)


def ethnic_group(code: ir.StringColumn) -> ir.StringColumn:
    """Return the broad ethnic group of a granular code; "not known" where refused, not obtained or missing.

    Source: the five groups of the Census of Population; Chinese stands under "Other", as in the DfE's
    statistics to 2024 (the Census of 2011 and after counts it as Asian).
    """
    return ibis.cases(*[(code.isin(codes), name) for name, codes in ETHNIC_GROUPS.items()], else_=UNKNOWN)


def granular_ethnicity(code: ir.StringColumn) -> ir.StringColumn:
    """Return the granular code, "not known" where refused, not obtained, missing or not in the list.

    Five broad groups hide more than they show: Traveller and Roma children, or Black Caribbean and Black
    African children, meet services in very different ways. Labels: `helpers.catalogue.codes.labels`.
    Source: ethnicity codes of the CIN Census and SSDA903 guides.
    """
    known = [name for codes in ETHNIC_GROUPS.values() for name in codes]
    return ibis.ifelse(code.isin(known).fill_null(False), code, UNKNOWN)


def add_child(table: ir.Table, children: ir.Table, date: str, granular: bool = False) -> ir.Table:
    """Add sex, age at `date`, age band and ethnic group of each row's child.

    Parameters
    ----------
    table : Ibis table
        With authority, child_id and the date column `date`.
    children : Ibis table
        The canonical table `children`.
    granular : bool
        Whether to add the granular ethnicity as well.

    Returns
    -------
    Ibis table
        `table` with sex (string), age (int64, completed years), age_band and ethnic_group (string), and
        ethnicity (string, `granular_ethnicity`) where asked for.
    """
    who = children.select(*CHILD, "sex", "birth_date", "ethnicity")
    known = table.left_join(who, CHILD).select(*table.columns, "sex", "birth_date", "ethnicity")
    aged = known.mutate(
        sex=known.sex.fill_null("U"),
        age=age_at(known.birth_date, known[date]),
        ethnic_group=ethnic_group(known.ethnicity),
        ethnicity=granular_ethnicity(known.ethnicity),
    )
    banded = aged.mutate(age_band=age_band(aged.age)).drop("birth_date")
    return banded if granular else banded.drop("ethnicity")
