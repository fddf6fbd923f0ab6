"""Absence: sessions possible and missed by pupil and term.

A pupil's share of sessions missed in a year is drawn on the log odds scale: a level by academic year and
year group, what social care status in the year, free meals, special needs and hardship add, and a part of
the pupil's own, of which some lasts and some is new each year. Its spread grows with age and is wider for
children looked after, so that some are hardly ever absent and others nearly always.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.synth import referrals
from helpers.synth.chunk import Chunk
from helpers.synth.parameters import value
from helpers.synth.schooling import SchoolYears, years


class Missed(NamedTuple):
    """Sessions by row of the table: whole numbers (int16). Illness is part of authorised."""

    possible: np.ndarray
    authorised: np.ndarray
    unauthorised: np.ndarray
    illness: np.ndarray


def tendencies(rng: np.random.Generator, chunk: Chunk) -> np.ndarray:
    """Return each child's own lasting tendency to be absent (standard deviations, float32)."""
    return rng.normal(size=len(chunk.people.children)).astype(np.float32)


def share_missed(
    rng: np.random.Generator, chunk: Chunk, school: SchoolYears, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log odds of a session missed, and of a missed one being unauthorised, by child and year.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    school : SchoolYears
    own : numpy.ndarray
        Lasting tendency of each child.
    """
    status = chunk.journeys.in_year
    group = np.clip(school.by_age, 0, 11)
    of = referrals.of_family(chunk.people, ["hardship", "frailty"])
    effects = value("education.absence.effects")
    lasting = effects["hardship"] * of["hardship"] + effects["frailty"] * of["frailty"]
    centre = lasting.to_numpy(dtype=np.float32)[:, None] + _by_year("level")
    centre += _steps("status")[status]
    centre += _steps("year_group")[group]
    centre += _steps("sen")[school.needs.sen]
    centre += effects["fsm"] * school.fsm
    part = value("education.absence.lasting")
    drawn = rng.standard_normal(status.shape, dtype=np.float32) * np.sqrt(1 - part)
    drawn += np.float32(np.sqrt(part)) * own[:, None]
    spread = _steps("spread")[group] * _steps("status_spread")[status]
    missed = centre + spread * drawn
    unauthorised = value("education.unauthorised")
    without_leave = unauthorised["level"] + unauthorised["slope"] * missed
    without_leave += unauthorised["fsm"] * school.fsm
    without_leave += np.array(unauthorised["status"], dtype=np.float32)[status]
    without_leave += unauthorised["year_group"] * group
    return missed, without_leave.astype(np.float32)


def draw(
    rng: np.random.Generator,
    missed: np.ndarray,
    without_leave: np.ndarray,
    term: np.ndarray,
    group: np.ndarray,
    part: np.ndarray,
) -> Missed:
    """Draw sessions of rows.

    Parameters
    ----------
    rng : numpy.random.Generator
    missed, without_leave : numpy.ndarray
        Log odds as `share_missed` gives them, one a row.
    term : numpy.ndarray
        0 autumn, 1 spring, 2 summer.
    group : numpy.ndarray
        Year group.
    part : numpy.ndarray
        Share of the term's sessions that fall to this school.
    """
    size = len(term)
    sessions = np.array(value("education.absence.sessions"), dtype=np.float32)[term]
    sessions[(term == 2) & (group == 11)] *= value("education.absence.final_summer")
    possible = np.floor(part * sessions - 4 * rng.random(size, dtype=np.float32)).astype(np.int16)
    noise = np.float32(value("education.absence.term_spread"))
    share = _logistic(missed + noise * rng.standard_normal(size, dtype=np.float32))
    absent = _rounded(rng, possible * share)
    away = _rounded(rng, absent * _logistic(without_leave))
    ill = _rounded(rng, (absent - away) * np.float32(value("education.absence.illness")))
    return Missed(possible, absent - away, away, ill)


def _logistic(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def _rounded(rng: np.random.Generator, number: np.ndarray) -> np.ndarray:
    """Return whole numbers, up or down by chance, so that they are right on average."""
    return np.floor(number + rng.random(len(number), dtype=np.float32)).astype(np.int16)


def _steps(name: str) -> np.ndarray:
    return np.array(value(f"education.absence.{name}"), dtype=np.float32)


def _by_year(name: str) -> np.ndarray:
    known = value(f"education.absence.{name}")
    return np.interp(years(), list(known), list(known.values())).astype(np.float32)
