import numpy as np
import pandas as pd
import pytest

from helpers.measures.inequality import (
    concentration_index,
    most_to_least,
    rate_ratios,
    ridits,
    slope_index,
)

DECILES = pd.DataFrame({"decile": range(1, 11), "people": 10_000.0})


def test_ridits_are_the_middles_of_the_groups():
    assert ridits(pd.Series([20, 30, 50])).tolist() == pytest.approx([0.1, 0.35, 0.75])


def linear(slope, start=20.0):
    """Rates on a line over the ridit of a population whose groups differ in size; 1 = most deprived."""
    people = pd.Series([5_000.0, 10_000, 20_000, 15_000, 50_000])
    place = 1 - ridits(people)
    return pd.DataFrame(
        {"decile": range(1, 6), "people": people, "n": (start + slope * place) * people / 1e4}
    )


def test_rates_on_a_line_give_the_ends_of_the_line():
    table = slope_index(linear(80), "decile", "n", "people").set_index(["method", "term"])["estimate"]
    found = table["weighted least squares on the ridit"]
    assert found["slope index"] == pytest.approx(80)
    assert found["relative index"] == pytest.approx(100 / 20)


def test_which_end_is_most_deprived_is_said():
    turned = linear(80).assign(decile=lambda t: 6 - t["decile"])
    high = slope_index(turned, "decile", "n", "people", most_at="high")
    assert high["estimate"].tolist() == pytest.approx(
        slope_index(linear(80), "decile", "n", "people")["estimate"]
    )
    low = slope_index(turned, "decile", "n", "people")
    assert low["estimate"].iloc[0] == pytest.approx(-80)


def test_rates_on_an_exponential_give_its_ratio():
    place = 1 - ridits(DECILES["people"])
    frame = DECILES.assign(n=np.round(1000 * 10 * np.exp(np.log(12) * place)), people=1e7)
    table = slope_index(frame, "decile", "n", "people").set_index(["method", "term"])["estimate"]
    found = table["log-linear Poisson on the ridit"]
    assert found["relative index"] == pytest.approx(12, rel=1e-3)
    assert found["slope index"] == pytest.approx(110, rel=1e-3)  # from 10 to 120 per 10,000


def test_intervals_hold_the_planted_ratio_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    mean = 100 * np.exp(np.log(10) * (1 - ridits(DECILES["people"])))
    held = []
    for _ in range(100):
        frame = DECILES.assign(n=rng.poisson(mean))
        last = slope_index(frame, "decile", "n", "people").iloc[-1]
        held.append(last["low"] <= 10 <= last["high"])
    assert 0.9 <= np.mean(held) <= 1


def test_dispersion_beyond_poisson_widens_the_interval():
    mean = np.round(200 * np.exp(np.log(4) * (1 - ridits(DECILES["people"]))))
    rough = DECILES.assign(n=mean + np.where(DECILES["decile"] % 2, 60, -60))
    smooth, wide = (slope_index(f, "decile", "n", "people").iloc[-1] for f in (DECILES.assign(n=mean), rough))
    assert wide["high"] / wide["low"] > 1.5 * smooth["high"] / smooth["low"]
    assert smooth["estimate"] == pytest.approx(4, rel=0.01)


def test_a_line_that_meets_zero_has_no_ratio():
    frame = DECILES.assign(n=[100, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    table = slope_index(frame, "decile", "n", "people").set_index(["method", "term"])
    assert np.isnan(table.loc[("weighted least squares on the ridit", "relative index"), "estimate"])


def test_groups_are_measured_apart():
    both = pd.concat([linear(80).assign(year=2020), linear(40).assign(year=2021)])
    table = slope_index(both, "decile", "n", "people", ["year"])
    slopes = table[table["term"] == "slope index"].groupby("year")["estimate"].first()
    assert slopes.tolist() == pytest.approx([80, 40])


def test_a_slope_needs_three_groups_with_people():
    with pytest.raises(ValueError, match="three groups"):
        slope_index(linear(80).head(2), "decile", "n", "people")
    with pytest.raises(ValueError, match="most_at"):
        slope_index(linear(80), "decile", "n", "people", most_at="first")


def test_most_to_least_is_a_rate_ratio():
    frame = DECILES.assign(n=[130, 5, 5, 5, 5, 5, 5, 5, 5, 10])
    found = most_to_least(frame, "decile", "n", "people").iloc[0]
    assert found["estimate"] == pytest.approx(13) and found["n"] == 130
    # On the log scale Wald's interval is 13 x exp(±1.96 sqrt(1/130 + 1/10)); the score one lies near it.
    reach = np.exp(1.96 * np.sqrt(1 / 130 + 1 / 10))
    assert found["low"] == pytest.approx(13 / reach, rel=0.1)
    assert found["high"] == pytest.approx(13 * reach, rel=0.1)


def test_rate_ratios_are_to_the_reference_which_is_left_out():
    frame = pd.DataFrame({"who": ["WBRI", "WIRT", "CHNE"], "n": [50, 8, 0], "people": [10_000, 400, 500]})
    table = rate_ratios(frame, "who", "WBRI", "n", "people").set_index("term")
    assert table["estimate"].to_dict() == pytest.approx({"WIRT": 4, "CHNE": 0})
    assert table.loc["CHNE", "high"] > 0
    with pytest.raises(ValueError, match="must stand once"):
        rate_ratios(frame, "who", "AIND", "n", "people")


def test_a_ratio_to_nothing_is_missing():
    frame = pd.DataFrame({"who": ["a", "b"], "n": [0, 8], "people": [10_000, 400]})
    assert rate_ratios(frame, "who", "a", "n", "people")["estimate"].isna().all()


def test_concentration_is_twice_the_area_between_curve_and_diagonal():
    even = concentration_index(DECILES.assign(n=7), "decile", "n", "people")
    assert even["estimate"].iloc[0] == pytest.approx(0, abs=1e-12)
    # All in the most deprived tenth: 1 less the width of the tenth.
    all_there = concentration_index(DECILES.assign(n=[9] + [0] * 9), "decile", "n", "people")
    assert all_there["estimate"].iloc[0] == pytest.approx(0.9)
