"""Rates made comparable between places or years whose children differ in age, ethnicity or deprivation.

Source: methods of the public health observatories (Eayres, Technical Briefing 3, 2008): directly standardised
rates with intervals after Dobson and others (1991), indirectly standardised ratios with exact Poisson limits.
Events are taken as independent; brothers and sisters who come together make true intervals wider.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.rates import confint_poisson

from helpers.measures.groups import groups
from helpers.measures.rates import result

DIRECT = "directly standardised rate (Dobson)"
RATIO = "indirectly standardised ratio (exact Poisson)"
INDIRECT = "indirectly standardised rate (exact Poisson)"
CRUDE = "crude rate (exact Poisson)"


def directly_standardised(
    frame: pd.DataFrame,
    events: str,
    people: str,
    strata: Sequence[str],
    by: Sequence[str] = (),
    *,
    standard: pd.DataFrame | None = None,
    per: float = 10_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return rates as they would be if every group had the standard's mix of children.

    The estimate is the mean of the rates of the strata, weighted by the standard's people. The interval
    moves the exact Poisson limits of the events to the standardised rate: rate + sqrt(var(rate) / events) x
    (limit - events). Source: Dobson and others (1991); Eayres (2008), who takes Byar's approximation to the
    same limits from 10 events on.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per group and stratum: `by`, `strata`, events, people (or person-years).
    strata : sequence of str
        What to standardise by, e.g. ["age_band", "ethnic_group", "imd_decile"].
    by : sequence of str
        The groups to compare, e.g. ["authority"] or ["year"].
    standard : pandas.DataFrame, optional
        `strata` and `people` of the standard; the whole of `frame` when not given.

    Returns
    -------
    pandas.DataFrame
        `by`, term ("standardised" and "crude"), estimate, low, high (per `per`), n (events), method, people,
        covered (share of the standard whose strata have people in the group: below 1 the rate of the missing
        strata is not known, and the rest stands for the whole).

    Raises
    ------
    ValueError
        When there are no strata, a stratum is given twice for a group, or events stand without people.
    """
    _check(frame, events, people, [*by, *strata], strata)
    weights = frame if standard is None else standard
    weights = weights.groupby(list(strata), as_index=False)[people].sum()
    weights = weights.rename(columns={people: "weight"})
    rows = [
        _direct(part, events, people, strata, weights, per, level).assign(**name)
        for name, part in groups(frame, by)
    ]
    return _ordered(rows, by)


def indirectly_standardised(
    frame: pd.DataFrame,
    events: str,
    people: str,
    strata: Sequence[str],
    by: Sequence[str] = (),
    *,
    standard: pd.DataFrame | None = None,
    per: float = 10_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return events found over events expected at the standard's rates, for groups too small to be weighted.

    The ratio compares a group with the standard. Two groups with different children are not comparable with
    each other by it. The rate is the ratio times the standard's crude rate. Source: Eayres (2008).

    Parameters
    ----------
    standard : pandas.DataFrame, optional
        `strata`, events and people of the standard; the whole of `frame` when not given.
    (others as in `directly_standardised`)

    Returns
    -------
    pandas.DataFrame
        `by`, term ("ratio" and "rate"), estimate, low, high, n (events), method, expected (float).

    Raises
    ------
    ValueError
        As `directly_standardised`, and when the standard lacks people in a stratum that a group has.
    """
    _check(frame, events, people, [*by, *strata], strata)
    whole = (frame if standard is None else standard).groupby(list(strata), as_index=False)
    whole = whole[[events, people]].sum()
    crude = whole[events].sum() / whole[people].sum()
    whole = whole.assign(standard_rate=whole[events] / whole[people].replace(0, np.nan))
    joined = frame.merge(whole[[*strata, "standard_rate"]], on=list(strata), how="left")
    if (joined["standard_rate"].isna() & (joined[people] > 0)).any():
        raise ValueError("The standard has no people in some of the strata, so that nothing can be expected.")
    joined = joined.assign(expected=joined["standard_rate"].fillna(0) * joined[people])
    rows = [
        _indirect(part[events].sum(), part["expected"].sum(), crude * per, level).assign(**name)
        for name, part in groups(joined, by)
    ]
    return _ordered(rows, by)


def person_years(starts: pd.Series, ends: pd.Series) -> pd.Series:
    """Return the years from one day up to another (float; 365.25 days a year; none where it runs back)."""
    days = (pd.to_datetime(ends) - pd.to_datetime(starts)).dt.days
    return days.clip(lower=0) / 365.25


def _direct(
    part: pd.DataFrame,
    events: str,
    people: str,
    strata: Sequence[str],
    weights: pd.DataFrame,
    per: float,
    level: float,
) -> pd.DataFrame:
    joined = weights.merge(part, on=list(strata), how="left")
    there = joined[joined[people].fillna(0) > 0]
    share = there["weight"] / there["weight"].sum()
    found, base = there[events].astype(float), there[people].astype(float)
    n = found.sum()
    rate, variance = (share * found / base).sum(), (share**2 * found / base**2).sum()
    low, high = _limits(n, level)
    # Without events the variance says nothing: the limit is that of the crude rate.
    scale = np.sqrt(variance / n) if n else 1 / base.sum() if len(there) else np.nan
    if there.empty:
        rate = np.nan
    estimates = [rate, n / base.sum() if len(there) else np.nan]
    lows = [rate + scale * (low - n), low / base.sum() if len(there) else np.nan]
    highs = [rate + scale * (high - n), high / base.sum() if len(there) else np.nan]
    table = result(
        ["standardised", "crude"],
        per * np.array(estimates),
        per * np.array(lows),
        per * np.array(highs),
        [n, n],
        DIRECT,
        people=base.sum(),
        covered=there["weight"].sum() / weights["weight"].sum(),
    )
    return table.assign(method=[DIRECT, CRUDE])


def _indirect(found: float, expected: float, crude: float, level: float) -> pd.DataFrame:
    low, high = _limits(found, level)
    ratios = np.array([found, low, high]) / expected if expected else np.full(3, np.nan)
    estimate, lower, upper = np.stack([ratios, ratios * crude], axis=1)
    table = result(["ratio", "rate"], estimate, lower, upper, [found, found], RATIO, expected=expected)
    return table.assign(method=[RATIO, INDIRECT])


def _limits(count: float, level: float) -> tuple[float, float]:
    low, high = confint_poisson(float(count), 1, method="exact-c", alpha=1 - level)
    return (0.0 if count == 0 else float(low)), float(high)


def _check(frame: pd.DataFrame, events: str, people: str, key: Sequence[str], strata: Sequence[str]) -> None:
    if not strata:
        raise ValueError("Name at least one column to standardise by.")
    if frame.duplicated(list(key)).any():
        raise ValueError(f"There must be one row for each {', '.join(key)}: sum the counts first.")
    if ((frame[events] > 0) & ~(frame[people] > 0)).any():
        raise ValueError("Some strata have events and no people: a rate cannot be formed.")


def _ordered(rows: list[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    table = pd.concat(rows, ignore_index=True)
    return table[[*by, *[name for name in table.columns if name not in by]]]
