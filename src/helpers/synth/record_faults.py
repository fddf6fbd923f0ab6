"""Puts the faults of real records into the social care tables, and logs each with the rule that should find it.

First what concerns whole authorities (see `helpers.synth.reorganised`), then children recorded twice and
assessments without factors, then single records. A child gets one fault of a single record at most, so that each
can be found by itself. The year of a fault is the collection year in whose return it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import reorganised
from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.reorganised import KEYS, Tables, joined, log_rows, renumbered

ASSESSMENT = [*KEYS, "referral_date", "assessment_start"]
DAY = pd.Timedelta(days=1)


def apply(rng: np.random.Generator, tables: Tables, truth: Tables, places: Places) -> tuple[Tables, Tables]:
    """Return the tables of a chunk with faults, and its truth with the log of them as "faults".

    Parameters
    ----------
    rng : numpy.random.Generator
    tables : dict of str to pandas.DataFrame
        Canonical tables by name, those of social care among them; other tables change only where children
        get new numbers.
    truth : dict of str to pandas.DataFrame
    places : Places

    Returns
    -------
    tables, truth : dict of str to pandas.DataFrame
        truth["faults"] has table, authority, child_id, key (what else identifies the row), kind, year, rule
        (number of the rule that should find it; empty where none does).
    """
    tables, moved, log = reorganised.merge(tables, places)
    logs = [log]
    tables, log = reorganised.leave_out_a_year(tables, places)
    tables, twice, again = _children_twice(rng, {n: t.reset_index(drop=True) for n, t in tables.items()})
    tables["assessment_factors"], without = _without_factors(rng, tables)
    logs += [log, again, without]
    spoilt = set(twice["child_id"]) | set(twice["child_id_new"])
    for fault in FAULTS:
        tables[fault.table], log = _put_in(rng, tables, fault, spoilt)
        logs.append(log)
    tables["conflicts"], log = _conflicts(rng, tables, spoilt)
    logs.append(log)
    truth = _follow(truth, joined([moved, twice]), tables)
    return tables, truth | {"faults": joined(logs).astype({"year": "int64"})}


def years(dates: pd.Series) -> pd.Series:
    """Return the collection year of each date."""
    return dates.dt.year + (dates.dt.month >= 4)


class Fault(NamedTuple):
    """A fault of single records: where it is possible, what the rows become, and in which year it shows.

    `share` names the parameter, and is the kind in the log. A fault that adds keeps the row as it was.
    """

    share: str
    table: str
    rule: str
    possible: Callable[[pd.DataFrame, Tables], pd.Series]
    change: Callable[[np.random.Generator, pd.DataFrame], dict]
    year: Callable[[pd.DataFrame], pd.Series]
    adds: bool = False


def _put_in(
    rng: np.random.Generator, tables: Tables, fault: Fault, spoilt: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table with one kind of fault in some rows, and the log."""
    table = tables[fault.table]
    rows = _draw(rng, table[fault.possible(table, tables).to_numpy(dtype=bool)], fault.share, spoilt)
    wrong = rows.assign(**fault.change(rng, rows))
    year = fault.year(wrong if fault.adds else rows)
    log = log_rows(fault.table, wrong, fault.share, year, fault.rule)
    rest = table if fault.adds else table.drop(rows.index)
    return joined([rest, wrong]).reset_index(drop=True), log


def _draw(rng: np.random.Generator, rows: pd.DataFrame, share: str, spoilt: set[str]) -> pd.DataFrame:
    """Draw the share of rows that are spoilt, one a child and none of a child spoilt before."""
    drawn = rows[rng.random(len(rows)) < value(f"faults.{share}")].drop_duplicates("child_id")
    drawn = drawn[~drawn["child_id"].isin(spoilt)]
    spoilt.update(drawn["child_id"])
    return drawn


