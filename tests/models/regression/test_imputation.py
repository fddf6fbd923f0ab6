"""Multiple imputation: Rubin's rules by hand, and a planted effect that complete cases miss."""

import numpy as np
import pandas as pd
import pytest

from helpers.models.regression import fit, impute, pool


def test_rubins_rules_by_hand():
    found = pool(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [1.0]]))
    assert found["estimate"] == pytest.approx(2.0)
    total = 2.0 + (1 + 1 / 3) * 1.0  # mean variance, and variance of the estimates
    assert found["error"] == pytest.approx(np.sqrt(total))
    assert found["missing_information"] == pytest.approx((4 / 3) / total)
    assert found["degrees"] == pytest.approx(2 * (1 + 2.0 / (4 / 3)) ** 2)


def pupils(seed, n=3_000):
    """A prior score that is missing more often where the outcome is low: complete cases are biased."""
    rng = np.random.default_rng(seed)
    step = rng.choice(3, n, p=[0.7, 0.2, 0.1])
    prior = 100 - 3 * step + rng.normal(0, 6, n)
    score = 40 + 1.0 * (prior - 100) - 4 * step + rng.normal(0, 8, n)
    lost = rng.random(n) < 1 / (1 + np.exp(1 + 0.12 * (score - 40)))
    return pd.DataFrame(
        {
            "score": score,
            "prior": np.where(lost, np.nan, prior),
            "step": pd.Categorical(np.array(["none", "in need", "care"])[step], ["none", "in need", "care"]),
            "school": rng.integers(0, 50, n),
        }
    )


def test_imputation_recovers_what_complete_cases_miss():
    frame = pupils(1)
    terms = ["step", "prior"]
    cases = fit(frame, "score", terms).estimates
    found = impute(frame, "score", terms, cluster="school", imputations=6, seed=1, progress=False)
    estimate = found.set_index("term")["estimate"]
    assert abs(estimate["prior"] - 1) < 0.08 and abs(cases["prior"] - 1) > 0.08
    line = found.set_index("term").loc["step: care"]
    assert line["low"] < -8 < line["high"]
    assert (found["n"] == len(frame)).all()
    assert found["missing_information"].between(0, 1).all() and found["missing_information"].max() > 0.05


def test_a_category_is_filled_with_its_own_values_and_the_seed_decides():
    frame = pupils(2, 1_500)
    frame.loc[::9, "step"] = np.nan
    first, again, other = (
        impute(frame, "score", ["step", "prior"], imputations=2, seed=seed, progress=False)["estimate"]
        for seed in (1, 1, 2)
    )
    assert first.equals(again) and not first.equals(other)
    assert len(first) == 3


def test_nothing_missing_changes_nothing():
    frame = pupils(3, 500).assign(prior=lambda t: t["prior"].fillna(100))
    found = impute(frame, "score", ["prior"], imputations=2, progress=False)
    whole = fit(frame, "score", ["prior"])
    assert found["estimate"][0] == pytest.approx(whole.estimates["prior"])
    assert found["error"][0] == pytest.approx(whole.errors["prior"])
    assert found["missing_information"][0] == 0


def test_bad_input_is_said_in_a_sentence():
    frame = pupils(5, 300)
    with pytest.raises(ValueError, match="two imputations"):
        impute(frame, "score", ["prior"], imputations=1)
    with pytest.raises(ValueError, match="no value at all in prior"):
        impute(frame.assign(prior=np.nan), "score", ["prior"])
