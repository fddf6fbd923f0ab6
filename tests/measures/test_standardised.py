import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.measures.standardised import directly_standardised, indirectly_standardised, person_years

# Two places with the same rates at each age and children of different ages.
FRAME = pd.DataFrame(
    {
        "place": ["young", "young", "old", "old"],
        "age": ["0-4", "5-17", "0-4", "5-17"],
        "n": [80, 10, 20, 40],
        "people": [8_000, 2_000, 2_000, 8_000],
    }
)


def test_places_with_the_same_rates_at_each_age_have_the_same_standardised_rate():
    table = directly_standardised(FRAME, "n", "people", ["age"], ["place"])
    rates = table.pivot_table(index="place", columns="term", values="estimate")
    assert rates["standardised"].tolist() == pytest.approx([75, 75])  # (100 + 50) / 2 per 10,000
    assert rates.loc["young", "crude"] == 90 and rates.loc["old", "crude"] == 60


def test_dobson_interval_is_that_worked_by_hand():
    table = directly_standardised(FRAME, "n", "people", ["age"], ["place"]).set_index(["place", "term"])
    low, high = stats.chi2.ppf(0.025, 2 * 90) / 2, stats.chi2.ppf(0.975, 2 * 91) / 2
    variance = 0.25 * (80 / 8_000**2 + 10 / 2_000**2)
    scale = 1e4 * np.sqrt(variance / 90)
    found = table.loc[("young", "standardised")]
    assert found["low"] == pytest.approx(75 + scale * (low - 90))
    assert found["high"] == pytest.approx(75 + scale * (high - 90))
    assert found["n"] == 90 and found["people"] == 10_000 and found["covered"] == 1


def test_standardised_to_its_own_children_a_rate_is_the_crude_one():
    one = FRAME[FRAME["place"] == "young"]
    table = directly_standardised(one, "n", "people", ["age"])
    assert table["estimate"].tolist() == pytest.approx([90, 90])
    # With one stratum Dobson's interval is Garwood's.
    alone = directly_standardised(one.head(1), "n", "people", ["age"])
    assert np.allclose(
        alone.loc[0, ["low", "high"]].astype(float), alone.loc[1, ["low", "high"]].astype(float)
    )


def test_a_standard_may_be_given():
    standard = pd.DataFrame({"age": ["0-4", "5-17"], "people": [3, 1]})
    table = directly_standardised(FRAME, "n", "people", ["age"], ["place"], standard=standard)
    assert table.loc[table["term"] == "standardised", "estimate"].tolist() == pytest.approx([87.5, 87.5])


def test_missing_strata_are_told():
    table = directly_standardised(FRAME.drop(1), "n", "people", ["age"], ["place"]).set_index("place")
    assert table.loc["young", "covered"].unique() == pytest.approx([10 / 18])


def test_no_events_leave_an_upper_limit():
    none = FRAME.assign(n=0)
    table = directly_standardised(none, "n", "people", ["age"], ["place"])
    assert table["estimate"].eq(0).all() and table["low"].eq(0).all()
    assert table["high"].to_numpy() == pytest.approx(3.689, abs=1e-3)


def test_indirect_ratio_is_found_over_expected():
    frame = FRAME.assign(n=[160, 20, 20, 40])
    table = indirectly_standardised(frame, "n", "people", ["age"], ["place"]).set_index(["place", "term"])
    # Rates of both: 180 of 10,000 and 60 of 10,000; expected in the young place 144 + 12, in the old 36 + 48.
    young = table.loc[("young", "ratio")]
    assert young["expected"] == pytest.approx(156) and young["estimate"] == pytest.approx(180 / 156)
    assert young["low"] == pytest.approx(stats.chi2.ppf(0.025, 360) / 2 / 156)
    assert table.loc[("old", "rate"), "estimate"] == pytest.approx(60 / 84 * 120)
    assert table["expected"].groupby("place").first().sum() == frame["n"].sum()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        directly_standardised(FRAME, "n", "people", [])
    with pytest.raises(ValueError, match="one row for each"):
        directly_standardised(FRAME, "n", "people", ["age"])
    with pytest.raises(ValueError, match="no people"):
        directly_standardised(FRAME.assign(people=0), "n", "people", ["age"], ["place"])
    with pytest.raises(ValueError, match="standard has no people"):
        standard = FRAME.head(1)
        indirectly_standardised(FRAME, "n", "people", ["age"], ["place"], standard=standard)


def test_person_years_are_days_over_a_year():
    starts = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"]))
    ends = pd.Series(pd.to_datetime(["2021-01-01", "2020-01-01"]))
    assert person_years(starts, ends).tolist() == pytest.approx([366 / 365.25, 0])
