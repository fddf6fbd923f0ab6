"""Who a study is about: how the cohort was reached, and a Table 1."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.labels import label, value_label


def cohort_flow(steps: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """Return how a cohort was reached, step by step.

    Parameters
    ----------
    steps : sequence of (label, n)
        From the widest population to the cohort; n never rises.

    Returns
    -------
    pandas.DataFrame
        step, n, dropped (Int64; missing at the first step), share_kept (of the first step).

    Raises
    ------
    ValueError
        When a step holds more than the one before.
    """
    flow = pd.DataFrame(steps, columns=["step", "n"]).astype({"n": "Int64"})
    dropped = -flow["n"].diff()
    if (dropped < 0).any():
        label = flow["step"][(dropped < 0).fillna(False)].iloc[0]
        raise ValueError(
            f"The step {label!r} holds more than the step before it: order the steps from wide to narrow."
        )
    first = flow["n"].iloc[0] or 1
    return flow.assign(dropped=dropped, share_kept=flow["n"].astype(float) / first)


def table_one(
    frame: pd.DataFrame,
    columns: Sequence[str],
    groupby: str | None = None,
    continuous: Sequence[str] = (),
    unit: str = "children",
) -> pd.DataFrame:
    """Return a Table 1: how many and what share have each value of each column, missing shown as its own row.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per unit.
    columns : sequence of str
        What to describe, in order.
    groupby : str, optional
        Column whose values become columns of the table, after "all".
    continuous : sequence of str
        Those of `columns` to be described by median and quartiles.
    unit : str
        What a row is, for the first row.

    Returns
    -------
    pandas.DataFrame
        characteristic and value in words (see `helpers.labels`), then for each group two columns:
        "<group> n" (Int64) and "<group> %" (share of 1; for a continuous column missing), and, where
        `continuous` is given, "<group> median": median (quartiles) as text.
        No p-values: a Table 1 describes.
    """
    groups = {"all": frame}
    if groupby:
        groups |= {str(name): part for name, part in frame.groupby(groupby, observed=True)}
    pieces = {name: _describe(part, frame, columns, continuous, unit) for name, part in groups.items()}
    keys = next(iter(pieces.values()))[["characteristic", "value"]]
    named = [
        piece.drop(columns=["characteristic", "value"]).add_prefix(f"{n} ") for n, piece in pieces.items()
    ]
    return pd.concat([keys, *named], axis=1)


def _describe(
    part: pd.DataFrame, whole: pd.DataFrame, columns: Sequence[str], continuous: Sequence[str], unit: str
) -> pd.DataFrame:
    rows = [{"characteristic": label(unit), "value": "", "n": len(part), "%": 1.0}]
    for column in columns:
        name = label(column)
        if column in continuous:
            quartiles = part[column].astype(float).quantile([0.25, 0.5, 0.75])
            known = int(part[column].notna().sum())
            text = "{1:,.1f} ({0:,.1f} to {2:,.1f})".format(*quartiles) if known else ""
            rows.append({"characteristic": name, "value": "median (quartiles)", "n": known, "median": text})
        else:
            counts = part[column].value_counts()
            values = _values(whole[column])
            rows += [
                _row(name, value_label(column, value), int(counts.get(value, 0)), len(part))
                for value in values
            ]
        if whole[column].isna().any():
            rows.append(_row(name, "missing", int(part[column].isna().sum()), len(part)))
    table = pd.DataFrame(rows).astype({"n": "Int64"})
    return table.fillna({"median": ""}) if "median" in table else table


def _values(column: pd.Series) -> list[object]:
    """Return the values in their own order where they have one, else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return sorted(column.dropna().unique())


def _row(column: str, value: str, n: int, of: int) -> dict[str, object]:
    return {"characteristic": column, "value": value, "n": n, "%": n / of if of else float("nan")}
