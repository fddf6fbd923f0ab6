import ibis
import pandas as pd
import pytest

from helpers.measures.covariates import NO_ADDRESS, with_assessment, with_covariates, with_deprivation


def home(start, end, postcode, child="A"):
    return {"child_id": child, "address_start": start, "address_end": end, "postcode": postcode}


@pytest.fixture
def store(make_store):
    area = {"idaci_score": 0.2, "idaci_decile": 3, "rural": False}
    return make_store(
        children=[
            {"child_id": "A", "birth_date": "2015-06-01", "sex": "F", "ethnicity": "BCRB"},
            {"child_id": "B", "birth_date": "2015-06-01"},
        ],
        authorities=[{"authority": "501", "region": "E12000001"}],
        addresses=[home("2015-06-01", "2020-12-31", "AB1"), home("2021-01-01", None, "CD2")],
        postcodes=[{"postcode": p, "neighbourhood": n} for p, n in (("AB1", "L1"), ("CD2", "L2"))],
        neighbourhoods=[
            {"neighbourhood": "L1", "imd_decile": 10, **area},
            {"neighbourhood": "L2", "imd_decile": 2, **area},
        ],
    )


def spells(days, child="A", **more):
    frame = pd.DataFrame({"authority": "501", "child_id": child, "day": pd.to_datetime(days).date, **more})
    return ibis.memtable(frame)


def test_deprivation_is_that_of_the_home_on_the_day(store):
    found = with_deprivation(spells(["2020-12-31", "2021-01-01", "2014-01-01"]), store, "day")
    rows = found.order_by("day").execute()
    assert rows["imd_quintile"].tolist() == [NO_ADDRESS, "least deprived fifth", "most deprived fifth"]
    assert rows["imd_decile"].fillna(0).tolist() == [0, 10, 2]


def test_two_addresses_on_one_day_do_not_double_a_spell(make_store):
    store = make_store(
        addresses=[home("2015-01-01", None, "AB1"), home("2016-01-01", None, "CD2")],
        postcodes=[{"postcode": p, "neighbourhood": p} for p in ("AB1", "CD2")],
        neighbourhoods=[
            {"neighbourhood": p, "imd_decile": d, "idaci_decile": d} for p, d in (("AB1", 1), ("CD2", 5))
        ],
    )
    rows = with_deprivation(spells(["2020-01-01"]), store, "day").execute()
    assert rows["imd_decile"].tolist() == [5]


def test_all_covariates_stand_beside_the_spell(store):
    row = with_covariates(spells(["2021-06-01"], number=[3]), store, "day").execute().iloc[0]
    names = ["number", "sex", "age", "age_band", "ethnic_group", "region", "imd_decile", "imd_quintile"]
    expected = [3, "F", 6, "5 to 9", "Black", "E12000001", 2, "most deprived fifth"]
    assert row[names].tolist() == expected
    unknown = with_covariates(spells(["2021-06-01"], "B"), store, "day").execute().iloc[0]
    assert unknown[["ethnic_group", "imd_quintile"]].tolist() == ["not known", NO_ADDRESS]


@pytest.fixture
def assessments():
    rows = [("2020-01-01", "2020-01-02", "first"), ("2020-01-01", "2020-03-01", "second"),
            ("2021-01-01", "2021-01-02", "third")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["referral_date", "assessment_start", "category"])
    for name in ("referral_date", "assessment_start"):
        frame[name] = pd.to_datetime(frame[name]).dt.date
    return ibis.memtable(frame.assign(authority="501", child_id="A"))


def test_the_last_assessment_of_the_referral_before_the_day_counts(assessments):
    closed = spells(["2020-02-01", "2020-06-01"], referral_date=pd.to_datetime(["2020-01-01"] * 2).date)
    found = with_assessment(closed, assessments, "day").order_by("day").execute()
    assert found["category"].tolist() == ["first", "second"]


def test_without_a_referral_the_last_assessment_of_the_child_counts(assessments):
    found = with_assessment(spells(["2019-01-01", "2022-01-01"]), assessments, "day").order_by("day")
    category = found.execute()["category"]
    assert category.isna().tolist() == [True, False]
    assert category[1] == "third"
