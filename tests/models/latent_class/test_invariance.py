import numpy as np
import pandas as pd
import pytest
from stepmix.stepmix import StepMix
from three_classes import CHANCES, ITEMS, counted

from helpers.models import latent_class as lca
from helpers.models.latent_class.common import Found
from helpers.models.latent_class.invariance import _em


def drawn(shares, chances, cases, seed):
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=cases, p=shares)
    rows = (rng.uniform(size=(cases, len(ITEMS))) < chances[truth]).astype("int8")
    return counted(pd.DataFrame(rows, columns=ITEMS).assign(n=1))


SHARES = [0.5, 0.3, 0.2]


def test_the_likelihood_is_that_of_stepmix(rows, model):
    x, n = counted(rows)[ITEMS].to_numpy(float), counted(rows)["n"].to_numpy(float)
    shares, chances = Found.of(model)
    ours = _em(x, n, np.zeros(len(n), dtype=int), shares[None, :], chances)
    assert isinstance(model, StepMix)
    assert ours.fitted == pytest.approx(lca.log_likelihood(model, counted(rows), ITEMS), rel=1e-7)
    assert ours.chances == pytest.approx(chances, abs=0.01)


def test_only_the_shares_change_where_only_they_were_changed(model):
    before, after = drawn(SHARES, CHANCES, 6000, 1), drawn([0.3, 0.3, 0.4], CHANCES, 3000, 2)
    found = lca.invariance(model, before, after, ITEMS)
    table = found.table.set_index("model")
    assert table["p"]["Same classes, same shares"] < 1e-6 < 0.01 < table["p"]["Same classes, shares free"]
    assert table["bic"].idxmin() == "Same classes, shares free"
    assert found.shares["after"].to_numpy() == pytest.approx([0.3, 0.3, 0.4], abs=0.05)
    assert found.moved["p_adjusted"].min() > 0.01


def test_an_item_that_moved_is_found_in_its_class(model):
    changed = CHANCES.copy()
    changed[1, 4] = 0.5
    found = lca.invariance(model, drawn(SHARES, CHANCES, 6000, 1), drawn(SHARES, changed, 3000, 2), ITEMS)
    most = found.moved.iloc[0]
    assert (most["term"], most["item"]) == (2, "e")
    assert most["low"] < 0.4 < most["high"] and most["p_adjusted"] < 0.001
    assert found.table["p"][1] < 1e-6


def test_degrees_of_freedom_and_bic_are_those_worked_by_hand(model):
    before, after = drawn(SHARES, CHANCES, 3000, 1), drawn(SHARES, CHANCES, 1000, 2)
    table = lca.invariance(model, before, after, ITEMS).table
    assert table["parameters"].tolist() == [20, 22, 40, 20, 22]
    assert table["df"].iloc[:2].tolist() == [2, 18]
    assert table["cases"].unique().tolist() == [4000]
    bic = -2 * table["log_likelihood"] + table["parameters"] * np.log(4000)
    assert table["bic"].to_numpy() == pytest.approx(bic.to_numpy())


def test_freeing_more_never_fits_worse(model):
    before, after = drawn(SHARES, CHANCES, 3000, 1), drawn([0.4, 0.3, 0.3], CHANCES, 1000, 2)
    same, shares_free, all_free, held, held_shares_free = lca.invariance(model, before, after, ITEMS).table[
        "log_likelihood"
    ]
    assert same <= shares_free <= all_free and held <= held_shares_free <= shares_free + 1e-3
