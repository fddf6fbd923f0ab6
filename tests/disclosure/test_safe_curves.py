import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.disclosure import Profile, check_curve, safe_curve
from helpers.models.survival import kaplan_meier


def curve(events, at_risk, **more):
    share = np.round(1 - np.cumsum(events) / at_risk[0], 4)
    return pd.DataFrame({"time": range(len(events)), "estimate": share, "low": share, "high": share,
                         "at_risk": at_risk, "events": events, **more})  # fmt: skip


def test_steps_are_joined_until_each_holds_enough_events():
    safe = safe_curve(curve([0, 12, 4, 7, 30], [100, 88, 84, 77, 47]), 10)
    assert safe["time"].tolist() == [0, 1, 3, 4]
    assert safe["events"].tolist() == [0, 12, 11, 30]
    assert safe["estimate"].tolist() == [1, 0.88, 0.77, 0.47]  # as they were at those times


def test_what_is_left_over_joins_the_last_step():
    safe = safe_curve(curve([0, 12, 15, 4], [100, 88, 73, 69]), 10)
    assert safe["time"].tolist() == [0, 1, 3] and safe["events"].tolist() == [0, 12, 19]


def test_the_curve_ends_while_enough_are_at_risk():
    safe = safe_curve(curve([0, 20, 20, 20], [69, 49, 29, 9]), 10)
    assert safe["time"].tolist() == [0, 1, 2]


def test_few_lost_from_sight_are_not_to_be_worked_out():
    given = curve([0, 12, 12, 12, 12], [100, 88, 73, 61, 34])  # 3 lost in the second step, 15 in the last
    assert not check_curve(given, 10)["pass"].all()
    safe = safe_curve(given, 10)
    assert safe["time"].tolist() == [0, 1, 2, 3, 4] and check_curve(safe, 10)["pass"].all()
    # 18 are lost between the first and the last step: too many to tell of whom.
    assert safe["at_risk"].tolist() == [100, 88, pd.NA, pd.NA, 34]


def test_a_curve_of_too_few_is_not_shown_at_all():
    assert safe_curve(curve([0, 2], [9, 7]), 10).empty


def test_curves_are_made_safe_one_by_one():
    both = pd.concat([curve([0, 12, 4], [100, 88, 84], group="a"), curve([0, 3, 4], [60, 57, 53], group="b")])
    safe = safe_curve(both, 10, by=["group"])
    assert safe.groupby("group")["events"].sum().to_dict() == {"a": 16, "b": 0}
    told = check_curve(both, 10, by=["group"], output="leaving care")
    assert told["output"].unique().tolist() == ["leaving care a", "leaving care b"]


def test_competing_events_keep_the_same_times_so_that_those_at_risk_tell_no_more():
    at_risk = [100, 88, 80, 60, 40]
    home, adopted = (
        curve([0, 12, 5, 5, 8], at_risk, cause="home"),
        curve([0, 0, 3, 15, 12], at_risk, cause="adopted"),
    )
    both = pd.concat([home, adopted])
    safe = safe_curve(both, 10, cause="cause")
    assert safe.groupby("cause")["time"].apply(list).to_dict() == {"adopted": [0, 1, 4], "home": [0, 1, 4]}
    assert safe.groupby("cause")["events"].apply(list).to_dict() == {
        "adopted": [0, 0, 30],
        "home": [0, 12, 18],
    }
    assert check_curve(safe, 10, cause="cause")["pass"].all()
    with pytest.raises(ValueError, match="same times"):
        safe_curve(both.iloc[:-1], 10, cause="cause")


def test_rounding_rounds_counts_and_gives_estimates_in_steps_of_as_many_children():
    safe = safe_curve(curve([0, 12, 17], [103, 91, 74]), Profile("rounded", 6, 5))
    assert safe["at_risk"].tolist() == [105, 90, 75] and safe["events"].tolist() == [0, 10, 15]
    assert np.allclose(safe["estimate"], np.array([21, 19, 15]) / 21)


def test_a_curve_without_its_counts_is_refused():
    with pytest.raises(ValueError, match="at_risk"):
        safe_curve(curve([0], [9]).drop(columns="at_risk"), 10)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 25)), min_size=1, max_size=15),
    st.integers(0, 200),
    st.integers(3, 15),
)
def test_no_safe_curve_has_a_small_step(steps, stay, min_cell):
    left = [events + lost for events, lost in steps]
    at_risk = sum(left) + stay - np.cumsum([0, *left])
    given = curve([0, *(events for events, _ in steps)], np.maximum(at_risk, 1))
    safe = safe_curve(given, min_cell)
    assert safe["events"].sum() <= given["events"].sum()
    if len(safe):
        assert check_curve(safe, min_cell)["pass"].all()


def test_a_fitted_curve_becomes_safe():
    rng = np.random.default_rng(2)
    spells = pd.DataFrame({"days": rng.integers(1, 900, 300), "event": rng.integers(0, 2, 300), "n": 1})
    fitted = kaplan_meier(spells)
    assert not check_curve(fitted, "ons_srs")["pass"].all()
    safe = safe_curve(fitted, "ons_srs")
    assert check_curve(safe, "ons_srs")["pass"].all() and 3 <= len(safe) < len(fitted)
