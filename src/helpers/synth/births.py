"""Births: pregnancy and delivery of each child, and the chronic conditions some are born or grow up with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import collection_year, to_dates
from helpers.synth.parameters import value
from helpers.synth.patients import Patients, first_day, last_day
from helpers.synth.referrals import of_family
from helpers.synth.sampling import chance

YEAR = 365.25
YOUNG = 22  # years of age of the mother
TERM = 37  # completed weeks


def deliveries(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return how each child was born, one row per row of `people.children`.

    Babies of one delivery share gestation and what is said of the mother. Of unaccompanied children nothing
    is known: they have no mother here.

    Returns
    -------
    pandas.DataFrame
        babies (int), first (bool), mother_age (years), smoker, late_booking (bool), weeks (int), weight
        (grams), preterm (bool).
    """
    children = chunk.people.children
    of = of_family(chunk.people, ["mother_birth", "hardship", "substance_use", "domestic_abuse"])
    together = children.groupby(["family", "birth"])["order"]
    babies = np.where(children["family"] >= 0, together.transform("size"), 1)
    delivery = together.ngroup().to_numpy()
    age = np.where(children["family"] >= 0, (children["birth"] - of["mother_birth"]) / YEAR, 30.0)
    young = age < YOUNG
    hardship = of["hardship"].to_numpy()
    at = value("health.smoker")
    trend = at["a_year"] * (collection_year(children["birth"].to_numpy()) - 2010)
    odds = at["level"] + trend + at["hardship"] * hardship + at["young"] * young
    smoker = _drawn(rng, delivery, odds + at["substance_use"] * of["substance_use"].to_numpy(dtype=float))
    at = value("health.late_booking")
    odds = at["level"] + at["hardship"] * hardship + at["young"] * young
    for name in ("domestic_abuse", "substance_use"):
        odds = odds + at[name] * of[name].to_numpy(dtype=float)
    late = _drawn(rng, delivery, odds)
    weeks = _weeks(rng, delivery, smoker, hardship, babies > 1)
    return pd.DataFrame(
        {
            "babies": babies,
            "first": together.transform("min").to_numpy() == 1,
            "mother_age": np.floor(age).astype(np.int64),
            "smoker": smoker,
            "late_booking": late,
            "weeks": weeks,
            "weight": _weight(rng, weeks, smoker, hardship, children["sex"].to_numpy() == "F", babies > 1),
            "preterm": weeks < TERM,
        }
    )


def _drawn(rng: np.random.Generator, delivery: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Draw yes or no once for each delivery."""
    return rng.random(len(delivery))[delivery] < chance(log_odds)


def _weeks(
    rng: np.random.Generator,
    delivery: np.ndarray,
    smoker: np.ndarray,
    hardship: np.ndarray,
    twins: np.ndarray,
) -> np.ndarray:
    at = value("health.gestation")
    odds = at["preterm"] + at["smoker"] * smoker + at["hardship"] * hardship + at["twins"] * twins
    early = _drawn(rng, delivery, odds)
    before = np.floor(rng.exponential(at["weeks_early"], len(delivery)))[delivery]
    after = rng.binomial(5, at["mean_after"] / 5, len(delivery))[delivery]
    return np.where(early, np.maximum(at["late"] - 1 - before, 23), at["late"] + after).astype(np.int64)


def _weight(
    rng: np.random.Generator,
    weeks: np.ndarray,
    smoker: np.ndarray,
    hardship: np.ndarray,
    girl: np.ndarray,
    twins: np.ndarray,
) -> np.ndarray:
    at = value("health.birth_weight")
    mean = at["at_40"] + at["a_week"] * (np.maximum(weeks, TERM) - 40)
    mean = mean - at["a_week_early"] * np.maximum(TERM - weeks, 0)
    mean = mean + at["smoker"] * smoker + at["girl"] * girl + at["hardship"] * hardship + at["twins"] * twins
    # Small babies differ less, in grams, than big ones.
    grams = mean + at["spread"] * rng.normal(size=len(weeks)) * np.clip(mean / at["at_40"], 0.2, 1.0)
    return np.maximum(np.round(grams, -1), at["least"]).astype(np.int64)


def chronic(rng: np.random.Generator, chunk: Chunk, preterm: np.ndarray) -> np.ndarray:
    """Return whether each child has a chronic condition (bool); likelier where disabled or born too early."""
    at = value("health.chronic")
    of = of_family(chunk.people, ["hardship", "frailty"])
    odds = (
        at["level"] + at["disabled"] * chunk.people.children["disabled"].to_numpy() + at["preterm"] * preterm
    )
    odds = odds + at["hardship"] * of["hardship"].to_numpy() + at["frailty"] * of["frailty"].to_numpy()
    return rng.random(len(odds)) < chance(odds)


def table(chunk: Chunk, who: Patients, born: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table of births in the years that hospital records cover."""
    children = chunk.people.children
    at = np.flatnonzero(recorded(chunk))
    found = born.iloc[at]
    return pd.DataFrame(
        {
            "patient_id": who.number(at),
            "mother_id": who.number(who.mother(children["family"].to_numpy()[at])),
            "birth_date": to_dates(children["birth"].to_numpy()[at]),
            "gestation_weeks": found["weeks"].to_numpy(),
            "birth_weight": found["weight"].to_numpy(),
            "babies": found["babies"].to_numpy(),
            "mother_age": found["mother_age"].to_numpy(),
            "first_birth": found["first"].to_numpy(),
            "late_booking": found["late_booking"].to_numpy(),
            "smoker": found["smoker"].to_numpy(),
        }
    )


def recorded(chunk: Chunk) -> np.ndarray:
    """Return which children were born where and when birth records cover (bool)."""
    children = chunk.people.children
    return (
        children["birth"].between(first_day("admissions"), last_day()) & (children["family"] >= 0)
    ).to_numpy()
