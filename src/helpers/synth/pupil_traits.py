"""What is known of pupils in a year that bears on attainment, exclusion and what follows school.

The planted models are linear in these traits: an effect in the parameters is named as the trait it belongs
to, so that whoever regresses an outcome on the traits estimates the planted effects.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import referrals
from helpers.synth.chunk import Chunk
from helpers.synth.days import collection_year
from helpers.synth.journeys import CIN, CLA, CPP, FIRST_YEAR
from helpers.synth.parameters import categories, value
from helpers.synth.schooling import SINCE_APRIL, SchoolYears

STATUS = {"cin": CIN, "cpp": CPP, "cla": CLA}
ABUSE_ALONE = ("Physical abuse, single factor", "Sexual abuse, single factor")


def status_lately(chunk: Chunk) -> np.ndarray:
    """Return the highest status (0 to 3) in a year or one of the four before: int8 (children, years)."""
    in_year = chunk.journeys.in_year
    highest = in_year.copy()
    for back in range(1, value("attainment.involved_years")):
        np.maximum(highest[:, back:], in_year[:, :-back], out=highest[:, back:])
    return highest


def referred_lately(chunk: Chunk) -> np.ndarray:
    """Return whether a child was referred in a year or one of the four before: bool (children, years)."""
    referred = chunk.events.referrals
    shape = chunk.journeys.in_year.shape
    column = _school_year(referred["referral"], chunk)
    upto = np.zeros((shape[0], shape[1] + value("attainment.involved_years")), dtype=bool)
    for later in range(value("attainment.involved_years")):
        upto[referred["child"], column + later] = True
    return upto[:, : shape[1]]


def _school_year(days: pd.Series, chunk: Chunk) -> np.ndarray:
    """Return the column of the academic year of each day; one past the last for days after it."""
    year = collection_year(days.to_numpy() - SINCE_APRIL)  # of school: from September
    return np.clip(year - FIRST_YEAR, 0, chunk.journeys.in_year.shape[1])


def episodes_lately(chunk: Chunk) -> np.ndarray:
    """Return the number of episodes of need that fell in a year or one of the four before."""
    need = chunk.events.referrals.query("in_need")
    children, columns = chunk.journeys.in_year.shape
    change = np.zeros((children, columns + value("attainment.involved_years") + 1), dtype=np.int16)
    np.add.at(change, (need["child"], _school_year(need["referral"], chunk)), 1)
    after = _school_year(need["closure"], chunk) + value("attainment.involved_years")
    np.add.at(change, (need["child"], after), -1)
    return change.cumsum(axis=1)[:, :columns]


def category_lately(chunk: Chunk) -> np.ndarray:
    """Return the category (0 to 11) last assessed in a year or the four before; -1 where none was."""
    assessed = chunk.events.referrals.query("~no_further_action").sort_values("end", kind="stable")
    shape = chunk.journeys.in_year.shape
    in_year = np.full((shape[0], shape[1] + 1), -1, dtype=np.int8)
    in_year[assessed["child"], _school_year(assessed["end"], chunk)] = assessed["category"]
    last = in_year[:, :-1].copy()
    for back in range(1, value("attainment.involved_years")):
        last[:, back:] = np.where(last[:, back:] < 0, in_year[:, : -1 - back], last[:, back:])
    return last


def _ever(chunk: Chunk) -> np.ndarray:
    """Return the highest status (0 to 3) up to each year: int8 (children, years)."""
    return np.maximum.accumulate(chunk.journeys.in_year, axis=1)


def traits(chunk: Chunk, years: SchoolYears, child: np.ndarray, column: np.ndarray) -> pd.DataFrame:
    """Return what bears on the outcomes of pupils in a year.

    Parameters
    ----------
    chunk : Chunk
    years : SchoolYears
    child, column : numpy.ndarray of int
        Rows and columns of the matrices in `years`, one pair for each row wanted.

    Returns
    -------
    pandas.DataFrame
        float32, one row per pair. female; hardship and area (standard deviations); fsm (free school meals in
        the last six years); support and ehc (SEN support; statement or plan); cin, cpp, cla (the highest
        status in the five years up to this one: one of them or none); assessed (referred in these years, but
        none of the three); several (two or more episodes of need in these years); abuse_alone (physical or
        sexual abuse was the single factor when last assessed in these years); formerly and formerly_more
        (none of the three in these years, but in need before, or more than that); cin_now, cpp_now, cla_now
        (status at 31 March of the year); support_social_care and ehc_social_care (special needs, and any
        status in the five years); support_now and ehc_now (special needs, and any status at 31 March).
    """
    children = chunk.people.children
    moved = children["moved"].to_numpy()[child] < (column + FIRST_YEAR - 1970) * 365.25
    home = np.where(
        moved,
        children["neighbourhood_after"].to_numpy()[child],
        children["neighbourhood"].to_numpy()[child],
    )
    sen = years.sen[child, column]
    lately = status_lately(chunk)[child, column]
    ever = _ever(chunk)[child, column]
    now = chunk.journeys.at_census[child, column]
    alone = np.flatnonzero(categories()["name"].isin(ABUSE_ALONE))
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    found = {
        "female": (children["sex"] == "F").to_numpy()[child],
        "hardship": hardship[child],
        "area": chunk.places.neighbourhoods["deprivation"].to_numpy()[home],
        "fsm": years.fsm_six_years[child, column],
        "support": sen == 1,
        "ehc": sen == 2,
        **{name: lately == status for name, status in STATUS.items()},
        "assessed": (lately == 0) & referred_lately(chunk)[child, column],
        "several": episodes_lately(chunk)[child, column] > 1,
        "abuse_alone": np.isin(category_lately(chunk)[child, column], alone),
        "formerly": (lately == 0) & (ever == CIN),
        "formerly_more": (lately == 0) & (ever > CIN),
        **{f"{name}_now": now == status for name, status in STATUS.items()},
        "support_social_care": (sen == 1) & (lately > 0),
        "ehc_social_care": (sen == 2) & (lately > 0),
        "support_now": (sen == 1) & (now > 0),
        "ehc_now": (sen == 2) & (now > 0),
    }
    return pd.DataFrame({name: part.astype(np.float32) for name, part in found.items()})


def linear(found: pd.DataFrame, effects: dict[str, float]) -> np.ndarray:
    """Return the sum of traits times their effects."""
    return sum(effect * found[name].to_numpy() for name, effect in effects.items())


def by_year(path: str, years: np.ndarray) -> np.ndarray:
    """Return what a parameter by year adds; between the years it names it is interpolated."""
    known = value(path)
    return np.interp(years, list(known), list(known.values()))


def effects(outcome: str, path: str, **more: float) -> pd.DataFrame:
    """Return planted effects as a tidy table: outcome, term, value."""
    planted = value(path) | more
    return pd.DataFrame({"outcome": outcome, "term": list(planted), "value": list(planted.values())})
