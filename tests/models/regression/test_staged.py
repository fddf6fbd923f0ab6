"""Regressions on counted patterns equal those on rows; gaps are the ones that arithmetic gives."""

import ibis
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from helpers.models.regression import fit, ordered, patterns, predicted_gaps, staged

STEPS = ["Never referred", "Child in need", "Looked after"]
TERMS = ["step", "sex", "meals", "needs"]


@pytest.fixture(scope="module")
def rows():
    """6,000 pupils in 60 schools, all covariates categorical."""
    rng = np.random.default_rng(3)
    n = 6_000
    frame = pd.DataFrame(
        {
            "step": pd.Categorical(rng.choice(STEPS, n, p=[0.8, 0.15, 0.05]), STEPS),
            "sex": rng.choice(["F", "M"], n),
            "meals": rng.random(n) < 0.3,
            "needs": pd.Categorical(rng.choice(["None", "Support"], n, p=[0.8, 0.2]), ["None", "Support"]),
            "school": rng.integers(0, 60, n),
        }
    )
    school = rng.normal(0, 3, 60)[frame["school"]]
    step = frame["step"].cat.codes.to_numpy()
    linear = -2 + 0.6 * step + 0.5 * frame["meals"] + 0.1 * school
    return frame.assign(
        score=(50 - 8 * step - 5 * frame["meals"] + school + rng.normal(0, 10, n)).round(1),
        excluded=(rng.random(n) < 1 / (1 + np.exp(-linear))).astype(int),
    )


def counted(rows, outcome, cluster=None, spread=False):
    text = ibis.memtable(rows.astype({"step": str, "needs": str}))
    by = [*TERMS, *([cluster] if cluster else [])]
    return patterns(text, outcome, by, spread, order={"step": STEPS, "needs": ["None", "Support"]})


def same(one, other):
    np.testing.assert_allclose(one.estimates, other.estimates, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(one.errors, other.errors, rtol=1e-7)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-8)
    assert one.n == other.n == 6_000


@pytest.mark.parametrize("cluster", [None, "school"])
@pytest.mark.parametrize(
    "outcome, family, spread",
    [("score", "linear", True), ("excluded", "logistic", False), ("excluded", "poisson", False),
     ("excluded", "linear", False)],
)  # fmt: skip
def test_patterns_give_what_rows_give(rows, outcome, family, spread, cluster):
    few = counted(rows, outcome, cluster, spread)
    assert len(few) < len(rows) / 2 and few["n"].sum() == len(rows)
    by_rows = fit(rows, outcome, TERMS, family, cluster)
    same(by_rows, fit(few, outcome, TERMS, family, cluster, weight="n"))


def test_rows_give_what_statsmodels_gives_by_formula(rows):
    frame = rows.assign(meals=rows["meals"].astype(float))
    formula = "~ C(step) + C(sex) + meals + C(needs)"
    groups = {"groups": frame["school"]}
    by_formula = smf.ols("score" + formula, frame).fit(cov_type="cluster", cov_kwds=groups)
    ours = fit(rows, "score", TERMS, "linear", "school")
    assert sorted(ours.errors) == pytest.approx(sorted(by_formula.bse), rel=1e-9)
    assert ours.log_likelihood == pytest.approx(by_formula.llf)
    robust = smf.ols("score" + formula, frame).fit(cov_type="HC1")
    assert sorted(fit(rows, "score", TERMS).errors) == pytest.approx(sorted(robust.bse), rel=1e-9)
    family = sm.families.Binomial()
    glm = smf.glm("excluded" + formula, frame, family=family).fit(cov_type="cluster", cov_kwds=groups)
    ours = fit(rows, "excluded", TERMS, "logistic", "school")
    assert sorted(ours.estimates) == pytest.approx(sorted(glm.params), rel=1e-7)
    assert sorted(ours.errors) == pytest.approx(sorted(glm.bse), rel=1e-3)  # (n-1)/(n-k) apart
    assert ours.log_likelihood == pytest.approx(glm.llf, rel=1e-10)


def test_weights_that_are_taken_for_rows_would_be_caught(rows):
    few = counted(rows, "score", spread=True)
    without = fit(few.drop(columns="squares"), "score", TERMS, weight="n")
    assert without.errors.iloc[1] < 0.5 * fit(rows, "score", TERMS).errors.iloc[1]


def test_stages_are_fitted_on_the_same_rows_and_name_their_reference(rows):
    frame = rows.astype({"meals": object})
    frame.loc[:99, "meals"] = None
    frame = frame.assign(meals=frame["meals"].map({True: "yes", False: "no"}))
    stages = {"Unadjusted": ["step"], "Meals": ["step", "meals"]}
    found = staged(frame, "score", stages, keep=["step"])
    assert found["stage"].tolist() == ["Unadjusted"] * 2 + ["Meals"] * 2
    assert found["term"].tolist()[:2] == ["step: Child in need", "step: Looked after"]
    assert (found["n"] == 5_900).all() and (found["left_out"] == 100).all()
    assert set(found["reference"]) == {"Never referred"}
    means = frame.loc[100:].groupby("step", observed=True)["score"].mean()
    assert found["estimate"][0] == pytest.approx(means[STEPS[1]] - means[STEPS[0]])
    assert list(found.columns[:6]) == ["term", "estimate", "low", "high", "n", "method"]
    apart = staged(frame, "score", stages, same_rows=False)
    assert set(apart["n"]) == {6_000, 5_900}


