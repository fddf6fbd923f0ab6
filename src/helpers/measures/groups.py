"""Taking a table apart by whatever groups are asked for, and adding up its columns within them."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd


def groups(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """Return each group's values of `by` with its rows, in order; one nameless group where `by` is empty."""
    if not by:
        return [({}, frame)]
    split = frame.groupby(list(by), sort=True, observed=True)
    return [(dict(zip(by, values, strict=True)), part) for values, part in split]


def add_up(rows: ir.Table, columns: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Return what columns of numbers or of yes and no add up to within groups.

    Returns
    -------
    pandas.DataFrame
        `by`, measure (the column), n (its sum), of (rows), both int64; sorted by measure and `by`.
    """
    added = {name: rows[name].cast("int64").sum() for name in columns}
    wide = rows.aggregate(by=list(by), of=rows.count(), **added).execute()
    long = wide.melt([*by, "of"], list(columns), "measure", "n").fillna({"n": 0})
    long = long.sort_values(["measure", *by], kind="stable", ignore_index=True)
    return long.astype({"n": "int64", "of": "int64"})[[*by, "measure", "n", "of"]]
