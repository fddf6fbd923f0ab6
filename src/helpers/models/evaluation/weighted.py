"""Differences between groups made alike by weighting or matching."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from sklearn.neighbors import NearestNeighbors
from tqdm import tqdm

from helpers.models.evaluation.propensity import ESTIMANDS, balancing_weights, propensity
from helpers.models.tidy import tidy

SCALES = ("difference", "ratio")


def weighted_difference(
    frame: pd.DataFrame,
    outcome: str,
    treatment: str,
    covariates: Sequence[str],
    *,
    estimand: str = "overlap",
    scale: str = "difference",
    cluster: str | None = None,
    weight: str | None = None,
    repeats: int = 200,
    seed: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """Return the weighted difference (or ratio) of means, with errors from a bootstrap of whole clusters.

    The propensity is fitted anew in every sample, so its own error is in the interval. The unadjusted
    difference stands beside it.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per person, or per pattern with its count.
    outcome, treatment : str
        Columns: a number or 0 and 1; 0 and 1.
    covariates : sequence of str
        Known before the treatment.
    estimand : {"overlap", "ate", "att"}
        Whom the difference is about; see `balancing_weights`.
    scale : {"difference", "ratio"}
        Difference of means (of risks), or their ratio.
    cluster : str, optional
        Column of what is drawn in the bootstrap, such as the family or the authority; else each person.
    weight : str, optional
        Column of counts. Without `cluster` the counts of patterns are drawn from a multinomial.
    repeats : int
        Bootstrap samples.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    pandas.DataFrame
        term ("unadjusted", "weighted"), estimate, low, high (95%, normal; on the log for ratios), n,
        method, estimand, scale.
    """
    if scale not in SCALES:
        raise ValueError(f"There is no scale {scale!r}: choose difference or ratio.")
    counts = frame[weight].to_numpy(float) if weight else np.ones(len(frame))
    rng = np.random.default_rng(seed)
    found = np.array(_both(frame, counts, outcome, treatment, covariates, estimand, scale))
    drawn = []
    for _ in tqdm(range(repeats), desc="Bootstrap", disable=not progress):
        times = _draw(rng, frame, counts, cluster, weight)
        kept = times > 0
        drawn.append(_both(frame[kept], times[kept], outcome, treatment, covariates, estimand, scale))
    return tidy(
        ["unadjusted", "weighted"],
        found,
        np.std(drawn, axis=0, ddof=1),
        round(counts.sum()),
        "propensity weighting, bootstrap errors",
        exponentiate=scale == "ratio",
        estimand=["as recorded", ESTIMANDS[estimand]],
        scale=scale,
    )


def match_nearest(
    frame: pd.DataFrame,
    treatment: str,
    chance: pd.Series,
    *,
    caliper: float = 0.2,
    exact: Sequence[str] = (),
) -> pd.DataFrame:
    """Match each treated person to the nearest control on the log odds of the propensity, with replacement.

    Source: Austin (2011), Pharmaceutical Statistics 10(2): a caliper of 0.2 standard deviations of the log
    odds.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per person.
    chance : pandas.Series
        From `propensity`.
    caliper : float
        How far a match may be, in standard deviations of the log odds.
    exact : sequence of str
        Columns on which both must agree, such as the year of birth.

    Returns
    -------
    pandas.DataFrame
        treated, control (index labels of `frame`), distance (standard deviations); who found no match is
        not in it. ``matches["control"].value_counts()`` are the weights of the controls.
    """
    odds = np.log(chance / (1 - chance))
    spread = odds.std() or 1.0
    had = frame[treatment].astype(bool)
    groups = frame.groupby(list(exact), sort=True).groups.values() if exact else [frame.index]
    pairs = []
    for labels in groups:
        inside = pd.Index(labels)
        yes, no = inside[had[inside].to_numpy()], inside[~had[inside].to_numpy()]
        if not len(yes) or not len(no):
            continue
        near = NearestNeighbors(n_neighbors=1).fit(odds[no].to_numpy()[:, None])
        distance, place = near.kneighbors(odds[yes].to_numpy()[:, None])
        pair = {"treated": yes, "control": no[place[:, 0]], "distance": distance[:, 0] / spread}
        pairs.append(pd.DataFrame(pair))
    if not pairs:
        return pd.DataFrame(columns=["treated", "control", "distance"])
    table = pd.concat(pairs, ignore_index=True)
    return table[table["distance"] <= caliper].reset_index(drop=True)


def matched_difference(frame: pd.DataFrame, outcome: str, matches: pd.DataFrame) -> pd.DataFrame:
    """Return the mean difference between the treated and their matches.

    Errors cluster by control, as one control may stand beside several. The matches are taken as given,
    which for matching on an estimated propensity is most often cautious (Abadie and Imbens 2016).

    Returns
    -------
    pandas.DataFrame
        term ("matched"), estimate, low, high, n (pairs), method, controls (distinct).
    """
    if len(matches) < 2:
        raise ValueError("There are fewer than two matches: widen the caliper or look at the overlap.")
    values = frame[outcome].astype(float)
    gap = values[matches["treated"]].to_numpy() - values[matches["control"]].to_numpy()
    group = pd.factorize(matches["control"])[0]
    fitted = sm.OLS(gap, np.ones(len(gap))).fit(cov_type="cluster", cov_kwds={"groups": group})
    return tidy(
        ["matched"],
        fitted.params,
        fitted.bse,
        len(gap),
        "nearest neighbour on the propensity, with replacement",
        controls=int(group.max() + 1),
    )


def _both(
    frame: pd.DataFrame,
    counts: np.ndarray,
    outcome: str,
    treatment: str,
    covariates: Sequence[str],
    estimand: str,
    scale: str,
) -> tuple[float, float]:
    """Return the unadjusted and the weighted contrast, the log of a ratio."""
    table = frame.assign(_n=counts)
    chance = propensity(table, treatment, covariates, weight="_n")
    balancing = balancing_weights(frame[treatment], chance, estimand).to_numpy()
    had = frame[treatment].to_numpy(bool)
    values = frame[outcome].to_numpy(float)

    def contrast(weights: np.ndarray) -> float:
        yes, no = (np.average(values[g], weights=weights[g]) for g in (had, ~had))
        return float(np.log(yes / no)) if scale == "ratio" else float(yes - no)

    return contrast(counts), contrast(counts * balancing)


def _draw(
    rng: np.random.Generator, frame: pd.DataFrame, counts: np.ndarray, cluster: str | None, weight: str | None
) -> np.ndarray:
    """Return how often each row stands in a bootstrap sample."""
    if cluster is None:
        total = round(counts.sum())
        return rng.multinomial(total, counts / counts.sum()).astype(float)
    codes, names = pd.factorize(frame[cluster])
    times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
    return times[codes] * counts
