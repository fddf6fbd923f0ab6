import pytest

from helpers.measures.quality import AT_DATE, DATE_ORDER, code_use, completeness, implausible, without_child


@pytest.fixture
def store(make_store):
    def row(child, start, end, source, year):
        names = ["child_id", "referral_date", "closure_date", "referral_source", "collection_year"]
        return dict(zip(names, [child, start, end, source, year], strict=True))

    return make_store(
        referrals=[
            row("A", "2021-05-01", "2021-04-01", "1A", 2022),  # closed before it was made
            row("A", "2021-06-01", "2022-06-01", None, 2022),  # closed after the year of the return
            row("B", "2021-07-01", None, "5D", 2022),  # 5D is valid from 2023
            row("C", "2022-07-01", None, "5D", 2023),
        ],
        children=[
            {"child_id": "A", "birth_date": "1990-01-01", "collection_year": 2022},
            {"child_id": "B", "birth_date": "2022-01-01", "collection_year": 2022},
        ],
    )


def test_completeness_counts_filled_fields_by_year(store):
    table = completeness(store, "referrals", ["referral_source"])
    assert table[["collection_year", "n", "of"]].to_numpy().tolist() == [[2022, 2, 3], [2023, 1, 1]]


def test_completeness_covers_every_field_that_is_no_key(store):
    fields = set(completeness(store, "referrals", by=())["field"])
    assert {"closure_date", "primary_need"} <= fields
    assert not fields & {"authority", "child_id", "referral_date", "collection_year"}


def test_a_code_is_valid_by_its_collection_year(store):
    table = code_use(store, "referrals", "referral_source").set_index(["collection_year", "code"])
    assert not table.loc[(2022, "5D"), "valid"]
    assert table.loc[(2023, "5D"), "valid"] and table.loc[(2022, "1A"), "valid"]


def test_what_cannot_be_is_counted_where_it_can_be_tested(store):
    table = implausible(store, ["referrals"]).set_index("check")[["n", "of"]]
    assert table.loc["before referral date"].tolist() == [1, 2]
    assert table.loc["after the collection year"].tolist() == [1, 2]
    assert table.loc["child older than 25"].tolist() == [2, 3]
    assert table.loc["long before the child's birth"].tolist() == [0, 3]


def test_every_table_with_checks_can_be_checked_on_an_empty_store(make_store):
    assert set(AT_DATE) <= set(DATE_ORDER)
    assert implausible(make_store(referrals=[])).empty


def test_rows_without_their_child_are_counted(store):
    assert without_child(store, "referrals") == 1
