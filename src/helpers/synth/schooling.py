"""School years: where each child is in schooling in each academic year, with free meals and special needs.

Drawn once for a chunk, as matrices of children by academic years, and read by all tables of education. A
family's children go to state schools or never do. Free school meals follow a score of hardship, area and a
drift of the family's own, against a threshold by year; special needs are drawn in `special_needs`, spells off
the roll in `out_of_school`, and the school in `school_places`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.synth import out_of_school, referrals, school_places, special_needs
from helpers.synth.chunk import Chunk
from helpers.synth.days import collection_year, day
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.out_of_school import Elsewhere
from helpers.synth.parameters import value

OLDEST = 13  # year group of the last year in a school's sixth form
TERMS = ("AUT", "SPR", "SUM")  # codes, in the order of the year and of the alphabet
AUTUMN, SPRING, SUMMER = range(3)
SINCE_APRIL = 153  # days from 1 April to 1 September, the first day of an academic year
NOT_MISSING, HOME_EDUCATED, MISSING_EDUCATION = range(3)


class SchoolYears(NamedTuple):
    """Schooling of each child (row of `Families.children`) by academic year from 1997 (columns).

    year_group: int8, 0 = reception to 13; -1 where the child is not of school age, has died, has not yet
    arrived, or is on no state school's roll in spring. by_age: int8, the year group by age alone, also
    below 0 and above 13.
    fsm: bool, eligible for free school meals. fsm_six_years: bool, in this year or one of the five before.
    sen: int8, 0 none, 1 SEN support, 2 statement or education, health and care plan.
    sen_type: int8 of shape (children,), place in `special_needs.TYPES` of the primary need, -1 for none ever.
    school: int32, row of `Places.schools` in spring, -1 where `year_group` is -1.
    missing: int8, 1 home educated and 2 missing education in spring of the year, else 0.
    on_roll: bool of shape (children, years, terms), on a state school's roll at each term's census.
    needs, choice, elsewhere: what the matrices were made from (see the modules).
    """

    year_group: np.ndarray
    by_age: np.ndarray
    fsm: np.ndarray
    fsm_six_years: np.ndarray
    sen: np.ndarray
    sen_type: np.ndarray
    school: np.ndarray
    missing: np.ndarray
    on_roll: np.ndarray
    needs: special_needs.Needs
    choice: school_places.Choice
    elsewhere: Elsewhere


def years() -> np.ndarray:
    """Return the academic years of the columns."""
    return np.arange(FIRST_YEAR, value("time.last_year") + 1)


def census_days() -> np.ndarray:
    """Return the day of the census in each year and term: int64 of shape (years, 3)."""
    return np.array([[day(y - 1, 10, 3), day(y, 1, 16), day(y, 5, 16)] for y in years()])


def school_years(rng: np.random.Generator, chunk: Chunk) -> SchoolYears:
    """Draw the school years of a chunk."""
    by_age = _by_age(chunk.people.children["birth"].to_numpy())
    taught = (by_age >= 0) & _in_state_schools(rng, chunk, by_age)
    needs = special_needs.draw(rng, chunk, by_age)
    elsewhere = out_of_school.draw(rng, chunk, by_age, taught, needs)
    census = census_days()
    at_home = out_of_school.away(elsewhere.home, census.ravel(), len(taught)).reshape(*taught.shape, 3)
    gone = out_of_school.away(elsewhere.missing, census.ravel(), len(taught)).reshape(*taught.shape, 3)
    on_roll = taught[:, :, None] & _in_country(chunk, census) & ~at_home & ~gone
    on_roll &= census <= day(value("time.last_year"), 3, 31)

    in_spring = on_roll[:, :, SPRING]
    choice = school_places.choose_schools(rng, chunk, by_age, needs, elsewhere)
    child, column = np.nonzero(in_spring)
    school = np.full(taught.shape, -1, dtype=np.int32)
    school[child, column] = school_places.school_on(chunk, choice, child, column, census[column, SPRING])
    eligible = _free_meals(rng, chunk, by_age)
    return SchoolYears(
        year_group=np.where(in_spring, by_age, -1).astype(np.int8),
        by_age=by_age,
        fsm=eligible & taught,
        fsm_six_years=_lately(eligible & taught) & taught,
        sen=np.where(in_spring, needs.sen, 0).astype(np.int8),
        sen_type=needs.type,
        school=school,
        missing=np.where(gone[:, :, SPRING], MISSING_EDUCATION, at_home[:, :, SPRING]).astype(np.int8),
        on_roll=on_roll,
        needs=needs,
        choice=choice,
        elsewhere=elsewhere,
    )


def _by_age(birth: np.ndarray) -> np.ndarray:
    """Return the year group by age of each child in each year.

    Reception is in the academic year after the one in which the child turns four.
    """
    cohort = collection_year(birth - SINCE_APRIL)
    return (years() - cohort[:, None] - 5).astype(np.int8)


def _in_country(chunk: Chunk, census: np.ndarray) -> np.ndarray:
    """Return whether each child is alive and in the country at each census (children, years, terms)."""
    found = np.ones((len(chunk.death), *census.shape), dtype=bool)
    dead = np.flatnonzero(chunk.death <= census.max())
    found[dead] = chunk.death[dead, None, None] > census
    late = np.flatnonzero(chunk.people.children["uasc"].to_numpy())
    arrival = chunk.people.children["arrival"].to_numpy()
    found[late] &= arrival[late, None, None] <= census
    return found


def _in_state_schools(rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray) -> np.ndarray:
    """Return whether a child goes to state schools in a year, as far as its family and its age decide."""
    children = chunk.people.children
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[children["neighbourhood"]]
    family = children["family"].to_numpy()
    known = (family < 0) | (chunk.journeys.in_year.max(axis=1) > 0)
    odds = value("education.other_schools")
    log_odds = odds["level"] + odds["hardship"] * hardship + odds["area"] * area + odds["known"] * known
    shared = rng.logistic(size=len(chunk.people.families))[family]  # brothers and sisters alike
    elsewhere = (log_odds + shared > 0) & (family >= 0)
    stays = value("education.sixth_form")
    log_odds = stays["level"] + stays["hardship"] * hardship + stays["known"] * known
    stays_on = log_odds + rng.logistic(size=len(children)) > 0
    return ~elsewhere[:, None] & ((by_age <= 11) | ((by_age <= OLDEST) & stays_on[:, None]))


def _free_meals(rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray) -> np.ndarray:
    """Return eligibility of all children of school age in all years, as if all were at school."""
    family = chunk.people.children["family"].to_numpy()
    weight = value("education.meals.score")
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[chunk.people.children["neighbourhood"]]
    lasting = (weight["hardship"] * hardship + weight["area"] * area).astype(np.float32)
    score = lasting[:, None] + weight["drift"] * _drift(rng, len(chunk.people.families))[family]
    score += np.array(value("education.meals.status"), dtype=np.float32)[chunk.journeys.in_year]
    known = value("education.meals.threshold")
    eligible = score > np.interp(years(), list(known), list(known.values())).astype(np.float32)
    eligible &= by_age >= 0
    protected = years() >= value("education.meals.protected_from")
    eligible[:, protected] = np.maximum.accumulate(eligible[:, protected], axis=1)
    return eligible


def _drift(rng: np.random.Generator, families: int) -> np.ndarray:
    """Return a slow drift (standard deviations) of each family's hardship by year: lines between points."""
    at = (years() - FIRST_YEAR) / value("education.meals.drift_years")
    before = np.floor(at).astype(int)
    points = rng.normal(size=(families, before.max() + 2)).astype(np.float32)
    part = (at - before).astype(np.float32)
    line = points[:, before] * (1 - part) + points[:, before + 1] * part
    return line / np.sqrt(part**2 + (1 - part) ** 2)


def _lately(fsm: np.ndarray) -> np.ndarray:
    """Return whether a child was eligible in a year or one of the five before."""
    upto = np.pad(fsm.cumsum(axis=1, dtype=np.int8), ((0, 0), (6, 0)))
    return upto[:, 6:] > upto[:, :-6]
