"""Survival curves: every step must rest on enough events, and the curve must end while enough are at risk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import half_up
from helpers.disclosure.verdicts import shown_limit, verdict, verdicts

_SHAPE = ("time", "estimate", "low", "high", "at_risk", "events")


def safe_curve(
    curve: pd.DataFrame, rule: int | str | Profile, by: Sequence[str] = (), cause: str | None = None
) -> pd.DataFrame:
    """Coarsen a curve until every step holds enough events, and end it while enough are at risk.

    A time is kept when since the last kept one there were at least `min_cell` events. Events left over at the
    end join the last step where that is safe; else the curve ends before them, and the number of all events
    must not be published beside it. Those at risk are shown where the children lost from sight since the last
    shown ones are none or at least `min_cell`; elsewhere they are missing. Where the rule rounds, at_risk and
    events are rounded instead, and the estimates given in steps of as many children of those at the start.

    Parameters
    ----------
    curve : pandas.DataFrame
        `by`, time, estimate, low, high, at_risk (just before the time), events (since the row before), as
        `helpers.models.survival.kaplan_meier` gives it.
    rule : int, str or Profile
    by : sequence of str
        Columns that split the curves.
    cause : str, optional
        Column of competing events, each with its own rows at the same times. They share those at risk, so
        they keep the same times: a step holds enough events of at least one cause, and none or enough of
        each.

    Returns
    -------
    pandas.DataFrame
        The rows that may be shown, events counted since the row before, at_risk Int64. The curve is flat in
        between: draw it as steps. Where fewer than `min_cell` start nothing is left, where fewer have the
        event the start.

    Raises
    ------
    ValueError
        When a column is missing, or competing events differ in their times.
    """
    rule = profile_of(rule)
    pieces = []
    for part in _curves(curve, by, cause):
        lines = _by_cause(part, cause)
        kept = _safe_times(lines, rule)
        thinned = [_thinned(line, kept, rule) for line in lines]
        if rule.round_to:
            start = float(lines[0]["at_risk"].iloc[0])
            thinned = [_round_curve(line, rule, start) for line in thinned]
        elif kept:
            thinned = [line.assign(at_risk=_shown_at_risk(thinned, rule)) for line in thinned]
        pieces += thinned
    return pd.concat(pieces, ignore_index=True) if pieces else curve.iloc[:0].copy()


def check_curve(
    curve: pd.DataFrame,
    rule: int | str | Profile,
    by: Sequence[str] = (),
    cause: str | None = None,
    output: str = "curve",
) -> pd.DataFrame:
    """Check a curve as it is to be shown: the smallest step, and how many are at risk at its end.

    Parameters
    ----------
    curve, rule, by, cause
        As for `safe_curve`.

    Returns
    -------
    pandas.DataFrame
        Lines for each curve (output, rule, value, limit, pass, advice): events in the smallest step, the
        fewest at risk, and, where counts are not rounded, the fewest lost from sight between two times.
    """
    rule = profile_of(rule)
    limit = shown_limit(rule)
    lines = []
    for part in _curves(curve, by, cause):
        name = " ".join([output, *(str(part[column].iloc[0]) for column in by)])
        steps = part["events"][part["events"] > 0]
        least = steps.min() if len(steps) else np.inf
        lost = [lost for _, lost in _lost(_by_cause(part, cause)) if lost > 0]
        fewest = min(lost, default=np.inf)
        end = part["at_risk"].min()
        advice = "coarsen it with safe_curve"
        lines += [
            verdict(name, "events in the smallest step", least, limit, least >= limit, advice),
            verdict(name, "fewest at risk", end, limit, end >= limit, "end it earlier: safe_curve"),
        ]
        if not rule.round_to:  # rounded counts do not tell how many were lost
            lines.append(
                verdict(name, "fewest lost from sight in a step", fewest, limit, fewest >= limit, advice)
            )
    return verdicts(lines)


def _curves(curve: pd.DataFrame, by: Sequence[str], cause: str | None) -> Iterator[pd.DataFrame]:
    wanted = [*by, *([cause] if cause else []), *_SHAPE]
    lacking = [column for column in wanted if column not in curve]
    if lacking:
        raise ValueError(f"The curve lacks the columns {', '.join(lacking)}.")
    groups = (part for _, part in curve.groupby(list(by), sort=False, observed=True)) if by else [curve]
    for part in groups:
        if len(part):
            yield part.sort_values("time", kind="stable")


def _by_cause(part: pd.DataFrame, cause: str | None) -> list[pd.DataFrame]:
    if cause is None:
        return [part]
    lines = [line for _, line in part.groupby(cause, sort=False, observed=True)]
    if any(line["time"].tolist() != lines[0]["time"].tolist() for line in lines):
        raise ValueError("Competing events must be given at the same times.")
    return lines


def _safe_times(lines: Sequence[pd.DataFrame], rule: Profile) -> list[int]:
    """Return the places of the rows that may be shown."""
    at_risk = lines[0]["at_risk"].to_numpy(dtype=float)
    many = int((at_risk >= rule.min_cell).sum())  # it never rises
    running = np.column_stack([line["events"].cumsum().to_numpy() for line in lines])

    def holds(since: int, until: int) -> bool:
        """Say whether a step between two rows holds enough events of a cause, and none or enough of each."""
        events = running[until] - running[since]
        enough = events >= rule.min_cell
        return bool(enough.any() and (enough | (events == 0)).all())

    if not many:
        return []
    kept = [0]
    for place in range(1, many):
        if holds(kept[-1], place):
            kept.append(place)
    return _to_the_end(kept, many - 1, running, holds)


def _to_the_end(
    kept: list[int], last: int, running: np.ndarray, holds: Callable[[int, int], bool]
) -> list[int]:
    """Let the last step take in the few events that are left over after it, where that makes a safe step."""
    if (running[last] == running[kept[-1]]).all():
        return kept
    for many in range(len(kept) - 1, 0, -1):
        if holds(kept[many - 1], last):
            return [*kept[:many], last]
    return kept


def _thinned(line: pd.DataFrame, kept: list[int], rule: Profile) -> pd.DataFrame:
    if not kept:
        return line.iloc[:0]
    running = line["events"].cumsum().to_numpy()
    events = np.diff(running[kept], prepend=0)
    if events[0] < rule.min_cell:
        events[0] = 0  # what happened at the very start belongs to no step
    return line.iloc[kept].assign(events=events, at_risk=line["at_risk"].iloc[kept].astype("Int64"))


def _lost(lines: Sequence[pd.DataFrame]) -> Iterator[tuple[int, float]]:
    """Return, for each shown number at risk after the first, how many were lost since the one before.

    It is what a reader works out: those who left less those with an event.
    """
    at_risk = lines[0]["at_risk"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    running = sum(line["events"].to_numpy(dtype=float) for line in lines).cumsum()
    before, *shown = np.flatnonzero(~np.isnan(at_risk)) if len(at_risk) else [0]
    for place in shown:
        yield int(place), max(at_risk[before] - at_risk[place] - (running[place] - running[before]), 0.0)
        before = place


def _shown_at_risk(lines: Sequence[pd.DataFrame], rule: Profile) -> np.ndarray:
    """Return those at risk, missing where they would tell that a few were lost from sight."""
    at_risk = lines[0]["at_risk"].array.copy()
    events = sum(line["events"].to_numpy(dtype=float) for line in lines)
    before = 0
    for place in range(1, len(at_risk)):
        lost = max(at_risk[before] - at_risk[place] - events[before + 1 : place + 1].sum(), 0)
        if lost == 0 or lost >= rule.min_cell:
            before = place
        else:
            at_risk[place] = pd.NA
    return at_risk


def _round_curve(thinned: pd.DataFrame, rule: Profile, start: float) -> pd.DataFrame:
    base = rule.round_to or 1
    step = base / max(np.floor(start / base + 0.5) * base, base)
    rounded = {column: (np.floor(thinned[column] / step + 0.5) * step).clip(0, 1)
               for column in ("estimate", "low", "high")}  # fmt: skip
    counts = {column: half_up(thinned[column], base) for column in ("at_risk", "events")}
    return thinned.assign(**rounded, **counts)
