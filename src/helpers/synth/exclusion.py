"""Suspensions and permanent exclusions.

Whether a pupil is excluded at all in a year has a logistic probability of its traits (see `pupil_traits`),
year group and calendar year. What lasts in a child and what pupils of a school have in common enters through
correlated uniform draws, not through the probability, so that a plain logistic regression over pupils and
years, with errors clustered, recovers the planted log odds. How often, for what and how long is drawn for
those excluded; a permanent exclusion ends the year's series.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr

from helpers.synth import people, school_places
from helpers.synth.chunk import Chunk
from helpers.synth.days import day, to_dates
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import choose, value
from helpers.synth.pupil_traits import by_year, effects, linear, traits
from helpers.synth.schooling import TERMS, SchoolYears

Tables = dict[str, pd.DataFrame]
REASONS_CHANGED = 2021  # academic year from which up to three reasons are recorded, from a new list


def tables(rng: np.random.Generator, chunk: Chunk, years: SchoolYears) -> tuple[Tables, Tables]:
    """Return the canonical table `exclusions` of a chunk, and each pupil's planted propensity.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    years : SchoolYears

    Returns
    -------
    tuple of dict
        `exclusions`; truth `exclusion_propensity`: pupil_id, propensity (standard deviations, what lasts).
    """
    lasting = rng.normal(size=len(chunk.people.children))
    found = _excluded(rng, chunk, years, lasting)
    events = _events(rng, found)
    events = events[_at_school(chunk, years, events)].reset_index(drop=True)
    pupils = np.flatnonzero((years.year_group >= 0).any(axis=1))
    ids = people.pupil_ids(chunk.people.children["person"].to_numpy())
    propensity = pd.DataFrame({"pupil_id": ids[pupils], "propensity": lasting[pupils].round(3)})
    return {"exclusions": _table(rng, chunk, years, events, ids)}, {"exclusion_propensity": propensity}


def planted() -> pd.DataFrame:
    """Return the planted effects on exclusion, in log odds: outcome, term, value."""
    return pd.concat(
        [
            effects("excluded_in_year", "exclusion.effects"),
            effects("permanent_if_excluded", "exclusion.permanent.effects"),
        ],
        ignore_index=True,
    )


def log_odds(found: pd.DataFrame, year_group: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Return the planted log odds of being excluded at all in a year."""
    groups = by_year("exclusion.by_year_group", year_group)
    return groups + by_year("exclusion.by_year", year) + linear(found, value("exclusion.effects"))


def _excluded(
    rng: np.random.Generator, chunk: Chunk, years: SchoolYears, lasting: np.ndarray
) -> pd.DataFrame:
    """Return one row per pupil and year with an exclusion: child, column, year, number, permanent."""
    column = np.arange(value("exclusion.from") - FIRST_YEAR, value("exclusion.to") - FIRST_YEAR + 1)
    child, at = np.nonzero(years.year_group[:, column] >= 0)
    at = column[at]
    found = traits(chunk, years, child, at)
    group, school = years.year_group[child, at], years.school[child, at]
    odds = log_odds(found, group, at + FIRST_YEAR)
    part = value("exclusion.shared")
    rest = 1 - part["child"] - part["school"]
    score = np.sqrt(part["child"]) * lasting[child] + np.sqrt(rest) * rng.normal(size=len(child))
    score -= np.sqrt(part["school"]) * chunk.places.schools["effect"].to_numpy()[school]
    yes = ndtr(-score) < expit(odds)
    found, year = found[yes], at[yes] + FIRST_YEAR
    often = by_year("exclusion.mean_number", year) - 1
    spread = value("exclusion.number_shape")
    number = 1 + rng.poisson(often * rng.gamma(spread, 1 / spread, len(year)))
    odds = value("exclusion.permanent.level") + by_year("exclusion.permanent.by_year_group", group[yes])
    odds = odds + linear(found, value("exclusion.permanent.effects"))
    return pd.DataFrame(
        {
            "child": child[yes],
            "column": at[yes],
            "year": year,
            "number": np.minimum(number, value("exclusion.most")),
            "permanent": rng.random(len(year)) < expit(odds),
        }
    )


