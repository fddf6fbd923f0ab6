import numpy as np
import pandas as pd
import pytest

from helpers.models import latent_class as lca


def shares(spread, places=150, cases=400, seed=1):
    """Return shares of one class in places whose true shares spread by so much around 20%."""
    rng = np.random.default_rng(seed)
    true = np.clip(rng.normal(0.2, spread, places), 0.01, 0.9)
    found = rng.binomial(cases, true) / cases
    error = np.sqrt(found * (1 - found) / cases)
    frame = pd.DataFrame({"authority": np.arange(places), "term": 1, "estimate": found, "error": error})
    return frame.assign(of=cases), true


def test_the_spread_between_places_is_found_without_that_of_chance():
    frame, _ = shares(0.05)
    row = lca.between_places(frame, "authority").table.iloc[0]
    assert row["spread"] == pytest.approx(0.05, abs=0.008)
    assert row["spread"] < frame["estimate"].std()
    assert row["p"] < 1e-6 and row["i2"] > 0.7


def test_places_that_do_not_differ_are_not_made_to():
    frame, _ = shares(0.0)
    found = lca.between_places(frame, "authority")
    assert found.table["spread"].iloc[0] < 0.01 and found.table["p"].iloc[0] > 0.001
    outside = (found.places["observed"] > found.places["high_95"]) | (
        found.places["observed"] < found.places["low_95"]
    )
    assert 0.01 < outside.mean() < 0.1


def test_shrunken_shares_are_nearer_to_the_truth_and_covered():
    frame, true = shares(0.02)
    places = lca.between_places(frame, "authority").places
    off, own = (places["estimate"] - true) ** 2, (places["observed"] - true) ** 2
    assert off.mean() < 0.7 * own.mean()
    assert ((places["low"] < true) & (places["high"] > true)).mean() > 0.88


def test_two_places_are_too_few():
    with pytest.raises(ValueError, match="at least three"):
        lca.between_places(shares(0.1, places=2)[0], "authority")
