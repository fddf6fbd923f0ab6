import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from helpers.models.survival import Hazards, cox, proportional_hazards, schoenfeld
from helpers.models.survival.residuals import score_residuals

NEEDS = ["abuse", "disability", "family"]


def made(size=2000, seed=1, effect=0.5):
    """Spells in whole days; log hazard ratios: 0.5 of `before`, -0.7 of disability against abuse."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"child": np.arange(size), "before": rng.random(size) < 0.4})
    frame["need"] = pd.Categorical(rng.choice(NEEDS, size), NEEDS)
    lean = effect * frame["before"] - 0.7 * (frame["need"] == "disability")
    waited, followed = np.ceil(rng.exponential(60 / np.exp(lean))), rng.integers(10, 200, size)
    return frame.assign(days=np.minimum(waited, followed), event=waited <= followed)


def test_the_table_is_tidy_and_recovers_what_was_planted():
    fitted = cox(made(20_000), "days", "event", ["before", "need"])
    assert isinstance(fitted, Hazards)
    assert fitted.table.columns.tolist() == ["term", "estimate", "low", "high", "n", "method", "events", "p"]
    assert fitted.table["term"].tolist() == ["before", "need: disability", "need: family"]
    np.testing.assert_allclose(np.log(fitted.table["estimate"]), [0.5, -0.7, 0], atol=0.06)
    assert (fitted.table["low"] < fitted.table["estimate"]).all()
    assert (fitted.table["estimate"] < fitted.table["high"]).all()
    assert (fitted.table["n"] == 20_000).all()
    assert (fitted.table["events"] == made(20_000)["event"].sum()).all()


def test_lifelines_gives_nearly_the_same_though_it_stops_earlier():
    frame = made()
    plain = pd.get_dummies(frame, columns=["need"], drop_first=True, dtype=float).drop(columns="child")
    theirs = CoxPHFitter().fit(plain, "days", "event").summary
    ours = cox(frame, "days", "event", ["before", "need"])
    np.testing.assert_allclose(np.log(ours.table["estimate"]), theirs["coef"], atol=1e-4)
    np.testing.assert_allclose(ours.table["p"], theirs["p"], rtol=1e-2)


def test_splitting_a_spell_into_rows_changes_nothing():
    whole = made()
    first = whole.assign(
        start=0, stop=whole["days"].clip(upper=20), event=whole["event"] & (whole["days"] <= 20)
    )
    later = whole[whole["days"] > 20].assign(start=20, stop=lambda frame: frame["days"])
    rows = pd.concat([first, later])
    one = cox(whole, "days", "event", ["before", "need"], cluster="child")
    many = cox(rows, "stop", "event", ["before", "need"], entry="start", cluster="child")
    columns = ["estimate", "low", "high", "p", "events", "clusters"]
    pd.testing.assert_frame_equal(one.table[columns], many.table[columns], rtol=1e-7)
    assert many.table["n"].iloc[0] == len(rows)


def test_late_entry_undoes_the_bias_of_never_seeing_those_who_left_early():
    spells = made(20_000, effect=0.0).assign(seen_from=lambda frame: np.where(frame["before"], 25, 0))
    seen = spells[spells["days"] > spells["seen_from"]]
    naive = cox(seen, "days", "event", ["before"]).table.iloc[0]
    right = cox(seen, "days", "event", ["before"], entry="seen_from").table.iloc[0]
    assert naive["high"] < 1  # spells that were long enough to be seen look safer than they are
    assert right["low"] < 1 < right["high"]


def test_doubled_rows_of_a_child_do_not_narrow_clustered_intervals():
    frame = made()
    twice = pd.concat([frame, frame])
    once, both = (cox(part, "days", "event", ["before"], cluster="child") for part in (frame, twice))
    naive = cox(twice, "days", "event", ["before"])
    widths = [np.log(fit.table["high"] / fit.table["low"]).iloc[0] for fit in (once, both, naive)]
    assert widths[1] == pytest.approx(widths[0], rel=0.02)
    assert widths[2] < 0.75 * widths[0]


def test_score_residuals_sum_to_zero():
    rows = cox(made(), "days", "event", ["before", "need"]).rows
    np.testing.assert_allclose(score_residuals(rows).sum(axis=0), 0, atol=1e-6)


def test_strata_are_any_columns_taken_together():
    frame = made().assign(region=lambda frame: frame["child"] % 3, sex=lambda frame: frame["child"] % 2)
    apart = cox(frame, "days", "event", ["before"], strata=["region", "sex"])
    joined = cox(
        frame.assign(both=frame["region"] * 2 + frame["sex"]), "days", "event", ["before"], strata=["both"]
    )
    pd.testing.assert_frame_equal(apart.table, joined.table)
    assert "with strata" in apart.table["method"].iloc[0]


def test_a_category_without_events_has_no_interval_and_leaves_the_others_alone():
    frame = made()
    none = frame["need"].eq("family") & frame["event"]
    frame = frame.assign(event=frame["event"] & ~none)
    fitted = cox(frame, "days", "event", ["before", "need"]).table.set_index("term")
    assert fitted.loc["need: family", "estimate"] == 0
    assert np.isnan(fitted.loc["need: family", "high"])
    assert fitted["n"].unique() == [len(frame)]
    without = cox(frame[frame["need"] != "family"], "days", "event", ["before", "need"]).table.set_index(
        "term"
    )
    shared = ["before", "need: disability"]
    np.testing.assert_allclose(fitted.loc[shared, "high"], without.loc[shared, "high"], rtol=1e-8)


def test_a_category_that_nobody_has_gets_no_term():
    frame = made()
    frame = frame[frame["need"] != "family"]
    assert cox(frame, "days", "event", ["need"]).table["term"].tolist() == ["need: disability"]


def test_the_frame_may_have_any_index_and_is_left_as_it_was():
    frame = made()
    odd = frame.set_index(np.zeros(len(frame), dtype=int)).sample(frac=1, random_state=1)
    before = odd.copy()
    given = {"cluster": "child", "strata": ["need"]}
    table = cox(odd, "days", "event", ["before"], **given).table
    pd.testing.assert_frame_equal(table, cox(frame, "days", "event", ["before"], **given).table)
    pd.testing.assert_frame_equal(odd, before)


def test_a_hazard_ratio_that_falls_over_time_is_found():
    rng = np.random.default_rng(2)
    early = rng.random(4000) < 0.5  # the risk of half is high for thirty days only
    first = np.ceil(rng.exponential(np.where(early, 25, 100)))
    days = np.where(early & (first > 30), 30 + np.ceil(rng.exponential(100, 4000)), first)
    frame = pd.DataFrame({"days": days, "event": 1, "early": early, "even": rng.random(4000) < 0.5})
    fitted = cox(frame, "days", "event", ["early", "even"])
    found = proportional_hazards(fitted).set_index("term")
    assert found.loc["early", "p_adjusted"] < 1e-6
    assert found.loc["early", "slope"] == "falls over time"
    assert found.loc["even", "slope"] == "no sign of change"
    assert (found["p_adjusted"] >= found["p"]).all()
    line = schoenfeld(fitted, ["early"])
    assert line["low"].iloc[0] > 1.5
    assert line["estimate"].iloc[-5] < line["estimate"].iloc[0]


def test_proportional_hazards_are_tested_though_nobody_is_at_risk_for_a_while():
    frame = made()
    later = frame.assign(start=500, stop=500 + frame["days"])
    rows = pd.concat([frame.assign(start=0, stop=frame["days"]), later])
    fitted = cox(rows, "stop", "event", ["before"], entry="start", cluster="child")
    assert proportional_hazards(fitted)["p"].between(0, 1).all()


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        (lambda frame: frame.drop(columns="need"), {}, "Lacking columns: need"),
        (lambda frame: frame.assign(before=np.where(frame["child"] < 3, np.nan, 1)), {}, "before \\(3\\)"),
        (lambda frame: frame.assign(event=2), {}, "must be 0 or 1"),
        (lambda frame: frame.assign(event=0), {}, "Nothing happened"),
        (lambda frame: frame.assign(start=frame["days"]), {"entry": "start"}, "2000 rows end"),
        (lambda frame: frame.assign(before=True), {}, "The same in every row.*before"),
        (lambda frame: frame.assign(event=frame["event"] & (frame["need"] != "abuse")), {}, "need: abuse"),
        (lambda frame: frame.assign(w=0), {"weight": "w"}, "w must be above zero"),
        (lambda frame: frame.assign(before=1), {"weight": "before"}, "Named both as a term.*before"),
        (lambda frame: frame.assign(before=frame["need"] == "family"), {}, "cannot be told apart"),
        (lambda frame: frame.assign(days=-frame["days"]), {}, "below zero"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(change, asked, said):
    with pytest.raises(ValueError, match=said):
        cox(change(made()), "days", "event", ["before", "need"], **asked)


def test_questions_to_the_assumption_that_cannot_be_answered_are_refused():
    fitted = cox(made(), "days", "event", ["before"])
    with pytest.raises(ValueError, match="over must be km, rank, log or identity"):
        proportional_hazards(fitted, over="cubic")
    with pytest.raises(ValueError, match="Not in the model: age"):
        schoenfeld(fitted, ["age"])
    few = cox(made(12), "days", "event", ["before"])
    with pytest.raises(ValueError, match="too few"):
        schoenfeld(few)
