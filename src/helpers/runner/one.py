"""Executes one notebook for the book: `python -m helpers.runner.one notebooks/31_....ipynb`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from helpers.data import open_store
from helpers.runner import gate
from helpers.runner.execute import data_of, execute
from helpers.runner.project import EXECUTED, TIMES, NotebookError


def execute_for_book(notebook: Path) -> None:
    """Execute a notebook with its defaults, let it pass the gate, and note seconds and data.

    Raises
    ------
    NotebookError
        When a cell fails, or the gate refuses what the notebook shows.
    """
    output = EXECUTED / notebook.name
    seconds = execute(notebook, output, progress=False)
    store = open_store(data_of(notebook), progress=False)
    gate.pass_or_remove(output, store)
    TIMES.mkdir(parents=True, exist_ok=True)
    about = {"notebook": notebook.stem, "seconds": seconds, "fingerprint": store.fingerprint}
    (TIMES / f"{notebook.stem}.json").write_text(json.dumps(about))


if __name__ == "__main__":
    try:
        execute_for_book(Path(sys.argv[1]))
    except NotebookError as error:
        sys.exit(str(error))
