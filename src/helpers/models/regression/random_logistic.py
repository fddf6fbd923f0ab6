"""A logistic model with random intercepts, by maximum likelihood with adaptive Gauss-Hermite quadrature.

No installed library has it: statsmodels' mixed logistic model is a variational approximation, which gives
other figures. Source of the method: Pinheiro and Bates (1995); the figures equal those of lme4's glmer with
as many points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from statsmodels.tools.numdiff import approx_fprime

FEWEST_POINTS = 15
SMALLEST = np.log(1e-3)  # of the standard deviation: below it there is none
NEWTON_STEPS = 50


class RandomIntercepts(NamedTuple):
    """A fitted model.

    coefficients (k,); covariance (k + 1, k + 1) of them and of the log of the standard deviation; deviation
    (standard deviation of the intercepts); effects and errors (a group each: the most likely intercept, and
    the standard deviation around it); log_likelihood; converged.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    deviation: float
    effects: np.ndarray
    errors: np.ndarray
    log_likelihood: float
    converged: bool


def random_intercepts(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, n: np.ndarray | None = None, points: int = 25
) -> RandomIntercepts:
    """Fit the model.

    Parameters
    ----------
    x : numpy.ndarray of shape (rows, k)
        Design, intercept included.
    y : numpy.ndarray of shape (rows,)
        0 and 1.
    group : numpy.ndarray of int
        Group of each row, from 0, each occurring.
    n : numpy.ndarray, optional
        How often each row counts.
    points : int
        Points of the quadrature in each group. The gradient is that of the exact likelihood, so there must be
        15 or more.

    Raises
    ------
    ValueError
        When there are fewer than three groups, or too few points.
    """
    groups = int(group.max()) + 1
    if groups < 3:
        raise ValueError(f"Random intercepts need three groups or more; there are {groups}.")
    if points < FEWEST_POINTS:
        raise ValueError(f"The quadrature needs {FEWEST_POINTS} points or more, not {points}.")
    n = np.ones(len(y)) if n is None else n
    plain = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=n).fit()
    nodes = np.polynomial.hermite.hermgauss(points)

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        likelihood, gradient = _likelihood(theta, x, y, n, group, groups, nodes)
        return -likelihood, -gradient

    start = np.r_[plain.params, np.log(0.3)]
    bounds = [(None, None)] * x.shape[1] + [(SMALLEST, None)]
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-5}
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    hessian = approx_fprime(found.x, lambda theta: negative(theta)[1], centered=True)
    deviation = float(np.exp(found.x[-1]))
    modes, around = _modes(x @ found.x[:-1], deviation, y, n, group, groups)
    return RandomIntercepts(
        coefficients=found.x[:-1],
        covariance=np.linalg.pinv((hessian + hessian.T) / 2),
        deviation=deviation,
        effects=deviation * modes,
        errors=deviation * around,
        log_likelihood=-float(found.fun),
        converged=bool(found.success),
    )


def _modes(
    fixed: np.ndarray, deviation: float, y: np.ndarray, n: np.ndarray, group: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the integrand of each group is highest, on the standard normal scale, and its width."""
    mode = np.zeros(groups)
    for _ in range(NEWTON_STEPS):
        chance = expit(fixed + deviation * mode[group])
        slope = deviation * np.bincount(group, n * (y - chance), groups) - mode
        bend = deviation**2 * np.bincount(group, n * chance * (1 - chance), groups) + 1
        mode = mode + slope / bend
        if np.abs(slope / bend).max() < 1e-10:
            break
    return mode, 1 / np.sqrt(bend)


def _likelihood(
    theta: np.ndarray, x: np.ndarray, y: np.ndarray, n: np.ndarray, group: np.ndarray, groups: int,
    nodes: tuple[np.ndarray, np.ndarray],
) -> tuple[float, np.ndarray]:  # fmt: skip
    """Return the log-likelihood and its gradient by coefficients and log standard deviation.

    The gradient is the score given the intercept, averaged over what the data say of it (Fisher's identity).
    """
    fixed, deviation = x @ theta[:-1], np.exp(theta[-1])
    mode, width = _modes(fixed, deviation, y, n, group, groups)
    logs, by_intercept, residuals = [], [], []
    for node, weight in zip(*nodes, strict=True):
        drawn = mode + np.sqrt(2) * width * node
        linear = fixed + deviation * drawn[group]
        given = np.bincount(group, n * (y * linear - np.logaddexp(0, linear)), groups)
        logs.append(given - drawn**2 / 2 + node**2 + np.log(weight * width / np.sqrt(np.pi)))
        residual = n * (y - expit(linear))
        residuals.append(residual)
        by_intercept.append(deviation * drawn * np.bincount(group, residual, groups))
    logs = np.array(logs)
    each = logsumexp(logs, axis=0)
    share = np.exp(logs - each)
    averaged = sum(part[group] * residual for part, residual in zip(share, residuals, strict=True))
    by_deviation = (share * np.array(by_intercept)).sum()
    return float(each.sum()), np.r_[x.T @ averaged, by_deviation]
