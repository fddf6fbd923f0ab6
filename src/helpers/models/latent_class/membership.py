"""Class membership given what is known of children, with the classes held as they were fitted.

The measurement model comes first and stays fixed; the multinomial model of membership is then fitted on the
likelihood of the answers (Bakk and Kuha 2018, Psychometrika: two-step estimation). Unlike a regression of the
likeliest class, this is not attenuated by cases put into the wrong class. StepMix can't do it on weighted
patterns (its covariate models diverge with weights), so EM goes over scikit-learn's weighted regression.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from stepmix.stepmix import StepMix
from threadpoolctl import threadpool_limits

from helpers.models.latent_class.clusters import clustered_meat
from helpers.models.latent_class.common import Found, matrix
from helpers.models.latent_class.steps import StepOne, densities, step_one
from helpers.models.tidy import tidy

CORRECTED = "two-step multinomial"
UNCORRECTED = "multinomial on modal assignment, uncorrected"

MOST_ITERATIONS = 500
SETTLED = 1e-7  # change in the log-likelihood of all cases at which EM ends


@dataclass(frozen=True)
class Membership:
    """A model of class membership.

    Attributes
    ----------
    table : pandas.DataFrame
        Odds ratios against the reference class; see `covariates`.
    coefficients : pandas.DataFrame
        Log odds against the reference class: classes (rows, the reference 0) by terms.
    covariance : array
        Of the coefficients of the other classes, class after class, terms within.
    design : pandas.DataFrame
        The distinct rows of covariates, each with its n, in the terms of the model.
    given : pandas.DataFrame
        The same rows in the covariates as given.
    log_likelihood : float
    uncorrected : Membership or None
        The same fitted on the likeliest class.
    """

    table: pd.DataFrame
    coefficients: pd.DataFrame
    covariance: np.ndarray
    design: pd.DataFrame
    given: pd.DataFrame
    log_likelihood: float
    uncorrected: Membership | None = None


@threadpool_limits.wrap(limits=1)  # small products on many threads wait for each other more than they work
def covariates(
    model: StepMix,
    counts: pd.DataFrame,
    items: Sequence[str],
    terms: Sequence[str],
    cluster: str | None = None,
    reference: int = 1,
) -> Membership:
    """Relate class membership to covariates, the measurement model held fixed.

    The estimand is the odds of being in a class rather than in the reference class, per unit or against the
    first value of a covariate, the others held. Errors are those of two stacked estimating equations, so that
    they carry the uncertainty of the measurement model too, with cases in clusters.

    Parameters
    ----------
    model : StepMix
        As fitted on (about) the same cases.
    counts : pandas.DataFrame
        Cases counted by pattern, covariates and cluster: items, `terms`, `cluster`, n.
    items : sequence of str
    terms : sequence of str
        Covariates. Text and categories get a term for each value but the first (in the order of the
        categories, else sorted); numbers are taken as they are.
    cluster : str, optional
        Column of `counts`; each case by itself when not given.
    reference : int
        Class to compare with; the largest when not given.

    Where a class never occurs at some value of a covariate, its odds ratio goes to 0 and its interval means
    nothing; `predicted_shares` shows the class as absent there.

    Returns
    -------
    Membership
        Its table holds: term ("column: value" or the column), estimate (odds ratio), low, high, n (cases in
        the model), method, class, reference, error (of the log), p; the corrected rows, then the uncorrected.

    Raises
    ------
    ValueError
        When a covariate is missing for some case, or has only one value.
    """
    values = _checked(counts, list(terms))
    design = design_matrix(values, terms)
    codes = None if cluster is None else pd.factorize(counts[cluster])[0]
    first = step_one(model, counts, items)
    x, shares = matrix(counts, items), Found.of(model).shares
    likely = densities(model, x)
    put = (likely * shares).argmax(axis=1)
    fits = [
        _fit(given, counts["n"].to_numpy(float), design, values, codes, reference - 1, method, step)
        for given, method, step in (
            (likely, CORRECTED, first), (np.eye(len(shares))[put], UNCORRECTED, None)
        )
    ]  # fmt: skip
    both = pd.concat([fit.table for fit in fits], ignore_index=True)
    corrected = fits[0]
    return Membership(both, corrected.coefficients, corrected.covariance, corrected.design,
                      corrected.given, corrected.log_likelihood, fits[1])  # fmt: skip


def design_matrix(
    frame: pd.DataFrame, terms: Sequence[str], like: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return covariates as the model takes them: a constant, numbers, 0 or 1 for each value but the first.

    Parameters
    ----------
    like : pandas.DataFrame, optional
        Frame whose values say which terms there are; `frame` itself when not given.
    """
    columns = {"constant": np.ones(len(frame))}
    for term in terms:
        source = frame[term] if like is None else like[term]
        if pd.api.types.is_numeric_dtype(source):
            columns[term] = frame[term].to_numpy(float)
            continue
        for value in levels(source)[1:]:
            columns[f"{term}: {value}"] = (frame[term] == value).to_numpy(float)
    return pd.DataFrame(columns, index=frame.index)


