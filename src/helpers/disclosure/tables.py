"""Two-way tables with totals, and several that share totals: margins give nothing hidden away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.cells import Cells, allowed, bounds, hide_more
from helpers.disclosure.layout import (
    TOTAL,
    checked_cells,
    groups_of,
    key_of,
    labels_of,
    lay_out,
    long_table,
    part_of,
)
from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import controlled, half_up


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
    itself does: to 1 up to the threshold less 1 (from 0 where zeros may not be shown; a total is known to be
    at least as many as its parts that are not zero). An audit with integer programs confirms that before
    anything is returned; `recoverable` repeats it on what is shown.

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
        Also where the tables disagree on a total they share, and where the zeros that are shown tie them
        together so closely that suppression can't protect them.
    """
    rule = profile_of(rule)
    if rounding not in ("half_up", "controlled"):
        raise ValueError(f"There is no rounding called {rounding!r}: use 'half_up' or 'controlled'.")
    by = list(by)
    checked = [checked_cells(frame, [*by, *span], count) for frame, span in zip(frames, spans, strict=True)]
    pieces: list[list[pd.DataFrame]] = [[] for _ in frames]
    many = 0
    for names in groups_of(checked, by):
        parts = [part_of(frame, names) for frame in checked]
        cells = lay_out(parts, spans, count)
        shown = _shown(cells, rule, rounding)
        hidden = _hide(cells, shown, rule, rounding, progress)
        many += int(hidden.sum())
        published = dict(zip(cells.keys, np.where(hidden, np.nan, shown), strict=True))
        for place, (part, span) in enumerate(zip(parts, spans, strict=True)):
            pieces[place].append(long_table(part, span, count, published, names))
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
    pieces = []
    for names in groups_of([table], by):
        part = part_of(table, names)
        numbers = part[count].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        pairs = part[[row, column]].itertuples(index=False, name=None)
        published = dict(zip((key_of(pair, (row, column)) for pair in pairs), numbers, strict=True))
        inner = part[(part[row] != TOTAL) & (part[column] != TOTAL)]
        cells = lay_out([inner], [(row, column)], None)
        shown = np.array([published.get(key, np.nan) for key in cells.keys])
        hidden = np.isnan(shown)
        which = np.flatnonzero(hidden)
        lowest, highest = bounds(cells, np.nan_to_num(shown), hidden, rule, rounding, which, progress)
        low, top = (limit[which] for limit in allowed(cells, shown == 0, rule))
        exposed = (highest <= top) & ((lowest > low) | (highest < top))
        labels = [labels_of(cells.keys[cell], (row, column)) for cell in which]
        found = pd.DataFrame(labels, columns=[row, column]).assign(
            lowest=lowest, highest=highest, exposed=exposed
        )
        pieces.append(found.assign(**names)[[*by, row, column, "lowest", "highest", "exposed"]])
    return pd.concat(pieces, ignore_index=True)


def _hide(cells: Cells, shown: np.ndarray, rule: Profile, rounding: str, progress: bool) -> np.ndarray:
    """Return what to hide, or raise where the audit finds that a small count could be worked out."""
    small = (cells.counts < rule.min_cell) & ((cells.counts > 0) | (not rule.zeros))
    hidden = hide_more(cells, shown, small, rule, rounding, progress)
    which = np.flatnonzero(small)
    lowest, highest = bounds(cells, shown, hidden, rule, rounding, which, progress)
    low, top = allowed(cells, cells.counts == 0, rule)
    if ((lowest > low[which]) | (highest < top[which])).any():
        raise RuntimeError("The audit found a hidden count that could be worked out: nothing is released.")
    return hidden


def _shown(cells: Cells, rule: Profile, rounding: str) -> np.ndarray:
    if not rule.round_to:
        return cells.counts
    if rounding == "controlled":
        whole = cells.counts.astype("int64")
        return controlled(whole, cells.sums, rule.round_to).astype(float)
    return half_up(pd.Series(cells.counts), rule.round_to).to_numpy(dtype=float)


def _note(hidden: int, rule: Profile) -> str:
    rounding = f" Counts are rounded to {rule.round_to}." if rule.round_to else ""
    if not hidden:
        return f"Disclosure control: nothing had to be hidden.{rounding}"
    zero = "" if rule.zeros else ", zeros,"
    return (
        f"Disclosure control: {hidden:,} cells are hidden, counts below {rule.min_cell}{zero} and as many "
        f"more as keep them from being worked out.{rounding}"
    )


def table_shares(
    table: pd.DataFrame,
    row: str,
    column: str,
    *,
    count: str = "n",
    by: Sequence[str] = (),
    within: str = "row",
) -> pd.DataFrame:
    """Add shares worked out from what is shown of a table, so that they give no more away.

    Parameters
    ----------
    table : pandas.DataFrame
        As `suppress_table` returns it.
    within : str
        "row": each count as a share of its row's total; "column"; or "all": of the grand total.

    Returns
    -------
    pandas.DataFrame
        `table` with of (Int64) and share (Float64); missing where either count is hidden.

    Raises
    ------
    ValueError
        For another word in `within`.
    """
    if within not in ("row", "column", "all"):
        raise ValueError(f"Shares can be within 'row', 'column' or 'all', not {within!r}.")
    totals = table
    for name, wanted in ((row, within != "row"), (column, within != "column")):
        if wanted:
            totals = totals[totals[name] == TOTAL]
    keys = [*by, *{"row": [row], "column": [column], "all": []}[within]]
    pairs = totals[[*keys, count]].rename(columns={count: "of"})
    joined = table.merge(pairs, on=keys, how="left") if keys else table.assign(of=pairs["of"].iloc[0])
    return joined.assign(share=joined[count].astype("Float64") / joined["of"].astype("Float64"))
