"""Planted rates of authorities: by year, with a spread between them and ties to deprivation and turnover."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.synth.parameters import value
from helpers.synth.places import Places

CORRECTIONS = 12


def by_year(course: dict[int, float], years: np.ndarray) -> np.ndarray:
    """Return a planted course at each year, interpolated between the years named."""
    return np.interp(years, list(course), list(course.values()))


def deprivation(places: Places) -> np.ndarray:
    """Return how deprived each authority's neighbourhoods are (mean decile), standardised."""
    mean = places.neighbourhoods.groupby("authority")["imd_decile"].mean()
    return -_standard(mean.reindex(range(len(places.authorities))).to_numpy(dtype=float))


def stream(places: Places, number: int) -> np.random.Generator:
    """Return a random stream that belongs to the places: the same in every chunk of one country."""
    words = np.ascontiguousarray(places.authorities["turnover"].to_numpy(dtype=float)).view(np.uint32)
    return np.random.default_rng([number, *words.tolist()])


def planted(
    rng: np.random.Generator,
    places: Places,
    path: str,
    years: np.ndarray,
    weights: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return a planted rate by authority and year, with its published mean, spread and correlations.

    Parameters
    ----------
    path : str
        A parameter with mean (by year), spread (standard deviation between authorities), deprivation and
        turnover (correlations with either) and lasting (correlation from year to year of the rest).
    weights : callable
        From rates by authority to the weights with which their mean is that of the country.

    Returns
    -------
    numpy.ndarray
        Shape (authorities, years), in the unit of the mean; skewed as squares of normal draws are.
    """
    given = value(path)
    poor = deprivation(places)
    own = _standard(_without(places.authorities["turnover"].to_numpy(), poor))
    last, found = rng.normal(size=len(poor)), []
    for mean in by_year(given["mean"], years):
        chance = _standard(_without(_without(last, poor), own))
        found.append(_rate(given, mean, poor, own, chance, weights))
        fresh = np.sqrt(1 - given["lasting"] ** 2) * rng.normal(size=len(poor))
        last = given["lasting"] * chance + fresh
    return np.column_stack(found)


def _rate(
    given: dict[str, float],
    mean: float,
    poor: np.ndarray,
    own: np.ndarray,
    chance: np.ndarray,
    weights: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return one year's rate; level, link and spread are corrected until all three are as given."""
    level, link, spread = 1.0, given["deprivation"], given["spread"]
    for _ in range(CORRECTIONS):
        rest = np.sqrt(1 - link**2 - given["turnover"] ** 2)
        quantity = link * poor + given["turnover"] * own + rest * chance
        variance = mean - np.sqrt(mean**2 - spread**2 / 2)  # of the normal draws whose squares are the rate
        rate = level * (np.sqrt(mean - variance) + np.sqrt(variance) * quantity) ** 2
        level *= mean / np.average(rate, weights=weights(rate))
        link += given["deprivation"] - np.corrcoef(rate, poor)[0, 1]
        spread *= given["spread"] / rate.std()
    return rate


def _standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / x.std()


def _without(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return what is left of x once a standardised quantity is taken out of it."""
    return x - other * (x * other).mean()
