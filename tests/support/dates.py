"""Dates as the tests compare them."""

import datetime

import pandas as pd


def as_dates(frame):
    """Parquet dates as datetimes, so that they can be compared."""
    days = [c for c in frame if any(isinstance(v, datetime.date) for v in frame[c].dropna().head(1))]
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in days})
