"""Linear, logistic and Poisson models fitted with statsmodels on rows or on counted patterns.

On patterns, N is the sum of the weights: coefficients, errors and log-likelihood equal those on rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.sandwich_covariance import S_crosssection
from threadpoolctl import threadpool_limits

from helpers.models.regression.design import SQUARES, complete, design

FAMILIES = {"linear": None, "logistic": sm.families.Binomial, "poisson": sm.families.Poisson}


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    estimates, errors : pandas.Series
        By name of the design's columns, on the scale of the linear predictor.
    covariance : numpy.ndarray
    family : str
    log_likelihood : float
    n : int
        Sum of the weights.
    clusters : int
        Number of clusters; 0 where errors are robust only.
    matrix : pandas.DataFrame
        The design.
    weights : numpy.ndarray
    reference : dict of str to str
        Reference of each categorical term.
    frame : pandas.DataFrame
        The rows or patterns fitted.
    """

    estimates: pd.Series
    errors: pd.Series
    covariance: np.ndarray
    family: str
    log_likelihood: float
    n: int
    clusters: int
    matrix: pd.DataFrame
    weights: np.ndarray
    reference: dict[str, str]
    frame: pd.DataFrame

    @property
    def p(self) -> pd.Series:
        """Two-sided p-values by the normal distribution."""
        return pd.Series(2 * stats.norm.sf(np.abs(self.estimates / self.errors)), self.estimates.index)


@threadpool_limits.wrap(limits=1, user_api="blas")  # threads cost more than such small sums gain
def fit(
    frame: pd.DataFrame,
    outcome: str,
    terms: list[str],
    family: str = "linear",
    cluster: str | None = None,
    weight: str | None = None,
) -> Fit:
    """Fit a model on the complete rows, with robust or cluster-robust errors.

    Errors: with `cluster`, CR1 (Liang and Zeger 1986), by the factor G/(G-1) * (N-1)/(N-K) as in Stata's
    regress; else HC1, White's (1980) by N/(N-K). With the Poisson family and a yes/no outcome this is the
    modified Poisson regression for risk ratios (Zou 2004).

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows, or patterns from `patterns` with `weight`. Patterns of a linear model hold the column squares,
        unless each is of one value of the outcome too.
    outcome : str
    terms : list of str
    family : {"linear", "logistic", "poisson"}
    cluster : str, optional
        Column of the clusters.
    weight : str, optional
        Column of frequencies: how many rows a pattern stands for.

    Raises
    ------
    ValueError
        For an unknown family, columns that are not there, and fewer than two clusters.
    """
    if family not in FAMILIES:
        raise ValueError(f"Family {family!r} is not known: use {', '.join(FAMILIES)}.")
    extra = [name for name in (cluster, weight) if name]
    rows = complete(frame, [outcome, *terms, *extra])
    matrix, reference = design(rows, terms)
    weights = rows[weight].to_numpy(float) if weight else np.ones(len(rows))
    y, x = rows[outcome].to_numpy(float), matrix.to_numpy()
    groups = pd.factorize(rows[cluster])[0] if cluster else None
    if groups is not None and groups.max() < 1:
        raise ValueError(f"Clustered errors need two or more values of {cluster}; there is one.")
    inside = rows[SQUARES].to_numpy(float) if SQUARES in rows and weight and family == "linear" else 0.0
    if family == "linear":
        found, mean, bread = _linear(y, x, weights)
        squares = weights * (y - mean) ** 2 + inside  # summed over the rows of each pattern
        n = weights.sum()
        likelihood = -n / 2 * (np.log(2 * np.pi * squares.sum() / n) + 1)
    else:
        same = rows.groupby([outcome, *terms], sort=False, observed=True).ngroup().to_numpy()
        found, mean, bread, likelihood = _generalised(family, y, x, weights, same)
        squares = weights * (y - mean) ** 2
    covariance = _sandwich(bread, x, weights * (y - mean), squares, groups, weights.sum())
    return Fit(
        estimates=pd.Series(found, matrix.columns),
        errors=pd.Series(np.sqrt(np.diag(covariance)), matrix.columns),
        covariance=covariance,
        family=family,
        log_likelihood=likelihood,
        n=int(round(weights.sum())),
        clusters=0 if groups is None else int(groups.max()) + 1,
        matrix=matrix,
        weights=weights,
        reference=reference,
        frame=rows,
    )


def _linear(y: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients, means and bread: least squares of the means of patterns, weighted."""
    fitted = sm.WLS(y, x, weights=w).fit(method="qr")
    return fitted.params, x @ fitted.params, fitted.normalized_cov_params


def _generalised(
    family: str, y: np.ndarray, x: np.ndarray, w: np.ndarray, same: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return coefficients, means, bread and log-likelihood, by maximum likelihood.

    same: number of the pattern of terms and outcome of each row. Rows that differ in their cluster only are
    fitted as one, which gives the same and takes far less time.
    """
    if family == "logistic" and not np.isin(y, (0, 1)).all():
        raise ValueError("A logistic model needs an outcome of 0 and 1.")
    first = np.unique(same, return_index=True)[1]
    link = FAMILIES[family]()
    model = sm.GLM(y[first], x[first], family=link, freq_weights=np.bincount(same, w))
    # Newton's steps from the average alone would leap too far for a small group that is unlike all others.
    options = {"method": "newton", "max_start_irls": 5, "maxiter": 100, "tol": 1e-12, "disp": False}
    fitted = model.fit(optim_hessian="eim", **options)
    bread = np.linalg.inv(-model.hessian(fitted.params, observed=False))
    return fitted.params, link.fitted(x @ fitted.params), bread, float(fitted.llf)


def _sandwich(
    bread: np.ndarray, x: np.ndarray, residual: np.ndarray, squares: np.ndarray,
    groups: np.ndarray | None, n: float,
) -> np.ndarray:  # fmt: skip
    """Return the robust covariance with N the sum of the weights, which statsmodels would take for rows.

    The score of a model with a canonical link is x times the residual; `squares` are those of the rows of
    each pattern.
    """
    k = x.shape[1]
    if groups is None:
        return bread @ (x.T * squares) @ x @ bread * n / (n - k)
    many = groups.max() + 1
    factor = many / (many - 1) * (n - 1) / (n - k)
    return bread @ S_crosssection(x * residual[:, None], groups) @ bread * factor
