import ibis
import pandas as pd

from helpers.catalogue.codes import code_list
from helpers.measures.ages import UNKNOWN, add_child, age_at, age_band, collection_year, ethnic_group


def days(*texts):
    return ibis.memtable(pd.DataFrame({"day": pd.to_datetime(list(texts))})).mutate(
        day=lambda t: t.day.cast("date")
    )


def test_the_collection_year_begins_on_the_first_of_april():
    table = days("2024-03-31", "2024-04-01")
    assert collection_year(table.day).execute().tolist() == [2024, 2025]


def test_age_is_in_completed_years_and_leap_day_children_have_their_birthday_in_march():
    table = days("2023-02-28", "2023-03-01", "2000-02-28")
    birth = ibis.date("2004-02-29")
    assert age_at(birth, table.day).execute().tolist() == [18, 19, -5]


def test_age_bands_hold_their_ends():
    ages = ibis.memtable(pd.DataFrame({"age": pd.array([-1, 0, 1, 4, 5, 15, 16, None], dtype="Int64")}))
    expected = ["unborn", "under 1", "1 to 4", "1 to 4", "5 to 9", "10 to 15", "16 and over", UNKNOWN]
    assert ages.select(band=age_band(ages.age)).execute()["band"].tolist() == expected


def test_every_ethnicity_code_has_a_group_except_refused_and_not_obtained():
    codes = ibis.memtable(code_list("ethnicity")[["code"]].astype(object))
    groups = codes.mutate(group=ethnic_group(codes.code)).execute().set_index("code")["group"]
    assert set(groups.index[groups == UNKNOWN]) == {"REFU", "NOBT"}


def test_a_row_without_its_child_stays_with_unknown_characteristics(make_store):
    store = make_store(
        children=[{"child_id": "A", "sex": "F", "birth_date": "2010-05-01", "ethnicity": "BCRB"}],
        referrals=[{"child_id": child, "referral_date": "2022-04-30"} for child in "AB"],
    )
    rows = add_child(store.referrals, store.children, "referral_date").execute().set_index("child_id")
    assert rows.loc["A", ["sex", "age", "age_band", "ethnic_group"]].tolist() == [
        "F",
        11,
        "10 to 15",
        "Black",
    ]
    assert rows.loc["B", ["sex", "age_band", "ethnic_group"]].tolist() == ["U", UNKNOWN, UNKNOWN]
