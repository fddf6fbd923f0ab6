import re

from helpers.catalogue import TABLES, pages


def test_every_table_has_a_section():
    text = pages.data_catalogue()
    assert re.findall(r"^## (.+)$", text, re.M) == list(TABLES)


def test_headings_do_not_jump():
    levels = [len(marks) for marks in re.findall(r"^(#+) ", pages.data_catalogue(), re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_column_has_a_row_of_six_cells():
    for name, model in TABLES.items():
        section = pages.data_catalogue().split(f"\n## {name}\n")[1].split("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert len(rows) == len(model.columns())
        assert all(len(row.strip("|").split(" | ")) == 6 for row in rows), name


def test_key_columns_are_bold_and_official_names_shown():
    referrals = pages.data_catalogue().split("\n## referrals\n")[1].split("\n## ")[0]
    model = TABLES["referrals"]
    assert all(f"| **{column}** |" in referrals for column in model.key_columns())
    assert all(f"| {official} |" in referrals for official in model.source_columns("cin").values())