def _in_last_return(children: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return which children the CIN Census of their last year holds, with a case that led to something."""
    cases = tables["referrals"].query("not no_further_action")
    last = cases.groupby("child_id")["collection_year"].max()
    return children["child_id"].map(last) == children["collection_year"]


def _pupils(children: pd.DataFrame, tables: Tables) -> pd.Series:
    return children["upn"].notna() & _in_last_return(children, tables)


def _expected(children: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return who was referred before birth, was never looked after, and is still under school age."""
    first = children["child_id"].map(tables["referrals"].groupby("child_id")["referral_date"].min())
    last = pd.to_datetime(children["collection_year"].astype(str) + "-03-31")
    in_care = children["child_id"].isin(tables["care_episodes"]["child_id"])
    small = children["birth_date"].between(last - 1400 * DAY, last - 60 * DAY)
    lives = children["death_date"].isna() & _in_last_return(children, tables)
    return (first < children["birth_date"]) & small & lives & ~in_care


def _within_a_year(rows: pd.DataFrame, start: str, end: str, earlier: int = 0) -> pd.Series:
    """Return which rows ended in the collection year in which they, or so many days before they, began."""
    return years(rows[start] - earlier * DAY) == years(rows[end])


def _lasting(rows: pd.DataFrame, start: str, end: str, days: int) -> pd.Series:
    """Return which rows went on for longer, and until a return that tells of it."""
    long_enough = rows[end].isna() | (rows[end] > rows[start] + days * DAY)
    return long_enough & years(rows[start] + days * DAY).between(value("time.cin_from"), rows["collection_year"])


def _open_at_year_end(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return the cases that are open at the 31 March after the ninetieth day."""
    later = rows["referral_date"] + 90 * DAY
    goes_on = rows["closure_date"].isna() | (years(rows["closure_date"]) > years(later))
    return ~rows["no_further_action"].astype(bool) & goes_on & _lasting(rows, "referral_date", "closure_date", 90)


def _soon_again(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    return ~rows["no_further_action"].astype(bool) & _lasting(rows, "referral_date", "closure_date", 10)


def _next(episodes: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of the child's next episode, for episodes after which another began."""
    ordered = episodes.sort_values([*KEYS, "episode_start"])
    following = ordered.groupby("child_id")[column].shift(-1).reindex(episodes.index)
    return following.where(episodes["reason_ceased"] == "X1")


def _can_overlap(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    lasts = _next(rows, "episode_start").notna() & ~(_next(rows, "episode_end") <= rows["episode_end"] + 15 * DAY)
    return lasts & (years(rows["episode_end"] + 10 * DAY) == years(rows["episode_end"]))


def _before_open_one(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    last = rows["collection_year"].max()
    return _next(rows, "episode_end").isna() & (_next(rows, "collection_year") == last)


def _days(rng: np.random.Generator, rows: pd.DataFrame, least: int, most: int) -> pd.Series:
    return pd.Series(pd.to_timedelta(rng.integers(least, most + 1, len(rows)), unit="D"), index=rows.index)


def _mistyped(upn: pd.Series) -> pd.Series:
    return upn.str[0].map(lambda letter: "B" if letter == "A" else "A") + upn.str[1:]


def _earlier(column: str, start: str, least: int, most: int) -> Callable:
    """Return a change that puts the end of a row before its start."""
    return lambda rng, rows: {column: rows[start] - _days(rng, rows, least, most)}


FAULTS = [
    Fault("upn_missing", "children", "8770Q", _pupils,
          lambda rng, rows: {"upn": None, "upn_unknown": None}, lambda rows: rows["collection_year"]),
    Fault("upn_not_known", "children", "", _pupils,
          lambda rng, rows: {"upn": None, "upn_unknown": "UN4"}, lambda rows: rows["collection_year"]),
    Fault("upn_mistyped", "children", "1510", _pupils,
          lambda rng, rows: {"upn": _mistyped(rows["upn"])}, lambda rows: rows["collection_year"]),
    Fault("ethnicity_missing", "children", "4220", _in_last_return,
          lambda rng, rows: {"ethnicity": None}, lambda rows: rows["collection_year"]),
    Fault("birth_not_recorded", "children", "8530Q", _expected,
          lambda rng, rows: {"expected_birth_date": rows["birth_date"] + _days(rng, rows, -14, 14),
                             "birth_date": pd.NaT, "sex": "U"}, lambda rows: rows["collection_year"]),
    Fault("open_twice", "referrals", "8815", _open_at_year_end,
          lambda rng, rows: {"referral_date": rows["referral_date"] + 90 * DAY},
          lambda rows: years(rows["referral_date"]), adds=True),
    Fault("referral_recorded_twice", "referrals", "8820", _soon_again,
          lambda rng, rows: {"referral_date": rows["referral_date"] + _days(rng, rows, 1, 5)},
          lambda rows: years(rows["referral_date"]), adds=True),
    Fault("closed_before_referral", "referrals", "8630",
          lambda rows, tables: _within_a_year(rows, "referral_date", "closure_date"),
          lambda rng, rows: {"closure_date": rows["closure_date"] - 365 * DAY},
          lambda rows: years(rows["referral_date"])),
    Fault("closure_reason_missing", "referrals", "8805",
          lambda rows, tables: rows["closure_reason"].notna() & (rows["closure_date"] >= rows["referral_date"]),
          lambda rng, rows: {"closure_reason": None}, lambda rows: years(rows["closure_date"])),
    Fault("assessment_ends_before_start", "assessments", "8608",
          lambda rows, tables: _within_a_year(rows, "assessment_start", "assessment_end", 20),
          _earlier("assessment_end", "assessment_start", 2, 20), lambda rows: years(rows["assessment_end"])),
    Fault("plans_overlap", "cp_plans", "8940",
          lambda rows, tables: _lasting(rows, "plan_start", "plan_end", 70),
          lambda rng, rows: {"plan_start": rows["plan_start"] + _days(rng, rows, 10, 60)},
          lambda rows: years(rows["plan_start"]), adds=True),
    Fault("plan_ends_before_start", "cp_plans", "8925",
          lambda rows, tables: _within_a_year(rows, "plan_start", "plan_end", 10),
          _earlier("plan_end", "plan_start", 2, 10), lambda rows: years(rows["plan_end"])),
    Fault("episodes_overlap", "care_episodes", "501", _can_overlap,
          lambda rng, rows: {"episode_end": rows["episode_end"] + 10 * DAY},
          lambda rows: years(rows["episode_end"])),
    Fault("episode_ends_before_start", "care_episodes", "356",
          lambda rows, tables: _within_a_year(rows, "episode_start", "episode_end", 10),
          _earlier("episode_end", "episode_start", 2, 10), lambda rows: years(rows["episode_end"])),
    Fault("episode_not_ended", "care_episodes", "142", _before_open_one,
          lambda rng, rows: {"episode_end": pd.NaT, "reason_ceased": None, "reason_place_change": None,
                             "collection_year": value("time.last_year")},
          lambda rows: years(rows["episode_end"])),
]  # fmt: skip


def _children_twice(rng: np.random.Generator, tables: Tables) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:
    """Give some children a second number when they are referred again in the year their case closed.

    Both numbers carry one pupil number in the return of that year.
    """
    children = tables["children"].set_index("child_id")
    cases = tables["referrals"].query("not no_further_action")
    before = cases.groupby("child_id")["closure_date"].shift()
    at = cases[years(before) == years(cases["referral_date"])]
    about = children.loc[at["child_id"]].set_axis(at.index)
    year = years(at["referral_date"])
    school = about["birth_date"] + 5 * 366 * DAY < pd.to_datetime(year.astype(str) + "-03-31")
    in_903 = at["child_id"].isin(tables["care_episodes"]["child_id"]) | at["child_id"].isin(
        tables["care_leavers"]["child_id"]
    )
    at = _draw(rng, at[school & about["upn"].notna() & ~in_903], "child_recorded_twice", set())
    links = at[KEYS].assign(
        authority_new=at["authority"], child_id_new=renumbered(at["child_id"], "recorded_twice")
    )
    since = at.set_index("child_id")["referral_date"]
    result = {n: _from_then_on(n, t, since) for n, t in tables.items()}
    new = result["children"][result["children"]["child_id"].isin(links["child_id_new"])]
    log = log_rows("children", new, "child_recorded_twice", 0, "1520")
    to_old = links.set_index("child_id_new")["child_id"]
    log["key"] = log["child_id"].map(to_old)
    log["year"] = years(log["key"].map(since))
    return result, links, log


def _from_then_on(name: str, table: pd.DataFrame, since: pd.Series) -> pd.DataFrame:
    """Return a table in which rows of some children have the new number from a day on."""
    if not set(KEYS) <= set(table):
        return table
    day = table["child_id"].map(since)
    new = renumbered(table["child_id"].where(day.notna(), "C0"), "recorded_twice")
    dates = [c for c in TABLES[name].key_columns() if table[c].dtype.kind == "M"]
    if dates:
        return table.assign(child_id=table["child_id"].mask(table[dates[0]] >= day, new))
    if name not in ("children", "disabilities"):
        return table
    # The child is described under both numbers; the first one was last returned in the year of the second.
    old = table.assign(collection_year=years(day).where(day.notna(), table["collection_year"]).astype(int))
    return joined([old, table.assign(child_id=new)[day.notna()]]).reset_index(drop=True)


def _without_factors(rng: np.random.Generator, tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out the factors of the published share of completed assessments."""
    done = tables["assessments"][tables["assessments"]["assessment_end"].notna()]
    without = done[rng.random(len(done)) < value("assessment.without_factors")]
    factors = tables["assessment_factors"]
    gone = pd.MultiIndex.from_frame(factors[ASSESSMENT]).isin(pd.MultiIndex.from_frame(without[ASSESSMENT]))
    log = log_rows("assessments", without, "factors_missing", years(without["assessment_end"]), "8897Q")
    return factors[~gone], log


def _conflicts(
    rng: np.random.Generator, tables: Tables, spoilt: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of values that an earlier return gave differently, as an import would write it."""
    children, cases = tables["children"], tables["referrals"]
    first = cases.sort_values([*KEYS, "referral_date"]).drop_duplicates("child_id").set_index("child_id")
    known = children[children["birth_date"].notna() & children["child_id"].isin(first.index)]
    span = known.assign(
        first=years(first["referral_date"]).reindex(known["child_id"]).to_numpy(),
        until=np.minimum(
            first["collection_year"].reindex(known["child_id"]).to_numpy(), known["collection_year"] - 1
        ),
    )
    of_case = cases.assign(first=years(cases["referral_date"]), until=cases["collection_year"] - 1)
    of_case = of_case[~of_case["no_further_action"].astype(bool)]
    span, of_case = (rows.assign(first=rows["first"].clip(lower=value("time.cin_from"))) for rows in (span, of_case))
    kinds = [
        ("ethnicity", "children", "ethnicity", span), ("birth_date", "children", "birth_date", span),
        ("sex", "children", "sex", span), ("need", "referrals", "primary_need", of_case),
        ("source", "referrals", "referral_source", of_case),
    ]  # fmt: skip
    found, logs = [], []
    for kind, table, field, rows in kinds:
        rows = _draw(rng, rows[(rows["first"] <= rows["until"]) & rows[field].notna()], f"conflicting_{kind}", spoilt)
        year = (rows["first"] + np.floor(rng.random(len(rows)) * (rows["until"] - rows["first"] + 1))).astype(int)
        kept, dropped = _text(rows[field]), _text(_other(rng, field, rows[field]))
        log = log_rows(table, rows, f"conflicting_{kind}", year, "")
        logs.append(log)
        found.append(
            log[[*KEYS, "table", "key"]].assign(
                field=field, kept=kept, dropped=dropped, kept_year=rows["collection_year"], dropped_year=year,
                rule="later-year",
            )
        )  # fmt: skip
    return joined(found), joined(logs)


def _other(rng: np.random.Generator, field: str, values: pd.Series) -> pd.Series:
    """Return what another return might have said instead."""
    if field == "birth_date":
        return values + pd.to_timedelta(rng.choice([-365, -31, -9, -1, 1, 9, 31, 365], len(values)), unit="D")
    if field == "sex":
        return values.map({"F": "M", "M": "F", "U": "F"})
    codes = {"ethnicity": sorted(valid_codes("ethnicity")), "primary_need": ["N1", "N4", "N5", "N0"],
             "referral_source": ["1A", "2A", "6", "8", "10"]}[field]  # fmt: skip
    drawn = rng.choice(codes, len(values))
    later = np.roll(codes, -1)[np.searchsorted(np.sort(codes), drawn)] if len(values) else drawn
    return pd.Series(np.where(drawn == values.to_numpy(), later, drawn), index=values.index)


def _text(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d") if values.dtype.kind == "M" else values.astype(str)


def _follow(truth: Tables, links: pd.DataFrame, tables: Tables) -> Tables:
    """Return the truth with rows for new numbers of children beside those for the old ones."""
    result = {}
    for name, rows in truth.items():
        if set(KEYS) <= set(rows):
            new = rows.merge(links, on=KEYS).drop(columns=KEYS)
            new = new.rename(columns={f"{key}_new": key for key in KEYS})[list(rows)]
            rows = joined([rows, new])
        result[name] = rows
    if "assessments" in result:
        there = pd.MultiIndex.from_frame(tables["assessments"][ASSESSMENT])
        rows = result["assessments"]
        result["assessments"] = rows[pd.MultiIndex.from_frame(rows[ASSESSMENT]).isin(there)]
    return result
