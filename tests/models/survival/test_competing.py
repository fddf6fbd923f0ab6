import numpy as np
import pandas as pd
import pytest
from sksurv.nonparametric import cumulative_incidence_competing_risks

from helpers.models.survival import aalen_johansen, kaplan_meier

# Worked by hand: six spells; on day 1 one adopted (1) and one home (2), on day 2 one leaves the records, on
# day 3 one adopted. F1(1) = 1/6; F1(3) = 1/6 + 4/6 * 1/3; F2 = 1/6.
SPELLS = pd.DataFrame({"days": [1, 1, 2, 3, 4, 4], "event": [1, 2, 0, 1, 0, 0], "n": 1})


def test_cumulative_incidence_is_that_worked_by_hand():
    curve = aalen_johansen(SPELLS, every=1, until=4, causes={1: "adopted", 2: "home"})
    adopted, home = (curve[curve["cause"] == name] for name in ("adopted", "home"))
    assert adopted["estimate"].tolist() == pytest.approx([0, 1 / 6, 1 / 6, 1 / 6 + 2 / 9, 1 / 6 + 2 / 9])
    assert home["estimate"].tolist() == pytest.approx([0] + [1 / 6] * 4)
    assert adopted["at_risk"].tolist() == [6, 6, 4, 3, 2]
    assert adopted["events"].tolist() == [0, 1, 0, 1, 0]
    assert (curve["n"] == 6).all()


def many(size=3000):
    rng = np.random.default_rng(3)
    return pd.DataFrame({"days": rng.integers(1, 60, size), "event": rng.integers(0, 4, size), "n": 1})


def test_causes_add_up_to_what_kaplan_meier_says_of_any_of_them():
    spells = many()
    causes = aalen_johansen(spells, every=5, until=11)
    together = kaplan_meier(spells.assign(event=(spells["event"] > 0).astype(int)), every=5, until=11)
    total = causes.groupby("time")["estimate"].sum()
    np.testing.assert_allclose(total, together["estimate"], atol=1e-10)


def test_one_cause_alone_is_kaplan_meier_with_its_greenwood_interval_nearly():
    spells = many().assign(event=lambda frame: (frame["event"] == 1).astype(int))
    alone, usual = aalen_johansen(spells, every=5, until=11), kaplan_meier(spells, every=5, until=11)
    np.testing.assert_allclose(alone["estimate"], usual["estimate"], atol=1e-10)
    width, usual_width = alone["high"] - alone["low"], usual["high"] - usual["low"]
    np.testing.assert_allclose(width[1:], usual_width[1:], rtol=0.02)


def test_estimates_are_those_of_scikit_survival_with_ties():
    spells = many()
    times, incidence = cumulative_incidence_competing_risks(
        spells["event"].to_numpy(), spells["days"].to_numpy()
    )
    curve = aalen_johansen(spells, every=1, until=59)
    for cause in (1, 2, 3):
        ours = curve[(curve["cause"] == str(cause)) & (curve["time"] > 0)].set_index("time")["estimate"]
        np.testing.assert_allclose(ours.loc[times], incidence[cause], atol=1e-10)


def test_counts_give_the_same_as_rows():
    spells = many()
    counts = spells.groupby(["days", "event"], as_index=False)["n"].sum()
    by_rows, by_counts = (aalen_johansen(frame, every=5, until=11) for frame in (spells, counts))
    pd.testing.assert_frame_equal(by_rows, by_counts, rtol=1e-8)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    truth = 0.6 * (1 - np.exp(-30 * 0.05))  # constant hazards 0.03 and 0.02: the share of the first by day 30
    held = 0
    for _ in range(50):
        gone, followed = np.ceil(rng.exponential(20, 300)), rng.integers(10, 80, 300)
        cause = np.where(gone <= followed, np.where(rng.random(300) < 0.6, 1, 2), 0)
        spells = pd.DataFrame({"days": np.minimum(gone, followed), "event": cause, "n": 1})
        last = aalen_johansen(spells, every=30, until=1, causes={1: "this", 2: "other"})
        last = last[(last["cause"] == "this") & (last["time"] == 1)].iloc[0]
        held += last["low"] < truth < last["high"]
    assert 0.86 <= held / 50 <= 1


def test_curves_are_split_and_a_cause_that_never_happened_stays_at_zero():
    both = pd.concat([SPELLS.assign(kind="long"), SPELLS.head(2).assign(kind="short")])
    curve = aalen_johansen(both, ["kind"], every=1, until=9, causes={1: "adopted", 2: "home", 3: "other"})
    assert curve.groupby("kind")["time"].max().to_dict() == {"long": 4, "short": 1}
    other = curve[curve["cause"] == "other"]
    assert (other[["estimate", "low", "high", "events"]] == 0).all(axis=None)


def test_when_everyone_has_left_the_incidence_is_their_share():
    gone = aalen_johansen(SPELLS.assign(event=[1, 2, 1, 1, 1, 2]), every=1, until=4)
    last = gone[gone["time"] == 4].set_index("cause")["estimate"]
    assert last.to_dict() == pytest.approx({"1": 4 / 6, "2": 2 / 6})
    assert gone[["low", "high"]].notna().all(axis=None)


def test_what_cannot_be_right_is_refused():
    with pytest.raises(ValueError, match="no name in causes: \\[2\\]"):
        aalen_johansen(SPELLS, causes={1: "adopted"})
    with pytest.raises(ValueError, match="below zero in 1 rows"):
        aalen_johansen(SPELLS.assign(days=[-1, 1, 2, 3, 4, 4]))
    with pytest.raises(ValueError, match="Lacking columns: days"):
        aalen_johansen(SPELLS.drop(columns="days"))
    with pytest.raises(ValueError, match="must be known"):
        aalen_johansen(SPELLS.assign(event=[1, 2, None, 1, 0, 0]))


def test_a_spell_that_ends_before_it_is_seen_is_refused():
    late = SPELLS.assign(entry=[0, 0, 2, 0, 1, 0])
    with pytest.raises(ValueError, match="1 rows end .* before or when they come under observation"):
        aalen_johansen(late, entry="entry", every=1, until=4)


def test_a_spell_is_at_risk_only_from_its_entry():
    late = SPELLS.assign(entry=[0, 0, 0, 0, 2, 0])
    curve = aalen_johansen(late, entry="entry", every=1, until=4)
    assert curve.loc[curve["cause"] == "1", "at_risk"].tolist() == [5, 5, 3, 3, 2]
    assert curve.loc[curve["cause"] == "1", "estimate"].tolist()[1] == pytest.approx(1 / 5)
