"""What a reader hands on: one statutory return, as it was written, nothing yet judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

CIN = "cin"
SSDA903 = "ssda903"

# Columns every table of a return has beside those of the official file.
PLACE_COLUMNS = ["file", "record"]

UNREAD_COLUMNS = ["file", "table", "record", "child", "reason", "text"]


class ReadError(Exception):
    """A file cannot be read as a return; the message is one clear sentence: which file, where, what to do."""


@dataclass
class Return:
    """One authority's return for one collection year.

    Attributes
    ----------
    collection : {"cin", "ssda903"}
    year : int
        Collection year, named by the year it ends in: 2024 is 1 April 2023 to 31 March 2024.
    authority : str
        Three-digit code.
    tables : dict of str to pandas.DataFrame
        Official table name -> rows as written. Every official column is text ("string"), trimmed, missing
        when empty. `file` (name) and `record` (Int64; line number in a CSV, ordinal in an XML) say where a
        row stands. Tables of the CIN Census also hold `child_no` and `cin_no` (Int64) that tie a row to its
        Child and CINdetails, and repeat LAchildID, CINreferralDate and the start date of their parent.
    unread : pandas.DataFrame
        Pieces of the files that could not be made a row: file, table, record, child, reason, text.
    """

    collection: str
    year: int
    authority: str
    files: list[Path]
    tables: dict[str, pd.DataFrame]
    unread: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=UNREAD_COLUMNS))

    @property
    def start(self) -> pd.Timestamp:
        """First day of the collection year."""
        return pd.Timestamp(self.year - 1, 4, 1)

    @property
    def end(self) -> pd.Timestamp:
        """Last day of the collection year."""
        return pd.Timestamp(self.year, 3, 31)

    @property
    def name(self) -> str:
        """Short name for people, e.g. "SSDA903 2023/24, authority 501"."""
        kind = {"cin": "Children in Need Census", "ssda903": "SSDA903"}[self.collection]
        return f"{kind} {self.year - 1}/{self.year % 100:02d}, authority {self.authority}"
