"""What a model of class membership says in shares: at each value of a covariate, and per unit of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers.models.latent_class.membership import Membership, design_matrix, levels, softmax
from helpers.models.tidy import tidy


def predicted_shares(membership: Membership, term: str) -> pd.DataFrame:
    """Return the share of each class at each value of a covariate, the other covariates as they are.

    Averages the model's chances over all cases with the covariate set to each value in turn (marginal
    standardisation); intervals by the delta method.

    Parameters
    ----------
    membership : Membership
        From `covariates`.
    term : str
        A covariate, as given to `covariates`.

    Returns
    -------
    pandas.DataFrame
        `term` (its values), then term (class), estimate (share), low, high (bounded), n (cases with that
        value), method, error.
    """
    values, n = membership.given, membership.design["n"].to_numpy(float)
    terms = [name for name in values.columns if name != "n"]
    parts = []
    for value in levels(values[term]):
        as_if = values[terms].copy()
        as_if[term] = _constant(values[term], value)
        x = design_matrix(as_if, terms, like=values)[membership.coefficients.columns].to_numpy(float)
        share, slope = _average(x, n, membership.coefficients.to_numpy())
        error = np.sqrt(np.einsum("kp,pq,kq->k", slope, membership.covariance, slope))
        cases = int(n[(values[term] == value).to_numpy()].sum())
        table = tidy(membership.coefficients.index, share, error, cases, "standardised", error=error)
        parts.append(table.assign(low=table["low"].clip(0, 1), high=table["high"].clip(0, 1), value=value))
    found = pd.concat(parts, ignore_index=True)
    return found.rename(columns={"value": term})[[term, *found.columns.drop("value")]]


def share_ratios(membership: Membership, term: str) -> pd.DataFrame:
    """Return by what factor the share of each class changes per unit of a term, the others held.

    Odds ratios depend on the reference class; this does not. It is the change of the log share at the average
    shares: the log odds of the class less their average over all classes, each weighted by its share.

    Parameters
    ----------
    membership : Membership
        From `covariates`.
    term : str
        A term of its table, e.g. "year" or "sex: M".

    Returns
    -------
    pandas.DataFrame
        term (class), estimate (ratio of shares), low, high, n (cases in the model), method, error (of the
        log), p, p_adjusted (Holm over the classes).

    Raises
    ------
    ValueError
        When the model has no such term.
    """
    if term not in membership.coefficients.columns:
        raise ValueError(
            f"There is no term {term!r}; there are: {', '.join(membership.coefficients.columns[1:])}."
        )
    beta, n = membership.coefficients.to_numpy(), membership.design["n"].to_numpy(float)
    x = membership.design[membership.coefficients.columns].to_numpy(float)
    share, _ = _average(x, n, beta)
    place = membership.coefficients.columns.get_loc(term)
    others = np.delete(np.arange(len(beta)), _reference(beta))
    contrast = np.eye(len(beta))[:, others] - share[others]
    at = np.arange(len(others)) * beta.shape[1] + place
    covariance = membership.covariance[np.ix_(at, at)]
    log = beta[:, place] - share @ beta[:, place]
    error = np.sqrt(np.einsum("ka,ab,kb->k", contrast, covariance, contrast))
    p = 2 * stats.norm.sf(np.abs(log) / np.where(error > 0, error, np.inf))
    return tidy(
        membership.coefficients.index, log, error, int(n.sum()), "two-step multinomial, ratio of shares",
        exponentiate=True, error=error, p=p, p_adjusted=multipletests(p, method="holm")[1],
    )  # fmt: skip


def _average(x: np.ndarray, n: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return average shares of the classes, and their slopes in the coefficients of the other classes."""
    pi = softmax(x @ beta.T)
    share = n @ pi / n.sum()
    others = np.delete(np.arange(len(beta)), _reference(beta))
    slopes = []
    for k in range(len(beta)):
        curve = pi[:, [k]] * ((others == k).astype(float) - pi[:, others])
        slopes.append(((curve * n[:, None]).T @ x / n.sum()).ravel())
    return share, np.array(slopes)


def _reference(beta: np.ndarray) -> int:
    return int(np.flatnonzero((beta == 0).all(axis=1))[0])


def _constant(values: pd.Series, value: object) -> pd.Series:
    return pd.Series([value] * len(values), index=values.index, dtype=values.dtype)
