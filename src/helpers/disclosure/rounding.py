"""Rounding of counts: each by itself, or all together so that they still add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array


def half_up(numbers: pd.Series, base: int) -> pd.Series:
    """Round counts to the nearest multiple of `base`, halves up; missing stays missing.

    Returns
    -------
    pandas.Series
        Int64, with the index of `numbers`.
    """
    halves_up = np.floor(numbers.astype("Float64") / base + 0.5) * base
    return halves_up.astype("Int64")


def controlled(values: np.ndarray, sums: csr_array, base: int) -> np.ndarray:
    """Round counts to a neighbouring multiple of `base` so that rounded parts add up to rounded totals.

    Zero-restricted controlled rounding: a multiple of the base stays as it is, any other count moves to the
    multiple below or above, and the sum of all moves is as small as can be. Source of the definition: Cox, L.
    and Ernst, L. (1982), Controlled rounding, INFOR 20. A two-way table with totals can always be rounded so;
    linked tables can't always.

    Parameters
    ----------
    values : array of int64, shape (cells,)
    sums : sparse array, shape (totals, cells)
        Rows that are zero for the true values: 1 at a total, -1 at its parts.
    base : int

    Raises
    ------
    ValueError
        When there is no such rounding.
    """
    below = values // base * base
    free = values % base > 0
    # A cell that moves up instead of down costs what it moves further.
    cost = base - 2 * (values - below)
    result = milp(
        c=cost,
        constraints=LinearConstraint(sums * base, -(sums @ below), -(sums @ below)),
        bounds=Bounds(0, free.astype(float)),
        integrality=np.ones(len(values)),
    )
    if result.x is None:
        raise ValueError(
            f"These tables can't be rounded to {base} together so that all add up: round each by itself."
        )
    return below + base * np.rint(result.x).astype("int64")


def could_be(shown: np.ndarray, base: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest count that is shown as each of `shown` after rounding.

    Parameters
    ----------
    shown : array of float
    base : int
    kind : str
        "half_up" or "controlled".
    """
    if kind == "controlled":
        # A multiple of the base stays, so a neighbour is less than a base away.
        return np.maximum(shown - base + 1, 0), shown + base - 1
    return np.maximum(np.ceil(shown - base / 2), 0), np.ceil(shown + base / 2) - 1
