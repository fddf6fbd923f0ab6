"""Errors of a regression over time whose residuals hang together from one period to the next."""

from __future__ import annotations

import numpy as np
from scipy.linalg import toeplitz
from scipy.optimize import brentq

STRONGEST = 0.98  # an autocorrelation that is still stationary


def autocorrelation(design: np.ndarray, residuals: np.ndarray) -> float:
    """Return the first-order autocorrelation of the errors, corrected for what the regression took out.

    Residuals hang together less than the errors they stand for, the more so the more terms there are. The
    autocorrelation returned is that under which the residuals would on average show the one seen.

    Parameters
    ----------
    design : numpy.ndarray
        Columns of the regression (for counts times the root of the working weights).
    residuals : numpy.ndarray
        Pearson residuals, in order of time.

    Returns
    -------
    float
        From 0 to 0.98; a negative one counts as 0.
    """
    n = len(residuals)
    take_out = np.eye(n) - design @ np.linalg.pinv(design)
    beside = (np.eye(n, k=1) + np.eye(n, k=-1)) / 2
    seen = residuals @ beside @ residuals / (residuals @ residuals)
    left = take_out @ beside @ take_out

    def excess(rho: float) -> float:
        spread = _correlation(n, rho)
        return float((left * spread).sum() / (take_out * spread).sum() - seen)

    if excess(0.0) >= 0:
        return 0.0
    return brentq(excess, 0.0, STRONGEST, xtol=1e-5) if excess(STRONGEST) > 0 else STRONGEST


def serial_covariance(design: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the covariance of the coefficients under first-order autocorrelation, and that autocorrelation.

    The spread is estimated from the residuals, so counts may vary more than a Poisson would.

    Parameters
    ----------
    design, residuals
        As in `autocorrelation`.
    """
    rho = autocorrelation(design, residuals)
    spread = _correlation(len(residuals), rho)
    bread = np.linalg.inv(design.T @ design)
    take_out = np.eye(len(residuals)) - design @ bread @ design.T
    scale = residuals @ residuals / (take_out * spread).sum()
    return scale * bread @ (design.T @ spread @ design) @ bread, rho


def _correlation(n: int, rho: float) -> np.ndarray:
    return toeplitz(rho ** np.arange(n))
