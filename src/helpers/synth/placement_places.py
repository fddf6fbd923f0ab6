"""Where children looked after come from and where they are placed, as postcodes.

Somewhat more than half of placements lie within the authority, most others within its region.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.postcodes import postcode_of


def home_postcodes(places: Places, children: pd.DataFrame, start: np.ndarray) -> np.ndarray:
    """Return the postcode of the home each child left on a day; `children` as in `Families.children`."""
    later = start >= children["moved"].to_numpy()
    home = np.where(later, children["neighbourhood_after"], children["neighbourhood"])
    return postcode_of(places, home, children["family"].to_numpy())


def placement_postcodes(rng: np.random.Generator, places: Places, authority: np.ndarray) -> np.ndarray:
    """Return a postcode for each placement.

    Parameters
    ----------
    rng : numpy.random.Generator
    places : Places
    authority : numpy.ndarray of int
        Row of the authority that looks after the child.
    """
    size = len(authority)
    shares = value("care.placed")
    draw = rng.random(size)
    region = pd.factorize(places.authorities["region"])[0]
    of_area = places.neighbourhoods["authority"].to_numpy()
    near = _within(rng, of_area, authority)
    around = _within(rng, region[of_area], region[authority])
    anywhere = rng.integers(0, len(of_area), size)
    outside = np.where(draw < shares["within"] + shares["region"], around, anywhere)
    place = np.where(draw < shares["within"], near, outside)
    return postcode_of(places, place, rng.integers(0, 100, size))


def _within(rng: np.random.Generator, group: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return for each wanted group a row of that group, drawn with equal chances."""
    order = np.argsort(group, kind="stable")
    count = np.bincount(group)
    first = np.concatenate([[0], count.cumsum()[:-1]])
    return order[first[wanted] + (rng.random(len(wanted)) * count[wanted]).astype(np.int64)]
