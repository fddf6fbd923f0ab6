"""Curves of time to an event, from counts of spells by length: one event, or several that compete.

Time runs from the start of a spell. A spell that has not ended when the records end is censored there, which
asks that children still followed are like those who are no longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from scipy import stats

from helpers.models.survival.common import checked_counts, groups

DAYS_A_MONTH = 365.25 / 12
NORMAL = stats.norm.ppf(0.975)

CURVE = ["time", "estimate", "low", "high", "at_risk", "events", "n", "method"]


def kaplan_meier(
    counts: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
    every: float = DAYS_A_MONTH,
    until: int = 24,
    incidence: bool = True,
) -> pd.DataFrame:
    """Return Kaplan-Meier curves at regular times.

    Kaplan and Meier (1958); fitted with lifelines. Where another event makes the event impossible,
    censoring at that other event overstates the incidence: take `aalen_johansen`.

    Parameters
    ----------
    counts : pandas.DataFrame
        Spells counted by length and ending, as `helpers.measures.referrals.event_counts` returns them; a
        row per spell with weight 1 gives the same.
    by : sequence of str
        Columns that split the curves.
    every : float
        Length of a step in the unit of `duration`: a month of days.
    until : int
        Number of steps.
    incidence : bool
        Whether to return the share that had the event by then (True) or had not (False).

    Returns
    -------
    pandas.DataFrame
        `by`, time (in steps), estimate, low, high (95%, log-log), at_risk (spells at risk just before),
        events (since the step before), n (spells in all), method. A curve ends where nothing is left at risk.

    Raises
    ------
    ValueError
        If a column lacks, or holds missing or negative values.
    """
    checked_counts(counts, by, duration, event, weight)
    curves = [
        _curve(part, names, duration, event, weight, every, until, incidence)
        for names, part in groups(counts, by)
        if len(part)
    ]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=[*by, *CURVE])


def _curve(
    part: pd.DataFrame,
    names: dict[str, object],
    duration: str,
    event: str,
    weight: str,
    every: float,
    until: int,
    incidence: bool,
) -> pd.DataFrame:
    steps = np.arange(until + 1)
    steps = steps[steps * every <= part[duration].max()]
    fitted = KaplanMeierFitter().fit(part[duration], part[event], weights=part[weight])
    at = steps * every
    stay = fitted.survival_function_at_times(at).to_numpy()
    bounds = fitted.confidence_interval_.reindex(fitted.confidence_interval_.index.union(at)).ffill().loc[at]
    bounds = bounds.to_numpy()
    risk = [int(part.loc[part[duration] >= time, weight].sum()) for time in at]
    happened = part[part[event] == 1]
    total = np.array([int(happened.loc[happened[duration] <= time, weight].sum()) for time in at])
    curve = pd.DataFrame({"time": steps, "estimate": stay, "low": bounds[:, 0], "high": bounds[:, 1]})
    if incidence:
        curve = curve.assign(estimate=1 - stay, low=1 - bounds[:, 1], high=1 - bounds[:, 0])
    curve = curve.assign(at_risk=risk, events=np.diff(total, prepend=0), n=int(part[weight].sum()))
    return curve.assign(method="Kaplan-Meier", **names)[[*names, *CURVE]]


def aalen_johansen(
    counts: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
    every: float = DAYS_A_MONTH,
    until: int = 24,
    causes: dict[int, str] | None = None,
) -> pd.DataFrame:
    """Return the cumulative incidence of events that compete, at regular times.

    The estimator of Aalen and Johansen (1978), with Aalen's (1978) variance as Gray (1988) uses it, and
    intervals on the log-log scale. Figures equal those of R's `cmprsk::cuminc`.

    Parameters
    ----------
    counts : pandas.DataFrame
        Spells counted by length and ending; a row per spell with weight 1 gives the same. `event` is 0
        where the spell was censored, and otherwise the number of what ended it.
    by : sequence of str
        Columns that split the curves.
    every : float
        Length of a step in the unit of `duration`: a month of days.
    until : int
        Number of steps.
    causes : dict of int to str, optional
        Names of the events by number, in the order wanted; without it, every number in `counts`, as text.

    Returns
    -------
    pandas.DataFrame
        `by`, cause, time (in steps), estimate (share that had this event by then), low, high (95%), at_risk
        (spells at risk just before), events (of this cause, since the step before), n (spells in all),
        method. A curve ends where nothing is left at risk.

    Raises
    ------
    ValueError
        If a column lacks or holds missing or negative values, or `causes` leaves out an event that happened.
    """
    checked_counts(counts, by, duration, event, weight)
    seen = sorted(int(code) for code in counts.loc[counts[weight] > 0, event].unique() if code != 0)
    causes = {code: str(code) for code in seen} if causes is None else causes
    unnamed = set(seen) - set(causes)
    if unnamed:
        raise ValueError(f"Events that happened but have no name in causes: {sorted(unnamed)}.")
    curves = []
    for names, part in groups(counts, by):
        days = _days(part, duration, event, weight, list(causes))
        steps = np.arange(until + 1)
        steps = steps[steps * every <= part[duration].max()]
        curves += [
            _one_cause(days, code, steps, every).assign(cause=name, **names) for code, name in causes.items()
        ]
    columns = [*by, "cause", *CURVE]
    return pd.concat(curves, ignore_index=True)[columns] if curves else pd.DataFrame(columns=columns)


def _days(part: pd.DataFrame, duration: str, event: str, weight: str, causes: list[int]) -> pd.DataFrame:
    """Return, for each length that occurs, the spells at risk just before and the events of each cause."""
    table = part.pivot_table(index=duration, columns=event, values=weight, aggfunc="sum", fill_value=0)
    left = table.sum(axis=1)
    days = table.reindex(columns=causes, fill_value=0)
    return days.assign(at_risk=left[::-1].cumsum()[::-1])[lambda frame: frame["at_risk"] > 0]


def _one_cause(days: pd.DataFrame, cause: int, steps: np.ndarray, every: float) -> pd.DataFrame:
    """Return the curve of one cause at the steps.

    lifelines breaks ties between causes by chance and scikit-survival takes no counts (and its variance
    differs a little from R's where spells tie), so that this is written out. It is a product and sums over
    days.
    """
    risk = days["at_risk"].to_numpy(dtype=float)
    events = days[cause].to_numpy(dtype=float)
    every_cause = days.drop(columns="at_risk").sum(axis=1).to_numpy(dtype=float)
    before = np.concatenate([[1.0], np.cumprod(1 - every_cause / risk)[:-1]])  # free of any event until then
    incidence = np.cumsum(before * events / risk)
    variance = _aalen_variance(risk, events, every_cause, before, incidence)
    last = np.searchsorted(days.index.to_numpy(dtype=float), steps * every, side="right")  # days gone by then
    estimate, total = (np.concatenate([[0.0], part])[last] for part in (incidence, np.cumsum(events)))
    low, high = _log_log(estimate, np.concatenate([[0.0], variance])[last])
    at_risk = np.append(risk, 0)[
        np.searchsorted(days.index.to_numpy(dtype=float), steps * every, side="left")
    ]
    curve = pd.DataFrame({"time": steps, "estimate": estimate, "low": low, "high": high})
    return curve.assign(
        at_risk=at_risk.astype(int),
        events=np.diff(total, prepend=0).astype(int),
        n=int(risk[0]),
        method="Aalen-Johansen",
    )


def _aalen_variance(
    risk: np.ndarray, events: np.ndarray, every_cause: np.ndarray, before: np.ndarray, incidence: np.ndarray
) -> np.ndarray:
    """Return Aalen's variance of a cumulative incidence (Pintilie 2006, equation 4.5) after each day.

    It sums, over the days s until t, (F(t) - F(s))^2 a(s) + b(s) - 2 (F(t) - F(s)) c(s). Opened out, each
    part is a running sum, so that the cost grows with the number of days and not with its square.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a = every_cause / ((risk - 1) * (risk - every_cause))
        b = before**2 * events * (risk - events) / (risk**2 * (risk - 1))
        c = before * events * (risk - events) / (risk * (risk - every_cause) * (risk - 1))
    # Where the last spells end together nothing is left at risk, and F(t) - F(s) is 0 from there on.
    a, b, c = (np.where(np.isfinite(part), part, 0.0) for part in (a, b, c))
    square = (
        incidence**2 * a.cumsum() - 2 * incidence * (incidence * a).cumsum() + (incidence**2 * a).cumsum()
    )
    return square + b.cumsum() - 2 * (incidence * c.cumsum() - (incidence * c).cumsum())


def _log_log(estimate: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 95% bounds of a share that stay between 0 and 1; where nothing has happened yet, both are 0."""
    inside = (estimate > 0) & (estimate < 1)
    share = np.where(inside, estimate, 0.5)
    reach = NORMAL * np.sqrt(np.maximum(variance, 0)) / (share * np.abs(np.log(share)))
    bounds = (share ** np.exp(sign * reach) for sign in (1, -1))
    low, high = (np.where(inside, bound, estimate) for bound in bounds)
    return low, high
