"""What the models recover, as the book shows it; and that today's models still do on fresh countries."""

import pandas as pd
import pytest
import recovery

STORED = pd.read_csv(recovery.RESULTS)


@pytest.mark.parametrize("model", STORED.loc[STORED["coverage"].notna(), "model"].unique())
def test_intervals_cover_what_was_planted_as_often_as_they_say(model):
    covered = STORED.loc[STORED["model"] == model, "coverage"]
    assert 0.90 <= covered.mean() <= 0.99


def test_classes_agree_with_the_planted_categories_as_well_as_can_be():
    agreement = STORED[STORED["term"] == "Adjusted Rand index"].iloc[0]
    assert agreement["planted"] > 0.75 and abs(agreement["bias"]) < 0.02


def test_the_table_covers_every_model():
    assert STORED.groupby("model")["seeds"].min().min() >= 20
    assert len(STORED["model"].unique()) == 6


@pytest.mark.parametrize("model", [recovery.re_referral, recovery.attainment8, recovery.excluded])
def test_fresh_countries_are_recovered_too(model):
    found = recovery.table([model], range(1000, 1006), progress=False)
    assert found["coverage"].mean() > 0.85


def test_twelve_categories_are_found_again_in_fresh_assessments():
    found = recovery.classes(1000).set_index("term")
    assert (
        abs(found.loc["Adjusted Rand index", "estimate"] - found.loc["Adjusted Rand index", "planted"]) < 0.02
    )
    shares = found[found["model"] == "Demand categories: shares"]
    assert (shares["estimate"] - shares["planted"]).abs().max() < 0.02
