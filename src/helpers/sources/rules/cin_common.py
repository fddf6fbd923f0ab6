"""What several rules of the CIN Census need: columns of the record above, sets of codes, overlaps."""

from __future__ import annotations

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked
from helpers.sources.values import parse_flags


def of_referral(r: Checked, table: str, column: str) -> pd.Series:
    """Return a column of CINdetails for each row of a table below it."""
    return _above(r["CINdetails"], "record", column, r[table]["cin_no"])


def of_child(r: Checked, table: str, column: str) -> pd.Series:
    """Return a column of Child for each row of a table below it."""
    return _above(r["Child"], "record", column, r[table]["child_no"])


def _above(parent: pd.DataFrame, number: str, column: str, wanted: pd.Series) -> pd.Series:
    values = parent.set_index(number)[column].reindex(wanted)
    return values.set_axis(wanted.index)


def no_further_action(r: Checked, table: str = "CINdetails") -> pd.Series:
    """Return whether the referral of each row is one without further action."""
    text = r["CINdetails"]["ReferralNFA"] if table == "CINdetails" else of_referral(r, table, "ReferralNFA")
    return parse_flags(text).fillna(False).astype(bool)


def not_in_list(values: pd.Series, codes: str, year: int) -> pd.Series:
    """Return which filled values are not in a code list of the year (letter case free)."""
    return values.notna() & ~values.str.upper().isin(valid_codes(codes, year))


def in_year(r: Checked, dates: pd.Series) -> pd.Series:
    """Return which dates fall within the collection year."""
    return dates.between(r.start, r.end)


def has(r: Checked, table: str, key: str = "cin_no", where: pd.Series | None = None) -> pd.Series:
    """Return which referrals (or children, by `child_no`) have a row in a table."""
    rows = r[table] if where is None else r[table][where]
    parent = r["CINdetails"] if key == "cin_no" else r["Child"]
    return parent["record"].isin(rows[key])


def overlaps(rows: pd.DataFrame, group: str, start: str, end: str, until: pd.Timestamp) -> pd.Series:
    """Return the rows that start before an earlier row of their group has ended (open: at `until`)."""
    ordered = rows.dropna(subset=[start]).sort_values([group, start], kind="stable")
    latest = ordered[end].fillna(until).groupby(ordered[group]).cummax()
    before = latest.groupby(ordered[group]).shift()
    return (ordered[start] < before).reindex(rows.index, fill_value=False)


def meets(
    rows: pd.DataFrame, others: pd.DataFrame, group: str, starts: tuple[str, str], ends: tuple[str, str],
    until: pd.Timestamp,
) -> pd.Series:  # fmt: skip
    """Return the rows during which a row of `others` in the same group runs (touching ends do not count)."""
    left = rows[[group, starts[0], ends[0]]].reset_index(names="row").dropna(subset=[starts[0]])
    pairs = left.merge(others[[group, starts[1], ends[1]]].dropna(subset=[starts[1]]), on=group)
    runs = (pairs[starts[0]] < pairs[ends[1]].fillna(until)) & (
        pairs[starts[1]] < pairs[ends[0]].fillna(until)
    )
    return pd.Series(rows.index.isin(pairs.loc[runs, "row"]), index=rows.index)


def several_open(rows: pd.DataFrame, group: str, end: str) -> pd.Series:
    """Return the open rows of groups that have more than one."""
    open_ = rows[end].isna()
    count = open_.groupby(rows[group]).transform("sum")
    return open_ & (count > 1)
