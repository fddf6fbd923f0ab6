import numpy as np
import pandas as pd
import pytest

from helpers.disclosure import Profile, check_classes, check_cox, safe_classes


def spells():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {"days": np.arange(1, 401), "event": np.tile([0, 1], 200), "age": rng.normal(8, 3, 400)}
    )
    return frame.assign(home=np.where(frame.index < 360, "foster care", "children's home"))


def line(found, rule):
    return found[found["rule"].str.contains(rule, regex=False)].iloc[0]


def test_a_cox_model_is_counted_by_category():
    found = check_cox(spells(), "days", "event", ["age", "home"], 10)
    assert line(found, "events beyond parameters")["value"] == 200 - 2
    assert line(found, "children's home, events")["value"] == 20
    assert line(found, "foster care, without the event")["value"] == 180
    assert line(found, "events beyond parameters")["pass"]


def test_the_risk_set_at_the_last_event_tells_how_far_a_curve_may_run():
    found = check_cox(spells(), "days", "event", ["home"], 10)
    last = line(found, "foster care, at risk at its last event")
    assert last["value"] == 1 and not last["pass"] and "end curves" in last["advice"]
    ended = spells().assign(days=lambda frame: frame["days"].clip(upper=300))
    ended.loc[ended.index >= 300, "event"] = 0
    assert line(check_cox(ended, "days", "event", ["home"], 10), "foster care, at risk")["value"] == 61


def test_weights_count_and_entry_leaves_out_who_was_not_there_yet():
    frame = pd.DataFrame(
        {"from": [0, 0, 8], "days": [5, 10, 10], "event": [1, 0, 0], "sex": "f", "n": [20, 30, 40]}
    )
    found = check_cox(frame, "days", "event", ["sex"], 10, entry="from", weight="n")
    assert line(found, "sex: f, events")["value"] == 20
    assert line(found, "at risk")["value"] == 50


def test_a_category_without_events_fails():
    frame = spells().assign(rare=lambda frame: (frame.index < 30) & (frame["event"] == 0))
    found = check_cox(frame, "days", "event", ["rare"], 10)
    assert line(found, "rare: True, events")["value"] == 0 and not line(found, "rare: True, events")["pass"]
    assert line(found, "rare: True, at risk")["value"] == 0


PROFILE = pd.DataFrame(
    {
        "class": [1, 1, 2, 2],
        "class_share": [0.8, 0.8, 0.2, 0.2],
        "item": ["neglect", "alcohol"] * 2,
        "probability": [0.99, 0.4, 0.001, 0.5],
    }
)
SIZES = pd.DataFrame({"class": [1, 2], "n": [400, 100]})


def test_item_probabilities_are_checked_as_the_counts_they_stand_for():
    found = check_classes(PROFILE, SIZES, 10)
    assert line(found, "class 1, fewest cases without an item")["value"] == 4
    assert not line(found, "class 1, fewest cases without an item")["pass"]
    # 0.001 of 100 is nobody: a zero, which may be shown under one rule and not under the other.
    assert line(found, "class 2, fewest cases with an item")["pass"]
    strict = check_classes(PROFILE, SIZES, Profile("strict", 10, zeros=False))
    assert not line(strict, "class 2, fewest cases with an item")["pass"]


def test_a_small_class_fails_whatever_its_items():
    found = check_classes(PROFILE, SIZES.assign(n=[400, 7]), 10)
    assert (
        not line(found, "class 2, cases")["pass"]
        and "fewer classes" in line(found, "class 2, cases")["advice"]
    )


def test_extreme_probabilities_become_bounds_that_pass():
    safe = safe_classes(PROFILE, SIZES, 10)
    assert safe["probability"].tolist() == [0.975, 0.4, 0.1, 0.5]
    assert safe["bound"].tolist() == ["at least", "", "at most", ""]
    assert check_classes(safe, SIZES, "uk_llc")["pass"].all()
    assert "class_share" not in safe
    assert safe_classes(PROFILE, SIZES.assign(n=[400, 12]), 10)["probability"].isna().tolist() == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_class_without_a_size_is_named():
    with pytest.raises(ValueError, match="classes 2"):
        safe_classes(PROFILE, SIZES[:1], 10)
