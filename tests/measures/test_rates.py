import pandas as pd
import pytest

from helpers.measures.rates import add_rates, add_shares


def test_exact_poisson_intervals_are_those_of_the_tables():
    # Garwood's table: 10 events 4.795 to 18.39; none 0 to 3.689.
    table = add_rates(pd.DataFrame({"n": [10, 0], "people": [10_000, 10_000]}), "n", "people")
    assert table[["rate", "low", "high"]].round(3).to_numpy().tolist() == [[10, 4.795, 18.39], [0, 0, 3.689]]


def test_a_rate_without_people_is_missing():
    assert add_rates(pd.DataFrame({"n": [1], "people": [0]}), "n", "people")["rate"].isna().all()


def test_wilson_intervals_are_those_worked_by_hand():
    # 10 of 20: centre 0.5, half width 1.96 sqrt(0.25/20 + 1.96²/1600) / (1 + 1.96²/20) = 0.2007.
    table = add_shares(pd.DataFrame({"n": [10, 0], "of": [20, 20]}))
    assert table["low"].tolist() == pytest.approx([0.2993, 0.0], abs=1e-4)
    assert table["high"].tolist() == pytest.approx([0.7007, 0.1611], abs=1e-4)


def test_a_share_of_nothing_is_missing():
    assert add_shares(pd.DataFrame({"n": [0], "of": [0]}))[["share", "low", "high"]].isna().all(axis=None)
