import numpy as np
import pandas as pd
import pytest

from helpers.models import evaluation

BEGAN = pd.Timestamp("2018-01-01")
TRUE = {"trend before, per year": 1.02, "level": 0.8, "slope, per year": 1.05}


def series(seed, months=120, first=72, hang_together=0.4, change=0.8):
    rng = np.random.default_rng(seed)
    step = np.arange(months)
    noise = np.zeros(months)
    for place in step:
        noise[place] = hang_together * (noise[place - 1] if place else 0) + rng.normal() * 0.05
    after = step >= first
    rate = -5 + np.log(1.02) * (step - first) / 12 + 0.1 * np.cos(2 * np.pi * step / 12) + noise
    rate = rate + (np.log(change) + np.log(1.05) * (step - first) / 12) * after
    people = 50_000 + 50 * step
    month = pd.date_range("2012-01-01", periods=months, freq="MS")
    return pd.DataFrame({"month": month, "n": rng.poisson(people * np.exp(rate)), "people": people})


@pytest.mark.parametrize("family", ["poisson", "linear"])
def test_intervals_cover_the_planted_change(family):
    covered = []
    for seed in range(50):
        frame = series(seed)
        if family == "poisson":
            table = evaluation.interrupted(frame, "month", "n", BEGAN, exposure="people").table
            true = TRUE
        else:
            frame["log rate"] = np.log(frame["n"] / frame["people"])
            table = evaluation.interrupted(frame, "month", "log rate", BEGAN, family="linear").table
            true = {term: np.log(value) for term, value in TRUE.items()}
        table = table.set_index("term")
        covered.append([table.loc[t, "low"] <= value <= table.loc[t, "high"] for t, value in true.items()])
    assert 0.88 <= np.mean(covered) <= 1.0


def test_newey_west_errors_are_shorter_in_a_short_series():
    frame = series(1, months=72, first=40)
    own, usual = (
        evaluation.interrupted(
            frame, "month", "n", pd.Timestamp("2015-05-01"), exposure="people", errors=errors
        ).table
        for errors in ("autoregressive", "newey_west")
    )
    assert own["estimate"].tolist() == pytest.approx(usual["estimate"].tolist())
    assert (np.log(own["high"] / own["low"]) > np.log(usual["high"] / usual["low"])).mean() >= 0.75


def test_without_noise_the_line_and_its_continuation_are_exact():
    step = np.arange(40)
    after = step >= 24
    value = 3 + 0.5 * step / 4 + after * (2 + 1.5 * (step - 24) / 4) + np.sin(np.pi * step / 2)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"quarter": step, "value": value + rng.normal(size=40) * 1e-6})
    found = evaluation.interrupted(frame, "quarter", "value", 24, family="linear", season=4)
    estimate = found.table.set_index("term")["estimate"]
    assert estimate["level"] == pytest.approx(2, abs=1e-4)
    assert estimate["slope, per year"] == pytest.approx(1.5, abs=1e-4)
    assert estimate["average"] == pytest.approx(2 + 1.5 * np.mean(np.arange(16)) / 4, abs=1e-4)
    gap = found.series["fitted"] - found.series["expected"]
    assert gap[~after].abs().max() < 1e-8
    assert gap[after].to_numpy() == pytest.approx(2 + 1.5 * (step[after] - 24) / 4, abs=1e-4)


def test_nothing_is_found_at_dates_when_nothing_began():
    dates = pd.to_datetime(["2014-01-01", "2015-06-01"])
    found = pd.concat(
        evaluation.placebo_dates(series(seed), "month", "n", BEGAN, dates, exposure="people")
        for seed in range(10)
    )
    assert ((found["low"] <= 1) & (found["high"] >= 1)).mean() >= 0.8
    assert found["date"].nunique() == 2


def test_months_of_change_can_be_left_out():
    frame = series(2)
    during = frame["month"].between("2018-01-01", "2018-03-01")
    spoilt = frame.assign(n=np.where(during, frame["n"] * 3, frame["n"]))
    options = {"exposure": "people", "leave_out": 3}
    clean = evaluation.interrupted(frame, "month", "n", BEGAN, **options).table
    same = evaluation.interrupted(spoilt, "month", "n", BEGAN, **options).table
    assert clean["estimate"].tolist() == pytest.approx(same["estimate"].tolist())
    assert clean["n"].tolist() == [117] * 4


def test_a_series_that_cannot_be_read_is_refused_in_words():
    frame = series(3)
    with pytest.raises(ValueError, match="has a gap"):
        evaluation.interrupted(frame.drop(index=[10, 11]), "month", "n", BEGAN)
    with pytest.raises(ValueError, match="periods before"):
        evaluation.interrupted(frame, "month", "n", pd.Timestamp("2012-06-01"))
    with pytest.raises(ValueError, match="no family"):
        evaluation.interrupted(frame, "month", "n", BEGAN, family="negative")
