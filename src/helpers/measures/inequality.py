"""How unequal rates are between groups in an order (deprivation) or without one (ethnicity).

What is measured is how things go together in a population. It says nothing of what made them so, and a rate
of intervention is not a rate of harm (Bywaters and others 2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.rates import confint_poisson_2indep

from helpers.measures.groups import groups
from helpers.measures.rates import result

LINEAR = "weighted least squares on the ridit"
LOG_LINEAR = "log-linear Poisson on the ridit"
RATE_RATIO = "rate ratio (score)"


def ridits(people: pd.Series) -> pd.Series:
    """Return the middle of each group's place, from 0 to 1, in a population in order.

    Source: Bross (1958); used for the slope index by Pamuk (1985). The first row is the group at 0.

    Returns
    -------
    pandas.Series
        float, same index.
    """
    share = people / people.sum()
    return share.cumsum() - share / 2


def slope_index(
    frame: pd.DataFrame,
    rank: str,
    events: str,
    people: str,
    by: Sequence[str] = (),
    *,
    most_at: str = "low",
    per: float = 10_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return slope and relative index of inequality: the most deprived end against the least deprived.

    The rate is regressed on the place of the group in the population (`ridits`). The slope index is the
    difference between the two ends of the line, the relative index their ratio; both use all groups and
    their sizes, where a ratio of two tenths uses two.

    - Linear: least squares weighted by people; intervals by the t distribution on groups - 2 degrees of
      freedom, of the relative index by Fieller's theorem. Source: Pamuk (1985); the ratio of the two ends
      after Kunst and Mackenbach (1994), where Pamuk divides the slope by the mean.
    - Log-linear: Poisson regression of events with people as exposure. The relative index is the exponent of
      the slope, the slope index the difference of the two fitted ends (delta method). Errors are widened by
      the Pearson dispersion where it is above 1. Source: Moreno-Betancur and others (2015).

    Where rates rise steeply in the last tenth, as they do in England, the line is the worse picture: compare
    both, and look at the rates.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `by` and group: rank, events, people (or person-years).
    rank : str
        Column that orders the groups, e.g. "imd_decile".
    most_at : {"low", "high"}
        At which end of `rank` the most deprived stand: "low" for deciles as published (1 = most deprived).

    Returns
    -------
    pandas.DataFrame
        `by`, term ("slope index", "relative index"), estimate (slope index per `per`), low, high, n (events),
        method, groups. Missing where the rates allow no estimate (a fitted end below 0 has no ratio).

    Raises
    ------
    ValueError
        When there are fewer than three groups, a group has no people, or `most_at` is neither.
    """
    if most_at not in ("low", "high"):
        raise ValueError("most_at is 'low' or 'high': at which end of the rank the most deprived stand.")
    rows = []
    for name, part in groups(frame, by):
        # From the least deprived (0) to the most deprived (1), so that more for the deprived is positive.
        ordered = part.sort_values(rank, ascending=most_at == "high", ignore_index=True)
        if len(ordered) < 3 or (ordered[people] <= 0).any() or ordered[rank].duplicated().any():
            raise ValueError("A slope index needs at least three groups, once each, all with people.")
        counts, base = ordered[events].astype(float), ordered[people].astype(float)
        place = sm.add_constant(ridits(base).to_numpy())
        both = pd.concat(
            [_linear(counts, base, place, per, level), _log_linear(counts, base, place, per, level)]
        )
        rows.append(both.assign(groups=len(ordered), **name))
    table = pd.concat(rows, ignore_index=True)
    return table[[*by, *[column for column in table.columns if column not in by]]]


