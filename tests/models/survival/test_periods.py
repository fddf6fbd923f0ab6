import numpy as np
import pandas as pd
import pytest

from helpers.models.survival import piecewise_hazard, restricted_mean

# Worked by hand: S = 1 until day 1, 4/5 until day 3, 8/15 until day 4.
SPELLS = pd.DataFrame({"days": [1, 2, 3, 4, 4], "event": [1, 0, 1, 0, 0], "n": 1})


def test_rates_by_period_are_those_worked_by_hand():
    rates = piecewise_hazard(SPELLS, [0, 2, 4], per=1)
    assert rates["term"].tolist() == ["0 to 2 days", "2 to 4 days"]
    assert rates["events"].tolist() == [1, 1]
    assert (rates["person_years"] * 365.25).tolist() == pytest.approx([9, 5])
    assert rates["estimate"].tolist() == pytest.approx([365.25 / 9, 365.25 / 5])
    assert rates["n"].tolist() == [5, 3]
    # Garwood's limits of one event: 0.025318 and 5.571643.
    assert (rates["low"] * rates["person_years"]).tolist() == pytest.approx([0.025318] * 2, abs=1e-6)
    assert (rates["high"] * rates["person_years"]).tolist() == pytest.approx([5.571643] * 2, abs=1e-6)


def test_a_period_that_nobody_reached_has_no_rate_and_one_without_events_has_an_upper_limit():
    rates = piecewise_hazard(SPELLS, [0, 3, 4, 10]).set_index("term")
    assert rates.loc["3 to 4 days", "estimate"] == 0
    assert rates.loc["3 to 4 days", "high"] > 0
    assert rates.loc["4 to 10 days", ["estimate", "low", "high"]].isna().all()


def test_an_event_on_the_first_day_is_counted_and_later_edges_count_once():
    spells = pd.DataFrame({"days": [0, 30, 60], "event": 1, "n": [2, 3, 4]})
    rates = piecewise_hazard(spells, [0, 30, 60], labels=["first month", "second month"])
    assert rates.set_index("term")["events"].to_dict() == {"first month": 5, "second month": 4}
    late = piecewise_hazard(spells, [30, 60])
    assert late["events"].tolist() == [4]


def test_a_planted_hazard_is_found_in_each_period():
    rng = np.random.default_rng(4)
    early = rng.exponential(100, 40_000)  # 1 in 100 a day until day 50, then 1 in 400
    days = np.where(early > 50, 50 + rng.exponential(400, 40_000), early)
    spells = pd.DataFrame({"days": np.minimum(days, 300), "event": (days <= 300).astype(int), "n": 1})
    rates = piecewise_hazard(spells, [0, 50, 300], per=1)
    truth = np.array([365.25 / 100, 365.25 / 400])
    assert (rates["low"] < truth).all() and (truth < rates["high"]).all()


def test_the_restricted_mean_is_that_worked_by_hand():
    mean = restricted_mean(SPELLS, 4)
    assert mean["estimate"].item() == pytest.approx(1 + 0.8 * 2 + 8 / 15)
    # Left of the area after each event, squared, times d / (n (n - d)): day 1 and day 3.
    variance = (1.6 + 8 / 15) ** 2 / (5 * 4) + (8 / 15) ** 2 / (3 * 2)
    assert (mean["high"] - mean["low"]).item() / 2 == pytest.approx(1.959964 * variance**0.5, rel=1e-6)


def test_a_horizon_between_events_cuts_the_area_there():
    assert restricted_mean(SPELLS, 2.5)["estimate"].item() == pytest.approx(1 + 0.8 * 1.5)


def test_counts_give_the_same_as_rows():
    rows = pd.concat([SPELLS] * 50, ignore_index=True)
    counts = rows.groupby(["days", "event"], as_index=False)["n"].sum()
    pd.testing.assert_frame_equal(restricted_mean(rows, 4), restricted_mean(counts, 4), rtol=1e-8)
    pd.testing.assert_frame_equal(
        piecewise_hazard(rows, [0, 2, 4]), piecewise_hazard(counts, [0, 2, 4]), rtol=1e-8
    )


def test_groups_are_compared_with_the_first():
    both = pd.concat([SPELLS.assign(kind="a"), SPELLS.assign(kind="b", event=[0, 0, 1, 0, 0])])
    table = restricted_mean(both, 4, ["kind"])
    assert table["term"].tolist() == ["mean", "mean", "difference from a"]
    means = table["estimate"].tolist()
    assert means[2] == pytest.approx(means[1] - means[0])
    assert table["n"].tolist() == [5, 5, 10]
    error = (table["high"] - table["low"]) / 2
    assert error[2] == pytest.approx(np.hypot(error[0], error[1]))


def test_a_mean_beyond_what_was_followed_is_missing():
    assert np.isnan(restricted_mean(SPELLS, 5)["estimate"].item())
    ended = SPELLS.assign(event=[1, 0, 1, 1, 1])  # nobody is left, so that nothing beyond is unknown
    assert restricted_mean(ended, 9)["estimate"].item() == pytest.approx(1 + 1.6 + 8 / 15)


def test_what_cannot_be_right_is_refused():
    with pytest.raises(ValueError, match="cuts must rise"):
        piecewise_hazard(SPELLS, [0, 4, 2])
    with pytest.raises(ValueError, match="1 labels for 2 intervals"):
        piecewise_hazard(SPELLS, [0, 2, 4], labels=["one"])
    with pytest.raises(ValueError, match="horizon must be above zero"):
        restricted_mean(SPELLS, 0)
