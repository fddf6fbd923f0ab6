"""Group-time average effects: each cohort and period against those that have not yet begun."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.models.evaluation.panel import NEVER, Panel, t_tidy
from helpers.models.evaluation.regressions import METHODS


def group_time(data: Panel) -> pd.DataFrame:
    """Return the effect for each cohort in each period.

    For the cohort that began in g, the change from g - 1 to t in its units less the change in units that
    had not begun by then. Identified if, without the policy, both would have changed alike. Before g the
    same difference shows whether they did.

    Source: Callaway and Sant'Anna (2021), Difference-in-differences with multiple time periods, Journal of
    Econometrics 225(2), without covariates and with units weighted by their mean weight.

    Returns
    -------
    pandas.DataFrame
        term ("cohort 2019, period 2021"), estimate, low, high, n (units of the cohort), method, std_error,
        clusters, cohort, period, time (periods since the start), controls (units compared with).
    """
    effects, influence = _effects(data)
    terms = [f"cohort {g}, period {t}" for g, t in zip(effects["cohort"], effects["period"], strict=True)]
    errors = [_error(data, influence[:, i]) for i in range(len(effects))]
    more = effects[["cohort", "period", "time", "controls"]].to_dict("series")
    return t_tidy(
        terms, effects["estimate"], errors, effects["units"], METHODS["group_time"], data.clusters, **more
    )


def group_time_effects(data: Panel, over: str) -> pd.DataFrame:
    """Return averages of the group-time effects: "average" over all treated cells, or by "event" time.

    The cohorts' shares are taken as given, so the errors are those of the effects in these cohorts.

    Returns
    -------
    pandas.DataFrame
        time, estimate, std_error.
    """
    effects, influence = _effects(data)
    weight = effects["weight"].to_numpy()
    times = effects["time"].to_numpy()
    average = {0: times >= 0}
    groups = average if over == "average" else {int(time): times == time for time in np.unique(times)}
    rows = []
    for time, chosen in groups.items():
        share = np.where(chosen, weight, 0.0)
        share = share / share.sum()
        error = _error(data, influence @ share)
        rows.append((time, float(share @ effects["estimate"]), error))
    return pd.DataFrame(rows, columns=["time", "estimate", "std_error"])


def _effects(data: Panel) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the effects by cohort and period, and each unit's influence on each (units by effects)."""
    frame = data.frame
    wide = frame.pivot_table(index="unit", columns="time", values="outcome")
    outcome, periods = wide.to_numpy(), wide.columns.to_numpy()
    units = frame.groupby("unit").agg(start=("start", "first"), weight=("weight", "mean"))
    start, unit_weight = units["start"].to_numpy(), units["weight"].to_numpy()
    weights = frame.groupby(["start", "time"])["weight"].sum()
    rows, influence = [], []
    for cohort in sorted(set(start) - {NEVER}):
        base = int(np.searchsorted(periods, cohort)) - 1  # the last period before the start
        for place, period in enumerate(periods):
            if base < 0 or place == base:
                continue
            change = outcome[:, place] - outcome[:, base]
            known, own = np.isfinite(change), start == cohort
            waiting = (start == NEVER) | (start > max(period, periods[base]))
            here, there = own & known, waiting & ~own & known
            if not here.any() or not there.any():
                continue
            first, first_part = _mean(change, unit_weight, here)
            second, second_part = _mean(change, unit_weight, there)
            count = (int(here.sum()), int(there.sum()))
            rows.append((cohort, period, period - cohort, first - second, *count, weights[cohort, period]))
            influence.append(first_part - second_part)
    columns = ["cohort", "period", "time", "estimate", "units", "controls", "weight"]
    return pd.DataFrame(rows, columns=columns), np.array(influence).T


def _mean(values: np.ndarray, weight: np.ndarray, where: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a weighted mean and each unit's influence on it, with the correction for few units."""
    share = np.where(where, weight, 0.0) / weight[where].sum()
    values = np.where(where, values, 0.0)
    mean = float(share @ values)
    count = int(where.sum())
    # The spread of a single unit cannot be seen, so there is no error.
    return mean, share * (values - mean) * (np.sqrt(count / (count - 1)) if count > 1 else np.nan)


def _error(data: Panel, influence: np.ndarray) -> float:
    cluster = data.frame.groupby("unit")["cluster"].first().to_numpy()
    return float(np.sqrt((np.bincount(cluster, weights=influence) ** 2).sum()))
