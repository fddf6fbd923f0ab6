"""Survival curves: every step must rest on enough events, and the curve must end while enough are at risk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import half_up
from helpers.disclosure.verdicts import verdict, verdicts

_SHAPE = ("time", "estimate", "low", "high", "at_risk", "events")


def safe_curve(curve: pd.DataFrame, rule: int | str | Profile, by: Sequence[str] = ()) -> pd.DataFrame:
    """Coarsen a curve until every step holds enough events, and end it while enough are at risk.

    A time is kept when since the last kept one there were at least `min_cell` events, and the children lost
    from sight in between are none or as many. Events left over at the end join the last step where that is
    safe; else the curve ends before them, and the number of all events must not be published beside it. Where
    the rule rounds, at_risk and events are rounded and the estimates are given in steps of as many children
    out of those at the start.

    Parameters
    ----------
    curve : pandas.DataFrame
        `by`, time, estimate, low, high, at_risk (just before the time), events (since the row before), as
        `helpers.models.survival.kaplan_meier` gives it.
    rule : int, str or Profile
    by : sequence of str
        Columns that split the curves; for competing events, the cause is one of them.

    Returns
    -------
    pandas.DataFrame
        The rows that may be shown, events counted since the row before. The curve is flat in between: draw
        it as steps. Where fewer than `min_cell` start, or as many events never come, nothing but the start
        or nothing at all is left.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    rule = profile_of(rule)
    pieces = [_coarse(part, rule) for part in _curves(curve, by)]
    return pd.concat(pieces, ignore_index=True) if pieces else curve.iloc[:0].copy()


def check_curve(
    curve: pd.DataFrame, rule: int | str | Profile, by: Sequence[str] = (), output: str = "curve"
) -> pd.DataFrame:
    """Check a curve as it is to be shown: the smallest step, and how many are at risk at its end.

    Parameters
    ----------
    curve, rule, by
        As for `safe_curve`.

    Returns
    -------
    pandas.DataFrame
        Three lines a curve (output, rule, value, limit, pass, advice): events in the smallest step, at risk
        at the end, and children lost from sight between two times.
    """
    rule = profile_of(rule)
    limit = _shown_limit(rule)
    lines = []
    for part in _curves(curve, by):
        name = " ".join([output, *(str(part[column].iloc[0]) for column in by)])
        steps = part["events"][part["events"] > 0]
        least = steps.min() if len(steps) else np.inf
        lost = _lost(part)
        lost = lost[lost > 0].min() if (lost > 0).any() else np.inf
        end = part["at_risk"].min()
        advice = "coarsen it with safe_curve"
        lines += [
            verdict(name, "events in the smallest step", least, limit, least >= limit, advice),
            verdict(name, "at risk at the end", end, limit, end >= limit, "end it earlier: safe_curve"),
            verdict(name, "fewest lost from sight in a step", lost, limit, lost >= limit, advice),
        ]
    return verdicts(lines)


def _shown_limit(rule: Profile) -> int:
    """Return the least that a rounded count of `min_cell` or more can be shown as."""
    return int(half_up(pd.Series([rule.min_cell]), rule.round_to)[0]) if rule.round_to else rule.min_cell


def _curves(curve: pd.DataFrame, by: Sequence[str]) -> Iterator[pd.DataFrame]:
    lacking = [column for column in (*by, *_SHAPE) if column not in curve]
    if lacking:
        raise ValueError(f"The curve lacks the columns {', '.join(lacking)}.")
    groups = (part for _, part in curve.groupby(list(by), sort=False, observed=True)) if by else [curve]
    for part in groups:
        if len(part):
            yield part.sort_values("time", kind="stable")


def _lost(part: pd.DataFrame) -> np.ndarray:
    """Return how many left between two times without the event, as a reader would work it out."""
    left = -np.diff(part["at_risk"].to_numpy(dtype=float))
    return np.maximum(left - part["events"].to_numpy(dtype=float)[1:], 0)


def _coarse(part: pd.DataFrame, rule: Profile) -> pd.DataFrame:
    part = part[part["at_risk"] >= rule.min_cell]
    if part.empty:
        return part
    start = float(part["at_risk"].iloc[0])
    running = part["events"].cumsum().to_numpy()
    at_risk = part["at_risk"].to_numpy(dtype=float)

    def holds(since: int, until: int) -> bool:
        """Say whether a step between two rows holds enough events, and none or enough lost from sight."""
        events = running[until] - running[since]
        lost = max(at_risk[since] - at_risk[until] - events, 0)
        return events >= rule.min_cell and (lost == 0 or lost >= rule.min_cell)

    kept = [0]
    for place in range(1, len(part)):
        if holds(kept[-1], place):
            kept.append(place)
    kept = _to_the_end(kept, len(part) - 1, running, holds)
    events = np.diff(running[kept], prepend=running[0])
    if running[0] >= rule.min_cell:
        events[0] = running[0]
    coarse = part.iloc[kept].assign(events=events)
    return _round_curve(coarse, rule, start) if rule.round_to else coarse


def _to_the_end(
    kept: list[int], last: int, running: np.ndarray, holds: Callable[[int, int], bool]
) -> list[int]:
    """Let the last step take in the few events that are left over after it, where that makes a safe step."""
    if running[last] == running[kept[-1]]:
        return kept
    for many in range(len(kept) - 1, 0, -1):
        if holds(kept[many - 1], last):
            return [*kept[:many], last]
    return kept


def _round_curve(coarse: pd.DataFrame, rule: Profile, start: float) -> pd.DataFrame:
    base = rule.round_to or 1
    step = base / max(np.floor(start / base + 0.5) * base, base)
    rounded = {column: (np.floor(coarse[column] / step + 0.5) * step).clip(0, 1)
               for column in ("estimate", "low", "high")}  # fmt: skip
    counts = {column: half_up(coarse[column], base).astype("int64") for column in ("at_risk", "events")}
    return coarse.assign(**rounded, **counts)
