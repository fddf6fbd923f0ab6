"""What every model of time to an event asks of its input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd


def check_counts(
    counts: pd.DataFrame,
    by: Sequence[str],
    duration: str,
    event: str,
    weight: str,
    entry: str | None = None,
    *,
    causes: bool = False,
) -> None:
    """Raise a ValueError where `counts` cannot be spells counted by length and ending.

    `causes` says whether several kinds of events may be numbered in `event`.
    """
    known = [duration, event, weight, *([entry] if entry else [])]
    need(counts, [*by, *known])
    if counts[known].isna().any(axis=None):
        raise ValueError(f"{', '.join(known)} must be known for every spell: some are missing.")
    if entry and (counts[entry] >= counts[duration]).any():
        late = int((counts[entry] >= counts[duration]).sum())
        raise ValueError(
            f"{late} rows end ({duration}) before or when they come under observation ({entry})."
        )
    if (counts[duration] < 0).any():
        raise ValueError(f"{duration} is below zero in {int((counts[duration] < 0).sum())} rows.")
    if (counts[weight] < 0).any():
        raise ValueError(f"{weight} is below zero in {int((counts[weight] < 0).sum())} rows.")
    if not causes and not counts[event].isin([0, 1]).all():
        raise ValueError(
            f"{event} must be 0 or 1 (or False or True). For several kinds of events see aalen_johansen."
        )


def at_risk(
    spells: pd.DataFrame, times: np.ndarray, duration: str, weight: str, entry: str | None = None
) -> np.ndarray:
    """Return how many spells are under observation just before each time.

    A spell seen from its first day is at risk from time 0; one that comes under observation late (left
    truncation) from after its entry.
    """
    risk = _reaching(spells[duration], spells[weight], times)
    if entry is None:
        return risk
    late = spells[spells[entry] > 0]
    return risk - _reaching(late[entry], late[weight], times)


def _reaching(values: pd.Series, weights: pd.Series, times: np.ndarray) -> np.ndarray:
    """Return the weight of the values at or above each time."""
    order = np.argsort(values.to_numpy(), kind="stable")
    above = np.append(weights.to_numpy()[order][::-1].cumsum()[::-1], 0)
    return above[np.searchsorted(values.to_numpy()[order], times, side="left")]


def need(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise a ValueError that names the columns that `frame` lacks."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise ValueError(f"Lacking columns: {', '.join(lacking)}. There are: {', '.join(frame.columns)}.")
