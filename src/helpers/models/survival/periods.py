"""Hazards by interval, and mean time until an event, from counts of spells by length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from statsmodels.stats.rates import confint_poisson

from helpers.measures.groups import groups
from helpers.models.survival.common import check_counts
from helpers.models.tidy import COLUMNS, tidy

DAYS_A_YEAR = 365.25


def piecewise_hazard(
    counts: pd.DataFrame,
    cuts: Sequence[float],
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
    per: float = 100,
    labels: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return events per person-time by interval since the start of the spell: which periods are critical.

    The piecewise exponential model (Holford 1980; Friedman 1982) without covariates: the rate of an
    interval is its events over the time that spells were at risk in it. Intervals are exact (Garwood 1936).

    Parameters
    ----------
    counts : pandas.DataFrame
        Spells counted by length in days and ending; a row per spell with weight 1 gives the same.
    cuts : sequence of float
        Days at which intervals begin and end, rising. An interval holds the days after its first until its
        last, and one that begins at 0 also day 0.
    by : sequence of str
        Columns that split the rates.
    per : float
        Person-years to which a rate refers.
    labels : sequence of str, optional
        Names of the intervals; without it "0 to 30 days".

    Returns
    -------
    pandas.DataFrame
        `by`, term (the interval), from_day, to_day, events, person_years, estimate (events per `per`
        person-years), low, high (95%), n (spells at risk when the interval begins), method. Where nobody
        was at risk the rate is missing.

    Raises
    ------
    ValueError
        If a column lacks or holds missing or negative values, an event is not 0 or 1, cuts do not rise, or
        labels do not fit.
    """
    check_counts(counts, by, duration, event, weight)
    edges = list(pairwise(cuts))
    if not edges or any(low >= high for low, high in edges) or edges[0][0] < 0:
        raise ValueError(f"cuts must rise from 0 or later and hold at least two days, not {list(cuts)}.")
    labels = [f"{low:g} to {high:g} days" for low, high in edges] if labels is None else list(labels)
    if len(labels) != len(edges):
        raise ValueError(f"{len(labels)} labels for {len(edges)} intervals.")
    parts = [
        _rates(part, edges, labels, duration, event, weight, per).assign(**names)
        for names, part in groups(counts, by)
    ]
    columns = [*by, "term", "from_day", "to_day", "events", "person_years", *COLUMNS[1:]]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _rates(
    part: pd.DataFrame,
    edges: list[tuple[float, float]],
    labels: list[str],
    duration: str,
    event: str,
    weight: str,
    per: float,
) -> pd.DataFrame:
    days, n, happened = (part[name].to_numpy(dtype=float) for name in (duration, weight, event))
    rows = []
    for label, (low, high) in zip(labels, edges, strict=True):
        years = (n * (np.clip(days, low, high) - low)).sum() / DAYS_A_YEAR
        inside = (days <= high) & ((days > low) | ((days == 0) & (low == 0)))
        rows.append(
            {
                "term": label,
                "from_day": low,
                "to_day": high,
                "events": int((n * happened)[inside].sum()),
                "person_years": years,
                "n": int(n[(days > low) | inside].sum()),
            }
        )
    table = pd.DataFrame(rows)
    years = table["person_years"].where(table["person_years"] > 0)
    bounds = confint_poisson(table["events"].to_numpy(), years.to_numpy(), method="exact-c")
    low, high = (pd.Series(bound).where(years.notna()) * per for bound in bounds)
    estimate = table["events"] / years * per
    return table.assign(estimate=estimate, low=low, high=high, method=f"Events per {per:g} person-years")


def restricted_mean(
    counts: pd.DataFrame,
    until: float,
    by: Sequence[str] = (),
    *,
    duration: str = "days",
    event: str = "event",
    weight: str = "n",
) -> pd.DataFrame:
    """Return the mean time free of the event within a horizon, and differences between groups.

    Restricted mean survival time (Royston and Parmar 2013): the area under the Kaplan-Meier curve until the
    horizon. It needs no proportional hazards. Its standard error is that of R's `survfit` (Klein and
    Moeschberger 2003, section 4.5); what lifelines returns as a variance is that of the times themselves,
    not of their mean.

    Parameters
    ----------
    counts : pandas.DataFrame
        Spells counted by length and ending; a row per spell with weight 1 gives the same.
    until : float
        Horizon, in the unit of `duration`.
    by : sequence of str
        Columns that split the means. Each group is compared with the first.

    Returns
    -------
    pandas.DataFrame
        `by`, term ("mean", or "difference from" and the first group), estimate (unit of `duration`), low,
        high (95%, normal), n (spells; of both groups for a difference), method. Where no spell of a group
        was followed until the horizon and some are still free of the event, its mean is missing.

    Raises
    ------
    ValueError
        If a column lacks or holds missing or negative values, or the horizon is not above zero.
    """
    check_counts(counts, by, duration, event, weight)
    if not until > 0:
        raise ValueError(f"The horizon must be above zero, not {until}.")
    found = [(names, *_mean(part, until, duration, event, weight)) for names, part in groups(counts, by)]
    if not found:
        return pd.DataFrame(columns=[*by, *COLUMNS])
    method = f"Restricted mean, until {until:g}"
    names, means, errors, sizes = zip(*found, strict=True)
    table = tidy(["mean"] * len(found), means, errors, sizes, method)
    table[list(by)] = pd.DataFrame(names, columns=list(by)) if by else pd.DataFrame(index=table.index)
    if len(found) > 1:
        first = ", ".join(str(value) for value in names[0].values())
        away = tidy(
            [f"difference from {first}"] * (len(found) - 1),
            np.subtract(means[1:], means[0]),
            np.hypot(errors[1:], errors[0]),
            np.add(sizes[1:], sizes[0]),
            method,
        )
        away[list(by)] = pd.DataFrame(names[1:], columns=list(by))
        table = pd.concat([table, away], ignore_index=True)
    return table[[*by, *COLUMNS]]


def _mean(
    part: pd.DataFrame, until: float, duration: str, event: str, weight: str
) -> tuple[float, float, int]:
    """Return the restricted mean, its standard error and the number of spells."""
    part = part[part[weight] > 0]
    n = int(part[weight].sum())
    if not n:
        return np.nan, np.nan, n
    fitted = KaplanMeierFitter().fit(part[duration], part[event], weights=part[weight])
    stay = fitted.survival_function_.iloc[:, 0]
    if part[duration].max() < until and stay.iloc[-1] > 0:
        return np.nan, np.nan, n
    mean = restricted_mean_survival_time(fitted, t=until)
    table = fitted.event_table
    when = table.index[(table["observed"] > 0) & (table.index < until)]
    # What is left of the area after each event, times how far the curve is off because of that event.
    area = np.append(
        0, (np.diff(np.append(stay.index, until)) * stay.to_numpy())[stay.index < until].cumsum()
    )
    gone = pd.Series(area[: (stay.index < until).sum()], index=stay.index[stay.index < until])
    left = mean - gone.loc[when].to_numpy()
    risk, events = (table.loc[when, name].to_numpy(dtype=float) for name in ("at_risk", "observed"))
    free = risk - events
    terms = np.where(free > 0, left**2 * events / np.where(free > 0, risk * free, 1), 0)
    return float(mean), float(np.sqrt(terms.sum())), n
