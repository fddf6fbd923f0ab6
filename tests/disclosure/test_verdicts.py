import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from helpers.disclosure import check_counts, check_groups, check_quantiles, check_regression, suppress_as

COLUMNS = ["output", "rule", "value", "limit", "pass", "advice"]


def passes(found):
    return dict(zip(found["rule"], found["pass"], strict=True))


def test_a_table_passes_when_its_counts_are_large_rounded_and_not_zero():
    found = check_counts(pd.DataFrame({"n": [10, 25, None], "share": [0.1, 0.3, None]}), "opensafely")
    assert list(found.columns) == COLUMNS and found["pass"].all() and (found["advice"] == "").all()


def test_each_fault_of_a_table_is_told_apart():
    found = check_counts(pd.DataFrame({"all n": [0, 4, 11]}), "opensafely", output="Table 1")
    assert not found["pass"].any() and found["value"].tolist() == [4, 1, 2]
    assert (found["output"] == "Table 1").all() and found["advice"].str.len().gt(0).all()


def test_a_count_at_the_threshold_passes_as_it_is_rounded():
    shown = suppress_as(pd.DataFrame({"n": [6, 7, 40]}), "n", "local_authority")[0]
    assert shown["n"].tolist() == [5, 5, 40] and check_counts(shown, "local_authority")["pass"].all()


def test_counts_are_found_by_name_unless_they_are_named():
    frame = pd.DataFrame({"n": [50], "at_risk": [3], "assessments": [2]})
    assert check_counts(frame, 10)["value"].iloc[0] == 3
    assert check_counts(frame, 10, ["assessments"])["value"].iloc[0] == 2
    assert check_counts(frame[["n"]], 10)["pass"].all()


def test_a_group_with_one_value_only_is_group_disclosure():
    frame = pd.DataFrame({"area": list("aabb"), "outcome": ["care", "home"] * 2, "n": [40, 0, 30, 20]})
    found = check_groups(frame, ["area"], "outcome", 10)
    assert found["value"].tolist() == [1] and not found["pass"].any()
    assert check_groups(frame.assign(n=[40, 1, 30, 20]), ["area"], "outcome", 10)["pass"].all()


def regression(thin=40):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"age": rng.integers(5, 16, 400), "group": ["a"] * (400 - thin) + ["b"] * thin})
    return smf.logit("y ~ age + group", frame.assign(y=np.tile([0, 1], 200))).fit(disp=0)


def test_a_regression_with_many_rows_and_full_categories_passes():
    found = check_regression("ons_srs", model=regression())
    assert found["pass"].all() and len(found) == 3


def test_a_thin_category_of_a_logistic_regression_fails_by_its_smaller_outcome():
    found = check_regression("ons_srs", model=regression(thin=12))
    thin = found[found["rule"].str.startswith("group[T.b]")].iloc[0]
    assert thin["value"] == 6 and not thin["pass"]


def test_a_saturated_model_is_a_table_of_means():
    frame = pd.DataFrame({"y": np.arange(80.0), "sex": ["f", "m"] * 40})
    found = passes(check_regression(10, model=smf.ols("y ~ sex", frame).fit()))
    assert found["residual degrees of freedom"] and not found["patterns beyond parameters (0: saturated)"]


def test_degrees_of_freedom_are_checked_without_a_model_too():
    assert check_regression(10, n=30, parameters=20)["pass"].all()
    assert not check_regression(10, n=29, parameters=20)["pass"].any()
    with pytest.raises(ValueError, match="n and parameters"):
        check_regression(10)


def test_extremes_fail_and_a_median_passes():
    found = passes(check_quantiles(pd.Series(range(100)), [0, 0.05, 0.5, 1], 10))
    assert list(found.values()) == [False, False, True, False]


def test_a_minimum_that_many_share_passes():
    assert check_quantiles(pd.Series([0] * 10 + list(range(1, 50))), [0], 10)["pass"].all()
    assert not check_quantiles(pd.Series([], dtype=float), [0.5], 10)["pass"].any()
    with pytest.raises(ValueError, match="between 0"):
        check_quantiles(pd.Series([1.0]), [50], 10)
