"""Faults of single records: where each is possible, what the rows become, which rule finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth.parameters import value
from helpers.synth.reorganised import KEYS, Tables

DAY = pd.Timedelta(days=1)


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
    return long_enough & years(rows[start] + days * DAY).between(
        value("time.cin_from"), rows["collection_year"]
    )


def _open_at_year_end(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return the cases that are open at the 31 March after the ninetieth day."""
    later = rows["referral_date"] + 90 * DAY
    goes_on = rows["closure_date"].isna() | (years(rows["closure_date"]) > years(later))
    return (
        ~rows["no_further_action"].astype(bool)
        & goes_on
        & _lasting(rows, "referral_date", "closure_date", 90)
    )


def _soon_again(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    return ~rows["no_further_action"].astype(bool) & _lasting(rows, "referral_date", "closure_date", 10)


def _next(episodes: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of the child's next episode, for episodes after which another began."""
    ordered = episodes.sort_values([*KEYS, "episode_start"])
    following = ordered.groupby("child_id")[column].shift(-1).reindex(episodes.index)
    return following.where(episodes["reason_ceased"] == "X1")


def _can_overlap(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    lasts = _next(rows, "episode_start").notna() & ~(
        _next(rows, "episode_end") <= rows["episode_end"] + 15 * DAY
    )
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
          lambda rows, tables: rows["closure_date"] >= rows["referral_date"],
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
