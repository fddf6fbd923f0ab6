"""The right model, fitted on twenty countries, finds what was planted: intervals cover it as they should."""

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from lifelines import CoxPHFitter
from test_attainment import attainment_z, exclusion_z
from test_attainment import simulate as simulate_schooling

from helpers.synth import chunk, places
from helpers.synth.days import year_end
from helpers.synth.parameters import categories, value
from helpers.synth.referrals import ADULT

SEEDS = range(20)
CHILDREN = 10_000
COVERED = 1.96  # standard errors within which a 95% interval reaches


def spells(seed):
    """Time from closure to the next referral, censored at 18, by the last day and after six years."""
    rng = np.random.default_rng([seed, 99])
    part = chunk.simulate(rng, places.make(rng, CHILDREN), 0, CHILDREN)
    rows = part.events.referrals.sort_values(["child", "referral"], ignore_index=False)
    following = rows.groupby("child")["referral"].shift(-1)
    leaves = np.minimum(rows["birth"] + ADULT - 30, year_end(value("time.last_year")))
    adopted = rows["left_care"] == "ADOPT"
    return rows.assign(
        days=(following.fillna(leaves) - rows["closure"]).clip(upper=2191),
        event=following.notna() & (following - rows["closure"] <= 2191),
    )[~rows["died"] & ~adopted & (leaves > rows["closure"] + 2)]


def re_referral_z(seed):
    """Fit a Cox model stratified by authority; return how many standard errors each estimate is off."""
    rows = spells(seed)
    terms = pd.get_dummies(rows["category"], prefix="category", dtype=float).drop(columns="category_0")
    terms = terms.assign(hardship=rows["hardship"], nothing=rows["no_further_action"].astype(float))
    again = categories()["again"]
    planted = {f"category_{n}": np.log(again[n] / again[0]) for n in range(1, len(again))}
    planted["hardship"] = value("referral.again.hardship")
    planted["guardianship"] = np.log(value("referral.again.after_guardianship"))
    planted["nothing"] = np.log(value("referral.again.after_nothing"))
    terms = terms.assign(guardianship=(rows["left_care"] == "SGO").astype(float))
    data = terms.join(rows[["days", "event", "place"]])
    fitted = CoxPHFitter().fit(data, "days", "event", strata="place")
    planted = pd.Series(planted)[fitted.params_.index]
    return (fitted.params_ - planted) / fitted.standard_errors_


def education_z(seed):
    part, years, found, truth = simulate_schooling(seed + 100)
    ks4, excluded = attainment_z(truth), exclusion_z(part, years, found)
    return pd.concat([ks4.add_prefix("ks4 "), excluded.add_prefix("excluded ")])


def coverage(fit):
    z = pd.DataFrame(Parallel(n_jobs=2)(delayed(fit)(seed) for seed in SEEDS))
    return z, (z.abs() < COVERED).to_numpy().mean()


def test_hazard_ratios_of_re_referral_are_recovered():
    z, covered = coverage(re_referral_z)
    assert 0.90 <= covered <= 0.99
    assert z.mean().abs().max() < 1  # no term is off to one side by much


@pytest.mark.parametrize("outcome", ["ks4", "excluded"])
def test_effects_on_attainment_and_exclusion_are_recovered(education, outcome):
    z = education.filter(like=outcome)
    assert 0.90 <= (z.abs() < COVERED).to_numpy().mean() <= 0.99


@pytest.fixture(scope="module")
def education():
    return coverage(education_z)[0]
