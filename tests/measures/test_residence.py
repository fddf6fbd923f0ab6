import pandas as pd
import pytest

from helpers.measures.ages import add_child
from helpers.measures.residence import children_by_place, rates_by_place, residence_at


@pytest.fixture
def store(make_store):
    place = {"idaci_score": 0.1, "rural": False}
    return make_store(
        children=[{"child_id": "A", "birth_date": "2015-01-01", "ethnicity": "WIRT"}],
        referrals=[
            {"child_id": c, "referral_date": d, "collection_year": 2021}
            for c, d in [("A", "2020-05-31"), ("A", "2020-06-01"), ("B", "2021-01-01"), ("C", "2020-12-01")]
        ],
        addresses=[
            {"child_id": "A", "address_start": "2015-01-01", "address_end": "2020-05-31", "postcode": "X1"},
            {"child_id": "A", "address_start": "2020-06-01", "postcode": "X2"},
            {"child_id": "B", "address_start": "2020-01-01", "postcode": "X1"},
            {"child_id": "B", "address_start": "2020-09-01", "postcode": "X2"},
        ],
        postcodes=[{"postcode": "X1", "neighbourhood": "N1"}, {"postcode": "X2", "neighbourhood": "N2"}],
        neighbourhoods=[
            {"neighbourhood": "N1", "imd_decile": 1, "idaci_decile": 1} | place,
            {"neighbourhood": "N2", "imd_decile": 9, "idaci_decile": 9} | place,
        ],
        neighbourhood_populations=[
            {"neighbourhood": n, "year": y, "ethnicity": e, "children": c}
            for n, y, e, c in [
                ("N1", 2020, "WBRI", 90.0),
                ("N1", 2020, "WIRT", 10.0),
                ("N2", 2020, "WBRI", 200.0),
                ("N1", 2019, "WBRI", 1000.0),
            ]
        ],
    )


def referrals(store):
    return residence_at(store, store.referrals.mutate(year=store.referrals.collection_year), "referral_date")


def test_home_is_where_the_child_lived_on_the_day(store):
    homes = referrals(store).order_by(["child_id", "referral_date"]).execute()
    assert homes["neighbourhood"].fillna("").tolist() == ["N1", "N2", "N2", ""]
    assert len(homes) == 4  # two addresses at once give one home: the later


def test_a_home_postcode_of_the_return_may_be_used(store):
    events = store.referrals.mutate(home=store.referrals.child_id.replace("A", "X1").replace("B", "none"))
    homes = residence_at(store, events, "referral_date", postcode="home").order_by("child_id").execute()
    assert homes["imd_decile"].tolist()[:2] == [1, 1] and homes["imd_decile"].isna().sum() == 2


def test_children_by_place_belong_to_the_collection_year_of_the_estimate(store):
    table = children_by_place(store).set_index(["year", "imd_decile"])["people"]
    assert table.to_dict() == {(2020, 1): 1000, (2021, 1): 100, (2021, 9): 200}


def test_rates_by_decile_spread_those_whose_home_is_not_known(store):
    table = rates_by_place(store, referrals(store)).set_index("imd_decile")
    assert table["n"].to_dict() == {1: 1, 9: 2}
    assert table["unknown"].unique().tolist() == [0.25]
    # A quarter is not known: the rates are by 4/3 higher, so that people x rate adds up to all four.
    assert (table["rate"] * table["people"]).sum() / 1e4 == pytest.approx(4)
    kept = rates_by_place(store, referrals(store), spread_unknown=False)
    assert kept["rate"].tolist() == pytest.approx([100, 100])


def test_years_without_an_estimate_take_the_nearest(store):
    later = store.referrals.mutate(year=2023)
    table = rates_by_place(store, residence_at(store, later, "referral_date"))
    assert table["people"].tolist() == [100, 200]


def test_rates_by_granular_ethnicity(store):
    events = store.referrals.mutate(year=store.referrals.collection_year)
    known = add_child(events, store.children, "referral_date", granular=True)
    table = rates_by_place(store, known, ["ethnicity"]).set_index("ethnicity")
    assert table["n"].to_dict() == {"WBRI": 0, "WIRT": 2}
    assert table["people"].to_dict() == {"WBRI": 290, "WIRT": 10}


def test_no_events_are_refused(store):
    none = store.referrals.filter(store.referrals.child_id == "Z").mutate(year=2021, imd_decile=1)
    with pytest.raises(ValueError, match="no events"):
        rates_by_place(store, none)


def test_granular_codes_are_kept_only_where_they_say_something(make_store):
    rows = [{"child_id": c, "birth_date": "2015-01-01", "ethnicity": c} for c in ("WROM", "REFU", "NOBT")]
    store = make_store(children=rows)
    days = store.children.select("authority", "child_id", day="birth_date")
    table = add_child(days, store.children, "day", granular=True).execute().set_index("child_id")
    assert table["ethnicity"].to_dict() == {"WROM": "WROM", "REFU": "not known", "NOBT": "not known"}
    assert "ethnicity" not in add_child(days, store.children, "day").columns
    assert isinstance(table, pd.DataFrame)
