import logging

import numpy as np
import pandas as pd
import pytest

from helpers.disclosure import (
    PROFILES,
    acro_crosstab,
    acro_histogram,
    acro_pivot,
    acro_regression,
    acro_session,
    acro_survival,
)


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(1)
    region = ["North"] * 150 + ["South"] * 140 + ["Island"] * 8
    frame = pd.DataFrame({"region": region, "sex": rng.choice(["girl", "boy"], 298)})
    return frame.assign(age=rng.integers(0, 17, 298).astype(float), left=rng.integers(0, 2, 298),
                        days=rng.integers(1, 30, 298))  # fmt: skip


def test_a_session_takes_the_parameters_of_a_profile_and_its_checks_use_them():
    session = acro_session("opensafely")
    assert session.config["safe_threshold"] == 8
    assert session.sdc_checks.risk_appetite["safe_threshold"] == 8
    assert session.sdc_checks.risk_appetite["zeros_are_disclosive"] is not PROFILES["opensafely"].zeros


def test_a_cross_table_comes_back_suppressed_with_its_status(children):
    checked = acro_crosstab(children, "region", "sex", "ons_srs")
    assert checked.table.loc["Island"].isna().all() and checked.table.drop("Island").notna().all(axis=None)
    assert checked.status == "review" and "MinimumThresholdCheck" in checked.summary
    assert checked.outcome.loc["North", "girl"] == "ok"


def test_the_threshold_of_the_profile_is_the_one_that_counts(children):
    assert acro_crosstab(children, "region", "sex", 2).table.notna().all(axis=None)


def test_a_thin_cell_does_not_blank_the_standard_deviations_of_the_others(children):
    table = acro_crosstab(children, "region", "sex", 10, values="age", aggregation="std").table
    assert table.drop("Island").notna().all(axis=None) and table.loc["Island"].isna().all()


def test_means_by_one_column_are_suppressed(children):
    table = acro_pivot(children, "region", "age", 10).table
    assert table["age"].isna().to_dict() == {"Island": True, "North": False, "South": False}


def test_a_regression_is_checked_and_tidy(children):
    checked = acro_regression("left ~ age", children, 10, "logit")
    assert checked.status == "pass" and checked.table["term"].tolist() == ["Intercept", "age"]
    assert acro_regression("left ~ age", children[:9], 10).status == "fail"


def test_a_survival_table_shows_the_rounded_curve_alone(children):
    checked = acro_survival(children, "days", "left", 20)
    assert checked.table.columns.tolist() == ["time", "estimate"]
    assert checked.table["estimate"].is_monotonic_decreasing
    assert len(checked.table) < children["days"].nunique() / 1.5


def test_a_histogram_is_drawn_only_where_no_bin_is_thin(children, tmp_path):
    assert acro_histogram(children, "age", 10, tmp_path / "ages.png", bins=4).table.is_file()
    thin = acro_histogram(children, "age", 200, tmp_path / "thin.png", bins=4)
    assert thin.status == "fail" and thin.table is None and not (tmp_path / "thin.png").exists()
    assert "dummy" not in children
    with pytest.raises(ValueError, match="svg"):
        acro_histogram(children, "age", 10, tmp_path / "ages.svg")


def test_nothing_is_printed_logged_or_left_behind(children, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = list(logging.getLogger().handlers)
    acro_regression("left ~ age", children, 10, "logit")
    acro_crosstab(children, "region", "sex", 10)
    acro_histogram(children, "age", 10, tmp_path / "ages.png", bins=4)
    out, err = capfd.readouterr()
    assert out == "" and err == "" and logging.getLogger().handlers == before
    assert [path.name for path in tmp_path.iterdir()] == ["ages.png"]


@pytest.mark.parametrize(
    "wrong", [{"values": "age"}, {"aggregation": "mean"}, {"values": "age", "aggregation": "max"}]
)
def test_what_acro_can_not_check_is_refused(children, wrong):
    with pytest.raises(ValueError, match="neither|can't check"):
        acro_crosstab(children, "region", "sex", 10, **wrong)
    with pytest.raises(ValueError, match="poisson"):
        acro_regression("left ~ age", children, 10, "poisson")
