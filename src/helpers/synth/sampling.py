"""Draws that several domains share: events by a rate, codes by group, numbers of a place."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from helpers.synth.places import Places


def events_by_rate(rng: np.random.Generator, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw events that happen at a rate which differs by person and year of age.

    The years of all persons are laid end to end, and a Poisson process runs along them.

    Parameters
    ----------
    rng : numpy.random.Generator
    rates : numpy.ndarray
        Events a year, shape (persons, years of age), float.

    Returns
    -------
    tuple of numpy.ndarray
        Row of the person (int64) and age in years at the event (float), ordered by both.
    """
    flat = np.asarray(rates, dtype=float).ravel()
    upto = flat.cumsum()
    size = rng.poisson(upto[-1]) if len(upto) else 0
    at = np.sort(rng.random(size)) * upto[-1]
    cell = np.minimum(np.searchsorted(upto, at, side="right"), len(upto) - 1)
    # Rounding may leave a hair more than the cell holds.
    within = np.clip(1 - (upto[cell] - at) / np.maximum(flat[cell], 1e-300), 0, 1 - 1e-9)
    row, age = np.divmod(cell, rates.shape[1])
    return row, age + within


def by_age(points: dict[int, float], ages: np.ndarray) -> np.ndarray:
    """Return what is known at some ages (or years) at all of them, by straight lines in between."""
    known = sorted(points.items())
    return np.interp(ages, *zip(*known, strict=True))


def choose_by(rng: np.random.Generator, shares: list[dict[str, float]], group: np.ndarray) -> pd.Categorical:
    """Draw a code for each row with the shares of its group, a position in `shares`.

    Shares of a group need not add to one.

    Returns
    -------
    pandas.Categorical
        The codes; categories are all codes of all groups, in alphabetical order.
    """
    codes = sorted({code for of in shares for code in of})
    table = np.array([[of.get(code, 0.0) for code in codes] for of in shares])
    upto = (table / table.sum(axis=1, keepdims=True)).cumsum(axis=1)
    group = np.asarray(group, dtype=np.int64)
    at = rng.random(len(group))
    drawn = np.zeros(len(group), dtype=np.int64)
    for column in range(len(codes) - 1):
        drawn += at > upto[:, column][group]
    return pd.Categorical.from_codes(drawn, codes)


def chance(log_odds: np.ndarray | float) -> np.ndarray:
    """Return the probability that belongs to log odds."""
    return 1 / (1 + np.exp(-np.asarray(log_odds, dtype=float)))


def effect_of_place(places: Places, name: str) -> np.ndarray:
    """Return a standard normal effect of each authority on something named, the same in every chunk.

    It is drawn from the places themselves, so that it follows from the country's seed.
    """
    own = places.authorities["turnover"].to_numpy(dtype=float).view(np.uint32)
    return np.random.default_rng([crc32(name.encode()), *own[:64].tolist()]).normal(
        size=len(places.authorities)
    )


def number_within(key: np.ndarray) -> np.ndarray:
    """Return 1, 2, ... for rows with the same key, in order of appearance."""
    return pd.Series(np.asarray(key)).groupby(key, sort=False).cumcount().to_numpy() + 1
