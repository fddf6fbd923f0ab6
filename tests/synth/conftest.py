"""A small country, built once for all tests of the generator."""

import datetime

import pandas as pd
import pytest

from helpers import synth
from helpers.synth.export import export_returns

CHILDREN, SEED = 60_000, 3


@pytest.fixture(scope="session")
def store_path(tmp_path_factory):
    return synth.build(tmp_path_factory.mktemp("country") / "store", CHILDREN, SEED, progress=False)


@pytest.fixture(scope="session")
def tables(store_path):
    """Every canonical table of the small country, by name."""
    return {file.stem: pd.read_parquet(file).pipe(as_dates) for file in store_path.glob("*.parquet")}


@pytest.fixture(scope="session")
def truth(store_path):
    return {file.stem: pd.read_parquet(file) for file in (store_path / "truth").glob("*.parquet")}


@pytest.fixture(scope="session")
def authority():
    return "504"


@pytest.fixture(scope="session")
def clean_returns(store_path, authority, tmp_path_factory):
    return export_returns(store_path, authority, tmp_path_factory.mktemp("clean"))


def as_dates(frame):
    """Parquet dates as datetimes, so that they can be compared."""
    days = [c for c in frame if any(isinstance(v, datetime.date) for v in frame[c].dropna().head(1))]
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in days})
