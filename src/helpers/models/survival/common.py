"""What every model of time to an event asks of its input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd


def check_counts(
    counts: pd.DataFrame, by: Sequence[str], duration: str, event: str, weight: str, *, causes: bool = False
) -> None:
    """Raise a ValueError where `counts` cannot be spells counted by length and ending.

    `causes` says whether several kinds of events may be numbered in `event`.
    """
    need(counts, [*by, duration, event, weight])
    if counts[[duration, event, weight]].isna().any(axis=None):
        raise ValueError(f"{duration}, {event} and {weight} must be known for every spell: some are missing.")
    if (counts[duration] < 0).any():
        raise ValueError(f"{duration} is below zero in {int((counts[duration] < 0).sum())} rows.")
    if (counts[weight] < 0).any():
        raise ValueError(f"{weight} is below zero in {int((counts[weight] < 0).sum())} rows.")
    if not causes and not counts[event].isin([0, 1]).all():
        raise ValueError(
            f"{event} must be 0 or 1 (or False or True). For several kinds of events see aalen_johansen."
        )


def need(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise a ValueError that names the columns that `frame` lacks."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise ValueError(f"Lacking columns: {', '.join(lacking)}. There are: {', '.join(frame.columns)}.")
