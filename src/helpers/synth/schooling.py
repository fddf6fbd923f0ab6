"""School years: where each child is in schooling in each academic year, with free school meals and special needs.

Drawn once for a chunk, as matrices of children by academic years, and read by all tables of education. A
family's children go to state schools or never do. Free school meals follow a score of hardship, area and a
drift of the family's own, against a threshold by year; special needs are drawn in `special_needs`, the
school in `school_places`, and time in home education or missing education in `out_of_school`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import referrals, school_places, special_needs
from helpers.synth.chunk import Chunk
from helpers.synth.days import collection_year, day
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import value

OLDEST = 13  # year group of the last year in a school's sixth form
NOT_MISSING, HOME_EDUCATED, MISSING_EDUCATION = range(3)


class SchoolYears(NamedTuple):
    """Schooling of each child (row of `Families.children`) by academic year from 1997 (columns).

    year_group: int8, 0 = reception to 13; -1 where the child is not of school age, has died, has not yet
    arrived, or is not in a state school.
    fsm: bool, eligible for free school meals. fsm_six_years: bool, in this year or one of the five before.
    sen: int8, 0 none, 1 SEN support, 2 statement or education, health and care plan.
    sen_type: int8 of shape (children,), place in `special_needs.TYPES` of the primary need, -1 for none ever.
    school: int32, row of `Places.schools` in spring, -1 where `year_group` is -1.
    missing: int8, 1 home educated and 2 missing education in spring of the year, else 0.
    """

    year_group: np.ndarray
    fsm: np.ndarray
    fsm_six_years: np.ndarray
    sen: np.ndarray
    sen_type: np.ndarray
    school: np.ndarray
    missing: np.ndarray


def years() -> np.ndarray:
    """Return the academic years of the columns."""
    return np.arange(FIRST_YEAR, value("time.last_year") + 1)


def year_groups(birth: np.ndarray) -> np.ndarray:
    """Return the year group by age of each child in each year (int16); negative before reception."""
    cohort = collection_year(np.asarray(birth) - 153)  # academic years begin 153 days after 1 April
    return (years() - cohort[:, None] - 5 + 1).astype(np.int16)


def school_years(rng: np.random.Generator, chunk: Chunk) -> SchoolYears:
    """Draw the school years of a chunk."""
    children = chunk.people.children
    by_age = year_groups(children["birth"].to_numpy())
    here = _in_country(chunk) & (by_age >= 0) & (by_age <= OLDEST)
    taught = here & _in_state_schools(rng, chunk, by_age)
    missing = np.zeros(taught.shape, dtype=np.int8)
    year_group = np.where(taught & (missing == 0), by_age, -1).astype(np.int8)
    fsm = _free_meals(rng, chunk) & (year_group >= 0)
    sen, sen_type = special_needs.draw(rng, chunk, by_age)
    sen[year_group < 0] = 0
    school = school_places.draw(rng, chunk, year_group, sen, sen_type)
    return SchoolYears(year_group, fsm, _lately(fsm), sen, sen_type, school, missing)


def _in_country(chunk: Chunk) -> np.ndarray:
    """Return whether each child is alive and in the country at the spring census."""
    census = np.array([day(y, 1, 16) for y in years()])
    arrived = chunk.people.children["arrival"].to_numpy()[:, None] <= census
    return arrived & (chunk.death[:, None] > census)


def _in_state_schools(rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray) -> np.ndarray:
    """Return whether a child would be in a state school, were it neither home educated nor missing."""
    children = chunk.people.children
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[children["neighbourhood"]]
    family = children["family"].to_numpy()
    alone = family < 0
    known = alone | (chunk.journeys.in_year.max(axis=1) > 0)
    odds = value("education.other_schools")
    log_odds = odds["level"] + odds["hardship"] * hardship + odds["area"] * area + odds["known"] * known
    shared = rng.logistic(size=len(chunk.people.families))[family]  # brothers and sisters alike
    elsewhere = (log_odds + shared > 0) & ~alone
    stays = value("education.sixth_form")
    log_odds = stays["level"] + stays["hardship"] * hardship + stays["known"] * known
    stays_on = log_odds + rng.logistic(size=len(children)) > 0
    return ~elsewhere[:, None] & ((by_age <= 11) | stays_on[:, None])


def _free_meals(rng: np.random.Generator, chunk: Chunk) -> np.ndarray:
    """Return eligibility of all children in all years, as if all were at school."""
    family = chunk.people.children["family"].to_numpy()
    weight = value("education.meals.score")
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[chunk.people.children["neighbourhood"]]
    lasting = (weight["hardship"] * hardship + weight["area"] * area).astype(np.float32)
    score = lasting[:, None] + weight["drift"] * _drift(rng, len(chunk.people.families))[family]
    score += np.array(value("education.meals.status"), dtype=np.float32)[chunk.journeys.in_year]
    spread = np.sqrt(np.mean(lasting**2) + weight["drift"] ** 2)
    eligible = score > spread * _threshold()
    protected = years() >= value("education.meals.protected_from")
    eligible[:, protected] = np.maximum.accumulate(eligible[:, protected], axis=1)
    return eligible


def _threshold() -> np.ndarray:
    """Return the threshold of each year, in standard deviations of the score."""
    known = value("education.meals.threshold")
    return np.interp(years(), list(known), list(known.values())).astype(np.float32)


def _drift(rng: np.random.Generator, families: int) -> np.ndarray:
    """Return a slow drift (standard deviations) of each family's hardship over the years: lines between points."""
    apart = value("education.meals.drift_years")
    at = (years() - FIRST_YEAR) / apart
    before = np.floor(at).astype(int)
    points = rng.normal(size=(families, before.max() + 2)).astype(np.float32)
    part = (at - before).astype(np.float32)
    line = points[:, before] * (1 - part) + points[:, before + 1] * part
    return line / np.sqrt(part**2 + (1 - part) ** 2)


def _lately(fsm: np.ndarray) -> np.ndarray:
    """Return whether a child was eligible in a year or one of the five before."""
    upto = np.pad(fsm.cumsum(axis=1, dtype=np.int8), ((0, 0), (6, 0)))
    return upto[:, 6:] > upto[:, :-6]
