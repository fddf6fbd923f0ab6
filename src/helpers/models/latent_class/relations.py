"""What a class goes with, corrected for the error of putting each case into its likeliest class.

A case in its likeliest class is sometimes in the wrong one, so that differences between classes look smaller
than they are. The correction of Bolck, Croon and Hagenaars (2004), as Vermunt (2010, Political Analysis) made
it weights, undoes this: each case counts in every class with a weight, some below zero, such that on average
over the cases of a class the weights are right. Every function gives the uncorrected result alongside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers.measures.groups import groups
from helpers.models.latent_class.clusters import clustered_error
from helpers.models.tidy import tidy

CORRECTED = "BCH-corrected"
UNCORRECTED = "modal assignment, uncorrected"


def classification_error(classified: pd.DataFrame) -> pd.DataFrame:
    """Return the chance that a case of each class (rows) is put into each (columns), as the model has it.

    Parameters
    ----------
    classified : pandas.DataFrame
        From `classify`: the patterns the model was fitted on, with class, p1, p2, ... and n.

    Returns
    -------
    pandas.DataFrame
        Classes by classes; each row adds up to 1.
    """
    posterior, modal = _posterior(classified), _modal(classified)
    n = classified["n"].to_numpy(float)[:, None]
    table = (posterior * n).T @ modal / (posterior * n).sum(axis=0)[:, None]
    numbers = np.arange(1, posterior.shape[1] + 1)
    return pd.DataFrame(table, index=pd.Index(numbers, name="class"), columns=pd.Index(numbers, name="put"))


def bch_weights(classified: pd.DataFrame) -> pd.DataFrame:
    """Return the weight with which a case that was put into each class (rows) counts in each (columns).

    Source: Vermunt (2010): the inverse of the table of classification error.

    Raises
    ------
    ValueError
        When two classes can't be told apart by assignment, so that there is no inverse.
    """
    error = classification_error(classified)
    if np.linalg.cond(error.to_numpy()) > 1e8:
        raise ValueError(
            "A class is nobody's likeliest class: the correction needs a model with fewer classes."
        )
    inverse = np.linalg.inv(error.to_numpy())
    return pd.DataFrame(inverse, index=error.columns.rename("put"), columns=error.index.rename("class"))


def distal(
    classified: pd.DataFrame,
    counts: pd.DataFrame,
    items: Sequence[str],
    outcomes: Sequence[str],
    cluster: str | None = None,
) -> pd.DataFrame:
    """Return the share of each class that had each outcome (or its mean), corrected and not.

    The estimand is the share of cases with the outcome among the cases of a class; of an outcome that is a
    number, its mean. Standard errors are
    sandwich errors over clusters (a child's assessments); the classification error is taken as known, which
    understates them a little where classes are hard to tell apart (Bakk, Oberski and Vermunt 2014).

    Parameters
    ----------
    classified : pandas.DataFrame
        From `classify`, of all the cases the model was fitted on.
    counts : pandas.DataFrame
        Cases counted by pattern, outcomes and cluster: items, `outcomes`, `cluster`, n. Cases whose
        pattern the model does not know raise.
    items : sequence of str
    outcomes : sequence of str
        Columns of `counts`.
    cluster : str, optional
        Column of `counts`; each case by itself when not given, for which cases may be counted together.

    Returns
    -------
    pandas.DataFrame
        term (class, int), estimate (share or mean), low, high (of shares bounded by 0 and 1), n (cases put
        into the class), method, outcome, error (standard error).
    """
    known = with_class(classified, counts, items)
    put, codes, n = known["class"].to_numpy() - 1, _codes(known, cluster), known["n"].to_numpy(float)
    parts = []
    for method, weights in _both(classified):
        each = weights.to_numpy()[put]
        size = n @ each
        for outcome in outcomes:
            y = known[outcome].to_numpy(float)[:, None]
            mean = n @ (each * y) / size
            error = clustered_error(each * (y - mean), n, codes) / size
            found = tidy(
                weights.columns, mean, error, _put(known, len(size)), method, outcome=outcome, error=error
            )
            parts.append(_bounded(found) if set(y.ravel()) <= {0.0, 1.0} else found)
    return pd.concat(parts, ignore_index=True)


def class_shares(
    classified: pd.DataFrame,
    counts: pd.DataFrame,
    items: Sequence[str],
    by: Sequence[str] = (),
    cluster: str | None = None,
) -> pd.DataFrame:
    """Return the share of cases in each class, within groups such as years or authorities.

    Parameters
    ----------
    counts : pandas.DataFrame
        Cases counted by pattern, `by` and cluster: items, `by`, `cluster`, n.
    by : sequence of str
        Columns of `counts` within whose values the shares add up to 1.
    classified, items, cluster
        As for `distal`.

    Returns
    -------
    pandas.DataFrame
        `by`, then term (class), estimate, low, high (bounded by 0 and 1), n (cases put into the class),
        method, of (cases of the group), error.
    """
    known, by = with_class(classified, counts, items), list(by)
    both = _both(classified)
    parts = [
        _shares(part, weights, method, cluster, names)
        for names, part in groups(known, by)
        for method, weights in both
    ]
    found = pd.concat(parts, ignore_index=True)
    return found[[*by, *[column for column in found.columns if column not in by]]]


def share_change(
    classified: pd.DataFrame,
    counts: pd.DataFrame,
    items: Sequence[str],
    after: str,
    cluster: str | None = None,
) -> pd.DataFrame:
    """Return how much each class's share differs between two groups of cases, e.g. after and before a date.

    Parameters
    ----------
    counts : pandas.DataFrame
        Items, `after` (0 or 1), `cluster`, n.
    after : str
        Column that is 1 for the cases compared with the others. A child may be in both; errors allow for it.
    classified, items, cluster
        As for `distal`.

    Returns
    -------
    pandas.DataFrame
        term (class), estimate (difference of shares: after less before), low, high, n (cases put into the
        class), method, before, after (shares), ratio, error, p, p_adjusted (Holm 1979, over the classes).
    """
    known = with_class(classified, counts, items)
    flag, n = known[after].to_numpy(float), known["n"].to_numpy(float)
    if not {0.0, 1.0} <= set(flag):
        raise ValueError(f"{after!r} must be 1 for some cases and 0 for others.")
    parts = []
    for method, weights in _both(classified):
        each = weights.to_numpy()[known["class"].to_numpy() - 1]
        shares = [(each * (n * on)[:, None]).sum(axis=0) / (n * on).sum() for on in (1 - flag, flag)]
        scores = sum(
            sign * (on / (n * on).sum())[:, None] * (each - share)
            for sign, on, share in zip((-1, 1), (1 - flag, flag), shares, strict=True)
        )
        error = clustered_error(scores, known["n"], _codes(known, cluster))
        change = shares[1] - shares[0]
        p = _two_sided(change, error)
        parts.append(tidy(
            weights.columns, change, error, _put(known, len(weights)), method, before=shares[0],
            after=shares[1], ratio=shares[1] / shares[0], error=error, p=p,
            p_adjusted=multipletests(p, method="holm")[1],
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _shares(
    part: pd.DataFrame, weights: pd.DataFrame, method: str, cluster: str | None, names: dict[str, object]
) -> pd.DataFrame:
    each = weights.to_numpy()[part["class"].to_numpy() - 1]
    n = part["n"].to_numpy(float)
    share = (each * n[:, None]).sum(axis=0) / n.sum()
    error = clustered_error(each - share, part["n"], _codes(part, cluster)) / n.sum()
    put, of = _put(part, len(weights)), int(n.sum())
    return _bounded(tidy(weights.columns, share, error, put, method, of=of, error=error, **names))


def _both(classified: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the weights of the corrected and of the uncorrected estimate."""
    corrected = bch_weights(classified)
    same = pd.DataFrame(np.eye(len(corrected)), index=corrected.index, columns=corrected.columns)
    return [(CORRECTED, corrected), (UNCORRECTED, same)]


def _posterior(classified: pd.DataFrame) -> np.ndarray:
    numbers = sorted(int(name[1:]) for name in classified.columns if name[0] == "p" and name[1:].isdigit())
    return classified[[f"p{k}" for k in numbers]].to_numpy(float)


def _modal(classified: pd.DataFrame) -> np.ndarray:
    return np.eye(_posterior(classified).shape[1])[classified["class"].to_numpy() - 1]


def with_class(classified: pd.DataFrame, counts: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return the counts with the class that their pattern was put into."""
    patterns = classified[[*items, "class"]].drop_duplicates()
    rest = counts.drop(columns="class", errors="ignore")
    known = rest.merge(patterns, on=list(items), how="left", validate="many_to_one")
    if known["class"].isna().any():
        lost = int(known.loc[known["class"].isna(), "n"].sum())
        raise ValueError(f"{lost:,} cases have a pattern that was not classified: classify them first.")
    return known.astype({"class": "int64"})


def _put(known: pd.DataFrame, classes: int) -> np.ndarray:
    """Return how many cases were put into each class."""
    return np.bincount(known["class"] - 1, weights=known["n"], minlength=classes).astype("int64")


def _codes(known: pd.DataFrame, cluster: str | None) -> np.ndarray | None:
    return None if cluster is None else pd.factorize(known[cluster])[0]


def _bounded(table: pd.DataFrame) -> pd.DataFrame:
    """Cut the ends of intervals of shares (not the estimates) at 0 and 1."""
    return table.assign(low=table["low"].clip(0, 1), high=table["high"].clip(0, 1))


def _two_sided(estimate: np.ndarray, error: np.ndarray) -> np.ndarray:
    return 2 * stats.norm.sf(np.abs(estimate) / np.where(error > 0, error, np.inf))
