"""Two-way tables with totals, and several that share totals: nothing hidden can be worked out from the margins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.cells import Cells, Key, allowed, assemble, bounds, hide_more
from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import controlled, half_up

TOTAL = "Total"


def suppress_table(
    frame: pd.DataFrame,
    row: str,
    column: str,
    rule: int | str | Profile,
    *,
    count: str = "n",
    by: Sequence[str] = (),
    rounding: str = "half_up",
    progress: bool = False,
) -> tuple[pd.DataFrame, str]:
    """Suppress a two-way table with its totals, so that no hidden count can be worked out.

    Small counts are hidden first, totals included. Then further counts are hidden until a reader who knows
    all that is shown, the rule and how the table adds up can't narrow any small count further than the rule
    itself does: to 1 up to the threshold less 1 (from 0 where zeros may not be shown). An audit
    with integer programs confirms that before anything is returned; `recoverable` repeats it on what is shown.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a cell, with a whole number of at least 0; without totals. A combination that is not there
        counts as zero.
    row, column : str
        The columns whose values span the table.
    rule : int, str or Profile
        A threshold, the name of a profile, or a profile; see `profiles`.
    count : str
        The column of counts.
    by : sequence of str
        Columns that split the frame into tables of their own (e.g. "year"), whose sum is not published.
    rounding : str
        Where the rule rounds: "half_up" rounds each count by itself; "controlled" keeps sums of rounded
        counts true. What rounding leaves open counts as protection, so less is hidden.
    progress : bool
        Whether to show bars.

    Returns
    -------
    (pandas.DataFrame, str)
        `by`, row, column, count (Int64, missing where hidden) with totals as rows whose value is "Total",
        and a sentence that says what was done. It does not say which counts were small: that would help
        to work them out.

    Raises
    ------
    ValueError
        For counts that are missing, negative or no whole numbers, cells given twice, a category called
        "Total", an unknown rounding.
    """
    safe, note = suppress_tables(
        [frame], [(row, column)], rule, count=count, by=by, rounding=rounding, progress=progress
    )
    return safe[0], note


def suppress_tables(
    frames: Sequence[pd.DataFrame],
    spans: Sequence[tuple[str, str]],
    rule: int | str | Profile,
    *,
    count: str = "n",
    by: Sequence[str] = (),
    rounding: str = "half_up",
    progress: bool = False,
) -> tuple[list[pd.DataFrame], str]:
    """Suppress several two-way tables of the same population together, e.g. region by age and region by sex.

    They share the totals of the columns they have in common, and the grand total; a count hidden in one is
    hidden in all. Parameters, result and errors are those of `suppress_table`, for each of `frames` with its
    (row, column) in `spans`.

    Raises
    ------
    ValueError
        Also where the tables disagree on a total they share.
    """
    rule = profile_of(rule)
    if rounding not in ("half_up", "controlled"):
        raise ValueError(f"There is no rounding called {rounding!r}: use 'half_up' or 'controlled'.")
    by = list(by)
    checked = [_checked(frame, [*by, *span], count) for frame, span in zip(frames, spans, strict=True)]
    pieces: list[list[pd.DataFrame]] = [[] for _ in frames]
    many = 0
    for names in _groups(checked, by):
        parts = [_part(frame, names) for frame in checked]
        cells = _layout(parts, spans, count)
        shown = _shown(cells, rule, rounding)
        hidden = _hide(cells, shown, rule, rounding, progress)
        many += int(hidden.sum())
        published = dict(zip(cells.keys, np.where(hidden, np.nan, shown), strict=True))
        for place, (part, span) in enumerate(zip(parts, spans, strict=True)):
            pieces[place].append(_long(part, span, count, published, names))
    return [pd.concat(piece, ignore_index=True) for piece in pieces], _note(many, rule)


def recoverable(
    table: pd.DataFrame,
    row: str,
    column: str,
    rule: int | str | Profile,
    *,
    count: str = "n",
    by: Sequence[str] = (),
    rounding: str = "half_up",
    progress: bool = False,
) -> pd.DataFrame:
    """Return what a reader can work out of every hidden count of a table with totals.

    Parameters
    ----------
    table : pandas.DataFrame
        What is published, as `suppress_table` returns it: totals as rows, hidden counts missing.
    row, column, rule, count, by, rounding, progress
        As for `suppress_table`.

    Returns
    -------
    pandas.DataFrame
        One row a hidden cell: `by`, row, column, lowest, highest (float; infinite where nothing limits it),
        exposed (bool: surely below the threshold, and known closer than the rule tells).

    Raises
    ------
    ValueError
        When what is shown does not add up.
    """
    rule, by = profile_of(rule), list(by)
    low, top = allowed(rule)
    pieces = []
    for names in _groups([table], by):
        part = _part(table, names)
        values = {_key(names_of, (row, column)): value for names_of, value in
                  zip(part[[row, column]].itertuples(index=False), part[count].astype("Float64"), strict=True)}  # fmt: skip
        cells = _layout([part[(part[row] != TOTAL) & (part[column] != TOTAL)]], [(row, column)], None)
        shown = np.array([values.get(key, pd.NA) for key in cells.keys], dtype=object)
        shown = pd.to_numeric(pd.Series(shown), errors="coerce").to_numpy(dtype=float)
        hidden = np.isnan(shown)
        which = np.flatnonzero(hidden)
        lowest, highest = bounds(cells, np.nan_to_num(shown), hidden, rule, rounding, which, progress)
        exposed = (highest <= top) & ((lowest > low) | (highest < top))
        labels = [_labels(cells.keys[cell], (row, column)) for cell in which]
        found = pd.DataFrame(labels, columns=[row, column]).assign(
            lowest=lowest, highest=highest, exposed=exposed
        )
        pieces.append(found.assign(**names)[[*by, row, column, "lowest", "highest", "exposed"]])
    return pd.concat(pieces, ignore_index=True)


def _hide(cells: Cells, shown: np.ndarray, rule: Profile, rounding: str, progress: bool) -> np.ndarray:
    """Return what to hide, or raise where the audit finds that a small count could be worked out."""
    small = (cells.values < rule.min_cell) & ((cells.values > 0) | (not rule.zeros))
    hidden = hide_more(cells, shown, small, rule, rounding, progress)
    which = np.flatnonzero(small)
    lowest, highest = bounds(cells, shown, hidden, rule, rounding, which, progress)
    low, top = allowed(rule)
    if ((lowest > low) | (highest < top)).any():
        raise RuntimeError("The audit found a hidden count that could be worked out: nothing is released.")
    return hidden


def _shown(cells: Cells, rule: Profile, rounding: str) -> np.ndarray:
    if not rule.round_to:
        return cells.values
    if rounding == "controlled":
        whole = cells.values.astype("int64")
        return controlled(whole, cells.sums, rule.round_to).astype(float)
    return half_up(pd.Series(cells.values), rule.round_to).to_numpy(dtype=float)


def _checked(frame: pd.DataFrame, names: list[str], count: str) -> pd.DataFrame:
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


def _groups(frames: Sequence[pd.DataFrame], by: list[str]) -> list[dict[str, object]]:
    if not by:
        return [{}]
    seen = pd.concat([frame[by] for frame in frames]).drop_duplicates().sort_values(by, kind="stable")
    return [dict(zip(by, names, strict=True)) for names in seen.itertuples(index=False, name=None)]


def _part(frame: pd.DataFrame, names: dict[str, object]) -> pd.DataFrame:
    for column, value in names.items():
        frame = frame[frame[column] == value]
    return frame


def _values(column: pd.Series) -> list[object]:
    """Return the values in their own order where they have one, else in order of appearance."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(column)
        return [value for value in column.cat.categories if value in used]
    return list(column.drop_duplicates())


