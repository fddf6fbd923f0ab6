"""The long tables of schooling: pupils, their enrolments and absence by term.

These are the largest tables of the country. They are built straight from the matrices of `schooling` in
the order of their keys, with text as categories, so that nothing is sorted and no text is made twice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import absence, out_of_school, people, school_places
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import value
from helpers.synth.schooling import AUTUMN, OLDEST, TERMS, SchoolYears, census_days

GROUPS = ["R", *(str(n) for n in range(1, OLDEST + 1))]
STATUS = ["C", "M", "S"]  # the only school, the main one of two, the second
ONLY, MAIN, SECOND = range(3)


class Rolls(NamedTuple):
    """Enrolments, one row per pupil, term and school in key order.

    child (row of `Families.children`), pupil (number in order of pupil_id), column (of the year), term,
    on (day of the census), school (row of `Places.schools`), status (place in `STATUS`), entry and
    leaving (days on which the pupil joined and left the roll, NEVER while on it).
    """

    child: np.ndarray
    pupil: np.ndarray
    column: np.ndarray
    term: np.ndarray
    on: np.ndarray
    school: np.ndarray
    status: np.ndarray
    entry: np.ndarray
    leaving: np.ndarray


def rolls(chunk: Chunk, school: SchoolYears) -> tuple[Rolls, np.ndarray]:
    """Return all enrolments since the first school census, and the pupils' ids in order."""
    numbers = people.pupil_ids(chunk.people.children["person"].to_numpy())
    order = np.argsort(numbers)
    begins = value("education.census_from") - FIRST_YEAR
    ever = order[school.on_roll[order, begins:].any(axis=(1, 2))]
    pupil, column, term = np.nonzero(school.on_roll[ever])
    child = ever[pupil]
    census = census_days()
    on = census[column, term]
    of = school_places.school_on(chunk, school.choice, child, column, on)
    entry, leaving = _runs(chunk, school, child, column, term, on, of)
    main = Rolls(child, pupil, column, term, on, of, np.zeros(len(child), np.int8), entry, leaving)
    covered = column >= begins
    return _with_second(chunk, school, Rolls(*(part[covered] for part in main))), numbers[ever]


