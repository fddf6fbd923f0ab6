"""Authorities that merge, and an authority that makes no return for a year: what is left in the store.

A store holds each record as it was last returned. So when the returns of some years are not made, a record
that began before them stays as it was last known: open, and of an earlier collection year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue import TABLES
from helpers.synth.days import birthday, year_end
from helpers.synth.parameters import value
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]
KEYS = ["authority", "child_id"]
LOG = ["table", "authority", "child_id", "key", "kind", "year", "rule"]
NEW_NUMBER = {"reorganised": 300_000_000, "recorded_twice": 600_000_000}  # added to a child's number

# Records that come back every year while they last: start, and what is not known before the end.
SPELLS = {
    "referrals": ("referral_date", ["closure_date", "closure_reason"]),
    "assessments": ("assessment_start", ["assessment_end"]),
    "section47": ("enquiry_start", ["conference_date"]),
    "cp_plans": ("plan_start", ["plan_end"]),
    "cin_plans": ("plan_start", ["plan_end"]),
    "care_episodes": ("episode_start", ["episode_end", "reason_ceased", "reason_place_change"]),
    "social_worker_episodes": ("worker_start", ["worker_end", "reason_changed"]),
    "adoption_decisions": ("decision_date", []),
}
# Records about a child, returned as long as one of these tables holds the child.
OF_CHILD = {
    "disabilities": ["referrals"],
    "uasc": ["care_episodes"],
    "previous_permanence": ["care_episodes"],
    "children": ["referrals", "care_episodes", "care_leavers"],
}
# Records returned once.
ONCE = ["assessment_factors", "conferences", "cp_reviews", "care_reviews", "care_outcomes", "care_leavers",
        "adoptions", "missing_episodes"]  # fmt: skip
FIRST_YEAR = {"cin_plans": 2022, "social_worker_episodes": 2024}  # collected from
RETURNED = [*SPELLS, *ONCE, *OF_CHILD]


def merging(places: Places) -> tuple[str, str] | None:
    """Return the codes of the county that joins another of its region, and of that other; None without."""
    counties = places.authorities.query("kind == 'county'").sort_values("children", kind="stable")
    smallest = counties[counties.groupby("region").cumcount() < 2]
    for _, pair in smallest.groupby("region", sort=False):
        if len(pair) == 2:
            return pair["authority"].iloc[0], pair["authority"].iloc[1]
    return None


def missing_return(places: Places) -> str:
    """Return the code of the authority that makes no return for a year: the one that loses most staff."""
    others = places.authorities[~places.authorities["authority"].isin(merging(places) or ())]
    return others.loc[others["turnover"].idxmax(), "authority"]


def merge(tables: Tables, places: Places) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:
    """Let one authority go on as part of another: its children get that one's code and new numbers.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
    links : pandas.DataFrame
        authority, child_id, and the new ones as authority_new, child_id_new.
    log : pandas.DataFrame
        One row per child that goes on under a new number.
    """
    if merging(places) is None:
        return tables, pd.DataFrame(columns=[*KEYS, "authority_new", "child_id_new"]), _no_log()
    gone, into = merging(places)
    year = value("faults.reorganised")
    theirs = {n: t[t["authority"] == gone] for n, t in tables.items() if set(KEYS) <= set(t)}
    before = as_last_returned(theirs, year - 1)
    result = dict(tables)
    for name, rows in theirs.items():
        after = rows[_since(name, rows, year)]
        moved = after.assign(authority=into, child_id=renumbered(after["child_id"], "reorganised"))
        left = before.get(name, rows.drop(after.index))
        result[name] = joined([tables[name].drop(rows.index), left, moved])
    children = theirs["children"].query("collection_year >= @year")
    links = children[KEYS].assign(
        authority_new=into, child_id_new=renumbered(children["child_id"], "reorganised")
    )
    log = pd.DataFrame(
        {"table": "children", "authority": into, "child_id": links["child_id_new"],
         "key": links["authority"] + ", " + links["child_id"], "kind": "reorganised", "year": year,
         "rule": ""}
    )  # fmt: skip
    return result, links, log


def leave_out_a_year(tables: Tables, places: Places) -> tuple[Tables, pd.DataFrame]:
    """Take away what only the missing return of one authority held; return the tables and what changed."""
    authority, year = missing_return(places), value("faults.year_missing")
    theirs = {n: t[t["authority"] == authority] for n, t in tables.items() if n in RETURNED}
    until = {n: rows[rows["collection_year"] <= year] for n, rows in theirs.items()}
    # A child whom a later return holds is described by that.
    kept = as_last_returned(until, year - 1)
    result, log = dict(tables), []
    for name, rows in until.items():
        lost = rows[rows["collection_year"] == year]
        result[name] = joined([tables[name].drop(rows.index), kept[name]])
        log.append(log_rows(name, lost, "year_missing", year, ""))
    return result, joined(log)


def as_last_returned(tables: Tables, year: int) -> Tables:
    """Return the tables of some authority as its returns up to a collection year left them.

    Tables that no return holds are left out.
    """
    found: Tables = {}
    end = pd.Timestamp(year, 3, 31)
    for name in [n for n in RETURNED if n in tables]:
        rows = tables[name]
        later = rows["collection_year"] > year
        if name in SPELLS:
            start, unknown = SPELLS[name]
            begun = (rows[start] <= end) & (year >= FIRST_YEAR.get(name, 0))
            blank = {column: rows[column].mask(later) for column in unknown}
            then = rows["collection_year"].clip(upper=year)
            found[name] = rows.assign(**blank, collection_year=then)[~later | begun]
        elif name in ONCE:
            found[name] = rows[~later]
        else:
            found[name] = _described(rows, [found[n] for n in OF_CHILD[name] if n in found])
    if "children" in found:
        found["children"] = _as_known(found["children"])
    return found


def _described(rows: pd.DataFrame, by: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows of children whom a table still holds, with the last year in which one does."""
    last = pd.concat([table[["child_id", "collection_year"]] for table in by])
    year = rows["child_id"].map(last.groupby("child_id")["collection_year"].max())
    years = np.minimum(rows["collection_year"], year.fillna(0)).astype(int)
    return rows.assign(collection_year=years)[year.notna()]


