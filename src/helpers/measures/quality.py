"""How complete and how plausible the data are: for any canonical table."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.measures.ages import CHILD, year_end
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

# Pairs of dates of one row that must not run backwards, by canonical table.
DATE_ORDER = {
    "children": [("birth_date", "death_date"), ("birth_date", "first_child_birth_date")],
    "referrals": [("referral_date", "closure_date"), ("referral_date", "conference_date")],
    "assessments": [("referral_date", "assessment_start"), ("assessment_start", "assessment_end")],
    "cin_plans": [("referral_date", "plan_start"), ("plan_start", "plan_end")],
    "section47": [("referral_date", "enquiry_start"), ("enquiry_start", "conference_date")],
    "cp_plans": [("referral_date", "plan_start"), ("plan_start", "plan_end")],
    "cp_reviews": [("plan_start", "review_date")],
    "care_episodes": [("episode_start", "episode_end")],
    "missing_episodes": [("missing_start", "missing_end")],
    "social_worker_episodes": [("worker_start", "worker_end")],
    "adoption_decisions": [("decision_date", "reversed_date")],
}

# The date of a row at which its child must be between unborn and 25 years old.
AT_DATE = {
    "referrals": "referral_date",
    "assessments": "assessment_start",
    "section47": "enquiry_start",
    "cp_plans": "plan_start",
    "care_episodes": "episode_start",
}

OLDEST = 25  # plans and care may go on for disabled young people and care leavers
UNBORN_DAYS = 300

FOUND = ["table", "field", "check", "n", "of", "share", "low", "high"]


def completeness(
    store: Store, table: str, fields: Sequence[str] | None = None, by: Sequence[str] = ("collection_year",)
) -> pd.DataFrame:
    """Return what share of rows has each field filled in.

    Parameters
    ----------
    table : str
        A canonical table.
    fields : sequence of str, optional
        Those that identify no row, when not given.
    by : sequence of str
        Columns to count by.

    Returns
    -------
    pandas.DataFrame
        `by`, field, n (filled), of (rows), share, low, high. Open ends of spells are empty rightly: an end
        date is never complete.
    """
    rows = getattr(store, table)
    left_out = {*TABLES[table].key_columns(), *by, "collection_year"}
    names = list(fields or [name for name in rows.columns if name not in left_out])
    filled = {name: rows[name].notnull().cast("int64").sum() for name in names}
    wide = rows.aggregate(by=list(by), of=rows.count(), **filled).execute()
    long = wide.melt([*by, "of"], names, "field", "n").fillna({"n": 0}).astype({"n": "int64"})
    ordered = long.sort_values(list(by), kind="stable", ignore_index=True) if by else long
    return add_shares(ordered[[*by, "field", "n", "of"]])


def code_use(store: Store, table: str, field: str, by: Sequence[str] = ("collection_year",)) -> pd.DataFrame:
    """Count the codes of a field, and say whether each stands in the code list of its collection year.

    Returns
    -------
    pandas.DataFrame
        `by`, code (missing where empty), n, of, share, low, high and, where `by` has the collection year,
        valid (bool).
    """
    rows = getattr(store, table)
    counts = rows.group_by([*by, rows[field].name("code")]).aggregate(n=rows.count()).execute()
    counts = counts.sort_values([*by, "code"], ignore_index=True)
    of = counts.groupby(list(by))["n"].transform("sum") if by else counts["n"].sum()
    table_of_shares = add_shares(counts.assign(of=of))
    if "collection_year" not in by:
        return table_of_shares
    name = TABLES[table].code_columns()[field]
    pairs = zip(counts["code"], counts["collection_year"], strict=True)
    valid = [pd.isna(code) or code in valid_codes(name, int(year)) for code, year in pairs]
    return table_of_shares.assign(valid=valid)


def implausible(store: Store, tables: Sequence[str] | None = None) -> pd.DataFrame:
    """Count values that cannot be: dates that run backwards, lie after the returns, or fit no child's age.

    Returns
    -------
    pandas.DataFrame
        table, field, check (words), n (rows that fail), of (rows where the check could be made), share, low,
        high. Checks that nothing could be tested on are left out.
    """
    chosen = list(tables or dict.fromkeys([*DATE_ORDER, *AT_DATE]))
    found = [line for name in chosen for line in _checks(store, name)]
    table = pd.DataFrame(found, columns=FOUND[:5]).astype({"n": "int64", "of": "int64"})
    return add_shares(table[table["of"] > 0].reset_index(drop=True))


def _checks(store: Store, name: str) -> list[tuple[str, str, str, int, int]]:
    rows = getattr(store, name)
    lines = [
        (name, second, f"before {first.replace('_', ' ')}", *_counts(rows[second] < rows[first]))
        for first, second in DATE_ORDER.get(name, [])
    ]
    ends = dict.fromkeys(second for _, second in DATE_ORDER.get(name, []))
    after = year_end(rows.collection_year)
    lines += [(name, field, "after the collection year", *_counts(rows[field] > after)) for field in ends]
    if name in AT_DATE:
        lines += _age_checks(store, name)
    return lines


def _age_checks(store: Store, name: str) -> list[tuple[str, str, str, int, int]]:
    rows, field = getattr(store, name), AT_DATE[name]
    births = store.children.select(*CHILD, "birth_date")
    joined = rows.left_join(births, CHILD)
    days = joined[field].delta(joined.birth_date, unit="day")
    return [
        (name, field, f"child older than {OLDEST}", *_counts(days > OLDEST * 365.25)),
        (name, field, "long before the child's birth", *_counts(days < -UNBORN_DAYS)),
    ]


def _counts(fails: ir.BooleanValue) -> tuple[int, int]:
    """Return how many rows fail, and on how many the check could be made."""
    table = fails.name("fails").as_table()
    line = table.aggregate(n=table.fails.cast("int64").sum(), of=table.fails.count()).execute().iloc[0]
    return int(line["n"]) if pd.notna(line["n"]) else 0, int(line["of"])


def without_child(store: Store, table: str) -> int:
    """Return how many rows of a table belong to a child that the table `children` does not hold."""
    return int(getattr(store, table).anti_join(store.children, CHILD).count().execute())
