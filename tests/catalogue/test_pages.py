import re

from helpers.catalogue import TABLES, pages
from helpers.catalogue.codes import code_list
from helpers.catalogue.datasets import datasets


def headings(text, level=2):
    return re.findall(rf"^{'#' * level} (.+)$", text, re.M)


def test_every_table_has_a_section():
    assert headings(pages.data_catalogue()) == [*TABLES, "Code lists"]


def test_headings_do_not_jump():
    for text in (pages.data_catalogue(), pages.flagship_datasets()):
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.M)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def section_of(name):
    return pages.data_catalogue().split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_every_column_has_a_row_as_wide_as_the_head():
    for name, model in TABLES.items():
        head, *rows = [line for line in section_of(name).splitlines() if line.startswith("| ")]
        assert len(rows) == len(model.columns()) + 1
        assert {row.count(" | ") for row in rows} == {head.count(" | ")}, name


def test_key_columns_are_bold_and_official_names_shown():
    model = TABLES["referrals"]
    assert all(f"| **{column}** |" in section_of("referrals") for column in model.key_columns())
    assert all(f"CIN `{name}`" in section_of("referrals") for name in model.source_columns("cin").values())
    assert "CIN `Sex`, 903 `SEX`" in section_of("children")


def test_only_tables_of_the_returns_have_a_column_for_them():
    assert "In the returns" in section_of("care_episodes")
    assert "In the returns" not in section_of("offences")


def test_every_column_with_codes_links_to_its_list():
    text = pages.data_catalogue()
    assert set(re.findall(r"\(#codes-(\w+)\)", text)) == set(re.findall(r":name: codes-(\w+)", text))


def test_every_code_list_a_table_names_is_shown_with_its_years():
    text = pages.data_catalogue()
    named = {codes for model in TABLES.values() for codes in model.code_columns().values()}
    assert set(re.findall(r":::\{dropdown\} (\w+)", text)) == named
    sexes = text.split(":::{dropdown} sex\n")[1].split(":::")[0]
    assert "| 1 | Male |  | 2024 | M |" in sexes
    head_and_rule = 2
    assert sexes.count("\n| ") == len(code_list("sex")) + head_and_rule


def test_every_table_is_named_in_the_contents_and_can_be_reached():
    contents = pages.data_catalogue().split("\n## ")[0]
    assert re.findall(r"\[(\w+)\]\(#", contents) == list(TABLES)


def test_the_page_on_data_sets_shows_them_all_and_says_what_is_not_confirmed():
    text = pages.flagship_datasets()
    assert headings(text, 3) == datasets()["name"].tolist()
    assert text.count("| Checked | not confirmed |") == (~datasets()["confirmed"]).sum()
    assert "<NA>" not in text
    assert "None" not in text