def _runs(
    chunk: Chunk,
    school: SchoolYears,
    child: np.ndarray,
    column: np.ndarray,
    term: np.ndarray,
    on: np.ndarray,
    of: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the days on which pupils joined and left the roll, by row: runs of terms at one school."""
    number = 3 * column + term
    same = (child[1:] == child[:-1]) & (of[1:] == of[:-1]) & (number[1:] == number[:-1] + 1)
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    last = np.concatenate([first[1:], [len(child)]]) - 1
    opens = np.array([[day(y - 1, 9, 3), day(y, 1, 5), day(y, 4, 20)] for y in _years(column)])
    closes = np.array([[day(y - 1, 12, 20), day(y, 3, 31), day(y, 7, 20)] for y in _years(column)])
    begins = opens[column[first], term[first]]
    # What may have brought the pupil here since the term before began, latest of all.
    events = np.stack(_comings(chunk, school), axis=1)[child[first]]
    since = np.where(term[first] == AUTUMN, begins, begins - 92)
    fits = (events > since[:, None]) & (events <= on[first][:, None])
    entry = np.maximum(begins, np.where(fits, events, 0).max(axis=1))
    entry = np.where((term[first] > AUTUMN) & fits.any(axis=1), np.where(fits, events, 0).max(axis=1), entry)
    # The pupil leaves on the day before joining another school, else at the end of the term, or by death.
    ends = closes[column[last], term[last]]
    follows = np.concatenate([child[first[1:]] == child[last[:-1]], [False]])
    joined = np.concatenate([entry[1:], [NEVER]])
    ends = np.where(follows & (joined - 1 < ends), joined - 1, ends)
    goings = np.stack([chunk.death, *_goings(school, len(chunk.death))], axis=1)[child[last]]
    ends = np.minimum(ends, np.where(goings > on[last][:, None], goings, NEVER).min(axis=1))
    stays = ends >= day(value("time.last_year"), 3, 31)
    leaving = np.full(len(child), NEVER)
    leaving[last] = np.where(stays, NEVER, ends)
    return np.repeat(entry, last - first + 1), leaving


def _years(column: np.ndarray) -> np.ndarray:
    return FIRST_YEAR + np.arange(column.max(initial=0) + 1)


def _comings(chunk: Chunk, school: SchoolYears) -> list[np.ndarray]:
    """Return days on which each child may have come to a school in the middle of a year, 0 for none."""
    size = len(chunk.death)
    backs = [
        out_of_school.never_if_none(s, size)[1] for s in (school.elsewhere.home, school.elsewhere.missing)
    ]
    choice = school.choice
    alternative = [
        np.where(choice.dual, NEVER, days) for days in (choice.alternative_start, choice.alternative_end)
    ]
    days = [
        *choice.changes.T,
        chunk.people.children["arrival"].to_numpy(),
        chunk.people.children["moved"].to_numpy(),
    ]
    return [np.where(d < NEVER, d, 0) for d in (*days, *backs, *alternative)]


def _goings(school: SchoolYears, size: int) -> list[np.ndarray]:
    """Return days on which each child left the roll for home education or went missing from education."""
    return [
        out_of_school.never_if_none(s, size)[0] for s in (school.elsewhere.home, school.elsewhere.missing)
    ]


def _with_second(chunk: Chunk, school: SchoolYears, main: Rolls) -> Rolls:
    """Add a row at the school for alternative provision for pupils who are on two rolls."""
    choice = school.choice
    start, end = choice.alternative_start[main.child], choice.alternative_end[main.child]
    twice = np.flatnonzero(choice.dual[main.child] & (start <= main.on) & (end > main.on))
    main.status[twice] = MAIN
    second = Rolls(*(part[twice] for part in main))
    end = np.where(end[twice] >= day(value("time.last_year"), 3, 31), NEVER, end[twice])
    leaves = (second.on + 80 > end) & (end < NEVER)
    second = second._replace(
        school=school_places.school_on(chunk, choice, second.child, second.column, second.on, second=True),
        status=np.full(len(twice), SECOND, np.int8),
        entry=start[twice],
        leaving=np.where(leaves, end, NEVER),
    )
    both = Rolls(*(np.concatenate(parts) for parts in zip(main, second, strict=True)))
    term = (both.pupil * 200 + both.column) * 3 + both.term
    order = np.argsort(term * len(chunk.places.schools) + both.school, kind="stable")
    return Rolls(*(part[order] for part in both))


def _named(codes: np.ndarray, names: np.ndarray | list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.astype(np.int32), categories=pd.Index(names, dtype=object))


def _keys(chunk: Chunk, ids: np.ndarray, rows: Rolls) -> dict[str, object]:
    return {
        "pupil_id": _named(rows.pupil, ids),
        "academic_year": (FIRST_YEAR + rows.column).astype(np.int16),
        "term": _named(rows.term, list(TERMS)),
        "urn": _named(rows.school, chunk.places.schools["urn"].to_numpy()),
    }


def enrolments(
    rng: np.random.Generator, chunk: Chunk, school: SchoolYears, rows: Rolls, ids: np.ndarray
) -> pd.DataFrame:
    """Return the canonical table of school enrolments."""
    home, authority = school_places.home_on(chunk, rows.child, rows.on)
    cell = (rows.child, rows.column)
    few = np.where(
        school.needs.sen[cell] == 2, value("education.part_time_plan"), value("education.part_time")
    )
    return pd.DataFrame(
        {
            **_keys(chunk, ids, rows),
            "enrolment": _named(rows.status, STATUS),
            "year_group": _named(school.by_age[cell], GROUPS),
            "authority": _named(authority, chunk.places.authorities["authority"].to_numpy()),
            "neighbourhood": _named(home, chunk.places.neighbourhoods["neighbourhood"].to_numpy()),
            "free_school_meals": school.fsm[cell],
            "free_school_meals_six_years": school.fsm_six_years[cell],
            "part_time": rng.random(len(rows.child), dtype=np.float32) < few,
            "entry_date": to_dates(rows.entry),
            "leaving_date": to_dates(rows.leaving),
        }
    )


def absences(
    rng: np.random.Generator,
    chunk: Chunk,
    school: SchoolYears,
    rows: Rolls,
    ids: np.ndarray,
    own: np.ndarray,
    excluded: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the canonical table of absence of pupils up to year 11.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    school : SchoolYears
    rows : Rolls
    ids : numpy.ndarray
        The pupils' ids in order.
    own : numpy.ndarray
        Lasting tendency of each child (`absence.tendencies`).
    excluded : pandas.DataFrame or None
        Canonical exclusions, whose sessions are part of authorised absence.
    """
    year = FIRST_YEAR + rows.column
    closed = (year == 2020) & (rows.term > AUTUMN)  # schools closed to most pupils: not collected
    asked = np.flatnonzero((school.by_age[rows.child, rows.column] <= 11) & ~closed)
    rows = Rolls(*(part[asked] for part in rows))
    cell = (rows.child, rows.column)
    missed, without_leave = absence.share_missed(rng, chunk, school, own)
    part = np.where(rows.status == ONLY, np.float32(1), np.float32(0.5))
    found = absence.draw(rng, missed[cell], without_leave[cell], rows.term, school.by_age[cell], part)
    out = _excluded_sessions(rows, ids, excluded)
    out = np.minimum(out, found.possible)
    authorised = np.clip(found.authorised + out, 0, found.possible)
    unauthorised = np.minimum(found.unauthorised, found.possible - authorised)
    return pd.DataFrame(
        {
            **_keys(chunk, ids, rows),
            "sessions_possible": found.possible,
            "authorised": authorised,
            "unauthorised": unauthorised,
            "illness": np.minimum(found.illness, authorised - out),
            "excluded": out,
        }
    )


def _excluded_sessions(rows: Rolls, ids: np.ndarray, excluded: pd.DataFrame | None) -> np.ndarray:
    """Return sessions missed through suspension by row, at the first row of a pupil's term."""
    out = np.zeros(len(rows.child), dtype=np.int16)
    if excluded is None or excluded.empty:
        return out
    lost = excluded.dropna(subset=["sessions"])
    pupil = pd.Categorical(lost["pupil_id"], categories=ids).codes.astype(np.int64)
    term = pd.Categorical(lost["term"], categories=TERMS).codes.astype(np.int64)
    wanted = (pupil * 200 + lost["academic_year"].to_numpy(dtype=np.int64) - FIRST_YEAR) * 3 + term
    there = (rows.pupil * 200 + rows.column) * 3 + rows.term
    at = np.searchsorted(there, wanted).clip(max=max(len(there) - 1, 0))
    known = (there[at] == wanted) & (pupil >= 0)
    sums = np.bincount(at[known], weights=lost["sessions"].to_numpy(dtype=float)[known], minlength=len(out))
    return sums.astype(np.int16)


def pupils(rng: np.random.Generator, chunk: Chunk, rows: Rolls, ids: np.ndarray) -> pd.DataFrame:
    """Return the canonical table of pupils, everyone ever on a roll."""
    number, first = np.unique(rows.pupil, return_index=True)
    of = chunk.people.children.iloc[rows.child[first]]
    share = value("education.english_first")
    english = of["group"].map(share).where(~of["uasc"], share["alone"]).to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "pupil_id": ids[number],
            "sex": of["sex"].to_numpy(),
            "birth_date": to_dates(of["birth"].to_numpy()),
            "ethnicity": of["ethnicity"].to_numpy(),
            "first_language_english": rng.random(len(of)) < english,
        }
    )
