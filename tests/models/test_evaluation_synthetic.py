import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from helpers.models import evaluation


def places(seed, effect, units=20, times=20, start=12):
    rng = np.random.default_rng(seed)
    moves = np.cumsum(rng.normal(size=(times, 2)), axis=0)
    values = 5 + moves @ rng.uniform(0, 1, (units, 2)).T + rng.normal(size=(times, units)) * 0.3
    values[start:, 0] += effect
    return (
        pd.DataFrame(values).rename_axis("year").reset_index().melt("year", var_name="place", value_name="y")
    )


def fit(frame, **more):
    return evaluation.synthetic_control(frame, "place", "year", "y", 0, 12, **more)


def test_weights_are_those_of_a_general_optimiser():
    rng = np.random.default_rng(1)
    donors = rng.normal(size=(12, 8))
    target = donors @ [0.5, 0.3, 0.2, 0, 0, 0, 0, 0] + rng.normal(size=12) * 0.1
    weights = evaluation.simplex_weights(donors, target)
    slow = minimize(
        lambda w: ((donors @ w - target) ** 2).sum(),
        np.ones(8) / 8,
        bounds=[(0, 1)] * 8,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    ).x
    assert weights == pytest.approx(slow, abs=1e-6)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)


def test_a_place_that_is_a_mix_of_others_is_found_as_that_mix():
    frame = places(2, 0).pivot_table(index="year", columns="place", values="y")
    frame[0] = 0.7 * frame[3] + 0.3 * frame[8]
    long = frame.reset_index().melt("year", var_name="place", value_name="y")
    found = fit(long)
    assert found.weights["unit"].tolist() == [3, 8]
    assert found.weights["weight"].tolist() == pytest.approx([0.7, 0.3], abs=1e-5)
    assert found.series["gap"].abs().max() < 1e-4


def test_planted_effects_are_found_and_their_absence_is_not():
    with_effect = pd.concat([fit(places(seed, 2.0)).table for seed in range(25)])
    without = pd.concat([fit(places(seed, 0.0)).table for seed in range(25)])
    assert with_effect["estimate"].mean() == pytest.approx(2, abs=0.25)
    assert with_effect["p"].mean() < 0.15
    assert (without["p"] <= 0.05).mean() <= 0.16
    assert ((without["low"] <= 0) & (without["high"] >= 0)).mean() >= 0.8


def test_p_is_a_rank_among_all_places():
    table = fit(places(0, 50.0)).table
    assert table["p"][0] == pytest.approx(1 / 20) and table["n"][0] == 20


def test_too_few_places_give_no_interval():
    frame = places(0, 1.0)
    table = fit(frame[frame["place"] < 10]).table
    assert table[["low", "high"]].isna().all(axis=None)


def test_a_place_out_of_reach_can_be_compared_by_its_movements():
    frame = places(3, 2.0)
    frame.loc[frame["place"] == 0, "y"] += 100
    assert fit(frame).table["before"][0] > 50
    assert fit(frame, demean=True).table["estimate"][0] == pytest.approx(2, abs=0.6)


def test_what_cannot_be_fitted_is_refused_in_words():
    frame = places(4, 0)
    with pytest.raises(ValueError, match="no unit 99"):
        evaluation.synthetic_control(frame, "place", "year", "y", 99, 12)
    with pytest.raises(ValueError, match="lacks a time"):
        fit(frame.drop(index=[5]))
    with pytest.raises(ValueError, match="three times before"):
        evaluation.synthetic_control(frame, "place", "year", "y", 0, 2)
