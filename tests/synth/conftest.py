"""A small country without faults, built once for all tests of the generator."""

import pandas as pd
import pytest
from dates import as_dates

from helpers import synth
from helpers.synth.export import export_returns

CHILDREN, SEED = 60_000, 3


@pytest.fixture(scope="session")
def store_path(tmp_path_factory):
    out = tmp_path_factory.mktemp("country") / "store"
    return synth.build(out, CHILDREN, SEED, faults="none", processes=1, progress=False)


class Tables(dict):
    """The tables of a store by name, each read when it is first asked for."""

    def __init__(self, path):
        self.path = path

    def __missing__(self, name):
        self[name] = pd.read_parquet(self.path / f"{name}.parquet").pipe(as_dates)
        return self[name]


@pytest.fixture(scope="session")
def tables(store_path):
    """Every canonical table of the small country, by name."""
    return Tables(store_path)


@pytest.fixture(scope="session")
def truth(store_path):
    return Tables(store_path / "truth")


@pytest.fixture(scope="session")
def authority():
    return "528"


@pytest.fixture(scope="session")
def clean_returns(store_path, authority, tmp_path_factory):
    return export_returns(store_path, authority, tmp_path_factory.mktemp("clean"))
