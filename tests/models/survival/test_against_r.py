"""Against the figures that R gives on the same small file (tests/reference/survival.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.models.survival import (
    aalen_johansen,
    cox,
    kaplan_meier,
    piecewise_hazard,
    proportional_hazards,
    restricted_mean,
    schoenfeld,
)
from helpers.models.survival.residuals import schoenfeld_residuals

REFERENCE = Path(__file__).parents[2] / "reference"
SPELLS = pd.read_csv(REFERENCE / "spells.csv").assign(n=1, again=lambda frame: frame["number"] > 1)
R = pd.read_csv(REFERENCE / "survival.csv").fillna({"term": ""})
NEEDS = ["abuse", "disability", "family"]
TERMS = ["age", "sex", "need"]

MODELS = {
    "one row": {},
    "clusters": {"cluster": "child"},
    "strata and clusters": {"strata": ["region"], "cluster": "child"},
    "late entry": {"entry": "entry"},
    "late entry and clusters": {"entry": "entry", "cluster": "child"},
    "Andersen-Gill": {"duration": "stop", "terms": [*TERMS, "again"], "entry": "start", "cluster": "child"},
    "gap time": {"strata": ["number"], "cluster": "child"},
    "weights": {"weight": "weight"},
    "weights and clusters": {"weight": "weight", "cluster": "child"},
    "everything": {"entry": "entry", "strata": ["region"], "weight": "weight", "cluster": "child"},
    "clusters of regions": {
        "duration": "stop",
        "terms": ["age", "need"],
        "entry": "start",
        "strata": ["sex"],
        "cluster": "region",
    },
}


def of_r(model: str, quantity: str) -> np.ndarray:
    return R[(R["model"] == model) & (R["quantity"] == quantity)]["value"].to_numpy()


@pytest.fixture(scope="module")
def fitted():
    given = {"duration": "days", "event": "event", "terms": TERMS}
    return {name: cox(SPELLS, **(given | asked)) for name, asked in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_hazard_ratios_and_their_errors_are_those_of_r(fitted, name):
    errors = np.sqrt(np.diag(fitted[name].covariance))
    table = fitted[name].table
    np.testing.assert_allclose(np.log(table["estimate"]), of_r(name, "coefficient"), atol=1e-7)
    np.testing.assert_allclose(errors, of_r(name, "standard error"), atol=1e-7)
    reach = (np.log(table["high"]) - np.log(table["low"])) / 2
    np.testing.assert_allclose(reach, 1.959964 * of_r(name, "standard error"), rtol=1e-5)
    assert table["events"].unique() == of_r(name, "events")


@pytest.mark.parametrize("over", ["km", "rank", "identity"])
@pytest.mark.parametrize("name", MODELS)
def test_tests_of_proportional_hazards_are_those_of_r(fitted, name, over):
    statistic = proportional_hazards(fitted[name], over=over)["statistic"]
    np.testing.assert_allclose(statistic, of_r(name, f"proportional hazards, {over}"), rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_scaled_schoenfeld_residuals_are_those_of_r(fitted, name):
    model, rows = fitted[name].model, fitted[name].rows
    raw = schoenfeld_residuals(rows)
    scaled = len(raw) * raw @ model.variance_matrix_.to_numpy() + model.params_.to_numpy()
    np.testing.assert_allclose(
        (scaled**2).sum(axis=0), of_r(name, "sum of squares of scaled residuals"), rtol=1e-6
    )


def test_smooth_residuals_lie_about_the_hazard_ratio(fitted):
    line = schoenfeld(fitted["Andersen-Gill"], ["again"])
    assert (line["low"] < line["estimate"]).all() and (line["estimate"] < line["high"]).all()
    assert line["low"].min() < line["ratio"].iloc[0] < line["high"].max()


@pytest.mark.parametrize("need", NEEDS)
def test_kaplan_meier_curves_are_those_of_r(need):
    curve = kaplan_meier(SPELLS, ["need"], every=30, until=13, incidence=False)
    curve = curve[curve["need"] == need].iloc[: len(of_r(need, "Kaplan-Meier, surv"))]
    np.testing.assert_allclose(curve["estimate"], of_r(need, "Kaplan-Meier, surv"), atol=1e-10)
    np.testing.assert_allclose(curve["low"].iloc[1:], of_r(need, "Kaplan-Meier, lower")[1:], atol=1e-8)
    np.testing.assert_allclose(curve["high"].iloc[1:], of_r(need, "Kaplan-Meier, upper")[1:], atol=1e-8)
    assert curve["at_risk"].tolist() == of_r(need, "Kaplan-Meier, n.risk").tolist()


@pytest.mark.parametrize("need", NEEDS)
def test_curves_of_spells_that_come_under_observation_late_are_those_of_r(need):
    part = SPELLS[SPELLS["need"] == need]
    assert (part["entry"] > 0).any()
    known = {
        what: of_r(need, f"late entry, Kaplan-Meier, {what}") for what in ("surv", "lower", "upper", "n.risk")
    }
    curve = kaplan_meier(part, entry="entry", every=30, until=13, incidence=False).iloc[
        1 : len(known["surv"]) + 1
    ]
    np.testing.assert_allclose(curve["estimate"], known["surv"], atol=1e-10)
    np.testing.assert_allclose(curve["low"], known["lower"], atol=1e-8)
    np.testing.assert_allclose(curve["high"], known["upper"], atol=1e-8)
    assert curve["at_risk"].tolist() == known["n.risk"].tolist()
    states = aalen_johansen(part, event="cause", entry="entry", every=30, until=13)
    for cause in (1, 2):
        share = states.loc[(states["cause"] == str(cause)) & (states["time"] > 0), "estimate"]
        expected = of_r(need, f"late entry, state {cause}")
        np.testing.assert_allclose(share.iloc[: len(expected)], expected, atol=1e-10)


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("cause", [1, 2])
def test_cumulative_incidence_is_that_of_r(need, cause):
    counts = SPELLS.groupby(["need", "days", "cause"], as_index=False)["n"].sum()
    curve = aalen_johansen(counts, ["need"], event="cause", every=30, until=13)
    curve = curve[(curve["need"] == need) & (curve["cause"] == str(cause))]
    curve = curve.iloc[: len(of_r(need, f"cumulative incidence {cause}"))]
    np.testing.assert_allclose(curve["estimate"], of_r(need, f"cumulative incidence {cause}"), atol=1e-10)
    np.testing.assert_allclose(curve["estimate"], of_r(need, f"state {cause}"), atol=1e-10)
    share = curve["estimate"].iloc[1:]
    reach = (np.log(-np.log(curve["low"].iloc[1:])) - np.log(-np.log(share))) / 1.9599639845400545
    variance = (reach * share * np.log(share)) ** 2
    np.testing.assert_allclose(
        variance, of_r(need, f"variance of cumulative incidence {cause}")[1:], rtol=1e-8
    )


def test_restricted_means_are_those_of_r():
    means = restricted_mean(SPELLS, 200, ["need"]).set_index(["term", "need"])
    for need in NEEDS:
        found = means.loc[("mean", need)]
        assert found["estimate"] == pytest.approx(of_r(need, "restricted mean")[0], abs=1e-8)
        error = (found["high"] - found["low"]) / 2 / 1.9599639845400545
        assert error == pytest.approx(of_r(need, "error of restricted mean")[0], rel=1e-8)
    apart = means.loc[("difference from abuse", "family")]
    assert apart["estimate"] == pytest.approx(
        of_r("family", "restricted mean")[0] - of_r("abuse", "restricted mean")[0], abs=1e-8
    )


@pytest.mark.parametrize("need", NEEDS)
def test_rates_by_period_are_those_of_r(need):
    rates = piecewise_hazard(SPELLS, [0, 30, 90, 180, 365], ["need"])
    rates = rates[rates["need"] == need]
    for column, quantity in (("estimate", "rate"), ("low", "low rate"), ("high", "high rate")):
        np.testing.assert_allclose(rates[column], of_r(need, quantity), rtol=1e-8)
