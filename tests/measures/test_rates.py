import pandas as pd
import pytest

from helpers.measures.rates import add_rates, add_shares, children_living, nearest_year, rates_of


def test_exact_poisson_intervals_are_those_of_the_tables():
    # Garwood's table: 10 events 4.795 to 18.39; none 0 to 3.689.
    table = add_rates(pd.DataFrame({"n": [10, 0], "people": [10_000, 10_000]}), "n", "people")
    assert table[["rate", "low", "high"]].round(3).to_numpy().tolist() == [[10, 4.795, 18.39], [0, 0, 3.689]]


def test_a_rate_without_people_is_missing():
    assert add_rates(pd.DataFrame({"n": [1], "people": [0]}), "n", "people")["rate"].isna().all()


def test_wilson_intervals_are_those_worked_by_hand():
    # 10 of 20: centre 0.5, half width 1.96 sqrt(0.25/20 + 1.96²/1600) / (1 + 1.96²/20) = 0.2007.
    table = add_shares(pd.DataFrame({"n": [10, 0], "of": [20, 20]}))
    assert table["low"].tolist() == pytest.approx([0.2993, 0.0], abs=1e-4)
    assert table["high"].tolist() == pytest.approx([0.7007, 0.1611], abs=1e-4)


def test_a_share_of_nothing_is_missing():
    assert add_shares(pd.DataFrame({"n": [0], "of": [0]}))[["share", "low", "high"]].isna().all(axis=None)


@pytest.fixture
def peopled(make_store):
    people = [
        {"authority": a, "year": y, "age": age, "sex": s, "people": n}
        for a, y, age, s, n in [
            ("501", 2020, 0, "F", 10),
            ("501", 2020, 0, "M", 10),
            ("501", 2020, 17, "F", 30),
            ("501", 2020, 18, "F", 1000),
            ("502", 2020, 3, "M", 50),
            ("501", 2019, 0, "F", 500),
        ]
    ]
    return make_store(
        populations=people,
        authorities=[{"authority": "501", "region": "E1"}, {"authority": "502", "region": "E2"}],
        referrals=[
            {"child_id": c, "referral_date": "2020-07-01", "collection_year": 2021} for c in ("A", "B", "C")
        ],
    )


def test_children_living_are_those_of_the_mid_year_in_the_collection_year(peopled):
    assert children_living(peopled).set_index("year")["people"].to_dict() == {2020: 500, 2021: 100}
    bands = children_living(peopled, ["year", "age_band"]).query("year == 2021").set_index("age_band")
    assert bands["people"].to_dict() == {"1 to 4": 50, "16 and over": 30, "under 1": 20}
    regions = children_living(peopled, ["year", "region"]).query("year == 2021").set_index("region")
    assert regions["people"].to_dict() == {"E1": 50, "E2": 50}


def test_rates_are_over_the_children_who_live_there(peopled):
    events = peopled.referrals.mutate(year=peopled.referrals.collection_year)
    table = rates_of(peopled, events, ["year", "authority"]).set_index("authority")
    assert table["rate"].to_dict() == {"501": 600, "502": 0}
    assert rates_of(peopled, events)["rate"].tolist() == [300]


def test_a_year_past_the_last_estimate_takes_the_nearest(peopled):
    assert rates_of(peopled, peopled.referrals.mutate(year=2024))["people"].tolist() == [100]
    assert nearest_year([2022], [2020, 2024]) == {2022: 2020}
    with pytest.raises(ValueError, match="no populations"):
        nearest_year([2022], [])


def test_rates_need_a_year(peopled):
    with pytest.raises(ValueError, match="year"):
        rates_of(peopled, peopled.referrals, ["authority"])
