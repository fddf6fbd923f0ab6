"""Missing values: multiple imputation by chained equations, to be held against the complete cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.imputation.mice import MICEData
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from helpers.models.regression.design import INTERCEPT, design, is_category, levels
from helpers.models.regression.fitting import fit
from helpers.models.regression.stages import METHODS
from helpers.models.tidy import tidy

ROUNDS = 5  # of the chained equations between one filled-in frame and the next


@threadpool_limits.wrap(limits=1, user_api="blas")  # threads cost more than such small sums gain
def impute(
    frame: pd.DataFrame,
    outcome: str,
    terms: Sequence[str],
    family: str = "linear",
    cluster: str | None = None,
    *,
    also: Sequence[str] = (),
    imputations: int = 10,
    seed: int = 0,
    keep: Sequence[str] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Fit a model on several filled-in frames and pool what they give.

    Missing values are filled in by statsmodels' MICEData: chained equations with predictive mean matching,
    from the outcome, the other terms and `also`. Pooled by Rubin's rules (Rubin 1987). It is right where
    what is missing depends only on what is known (missing at random), which data cannot show; a value that
    is missing because of itself stays a source of bias. A category is matched by its place in the order of
    its values, so its values should have an order.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows, not patterns. Rows without an outcome or a cluster are left out.
    outcome, terms, family, cluster, keep
        As for `staged`.
    also : sequence of str
        Columns that say something of the missing values and are not in the model.
    imputations : int
        Filled-in frames.
    seed : int
    progress : bool
        Whether to show a bar (on standard error).

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high, n, method, outcome, reference, missing_information (share of the variance
        that is due to what is missing), error. Ratios for the logistic and Poisson families.

    Raises
    ------
    ValueError
        When there are fewer than two imputations, or a column has no value at all.
    """
    if imputations < 2:
        raise ValueError("Pooling needs two imputations or more.")
    rows = frame.dropna(subset=[outcome, *([cluster] if cluster else [])]).reset_index(drop=True)
    names = list(dict.fromkeys([*terms, *also]))
    empty = [name for name in names if rows[name].isna().all()]
    if empty:
        raise ValueError(f"There is no value at all in {', '.join(empty)}.")
    fits = []
    bar = tqdm(total=imputations, desc="Imputations", disable=not progress)
    for filled in _filled(rows, outcome, names, imputations, seed):
        fits.append(fit(filled, outcome, list(terms), family, cluster))
        bar.update()
    bar.close()
    shown = [name for name in fits[0].estimates.index if name != INTERCEPT]
    if keep is not None:
        shown = [name for name in shown if name.split(": ")[0] in keep]
    pooled = pool(np.array([f.estimates[shown] for f in fits]), np.array([f.errors[shown] for f in fits]))
    # The interval is of Student's t: errors are widened so that the normal one of `tidy` is it.
    widened = pooled["error"] * stats.t.ppf(0.975, pooled["degrees"]) / stats.norm.ppf(0.975)
    return tidy(
        shown, pooled["estimate"], widened, len(rows),
        f"{METHODS[family]}, {imputations} imputations",
        exponentiate=family != "linear",
        outcome=outcome,
        reference=[fits[0].reference[name] for name in shown],
        missing_information=pooled["missing_information"],
        error=pooled["error"],
    )  # fmt: skip


def pool(estimates: np.ndarray, errors: np.ndarray) -> dict[str, np.ndarray]:
    """Pool estimates of filled-in frames by Rubin's rules.

    Source: Rubin (1987), chapter 3.

    Parameters
    ----------
    estimates, errors : numpy.ndarray of shape (imputations, terms)

    Returns
    -------
    dict
        estimate, error, degrees (of freedom, at most a million), missing_information, each of shape (terms,).
    """
    many = len(estimates)
    within, between = (errors**2).mean(axis=0), estimates.var(axis=0, ddof=1)
    extra = (1 + 1 / many) * between
    total = within + extra
    share = np.divide(extra, total, out=np.zeros_like(total), where=total > 0)
    degrees = np.minimum((many - 1) / np.maximum(share, 1e-12) ** 2, 1e6)
    return {
        "estimate": estimates.mean(axis=0),
        "error": np.sqrt(total),
        "degrees": degrees,
        "missing_information": share,
    }


def _filled(
    rows: pd.DataFrame, outcome: str, names: list[str], imputations: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Give the rows with their missing values filled in, anew each time."""
    gaps = [name for name in names if rows[name].isna().any()]
    if not gaps:
        yield from [rows] * imputations
        return
    values = {name: levels(rows[name]) for name in gaps if is_category(rows[name])}
    coded = {
        f"gap{i}": _codes(rows[name], values[name]) if name in values else rows[name].astype(float)
        for i, name in enumerate(gaps)
    }
    known, _ = design(rows, [name for name in names if name not in gaps])
    known = known.drop(columns=INTERCEPT).set_axis([f"known{i}" for i in range(known.shape[1] - 1)], axis=1)
    numbers = pd.DataFrame(coded).join(known).assign(outcome=rows[outcome].astype(float))
    data = MICEData(numbers, rng=np.random.default_rng(seed))
    for _ in range(imputations):
        data.update_all(ROUNDS)
        parts = {name: data.data[f"gap{i}"].to_numpy() for i, name in enumerate(gaps)}
        yield rows.assign(**{name: _decoded(part, values.get(name)) for name, part in parts.items()})


def _codes(column: pd.Series, values: list[object]) -> pd.Series:
    """Return the places of values in their order, as numbers to be matched."""
    return column.map({value: float(i) for i, value in enumerate(values)}).astype(float)


def _decoded(part: np.ndarray, values: list[object] | None) -> np.ndarray | pd.Categorical:
    if values is None:
        return part
    words = [values[int(round(code))] for code in part]
    return pd.Categorical(words, values)
