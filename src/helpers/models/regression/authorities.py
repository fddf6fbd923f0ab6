"""How much authorities (or schools) differ once their children are allowed for: fixed and random effects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyfixest
import statsmodels.api as sm
from scipy import stats
from threadpoolctl import threadpool_limits

from helpers.models.regression.design import INTERCEPT, complete, design
from helpers.models.regression.random_logistic import random_intercepts
from helpers.models.tidy import tidy

LATENT = np.pi**2 / 3  # variance of the standard logistic distribution
NO_VARIANCE = 1e-7  # between groups, as a part of that within
BETWEEN, SHARE = "standard deviation between groups", "intraclass correlation"


@dataclass(frozen=True)
class Effects:
    """What authorities add.

    Attributes
    ----------
    groups : pandas.DataFrame
        Tidy, a row a group: its distance from the average group (score points, or log odds), and n.
    terms : pandas.DataFrame
        Tidy: estimates of the terms (odds ratios for the logistic family).
    spread : pandas.DataFrame
        Tidy: the standard deviation between groups and the intraclass correlation; empty for fixed effects.
    log_likelihood : float
        Missing for fixed effects of the linear family.
    """

    groups: pd.DataFrame
    terms: pd.DataFrame
    spread: pd.DataFrame
    log_likelihood: float


@threadpool_limits.wrap(limits=1, user_api="blas")  # threads cost more than such small sums gain
def authority_effects(
    frame: pd.DataFrame,
    outcome: str,
    terms: Sequence[str] = (),
    *,
    group: str = "authority",
    family: str = "linear",
    kind: str = "random",
    weight: str | None = None,
    reml: bool = True,
    points: int = 25,
) -> Effects:
    """Return effects of authorities.

    Random effects take authorities as drawn from a normal distribution, give how much of the variance lies
    between them, and pull each estimate towards the average the more, the fewer children it rests on. Fixed
    effects assume nothing of the kind and allow for all that is constant in an authority; estimates of small
    ones are wild. The intraclass correlation of a logistic model is on the latent scale (variance pi^2/3
    within; Snijders and Bosker 2012).

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows; patterns with `weight` for a yes/no outcome.
    outcome : str
    terms : sequence of str
    group : str
        Column of the groups.
    family : {"linear", "logistic"}
    kind : {"random", "fixed"}
        Linear random effects by statsmodels' MixedLM, fixed ones by pyfixest, however many there are;
        logistic random effects by `random_intercepts`, fixed ones by dummies (groups in which all or none
        had the outcome have no estimate and are left out).
    weight : str, optional
        Column of frequencies.
    reml : bool
        Whether linear random effects are fitted by restricted maximum likelihood.
    points : int
        Points of the quadrature for logistic random effects.

    Raises
    ------
    ValueError
        For an unknown family or kind, patterns where rows are needed, and fewer than three groups.
    """
    fitters = {
        ("linear", "random"): _linear_random, ("logistic", "random"): _logistic_random,
        ("linear", "fixed"): _linear_fixed, ("logistic", "fixed"): _logistic_fixed,
    }  # fmt: skip
    if (family, kind) not in fitters:
        raise ValueError(f"There are no {kind!r} effects of the {family!r} family: use {list(fitters)}.")
    if weight and family == "linear":
        raise ValueError("Linear effects of authorities need rows: patterns have lost the spread within.")
    columns = [outcome, group, *terms, *([weight] if weight else [])]
    rows = complete(frame, columns)
    codes, names = pd.factorize(rows[group], sort=True)
    if len(names) < 3:
        raise ValueError(f"Effects need three or more values of {group}; there are {len(names)}.")
    weights = rows[weight].to_numpy(float) if weight else np.ones(len(rows))
    matrix, reference = design(rows, list(terms))
    given = _Given(rows[outcome].to_numpy(float), matrix, codes, list(names), weights, reference, outcome)
    options = {"reml": reml, "points": points}
    return fitters[family, kind](given, options)


@dataclass(frozen=True)
class _Given:
    y: np.ndarray
    matrix: pd.DataFrame
    codes: np.ndarray
    names: list[object]
    weights: np.ndarray
    reference: dict[str, str]
    outcome: str

    @property
    def sizes(self) -> np.ndarray:
        return np.bincount(self.codes, self.weights, len(self.names))

    @property
    def columns(self) -> list[str]:
        return [name for name in self.matrix.columns if name != INTERCEPT]


def _linear_random(given: _Given, options: dict[str, object]) -> Effects:
    """Fit statsmodels' MixedLM by BFGS: its L-BFGS steps to no variance at all and calls that converged."""
    model = sm.MixedLM(given.y, given.matrix.to_numpy(), groups=given.codes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no variance between groups is an answer: the spread says so
        fitted = model.fit(reml=bool(options["reml"]), method="bfgs", gtol=1e-8)
    k, many = given.matrix.shape[1], len(given.names)
    ratio = float(fitted.cov_re[0, 0] / fitted.scale)
    drawn, around, error = np.zeros(many), np.zeros(many), np.nan
    if ratio > NO_VARIANCE:
        drawn = [float(fitted.random_effects[code].iloc[0]) for code in range(many)]
        around = [float(np.sqrt(fitted.random_effects_cov[code].iloc[0, 0])) for code in range(many)]
        error = float(np.sqrt(max(fitted.cov_params()[k, k], 0))) / ratio
    method = f"linear model with random intercepts, {'REML' if options['reml'] else 'maximum likelihood'}"
    return Effects(
        _groups(given, drawn, around, method),
        _terms(given, fitted.params[:k], fitted.bse[:k], method),
        _spread(given, float(np.sqrt(ratio * fitted.scale)), ratio, error, method),
        float(fitted.llf),
    )


def _logistic_random(given: _Given, options: dict[str, object]) -> Effects:
    matrix = given.matrix.to_numpy()
    fitted = random_intercepts(matrix, given.y, given.codes, given.weights, int(options["points"]))
    method = f"logistic model with random intercepts, {options['points']} points"
    errors = np.sqrt(np.clip(np.diag(fitted.covariance), 0, None))
    ratio = fitted.deviation**2 / LATENT
    return Effects(
        _groups(given, fitted.effects, fitted.errors, method),
        _terms(given, fitted.coefficients, errors[:-1], method, exponentiate=True),
        _spread(given, fitted.deviation, ratio, 2 * errors[-1], method),
        fitted.log_likelihood,
    )


def _linear_fixed(given: _Given, options: dict[str, object]) -> Effects:
    """Absorb the groups with pyfixest; a group's effect is what its mean lies off what its terms predict.

    The interval of a group is for equal spread of the residuals, that of the terms clustered by group.
    """
    short = [f"x{i}" for i in range(len(given.columns))]
    rows = given.matrix[given.columns].set_axis(short, axis=1).assign(y=given.y, g=given.codes)
    formula = f"y ~ {' + '.join(short) or '1'} | g"
    fitted = pyfixest.feols(formula, rows, vcov={"CRV1": "g"}, fixef_rm="none")
    slopes = fitted.coef().reindex(short).to_numpy() if short else np.zeros(0)
    errors = fitted.se().reindex(short).to_numpy() if short else np.zeros(0)
    x = rows[short].to_numpy()
    means = rows.groupby("g")[["y", *short]].mean()
    away = means["y"].to_numpy() - means[short].to_numpy() @ slopes
    average = given.y.mean() - x.mean(axis=0) @ slopes
    residual = given.y - x @ slopes - away[given.codes]
    variance = (residual**2).sum() / (len(rows) - len(short) - len(given.names))
    within = x - means[short].to_numpy()[given.codes]
    bread = np.linalg.inv(within.T @ within) if short else np.zeros((0, 0))
    apart = means[short].to_numpy() - x.mean(axis=0)
    spread = variance * (1 / given.sizes - 1 / len(rows) + np.einsum("ij,jk,ik->i", apart, bread, apart))
    method = "linear model with fixed effects"
    values = np.r_[np.nan, slopes], np.r_[np.nan, errors]
    groups = _groups(given, away - average, np.sqrt(spread), method)
    return Effects(groups, _terms(given, *values, method), _nothing(), float("nan"))


def _logistic_fixed(given: _Given, options: dict[str, object]) -> Effects:
    """Fit dummies of the groups; effects are away from their average, weighted by size."""
    share = np.bincount(given.codes, given.weights * given.y, len(given.names)) / given.sizes
    usable = np.flatnonzero((share > 0) & (share < 1))
    if len(usable) < 2:
        raise ValueError("Fewer than two groups have both outcomes, so that nothing can be compared.")
    kept = np.isin(given.codes, usable)
    dummies = (given.codes[kept, None] == usable).astype(float)
    x = np.hstack([dummies, given.matrix.loc[kept, given.columns].to_numpy()])
    model = sm.GLM(given.y[kept], x, family=sm.families.Binomial(), freq_weights=given.weights[kept])
    fitted = model.fit()
    sizes, many = given.sizes[usable], len(usable)
    centre = np.eye(many) - sizes / sizes.sum()
    covariance = centre @ fitted.cov_params()[:many, :many] @ centre.T
    method = "logistic model with fixed effects"
    some = _Given(given.y, given.matrix, given.codes, [given.names[i] for i in usable], given.weights,
                  given.reference, given.outcome)  # fmt: skip
    groups = tidy(
        [str(name) for name in some.names], centre @ fitted.params[:many], np.sqrt(np.diag(covariance)),
        np.round(sizes), method, outcome=given.outcome,
    )  # fmt: skip
    slopes, errors = fitted.params[many:], fitted.bse[many:]
    terms = _terms(given, np.r_[np.nan, slopes], np.r_[np.nan, errors], method, exponentiate=True)
    return Effects(groups, terms, _nothing(), float(fitted.llf))


def _groups(given: _Given, effects: object, errors: object, method: str) -> pd.DataFrame:
    names = [str(name) for name in given.names]
    return tidy(names, effects, errors, np.round(given.sizes), method, outcome=given.outcome)


def _terms(
    given: _Given, estimates: object, errors: object, method: str, exponentiate: bool = False
) -> pd.DataFrame:
    """Return the terms without the intercept, which stands first."""
    names = given.columns
    return tidy(
        names, np.asarray(estimates)[1:], np.asarray(errors)[1:], int(round(given.weights.sum())), method,
        exponentiate=exponentiate, outcome=given.outcome, reference=[given.reference[name] for name in names],
    )  # fmt: skip


def _nothing() -> pd.DataFrame:
    return tidy([], [], [], [], "")


def _spread(given: _Given, between: float, ratio: float, error: float, method: str) -> pd.DataFrame:
    """Return the spread between groups with intervals by the logarithm of the ratio of variances.

    ratio: variance between over variance within; error: standard error of its logarithm.
    """
    reach = stats.norm.ppf(0.975) * error
    low, high = ratio * np.exp(-reach), ratio * np.exp(reach)
    within = between / np.sqrt(ratio) if ratio > 0 else np.nan
    rows = {
        BETWEEN: [between, within * np.sqrt(low), within * np.sqrt(high)],
        SHARE: [part / (1 + part) for part in (ratio, low, high)],
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high"])
    frame = frame.rename_axis("term").reset_index()
    return frame.assign(n=len(given.names), method=method, outcome=given.outcome)
