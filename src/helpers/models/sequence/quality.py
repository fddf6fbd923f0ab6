"""How good a typology is: silhouettes, explained discrepancy, and whether it comes again in new samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from tqdm import tqdm

from helpers.models.sequence.clustering import Typology, checked_square, k_medoids, typology
from helpers.models.sequence.patterns import Sequences


def silhouettes(data: Sequences, distance: np.ndarray, types: np.ndarray) -> np.ndarray:
    """Return the silhouette of each distinct sequence, as if every child were a row.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20; with weights as Studer (2013), WeightedCluster. From
    -1 to 1: near 1 when the own type is much nearer than the next; 0 for a child alone in its type.

    Returns
    -------
    numpy.ndarray
        float, by sequence.
    """
    square = checked_square(data, distance)
    member = np.eye(types.max() + 1)[types] * data.weights[:, None]
    sizes = member.sum(axis=0)
    away = square @ member
    rows = np.arange(len(types))
    own = away[rows, types] / np.maximum(sizes[types] - 1, 1)
    other = away / np.maximum(sizes, 1)
    other[rows, types] = np.inf
    next_best = other.min(axis=1)
    largest = np.maximum(own, next_best)
    width = np.divide(next_best - own, largest, out=np.zeros(len(own)), where=largest > 0)
    return np.where(sizes[types] > 1, width, 0.0)


def explained(data: Sequences, distance: np.ndarray, types: np.ndarray) -> float:
    """Return the share of the discrepancy between sequences that lies between types (a pseudo R-squared).

    Source: Studer, Ritschard, Gabadinho and Müller (2011), Sociological Methods & Research 40(3).
    """
    square, w = checked_square(data, distance), data.weights.astype(float)
    member = np.eye(types.max() + 1)[types] * w[:, None]
    sizes = member.sum(axis=0)
    within = ((square @ member) * member).sum(axis=0)
    total = w @ square @ w / w.sum()
    return float(1 - (within[sizes > 0] / sizes[sizes > 0]).sum() / total) if total > 0 else 0.0


def within_types(data: Sequences, distance: np.ndarray, found: Typology) -> pd.DataFrame:
    """Return each type's size and quality.

    Returns
    -------
    pandas.DataFrame
        type (from 0), n (children), share, distinct (sequences), silhouette (weighted mean), from_medoid
        (mean distance).
    """
    square = checked_square(data, distance)
    table = pd.DataFrame(
        {
            "type": found.types,
            "n": data.weights,
            "silhouette": silhouettes(data, distance, found.types) * data.weights,
            "from_medoid": square[np.arange(len(found.types)), found.places[found.types]] * data.weights,
        }
    )
    sums = table.groupby("type").sum()
    sums["distinct"] = table.groupby("type").size()
    sums["share"] = sums["n"] / data.children
    for column in ("silhouette", "from_medoid"):
        sums[column] /= sums["n"]
    return sums.reset_index()[["type", "n", "share", "distinct", "silhouette", "from_medoid"]]


def choose(
    data: Sequences, distance: np.ndarray, classes: Sequence[int] = range(2, 11), *, progress: bool = False
) -> pd.DataFrame:
    """Return the quality of typologies with different numbers of types, to choose from.

    An average silhouette above 0.5 is commonly read as a reasonable structure, 0.25 to 0.5 as a weak one,
    and below as none (Kaufman and Rousseeuw 1990). Where many children share the very same journey it goes
    on growing with the number of types: look for where it stops growing fast. Look also at whether the
    types mean something, and come again.

    Returns
    -------
    pandas.DataFrame
        classes, silhouette (weighted average), worst (the lowest of the types), explained, from_medoid (mean
        distance), smallest_n (children), smallest (share), n.
    """
    rows = []
    for number in tqdm(classes, desc="Types", disable=not progress):
        found = typology(data, distance, number)
        parts = within_types(data, distance, found)
        rows.append(
            {
                "classes": number,
                "silhouette": float(np.average(parts["silhouette"], weights=parts["n"])),
                "worst": parts["silhouette"].min(),
                "explained": explained(data, distance, found.types),
                "from_medoid": found.cost,
                "smallest_n": int(parts["n"].min()),
                "smallest": parts["share"].min(),
                "n": data.children,
            }
        )
    return pd.DataFrame(rows)


def stability(
    data: Sequences,
    distance: np.ndarray,
    found: Typology,
    *,
    repeats: int = 50,
    seed: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """Return how much of each type comes again when children are drawn anew.

    In each bootstrap sample of children the types are found again, every child is given the nearest of the
    new medoids, and each type is compared with the new one most like it: children in both over children in
    either (Jaccard). Source: Hennig (2007), Cluster-wise assessment of cluster stability, Computational
    Statistics & Data Analysis 52(1): below 0.6 a type should not be trusted, from 0.75 it is a valid
    pattern.

    Returns
    -------
    pandas.DataFrame
        term ("type 0", ..., "all: adjusted Rand"), estimate (mean), low, high (2.5 and 97.5 per cent of the
        samples), n (children), method.
    """
    square, w = checked_square(data, distance), data.weights
    rng = np.random.default_rng(seed)
    classes = len(found.medoids)
    old = np.repeat(found.types, w)
    alike = []
    for _ in tqdm(range(repeats), desc="Drawing anew", disable=not progress):
        drawn = rng.multinomial(data.children, w / data.children)
        here = np.flatnonzero(drawn)
        places = here[k_medoids(square[np.ix_(here, here)], drawn[here].astype(float), classes)]
        types = square[:, places].argmin(axis=1)
        both = np.zeros((classes, classes))
        np.add.at(both, (found.types, types), w)
        either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
        jaccard = (both / np.maximum(either, 1)).max(axis=1)
        alike.append([*jaccard, adjusted_rand_score(old, np.repeat(types, w))])
    alike = np.array(alike)
    sizes = np.bincount(found.types, weights=w, minlength=classes).astype("int64")
    return pd.DataFrame(
        {
            "term": [*(f"type {number}" for number in range(classes)), "all: adjusted Rand"],
            "estimate": alike.mean(axis=0),
            "low": np.quantile(alike, 0.025, axis=0),
            "high": np.quantile(alike, 0.975, axis=0),
            "n": [*sizes, data.children],
            "method": "k-medoids in bootstrap samples of children",
        }
    )
