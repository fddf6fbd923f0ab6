"""Which school each child goes to: one near home of the right phase, changed by moves and by entry to care."""

from __future__ import annotations

import numpy as np

from helpers.synth.chunk import Chunk
from helpers.synth.days import day
from helpers.synth.journeys import FIRST_YEAR

PHASES = ("primary", "secondary", "special", "alternative")
PRIMARY, SECONDARY, SPECIAL, ALTERNATIVE = range(4)


def draw(
    rng: np.random.Generator, chunk: Chunk, year_group: np.ndarray, sen: np.ndarray, sen_type: np.ndarray
) -> np.ndarray:
    """Return the school (row of `Places.schools`) of each child in each year, -1 where in none."""
    children = chunk.people.children
    schools = chunk.places.schools
    first = np.zeros((len(PHASES), len(chunk.places.authorities)), dtype=np.int64)
    count = np.zeros_like(first)
    for phase, name in enumerate(PHASES):
        here = schools.index[schools["phase"] == name].to_numpy()
        authority = schools["authority"].to_numpy()[here]
        np.add.at(count[phase], authority, 1)
        first[phase] = here[0] + np.concatenate([[0], count[phase].cumsum()[:-1]])
    phase = np.where(year_group <= 6, PRIMARY, SECONDARY)
    special = rng.random(len(children)) < 0.4
    phase[(sen == 2) & special[:, None]] = SPECIAL
    census = np.array([day(y, 1, 16) for y in FIRST_YEAR + np.arange(year_group.shape[1])])
    moved = children["moved"].to_numpy()[:, None] <= census
    authority = np.where(moved, children["authority_after"].to_numpy()[:, None], children["authority"].to_numpy()[:, None])
    choice = rng.integers(0, 10**6, len(children))[:, None]
    school = first[phase, authority] + choice % count[phase, authority]
    return np.where(year_group < 0, -1, school).astype(np.int32)
