import numpy as np
import pytest
from scipy.optimize import approx_fprime
from statsmodels.discrete.discrete_model import MNLogit
from three_classes import ITEMS, LOG_ODDS, arranged, counted, planted

from helpers.models import latent_class as lca
from helpers.models.latent_class.common import Found
from helpers.models.latent_class.membership import CORRECTED, UNCORRECTED
from helpers.models.latent_class.steps import chance_errors, step_one


@pytest.fixture(scope="module")
def found(rows, model):
    return lca.covariates(model, counted(rows, "older"), ITEMS, ["older"])


def test_odds_ratios_are_those_planted_where_assignment_attenuates(found):
    log = np.log(found.table.set_index(["method", "class"])["estimate"])
    assert log[CORRECTED].to_numpy() == pytest.approx(LOG_ODDS[1:, 1], abs=0.2)
    assert np.ptp(log[UNCORRECTED]) < np.ptp(log[CORRECTED]) - 0.1


def test_weighted_patterns_give_what_duplicated_rows_give(rows, model, found):
    by_rows = lca.covariates(model, rows, ITEMS, ["older"])
    assert by_rows.coefficients.to_numpy() == pytest.approx(found.coefficients.to_numpy(), abs=1e-5)
    assert by_rows.covariance == pytest.approx(found.covariance, rel=1e-3)
    assert by_rows.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-8)


def test_the_coefficients_are_at_the_top_of_the_likelihood(rows, model, found):
    counts = counted(rows, "older")
    n, x = counts["n"].to_numpy(float), np.column_stack([np.ones(len(counts)), counts["older"]])
    items = counts[ITEMS].to_numpy(float)
    chances = Found.of(model)[1]
    given = np.exp(items @ np.log(chances).T + (1 - items) @ np.log(1 - chances).T)

    def likelihood(beta):
        scores = np.exp(x @ np.vstack([np.zeros(2), beta.reshape(2, 2)]).T)
        return n @ np.log((scores / scores.sum(axis=1, keepdims=True) * given).sum(axis=1))

    top = found.coefficients.to_numpy()[1:].ravel()
    assert likelihood(top) == pytest.approx(found.log_likelihood, rel=1e-10)
    assert np.abs(approx_fprime(top, likelihood, 1e-5)).max() < 0.1  # of a likelihood of some 10,000


def test_the_uncorrected_are_those_of_statsmodels(rows, model, found):
    put = model.predict(rows[ITEMS].to_numpy(float))
    fitted = MNLogit(put, np.column_stack([np.ones(len(rows)), rows["older"]])).fit(disp=0)
    ours = found.uncorrected.coefficients.to_numpy()[1:]
    assert ours == pytest.approx(np.asarray(fitted.params).T, abs=1e-3)
    errors = found.uncorrected.table["error"].to_numpy()
    assert errors == pytest.approx(np.asarray(fitted.bse)[1], rel=0.02)


def test_intervals_cover_what_was_planted():
    inside = []
    for seed in range(20):
        rows, _ = planted(1500, seed, children=500)
        model = arranged(lca.fit(counted(rows), ITEMS, 3, starts=2, seed=seed))
        table = lca.covariates(model, rows, ITEMS, ["older"], "child").table.query("method == @CORRECTED")
        planted_there = np.exp(LOG_ODDS[1:, 1])
        inside += ((table["low"] < planted_there) & (planted_there < table["high"])).tolist()
    assert np.mean(inside) >= 0.85  # 40 intervals of 95%: fewer than 34 hits come by chance once in 1,000


def test_the_first_step_adds_to_the_errors(rows, model, found):
    step = step_one(model, rows, ITEMS)
    assert step.influence[step.pattern].sum(axis=0) == pytest.approx(0, abs=0.05)  # the model is at its top
    fixed = found.uncorrected.table["error"].to_numpy()
    assert (found.table.query("method == @CORRECTED")["error"].to_numpy() > fixed).all()


def test_errors_of_chances_are_those_of_many_samples():
    chances, errors = [], []
    for seed in range(16):
        rows, _ = planted(1000, seed)
        model = arranged(lca.fit(counted(rows), ITEMS, 3, starts=2, seed=seed))
        shares, found = Found.of(model)
        chances.append(found)
        errors.append(chance_errors(shares, found, rows[ITEMS].to_numpy(float), np.ones(len(rows))))
    ratio = np.mean(errors, axis=0) / np.std(chances, axis=0)
    assert np.median(ratio) == pytest.approx(1, abs=0.2)


def test_text_gets_a_term_for_each_value_but_the_first(rows, model):
    words = rows.assign(age=np.where(rows["older"] == 1, "older", "a young one"))
    table = lca.covariates(model, words, ITEMS, ["age"]).table
    assert table["term"].unique().tolist() == ["age: older"]


def test_a_missing_or_constant_covariate_is_refused(rows, model):
    with pytest.raises(ValueError, match="missing for some cases"):
        lca.covariates(model, rows.assign(older=np.nan), ITEMS, ["older"])
    with pytest.raises(ValueError, match="only one value"):
        lca.covariates(model, rows.assign(older=1), ITEMS, ["older"])
