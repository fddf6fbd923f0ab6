import numpy as np
import pandas as pd
import pytest
from evaluation_panels import staggered_panel, staggered_shares

from helpers.models import evaluation

ROBUST = ["imputation", "interacted", "group_time"]
SEEDS = range(50)


def as_panel(frame, **more):
    return evaluation.panel(frame, "authority", "year", "y", "start", weight="n", **more)


@pytest.fixture(scope="module")
def many():
    """Estimates from fifty panels in which effects grow with time and differ between cohorts."""
    parts = []
    for seed in SEEDS:
        frame, truth = staggered_panel(seed)
        table = evaluation.average_effect(as_panel(frame), errors="analytic")
        parts.append(table.assign(truth=truth, off=table["estimate"] - truth))
    table = pd.concat(parts)
    return table.assign(covered=table["truth"].between(table["low"], table["high"]))


@pytest.mark.parametrize("estimator", ROBUST)
def test_robust_estimators_find_growing_effects(many, estimator):
    own = many[many["estimator"] == estimator]
    assert own["covered"].mean() >= 0.88  # 50 draws of a nominal 95%
    assert abs(own["off"].mean()) < 3 * own["off"].std() / np.sqrt(len(own))
    assert own["std_error"].mean() == pytest.approx(own["off"].std(), rel=0.35)


def test_two_way_fixed_effects_miss_them(many):
    own = many[many["estimator"] == "twfe"]
    assert own["covered"].mean() < 0.1
    assert own["off"].mean() < -0.3  # less than half of an effect of about 0.65
    assert own["method"].str.contains("warning").all()


def test_the_weights_that_mislead_are_shown():
    weights = evaluation.negative_weights(as_panel(staggered_panel(1)[0])).iloc[0]
    assert weights["negative"] > 0 and weights["sum_negative"] < 0


def test_all_agree_where_there_is_one_start_and_a_balanced_panel():
    frame, _ = staggered_panel(2)
    frame = frame[frame["start"].isin([0, 2016])].assign(n=1)
    after, begun = frame["year"] >= 2016, frame["start"] == 2016
    mean = frame.groupby([begun, after])["y"].mean()
    by_hand = mean[True, True] - mean[True, False] - mean[False, True] + mean[False, False]
    table = evaluation.average_effect(as_panel(frame), errors="analytic").set_index("estimator")
    assert table.loc["twfe", "estimate"] == pytest.approx(by_hand)
    assert table.loc["imputation", "estimate"] == pytest.approx(by_hand)
    # The other two compare with the year before the start alone.
    changes = frame.pivot_table(index="authority", columns="year", values="y")
    change = changes.loc[:, 2016:].sub(changes[2015], axis=0).mean(axis=1)
    start = frame.groupby("authority")["start"].first()
    assert table.loc["group_time", "estimate"] == pytest.approx(
        change[start == 2016].mean() - change[start == 0].mean()
    )
    assert table.loc["interacted", "estimate"] == pytest.approx(table.loc["group_time", "estimate"])


def test_counted_cells_give_the_same_as_rows():
    """A row per authority and year with its count gives the estimates of a row per referral."""
    frame, _ = staggered_panel(3, units=12)
    rng = np.random.default_rng(3)
    rows = frame.loc[np.repeat(frame.index, 5)].assign(y=lambda t: t["y"] + rng.normal(size=len(t)))
    cells = rows.groupby(["authority", "year", "start"], as_index=False).agg(y=("y", "mean"), n=("y", "size"))
    doubled = cells.assign(n=cells["n"] * 2)
    first, second = (evaluation.average_effect(as_panel(f), errors="analytic") for f in (cells, doubled))
    assert first["estimate"].tolist() == pytest.approx(second["estimate"].tolist())
    assert first["std_error"].tolist() == pytest.approx(second["std_error"].tolist())
    assert (second["n"] == 2 * first["n"]).all()


@pytest.mark.parametrize("method", [*ROBUST, "twfe"])
def test_the_event_study_stands_at_nothing_before(method):
    frame, _ = staggered_panel(4)
    table = evaluation.event_study(as_panel(frame), method, window=(-4, 4), errors="analytic")
    assert table.loc[table["time"] == -1, "estimate"].tolist() == [0.0]
    assert table["time"].is_monotonic_increasing and table["time"].between(-4, 4).all()
    if method in ROBUST:
        later = table[table["time"] >= 0]
        assert later["estimate"].iloc[-1] > later["estimate"].iloc[0] > -0.2  # effects were made to grow


