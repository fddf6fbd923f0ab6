import ibis
import pandas as pd

from helpers.measures.groups import add_up, groups

ROWS = pd.DataFrame(
    {"year": [2, 1, 2], "place": ["a", "a", "b"], "late": [True, False, False], "times": [3, 0, 1]}
)


def test_groups_come_in_order_with_their_values():
    found = [(names, len(part)) for names, part in groups(ROWS, ["year"])]
    assert found == [({"year": 1}, 1), ({"year": 2}, 2)]


def test_without_columns_there_is_one_nameless_group():
    [(names, part)] = groups(ROWS, [])
    assert names == {} and part.equals(ROWS)


def test_a_category_that_does_not_occur_is_no_group():
    frame = ROWS.assign(place=pd.Categorical(ROWS["place"], ["a", "b", "c"]))
    assert [names["place"] for names, _ in groups(frame, ["place"])] == ["a", "b"]


def test_yes_and_no_and_numbers_add_up_within_groups():
    table = add_up(ibis.memtable(ROWS), ["times", "late"], ["year"])
    assert table.to_numpy().tolist() == [
        [1, "late", 0, 1],
        [2, "late", 1, 2],
        [1, "times", 0, 1],
        [2, "times", 4, 2],
    ]


def test_without_rows_the_whole_adds_up_to_nothing():
    table = add_up(ibis.memtable(ROWS).filter(ibis._.year > 5), ["times"], [])
    assert table.to_numpy().tolist() == [["times", 0, 0]]
