"""Pages of the book that are drawn from the catalogue."""

from __future__ import annotations

from helpers.catalogue import TABLES, Table

KINDS = {
    "string": "text",
    "datetime64": "date",
    "boolean": "yes or no",
    "Int64": "whole number",
    "Float64": "number",
}


def data_catalogue() -> str:
    """Return the page on the canonical tables, in Markdown."""
    head = (
        "# The canonical tables\n\n"
        "Whatever an official file looks like, it ends up in these tables, and notebooks read nothing else. "
        "Columns in bold identify the row.\n"
    )
    return head + "\n".join(_section(name, model) for name, model in TABLES.items())


def _section(name: str, model: type[Table]) -> str:
    about = " ".join((model.__doc__ or "").split())
    rows = [_row(model, column) for column in model.columns()]
    head = ["| Column | Kind | Meaning | Code list | CIN Census | SSDA903 |", "|---|---|---|---|---|---|"]
    lines = "\n".join([*head, *rows])
    return f"\n## {name}\n\n{about}\n\n{lines}\n"


def _row(model: type[Table], column: str) -> str:
    about = model.columns()[column]
    kind = next(words for prefix, words in KINDS.items() if str(about.dtype).startswith(prefix))
    shown = f"**{column}**" if column in model.key_columns() else column
    official = [model.source_columns(collection).get(column, "") for collection in ("cin", "ssda903")]
    codes = model.code_columns().get(column, "")
    return f"| {shown} | {kind} | {about.description or ''} | {codes} | {' | '.join(official)} |"
