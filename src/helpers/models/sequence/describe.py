"""What sequences look like: shares by month, indices of each sequence, and typical ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.models.sequence.clustering import Typology
from helpers.models.sequence.distances import transition_matrix
from helpers.models.sequence.patterns import Sequences, written


def state_shares(data: Sequences, types: np.ndarray | None = None) -> pd.DataFrame:
    """Return the share of children in each state in each month, for stacked areas.

    Parameters
    ----------
    data : Sequences
    types : numpy.ndarray, optional
        The type of each distinct sequence, for shares within types.

    Returns
    -------
    pandas.DataFrame
        type (where given), time (month), state, share (of 1), n (children).
    """
    codes, size = data.codes, len(data.states)
    groups = {None: np.ones(len(codes), bool)} if types is None else {t: types == t for t in np.unique(types)}
    parts = []
    for name, inside in groups.items():
        weights = data.weights[inside]
        counts = np.array([np.bincount(column, weights, size) for column in codes[inside].T])
        part = pd.DataFrame(
            {
                "time": np.repeat(np.arange(data.months), size),
                "state": list(data.states) * data.months,
                "share": (counts / weights.sum()).ravel(),
                "n": counts.ravel().astype("int64"),
            }
        )
        if types is not None:
            part.insert(0, "type", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def state_entropy(data: Sequences, types: np.ndarray | None = None) -> pd.DataFrame:
    """Return how mixed the states are in each month: Shannon's entropy over its largest value.

    0 when all children are in one state, 1 when all states are equally common (Billari 2001).

    Returns
    -------
    pandas.DataFrame
        type (where given), time, entropy.
    """
    shares = state_shares(data, types)
    by = ["time"] if types is None else ["type", "time"]
    entropy = shares.groupby(by, sort=True)["share"].agg(lambda share: _entropy(share.to_numpy()))
    return (entropy / max(np.log(len(data.states)), 1e-12)).rename("entropy").reset_index()


def sequence_indices(data: Sequences) -> pd.DataFrame:
    """Return how varied each distinct sequence is.

    Sources: entropy of the time spent in each state over its largest value; complexity of Gabadinho et al.
    (2010), the root of the share of months with a change times that entropy; turbulence of Elzinga and
    Liefbroer (2007), European Journal of Population 23, log2 of (distinct subsequences of the spells'
    states, the empty one among them) times (largest variance of the spells' lengths + 1) over (their
    variance + 1).

    Returns
    -------
    pandas.DataFrame
        pattern, n (children), spells, entropy, complexity (both 0 to 1), turbulence (from 1).
    """
    rows = [_indices(np.asarray(code), len(data.states)) for code in data.codes]
    table = pd.DataFrame(rows, columns=["spells", "entropy", "complexity", "turbulence"])
    table.insert(0, "pattern", data.patterns)
    table.insert(1, "n", data.weights)
    return table


def transition_rates(data: Sequences) -> pd.DataFrame:
    """Return the share of months in a state that are followed by each state.

    Returns
    -------
    pandas.DataFrame
        source, target, share (of the months in the source that have a month after them).
    """
    rates = transition_matrix(data)
    size = len(data.states)
    return pd.DataFrame(
        {"source": np.repeat(data.states, size), "target": list(data.states) * size, "share": rates.ravel()}
    )


def typical(data: Sequences, found: Typology) -> pd.DataFrame:
    """Return the sequence in the middle of each type, in words.

    On real data a sequence that only a few children share may tell who they are: `n_same` says how many
    have it.

    Returns
    -------
    pandas.DataFrame
        type, n (children), share, medoid (words), n_same (children with just that sequence).
    """
    sizes = np.bincount(found.types, weights=data.weights, minlength=len(found.places)).astype("int64")
    return pd.DataFrame(
        {
            "type": range(len(found.places)),
            "n": sizes,
            "share": sizes / data.children,
            "medoid": [written(data, place) for place in found.places],
            "n_same": data.weights[found.places],
        }
    )


def distinct_subsequences(states: np.ndarray) -> float:
    """Return how many distinct subsequences there are, the empty one among them; "aba" has 7.

    Each new state doubles them, less those that ended before its last time.
    """
    total, last = 1.0, {}
    for state in states.tolist():
        before = total
        total = 2 * total - last.get(state, 0.0)
        last[state] = before
    return total


def _entropy(shares: np.ndarray) -> float:
    present = shares[shares > 0]
    return max(float(-(present * np.log(present)).sum()), 0.0)


def _indices(code: np.ndarray, size: int) -> tuple[int, float, float, float]:
    starts = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
    lengths = np.diff(np.append(starts, len(code)))
    entropy = _entropy(np.bincount(code) / len(code)) / max(np.log(size), 1e-12)
    changes = (len(starts) - 1) / max(len(code) - 1, 1)
    most = (len(starts) - 1) * (1 - lengths.mean()) ** 2
    turbulence = np.log2(distinct_subsequences(code[starts]) * (most + 1) / (lengths.var() + 1))
    return len(starts), entropy, float(np.sqrt(changes * entropy)), float(turbulence)
