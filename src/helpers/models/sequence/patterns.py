"""From a row per child and month to distinct sequences with their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

CHILD = ("authority", "child_id")

LETTERS = ascii_uppercase + ascii_lowercase


@dataclass(frozen=True)
class Sequences:
    """Distinct sequences of equal length.

    Attributes
    ----------
    states : tuple of str
        The alphabet, in the order of its letters A, B, C, ...
    patterns : tuple of str
        One letter a month; distinct.
    weights : numpy.ndarray
        int64: children with each.
    dropped : pandas.DataFrame
        reason, n: children whose months are not all there or hold a state that was not wanted.
    """

    states: tuple[str, ...]
    patterns: tuple[str, ...]
    weights: np.ndarray
    dropped: pd.DataFrame

    @property
    def codes(self) -> np.ndarray:
        """Sequences by months, int16 places in `states`."""
        letters = np.array([list(pattern) for pattern in self.patterns])
        places = {letter: place for place, letter in enumerate(LETTERS)}
        return np.vectorize(places.get, otypes=[np.int16])(letters)

    @property
    def months(self) -> int:
        """Length of the sequences."""
        return len(self.patterns[0])

    @property
    def children(self) -> int:
        """Sum of the weights."""
        return int(self.weights.sum())


def sequences(
    table: ir.Table | pd.DataFrame,
    months: int,
    *,
    states: Sequence[str] | None = None,
    without: Sequence[str] = (),
    by: Sequence[str] = CHILD,
) -> Sequences:
    """Count the distinct sequences of the first `months` months.

    Parameters
    ----------
    table : Ibis table or pandas.DataFrame
        `by`, month (int, from 0), state (str): a row per child and month. The engine counts.
    months : int
        Length. A child whose months 0 to `months` - 1 are not all there is left out and counted as such:
        sequences of unequal length are not compared here, as distance would measure how long a child was
        seen.
    states : sequence of str, optional
        The states in the order wanted for figures; as found, sorted, by default.
    without : sequence of str
        States that leave a child out, such as one for months the returns do not cover. Say what that selects.
    by : sequence of str
        What makes a child.

    Returns
    -------
    Sequences
        The most frequent first.

    Raises
    ------
    ValueError
        If no child is left, a state is not in `states`, a month repeats, or there are more than 52 states.
    """
    rows = _rows(table, months)
    found = sorted(rows.select("state").distinct().execute()["state"].dropna().tolist())
    kept = tuple(states) if states is not None else tuple(state for state in found if state not in without)
    strange = set(found) - set(kept) - set(without)
    if strange:
        raise ValueError(f"There are states that are not in `states`: {', '.join(sorted(strange))}.")
    texts = of_children(table, months, kept, by=by)
    counts = texts.group_by("pattern").aggregate(n=lambda t: t.count(), rows=lambda t: t.rows.max()).execute()
    return _complete(counts, kept, months)


def of_children(
    table: ir.Table | pd.DataFrame, months: int, states: Sequence[str], *, by: Sequence[str] = CHILD
) -> ir.Table:
    """Return each child's sequence as a text of letters, to be joined with what a typology says of it.

    Returns
    -------
    Ibis table
        `by`, pattern (str; "?" for a state not in `states`), rows (months seen).
    """
    if len(states) > len(LETTERS):
        raise ValueError(f"There are more than {len(LETTERS)} states: put some together.")
    letters = dict(zip(states, LETTERS, strict=False))
    rows = _rows(table, months).mutate(letter=lambda t: t.state.cases(*letters.items(), else_="?"))
    return rows.group_by(list(by)).aggregate(
        pattern=rows.letter.group_concat("", order_by=rows.month), rows=rows.count()
    )


def count_sequences(texts: Sequence[str], states: Sequence[str]) -> Sequences:
    """Count sequences written by hand, one text of letters per child, such as ["AAB", "AAB", "ABB"]."""
    counts = pd.Series(list(texts)).value_counts().rename_axis("pattern").rename("n").reset_index()
    counts["rows"] = counts["pattern"].str.len()
    return _complete(counts, tuple(states), int(counts["rows"].max()))


def written(data: Sequences, place: int) -> str:
    """Return a sequence in words: "none 3, child in need 6, looked after 27" (states and months)."""
    parts, pattern = [], data.patterns[place]
    start = 0
    for month in range(1, len(pattern) + 1):
        if month == len(pattern) or pattern[month] != pattern[start]:
            parts.append(f"{data.states[LETTERS.index(pattern[start])]} {month - start}")
            start = month
    return ", ".join(parts)


def _rows(table: ir.Table | pd.DataFrame, months: int) -> ir.Table:
    rows = ibis.memtable(table) if isinstance(table, pd.DataFrame) else table
    return rows.filter((rows.month >= 0) & (rows.month < months))


def _complete(counts: pd.DataFrame, states: tuple[str, ...], months: int) -> Sequences:
    if (counts["rows"] > months).any():
        raise ValueError("A child has two states in a month: decide which counts first.")
    short = counts["rows"] < months
    unwanted = counts["pattern"].str.contains("?", regex=False) & ~short
    dropped = pd.DataFrame(
        {
            "reason": ["not every month there", "a month in a state left out"],
            "n": [int(counts.loc[short, "n"].sum()), int(counts.loc[unwanted, "n"].sum())],
        }
    )
    left = counts[~short & ~unwanted].sort_values(["n", "pattern"], ascending=[False, True])
    if left.empty:
        raise ValueError("No child has every month in a wanted state: ask for fewer months.")
    return Sequences(states, tuple(left["pattern"]), left["n"].to_numpy("int64"), dropped)
