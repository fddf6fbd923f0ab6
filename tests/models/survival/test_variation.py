import numpy as np
import pandas as pd
import pytest

from helpers.models.survival import cox, expected_events, place_ratios, spread_of_places


def country(spread, places=60, a_place=150, seed=3):
    """Spells with a hazard of one a year, times ratios of the place and of a covariate, for two years."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), a_place)
    own = rng.normal(0, spread, places)
    x = rng.integers(0, 2, len(place))
    days = rng.exponential(365 / np.exp(own[place] + 0.5 * x))
    frame = pd.DataFrame(
        {
            "place": place,
            "x": x,
            "days": np.ceil(days).clip(max=730),
            "event": days <= 730,
            "child": place * 0,
        }
    )
    return frame.assign(child=np.arange(len(frame)) // 2), own


def test_expected_events_add_up_to_those_that_happened():
    frame, _ = country(0.3)
    fitted = cox(frame, "days", "event", ["x"])
    assert expected_events(fitted).sum() == pytest.approx(frame["event"].sum(), rel=1e-3)


def test_the_spread_of_places_is_recovered_and_chance_is_not_taken_for_it():
    for planted in (0.3, 0.0):
        frame, own = country(planted)
        ratios = place_ratios(cox(frame, "days", "event", ["x"], cluster="child"), frame["place"])
        table, drawn = spread_of_places(ratios)
        spread = table.set_index("term").loc["standard deviation of log ratios"]
        assert spread["low"] - 0.02 <= planted <= spread["high"] + 0.02
        assert table["n"].eq(60).all()
        if planted:
            assert np.corrcoef(np.log(drawn), own)[0, 1] > 0.9
            assert spread["estimate"] == pytest.approx(own.std(ddof=1), abs=0.05)


def test_the_error_of_a_ratio_covers_what_was_planted():
    frame, own = country(0.3)
    ratios = place_ratios(cox(frame, "days", "event", ["x"], cluster="child"), frame["place"])
    away = (np.log(ratios["estimate"]) - (own - own.mean())) / ratios["error"]
    assert (away.abs() < 1.96).mean() >= 0.85  # the mean of all places moves them together


def test_a_place_without_events_has_a_ratio_below_one_and_an_interval():
    frame, _ = country(0.0, places=10)
    frame.loc[frame["place"] == 0, "event"] = False
    row = place_ratios(cox(frame, "days", "event", ["x"]), frame["place"]).iloc[0]
    assert 0 < row["estimate"] < 0.1 and row["low"] < row["high"]
    assert row["events"] == 0


def test_what_cannot_be_answered_is_refused():
    frame, _ = country(0.0, places=4)
    fitted = cox(frame, "days", "event", ["x"])
    with pytest.raises(ValueError, match="too few"):
        spread_of_places(place_ratios(fitted, frame["place"]))
    with pytest.raises(ValueError, match="one for each row"):
        place_ratios(fitted, frame["place"].head(5))
    with pytest.raises(ValueError, match="without strata"):
        expected_events(cox(frame, "days", "event", ["x"], strata=["place"]))


def test_clusters_must_lie_within_places():
    frame, _ = country(0.3)
    fitted = cox(frame, "days", "event", ["x"], cluster="place")
    with pytest.raises(ValueError, match="one cluster"):
        place_ratios(fitted, frame["place"])
    within = place_ratios(fitted, frame["place"], frame["child"])
    same = place_ratios(cox(frame, "days", "event", ["x"], cluster="child"), frame["place"])
    assert np.allclose(within["error"], same["error"])
