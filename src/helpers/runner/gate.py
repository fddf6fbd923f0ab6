"""The publishing gate: no identifier of a store may stand in what a notebook shows."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from helpers.runner.execute import strip_data
from helpers.runner.project import NotebookError
from helpers.sources.store import Store

# Where a person can be told from: table -> columns.
IDENTIFIERS = {
    "children": ["child_id", "upn", "former_upn"],
    "care_episodes": ["home_postcode", "placement_postcode"],
    "social_worker_episodes": ["worker_id"],
}
SHORTEST = 5  # a shorter run of characters is as likely a count or a code as an identifier

DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")  # its digits are not those of an identifier
WORD = re.compile(r"[A-Z0-9]+")
COMPOUND = re.compile(r"[A-Z0-9]+(?:[-/_.][A-Z0-9]+)+")
POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z0-9]?) ?(\d[A-Z]{2})\b")


def identifiers(store: Store) -> set[str]:
    """Return the store's identifiers long enough to be told from a count, in capitals, without spaces."""
    found: set[str] = set()
    for table, columns in IDENTIFIERS.items():
        for column in columns:
            values = getattr(store, table).select(column).distinct().to_pandas()[column].dropna()
            found |= set(values.str.upper().str.replace(" ", ""))
    return {value for value in found if len(value) >= SHORTEST}


def refuse_identifiers(notebook: Path, known: set[str]) -> None:
    """Raise when an executed notebook shows an identifier; the message names the cell, never the identifier.

    Raises
    ------
    NotebookError
    """
    for cell in nbformat.read(notebook, as_version=4).cells:
        if any(_words(text) & known for text in _texts(cell)):
            raise NotebookError(
                f"{notebook.name} shows an identifier of a child, a worker or an address in cell "
                f"[{cell.execution_count}]: it is not published. Show counts instead of records there, and "
                "run it again."
            )


def pass_or_remove(notebook: Path, store: Store) -> None:
    """Let an executed notebook stand when it shows no identifier of the store; else remove it and raise.

    Raises
    ------
    NotebookError
    """
    try:
        refuse_identifiers(notebook, identifiers(store))
    except NotebookError:
        notebook.unlink()
        raise


def _words(text: str) -> set[str]:
    """Return what in a text could be an identifier: words, words joined by hyphens and such, postcodes."""
    text = DECIMAL.sub(" ", text.upper())
    return {*WORD.findall(text), *COMPOUND.findall(text), *map("".join, POSTCODE.findall(text))}


def _texts(cell: nbformat.NotebookNode) -> list[str]:
    texts = []
    for output in cell.get("outputs", []):
        texts.append(output.get("text", ""))
        texts += [strip_data(t) for kind, t in output.get("data", {}).items() if kind.startswith("text/")]
        texts += output.get("traceback", [])
    return texts