def _key(values: Sequence[object], span: tuple[str, str]) -> Key:
    return frozenset((name, value) for name, value in zip(span, values, strict=True) if value is not TOTAL
                     and not (isinstance(value, str) and value == TOTAL))  # fmt: skip


def _labels(key: Key, span: tuple[str, str]) -> list[object]:
    pairs = dict(key)
    return [pairs.get(name, TOTAL) for name in span]


def _layout(parts: Sequence[pd.DataFrame], spans: Sequence[tuple[str, str]], count: str | None) -> Cells:
    """Return cells and sums of all tables; without `count` the values are missing."""
    values: dict[Key, float] = {}
    sums: list[tuple[Key, list[Key]]] = []
    for part, (row, column) in zip(parts, spans, strict=True):
        rows, columns = _values(part[row]), _values(part[column])
        inner = {_key(pair, (row, column)): np.nan if count is None else 0.0
                 for pair in ((r, c) for r in rows for c in columns)}  # fmt: skip
        if count is not None:
            for r, c, n in part[[row, column, count]].itertuples(index=False, name=None):
                inner[_key((r, c), (row, column))] = float(n)
        grid = [[_key((r, c), (row, column)) for c in columns] for r in rows]
        table_sums = [(frozenset({(row, r)}), line) for r, line in zip(rows, grid, strict=True)]
        table_sums += [(frozenset({(column, c)}), [line[at] for line in grid]) for at, c in enumerate(columns)]
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


def _long(
    part: pd.DataFrame, span: tuple[str, str], count: str, published: dict[Key, float], names: dict[str, object]
) -> pd.DataFrame:
    rows, columns = ([*_values(part[name]), TOTAL] for name in span)
    pairs = [(r, c) for r in rows for c in columns]
    numbers = pd.array([published[_key(pair, span)] for pair in pairs], dtype="Float64").astype("Int64")
    table = pd.DataFrame(pairs, columns=list(span), dtype=object).assign(**{count: numbers})
    return table.assign(**names)[[*names, *span, count]]


def _note(hidden: int, rule: Profile) -> str:
    rounding = f" Counts are rounded to {rule.round_to}." if rule.round_to else ""
    if not hidden:
        return f"Disclosure control: nothing had to be hidden.{rounding}"
    zero = "" if rule.zeros else ", zeros,"
    return (
        f"Disclosure control: {hidden:,} cells are hidden, counts below {rule.min_cell}{zero} and as many more "
        f"as keep them from being worked out.{rounding}"
    )
