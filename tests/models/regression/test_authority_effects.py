"""Effects of authorities: lme4's figures (tests/reference/mixed.R), and dummies for fixed effects."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers.models.regression import authority_effects

REFERENCE = Path(__file__).parents[2] / "reference"
TERMS = ["in_need", "fsm", "years"]


@pytest.fixture(scope="module")
def pupils():
    frame = pd.read_csv(REFERENCE / "pupils.csv")
    return frame.assign(years=frame["age"] - 10)


@pytest.fixture(scope="module")
def figures():
    return pd.read_csv(REFERENCE / "mixed.csv").set_index(["model", "quantity"])["value"]


def errors(table, ratios=False):
    low, high = (np.log(table[c]) if ratios else table[c] for c in ("low", "high"))
    return (high - low) / 2 / 1.959964


@pytest.mark.parametrize(
    "model, outcome, options",
    [
        ("linear, REML", "score", {}),
        ("linear, ML", "score", {"reml": False}),
        ("logistic, 25 points", "absent", {"family": "logistic"}),
    ],
)
def test_random_effects_are_those_of_lme4(pupils, figures, model, outcome, options):
    found = authority_effects(pupils, outcome, TERMS, **options)
    r = figures[model]
    ratios = outcome == "absent"
    estimate = np.log(found.terms["estimate"]) if ratios else found.terms["estimate"]
    np.testing.assert_allclose(estimate, r["coefficient"][1:], rtol=1e-3)
    np.testing.assert_allclose(errors(found.terms, ratios), r["standard error"][1:], rtol=1e-3)
    np.testing.assert_allclose(found.groups["estimate"], r["effect"], atol=1e-3)
    np.testing.assert_allclose(errors(found.groups), r["standard deviation of effect"], rtol=1e-3)
    between, *within = r[["standard deviation"]] ** 2
    within = np.pi**2 / 3 if ratios else within[0]
    assert found.spread["estimate"][0] == pytest.approx(np.sqrt(between), rel=1e-3)
    assert found.log_likelihood == pytest.approx(r[["log likelihood"]].iloc[0], abs=1e-3)
    assert found.spread["estimate"][1] == pytest.approx(between / (between + within), rel=1e-3)
    assert (found.spread["low"] < found.spread["estimate"]).all()
    assert (found.spread["high"] > found.spread["estimate"]).all()


def test_a_logistic_random_intercept_on_patterns_is_that_on_rows(pupils):
    few = pupils.groupby([*TERMS, "authority", "absent"]).size().rename("n").reset_index()
    few = pd.concat([few.assign(n=1), few.assign(n=few["n"] - 1).query("n > 0")])  # weights that matter
    one = authority_effects(pupils, "absent", TERMS, family="logistic")
    other = authority_effects(few, "absent", TERMS, family="logistic", weight="n")
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-8)
    np.testing.assert_allclose(one.groups["estimate"], other.groups["estimate"], atol=1e-5)
    assert one.groups["n"].tolist() == other.groups["n"].tolist()


def test_where_authorities_do_not_differ_the_spread_is_nothing(pupils):
    rng = np.random.default_rng(2)
    same = pupils.assign(score=rng.normal(size=len(pupils)), absent=np.tile([0, 1], len(pupils) // 2))
    same = same.sort_values("absent").assign(authority=np.tile(range(40), len(pupils) // 40))
    flat = same.assign(score=same["score"] - same.groupby("authority")["score"].transform("mean"))
    for outcome, family in (("score", "linear"), ("absent", "logistic")):
        found = authority_effects(flat, outcome, family=family)
        assert found.spread["estimate"].max() < 0.02
        assert found.groups["estimate"].abs().max() < 0.02


def test_linear_fixed_effects_are_those_of_dummies(pupils):
    found = authority_effects(pupils, "score", TERMS, kind="fixed")
    dummies = smf.ols("score ~ 0 + C(authority) + in_need + fsm + years", pupils).fit()
    np.testing.assert_allclose(found.terms["estimate"], dummies.params[TERMS], rtol=1e-8)
    share = pupils["authority"].value_counts(normalize=True).sort_index().to_numpy()
    centre = np.eye(40) - share
    own = dummies.params.iloc[:40].to_numpy()
    np.testing.assert_allclose(found.groups["estimate"], centre @ own, atol=1e-8)
    covariance = centre @ dummies.cov_params().iloc[:40, :40].to_numpy() @ centre.T
    np.testing.assert_allclose(errors(found.groups), np.sqrt(np.diag(covariance)), rtol=1e-5)
    clustered = smf.ols("score ~ C(authority) + in_need + fsm + years", pupils).fit(
        cov_type="cluster", cov_kwds={"groups": pupils["authority"]}
    )
    np.testing.assert_allclose(errors(found.terms), clustered.bse[TERMS], rtol=0.03)  # small-sample factors


def test_logistic_fixed_effects_leave_out_authorities_where_all_are_alike(pupils):
    some = pupils.assign(absent=pupils["absent"].where(pupils["authority"] != 501, 0))
    found = authority_effects(some, "absent", ["in_need"], family="logistic", kind="fixed")
    assert "501" not in set(found.groups["term"]) and len(found.groups) == 39
    kept = some[some["authority"] != 501]
    dummies = smf.logit("absent ~ 0 + C(authority) + in_need", kept).fit(disp=0)
    assert np.log(found.terms["estimate"][0]) == pytest.approx(dummies.params["in_need"], rel=1e-5)
    assert found.groups["estimate"] @ found.groups["n"] == pytest.approx(0, abs=1e-6)


def test_random_effects_are_pulled_to_the_average(pupils):
    fixed = authority_effects(pupils, "score", TERMS, kind="fixed").groups["estimate"]
    drawn = authority_effects(pupils, "score", TERMS).groups["estimate"]
    assert drawn.std() < fixed.std() and np.corrcoef(fixed, drawn)[0, 1] > 0.98


def test_bad_input_is_said_in_a_sentence(pupils):
    with pytest.raises(ValueError, match="need rows"):
        authority_effects(pupils.assign(n=1), "score", weight="n")
    with pytest.raises(ValueError, match="three or more"):
        authority_effects(pupils.assign(authority="501"), "score")
    with pytest.raises(ValueError, match="no 'mixed' effects"):
        authority_effects(pupils, "score", kind="mixed")
    with pytest.raises(ValueError, match="15 points"):
        authority_effects(pupils, "absent", family="logistic", points=1)