def test_an_unadjusted_ratio_of_risks_is_the_ratio_of_shares(rows):
    found = staged(rows, "excluded", {"Unadjusted": ["step"]}, family="poisson")
    shares = rows.groupby("step", observed=True)["excluded"].agg(["mean", "sum", "size"])
    ratio = shares.loc[STEPS[1], "mean"] / shares.loc[STEPS[0], "mean"]
    assert found["estimate"][0] == pytest.approx(ratio)
    error = np.sqrt((1 / shares["sum"] - 1 / shares["size"]).iloc[:2].sum())  # the textbook formula
    assert found["error"][0] == pytest.approx(error, rel=1e-3)


def test_bad_input_is_said_in_a_sentence(rows):
    for arguments, words in [
        ((rows, "score", ["step", "nothing"]), "no column nothing"),
        ((rows, "score", ["step"], "probit"), "not known"),
        ((rows.assign(one=1), "score", ["step"], "linear", "one"), "two or more values of one"),
        ((rows.assign(twin=rows["meals"]), "score", ["meals", "twin"]), "twin"),
        ((rows, "score", ["step"], "logistic"), "0 and 1"),
    ]:
        with pytest.raises(ValueError, match=words):
            fit(*arguments)
    with pytest.raises(ValueError, match="one stage"):
        staged(rows, "score", {})
    with pytest.raises(ValueError, match="order of step lacks Looked after"):
        ordered(rows, {"step": STEPS[:2]})


def pick(found, measure, term, within):
    line = found.query("measure == @measure and term == @term and within == @within")
    return line.iloc[0]


def test_gaps_without_other_terms_are_those_of_the_groups(rows):
    found = predicted_gaps(rows, "score", "needs", "step")
    means = rows.groupby(["needs", "step"], observed=True)["score"].agg(["mean", "var", "size"])
    apart = means.loc["Support", "mean"] - means.loc["None", "mean"]
    line = pick(found, "difference", "Support", "Child in need")
    assert line["estimate"] == pytest.approx(apart["Child in need"])
    cells = means.xs("Child in need", level="step")
    welch = np.sqrt((cells["var"] / cells["size"]).sum())
    assert (line["high"] - line["low"]) / 2 / 1.959964 == pytest.approx(welch, rel=0.02)
    assert line["n"] == cells.loc["Support", "size"]
    twice = pick(found, "difference of differences", "Support", "Child in need")
    assert twice["estimate"] == pytest.approx(apart["Child in need"] - apart["Never referred"])
    ratio = means.loc[("Support", "Child in need"), "mean"] / means.loc[("None", "Child in need"), "mean"]
    assert pick(found, "ratio", "Support", "Child in need")["estimate"] == pytest.approx(ratio)


def test_gaps_are_standardised_over_everyone(rows):
    found = predicted_gaps(rows, "excluded", "needs", "step", ["meals"], "logistic")
    fitted = smf.logit("excluded ~ C(needs) * C(step) + meals", rows.astype({"meals": float})).fit(disp=0)
    given = rows.assign(needs="Support", step="Looked after", meals=rows["meals"].astype(float))
    line = pick(found, "predicted", "Support", "Looked after")
    assert line["estimate"] == pytest.approx(fitted.predict(given).mean(), rel=1e-6)


def test_gaps_on_patterns_equal_those_on_rows_and_the_interval_covers(rows):
    few = counted(rows, "excluded", "school")
    one = predicted_gaps(rows, "excluded", "needs", "step", ["meals"], "logistic", "school")
    other = predicted_gaps(few, "excluded", "needs", "step", ["meals"], "logistic", "school", "n")
    numbers = ["estimate", "low", "high", "n"]
    np.testing.assert_allclose(one[numbers], other[numbers], rtol=1e-6)
    planted = one[one["measure"] == "ratio"]  # needs do nothing to the outcome
    assert ((planted["low"] < 1) & (planted["high"] > 1)).all()


def test_the_delta_method_agrees_with_the_bootstrap(rows):
    few = counted(rows, "excluded")
    arguments = ("excluded", "needs", "step", ["meals"], "logistic", None, "n")
    line = pick(predicted_gaps(few, *arguments), "difference", "Support", "Child in need")
    rng, draws = np.random.default_rng(1), []
    for _ in range(100):
        again = few.assign(n=rng.multinomial(few["n"].sum(), few["n"] / few["n"].sum()))
        drawn = predicted_gaps(again[again["n"] > 0], *arguments)
        draws.append(pick(drawn, "difference", "Support", "Child in need")["estimate"])
    error = (line["high"] - line["low"]) / 2 / 1.959964
    assert error == pytest.approx(np.std(draws), rel=0.25)


def test_a_pair_that_nobody_has_is_left_out(rows):
    some = rows[~((rows["step"] == "Looked after") & (rows["needs"] == "Support"))]
    found = predicted_gaps(some, "score", "needs", "step")
    assert found.query("within == 'Looked after'")["measure"].tolist() == ["predicted"]


def test_a_small_group_unlike_all_others_is_fitted_as_counted():
    rows = pd.DataFrame(
        {"group": ["most"] * 30_000 + ["few"] * 100, "y": [1] * 600 + [0] * 29_400 + [1] * 90 + [0] * 10}
    )
    rows["group"] = pd.Categorical(rows["group"], ["most", "few"])
    for family, ratio in (("logistic", 9 / (600 / 29_400)), ("poisson", 0.9 / 0.02)):
        found = staged(rows, "y", {"all": ["group"]}, family, keep=["group"])
        assert found["estimate"].iloc[0] == pytest.approx(ratio, rel=1e-8)
