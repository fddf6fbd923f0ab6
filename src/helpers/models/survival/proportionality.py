"""Whether hazard ratios hold over time: tests and pictures of the assumption of proportional hazards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from patsy import build_design_matrices, dmatrix
from scipy import stats
from statsmodels.stats.multitest import multipletests
from threadpoolctl import threadpool_limits

from helpers.models.survival.hazards import Hazards
from helpers.models.survival.residuals import Rows, information_by_time, schoenfeld_residuals
from helpers.models.tidy import tidy

ALL_TERMS = "all terms together"
LEVEL = 0.05


def proportional_hazards(hazards: Hazards, *, over: str = "km") -> pd.DataFrame:
    """Return tests of whether each log hazard ratio is constant over time.

    The score test of Grambsch and Therneau (1994) as R's `cox.zph` has computed it since version 3 of
    survival: the model gets, for one term at a time, a slope over transformed time, and the test asks
    whether the slope is zero. lifelines has an older approximation of it, without entry times. The test
    takes rows as independent even where errors are clustered, so that p is then too small; and in large
    data it finds departures too small to matter: look at `schoenfeld` before anything else.

    Parameters
    ----------
    hazards : Hazards
        A model fitted by `cox`.
    over : {"km", "rank", "log", "identity"}
        Transformation of time: one less the Kaplan-Meier curve (R's default), ranks, logarithm, or time
        itself.

    Returns
    -------
    pandas.DataFrame
        term, statistic (chi-squared), df, p, p_adjusted (Holm, over the terms), slope (in words: which way
        the hazard ratio moves). The last row tests all terms together.

    Raises
    ------
    ValueError
        If `over` is not known, or it is "log" and events happen at time zero.
    """
    rows, terms = hazards.rows, list(hazards.covariance.index)
    time = _transformed(rows, over)
    centre = time[rows.event].mean()
    of_time = dict(zip(rows.stop[rows.event], time[rows.event] - centre, strict=True))
    fixed, crossed, moving = _information(rows, of_time)
    events = rows.weight[rows.event] * (time[rows.event] - centre)
    score = events @ schoenfeld_residuals(rows)
    free = moving - crossed @ np.linalg.solve(fixed, crossed)  # on the slopes, the ratios being estimated
    statistic = np.append(score**2 / np.diag(free), score @ np.linalg.solve(free, score))
    df = np.append(np.ones(len(terms), dtype=int), len(terms))
    p = stats.chi2.sf(statistic, df)
    adjusted = np.append(multipletests(p[:-1], method="holm")[1], p[-1])
    words = [_words(score[i], adjusted[i]) for i in range(len(terms))] + [""]
    table = pd.DataFrame({"term": [*terms, ALL_TERMS], "statistic": statistic, "df": df, "p": p})
    return table.assign(p_adjusted=adjusted, slope=words)


def _information(rows: Rows, of_time: dict[float, float]) -> np.ndarray:
    """Return the information summed over times, times the powers 0, 1 and 2 of the transformed time."""
    found = np.zeros((3, rows.covariates.shape[1], rows.covariates.shape[1]))
    with threadpool_limits(1, "blas"):  # small products, for which threads would wait for each other
        for time, information in information_by_time(rows):
            found += np.power(of_time[time], [0, 1, 2])[:, None, None] * information
    return found


def _words(score: float, p: float) -> str:
    if p >= LEVEL:
        return "no sign of change"
    return "rises over time" if score > 0 else "falls over time"


def _transformed(rows: Rows, over: str) -> np.ndarray:
    """Return the transformed time of each row's end."""
    if over == "identity":
        return rows.stop
    if over == "rank":
        return stats.rankdata(rows.stop)
    if over == "log":
        if (rows.stop[rows.event] <= 0).any():
            raise ValueError("The logarithm of time needs events after time zero.")
        return np.log(np.where(rows.stop > 0, rows.stop, 1))
    if over == "km":
        return _gone_before(rows)
    raise ValueError(f"over must be km, rank, log or identity, not {over!r}.")


def _gone_before(rows: Rows) -> np.ndarray:
    """Return the share that has had the event just before each row's end, whatever the stratum or weight.

    Kaplan-Meier, as R takes it here; lifelines refuses it where nobody is at risk for a while, as happens
    between the rows of repeated events.
    """
    times, events = np.unique(rows.stop[rows.event], return_counts=True)
    late, left = (np.searchsorted(np.sort(when), times, side="left") for when in (rows.start, rows.stop))
    curve = np.cumprod(1 - events / (late - left))  # begun before each time, less ended before it
    return 1 - np.append(1.0, curve)[np.searchsorted(times, rows.stop, side="left")]


def schoenfeld(hazards: Hazards, terms: Sequence[str] | None = None, *, points: int = 40) -> pd.DataFrame:
    """Return how each hazard ratio moves over time, smoothed from scaled Schoenfeld residuals.

    Grambsch and Therneau (1994): scaled residuals plus the log hazard ratio estimate the log hazard ratio
    at each time. They are smoothed by a natural cubic spline with four degrees of freedom, as R's
    `plot.cox.zph` does. A flat line at the model's hazard ratio is what proportional hazards look like.

    Parameters
    ----------
    hazards : Hazards
        A model fitted by `cox`.
    terms : sequence of str, optional
        Terms to show, as the model's table names them; all without it.
    points : int
        Number of times at which the smooth line is given, between the 2nd and 98th percentile of events.

    Returns
    -------
    pandas.DataFrame
        term, time, estimate (hazard ratio at that time), low, high (95%, for each time by itself), n
        (events), method, ratio (the hazard ratio of the model).

    Raises
    ------
    ValueError
        If a term is not in the model or fewer than 20 events happened.
    """
    known, rows = list(hazards.covariance.index), hazards.rows
    terms = known if terms is None else list(terms)
    unknown = [term for term in terms if term not in known]
    if unknown:
        raise ValueError(f"Not in the model: {', '.join(unknown)}. It has: {', '.join(known)}.")
    events = int(rows.event.sum())
    if events < 20:
        raise ValueError(f"{events} events are too few for a smooth line; 20 at least.")
    naive, beta = hazards.model.variance_matrix_.to_numpy(), hazards.model.params_.to_numpy()
    scaled = events * schoenfeld_residuals(rows) @ naive + beta
    times = rows.stop[rows.event]
    grid = np.linspace(*np.quantile(times, [0.02, 0.98]), points)
    lines = []
    for term in terms:
        number = known.index(term)
        line, error = _smooth(times, scaled[:, number], grid, events * naive[number, number])
        line = tidy(
            [term] * points,
            line,
            error,
            events,
            "Scaled Schoenfeld residuals, natural spline",
            exponentiate=True,
        )
        line.insert(1, "time", grid)
        lines.append(line.assign(ratio=np.exp(beta[number])))
    return pd.concat(lines, ignore_index=True)


def _smooth(
    times: np.ndarray, values: np.ndarray, grid: np.ndarray, variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a natural cubic spline through values over ranks of times, and its standard error."""
    ordered = np.sort(times)
    ranks, at = (np.searchsorted(ordered, when, side="right") / len(times) for when in (times, grid))
    basis = dmatrix("cr(rank, df=4) - 1", {"rank": ranks})
    fitted = sm.OLS(values, np.asarray(basis)).fit()
    shown = np.asarray(build_design_matrices([basis.design_info], {"rank": at})[0])
    spread = np.einsum("ij,jk,ik->i", shown, fitted.normalized_cov_params, shown)
    return shown @ fitted.params, np.sqrt(variance * spread)
