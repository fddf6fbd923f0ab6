"""Counts by class, corrected for classification error, for methods that take counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.models.latent_class.relations import bch_weights, with_class


def corrected_counts(
    classified: pd.DataFrame,
    counts: pd.DataFrame,
    items: Sequence[str],
    keep: Sequence[str],
    within: Sequence[str] = (),
) -> pd.DataFrame:
    """Return counts by class, corrected, as Kaplan-Meier and its like take them.

    Curves of these counts are right on average; their usual intervals take the counts for cases, and are a
    little too narrow.

    Parameters
    ----------
    counts : pandas.DataFrame
        Cases counted by pattern and whatever is wanted: items, `keep`, n.
    keep : sequence of str
        Columns of `counts` to count by, e.g. days and event.
    within : sequence of str
        Those of `keep` whose values stand for themselves (event); the last of the others is an order (days)
        along which the few negative sums are taken from the counts that come before, so that none remains
        and totals stay. Without any order (all of `keep` are in `within`), negative sums are returned.
    classified, items
        As for `distal`.

    Returns
    -------
    pandas.DataFrame
        class, `keep`, n (float; corrected), uncorrected (int, by likeliest class).
    """
    keep, known = list(keep), with_class(classified, counts, items)
    sums = known.groupby([*keep, "class"], as_index=False, observed=True)["n"].sum()
    weights = bch_weights(classified).to_numpy()
    long = pd.concat(
        sums[keep].assign(
            **{"class": k + 1}, uncorrected=sums["n"].where(sums["class"] == k + 1, 0),
            n=sums["n"] * weights[sums["class"] - 1, k],
        )
        for k in range(len(weights))
    )  # fmt: skip
    table = long.groupby(["class", *keep], as_index=False, observed=True)[["n", "uncorrected"]].sum()
    order = [name for name in keep if name not in within]
    if not order:
        return table
    fixed = [name for name in keep if name != order[-1]]
    table = table.sort_values(["class", *fixed, order[-1]], ignore_index=True)
    table["n"] = table.groupby(["class", *fixed], observed=True)["n"].transform(_never_below_zero)
    return table[(table["n"] > 0) | (table["uncorrected"] > 0)].reset_index(drop=True)


def _never_below_zero(n: pd.Series) -> np.ndarray:
    """Take negative counts from those before them; what is left never falls and ends at the same total."""
    total = n.cumsum().to_numpy()
    risen = np.minimum.accumulate(total[::-1])[::-1].clip(min=0)
    return np.diff(risen, prepend=0)
