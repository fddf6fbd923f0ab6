"""Adoptions that ended: few, and most of them in the teenage years, long after the order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.care import ADOPT
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.social_care import referral_keys

YEAR = 365.25


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return adoption_disruptions: those within childhood and until the last day."""
    adopted = chunk.events.periods[chunk.events.periods["reason"] == ADOPT]
    number = adopted["referral_no"].to_numpy()
    child = chunk.events.referrals["child"].to_numpy()[number]
    order = adopted["end"].to_numpy()
    when = order + np.ceil(YEAR * _years(rng, len(order))).astype(np.int64)
    adult = birthday(adopted["birth"].to_numpy(), 18)
    until = np.minimum(np.minimum(adult, chunk.death[child]), year_end(value("time.last_year")) + 1)
    ended = (when < until) & (order < NEVER)
    back = rng.random(len(order)) < value("care.adoption_disrupted.back_in_care")
    found = referral_keys(chunk).iloc[number].reset_index(drop=True)
    found = found.assign(
        order_date=to_dates(order), disruption_date=to_dates(np.where(ended, when, 0)), returned_to_care=back
    )
    return {"adoption_disruptions": found[ended]}, {}


def _years(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw years from the order to its end: a Weibull distribution through two published points."""
    within_5, within_12 = (-np.log(1 - value(f"care.adoption_disrupted.within_{n}")) for n in (5, 12))
    shape = np.log(within_12 / within_5) / np.log(12 / 5)
    return np.minimum(5 * (rng.exponential(size=size) / within_5) ** (1 / shape), 100)
