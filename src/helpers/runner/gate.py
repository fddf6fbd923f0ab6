"""The publishing gate: no identifier of a store may stand in what a notebook shows."""

from __future__ import annotations

import re
from pathlib import Path

import ibis
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
    "domestic_abuse_incidents": ["victim_id", "perpetrator_id"],
    "addresses": ["postcode"],
    "person_links": ["record_id", "person_id", "upn", "nhs_number", "postcode"],
    "linked_people": ["number"],
}
TOKEN = re.compile(r"[A-Za-z0-9]+(?: \d[A-Za-z]{2}\b)?")
SHORTEST = 5  # a shorter run of characters is as likely a count or a code as an identifier


def identifiers(store: Store, words: set[str]) -> set[str]:
    """Return those of some words that are identifiers in the store, and long enough to be told from a count.

    The store looks the words up: the identifiers of a whole country would not fit in memory beside it.
    """
    asked = sorted(word for word in words if len(word) >= SHORTEST)
    found: set[str] = set()
    if asked:
        wanted = ibis.memtable({"word": asked})
        for table, columns in IDENTIFIERS.items():
            held = getattr(store, table)
            for column in columns:
                known = held.select(word=held[column].strip())
                found |= set(wanted.semi_join(known, "word").to_pyarrow()["word"].to_pylist())
    return found


def refuse_identifiers(notebook: Path, store: Store) -> None:
    """Raise when an executed notebook shows an identifier; the message names the cell, never the identifier.

    Raises
    ------
    NotebookError
    """
    cells = [
        {token for text in _texts(cell) for token in _tokens(text)}
        for cell in nbformat.read(notebook, as_version=4).cells
    ]
    known = identifiers(store, set().union(*cells))
    for number, tokens in enumerate(cells, start=1):
        if tokens & known:
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
