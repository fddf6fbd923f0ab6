"""Curves of time to an event, from counts of spells by length.

Time runs from the start of a spell. A spell that has not ended when the records end is censored there, which
asks that children still followed are like those who are no longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter

from helpers.measures.ages import DAYS_A_MONTH
from helpers.measures.groups import groups
from helpers.models.survival.common import at_risk, check_counts

# The columns of a curve, after those that split it.
CURVE = ["time", "estimate", "low", "high", "at_risk", "events", "n", "method"]


def kaplan_meier(
    counts: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
    entry: str | None = None,
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
    entry : str, optional
        Column of how long the spell had lasted when it came under observation, as for `aalen_johansen`.
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
    check_counts(counts, by, duration, event, weight, entry)
    curves = [
        _curve(part, names, duration, event, weight, entry, every, until, incidence)
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
    entry: str | None,
    every: float,
    until: int,
    incidence: bool,
) -> pd.DataFrame:
    steps = np.arange(until + 1)
    steps = steps[steps * every <= part[duration].max()]
    entered = part[entry] if entry else None
    fitted = KaplanMeierFitter().fit(part[duration], part[event], entry=entered, weights=part[weight])
    at = steps * every
    stay = fitted.survival_function_at_times(at).to_numpy()
    bounds = fitted.confidence_interval_.reindex(fitted.confidence_interval_.index.union(at)).ffill().loc[at]
    bounds = bounds.to_numpy()
    risk = at_risk(part, at, duration, weight, entry).astype("int64")
    happened = part[part[event] == 1]
    total = np.array([int(happened.loc[happened[duration] <= time, weight].sum()) for time in at])
    curve = pd.DataFrame({"time": steps, "estimate": stay, "low": bounds[:, 0], "high": bounds[:, 1]})
    if incidence:
        curve = curve.assign(estimate=1 - stay, low=1 - bounds[:, 1], high=1 - bounds[:, 0])
    curve = curve.assign(at_risk=risk, events=np.diff(total, prepend=0), n=int(part[weight].sum()))
    return curve.assign(method="Kaplan-Meier", **names)[[*names, *CURVE]]
