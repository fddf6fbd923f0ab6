"""Special educational needs: who has support or a plan in each year, and the type of need.

A plan (statement, or education, health and care plan), once there, stays. Its odds rise by year and year
group, with disability, and with the years a child has been known to social care. Support is drawn with one
part that lasts and one that is new at each stage of schooling.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import referrals
from helpers.synth.chunk import Chunk
from helpers.synth.parameters import categories, value

TYPES = ("SPLD", "MLD", "SLD", "PMLD", "SEMH", "SLCN", "HI", "VI", "MSI", "PD", "ASD", "OTH", "NSA")
SEMH = TYPES.index("SEMH")
NONE, SUPPORT, PLAN = range(3)
STAGES = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4])  # of reception to year 13


class Needs(NamedTuple):
    """Special needs of each child.

    sen: int8 of shape (children, years): 0 none, 1 support, 2 plan, while of school age, at school or not.
    type: int8 of shape (children,), place in `TYPES` of the primary need, -1 where there is never any.
    """

    sen: np.ndarray
    type: np.ndarray


def draw(rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray) -> Needs:
    """Return special needs by year, and the type of need.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    by_age : numpy.ndarray
        Year group by age of each child in each year.
    """
    status = np.maximum.accumulate(chunk.journeys.in_year, axis=1)
    group = np.clip(by_age, 0, len(STAGES) - 1)
    planned = _plans(rng, chunk, status, group) & (by_age >= 0)
    planned = np.maximum.accumulate(planned, axis=1)
    supported = _support(rng, chunk, status, group)
    sen = np.where(planned, PLAN, np.where(supported, SUPPORT, NONE)).astype(np.int8)
    sen[(by_age < 0) | (by_age >= len(STAGES))] = NONE
    return Needs(sen, _types(rng, chunk, sen, status[:, -1]))


def assessed_as_disabled(chunk: Chunk) -> np.ndarray:
    """Return whether each child was ever in need in the demand category of disability (bool)."""
    referred = chunk.events.referrals
    name = categories()["name"].to_numpy()[referred["category"]]
    found = np.zeros(len(chunk.people.children), dtype=bool)
    found[referred["child"][(name == "Disability") & referred["in_need"]]] = True
    return found


def _own(chunk: Chunk, effects: dict[str, float]) -> np.ndarray:
    """Return the log odds that traits of child and family add."""
    children = chunk.people.children
    of = referrals.of_family(chunk.people, ["hardship", "frailty"])
    own = effects["male"] * (children["sex"] == "M") + effects["disabled"] * children["disabled"]
    own = own + effects["hardship"] * of["hardship"] + effects["frailty"] * of["frailty"]
    return own.to_numpy(dtype=np.float32)


def _by_year(name: str, width: int) -> np.ndarray:
    known = value(name)
    last = value("time.last_year")
    years = np.arange(last - width + 1, last + 1)
    return np.interp(years, list(known), list(known.values())).astype(np.float32)


def _plans(rng: np.random.Generator, chunk: Chunk, status: np.ndarray, group: np.ndarray) -> np.ndarray:
    effects = value("education.plan.effects")
    own = _own(chunk, effects) + rng.logistic(size=len(group)).astype(np.float32)
    own[assessed_as_disabled(chunk)] += effects["disability_case"]
    known = np.cumsum(chunk.journeys.in_year > 0, axis=1, dtype=np.int8)
    by_known = value("education.plan.years_in_need") * np.minimum(
        np.arange(128), value("education.plan.years_most")
    )
    log_odds = own[:, None] + _by_year("education.plan.level", group.shape[1])
    log_odds += np.array(value("education.plan.status"), dtype=np.float32)[status]
    log_odds += by_known.astype(np.float32)[known]
    log_odds += (effects["year_group"] * np.arange(len(STAGES))).astype(np.float32)[group]
    return log_odds > 0


def _support(rng: np.random.Generator, chunk: Chunk, status: np.ndarray, group: np.ndarray) -> np.ndarray:
    anew = value("education.support.stage_spread")
    lasting = rng.normal(size=len(group)).astype(np.float32) * np.sqrt(1 - anew)
    by_stage = rng.normal(size=(len(group), STAGES.max() + 1)).astype(np.float32) * np.sqrt(anew)
    spread = np.pi / np.sqrt(3)  # as a logistic draw has
    own = _own(chunk, value("education.support.effects"))
    drawn = own[:, None] + spread * (lasting[:, None] + by_stage)
    log_odds = np.take_along_axis(drawn, STAGES[group], axis=1)
    log_odds += _by_year("education.support.level", group.shape[1])
    log_odds += np.array(value("education.support.status"), dtype=np.float32)[status]
    log_odds += np.array(value("education.support.year_group"), dtype=np.float32)[group]
    return log_odds > 0


def _types(rng: np.random.Generator, chunk: Chunk, sen: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Draw the primary need of each child who ever has special needs."""
    most = sen.max(axis=1)
    shares = pd.Series(value("education.types.shares"))[list(TYPES)]
    weights = np.tile(shares.to_numpy(), (len(sen), 1))
    cases = {
        "disabled": chunk.people.children["disabled"].to_numpy() | assessed_as_disabled(chunk),
        "plan": most == PLAN,
        "in_need": status == 1,
        "protected": status == 2,
        "looked_after": status == 3,
    }
    for name, has in cases.items():
        ratio = pd.Series(value(f"education.types.{name}")).reindex(TYPES, fill_value=1.0).to_numpy()
        weights[has] *= ratio
    upto = weights.cumsum(axis=1)
    drawn = (upto < (rng.random(len(sen)) * upto[:, -1])[:, None]).sum(axis=1)
    return np.where(most > NONE, drawn, -1).astype(np.int8)
