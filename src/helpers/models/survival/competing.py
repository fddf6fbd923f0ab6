"""Cumulative incidence of events that compete: a child adopted cannot go home as well.

lifelines breaks ties between causes by chance, and scikit-survival takes no counts and gives a variance that
differs a little from R's where spells tie. The estimator is a product and sums over days, so that it is
written out here, and held against R by the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.measures.groups import groups
from helpers.models.survival.common import at_risk, check_counts
from helpers.models.survival.curves import CURVE, DAYS_A_MONTH

NORMAL = stats.norm.ppf(0.975)


def aalen_johansen(
    counts: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
    entry: str | None = None,
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
    entry : str, optional
        Column of how long the spell had lasted when it came under observation (left truncation), 0 where it
        was seen from its beginning. A curve then speaks of all spells only if spells that ended unseen were
        like those seen; with few at risk at the beginning its steps are large.
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
    check_counts(counts, by, duration, event, weight, entry, causes=True)
    seen = sorted(int(code) for code in counts.loc[counts[weight] > 0, event].unique() if code != 0)
    causes = {code: str(code) for code in seen} if causes is None else causes
    unnamed = set(seen) - set(causes)
    if unnamed:
        raise ValueError(f"Events that happened but have no name in causes: {sorted(unnamed)}.")
    curves = []
    for names, part in groups(counts, by):
        days = _days(part, duration, event, weight, entry, list(causes))
        steps = np.arange(until + 1)
        steps = steps[steps * every <= part[duration].max()]
        shown = {
            "at_risk": at_risk(part, steps * every, duration, weight, entry).astype("int64"),
            "n": int(part[weight].sum()),
        }
        curves += [
            _one_cause(days, code, steps, every).assign(cause=name, **shown, **names)
            for code, name in causes.items()
        ]
    columns = [*by, "cause", *CURVE]
    return pd.concat(curves, ignore_index=True)[columns] if curves else pd.DataFrame(columns=columns)


def _days(
    part: pd.DataFrame, duration: str, event: str, weight: str, entry: str | None, causes: list[int]
) -> pd.DataFrame:
    """Return, for each length that occurs, the spells at risk just before and the events of each cause."""
    table = part.pivot_table(index=duration, columns=event, values=weight, aggfunc="sum", fill_value=0)
    days = table.reindex(columns=causes, fill_value=0)
    risk = at_risk(part, days.index.to_numpy(), duration, weight, entry)
    days = days.assign(at_risk=risk, every_cause=days.sum(axis=1))
    return days[days["at_risk"] > 0].astype(float)


def _one_cause(days: pd.DataFrame, cause: int, steps: np.ndarray, every: float) -> pd.DataFrame:
    """Return the curve of one cause at the steps."""
    when = days.index.to_numpy(dtype=float)
    risk, events, every_cause = (days[name].to_numpy() for name in ("at_risk", cause, "every_cause"))
    after = np.cumprod(1 - every_cause / risk)  # the share free of any event after each day
    before = np.append(1.0, after[:-1])
    incidence = np.cumsum(before * events / risk)
    variance = _aalen_variance(risk, events, every_cause - events, before, after, incidence)
    gone = np.searchsorted(when, steps * every, side="right")  # days gone by at each step
    estimate, variance, total = (np.append(0, part)[gone] for part in (incidence, variance, events.cumsum()))
    low, high = _log_log(estimate, variance)
    curve = pd.DataFrame({"time": steps, "estimate": estimate, "low": low, "high": high})
    happened = np.diff(total, prepend=0).astype("int64")
    return curve.assign(events=happened, method="Aalen-Johansen")


def _aalen_variance(
    risk: np.ndarray,
    events: np.ndarray,
    others: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    incidence: np.ndarray,
) -> np.ndarray:
    """Return Aalen's variance of a cumulative incidence F after each day.

    S is the share free of any event. An event on day s moves F(t) in two ways. One of this cause adds to it.
    One of any cause takes away a child who might have come to this event later: (F(t) - F(s)) / S(s). The
    variance sums the squares of these moves, each times the variance of how many events fall on that day.
    Opened out, each part is a running sum: the cost grows with the number of days and not its square.
    """
    inverse = np.divide(1, after, out=np.zeros_like(after), where=after > 0)

    def spread(count: np.ndarray) -> np.ndarray:
        tied = np.divide(count - 1, risk - 1, out=np.zeros_like(risk), where=(risk > 1) & (count > 1))
        return before**2 * count * (1 - tied) / risk**2

    own, other = spread(events), spread(others)
    fixed_own, fixed_other = 1 + incidence * inverse, incidence * inverse  # the parts that t does not touch
    square = (own * fixed_own**2 + other * fixed_other**2).cumsum()
    cross = ((own * fixed_own + other * fixed_other) * inverse).cumsum()
    return square - 2 * incidence * cross + incidence**2 * ((own + other) * inverse**2).cumsum()


def _log_log(estimate: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 95% bounds of a share that stay between 0 and 1; where nothing has happened yet, both are 0."""
    inside = (estimate > 0) & (estimate < 1)
    share = np.where(inside, estimate, 0.5)
    reach = NORMAL * np.sqrt(np.maximum(variance, 0)) / (share * np.abs(np.log(share)))
    low, high = (np.where(inside, share ** np.exp(sign * reach), estimate) for sign in (1, -1))
    return low, high
