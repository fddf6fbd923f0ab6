"""Whether the classes of one time are those of another: held fixed, and freed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from stepmix.stepmix import StepMix
from threadpoolctl import threadpool_limits

from helpers.models.latent_class.common import Found, matrix
from helpers.models.latent_class.steps import chance_errors
from helpers.models.tidy import tidy

MOST_ITERATIONS = 5_000
TOLERANCE = 1e-5  # change in the log-likelihood of all cases at which EM ends
EDGE = 1e-9
FEWEST = 5  # expected cases with and without an item that a test of its change needs

METHOD = "multiple-group latent class model"


@dataclass(frozen=True)
class Invariance:
    """Fits to two groups of cases that differ in what they hold equal.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a model; see `invariance`.
    moved : pandas.DataFrame
        How far each item moved in each class.
    shares : pandas.DataFrame
        Shares of the classes in either group, with the classes held equal.
    """

    table: pd.DataFrame
    moved: pd.DataFrame
    shares: pd.DataFrame


@threadpool_limits.wrap(limits=1)  # small products on many threads wait for each other more than they work
def invariance(model: StepMix, before: pd.DataFrame, after: pd.DataFrame, items: Sequence[str]) -> Invariance:
    """Hold the classes equal in two groups of cases, then free them, and compare.

    Four models, from the narrowest: classes and shares as in `before` (nothing is fitted to `after`); classes
    equal in both groups and as many shares free; the chances of the items free in either group too. And, as
    a study would do it whose first years are already published, classes held as fitted on `before` with
    only the shares fitted to `after`. Source: measurement invariance for latent class models, Collins and
    Lanza (2010), chapter 5.

    Parameters
    ----------
    model : StepMix
        Classes to begin from, as fitted on `before` or on both.
    before, after : pandas.DataFrame
        Patterns: items (0 or 1) and n.
    items : sequence of str

    Returns
    -------
    Invariance
        `table`: model, log_likelihood (of both groups), parameters, cases (sum of n), bic (N = cases),
        statistic, df, p (likelihood ratio against the next freer model of the nested three). The chi-squared
        reference is rough where chances lie at 0 or 1, and with many cases any difference becomes
        significant: read it beside BIC and `moved`.
        `moved`: term (class), item, estimate (after less before, with the classes freed), low, high, n
        (expected cases of the class in `after`), method, before, after, p, p_adjusted (Holm over all
        that are tested: those with at least five expected cases with and without the item in both groups).
        Errors take cases for independent; of a child in both groups that overstates, of one assessed twice
        in a group it understates them.
        `shares`: term (class), before, after, estimate (difference), ratio.
    """
    shares, chances = Found.of(model)
    x = np.vstack([matrix(before, items), matrix(after, items)])
    n = np.concatenate([before["n"], after["n"]]).astype(float)
    group = np.repeat([0, 1], [len(before), len(after)])
    one, two = np.zeros(len(before), dtype=int), np.zeros(len(after), dtype=int)
    start = shares[None, :]
    first = _em(x[group == 0], n[group == 0], one, start, chances)
    later = _em(x[group == 1], n[group == 1], two, start, first.chances)
    fixed = _em(x[group == 1], n[group == 1], two, start, first.chances, free_items=False)
    nothing = _em(x[group == 1], n[group == 1], two, first.shares, first.chances, iterations=0)
    pooled = _em(x, n, np.zeros(len(n), dtype=int), start, chances)
    equal = _em(x, n, group, np.repeat(start, 2, axis=0), pooled.chances)
    k, j = chances.shape
    fits = [
        ("Same classes, same shares", pooled.fitted, k - 1 + k * j),
        ("Same classes, shares free", equal.fitted, 2 * (k - 1) + k * j),
        ("Classes and shares free", first.fitted + later.fitted, 2 * (k - 1 + k * j)),
        ("Earlier classes and shares held fixed", first.fitted + nothing.fitted, k - 1 + k * j),
        ("Earlier classes held fixed, shares free", first.fitted + fixed.fitted, 2 * (k - 1) + k * j),
    ]
    table = _compared(pd.DataFrame(fits, columns=["model", "log_likelihood", "parameters"]), int(n.sum()))
    numbers = pd.Index(range(1, k + 1))
    mix = pd.DataFrame({"term": numbers, "before": equal.shares[0], "after": equal.shares[1]})
    mix = mix.assign(estimate=mix["after"] - mix["before"], ratio=mix["after"] / mix["before"])
    errors = [
        chance_errors(fit.shares[0], fit.chances, x[group == g], n[group == g])
        for g, fit in enumerate((first, later))
    ]
    return Invariance(table, _moved(first, later, list(items), errors), mix)


@dataclass(frozen=True)
class _Fit:
    shares: np.ndarray  # groups x classes
    chances: np.ndarray  # classes x items
    fitted: float
    cases: np.ndarray  # expected in each class


def _em(
    x: np.ndarray,
    n: np.ndarray,
    group: np.ndarray,
    shares: np.ndarray,
    chances: np.ndarray,
    *,
    free_items: bool = True,
    iterations: int = MOST_ITERATIONS,
) -> _Fit:
    """Fit from given classes: shares by group, chances of the items common to all groups, or held.

    StepMix has neither groups nor a start from given classes (and `freeze_measurement` freezes the shares
    as well); this is its EM for yes/no items with these two added. A test shows that both agree.
    """
    groups = np.eye(len(shares))[group]
    last = -np.inf
    for step in range(iterations + 1):
        kept = np.clip(chances, EDGE, 1 - EDGE)
        log = x @ np.log(kept).T + (1 - x) @ np.log(1 - kept).T + np.log(np.clip(shares, EDGE, 1))[group]
        top = log.max(axis=1, keepdims=True)
        joint = np.exp(log - top)
        total = joint.sum(axis=1, keepdims=True)
        fitted = float(n @ (np.log(total) + top)[:, 0])
        weight = joint / total * n[:, None]
        if step == iterations or fitted - last < TOLERANCE:
            break
        last = fitted
        sums = groups.T @ weight
        shares = sums / sums.sum(axis=1, keepdims=True)
        if free_items:
            chances = weight.T @ x / np.maximum(weight.sum(axis=0), 1e-12)[:, None]
    return _Fit(shares, chances, fitted, weight.sum(axis=0))


def _compared(table: pd.DataFrame, cases: int) -> pd.DataFrame:
    """Add BIC, and the likelihood ratio of the first three models, each against the next."""
    bic = -2 * table["log_likelihood"] + table["parameters"] * np.log(cases)
    nested = table.index < 2
    freer = table.shift(-1)
    statistic = (2 * (freer["log_likelihood"] - table["log_likelihood"])).clip(lower=0).where(nested)
    df = (freer["parameters"] - table["parameters"]).where(nested)
    return table.assign(
        cases=cases, bic=bic, statistic=statistic, df=df.astype("Int64"),
        p=stats.chi2.sf(statistic, df.astype(float)),
    )  # fmt: skip


def _moved(first: _Fit, later: _Fit, items: list[str], errors: list[np.ndarray]) -> pd.DataFrame:
    """Return the change of each chance, tested against 0 where enough cases have the item and lack it."""
    change, error = later.chances - first.chances, np.hypot(*errors)
    rare = [np.minimum(fit.chances, 1 - fit.chances) * fit.cases[:, None] for fit in (first, later)]
    tested = (np.minimum(*rare) >= FEWEST) & (error > 0)
    p = np.where(tested, 2 * stats.norm.sf(np.abs(change) / np.where(tested, error, 1)), np.nan)
    adjusted = np.full(p.shape, np.nan)
    adjusted[tested] = multipletests(p[tested], method="holm")[1] if tested.any() else np.nan
    k, j = change.shape
    table = tidy(
        np.repeat(np.arange(1, k + 1), j), change.ravel(), error.ravel(),
        np.repeat(later.cases.round(), j), METHOD, item=items * k, before=first.chances.ravel(),
        after=later.chances.ravel(), p=p.ravel(), p_adjusted=adjusted.ravel(),
    )  # fmt: skip
    order = table["estimate"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
