import numpy as np
import pandas as pd
import pytest
from stepmix.corrections import compute_bch_matrix
from three_classes import CHANCES, ITEMS, LOG_ODDS, OUTCOME, arranged, counted, planted

from helpers.models import latent_class as lca
from helpers.models.latent_class.clusters import clustered_error, clustered_meat
from helpers.models.latent_class.relations import CORRECTED, UNCORRECTED
from helpers.models.survival import kaplan_meier


def test_the_weights_are_those_that_stepmix_gives_for_rows(rows, model, classified):
    error, inverse = compute_bch_matrix(model.predict_proba(rows[ITEMS].to_numpy(float)))
    assert lca.classification_error(classified).to_numpy() == pytest.approx(error)
    assert lca.bch_weights(classified).to_numpy() == pytest.approx(inverse)
    assert lca.bch_weights(classified).sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_class_that_nobody_is_put_into_is_refused():
    lonely = pd.DataFrame({"a": [0, 1], "n": [5, 5], "class": [1, 1], "p1": [0.9, 0.6], "p2": [0.1, 0.4]})
    with pytest.raises(ValueError, match="nobody's likeliest class"):
        lca.bch_weights(lonely)


def test_a_correction_finds_the_shares_that_assignment_blurs(rows, classified):
    table = lca.distal(classified, counted(rows, "outcome"), ITEMS, ["outcome"]).set_index("term")
    right = table[table["method"] == CORRECTED]
    blurred = table[table["method"] == UNCORRECTED]
    assert ((right["low"] < OUTCOME) & (right["high"] > OUTCOME)).all()
    assert np.ptp(blurred["estimate"]) < np.ptp(right["estimate"]) - 0.03
    assert right["n"].sum() == len(rows)


def test_counted_cases_give_what_rows_give(rows, classified):
    counts, each = counted(rows, "outcome"), rows[[*ITEMS, "outcome", "n"]]
    pd.testing.assert_frame_equal(
        lca.distal(classified, counts, ITEMS, ["outcome"]), lca.distal(classified, each, ITEMS, ["outcome"])
    )


def test_a_child_repeated_many_times_is_one_piece_of_evidence(rows, classified):
    once = lca.distal(classified, rows, ITEMS, ["outcome"], "child")
    often = lca.distal(classified, pd.concat([rows] * 4), ITEMS, ["outcome"], "child")
    assert often["error"].to_numpy() == pytest.approx(once["error"].to_numpy())
    assert often["n"].sum() == 4 * once["n"].sum()


def test_a_pattern_that_was_not_classified_is_refused(rows, classified):
    with pytest.raises(ValueError, match="was not classified"):
        lca.distal(classified.iloc[1:], counted(rows, "outcome"), ITEMS, ["outcome"])


def test_shares_add_up_and_are_those_planted(rows, truth, classified):
    table = lca.class_shares(classified, counted(rows, "older"), ITEMS, ["older"])
    right = table[table["method"] == CORRECTED]
    assert right.groupby("older")["estimate"].sum().to_numpy() == pytest.approx(1)
    own = pd.Series(truth + 1).groupby(rows["older"]).value_counts(normalize=True).sort_index()
    assert right["estimate"].to_numpy() == pytest.approx(own.to_numpy(), abs=0.04)
    assert right["of"].unique().tolist() == rows["older"].value_counts().sort_index().tolist()


def test_a_change_of_shares_is_their_difference(rows, classified):
    change = lca.share_change(classified, counted(rows, "older"), ITEMS, "older")
    shares = lca.class_shares(classified, counted(rows, "older"), ITEMS, ["older"])
    wide = shares.pivot_table(index=["method", "term"], columns="older", values="estimate")
    both = change.set_index(["method", "term"]).join(wide)
    assert both["estimate"].to_numpy() == pytest.approx((both[1] - both[0]).to_numpy())
    assert (change["p_adjusted"] >= change["p"]).all()
    apart = shares.assign(v=shares["error"] ** 2).groupby(["method", "term"])["v"].sum() ** 0.5
    # No child is in both groups here, so that errors add up as those of independent groups.
    assert both["error"].to_numpy() == pytest.approx(apart[both.index].to_numpy(), rel=0.01)


def test_a_change_needs_two_groups(rows, classified):
    with pytest.raises(ValueError, match="must be 1 for some"):
        lca.share_change(classified, rows.assign(older=1), ITEMS, "older")


def test_intervals_cover_what_was_planted():
    inside = []
    for seed in range(20):
        rows, _ = planted(1500, seed, children=500)
        model = arranged(lca.fit(counted(rows), ITEMS, 3, starts=2, seed=seed))
        classified = lca.classify(model, counted(rows), ITEMS)
        found = lca.distal(classified, rows, ITEMS, ["outcome"], "child").query("method == @CORRECTED")
        inside += ((found["low"] < OUTCOME) & (found["high"] > OUTCOME)).tolist()
    assert np.mean(inside) > 0.85  # 60 intervals of 95%: fewer than 51 hits come by chance once in 1,000


@pytest.mark.filterwarnings("ignore:It looks like your weights")
def test_corrected_counts_keep_the_total_and_give_the_curve_of_the_class(classified, rows, truth):
    rng = np.random.default_rng(3)
    days = rng.exponential(np.array([900, 400, 150])[truth]).astype(int) + 1
    event = (days <= 700).astype(int)
    followed = rows.assign(days=np.minimum(days, 700), event=event)
    counts = lca.corrected_counts(classified, followed, ITEMS, ["event", "days"], within=["event"])
    assert (counts["n"] >= 0).all() and counts["n"].sum() == pytest.approx(len(rows), rel=1e-6)
    curves = kaplan_meier(counts, ["class"], until=12)
    blurred = kaplan_meier(counts.query("uncorrected > 0"), ["class"], weight="uncorrected", until=12)
    planted_there = 1 - np.exp(-365 / np.array([900, 400, 150]))
    right, wrong = (curve.query("time == 12")["estimate"].to_numpy() for curve in (curves, blurred))
    assert right == pytest.approx(planted_there, abs=0.05)
    assert np.abs(wrong - planted_there).max() > 0.045 > np.abs(right - planted_there).max()


def test_errors_over_clusters_are_those_worked_by_hand():
    scores, n, cluster = np.array([[1.0], [2.0], [-3.0]]), [1, 2, 1], np.array([0, 0, 1])
    assert clustered_error(scores, n, cluster) == pytest.approx(np.sqrt(2 * (5**2 + 3**2)))
    assert clustered_meat(scores, n, cluster) == pytest.approx(2 * (5**2 + 3**2))
    assert clustered_error(scores, n, None) == pytest.approx(np.sqrt(4 / 3 * (1 + 2 * 4 + 9)))


def test_the_planted_classes_overlap():
    # Otherwise the tests above would not need a correction.
    rows, truth = planted()
    likely = (rows[ITEMS].to_numpy()[:, None, :] == (CHANCES > 0.5)).sum(axis=2).argmax(axis=1)
    assert 0.7 < np.mean(likely == truth) < 0.95 and LOG_ODDS.shape == (3, 2)
