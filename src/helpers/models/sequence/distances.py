"""How far apart sequences are: Hamming, and optimal matching."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import squareform
from tqdm import tqdm

from helpers.models.sequence.patterns import Sequences

MOST_HAMMING = 8_000  # distinct sequences: the condensed matrix takes 256 MB, the square one 512 MB
MOST_MATCHING = 3_000  # 4.5 million pairs: minutes


def substitution_costs(data: Sequences, kind: str = "constant") -> np.ndarray:
    """Return what it costs to put one state for another.

    "constant" is 2 for every pair. "transitions" is 2 - p(a to b) - p(b to a) from the monthly transition
    rates of the children: states that often follow each other are near (as TraMineR's TRATE). With long
    spells, rates are small and the costs hardly differ from 2.

    Returns
    -------
    numpy.ndarray
        states by states, float, symmetric, 0 on the diagonal.
    """
    size = len(data.states)
    if kind == "constant":
        return 2.0 * (1 - np.eye(size))
    if kind != "transitions":
        raise ValueError(f"There are no costs {kind!r}: choose constant or transitions.")
    rates = transition_matrix(data)
    costs = 2 - rates - rates.T
    np.fill_diagonal(costs, 0.0)
    return costs


def transition_matrix(data: Sequences) -> np.ndarray:
    """Return the share of months in a state (rows) that are followed by each state."""
    codes, size = data.codes.astype(int), len(data.states)
    pairs = (codes[:, :-1] * size + codes[:, 1:]).ravel()
    weights = np.repeat(data.weights, data.months - 1)
    counts = np.bincount(pairs, weights=weights, minlength=size * size).reshape(size, size)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def distances(data: Sequences, method: str = "hamming", **options: object) -> np.ndarray:
    """Return the condensed distances by "hamming" or "matching" (`optimal_matching`)."""
    if method not in ("hamming", "matching"):
        raise ValueError(f"There is no distance {method!r}: choose hamming or matching.")
    return hamming(data, **options) if method == "hamming" else optimal_matching(data, **options)


def hamming(data: Sequences, costs: np.ndarray | None = None) -> np.ndarray:
    """Return Hamming distances: the cost of making two sequences alike month by month, without shifting.

    It compares what happened at the same time, which suits journeys that are counted from a common origin;
    two alike journeys of which one began a month later are far apart.

    Parameters
    ----------
    data : Sequences
        At most 8,000 distinct ones.
    costs : numpy.ndarray, optional
        From `substitution_costs`; by default 1 for each month that differs.

    Returns
    -------
    numpy.ndarray
        Condensed, as scipy's `pdist` returns: float64, n (n - 1) / 2.

    Raises
    ------
    ValueError
        If there are more distinct sequences than stated.
    """
    _bound(data, MOST_HAMMING)
    costs = 1.0 - np.eye(len(data.states)) if costs is None else _checked(costs, data)
    codes = data.codes
    total = np.zeros((len(codes), len(codes)))
    for month in range(data.months):
        column = codes[:, month]
        here = np.eye(len(data.states))[column]
        total += (here @ costs) @ here.T
    np.fill_diagonal(total, 0.0)
    return squareform(total, checks=False)


def optimal_matching(
    data: Sequences,
    costs: np.ndarray | None = None,
    indel: float | None = None,
    *,
    progress: bool = False,
) -> np.ndarray:
    """Return optimal matching distances: the least cost of turning one sequence into the other.

    A step puts one state for another, leaves one out or puts one in, so a journey that began a month later
    is near. Needleman and Wunsch (1970), one sequence against all others at a time. The distance is a
    metric if the costs are one, but not a Euclidean one: see `typology`.

    Parameters
    ----------
    data : Sequences
        At most 3,000 distinct ones.
    costs : numpy.ndarray, optional
        From `substitution_costs`; 2 by default.
    indel : float, optional
        Cost of leaving out or putting in; half the largest substitution by default, so that no substitution
        is dearer than one of each.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    numpy.ndarray
        Condensed, float64.

    Raises
    ------
    ValueError
        If there are more distinct sequences than stated, or costs are impossible.
    """
    _bound(data, MOST_MATCHING)
    costs = substitution_costs(data) if costs is None else _checked(costs, data)
    indel = costs.max() / 2 if indel is None else float(indel)
    if not indel > 0:
        raise ValueError("Leaving a state out must cost something.")
    codes = data.codes
    rows = [
        match_one(codes[place], codes[place + 1 :], costs, indel)
        for place in tqdm(range(len(codes) - 1), desc="Matching", disable=not progress)
    ]
    return np.concatenate(rows) if rows else np.empty(0)


def match_one(one: np.ndarray, others: np.ndarray, costs: np.ndarray, indel: float) -> np.ndarray:
    """Return the optimal matching distance of one sequence (months) to each of others (sequences by months).

    Costs are counted less what leaving out and putting in would have cost up to there. Those two steps then
    cost nothing, and a row of the table is a running minimum, taken for all the others at once.
    """
    saved = costs - 2 * indel
    # Months lead, sequences follow: every step is one operation on a run of memory.
    against = np.ascontiguousarray(others.T)
    table = {state: saved[state][against] for state in np.unique(one)}
    above = np.zeros((others.shape[1] + 1, others.shape[0]))
    best = np.empty_like(against, dtype=float)
    for state in one:
        np.add(above[:-1], table[state], out=best)
        np.minimum(best, above[1:], out=best)
        for month in range(len(best)):  # above[0] stays 0, and each month may follow from the one before
            np.minimum(best[month], above[month], out=above[month + 1])
    return above[-1] + indel * (len(one) + others.shape[1])


def _bound(data: Sequences, most: int) -> None:
    if len(data.patterns) > most:
        raise ValueError(
            f"There are {len(data.patterns):,} distinct sequences, and this distance takes {most:,}: let "
            "`typology` draw a sample, take quarters for months, or put states together."
        )


def _checked(costs: np.ndarray, data: Sequences) -> np.ndarray:
    size = len(data.states)
    if costs.shape != (size, size) or (costs < 0).any() or not np.allclose(costs, costs.T):
        raise ValueError("Costs must be a symmetric table of states by states, none below 0.")
    return costs