def _events(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per exclusion, on days of school in order; a permanent one comes last."""
    events = found.loc[found.index.repeat(found["number"])].reset_index(drop=True)
    days = {year: _school_days(year) for year in np.unique(found["year"])}
    start = np.zeros(len(events), dtype=np.int64)
    for year, there in days.items():
        then = (events["year"] == year).to_numpy()
        start[then] = rng.choice(there, then.sum())
    events = events.assign(start=start).sort_values(["child", "start"], ignore_index=True)
    last = events["child"].ne(events["child"].shift(-1)) | events["year"].ne(events["year"].shift(-1))
    sessions = np.array(choose(rng, {int(k): v for k, v in value("exclusion.sessions").items()}, len(events)))
    events = events.assign(permanent=events["permanent"] & last, sessions=sessions)
    served = events.groupby(["child", "year"])["sessions"].cumsum()
    return events[events["permanent"] | (served <= value("exclusion.most_sessions"))]


def _school_days(year: int) -> np.ndarray:
    """Return the days on which schools were open to all in an academic year."""
    days = np.arange(day(year - 1, 9, 3), day(year, 7, 20))
    holidays = [
        (day(year - 1, 10, 24), day(year - 1, 11, 1)),
        (day(year - 1, 12, 20), day(year, 1, 4)),
        (day(year, 2, 14), day(year, 2, 21)),
        (day(year, 4, 2), day(year, 4, 16)),
        (day(year, 5, 26), day(year, 6, 2)),
        *((day(*map(int, a.split("-"))), day(*map(int, b.split("-")))) for a, b in value("exclusion.closed")),
    ]
    open_ = (days + 3) % 7 < 5
    for first, last in holidays:
        open_ &= (days < first) | (days > last)
    return days[open_]


def _term(events: pd.DataFrame) -> np.ndarray:
    """Return the term (place in TERMS) of each exclusion."""
    years = range(FIRST_YEAR, value("exclusion.to") + 1)
    begin = np.array([(day(y, 1, 1), day(y, 4, 16)) for y in years])  # of spring and summer
    return (events["start"].to_numpy()[:, None] >= begin[events["column"]]).sum(axis=1)


def _at_school(chunk: Chunk, years: SchoolYears, events: pd.DataFrame) -> np.ndarray:
    """Return whether the pupil was alive and on roll in the term of each exclusion."""
    on_roll = years.on_roll[events["child"], events["column"], _term(events)]
    return on_roll & (events["start"] < chunk.death[events["child"]]).to_numpy()


def _table(
    rng: np.random.Generator, chunk: Chunk, years: SchoolYears, events: pd.DataFrame, ids: np.ndarray
) -> pd.DataFrame:
    """Return the canonical table."""
    child, column, year, start = (events[name].to_numpy() for name in ("child", "column", "year", "start"))
    school = school_places.school_on(chunk, years.choice, child, column, start)
    first, second, third = (_reasons(rng, year) for _ in range(3))
    more, most = (rng.random(len(year)) < share for share in value("exclusion.more_reasons"))
    second = np.where(more & (year >= REASONS_CHANGED) & (second != first), second, None)
    further = most & pd.notna(second) & (third != first) & (third != second)
    return pd.DataFrame(
        {
            "pupil_id": ids[events["child"]],
            "start_date": to_dates(start),
            "exclusion_no": events.groupby(["child", "start"]).cumcount() + 1,
            "academic_year": year,
            "term": np.array(TERMS, dtype=object)[_term(events)],
            "urn": chunk.places.schools["urn"].to_numpy()[school],
            "category": np.where(events["permanent"], "PERM", "SUSP"),
            "reason": first,
            "second_reason": second,
            "third_reason": np.where(further, third, None),
            "sessions": events["sessions"].astype("Int64").mask(events["permanent"]),
        }
    )


def _reasons(rng: np.random.Generator, year: np.ndarray) -> np.ndarray:
    """Draw reasons from the list in force in the year."""
    old, new = (choose(rng, value(f"exclusion.reasons.{when}"), len(year)) for when in ("before", "since"))
    return np.where(year < REASONS_CHANGED, old, new).astype(object)
