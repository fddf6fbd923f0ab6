"""Making two groups alike on what was recorded: propensities, weights, balance and overlap.

What is estimated: the difference between those who had something (a service, a plan) and alike people who
had not. It can be read as an effect only if everything that led to it and to the outcome is among the
covariates and both groups could have had it. The second shows in `overlap` and `balance`; the first never
does: see `e_value`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

ESTIMANDS = {
    "ate": "everyone (inverse probability weights)",
    "att": "those treated (odds weights)",
    "overlap": "those who could have been either (overlap weights)",
}


def columns(frame: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Return covariates as numbers: categories become dummies against their first, named "column: value"."""
    parts = []
    for name in covariates:
        values = frame[name]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            parts.append(values.astype(float).rename(name))
            continue
        dummies = pd.get_dummies(values, dtype=float).iloc[:, 1:]
        parts.append(dummies.rename(columns={value: f"{name}: {value}" for value in dummies}))
    table = pd.concat(parts, axis=1)
    if table.isna().any(axis=None):
        raise ValueError("A covariate has missing values: impute them or give them a category of their own.")
    return table


def propensity(
    frame: pd.DataFrame, treatment: str, covariates: Sequence[str], *, weight: str | None = None
) -> pd.Series:
    """Return each row's probability of treatment from a logistic regression without penalty.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per person, or per distinct pattern with its count.
    treatment : str
        Column of 0 and 1 (or bool).
    covariates : sequence of str
        Columns known before the treatment; numbers enter as they are, categories as dummies.
    weight : str, optional
        Column of how many people a row stands for.

    Returns
    -------
    pandas.Series
        float, by the index of `frame`.

    Raises
    ------
    ValueError
        If a covariate has missing values, or only one group is there.
    """
    treated = frame[treatment].astype(int).to_numpy()
    if set(np.unique(treated)) != {0, 1}:
        raise ValueError(f"{treatment!r} must hold both 0 and 1, and nothing else.")
    x = columns(frame, covariates)
    spread = x.std().replace(0, 1.0)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", max_iter=200, tol=1e-8)
    counts = frame[weight].to_numpy(float) if weight else None
    scaled = ((x - x.mean()) / spread).to_numpy()
    fitted = model.fit(scaled, treated, sample_weight=counts)
    return pd.Series(fitted.predict_proba(scaled)[:, 1], index=frame.index, name="propensity")


def balancing_weights(treated: pd.Series, chance: pd.Series, estimand: str = "overlap") -> pd.Series:
    """Return the weights that make both groups alike on the covariates.

    Source: Li, Morgan and Zaslavsky (2018), Balancing covariates via propensity score weighting, JASA
    113(521): weights 1/e and 1/(1-e) for everyone, 1 and e/(1-e) for those treated, 1-e and e for the
    overlap. Overlap weights need no trimming, and balance the means of the covariates exactly.

    Parameters
    ----------
    treated : pandas.Series
        0 and 1 (or bool).
    chance : pandas.Series
        From `propensity`.
    estimand : {"overlap", "ate", "att"}

    Returns
    -------
    pandas.Series
        float; in each group they are scaled to mean 1.
    """
    if estimand not in ESTIMANDS:
        raise ValueError(f"There is no estimand {estimand!r}: choose of {', '.join(ESTIMANDS)}.")
    had = treated.astype(bool)
    e = chance.clip(1e-9, 1 - 1e-9)
    yes, no = {"ate": (1 / e, 1 / (1 - e)), "att": (e * 0 + 1, e / (1 - e)), "overlap": (1 - e, e)}[estimand]
    weights = yes.where(had, no)
    return (weights / weights.groupby(had).transform("mean")).rename("balancing_weight")


def balance(
    frame: pd.DataFrame,
    treatment: str,
    covariates: Sequence[str],
    balancing: pd.Series,
    *,
    weight: str | None = None,
) -> pd.DataFrame:
    """Return standardised differences of means before and after weighting.

    Source: Austin (2009), Statistics in Medicine 28(25): the difference over the root mean of both groups'
    unweighted variances, the same before and after; beyond 0.1 in size is commonly taken as unbalanced.

    Parameters
    ----------
    balancing : pandas.Series
        Weights from `balancing_weights`, or counts of matches from `match_nearest`.
    weight : str, optional
        Column of counts.

    Returns
    -------
    pandas.DataFrame
        term, treated, control (means before), before, after (standardised differences), balanced (bool).
    """
    x, had = columns(frame, covariates), frame[treatment].astype(bool).to_numpy()
    counts = frame[weight].to_numpy(float) if weight else np.ones(len(frame))
    rows = []
    for name in x:
        values = x[name].to_numpy()
        (m1, v1), (m0, v0) = (_moments(values[g], counts[g]) for g in (had, ~had))
        after = counts * balancing.to_numpy(float)
        (w1, _), (w0, _) = (_moments(values[g], after[g]) for g in (had, ~had))
        spread = np.sqrt((v1 + v0) / 2)
        spread = spread if spread > 0 else np.nan
        rows.append((name, m1, m0, (m1 - m0) / spread, (w1 - w0) / spread))
    table = pd.DataFrame(rows, columns=["term", "treated", "control", "before", "after"])
    return table.assign(balanced=table["after"].abs().fillna(0) <= 0.1)


def overlap(
    treated: pd.Series, chance: pd.Series, *, weight: pd.Series | None = None, bins: int = 20
) -> pd.DataFrame:
    """Return how both groups spread over the propensity, for a figure.

    Returns
    -------
    pandas.DataFrame
        group ("treated", "control"), low, high (edges), n (people), share (of the group).
    """
    counts = np.ones(len(chance)) if weight is None else weight.to_numpy(float)
    edges = np.linspace(0, 1, bins + 1)
    parts = []
    for name, inside in (("treated", treated.astype(bool)), ("control", ~treated.astype(bool))):
        n, _ = np.histogram(chance[inside], bins=edges, weights=counts[inside.to_numpy()])
        part = pd.DataFrame({"group": name, "low": edges[:-1], "high": edges[1:], "n": n.round().astype(int)})
        parts.append(part.assign(share=n / n.sum()))
    return pd.concat(parts, ignore_index=True)


def effective_sizes(
    treated: pd.Series, balancing: pd.Series, *, weight: pd.Series | None = None
) -> pd.DataFrame:
    """Return Kish's effective sample size of both groups: how many people weigh as much as the weighted ones.

    Returns
    -------
    pandas.DataFrame
        group, n (people), effective (float), largest (share of the largest single weight).
    """
    counts = np.ones(len(treated)) if weight is None else weight.to_numpy(float)
    rows = []
    for name, inside in (("treated", treated.astype(bool)), ("control", ~treated.astype(bool))):
        w, n = balancing[inside].to_numpy(float), counts[inside.to_numpy()]
        total = (n * w).sum()
        rows.append((name, round(n.sum()), total**2 / (n * w**2).sum(), w.max() / total))
    return pd.DataFrame(rows, columns=["group", "n", "effective", "largest"])


def _moments(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    mean = float(np.average(values, weights=weights))
    return mean, float(np.average((values - mean) ** 2, weights=weights))
