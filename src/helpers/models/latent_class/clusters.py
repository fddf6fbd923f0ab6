"""Sandwich errors over clusters, from scores on counted cases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 100_000  # clusters whose scores are in memory at once


def clustered_error(scores: np.ndarray, n: object, cluster: np.ndarray | None) -> np.ndarray:
    """Return the square root of the summed squares of scores over clusters, column by column.

    Parameters
    ----------
    scores : array (rows x columns)
        The contribution of one case of each row.
    n : sequence of int
        How many cases each row stands for.
    cluster : array of int, optional
        The cluster (0, 1, ...) of each row. Without one, each of the n cases is by itself.

    Returns
    -------
    array (columns)
        With the usual correction G / (G - 1) for G clusters.
    """
    n = np.asarray(n, dtype=float)
    if cluster is None:
        cases = n.sum()
        return np.sqrt((scores**2 * n[:, None]).sum(axis=0) * cases / max(cases - 1, 1))
    total = np.zeros(scores.shape[1])
    groups = int(cluster.max()) + 1
    for column in range(scores.shape[1]):
        sums = np.bincount(cluster, weights=scores[:, column] * n, minlength=groups)
        total[column] = (sums**2).sum()
    return np.sqrt(total * groups / max(groups - 1, 1))


def clustered_meat(scores: np.ndarray, n: object, cluster: np.ndarray | None) -> np.ndarray:
    """Return the sum over clusters of the outer product of their scores (columns x columns).

    Parameters
    ----------
    scores, n, cluster
        As for `clustered_error`.
    """
    n = np.asarray(n, dtype=float)
    if cluster is None:
        cases = n.sum()
        return (scores * n[:, None]).T @ scores * cases / max(cases - 1, 1)
    groups = int(cluster.max()) + 1
    meat = np.zeros((scores.shape[1], scores.shape[1]))
    for rows, codes, size in _blocks(cluster, groups):
        weighted = scores[rows] * n[rows, None]
        sums = np.column_stack([np.bincount(codes, column, size) for column in weighted.T])
        meat += sums.T @ sums
    return meat * groups / max(groups - 1, 1)


def _blocks(cluster: np.ndarray, groups: int) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Yield the rows of some clusters at a time, with their clusters numbered from 0."""
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(0, groups, BLOCK))
    ends = [*starts[1:], len(order)]
    for first, start, end in zip(range(0, groups, BLOCK), starts, ends, strict=True):
        rows = order[start:end]
        yield rows, cluster[rows] - first, min(BLOCK, groups - first)