def _fit(
    given: np.ndarray,
    n: np.ndarray,
    design: pd.DataFrame,
    values: pd.DataFrame,
    codes: np.ndarray | None,
    reference: int,
    method: str,
    first: StepOne | None,
) -> Membership:
    """Fit membership on the chance of each row's answers given each class."""
    cell, distinct = _distinct(design)
    beta = _em(given, n, cell, distinct)
    beta = beta - beta[reference]
    chances = softmax(distinct @ beta.T)[cell]
    total = (chances * given).sum(axis=1)
    posterior = chances * given / total[:, None]
    covariance = _covariance(posterior, chances, n, design.to_numpy(float), codes, reference, first)
    numbers = pd.Index(range(1, beta.shape[0] + 1), name="class")
    coefficients = pd.DataFrame(beta, index=numbers, columns=design.columns)
    held = design.assign(n=n).join(values.add_prefix("value "))
    held = held.groupby(list(held.columns.drop("n")), as_index=False, observed=True, sort=False)["n"].sum()
    named = held[[f"value {name}" for name in values]].set_axis(list(values), axis=1)
    table = _odds_ratios(coefficients, covariance, reference + 1, int(n.sum()), method)
    return Membership(
        table, coefficients, covariance, held[[*design.columns, "n"]], named, float(n @ np.log(total))
    )


def _em(given: np.ndarray, n: np.ndarray, cell: np.ndarray, distinct: np.ndarray) -> np.ndarray:
    """Return the coefficients (classes x terms): EM, each M step a weighted multinomial regression.

    Rows with the same covariates have the same chances, so the regression sees each distinct row of them
    once a class, with the expected number of cases as its weight.
    """
    cells, classes = len(distinct), given.shape[1]
    repeated, target = np.repeat(distinct[:, 1:], classes, axis=0), np.tile(np.arange(classes), cells)
    beta, last = np.zeros((classes, distinct.shape[1])), -np.inf
    spread, centre = np.maximum(distinct[:, 1:].std(axis=0), 1e-9), distinct[:, 1:].mean(axis=0)
    scaled = (repeated - centre) / spread
    regression = LogisticRegression(C=np.inf, solver="lbfgs", max_iter=200, tol=1e-8, warm_start=True)
    for _ in range(MOST_ITERATIONS):
        chances = softmax(distinct @ beta.T)[cell] * given
        fitted = float(n @ np.log(chances.sum(axis=1)))
        if fitted - last < SETTLED:
            break
        last = fitted
        responsible = chances / chances.sum(axis=1, keepdims=True) * n[:, None]
        weight = np.column_stack([np.bincount(cell, column, cells) for column in responsible.T])
        with warnings.catch_warnings():  # EM goes on from where a step stopped
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(scaled, target, sample_weight=weight.ravel() / weight.mean())
        slopes = regression.coef_ / spread
        beta = np.column_stack([regression.intercept_ - slopes @ centre, slopes])
        beta = beta - beta[0]
    return beta


def _covariance(
    posterior: np.ndarray,
    chances: np.ndarray,
    n: np.ndarray,
    x: np.ndarray,
    codes: np.ndarray | None,
    reference: int,
    first: StepOne | None,
) -> np.ndarray:
    """Return the sandwich covariance of the coefficients, the first step's uncertainty included."""
    others = np.delete(np.arange(posterior.shape[1]), reference)
    r, pi, terms = posterior[:, others], chances[:, others], x.shape[1]
    size = len(others) * terms
    information = np.zeros((size, size))
    for a in range(len(others)):
        for b in range(a, len(others)):
            same = float(a == b)
            curve = pi[:, a] * (same - pi[:, b]) - r[:, a] * (same - r[:, b])
            block = (x * (n * curve)[:, None]).T @ x
            rows, columns = slice(a * terms, (a + 1) * terms), slice(b * terms, (b + 1) * terms)
            information[rows, columns] = information[columns, rows] = block
    scores = ((r - pi)[:, :, None] * x[:, None, :]).reshape(len(x), size)
    inverse = np.linalg.pinv(information)
    if first is not None:
        scores = scores + first.carried_over(posterior, n, x, others)
    return inverse @ clustered_meat(scores, n, codes) @ inverse


def _odds_ratios(
    coefficients: pd.DataFrame, covariance: np.ndarray, reference: int, cases: int, method: str
) -> pd.DataFrame:
    wide = coefficients.drop(index=reference)
    log = wide.to_numpy().ravel()
    error = np.sqrt(np.clip(np.diag(covariance), 0, None))
    names = np.tile(wide.columns.to_numpy(), len(wide))
    number = np.repeat(wide.index.to_numpy(), wide.shape[1])
    table = tidy(
        names, log, error, cases, method, exponentiate=True, **{"class": number}, reference=reference,
        error=error, p=2 * stats.norm.sf(np.abs(log) / np.where(error > 0, error, np.inf)),
    )  # fmt: skip
    return table[table["term"] != "constant"].reset_index(drop=True)


def _checked(counts: pd.DataFrame, terms: list[str]) -> pd.DataFrame:
    for term in terms:
        if counts[term].isna().any():
            raise ValueError(f"{term!r} is missing for some cases: give them a value, such as 'not known'.")
        if counts[term].nunique() < 2:
            raise ValueError(f"{term!r} has only one value: leave it out.")
    return counts[terms].reset_index(drop=True)


def levels(values: pd.Series) -> list[object]:
    """Return the values that occur, in their own order where they have one, else sorted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level for level in values.cat.categories if (values == level).any()]
    return sorted(values.unique())


def _distinct(design: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each row's covariates among the distinct ones, and these."""
    distinct, cell = np.unique(design.to_numpy(float), axis=0, return_inverse=True)
    return cell.ravel(), distinct


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return the chances that scores (rows x classes) stand for."""
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)
