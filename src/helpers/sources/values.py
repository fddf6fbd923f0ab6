"""From text as written in an official file to typed values. What can't be understood becomes missing."""

from __future__ import annotations

import pandas as pd

EARLIEST = pd.Timestamp(1900, 1, 1)
LATEST = pd.Timestamp(2100, 1, 1)

FLAGS = {"1": True, "0": False, "TRUE": True, "FALSE": False, "Y": True, "N": False}


def parse_dates(text: pd.Series) -> pd.Series:
    """Return dates written YYYY-MM-DD, DD/MM/YYYY or either with a time behind.

    Parameters
    ----------
    text : pandas.Series of string

    Returns
    -------
    pandas.Series of datetime64[ns]
        NaT where the text is not a date between 1900 and 2100.
    """
    day = text.astype("string").str.split(r"[T ]", n=1, regex=True).str[0]
    iso = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
    british = pd.to_datetime(day, format="%d/%m/%Y", errors="coerce")
    dates = iso.fillna(british)
    return dates.where(dates.between(EARLIEST, LATEST)).astype("datetime64[ns]")


def parse_flags(text: pd.Series) -> pd.Series:
    """Return yes/no items (0, 1, true, false in any case) as nullable booleans."""
    return text.str.upper().map(FLAGS).astype("boolean")


def parse_numbers(text: pd.Series) -> pd.Series:
    """Return whole numbers as nullable integers; missing where the text is not one."""
    whole = text.where(text.str.fullmatch(r"-?\d{1,15}").fillna(False))
    return pd.to_numeric(whole).astype("Int64")