def test_group_time_effects_are_differences_of_changes():
    frame, _ = staggered_panel(5, units=16)
    frame = frame.assign(n=1)
    table = evaluation.group_time(as_panel(frame)).set_index(["cohort", "period"])
    wide = frame.pivot_table(index="authority", columns="year", values="y")
    start = frame.groupby("authority")["start"].first()
    change = wide[2016] - wide[2012]
    by_hand = change[start == 2013].mean() - change[start.isin([0, 2019])].mean()
    assert table.loc[(2013, 2016), "estimate"] == pytest.approx(by_hand)
    assert table.loc[(2013, 2016), "controls"] == 8  # those that begin in 2016 have begun
    a, b = change[start == 2013], change[start.isin([0, 2019])]
    error = np.sqrt(a.var() / 4 + b.var() / 8)  # as of two samples of unequal variance
    assert table.loc[(2013, 2016), "std_error"] == pytest.approx(error)


def test_trends_before_are_found_and_their_absence_is_not():
    flat = [evaluation.pre_trends(as_panel(staggered_panel(s)[0]))["p"][0] for s in range(30)]
    assert np.mean(np.array(flat) < 0.05) <= 0.15
    assert evaluation.pre_trends(as_panel(staggered_panel(1, anticipate=1.0)[0]))["p"][0] < 0.01
    assert evaluation.pre_trends(as_panel(staggered_panel(1, drift=0.4)[0]))["p"][0] < 0.01


def test_the_jackknife_is_the_default_with_few_clusters():
    frame, _ = staggered_panel(6, units=16)
    few = evaluation.average_effect(as_panel(frame), ["imputation"])
    assert few["inference"].tolist() == ["jackknife"]
    analytic = evaluation.average_effect(as_panel(frame), ["imputation"], errors="analytic")
    assert few["estimate"].tolist() == analytic["estimate"].tolist()
    assert 0.7 < few["std_error"][0] / analytic["std_error"][0] < 2
    width = 2 * 2.131 * few["std_error"][0]  # t on 15 degrees of freedom
    assert few["high"][0] - few["low"][0] == pytest.approx(width, rel=1e-3)


def test_ratios_that_grow_are_found():
    found = []
    for seed in range(25):
        frame, truth = staggered_shares(seed)
        table = evaluation.average_ratio(as_panel(frame)).iloc[0]
        found.append((table["low"] <= truth <= table["high"], np.log(table["estimate"] / truth)))
    covered, off = np.transpose(found)
    assert covered.mean() >= 0.84
    assert abs(off.mean()) < 0.03


def test_ratios_need_events():
    frame, _ = staggered_shares(1)
    with pytest.raises(ValueError, match="not below 0"):
        evaluation.average_ratio(as_panel(frame.assign(y=-1.0)))
    none = frame.assign(y=frame["y"].where(frame["year"] < 2020, 0.0))
    with pytest.raises(ValueError, match="without any event"):
        evaluation.average_ratio(as_panel(none))


def test_where_all_begin_the_last_serve_as_comparison():
    frame, _ = staggered_panel(7)
    data = as_panel(frame[frame["start"] > 0])
    assert data.frame["time"].max() == 2018
    assert set(data.frame["start"]) == {0, 2013, 2016}
    assert data.dropped.set_index("reason")["rows"]["nobody left without the policy"] == 45 * 3


def test_units_that_began_at_once_are_left_out_and_counted():
    frame, _ = staggered_panel(8)
    frame.loc[frame["authority"] == 0, "start"] = 2010
    assert as_panel(frame).dropped.set_index("reason")["rows"]["began before the first period"] == 12


def test_what_cannot_be_compared_is_refused_in_words():
    frame, _ = staggered_panel(9)
    with pytest.raises(ValueError, match="Nobody is left to compare"):
        as_panel(frame[frame["start"] == 0])
    with pytest.raises(ValueError, match="more than one row"):
        as_panel(pd.concat([frame, frame]))
    with pytest.raises(ValueError, match="no column 'y'"):
        as_panel(frame.drop(columns="y"))
    with pytest.raises(ValueError, match="more than one start"):
        as_panel(frame.assign(start=frame["year"]))
    with pytest.raises(ValueError, match="no method 'ols'"):
        evaluation.average_effect(as_panel(frame), ["ols"])
