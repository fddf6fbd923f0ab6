"""Interactions as people read them: predicted gaps between groups, within other groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from helpers.models.regression.design import levels
from helpers.models.regression.fitting import Fit, fit
from helpers.models.regression.stages import METHODS
from helpers.models.tidy import tidy

BOTH = "both"  # the two factors as one, so that every pair has its own level
PREDICTED, DIFFERENCE, RATIO = "predicted", "difference", "ratio"
DIFFERENCES, RATIOS = "difference of differences", "ratio of ratios"


def predicted_gaps(
    frame: pd.DataFrame,
    outcome: str,
    focus: str,
    within: str,
    terms: Sequence[str] = (),
    family: str = "linear",
    cluster: str | None = None,
    weight: str | None = None,
) -> pd.DataFrame:
    """Return predicted outcomes, the gaps between groups within other groups, and how the gaps differ.

    The model gives every pair of values its own level, which is a full interaction. Predictions are
    marginal (standardised): everyone fitted is given the pair, keeps the other terms, and the predictions
    are averaged, so that all pairs are compared over one population. Intervals are by the delta method,
    given the terms as they are in the frame; those of ratios are symmetric for the logarithm. A narrower
    gap as a difference may be a wider one as a ratio: both are given, and neither is the truth alone.

    Parameters
    ----------
    frame, outcome, family, cluster, weight
        As for `staged`.
    focus, within : str
        Categorical columns; the first value of each is the reference. E.g. special needs within steps of
        involvement with social care.
    terms : sequence of str
        What else is in the model.

    Returns
    -------
    pandas.DataFrame
        term (value of `focus`), estimate, low, high, n (units with the pair), method, outcome, measure
        (predicted, difference, ratio: to the reference of `focus`; difference of differences, ratio of
        ratios: of that gap to the gap in the reference of `within`), within (value), against. Pairs that
        nobody has are left out; ratios are where predictions are positive.

    Raises
    ------
    ValueError
        See `fit`; and where a column holds one value only.
    """
    rows = frame.dropna(subset=[outcome, focus, within, *terms])
    first, second = levels(rows[focus]), levels(rows[within])
    if len(first) < 2 or len(second) < 2:
        raise ValueError(f"A gap needs two or more values of {focus} and of {within}.")
    there = set(zip(rows[focus], rows[within], strict=True))
    pairs = [pair for pair in product(first, second) if pair in there]
    names = [f"{f} | {w}" for f, w in pairs]
    joint = rows[focus].astype(str) + " | " + rows[within].astype(str)
    rows = rows.assign(**{BOTH: pd.Categorical(joint, names)})
    fitted = fit(rows, outcome, [BOTH, *terms], family, cluster, weight)
    means, covariance = _standardised(fitted, names)
    counts = fitted.frame.assign(_n=fitted.weights).groupby(BOTH, observed=True)["_n"].sum()
    sizes = [int(round(counts.get(name, 0))) for name in names]
    method = f"{METHODS[family]}, standardised predictions, delta method"
    found = _Predictions(pairs, means, covariance, sizes, first[0], second[0], method)
    return _lines(found).assign(outcome=outcome)


def _standardised(fitted: Fit, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the average prediction of each pair, and the covariance of them by the delta method."""
    x, share = fitted.matrix.to_numpy().copy(), fitted.weights / fitted.weights.sum()
    columns = list(fitted.matrix.columns)
    own = [columns.index(f"{BOTH}: {name}") for name in names[1:]]
    means, gradients = [], []
    for place in [None, *own]:
        x[:, own] = 0.0
        if place is not None:
            x[:, place] = 1.0
        mean, slope = _inverse_link(x @ fitted.estimates.to_numpy(), fitted.family)
        means.append(share @ mean)
        gradients.append((share * slope) @ x)
    jacobian = np.array(gradients)
    return np.array(means), jacobian @ fitted.covariance @ jacobian.T


def _inverse_link(linear: np.ndarray, family: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and its slope."""
    if family == "linear":
        return linear, np.ones_like(linear)
    if family == "poisson":
        return np.exp(linear), np.exp(linear)
    mean = 1 / (1 + np.exp(-linear))
    return mean, mean * (1 - mean)


@dataclass(frozen=True)
class _Predictions:
    """The average prediction of each pair of values, with the reference of each factor."""

    pairs: list[tuple]
    means: np.ndarray
    covariance: np.ndarray
    sizes: list[int]
    first: object
    second: object
    method: str

    def gap(self, focus: object, within: object) -> dict[tuple, float]:
        """Return the signs of the pairs that make a gap."""
        return {(focus, within): 1.0, (self.first, within): -1.0}


def _lines(found: _Predictions) -> pd.DataFrame:
    """Return all lines: predictions first, then gaps, then differences of gaps."""
    parts = [_line(found, PREDICTED, f, w, {(f, w): 1.0}) for f, w in found.pairs]
    gaps = [(f, w) for f, w in found.pairs if f != found.first and (found.first, w) in found.pairs]
    for measure in (DIFFERENCE, RATIO):
        parts += [_line(found, measure, f, w, found.gap(f, w)) for f, w in gaps]
    for measure in (DIFFERENCES, RATIOS):
        for f, w in gaps:
            if w != found.second and (f, found.second) in gaps:
                base = {pair: -sign for pair, sign in found.gap(f, found.second).items()}
                parts.append(_line(found, measure, f, w, found.gap(f, w) | base))
    return pd.concat([part for part in parts if part is not None], ignore_index=True)


def _line(
    found: _Predictions, measure: str, focus: object, within: object, signs: dict[tuple, float]
) -> pd.DataFrame | None:
    """Return one line: a sum of predictions with signs, or the ratio that the signs make."""
    contrast = np.zeros(len(found.means))
    for pair, sign in signs.items():
        contrast[found.pairs.index(pair)] = sign
    ratio = measure in (RATIO, RATIOS)
    if ratio and (found.means[contrast != 0] <= 0).any():
        return None
    slope = contrast / found.means if ratio else contrast  # of the logarithms, or of the means
    estimate = contrast @ np.log(np.where(contrast, found.means, 1)) if ratio else contrast @ found.means
    error = np.sqrt(max(slope @ found.covariance @ slope, 0.0))
    against = "" if measure == PREDICTED else str(found.first)
    if measure in (DIFFERENCES, RATIOS):
        against = f"{found.first}; gap in {found.second}"
    size = found.sizes[found.pairs.index((focus, within))]
    return tidy(
        [str(focus)], [estimate], [error], size, found.method,
        exponentiate=ratio, outcome="", measure=measure, within=str(within), against=against,
    )  # fmt: skip
