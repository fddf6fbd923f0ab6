from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.models import evaluation
from helpers.models.evaluation.power import _remaining, _shares

DESIGN = evaluation.Design(tuple(np.random.default_rng(0).integers(20, 200, 60)), 0.15, 0.02, 0.008)


def test_power_is_that_of_the_textbook_where_there_is_one():
    """Two arms of 20 equal authorities, one period before and after, no clustering: a t test of changes."""
    design = evaluation.Design((100,) * 40, 0.2, 0.0, 0.0, before=1, after=1)
    found = evaluation.power(design, [0, 0.04], simulations=2000, progress=False)
    error = np.sqrt((0.2 * 0.8 + (0.2 * 0.8 + 0.24 * 0.76) / 2) / 100 * 2 / 20)
    expected = stats.t.sf(stats.t.ppf(0.975, 39) - 0.04 / error, 39)
    assert found["estimate"][1] == pytest.approx(expected, abs=0.05)
    assert found["low"][0] <= 0.055 and found["high"][0] >= 0.04


def test_power_grows_with_the_effect_and_the_estimates_are_unbiased():
    found = evaluation.power(DESIGN, [-0.01, -0.03, -0.06], simulations=300, progress=False)
    assert found["estimate"].is_monotonic_increasing and found["estimate"].iloc[-1] > 0.95
    assert found["mean_estimate"].to_numpy() == pytest.approx([-0.01, -0.03, -0.06], abs=0.003)
    assert (found["low"] <= found["estimate"]).all() and (found["estimate"] <= found["high"]).all()


def test_clustering_by_period_costs_power_and_a_staggered_start_can_be_asked_for():
    more = evaluation.power(replace(DESIGN, icc_period=0.02), [-0.03], simulations=400, progress=False)
    less = evaluation.power(replace(DESIGN, icc_period=0.0), [-0.03], simulations=400, progress=False)
    assert more["high"][0] < less["low"][0]
    staggered = evaluation.power(replace(DESIGN, kind="staggered"), [0.0], simulations=400, progress=False)
    assert staggered["estimate"][0] < 0.11


def test_the_clustering_of_records_is_recovered():
    found = []
    sizes = np.repeat(np.array(DESIGN.sizes)[:, None], 6, axis=1)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        lasting = _shares(rng, np.full((60, 1), DESIGN.rate), DESIGN.icc - DESIGN.icc_period)
        events = rng.binomial(sizes, _shares(rng, np.broadcast_to(lasting, (60, 6)), _remaining(DESIGN)))
        frame = pd.DataFrame({"place": np.repeat(range(60), 6), "year": np.tile(range(6), 60)})
        frame = frame.assign(n=events.ravel(), of=sizes.ravel())
        design = evaluation.observed_design(frame, "place", "year", "n", "of", before=2)
        found.append((design.rate, design.icc, design.icc_period))
    rate, icc, icc_period = np.mean(found, axis=0)
    assert rate == pytest.approx(0.15, abs=0.005)
    assert icc == pytest.approx(0.02, abs=0.003)
    assert icc_period == pytest.approx(0.008, abs=0.002)
    assert design.before == 2 and sorted(design.sizes) == sorted(DESIGN.sizes)


def test_the_same_seed_gives_the_same_power():
    one, two = (evaluation.power(DESIGN, [-0.02], simulations=100, progress=False) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_more_authorities_can_be_supposed():
    assert len(evaluation.with_authorities(DESIGN, 150).sizes) == 150


def test_impossible_designs_are_refused_in_words():
    with pytest.raises(ValueError, match="icc_period <= icc"):
        evaluation.power(replace(DESIGN, icc_period=0.5), [0], progress=False)
    with pytest.raises(ValueError, match="between 0 and 1"):
        evaluation.power(DESIGN, [-0.5], progress=False)
    with pytest.raises(ValueError, match="fewer than two periods"):
        evaluation.observed_design(
            pd.DataFrame({"p": range(9), "t": 1, "n": 1, "of": 9}), "p", "t", "n", "of"
        )
