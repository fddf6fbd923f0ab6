"""Dates as whole days, so that the simulation can add and compare them as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue.working_days import public_holidays

NEVER = np.int64(10**9)  # later than any day: an event that does not happen


def day(year: int, month: int, number: int) -> int:
    """Return the number of a day."""
    return int(np.datetime64(f"{year:04d}-{month:02d}-{number:02d}", "D").astype(np.int64))


def year_end(year: int) -> int:
    """Return 31 March of a collection year."""
    return day(year, 3, 31)


def collection_year(days: np.ndarray) -> np.ndarray:
    """Return the collection year (1 April to 31 March, by the year it ends in) of each day."""
    months = np.asarray(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return 1970 + (months + 9) // 12


def year_ends(days: np.ndarray) -> np.ndarray:
    """Return 31 March of the collection year in which each day falls."""
    april = (collection_year(days) - 1970) * 12 + 3
    return april.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1


def to_dates(days: np.ndarray, until: int | None = None) -> pd.Series:
    """Return days as dates; NEVER, and what lies after `until`, becomes missing."""
    days = np.asarray(days, dtype=np.int64)
    missing = days >= (NEVER if until is None else until + 1)
    dates = pd.Series(np.where(missing, 0, days).astype("datetime64[D]").astype("datetime64[ns]"))
    return dates.mask(missing)


def weekday_on_or_after(days: np.ndarray) -> np.ndarray:
    """Return the same day, or Monday where it falls on a weekend."""
    weekday = (days + 3) % 7  # day 0, 1 January 1970, was a Thursday; Monday is 0
    return days + np.where(weekday >= 5, 7 - weekday, 0)


def add_working_days(days: np.ndarray, number: int) -> np.ndarray:
    """Return the day `number` working days later, weekends and public holidays left out."""
    start = np.asarray(days).astype("datetime64[D]")
    if not len(start):
        return np.asarray(days)
    years = start.astype("datetime64[Y]").astype(int) + 1970
    holidays = public_holidays(years.min(), years.max() + 1)
    return np.busday_offset(start, number, roll="forward", holidays=holidays).astype(np.int64)


def birthday(birth: np.ndarray, age: int) -> np.ndarray:
    """Return the day on which a child turns `age`; 1 March for a birth on 29 February where there is none."""
    born = np.asarray(birth).astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    within = born - month.astype("datetime64[D]")
    return ((month + 12 * age).astype("datetime64[D]") + within).astype(np.int64)
