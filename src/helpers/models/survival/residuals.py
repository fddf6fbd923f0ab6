"""Score and Schoenfeld residuals of a Cox model with tied times, late entry, strata and weights.

lifelines gives robust errors that know neither ties nor entry times, in a time that grows with the square
of the rows, so that the residuals are computed here, as Therneau and Grambsch (2000, chapters 4 and 6)
define them for Efron's approximation. The tests hold them against R's `coxph`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class Rows:
    """The rows of a fitted Cox model as arrays: n rows, p terms.

    Attributes
    ----------
    covariates : numpy.ndarray
        n by p, float64.
    start, stop : numpy.ndarray
        At risk after start (exclusive) until stop (inclusive).
    event : numpy.ndarray
        bool.
    weight : numpy.ndarray
        Weight of each row.
    risk : numpy.ndarray
        exp of the linear predictor.
    stratum : numpy.ndarray
        Number of the stratum.
    """

    covariates: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    weight: np.ndarray
    risk: np.ndarray
    stratum: np.ndarray

    def strata(self) -> Iterator[np.ndarray]:
        """Yield the positions of the rows of each stratum in which something happened."""
        for positions in pd.Series(self.stratum).groupby(self.stratum).indices.values():
            if self.event[positions].any():
                yield positions

    def take(self, positions: np.ndarray) -> Rows:
        """Return the rows at these positions."""
        return Rows(**{name: getattr(self, name)[positions] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class RiskSets:
    """What the risk set holds at each of the m times at which something happened, in one stratum.

    An "Efron step" is one event: of d events at a time, step k = 0, ..., d - 1 counts the share k / d of
    those who had the event as gone already.

    Attributes
    ----------
    first, last : numpy.ndarray
        Row i is at risk at times number first[i] until last[i] - 1.
    at : numpy.ndarray
        For each step, the number of its time.
    gone : numpy.ndarray
        For each step, k / d.
    hazard : numpy.ndarray
        For each step, the increment of the baseline hazard.
    mean : numpy.ndarray
        For each step, the mean of the covariates over the risk set: steps by p.
    size : numpy.ndarray
        For each step, the sum of weighted risks.
    times : numpy.ndarray
        The m times.
    """

    first: np.ndarray
    last: np.ndarray
    at: np.ndarray
    gone: np.ndarray
    hazard: np.ndarray
    mean: np.ndarray
    size: np.ndarray
    times: np.ndarray


def risk_sets(rows: Rows) -> RiskSets:
    """Return the risk sets of rows of one stratum."""
    times, at = np.unique(rows.stop[rows.event], return_inverse=True)
    first, last = np.searchsorted(times, rows.start, "right"), np.searchsorted(times, rows.stop, "right")
    weighted = rows.weight * rows.risk
    sums = np.column_stack([weighted, weighted[:, None] * rows.covariates])  # of 1 and of each covariate
    enter, leave = (sum_by(place, sums, len(times) + 1) for place in (first, last))
    all_at_risk = (enter - leave).cumsum(axis=0)[:-1]
    with_event = sum_by(at, sums[rows.event], len(times))
    events = np.bincount(at, minlength=len(times))
    mean_weight = np.bincount(at, rows.weight[rows.event], minlength=len(times)) / events
    step_at = np.repeat(np.arange(len(times)), events)
    number = np.arange(len(step_at)) - np.repeat(events.cumsum() - events, events)
    gone = number / events[step_at]
    left = all_at_risk[step_at] - gone[:, None] * with_event[step_at]
    size = left[:, 0]
    return RiskSets(
        first, last, step_at, gone, mean_weight[step_at] / size, left[:, 1:] / size[:, None], size, times
    )


def sum_by(place: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Return sums of the rows of `values` by place: `size` rows."""
    chooser = sparse.csr_matrix(
        (np.ones(len(place)), (place, np.arange(len(place)))), shape=(size, len(place))
    )
    return chooser @ values


def score_residuals(rows: Rows) -> np.ndarray:
    """Return what each row adds to the score of the partial likelihood, weighted: n by p, summing to zero."""
    found = np.zeros_like(rows.covariates)
    for positions in rows.strata():
        part = rows.take(positions)
        found[positions] = _score_in_stratum(part, risk_sets(part)) * part.weight[:, None]
    return found


def _score_in_stratum(rows: Rows, sets: RiskSets) -> np.ndarray:
    x, size = rows.covariates, len(sets.times)
    hazard = np.column_stack([sets.hazard, sets.hazard[:, None] * sets.mean])  # of 1 and of each covariate
    gathered = np.vstack([np.zeros(x.shape[1] + 1), sum_by(sets.at, hazard, size).cumsum(axis=0)])
    lived = gathered[sets.last] - gathered[sets.first]
    expected = x * lived[:, :1] - lived[:, 1:]
    # Those who had the event were counted as gone for a part of the hazard of their own time.
    place = sets.last[rows.event] - 1
    spared = sum_by(sets.at, hazard * sets.gone[:, None], size)[place]
    expected[rows.event] -= x[rows.event] * spared[:, :1] - spared[:, 1:]
    score = -rows.risk[:, None] * expected
    score[rows.event] += x[rows.event] - mean_at_event(sets)[place]
    return score


def mean_at_event(sets: RiskSets) -> np.ndarray:
    """Return the mean of the covariates over the risk set at each time, over its Efron steps: m by p."""
    return sum_by(sets.at, sets.mean, len(sets.times)) / np.bincount(sets.at)[:, None]


def schoenfeld_residuals(rows: Rows) -> np.ndarray:
    """Return covariates less what the risk set leads to expect, for the rows with an event: events by p."""
    found = np.full_like(rows.covariates, np.nan)
    for positions in rows.strata():
        part = rows.take(positions)
        sets = risk_sets(part)
        expected = mean_at_event(sets)[sets.last[part.event] - 1]
        found[positions[part.event]] = part.covariates[part.event] - expected
    return found[rows.event]


def information_by_time(rows: Rows) -> Iterator[tuple[float, np.ndarray]]:
    """Yield each time of an event, in each stratum, and what it adds to the information: p by p."""
    for positions in rows.strata():
        part = rows.take(positions)
        yield from _information_in_stratum(part, risk_sets(part))


def _information_in_stratum(rows: Rows, sets: RiskSets) -> Iterator[tuple[float, np.ndarray]]:
    x, weighted = rows.covariates, rows.weight * rows.risk
    enters, leaves = (_by_place(place, len(sets.times)) for place in (sets.first, sets.last))
    deaths = _by_place(np.where(rows.event, sets.last - 1, len(sets.times)), len(sets.times))
    steps = _by_place(sets.at, len(sets.times))

    def squares(chosen: np.ndarray) -> np.ndarray:
        return (x[chosen] * weighted[chosen, None]).T @ x[chosen]

    at_risk = np.zeros((x.shape[1], x.shape[1]))
    for number, time in enumerate(sets.times):
        at_risk = at_risk + squares(enters[number]) - squares(leaves[number])
        chosen = steps[number]
        scale = sets.hazard[chosen]  # mean weight of the events over the size of the risk set
        mean = sets.mean[chosen]
        dying = squares(deaths[number]) * (scale * sets.gone[chosen]).sum()
        spread = (mean * (scale * sets.size[chosen])[:, None]).T @ mean
        yield time, at_risk * scale.sum() - dying - spread


def _by_place(place: np.ndarray, size: int) -> list[np.ndarray]:
    """Return, for each place from 0 to size - 1, the positions that hold it."""
    order = np.argsort(place, kind="stable")
    return np.split(order, np.searchsorted(place[order], np.arange(1, size + 1)))[:size]
