import numpy as np
import pandas as pd
import pytest
from three_classes import ITEMS, LOG_ODDS, counted, planted

from helpers.models import latent_class as lca


@pytest.fixture(scope="module")
def found(rows, model):
    return lca.covariates(model, counted(rows, "older"), ITEMS, ["older"])


def test_predicted_shares_are_those_of_the_groups_where_nothing_else_is_held(rows, truth, found):
    shares = lca.predicted_shares(found, "older")
    assert shares.groupby("older")["estimate"].sum().to_numpy() == pytest.approx(1)
    own = pd.Series(truth + 1).groupby(rows["older"]).value_counts(normalize=True).sort_index()
    assert shares["estimate"].to_numpy() == pytest.approx(own.to_numpy(), abs=0.04)
    assert (shares["low"] < shares["estimate"]).all() and (shares["estimate"] < shares["high"]).all()


def test_share_ratios_do_not_depend_on_the_reference(rows, model, found):
    other = lca.covariates(model, counted(rows, "older"), ITEMS, ["older"], reference=3)
    one, two = lca.share_ratios(found, "older"), lca.share_ratios(other, "older")
    assert one["estimate"].to_numpy() == pytest.approx(two["estimate"].to_numpy(), rel=1e-3)
    assert one["error"].to_numpy() == pytest.approx(two["error"].to_numpy(), rel=1e-2)


def test_share_ratios_are_those_planted(rows, found):
    _, truth = planted()
    shares = np.bincount(truth) / len(truth)
    expected = np.exp(LOG_ODDS[:, 1] - shares @ LOG_ODDS[:, 1])
    ratios = lca.share_ratios(found, "older")
    assert ((ratios["low"] < expected) & (ratios["high"] > expected)).all()
    assert (ratios["p_adjusted"] >= ratios["p"]).all()


def test_an_unknown_term_is_refused(found):
    with pytest.raises(ValueError, match="no term 'younger'"):
        lca.share_ratios(found, "younger")
