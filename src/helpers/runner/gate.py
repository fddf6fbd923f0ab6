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
    "pupils": ["pupil_id"],
    "patients": ["patient_id"],
    "justice_people": ["person_id"],
    "case_people": ["person_id"],
    "household_members": ["person_id", "household_id"],
    "addresses": ["postcode"],
    "person_links": ["record_id", "person_id", "upn", "nhs_number", "postcode"],
    "linked_people": ["number"],
}
TOKEN = re.compile(r"[A-Za-z0-9]+(?: \d[A-Za-z]{2}\b)?")
SHORTEST = 5  # a shorter run of characters is as likely a count or a code as an identifier


def identifiers(store: Store) -> set[str]:
    """Return every identifier in the store that is long enough to be told from a number."""
    found: set[str] = set()
    for table, columns in IDENTIFIERS.items():
        for column in columns:
            values = getattr(store, table).select(column).distinct().to_pandas()[column].dropna()
            found |= {value for value in values.str.strip() if len(value) >= SHORTEST}
    return found


def refuse_identifiers(notebook: Path, known: set[str]) -> None:
    """Raise when an executed notebook shows an identifier; the message names the cell, never the identifier.

    Raises
    ------
    NotebookError
    """
    for number, cell in enumerate(nbformat.read(notebook, as_version=4).cells, start=1):
        if any(_tokens(text) & known for text in _texts(cell)):
            raise NotebookError(
                f"{notebook.name} shows an identifier of a person or an address in cell {number}: "
                "it is not published. Show counts instead of records there, and run it again."
            )


def _tokens(text: str) -> set[str]:
    whole = set(TOKEN.findall(text))
    return whole | {part for token in whole for part in token.split(" ")}


def _texts(cell: nbformat.NotebookNode) -> list[str]:
    texts = []
    for output in cell.get("outputs", []):
        texts.append(output.get("text", ""))
        texts += [strip_data(t) for kind, t in output.get("data", {}).items() if kind.startswith("text/")]
        texts += output.get("traceback", [])
    return texts