def _as_known(children: pd.DataFrame) -> pd.DataFrame:
    """Return children as known at the end of their last collection year: perhaps unborn, or not at school."""
    end = pd.to_datetime(children["collection_year"].astype(str) + "-03-31")
    born = children["birth_date"]
    unborn = born > end
    days = born.fillna(pd.Timestamp(2100, 1, 1)).to_numpy().astype("datetime64[D]").astype(np.int64)
    school = birthday(days, 5) < np.array([year_end(y) for y in children["collection_year"]], dtype=np.int64)
    return children.assign(
        expected_birth_date=born.where(unborn, children["expected_birth_date"]),
        birth_date=born.mask(unborn),
        sex=children["sex"].mask(unborn, "U"),
        death_date=children["death_date"].mask(children["death_date"] > end),
        upn=children["upn"].where(school, None),
        upn_unknown=children["upn_unknown"].where(school, "UN1"),
    )


def _since(name: str, rows: pd.DataFrame, year: int) -> pd.Series:
    """Return which rows are of a collection year or later; by their first date where no return holds them."""
    if name in RETURNED:
        return rows["collection_year"] >= year
    dates = [c for c in TABLES[name].key_columns() if pd.api.types.is_datetime64_any_dtype(rows[c])]
    years = [c for c in TABLES[name].key_columns() if "year" in c]
    if dates:
        return rows[dates[0]] > pd.Timestamp(year - 1, 3, 31)
    return rows[years[0]] >= year if years else pd.Series(False, index=rows.index)


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows of one table put together; parts without rows change no type."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled) if filled else parts[0]


def renumbered(child_id: pd.Series, why: str) -> pd.Series:
    """Return new numbers of children: letter and nine digits, used by nobody else."""
    number = child_id.str[1:].astype("int64") + NEW_NUMBER[why]
    return "C" + number.astype(str).str.zfill(9)


def log_rows(name: str, rows: pd.DataFrame, kind: str, year: object, rule: str) -> pd.DataFrame:
    """Return the log of a fault: one line for each of the rows of a table."""
    below = [key for key in TABLES[name].key_columns() if key not in KEYS]
    text = [
        rows[k].dt.strftime("%Y-%m-%d") if rows[k].dtype.kind == "M" else rows[k].astype(str) for k in below
    ]
    key = text[0].str.cat(text[1:], sep=", ") if text else ""
    return pd.DataFrame(
        {"table": name, "authority": rows["authority"], "child_id": rows["child_id"], "key": key,
         "kind": kind, "year": year, "rule": rule}, columns=LOG
    )  # fmt: skip


def _no_log() -> pd.DataFrame:
    return pd.DataFrame(columns=LOG)


def joined_populations(populations: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Return populations in which the merged authority's people count where they now belong."""
    if merging(places) is None:
        return populations
    gone, into = merging(places)
    joined = (populations["authority"] == gone) & (populations["year"] >= value("faults.reorganised") - 1)
    keys = ["authority", "year", "age", "sex"]
    moved = populations.assign(authority=populations["authority"].mask(joined, into))
    return moved.groupby(keys, as_index=False)["people"].sum()
