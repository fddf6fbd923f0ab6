"""Health visitor contacts of children under five: the five mandated ones, and more where there is more need.

The service level of a family follows its difficulties; families in the visited arm of the home visiting
trial are seen more often than others of the same level. The antenatal contact lies before birth: it is of
the mother.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import day, to_dates
from helpers.synth.parameters import value
from helpers.synth.patients import first_day, last_day, patient_ids
from helpers.synth.referrals import of_family
from helpers.synth.sampling import chance, events_by_rate

YEAR = 365.25
YOUNG = 22  # years of age of the mother
UNTIL = 5  # years of age
PANDEMIC = (day(2020, 4, 1), day(2021, 6, 30))
ASKED = ("12_months", "2_years")  # development is reviewed at these two
MORE = "additional"


def table(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the canonical table of health visitor contacts."""
    children = chunk.people.children
    level = _levels(rng, chunk)
    found = pd.concat([_mandated(rng, chunk), _more(rng, chunk, level)], ignore_index=True)
    child, days = found["child"].to_numpy(), found["day"].to_numpy()
    seen = (days >= first_day("health_visiting")) & (days <= last_day()) & (days < chunk.death[child])
    # A pregnancy that has not ended by the last day has no child in the records yet.
    seen &= children["birth"].to_numpy()[child] <= last_day()
    found = found[seen].sort_values(["child", "day"]).drop_duplicates(["child", "day"])
    child, days = found["child"].to_numpy(), found["day"].to_numpy()
    asked = np.isin(found["contact"], ASKED)
    below = _below(rng, chunk)[child] & asked
    share = value("early_help.health_visits.referred_on")
    sent = rng.random(len(child)) < np.where(below, share["below_expected"], share["usual"])
    way = value("early_help.health_visits.face_to_face")
    in_person = np.array([way["usual"], way["pandemic"], way["after"]])[
        np.searchsorted(PANDEMIC, days, side="right")
    ]
    return pd.DataFrame(
        {
            "patient_id": patient_ids(children["person"].to_numpy()[child]),
            "contact_date": to_dates(days),
            "contact": found["contact"].to_numpy(),
            "service_level": level.categories.to_numpy()[level.codes[child]],
            "face_to_face": rng.random(len(child)) < in_person,
            "below_expected": pd.array(below, dtype="boolean"),
            "referred_on": sent,
        }
    ).assign(below_expected=lambda rows: rows["below_expected"].mask(~asked))


def _levels(rng: np.random.Generator, chunk: Chunk) -> pd.Categorical:
    """Return the service level of each child: those with most difficulties and chance get the highest."""
    at, shares = value("early_help.health_visits.need"), value("early_help.health_visits.levels")
    names = [name for name in at if name not in ("hardship", "young", "disabled")]
    of = of_family(chunk.people, ["hardship", "mother_birth", *names])
    children = chunk.people.children
    young = children["birth"] - of["mother_birth"] < YOUNG * YEAR
    need = rng.logistic(size=len(children)) + at["hardship"] * of["hardship"] + at["young"] * young
    need = (
        need
        + at["disabled"] * children["disabled"]
        + sum(at[name] * of[name].astype(float) for name in names)
    )
    cuts = np.quantile(need, np.cumsum(list(shares.values()))[:-1])
    return pd.Categorical.from_codes(np.searchsorted(cuts, need), list(shares))


def _mandated(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return child, day and contact of the five contacts that every family is offered, where kept."""
    children = chunk.people.children
    near = np.flatnonzero(
        (children["birth"] > first_day("health_visiting") - 3 * YEAR) & (children["family"] >= 0)
    )
    days = value("early_help.health_visits.days")
    reached = value("early_help.health_visits.reached")
    lost = value("early_help.health_visits.missed")
    hardship = chunk.people.families["hardship"].to_numpy()[children["family"].to_numpy()[near]]
    shares = np.array([reached[name] for name in days])
    odds = np.log(shares / (1 - shares)) - lost * hardship[:, None]
    low, high = (np.array([ends[side] for ends in days.values()]) for side in (0, 1))
    when = children["birth"].to_numpy()[near][:, None] + rng.integers(low, high + 1, (len(near), len(days)))
    row, column = np.nonzero(rng.random(when.shape) < chance(odds))
    return pd.DataFrame(
        {"child": near[row], "day": when[row, column], "contact": np.array(list(days), dtype=object)[column]}
    )


def _more(rng: np.random.Generator, chunk: Chunk, level: pd.Categorical) -> pd.DataFrame:
    """Return further contacts, more at the higher levels and in the visited arm of the trial."""
    children = chunk.people.children
    a_year = np.array(list(value("early_help.health_visits.more").values()))[level.codes]
    visited = (of_family(chunk.people, ["trial"])["trial"] == "visited").to_numpy()
    a_year = a_year * np.where(visited, value("early_help.health_visits.visited"), 1.0)
    near = (children["birth"] > first_day("health_visiting") - UNTIL * YEAR) & (children["family"] >= 0)
    rates = np.repeat((a_year * near.to_numpy())[:, None], UNTIL, axis=1)
    child, age = events_by_rate(rng, rates)
    days = children["birth"].to_numpy()[child] + 15 + (age * YEAR).astype(np.int64)
    return pd.DataFrame({"child": child, "day": days, "contact": MORE})


def _below(rng: np.random.Generator, chunk: Chunk) -> np.ndarray:
    """Return whether each child's development is below expectation (bool)."""
    at = value("early_help.health_visits.below_expected")
    children = chunk.people.children
    odds = at["level"] + at["disabled"] * children["disabled"] + at["boy"] * (children["sex"] == "M")
    odds = odds + at["hardship"] * of_family(chunk.people, ["hardship"])["hardship"]
    return rng.random(len(children)) < chance(odds)
