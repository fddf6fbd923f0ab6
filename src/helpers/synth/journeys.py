"""Where each child stands in social care at any time, for the domains that depend on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, day
from helpers.synth.parameters import value
from helpers.synth.referrals import Events

NONE, CIN, CPP, CLA = range(4)
SPELL = ["child", "start", "end"]
FIRST_YEAR = 1997  # academic year (September to August, by the year it ends in) of the first column


class Journeys(NamedTuple):
    """Involvement of each child (row of `Families.children`) with social care.

    at_census: int8 of shape (children, academic years from 1997), the highest status on 31 March of the
    year: 0 none, 1 child in need, 2 child protection plan, 3 looked after.
    in_year: the same, the highest status at any time from September to August.
    first: days of the first referral, first time in need, first plan and first entry to care (columns 0 to
    3), NEVER where there is none.
    """

    at_census: np.ndarray
    in_year: np.ndarray
    first: np.ndarray

    def years(self) -> np.ndarray:
        """Return the academic years of the columns."""
        return np.arange(FIRST_YEAR, FIRST_YEAR + self.in_year.shape[1])

    def ever_before(self, days: np.ndarray) -> np.ndarray:
        """Return the highest status (0 to 3) each child has had before a day of its own."""
        reached = self.first[:, 1:] < np.asarray(days)[:, None]
        return (reached * np.array([CIN, CPP, CLA])).max(axis=1)


def journeys(children: pd.DataFrame, events: Events) -> Journeys:
    """Return the involvement of each child."""
    spells = _spells(events)
    years = np.arange(FIRST_YEAR, value("time.last_year") + 1)
    census = np.array([day(y, 3, 31) for y in years])
    begins = np.array([day(y - 1, 9, 1) for y in years])
    ends = np.array([day(y, 8, 31) for y in years])
    shape = (len(children), len(years))
    at_census, in_year = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    first = np.full((len(children), 4), NEVER)
    referred = events.referrals.groupby("child")["referral"].min()
    first[referred.index, 0] = referred
    for status, found in spells.items():
        child, start, end = (found[name].to_numpy() for name in ("child", "start", "end"))
        _mark(at_census, child, start[:, None] <= census, end[:, None] > census, status)
        _mark(in_year, child, start[:, None] <= ends, end[:, None] >= begins, status)
        begin = found.groupby("child")["start"].min()
        first[begin.index, status] = begin
    return Journeys(at_census, in_year, first)


def _spells(events: Events) -> dict[int, pd.DataFrame]:
    """Return spells (child, start, end) of being in need, on a plan and looked after, lowest status first."""
    referred = events.referrals
    in_need = referred[referred["in_need"]]
    periods = events.periods[~events.periods["respite"]]
    return {
        CIN: in_need[["child", "referral", "closure"]].set_axis(SPELL, axis=1),
        CPP: events.plans[SPELL],
        CLA: periods.assign(child=referred["child"].to_numpy()[periods["referral_no"]])[SPELL],
    }


def _mark(table: np.ndarray, child: np.ndarray, begun: np.ndarray, lasts: np.ndarray, status: int) -> None:
    row, column = np.nonzero(begun & lasts)
    table[child[row], column] = status
