"""Who is cautioned or convicted, when, and how often: children from the age of ten, and their parents.

The hazard of a first case follows age and calendar year, times a ratio of the person's own: sex, ethnic
group, hardship, a parent's history, harm outside the home, and where the child stands in social care, above
all in that year and the year before. After the first case others follow at intervals, more of them for
children looked after. What is planted is the way from social care and harm to justice; an offence brings
no child to social care.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER
from helpers.synth.journeys import CIN, CLA, CPP
from helpers.synth.parameters import value
from helpers.synth.referrals import of_family

YEAR = 365.25
AGES = np.arange(10, 34)
MOST_CASES = 20


def cases(rng: np.random.Generator, chunk: Chunk) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return cases, and what was planted of each child.

    Returns
    -------
    pandas.DataFrame
        person, birth, sex, ethnicity, death, day (of the offence), turn (cases of the person before); in
        order of person and turn.
    pandas.DataFrame
        person, log_ratio (of the hazard of a first case at 15 years), first_case (day, or NEVER).
    """
    young, planted = _children(rng, chunk)
    found = pd.concat([young, _parents(rng, chunk)], ignore_index=True)
    return found.sort_values(["person", "turn"], ignore_index=True), planted


def _children(rng: np.random.Generator, chunk: Chunk) -> tuple[pd.DataFrame, pd.DataFrame]:
    children = chunk.people.children
    birth = children["birth"].to_numpy()
    own = _own_ratio(chunk)
    (ever, now), at_risk = _status(chunk), _at_risk_from(chunk)
    effects = value("justice.effects")
    by_status = np.array([0.0, effects["in_need"], effects["plan"], effects["looked_after"]])
    by_past = np.array([0.0, effects["ever_in_need"], effects["ever_in_need"], effects["ever_looked_after"]])
    age_hazard, by_year = value("justice.first_hazard"), value("justice.by_year")
    middle = birth[:, None] + (AGES + 0.5) * YEAR
    hazard = np.interp(AGES, list(age_hazard), list(age_hazard.values())) * np.interp(
        1970 + middle / YEAR, list(by_year), list(by_year.values())
    )
    log_ratio = (
        own[:, None] + by_status[now] + by_past[ever] + effects["outside_harm"] * (at_risk[:, None] <= middle)
    )
    reached = rng.exponential(size=len(birth))[:, None] <= (hazard * np.exp(log_ratio)).cumsum(axis=1)
    at = reached.argmax(axis=1)
    day = birth + ((AGES[at] + 0.01 + 0.98 * rng.random(len(birth))) * YEAR).astype(np.int64)
    day = np.where(reached.any(axis=1) & (day > children["arrival"]), day, NEVER)
    planted = pd.DataFrame(
        {"person": children["person"], "log_ratio": log_ratio[:, 5].round(3), "first_case": day}
    )
    more = value("justice.further_cases")
    further = np.array([more["none"], more["in_need"], more["plan"], more["looked_after"]])
    mean = further[ever[np.arange(len(birth)), at]] * np.exp(effects["again_male"] * (children["sex"] == "M"))
    people = children[["person", "birth", "sex", "ethnicity"]].assign(death=chunk.death)
    return _careers(rng, people, day, mean.to_numpy(), value("justice.gap_years")), planted


def _own_ratio(chunk: Chunk) -> np.ndarray:
    """Return the log hazard ratio of each child, leaving out what changes with age."""
    children = chunk.people.children
    effects = value("justice.effects")
    names = ["hardship", "frailty", "justice_history", "substance_use"]
    of = of_family(chunk.people, names)
    ratio = effects["male"] * (children["sex"] == "M") + children["group"].map(effects["group"]).fillna(0.0)
    for name in names:
        ratio = ratio + effects[name] * of[name].to_numpy(dtype=float)
    return ratio.to_numpy(dtype=float)


def _status(chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest status (0 to 3) by each year of age: ever, and of this school year and the last."""
    birth = chunk.people.children["birth"].to_numpy()
    middle = birth[:, None] + (AGES + 0.5) * YEAR
    ever = np.zeros(middle.shape, dtype=np.int8)
    for status in (CIN, CPP, CLA):
        ever[chunk.journeys.first[:, status][:, None] <= middle] = status
    in_year, years = chunk.journeys.in_year, chunk.journeys.years()
    both = np.maximum(in_year, np.pad(in_year, ((0, 0), (1, 0)))[:, :-1])
    school_year = np.floor(1970 + (middle + 122) / YEAR).astype(np.int64)  # named by the year it ends in
    column = np.clip(school_year - years[0], 0, len(years) - 1)
    now = np.take_along_axis(both, column, axis=1)
    return ever, np.where((school_year >= years[0]) & (school_year <= years[-1]), now, 0)


def _at_risk_from(chunk: Chunk) -> np.ndarray:
    """Return the day from which each child is known to be at risk outside the home."""
    referred = chunk.events.referrals
    at_risk = referred[referred["category"].isin(value("outside_harm.categories"))]
    first = at_risk.groupby("child")["referral"].min()
    found = np.full(len(chunk.people.children), NEVER)
    found[first.index] = first
    return found


def _parents(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the cases of mothers and of fathers on record; most fall before and around the births."""
    families = chunk.people.families
    history = families["justice_history"].to_numpy()
    shares, age, more = (value(f"justice.parents_{name}") for name in ("share", "age", "further_cases"))
    parts = []
    for parent, sex in (("mother", "F"), ("father", "M")):
        share = np.where(history, shares[f"{parent}_with_history"], shares[f"{parent}_without"])
        has = (rng.random(len(families)) < share) & (families[parent] >= 0).to_numpy()
        birth = families[f"{parent}_birth"].to_numpy()
        years = age["least"] + rng.gamma(age["shape"], age["scale"], len(families))
        day = np.where(has, birth + (years * YEAR).astype(np.int64), NEVER)
        mean = np.where(history, more["with_history"], more["without"])
        people = pd.DataFrame(
            {"person": families[parent], "birth": birth, "sex": sex, "ethnicity": families["ethnicity"],
             "death": NEVER}
        )  # fmt: skip
        parts.append(_careers(rng, people, day, mean, value("justice.parents_gap_years")))
    return pd.concat(parts, ignore_index=True)


def _careers(
    rng: np.random.Generator, people: pd.DataFrame, first: np.ndarray, mean: np.ndarray, gap_years: float
) -> pd.DataFrame:
    """Return one row a case: the first and those that follow, their number geometric around a mean."""
    who = np.flatnonzero(first < NEVER)
    number = np.minimum(rng.geometric(1 / (1 + mean[who])), MOST_CASES)
    row = np.repeat(who, number)
    begins = np.repeat(number.cumsum() - number, number)
    turn = np.arange(len(row)) - begins
    gap = np.where(turn > 0, np.ceil(rng.exponential(gap_years * YEAR, len(row))), 0).astype(np.int64) + (
        turn > 0
    )
    upto = gap.cumsum()
    found = people.iloc[row].reset_index(drop=True)
    return found.assign(day=first[row] + upto - upto[begins], turn=turn)
