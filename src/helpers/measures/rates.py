"""Rates and shares with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint


def add_rates(
    frame: pd.DataFrame, events: str, population: str, per: float = 10_000, level: float = 0.95
) -> pd.DataFrame:
    """Add rates with exact Poisson intervals.

    Source: Garwood (1936), by the chi-squared distribution; the method of the Association of Public Health
    Observatories' technical briefing 3 for small counts.

    Parameters
    ----------
    frame : pandas.DataFrame
    events, population : str
        Columns of counts and of people (or person-years).
    per : float
        Rate per how many.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        `frame` with rate, low, high (float, per `per`); missing where the population is 0 or missing.
    """
    count = frame[events].astype(float)
    base = frame[population].astype(float).replace(0, np.nan) / per
    tail = (1 - level) / 2
    low = np.where(count == 0, 0.0, stats.chi2.ppf(tail, 2 * count.clip(lower=0.5)) / 2)
    high = stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    return frame.assign(rate=count / base, low=low / base, high=high / base)


def add_shares(frame: pd.DataFrame, count: str = "n", of: str = "of", level: float = 0.95) -> pd.DataFrame:
    """Add shares with Wilson intervals.

    Source: Wilson (1927); recommended by Brown, Cai and DasGupta (2001) for any sample size.

    Parameters
    ----------
    frame : pandas.DataFrame
    count, of : str
        Columns: how many, of how many.

    Returns
    -------
    pandas.DataFrame
        `frame` with share, low, high (float, of 1); missing where `of` is 0.
    """
    n, total = frame[count].astype(float), frame[of].astype(float).replace(0, np.nan)
    low, high = proportion_confint(n.to_numpy(), total.to_numpy(), alpha=1 - level, method="wilson")
    return frame.assign(share=n / total, low=low, high=high)
