"""From a frame to what a regression needs: complete cases, dummies with a stated reference, patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

INTERCEPT = "intercept"
SQUARES = "squares"  # column of patterns: squares around the pattern's mean


def patterns(
    table: ir.Table,
    outcome: str,
    by: Sequence[str],
    spread: bool = False,
    order: Mapping[str, Sequence[object]] | None = None,
) -> pd.DataFrame:
    """Count the distinct patterns of covariates and outcome; the engine does the counting.

    A regression on them equals the one on rows. Where the outcome takes many values (a score), ask for
    `spread`: a pattern is then one of the covariates, with the outcome's mean and squares.

    Parameters
    ----------
    table : Ibis table
        One row a unit.
    outcome : str
    by : sequence of str
        Covariates and the column that errors are clustered by.
    spread : bool
    order : dict of str to sequence, optional
        See `ordered`.

    Returns
    -------
    pandas.DataFrame
        `by`, outcome, n (int64) and, with `spread`, squares (sum of squared deviations from the mean). Units
        without an outcome are left out.
    """
    by = list(dict.fromkeys(by))
    known = table.filter(table[outcome].notnull())
    if not spread:
        counts = known.group_by([*by, outcome]).aggregate(n=known.count()).execute()
        counts = counts.sort_values([*by, outcome], ignore_index=True, key=_sortable)
        return ordered(counts, order or {})
    value = known[outcome].cast("float64")
    found = known.group_by(by).aggregate(n=known.count(), mean=value.mean(), variance=value.var(how="pop"))
    frame = found.execute().rename(columns={"mean": outcome})
    frame = frame.assign(**{SQUARES: frame["variance"] * frame["n"]}).drop(columns="variance")
    return ordered(frame.sort_values(by, ignore_index=True, key=_sortable), order or {})


def ordered(frame: pd.DataFrame, order: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Give columns the order of their values; the first that occurs is the reference of a model.

    Parameters
    ----------
    frame : pandas.DataFrame
    order : dict of str to sequence
        Column -> all its values. Columns that the frame lacks are passed over.

    Raises
    ------
    ValueError
        When a column has a value that its order lacks, which would turn into a missing one.
    """
    found = {}
    for name, values in order.items():
        if name in frame:
            strange = set(frame[name].dropna().unique()) - set(values)
            if strange:
                raise ValueError(
                    f"The order of {name} lacks {', '.join(map(str, sorted(strange, key=str)))}."
                )
            found[name] = pd.Categorical(frame[name], list(values))
    return frame.assign(**found)


def _sortable(column: pd.Series) -> pd.Series:
    """Return values that sort also where some are missing or the types are mixed."""
    return column.astype(str) if column.dtype == object else column


def complete(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows in which every column is known.

    Raises
    ------
    ValueError
        When a column is not there, or no row is complete.
    """
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ValueError(f"The frame has no column {', '.join(missing)}; it has: {', '.join(frame.columns)}.")
    kept = frame.dropna(subset=list(columns)).reset_index(drop=True)
    if kept.empty:
        raise ValueError(f"No row has a value in all of {', '.join(columns)}.")
    return kept


def is_category(column: pd.Series) -> bool:
    """Return whether a column is read as categories: anything but numbers and yes/no."""
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def levels(column: pd.Series) -> list[object]:
    """Return the values that occur, in their own order or else sorted; the first is the reference."""
    present = column.dropna().unique()
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [value for value in column.cat.categories if value in set(present)]
    return sorted(present, key=str)


def design(frame: pd.DataFrame, terms: Sequence[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the design matrix, and the reference of each of its columns.

    A categorical column (text or pandas categories) gives a dummy for each value that occurs but the first;
    its name reads "column: value". Numbers and yes/no columns stand as they are.

    Returns
    -------
    tuple of (pandas.DataFrame, dict)
        The matrix (float64, intercept first), and term -> reference value ("" for a number).

    Raises
    ------
    ValueError
        When two terms say the same, so that their estimates could not be told apart.
    """
    parts: dict[str, np.ndarray] = {INTERCEPT: np.ones(len(frame))}
    reference: dict[str, str] = {}
    for term in dict.fromkeys(terms):
        column = frame[term]
        if not is_category(column):
            parts[term], reference[term] = column.to_numpy(dtype=float), ""
            continue
        first, *others = levels(column)
        for value in others:
            name = f"{term}: {value}"
            parts[name], reference[name] = (column == value).to_numpy(dtype=float), str(first)
    matrix = pd.DataFrame(parts, index=frame.index)
    _check_rank(matrix)
    return matrix, reference


def _check_rank(matrix: pd.DataFrame) -> None:
    """Refuse a design whose columns depend on each other; name those that add nothing.

    A column of the design depends on those before it exactly when its column of cross-products does.
    """
    x = matrix.to_numpy()
    x = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
    factor = np.abs(np.diag(np.linalg.qr(x.T @ x, mode="r")))
    idle = matrix.columns[factor < 1e-10]
    if len(idle):
        raise ValueError(f"These terms add nothing to those before them: {', '.join(idle)}. Leave them out.")
