import pandas as pd
import pytest

from helpers.models.survival import kaplan_meier

# Worked by hand: S(1) = 4/5, S(3) = 4/5 * 2/3; one leaves at 2 and two at 4.
SPELLS = pd.DataFrame({"days": [1, 2, 3, 4, 4], "event": [1, 0, 1, 0, 0], "n": 1})


def test_the_curve_is_that_worked_by_hand():
    curve = kaplan_meier(SPELLS, every=1, until=4, incidence=False)
    assert curve["estimate"].tolist() == pytest.approx([1, 0.8, 0.8, 0.8 * 2 / 3, 0.8 * 2 / 3])
    assert curve["at_risk"].tolist() == [5, 5, 4, 3, 2]
    assert curve["events"].tolist() == [0, 1, 0, 1, 0]


def test_incidence_is_what_survival_leaves():
    gone = kaplan_meier(SPELLS, every=1, until=4)
    left = kaplan_meier(SPELLS, every=1, until=4, incidence=False)
    assert (gone["estimate"] + left["estimate"]).tolist() == pytest.approx([1] * 5)
    inside = gone.iloc[1:]
    assert (inside["low"] < inside["estimate"]).all() and (inside["estimate"] < inside["high"]).all()


def test_counts_give_the_same_as_rows():
    rows = pd.concat([SPELLS] * 50, ignore_index=True)
    counts = rows.groupby(["days", "event"], as_index=False)["n"].sum()
    by_rows, by_counts = (kaplan_meier(frame, every=1, until=4) for frame in (rows, counts))
    pd.testing.assert_frame_equal(by_rows, by_counts, rtol=1e-8)


def test_curves_are_split_and_end_with_their_last_spell():
    both = pd.concat([SPELLS.assign(kind="long"), SPELLS.head(2).assign(kind="short")])
    table = kaplan_meier(both, ["kind"], every=1, until=10)
    assert table.groupby("kind")["time"].max().to_dict() == {"long": 4, "short": 2}
