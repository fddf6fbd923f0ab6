"""Working days in England: weekends and public holidays do not count."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.tseries.holiday import (
    MO,
    AbstractHolidayCalendar,
    DateOffset,
    EasterMonday,
    GoodFriday,
    Holiday,
    next_monday,
    next_monday_or_tuesday,
)

# Days moved or added by proclamation since 2010.
MOVED = {"2020-05-04": "2020-05-08", "2012-05-28": "2012-06-04", "2022-05-30": "2022-06-02"}
ADDED = ["2011-04-29", "2012-06-05", "2022-06-03", "2022-09-19", "2023-05-08"]


class EnglishHolidays(AbstractHolidayCalendar):
    """Rules of the Banking and Financial Dealings Act 1971 and the common law holidays."""

    rules = [
        Holiday("New Year", month=1, day=1, observance=next_monday),
        GoodFriday,
        EasterMonday,
        Holiday("Early May", month=5, day=1, offset=DateOffset(weekday=MO(1))),
        Holiday("Spring", month=5, day=31, offset=DateOffset(weekday=MO(-1))),
        Holiday("Summer", month=8, day=31, offset=DateOffset(weekday=MO(-1))),
        Holiday("Christmas", month=12, day=25, observance=next_monday),
        Holiday("Boxing Day", month=12, day=26, observance=next_monday_or_tuesday),
    ]


def public_holidays(first: int, last: int) -> np.ndarray:
    """Return the public holidays of England from year `first` to `last` as datetime64[D], sorted."""
    days = EnglishHolidays().holidays(f"{first}-01-01", f"{last}-12-31").strftime("%Y-%m-%d")
    moved = {MOVED.get(day, day) for day in days}
    added = {day for day in ADDED if first <= int(day[:4]) <= last}
    return np.array(sorted(moved | added), dtype="datetime64[D]")


def working_days(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return the working days from `start` to `end`: 0 on the day itself, 1 on the next working day.

    Parameters
    ----------
    start, end : pandas.Series of datetime64

    Returns
    -------
    pandas.Series of Int64
        Missing where either date is; negative where the end is first.
    """
    known = start.notna() & end.notna()
    result = pd.Series(pd.NA, index=start.index, dtype="Int64")
    if known.any():
        first, last = start[known].to_numpy("datetime64[D]"), end[known].to_numpy("datetime64[D]")
        years = pd.DatetimeIndex(np.concatenate([first, last])).year
        holidays = public_holidays(years.min(), years.max())
        result[known] = np.busday_count(first + 1, last + 1, holidays=holidays)
    return result
