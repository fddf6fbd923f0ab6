"""Panels whose truth is known, for the tests of evaluation."""

import numpy as np
import pandas as pd

YEARS = np.arange(2010, 2022)


def staggered_panel(seed, units=60, grow=0.1, effect=0.0, anticipate=0.0, drift=0.0):
    """Make a panel in which effects grow by year and are twice as large for the first cohort.

    Returns the panel and the true average effect over the treated cells. `drift` is a trend that only
    the treated have.
    """
    rng = np.random.default_rng(seed)
    unit, year = np.repeat(np.arange(units), len(YEARS)), np.tile(YEARS, units)
    start = np.choose(unit % 4, [2013, 2016, 2019, 0])
    treated = (year >= start) & (start > 0)
    true = np.where(treated, effect + grow * (year - start + 1) * (1 + (start == 2013)), 0.0)
    shocks = rng.normal(size=(units, len(YEARS))) * 0.4
    noise = np.zeros_like(shocks)
    for place in range(len(YEARS)):
        noise[:, place] = shocks[:, place] + (0.5 * noise[:, place - 1] if place else 0)
    y = rng.normal(size=units)[unit] + 0.2 * (unit % 4) + 0.1 * (year - 2010) + true + noise.ravel()
    y = y + drift * (start > 0) * (year - 2010) + anticipate * ((start - year == 1) & (start > 0))
    weight = rng.integers(20, 60, units)[unit]
    frame = pd.DataFrame({"authority": unit, "year": year, "start": start, "y": y, "n": weight})
    return frame, np.average(true[treated], weights=weight[treated])


def staggered_shares(seed, units=40, cases=200):
    """Make shares that fall by a ratio which grows by year; levels and years differ by ratios too.

    Returns the panel and the true average ratio (of logarithms, weighted by cases).
    """
    rng = np.random.default_rng(seed)
    unit, year = np.repeat(np.arange(units), len(YEARS)), np.tile(YEARS, units)
    start = np.choose(unit % 4, [2013, 2016, 2019, 0])
    treated = (year >= start) & (start > 0)
    true = np.where(treated, -0.05 * (year - start + 1), 0.0)
    share = 0.12 * np.exp(rng.normal(0, 0.3, units)[unit] + 0.04 * (year - 2010) + true)
    share = share * np.exp(rng.normal(0, 0.1, len(unit)))
    of = rng.poisson(cases * rng.uniform(0.5, 1.5, units)[unit])
    events = rng.binomial(of, np.clip(share, 0, 1))
    frame = pd.DataFrame({"authority": unit, "year": year, "start": start, "y": events / of, "n": of})
    return frame, np.exp(np.average(true[treated], weights=of[treated]))
