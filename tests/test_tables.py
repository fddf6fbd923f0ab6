from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import display, tables

SYNTHETIC, REAL = SimpleNamespace(synthetic=True), SimpleNamespace(synthetic=False)


@pytest.fixture
def shown(monkeypatch):
    """Return the outputs a notebook would get."""
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw=False: outputs.append(data))
    monkeypatch.setattr(tables.shown, "display", lambda data: outputs.append(data))
    return outputs


def frame():
    return pd.DataFrame(
        {
            "year": [2023, 2024],
            "n": pd.array([12345, None], dtype="Int64"),
            "share": [0.1234, None],
            "name": ["<b>", "plain"],
        }
    )


def test_numbers_are_written_for_people(shown):
    tables.show(frame(), "Caption", REAL, {"share": "percent"})
    html = shown[0]["text/html"]
    assert '<td class="num">12,345</td>' in html and '<td class="num">12.3%</td>' in html
    assert '<td class="num">2023</td>' in html and "2,023" not in html
    assert '<td class="num">–</td>' in html


def test_text_from_the_data_cannot_become_markup(shown):
    tables.show(frame(), "A <caption>", REAL)
    html = shown[0]["text/html"]
    assert "&lt;b&gt;" in html and "<b>" not in html and "A &lt;caption&gt;" in html


def test_the_mark_is_on_synthetic_tables_and_on_no_other(shown):
    tables.show(frame(), "Caption", SYNTHETIC)
    tables.show(frame(), "Caption", REAL)
    assert display.MARK in shown[0]["text/html"] and display.MARK not in shown[1]["text/html"]


def test_plain_text_goes_with_it_and_no_colour_is_set(shown):
    tables.show(frame(), "Caption", REAL, note="Suppressed.")
    assert shown[0]["text/plain"].startswith("Caption\n") and "12,345" in shown[0]["text/plain"]
    assert "Suppressed." in shown[0]["text/html"] and "style=" not in shown[0]["text/html"]


def test_the_same_table_gives_the_same_output(shown):
    tables.show(frame(), "Caption", SYNTHETIC)
    tables.show(frame(), "Caption", SYNTHETIC)
    assert shown[0] == shown[1]


def test_words_repeated_down_the_first_column_stand_once_beside_all_of_their_rows(shown):
    children = pd.DataFrame({"sex": ["F", "M", "M"], "age_band": ["1 to 4"] * 3})
    table = tables.table_one(children, ["sex", "age_band"])
    tables.show(table, "Table 1", REAL)
    html = shown[0]["text/html"]
    assert html.count("<td>Sex</td>") == 0 and html.count('<td rowspan="2">Sex</td>') == 1
    assert "<tr><td>Male</td>" in html and "<td>Age</td>" in html
    assert shown[0]["text/plain"].count("Sex") == 2 and table["characteristic"].tolist().count("Sex") == 2


def test_equal_numbers_and_blanks_below_each_other_all_stand(shown):
    tables.show(pd.DataFrame({"n": [1, 1], "who": ["a", "b"]}), "Numbers", REAL)
    tables.show(pd.DataFrame({"outcome": ["", ""], "n": [1, 2]}), "Blanks", REAL)
    assert all("rowspan" not in output["text/html"] for output in shown)


def test_the_rows_of_a_table_that_is_searched_stand_by_themselves(shown):
    tables.search(pd.DataFrame({"topic": ["care", "care"], "n": [1, 2]}), "All", REAL)
    assert shown[0]["text/html"].count("<td>care</td>") == 2


@pytest.mark.parametrize(("value", "text"), [(-1.5, "−1.50"), (-0.001, "0.00"), (0.0, "0.00")])
def test_negative_numbers_have_a_minus_sign(value, text):
    assert display.format_frame(pd.DataFrame({"bias": [value]})).iloc[0, 0] == text


def test_an_interval_is_not_broken_between_lines():
    html = display.table_html(pd.DataFrame({"ratio": ["0.90 (−1.10 to 1.20)", "words (to 2)"]}))
    assert '<td class="est">0.90 (−1.10\u00a0to\u00a01.20)</td>' in html and "<td>words (to 2)</td>" in html


def test_terms_and_headings_are_words(shown):
    tables.show(pd.DataFrame({"term": ["ethnic_group: White"], "bic": [1.0], "df": [2]}), "Terms", REAL)
    html = shown[0]["text/html"]
    assert "<td>Ethnic group: White</td>" in html and ">BIC</th>" in html and ">df</th>" in html


def test_an_index_becomes_leading_columns(shown):
    tables.show(frame().set_index(["year", "name"]), "Caption", REAL, index=True)
    assert '<th scope="col" class="num">Year</th><th scope="col">Name</th>' in shown[0]["text/html"]


def test_a_statement_stands_in_its_box_as_markdown(shown):
    tables.say("**12** children")
    assert shown[0].data == '<div class="csc-say">\n\n**12** children\n\n</div>'


def test_a_cohort_flow_says_how_many_were_dropped():
    flow = tables.cohort_flow([("all", 200), ("with dates", 150), ("cohort", 150)])
    assert flow["dropped"].tolist() == [pd.NA, 50, 0]
    assert flow["share_kept"].tolist() == [1, 0.75, 0.75]


def test_a_cohort_flow_that_grows_is_refused():
    with pytest.raises(ValueError, match="'more'"):
        tables.cohort_flow([("some", 1), ("more", 2)])


def test_table_one_counts_missing_values_as_a_row_of_their_own():
    children = pd.DataFrame({"sex": ["F", "M", "M", None], "age": [1, 2, 3, 4.0], "group": list("xxyy")})
    table = tables.table_one(children, ["sex", "age"], "group", ["age"])
    rows = table.set_index(["characteristic", "value"])
    assert rows.loc[("Sex", "Male"), ["all n", "all %", "x n", "y n"]].tolist() == [2, 0.5, 1, 1]
    assert rows.loc[("Sex", "missing"), ["all n", "x n", "y n"]].tolist() == [1, 0, 1]
    assert rows.loc[("Age", "median (quartiles)"), "all median"] == "2.5 (1.8 to 3.2)"


def test_table_one_keeps_the_order_of_categories():
    bands = pd.Categorical(["5 to 9", "under 1"], ["under 1", "5 to 9"], ordered=True)
    table = tables.table_one(pd.DataFrame({"age": bands}), ["age"])
    assert table["value"].tolist() == ["", "under 1", "5 to 9"]


def test_a_long_table_can_be_searched_without_a_network(shown):
    tables.search(frame(), "All", SYNTHETIC, {"share": "percent"})
    html, text = shown[0]["text/html"], shown[0]["text/plain"]
    assert "oninput=" in html and "<script" not in html and "http" not in html
    assert html.count("<tr>") == 1 + len(frame())
    assert "2 shown" in html and "Synthetic" in html
    assert "12.3%" in text and "All" in text
