"""Pages of the book that are drawn from the catalogue: the tables, their code lists, and the data sets."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from helpers import catalogue
from helpers.catalogue import TABLES, Table
from helpers.catalogue.codes import code_list
from helpers.catalogue.datasets import datasets

KINDS = {
    "string": "text",
    "datetime64": "date",
    "boolean": "yes or no",
    "Int64": "whole number",
    "Float64": "number",
}
RETURNS = {"cin": "CIN", "ssda903": "903"}


def data_catalogue() -> str:
    """Return the page on the canonical tables and their code lists, in Markdown."""
    head = (
        "# The canonical tables\n\n"
        "Whatever an official file looks like, it ends up in these tables, and every notebook reads nothing "
        "else. Columns in bold identify the row. A table with no column of the Children in Need Census or of "
        "the SSDA903 is filled from another source, which its text names.\n"
    )
    named = sorted({codes for model in TABLES.values() for codes in model.code_columns().values()})
    codes = (
        "\n## Code lists\n\nYears are collection years, named by the year they end in. Where a list has been "
        "renamed, the column *held as* gives the code that a store holds.\n"
    )
    return head + _contents() + "\n".join(map(_table, TABLES)) + codes + "\n".join(map(_codes, named))


def flagship_datasets() -> str:
    """Return the page on the data sets, in Markdown."""
    known = datasets()
    flagship = known[known["flagship"]]
    head = (
        "# Where the real records are\n\n"
        f"The research agenda of 2025 {{cite}}`agenda2025` names {len(flagship)} flagship data sets. Others "
        f"stand beside them. For {known['confirmed'].sum()} of all {len(known)}, years and place of access "
        "were read on a public page; for the others they are not confirmed. Ask the holder before you plan "
        "on any of this.\n"
    )
    parts = [("The flagship data sets", flagship), ("Beside them", known[~known["flagship"]])]
    sections = [f"\n## {title}\n" + "".join(map(_dataset, rows.to_dict("records"))) for title, rows in parts]
    return head + "".join(sections)


def _contents() -> str:
    """Return the tables by the room of the catalogue that describes them."""
    by_module: dict[str, list[str]] = {}
    for name, model in TABLES.items():
        by_module.setdefault(model.__module__, []).append(f"[{name}](#table-{name})")
    lines = [f"- {_about(module)}: {', '.join(names)}" for module, names in by_module.items()]
    return "\n" + "\n".join(lines) + "\n"


def _about(module: str) -> str:
    described: ModuleType = getattr(catalogue, module.rsplit(".", 1)[1])
    first = " ".join((described.__doc__ or "").split("\n\n")[0].split(":")[0].split()).rstrip(".")
    subject = (
        first.removeprefix("Canonical tables ").removeprefix("of ").removeprefix("on ").removeprefix("the ")
    )
    return subject[0].upper() + subject[1:]


def _table(name: str) -> str:
    model = TABLES[name]
    about = "\n\n".join(" ".join(part.split()) for part in (model.__doc__ or "").split("\n\n"))
    official = any(model.source_columns(collection) for collection in RETURNS)
    head = ["Column", "Meaning", "Kind", *(["In the returns"] if official else [])]
    rows = [_row(model, column, official) for column in model.columns()]
    lines = "\n".join([_cells(head), _cells(["---"] * len(head)), *rows])
    return f"\n(table-{name})=\n## {name}\n\n{about}\n\n{lines}\n"


def _row(model: type[Table], column: str, official: bool) -> str:
    about = model.columns()[column]
    kind = next(words for prefix, words in KINDS.items() if str(about.dtype).startswith(prefix))
    shown = f"**{column}**" if column in model.key_columns() else column
    codes = model.code_columns().get(column)
    meaning = f"{about.description} ([codes](#codes-{codes}))" if codes else about.description
    named = {words: model.source_columns(collection).get(column) for collection, words in RETURNS.items()}
    fields = ", ".join(f"{words} `{name}`" for words, name in named.items() if name)
    return _cells([shown, meaning, kind, *([fields] if official else [])])


def _codes(name: str) -> str:
    rows = "\n".join(map(_code, code_list(name).to_dict("records")))
    head = _cells(["Code", "Label", "From", "To", "Held as"]) + "\n" + _cells(["---"] * 5)
    return f"\n:::{{dropdown}} {name}\n:name: codes-{name}\n\n{head}\n{rows}\n:::\n"


def _cells(values: list[str]) -> str:
    return f"| {' | '.join(values)} |"


def _code(row: dict[str, Any]) -> str:
    held = "" if row["canonical"] == row["code"] else row["canonical"]
    first, last = ("" if pd.isna(row[edge]) else row[edge] for edge in ("valid_from", "valid_to"))
    return _cells([row["code"], row["label"], str(first), str(last), held])


def _dataset(row: dict[str, Any]) -> str:
    lines = {
        "Holder": row["holder"],
        "Country": row["country"],
        "Holds": row["holds"],
        "Years": f"{_years(row['coverage_from'], row['coverage_to'])}. {row['note']}",
        "Where": row["secure_environment"],
        "How to reach it": row["access"],
        "Joined by": "; ".join(row["keys"]),
        "Tables it can fill": ", ".join(f"`{name}`" for name in row["tables"]),
        "What it lacks": row["missing"],
        "Questions it serves": ", ".join(row["questions"]),
        "Checked": "against a public page" if row["confirmed"] else "not confirmed",
        "Sources": "; ".join(map(_source, row["sources"])),
    }
    body = "\n".join(f"| {label} | {text} |" for label, text in lines.items())
    return f"\n### {row['name']}\n\n| Field | What we know |\n|---|---|\n{body}\n"


def _source(source: str) -> str:
    if not source.startswith("https://"):
        return source
    return f"[{source.split('/')[2].removeprefix('www.')}]({source})"


def _years(first: Any, last: Any) -> str:
    if pd.isna(first):
        return "Not one answer"
    return f"{first} to {last}" if pd.notna(last) else f"From {first}"
