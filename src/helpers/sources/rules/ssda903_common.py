"""What several rules of the SSDA903 need: ages, codes, the order of episodes, who is looked after when."""

from __future__ import annotations

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked, rule

ADOPTION = ["DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR"]
HEALTH = ["IMMUNISATIONS", "TEETH_CHECK", "HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE"]
RESPITE = ["V3", "V4"]


def birthday(dob: pd.Series, age: int) -> pd.Series:
    """Return the day each child turns `age`."""
    return dob + pd.DateOffset(years=age)


def invalid(r: Checked, table: str, column: str, codes: str) -> pd.Series:
    """Return which filled values are not in a code list of the year."""
    values = r[table][column]
    return values.notna() & ~values.isin(valid_codes(codes, r.year))


def not_a_date(r: Checked, table: str, column: str) -> pd.Series:
    """Return which values are written but are no date."""
    return r.raw[table][column].notna() & r[table][column].isna()


def header(r: Checked, table: str, column: str) -> pd.Series:
    """Return a column of Header for each row of another table; missing where the child is not in Header."""
    values = r["Header"].drop_duplicates("CHILD").set_index("CHILD")[column]
    return r[table]["CHILD"].map(values)


def ordered(r: Checked) -> pd.DataFrame:
    """Return episodes by child and start, with the end, reason and start of the neighbours."""
    rows = r["Episodes"].sort_values(["CHILD", "DECOM"], kind="stable")
    by_child = rows.groupby("CHILD", sort=False)
    before = {f"{c}_BEFORE": by_child[c].shift() for c in ("DECOM", "DEC", "REC", *PLACE, "LS")}
    after = {f"{c}_AFTER": by_child[c].shift(-1) for c in ("DECOM", "RNE", "PLACE", "PL_POST")}
    first = by_child.cumcount() == 0
    last = by_child.cumcount(ascending=False) == 0
    return rows.assign(**before, **after, FIRST=first, LAST=last)


PLACE = ["PLACE", "PL_POST", "URN", "PLACE_PROVIDER"]


def back(found: pd.Series, r: Checked, table: str = "Episodes") -> pd.Series:
    """Return a result on reordered rows in the order of the table."""
    return found.reindex(r[table].index, fill_value=False)


def first_of_period(r: Checked) -> pd.Series:
    """Return for each episode the start of the period of care it belongs to."""
    rows = ordered(r)
    begins = rows["FIRST"] | (rows["DECOM"] != rows["DEC_BEFORE"]) | (rows["RNE"] == "S")
    start = rows["DECOM"].where(begins).groupby(rows["CHILD"]).ffill()
    return start.reindex(r["Episodes"].index)


def looked_after_all_year(r: Checked) -> set[str]:
    """Return the children looked after without a break for the twelve months to 31 March, respite apart."""
    rows = r["Episodes"]
    open_ = rows["DEC"].isna() | (rows["DEC"] > r.end)
    long_enough = first_of_period(r) <= r.end - pd.DateOffset(years=1) + pd.Timedelta(days=1)
    return set(rows.loc[open_ & long_enough & ~rows["LS"].isin(RESPITE), "CHILD"])


def each(numbers: dict[str, tuple[str, list[str], str]], make: object) -> None:
    """Register a rule for each entry (number -> table, fields, reason); `make(table, fields)` is its test."""
    for number, (table, fields, reason) in numbers.items():
        find = make(table, fields)
        find.__name__ = f"rule_{number}"
        rule(number, "ssda903", table, fields, reason)(find)
