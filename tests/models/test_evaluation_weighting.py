import numpy as np
import pandas as pd
import pytest

from helpers.models import evaluation

COVARIATES = ["age", "group"]


def people(seed, n=1000, effect=1.0):
    """Those older and in group b get the service more often, and do better without it."""
    rng = np.random.default_rng(seed)
    age, group = rng.normal(size=n), rng.choice(list("abc"), n)
    lean = age + (group == "b")
    had = rng.random(n) < 1 / (1 + np.exp(-lean))
    y = effect * had + lean + rng.normal(size=n)
    family = rng.integers(0, n // 2, n)
    return pd.DataFrame({"age": age, "group": group, "had": had.astype(int), "y": y, "family": family})


@pytest.mark.parametrize("estimand", ["overlap", "ate", "att"])
def test_weighting_finds_what_was_planted_where_the_plain_difference_does_not(estimand):
    tables = []
    for seed in range(8):
        frame = people(seed)
        table = evaluation.weighted_difference(
            frame, "y", "had", COVARIATES, estimand=estimand, cluster="family", repeats=30
        )
        tables.append(table.assign(covered=(table["low"] <= 1) & (table["high"] >= 1)))
    found = pd.concat(tables).groupby("term")
    assert found["covered"].mean()["weighted"] >= 0.75
    assert found["covered"].mean()["unadjusted"] == 0
    assert found["estimate"].mean()["weighted"] == pytest.approx(1, abs=0.1)


def test_overlap_weights_balance_the_means_exactly():
    frame = people(1)
    chance = evaluation.propensity(frame, "had", COVARIATES)
    weights = evaluation.balancing_weights(frame["had"], chance, "overlap")
    table = evaluation.balance(frame, "had", COVARIATES, weights)
    assert table["term"].tolist() == ["age", "group: b", "group: c"]
    assert table["after"].abs().max() < 1e-6
    assert table["before"].abs().max() > 0.5
    assert table["balanced"].all()


def test_the_standardised_difference_is_that_worked_by_hand():
    frame = pd.DataFrame({"had": [1, 1, 0, 0], "x": [2.0, 4.0, 1.0, 3.0]})
    table = evaluation.balance(frame, "had", ["x"], pd.Series([1.0, 1.0, 1.0, 3.0]))
    assert table["before"][0] == pytest.approx(1.0)  # means 3 and 2, variances 1 and 1
    assert table["after"][0] == pytest.approx(0.5)  # the controls' mean becomes 2.5


def test_counted_patterns_give_the_same_as_rows():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.integers(0, 2, 800), "g": rng.choice(list("xyz"), 800)})
    rows["had"] = (rng.random(800) < 0.3 + 0.3 * rows["a"]).astype(int)
    rows["y"] = (rng.random(800) < 0.2 + 0.3 * rows["a"] + 0.1 * rows["had"]).astype(int)
    counts = rows.value_counts().rename("n").reset_index()
    by_rows = evaluation.weighted_difference(rows, "y", "had", ["a", "g"], repeats=20)
    by_counts = evaluation.weighted_difference(counts, "y", "had", ["a", "g"], weight="n", repeats=20)
    assert by_rows["estimate"].tolist() == pytest.approx(by_counts["estimate"].tolist(), rel=1e-6)
    assert by_counts["n"].tolist() == [800, 800]
    assert np.diff(by_counts[["low", "high"]]).ravel() == pytest.approx(
        np.diff(by_rows[["low", "high"]]).ravel(), rel=0.6
    )


def test_the_effective_size_is_that_worked_by_hand():
    table = evaluation.effective_sizes(pd.Series([1, 1, 0, 0]), pd.Series([1.0, 1.0, 3.0, 1.0]))
    table = table.set_index("group")
    assert table.loc["treated", "effective"] == pytest.approx(2)
    assert table.loc["control", "effective"] == pytest.approx(16 / 10)
    assert table.loc["control", "largest"] == pytest.approx(0.75)


def test_overlap_counts_everyone_once():
    frame = people(2)
    chance = evaluation.propensity(frame, "had", COVARIATES)
    table = evaluation.overlap(frame["had"], chance)
    assert table["n"].sum() == len(frame)
    assert table.groupby("group")["share"].sum().tolist() == pytest.approx([1, 1])


def test_matching_finds_the_nearest_and_keeps_to_the_caliper():
    chance = pd.Series([0.5, 0.9, 0.51, 0.2], index=list("abcd"))
    frame = pd.DataFrame({"had": [1, 1, 0, 0]}, index=list("abcd"))
    matches = evaluation.match_nearest(frame, "had", chance, caliper=0.2)
    assert matches[["treated", "control"]].to_numpy().tolist() == [["a", "c"]]


def test_matching_on_exact_columns_stays_within_them():
    frame = people(3)
    chance = evaluation.propensity(frame, "had", COVARIATES)
    matches = evaluation.match_nearest(frame, "had", chance, exact=["group"])
    group = frame["group"]
    assert (group[matches["treated"]].to_numpy() == group[matches["control"]].to_numpy()).all()
    table = evaluation.matched_difference(frame, "y", matches)
    assert abs(table["estimate"][0] - 1) < 4 * (table["high"][0] - table["low"][0]) / 3.92
    assert table["n"][0] == len(matches)


def test_e_values_are_the_published_ones():
    """VanderWeele and Ding (2017): a risk ratio of 3.9 (1.8 to 8.7) has 7.26, and 3.0 for the interval."""
    ratios = pd.DataFrame({"estimate": [3.9, 0.5, 1.1], "low": [1.8, 0.3, 0.9], "high": [8.7, 0.8, 1.3]})
    table = evaluation.e_value(ratios)
    assert table["e_value"][0] == pytest.approx(7.26, abs=0.005)
    assert table["e_value_interval"][0] == pytest.approx(3.0)
    assert table["e_value"][1] == pytest.approx(2 + np.sqrt(2))
    assert table["e_value_interval"][2] == 1
    odds = evaluation.e_value(ratios, ratio="odds", common=True)
    assert odds["e_value"][0] == pytest.approx(np.sqrt(3.9) + np.sqrt(np.sqrt(3.9) * (np.sqrt(3.9) - 1)))


def test_what_makes_no_sense_is_refused_in_words():
    frame = people(4)
    with pytest.raises(ValueError, match="missing values"):
        evaluation.propensity(frame.assign(age=np.nan), "had", COVARIATES)
    with pytest.raises(ValueError, match="both 0 and 1"):
        evaluation.propensity(frame.assign(had=1), "had", COVARIATES)
    with pytest.raises(ValueError, match="no estimand"):
        evaluation.balancing_weights(frame["had"], frame["age"], "late")
    with pytest.raises(ValueError, match="ratios above 0"):
        evaluation.e_value(pd.DataFrame({"estimate": [-1.0], "low": [-2.0], "high": [0.0]}))
