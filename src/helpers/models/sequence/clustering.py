"""A typology of sequences: k-medoids on distances, each sequence counted as often as it occurs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import squareform

from helpers.models.sequence.distances import match_one, substitution_costs
from helpers.models.sequence.patterns import Sequences

BLOCK = 512  # candidates weighed at a time, which bounds the memory


@dataclass(frozen=True)
class Typology:
    """Types of sequences.

    Attributes
    ----------
    types : numpy.ndarray
        int64: the type of each distinct sequence, 0 for the one with the most children.
    medoids : tuple of str
        The pattern in the middle of each type.
    places : numpy.ndarray
        Where the medoids stand among the sequences.
    cost : float
        Mean distance of a child to the medoid of its type.
    """

    types: np.ndarray
    medoids: tuple[str, ...]
    places: np.ndarray
    cost: float


def typology(data: Sequences, distance: np.ndarray, classes: int) -> Typology:
    """Return the typology that is nearest to its medoids.

    K-medoids needs only distances and takes weights, which is why it is used here. Ward's method supposes
    squared Euclidean distances, which optimal matching does not give; and scipy's hierarchical methods take
    no weights, so a journey of 9,000 children would count as one of 1. Greedy start and best swaps: PAM of
    Kaufman and Rousseeuw (1990), swaps weighed all at once as in Schubert and Rousseeuw (2021).

    Parameters
    ----------
    data : Sequences
    distance : numpy.ndarray
        Condensed, from `distances`, `hamming` or `optimal_matching`.
    classes : int
        How many types.

    Raises
    ------
    ValueError
        If there are not more distinct sequences than types, or the distances are those of other sequences.
    """
    square = checked_square(data, distance)
    if not 1 <= classes < len(data.patterns):
        raise ValueError(f"{len(data.patterns)} distinct sequences cannot make {classes} types.")
    places = k_medoids(square, data.weights.astype(float), classes)
    return _named(data, square, places)


def k_medoids(square: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    """Return the places of the medoids that leave the least weighted distance; swaps until none helps."""
    places = _greedy(square, weights, classes)
    while classes > 1:
        gain, swap = _best_swap(square, weights, places)
        if gain >= -1e-9 * max(weights.sum(), 1.0):
            break
        places = swap
    return places


def checked_square(data: Sequences, distance: np.ndarray) -> np.ndarray:
    """Return the square matrix of distances, once they are seen to belong to the sequences."""
    n = len(data.patterns)
    if distance.shape != (n * (n - 1) // 2,):
        raise ValueError("The distances are not those of these sequences.")
    return squareform(distance, checks=False)


def sampled(data: Sequences, most: int, *, seed: int = 1) -> Sequences:
    """Return the sequences of children drawn at random until `most` distinct ones are there.

    For countries with more distinct journeys than a distance takes: find the types in the sample and give
    everyone else the type of the nearest medoid (`assign`), as CLARA does (Kaufman and Rousseeuw 1990).
    """
    if len(data.patterns) <= most:
        return data
    order = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(data.patterns)), data.weights))
    _, first = np.unique(order, return_index=True)
    end = np.sort(first)[most] if len(first) > most else len(order)
    counts = np.bincount(order[:end], minlength=len(data.patterns))
    kept = np.flatnonzero(counts)
    return replace(data, patterns=tuple(data.patterns[i] for i in kept), weights=counts[kept])


def assign(
    data: Sequences,
    found: Typology,
    method: str = "hamming",
    *,
    costs: np.ndarray | None = None,
    indel: float | None = None,
) -> np.ndarray:
    """Return the type of every distinct sequence: that of the nearest medoid.

    Parameters
    ----------
    data : Sequences
        As long as the medoids, with the same states.
    found : Typology
    method, costs, indel
        As for the distances on which the types were found.
    """
    letters = replace(data, patterns=found.medoids, weights=np.ones(len(found.medoids), dtype=int)).codes
    codes = data.codes
    if letters.shape[1] != codes.shape[1]:
        raise ValueError("The medoids are of another length than these sequences.")
    if method == "matching":
        costs = substitution_costs(data) if costs is None else costs
        indel = costs.max() / 2 if indel is None else indel
        away = [match_one(medoid, codes, costs, indel) for medoid in letters]
    else:
        costs = 1.0 - np.eye(len(data.states)) if costs is None else costs
        away = [costs[medoid[None], codes].sum(axis=1) for medoid in letters]
    return np.argmin(away, axis=0)


def _named(data: Sequences, square: np.ndarray, places: np.ndarray) -> Typology:
    """Order the types by size, so that a refit gives the same names."""
    near = square[:, places]
    types = near.argmin(axis=1)
    types[places] = np.arange(len(places))
    sizes = np.bincount(types, weights=data.weights, minlength=len(places))
    order = np.lexsort((places, -sizes))
    types = np.argsort(order)[types]
    places = places[order]
    cost = float(np.average(square[np.arange(len(types)), places[types]], weights=data.weights))
    return Typology(types, tuple(data.patterns[i] for i in places), places, cost)


def _blocks(n: int) -> list[slice]:
    return [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]


def _greedy(square: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    places = [int(np.argmin(square @ weights))]
    nearest = square[places[0]].copy()
    while len(places) < classes:
        saved = [
            np.maximum(nearest[:, None] - square[:, block], 0).T @ weights for block in _blocks(len(square))
        ]
        saved = np.concatenate(saved)
        saved[places] = -1.0
        places.append(int(saved.argmax()))
        nearest = np.minimum(nearest, square[places[-1]])
    return np.array(places)


def _best_swap(square: np.ndarray, weights: np.ndarray, places: np.ndarray) -> tuple[float, np.ndarray]:
    """Return what the best swap of a medoid for another sequence changes, and the medoids after it."""
    near = square[:, places]
    owner = near.argmin(axis=1)
    first, second = np.partition(near, 1, axis=1)[:, :2].T
    member = np.eye(len(places))[owner] * weights[:, None]
    best = (0.0, places)
    for block in _blocks(len(square)):
        there = square[:, block]
        kept = np.minimum(there - first[:, None], 0)
        # A sequence whose medoid goes takes the newcomer or its second nearest.
        lost = np.minimum(there, second[:, None]) - first[:, None]
        change = (kept.T @ weights)[:, None] + (lost - kept).T @ member
        which, out = np.unravel_index(change.argmin(), change.shape)
        if change[which, out] < best[0]:
            swapped = places.copy()
            swapped[out] = block.start + which
            best = (float(change[which, out]), swapped)
    return best
