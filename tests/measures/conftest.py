"""Small stores written by hand, so that every figure in these tests can be counted on paper."""

import pandas as pd
import pytest

from helpers.catalogue import TABLES
from helpers.sources.store import read_store, write_store


@pytest.fixture
def make_store(tmp_path):
    """Return a function from tables (lists of dicts; authority 501 and dates as text) to an open store."""

    def make(**tables):
        frames = {name: _frame(name, rows) for name, rows in tables.items()}
        return read_store(write_store(frames, tmp_path / "store", {"synthetic": True}))

    return make


def _frame(name, rows):
    frame = pd.DataFrame(rows)
    if "authority" not in frame:
        frame["authority"] = "501"
    for column, description in TABLES[name].columns().items():
        if column in frame and "datetime" in str(description.dtype):
            frame[column] = pd.to_datetime(frame[column])
    return frame
