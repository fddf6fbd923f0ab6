"""How the share of each class varies between places, beyond what chance would make it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from helpers.models.tidy import tidy

METHOD = "random-effects meta-analysis of places (Paule and Mandel)"
LIMITS = {"95": 0.05, "998": 0.002}  # usual limits of a funnel plot: 95% and 99.8%


@dataclass(frozen=True)
class Variation:
    """Variation between places.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a class; see `between_places`.
    places : pandas.DataFrame
        One row a place and class.
    """

    table: pd.DataFrame
    places: pd.DataFrame


def between_places(shares: pd.DataFrame, place: str) -> Variation:
    """Return how much the share of each class varies between places, and each place's share, shrunken.

    Part of the differences between places is chance, the more the fewer cases a place has. What is left is
    the standard deviation between places, from a random-effects model (statsmodels' `combine_effects`).
    A place's shrunken share is its own, drawn towards that of all by as much as chance is in it
    (Efron and Morris 1975).

    Parameters
    ----------
    shares : pandas.DataFrame
        From `class_shares` by `place`, of one method: `place`, term, estimate, error, of.
    place : str

    Returns
    -------
    Variation
        `table`: term (class), estimate (mean share of places), low, high, n (places), method, spread
        (standard deviation between places), i2 (share of the variance seen that is not chance), p (Cochran's
        Q), p_adjusted (Holm).
        `places`: `place`, term, estimate (shrunken), low, high, n (cases of the place), method, observed,
        low_95, high_95, low_998, high_998 (limits within which chance alone keeps a place; Spiegelhalter
        2005; like corrected shares they may lie below 0, and of rare classes they are rough).

    Raises
    ------
    ValueError
        When there are fewer than three places.
    """
    if shares[place].nunique() < 3:
        raise ValueError("Variation between places needs at least three of them.")
    parts = [_one_class(part, place, term) for term, part in shares.groupby("term", sort=True)]
    table = pd.concat([row for row, _ in parts], ignore_index=True)
    table["p_adjusted"] = multipletests(table["p"], method="holm")[1]
    return Variation(table, pd.concat([rows for _, rows in parts], ignore_index=True))


def _one_class(part: pd.DataFrame, place: str, term: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    share, cases = part["estimate"].to_numpy(float), part["of"].to_numpy(float)
    # The error of a place with few cases is itself unsure (0 where it has none of a class), so the variance
    # of one case is taken from all places together.
    one_case = np.average((part["error"] ** 2 * cases), weights=cases)
    variance = one_case / cases
    found = combine_effects(share, variance, method_re="iterated")
    between = max(float(found.tau2), 0.0)
    mean, error = float(found.mean_effect_re), float(found.sd_eff_w_re)
    test = found.test_homogeneity()
    i2 = max(0.0, 1 - (len(share) - 1) / max(float(test.statistic), 1e-12))
    row = tidy(
        [term], [mean], [error], len(share), METHOD, spread=np.sqrt(between), i2=i2, p=float(test.pvalue)
    )  # fmt: skip
    weight = between / (between + variance)
    shrunken = mean + weight * (share - mean)
    rows = tidy([term] * len(share), shrunken, np.sqrt(weight * variance), cases, "shrunken towards the mean")
    funnel = {
        f"{side}_{name}": mean + sign * stats.norm.isf(level / 2) * np.sqrt(variance)
        for name, level in LIMITS.items()
        for side, sign in (("low", -1), ("high", 1))
    }
    rows = rows.assign(observed=share, **funnel)
    rows.insert(0, place, part[place].to_numpy())
    return row, rows
