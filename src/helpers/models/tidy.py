"""The one shape in which every model gives its results."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = ["term", "estimate", "low", "high", "n", "method"]


def tidy(
    terms: object,
    estimates: object,
    errors: object,
    n: object,
    method: str,
    *,
    level: float = 0.95,
    exponentiate: bool = False,
    **more: object,
) -> pd.DataFrame:
    """Return results as every figure and table takes them.

    Parameters
    ----------
    terms, estimates, errors : sequence
        Names, estimates and standard errors on the scale on which they are normal (the log for ratios).
    n : int or sequence of int
        How many units the estimate rests on.
    method : str
        What was fitted, in words a reader knows.
    level : float
        Confidence level of the interval.
    exponentiate : bool
        Whether to return ratios for log ratios.
    **more
        Further columns, e.g. outcome or stage; they stand last.

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high (float), n (int64), method, then `more`.
    """
    estimate, error = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    reach = stats.norm.ppf(0.5 + level / 2) * error
    shown = [
        np.exp(part) if exponentiate else part for part in (estimate, estimate - reach, estimate + reach)
    ]
    frame = pd.DataFrame({"term": list(terms), **dict(zip(COLUMNS[1:4], shown, strict=True))})
    return frame.assign(n=np.asarray(n, dtype="int64"), method=method, **more)