def rate_ratios(
    frame: pd.DataFrame,
    group: str,
    reference: object,
    events: str,
    people: str,
    by: Sequence[str] = (),
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return each group's rate over that of a reference group, with score intervals for two Poisson rates.

    For the most deprived tenth against the least, and for ethnic groups: with their granular codes rather
    than five broad groups, which hide that, say, Traveller and other White children differ. Source: score
    interval of Ng and Tang (2005) as in statsmodels.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `by` and group.
    reference : value of `group`

    Returns
    -------
    pandas.DataFrame
        `by`, term (the group, as text), estimate, low, high, n (events of the group), method,
        reference_events. The reference is left out; a ratio to no events is missing.

    Raises
    ------
    ValueError
        When the reference is not among the groups.
    """
    rows = []
    for name, part in groups(frame, by):
        base = part[part[group] == reference]
        if len(base) != 1:
            raise ValueError(f"The reference {reference!r} must stand once among the groups of {group}.")
        count, exposure = float(base[events].iloc[0]), float(base[people].iloc[0])
        others = part[part[group] != reference]
        for _, line in others.iterrows():
            found = _ratio(float(line[events]), float(line[people]), count, exposure, level)
            rows.append(
                result(
                    [str(line[group])],
                    *[[x] for x in found],
                    [line[events]],
                    RATE_RATIO,
                    reference_events=int(count),
                    **name,
                )
            )
    if not rows:
        raise ValueError("There is no group beside the reference.")
    table = pd.concat(rows, ignore_index=True)
    return table[[*by, *[column for column in table.columns if column not in by]]]


def most_to_least(
    frame: pd.DataFrame, rank: str, events: str, people: str, by: Sequence[str] = (), **options: float
) -> pd.DataFrame:
    """Return the rate of the most deprived group (lowest `rank`) over that of the least deprived.

    Source: Bywaters and others (2018, 2020), who compare tenths of neighbourhoods.

    Returns
    -------
    pandas.DataFrame
        As `rate_ratios`, one row per `by`; term "most to least deprived".
    """
    ends = frame[frame[rank].isin([frame[rank].min(), frame[rank].max()])]
    table = rate_ratios(ends, rank, frame[rank].max(), events, people, by, **options)
    return table.assign(term="most to least deprived")


def concentration_index(
    frame: pd.DataFrame, rank: str, events: str, people: str, *, level: float = 0.95
) -> pd.DataFrame:
    """Return the concentration index: how far events are gathered among the most deprived.

    From -1 (all at the least deprived) through 0 (even) to 1 (all at the most deprived); twice the area
    between the concentration curve and the diagonal. By the regression of Kakwani, Wagstaff and van Doorslaer
    (1997) on grouped data, whose weighted slope is the index exactly; its error is that of the slope,
    heteroscedasticity allowed for (HC1).

    Parameters
    ----------
    rank : str
        Column that orders the groups, the most deprived lowest.

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high, n (events), method; the sign is such that more among the deprived is
        positive.
    """
    ordered = frame.sort_values(rank, ascending=False, ignore_index=True)
    base, counts = ordered[people].astype(float), ordered[events].astype(float)
    place, share = ridits(base), base / base.sum()
    mean = counts.sum() / base.sum()
    spread = (share * (place - 0.5) ** 2).sum()
    left = 2 * spread * (counts / base) / mean
    fitted = sm.WLS(left.to_numpy(), sm.add_constant(place.to_numpy()), weights=share.to_numpy())
    fitted = fitted.fit(cov_type="HC1")
    reach = stats.norm.ppf(0.5 + level / 2) * fitted.bse[1]
    estimate = fitted.params[1]
    return result(
        ["concentration index"],
        [estimate],
        [estimate - reach],
        [estimate + reach],
        [counts.sum()],
        "convenient regression",
    )


def _linear(counts: pd.Series, base: pd.Series, place: np.ndarray, per: float, level: float) -> pd.DataFrame:
    fitted = sm.WLS((per * counts / base).to_numpy(), place, weights=(base / base.sum()).to_numpy()).fit()
    (start, slope), cover = fitted.params, fitted.cov_params()
    low, high = fitted.conf_int(alpha=1 - level)[1]
    reach = stats.t.ppf(0.5 + level / 2, fitted.df_resid)
    ends = np.array([[1.0, 1.0], [1.0, 0.0]])  # the most deprived, the least deprived
    between = ends @ cover @ ends.T
    ratio = _fieller(start + slope, start, between, reach)
    estimates = np.array([[slope, low, high], ratio]).T
    return result(["slope index", "relative index"], *estimates, [counts.sum()] * 2, LINEAR)


def _log_linear(
    counts: pd.Series, base: pd.Series, place: np.ndarray, per: float, level: float
) -> pd.DataFrame:
    terms, n = ["slope index", "relative index"], [counts.sum()] * 2
    if counts.sum() == 0:
        return result(terms, *np.full((3, 2), np.nan), n, LOG_LINEAR)
    model = sm.GLM(counts.to_numpy(), place, family=sm.families.Poisson(), exposure=base.to_numpy())
    fitted = model.fit()
    cover = fitted.cov_params() * max(1.0, fitted.pearson_chi2 / fitted.df_resid)
    start, slope = fitted.params
    reach = stats.norm.ppf(0.5 + level / 2)
    error = np.sqrt(cover[1, 1])
    bottom, top = per * np.exp(start), per * np.exp(start + slope)
    gradient = np.array([top - bottom, top])  # of top - bottom, by intercept and slope
    width = reach * np.sqrt(gradient @ cover @ gradient)
    difference = top - bottom
    estimates = [
        [difference, np.exp(slope)],
        [difference - width, np.exp(slope - reach * error)],
        [difference + width, np.exp(slope + reach * error)],
    ]
    return result(terms, *estimates, n, LOG_LINEAR)


def _fieller(top: float, bottom: float, cover: np.ndarray, reach: float) -> tuple[float, float, float]:
    """Return a ratio and its limits by Fieller's theorem; missing where the lower end is not clear of 0."""
    if bottom <= 0:
        return np.nan, np.nan, np.nan
    squared = reach**2
    a = bottom**2 - squared * cover[1, 1]
    b = top * bottom - squared * cover[0, 1]
    c = top**2 - squared * cover[0, 0]
    inside = b**2 - a * c
    if a <= 0 or inside < 0:
        return top / bottom, np.nan, np.nan
    return top / bottom, (b - np.sqrt(inside)) / a, (b + np.sqrt(inside)) / a


def _ratio(
    events: float, people: float, count: float, exposure: float, level: float
) -> tuple[float, float, float]:
    if count == 0 or people <= 0 or exposure <= 0:
        return np.nan, np.nan, np.nan
    low, high = confint_poisson_2indep(events, people, count, exposure, "score", "ratio", alpha=1 - level)
    return (events / people) / (count / exposure), float(low), float(high)
