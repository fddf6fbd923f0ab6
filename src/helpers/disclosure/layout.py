"""From a long frame to cells and sums, and back to a table with totals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.cells import Cells, Key, assemble

TOTAL = "Total"


def checked_cells(frame: pd.DataFrame, names: list[str], count: str) -> pd.DataFrame:
    """Return the frame with whole counts, or say what is wrong with it."""
    if frame.empty:
        raise ValueError("The table has no cells.")
    numbers = pd.to_numeric(frame[count]).astype("Float64")
    if numbers.isna().any() or (numbers < 0).any() or (numbers % 1 != 0).any():
        raise ValueError(f"The column {count!r} must hold whole numbers of at least 0 in every row.")
    if frame.duplicated(names).any():
        twice = frame.loc[frame.duplicated(names), names].iloc[0].tolist()
        raise ValueError(f"The cell {twice} is there more than once: add its rows up first.")
    for name in names:
        if frame[name].isna().any():
            raise ValueError(f"The column {name!r} has missing values: name them, e.g. 'not known'.")
        if (frame[name] == TOTAL).any():
            raise ValueError(f"The column {name!r} holds {TOTAL!r}: give the cells without their totals.")
    return frame.assign(**{count: numbers.astype("int64")})


def groups_of(frames: Sequence[pd.DataFrame], by: list[str]) -> list[dict[str, object]]:
    """Return the values of `by` that each make a table of their own, in order."""
    if not by:
        return [{}]
    seen = pd.concat([frame[by] for frame in frames]).drop_duplicates().sort_values(by, kind="stable")
    return [dict(zip(by, names, strict=True)) for names in seen.itertuples(index=False, name=None)]


def part_of(frame: pd.DataFrame, names: dict[str, object]) -> pd.DataFrame:
    """Return the rows of one such table."""
    for column, value in names.items():
        frame = frame[frame[column] == value]
    return frame


def _values(column: pd.Series) -> list[object]:
    """Return the values in their own order where they have one, else in order of appearance."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(column)
        return [value for value in column.cat.categories if value in used]
    return list(column.drop_duplicates())


def key_of(values: Sequence[object], span: tuple[str, str]) -> Key:
    """Return the name of a cell; a total lacks the pair of what it sums over."""
    pairs = zip(span, values, strict=True)
    return frozenset((name, value) for name, value in pairs if not isinstance(value, str) or value != TOTAL)


def labels_of(key: Key, span: tuple[str, str]) -> list[object]:
    """Return the row's and the column's label of a cell."""
    pairs = dict(key)
    return [pairs.get(name, TOTAL) for name in span]


def lay_out(parts: Sequence[pd.DataFrame], spans: Sequence[tuple[str, str]], count: str | None) -> Cells:
    """Return cells and sums of all tables; without `count` the values are missing."""
    values: dict[Key, float] = {}
    sums: list[tuple[Key, list[Key]]] = []
    for part, (row, column) in zip(parts, spans, strict=True):
        rows, columns = _values(part[row]), _values(part[column])
        inner = {key_of(pair, (row, column)): np.nan if count is None else 0.0
                 for pair in ((r, c) for r in rows for c in columns)}  # fmt: skip
        if count is not None:
            for r, c, n in part[[row, column, count]].itertuples(index=False, name=None):
                inner[key_of((r, c), (row, column))] = float(n)
        grid = [[key_of((r, c), (row, column)) for c in columns] for r in rows]
        table_sums = [(frozenset({(row, r)}), line) for r, line in zip(rows, grid, strict=True)]
        table_sums += [
            (frozenset({(column, c)}), [line[at] for line in grid]) for at, c in enumerate(columns)
        ]
        _add(values, inner)
        _add(values, {total: sum(inner[key] for key in line) for total, line in table_sums})
        margin = [frozenset({(row, r)}) for r in rows]
        _add(values, {frozenset(): sum(values[key] for key in margin)})
        sums += [*table_sums, (frozenset(), margin)]
    return assemble(values, sums)


def _add(values: dict[Key, float], more: dict[Key, float]) -> None:
    for key, value in more.items():
        if key in values and not np.isnan(value) and values[key] != value:
            where = ", ".join(f"{name} {label}" for name, label in sorted(key, key=str)) or "the grand total"
            raise ValueError(
                f"The tables do not agree on {where}: {values[key]:,.0f} in one, {value:,.0f} in another."
            )
        values[key] = value


def long_table(
    part: pd.DataFrame,
    span: tuple[str, str],
    count: str,
    published: dict[Key, float],
    names: dict[str, object],
) -> pd.DataFrame:
    """Return a table with its totals in rows, as it is published."""
    rows, columns = ([*_values(part[name]), TOTAL] for name in span)
    pairs = [(r, c) for r in rows for c in columns]
    numbers = pd.array([published[key_of(pair, span)] for pair in pairs], dtype="Float64").astype("Int64")
    table = pd.DataFrame(pairs, columns=list(span), dtype=object).assign(**{count: numbers})
    return table.assign(**names)[[*names, *span, count]]
