"""From sources to book: doit decides what is out of date, papermill and Jupyter Book do the work."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain

from helpers.runner import book
from helpers.runner.progress import Progress
from helpers.runner.project import (
    EXECUTED,
    OUTPUTS,
    PACKAGE,
    ROOT,
    STORE,
    TIMES,
    NotebookError,
    all_notebooks,
    module_files,
    notebook_dependencies,
)

AT_A_TIME = 2


def build_book() -> int:
    """Build the store, execute the notebooks and build the book, as far as they are out of date.

    Returns
    -------
    int
        0 when the book stands, 1 when a notebook or the book failed.
    """
    begun = time.monotonic()
    result, done = _bring_up_to_date("Book", ["book", "notebook"])
    seconds = time.monotonic() - begun
    where = f"Open {book.INDEX.relative_to(ROOT).as_posix()} in a browser."
    if result:
        print("The book was not built.", file=sys.stderr)
    elif done:
        print(f"Done in {seconds:.0f} s. {where}")
    else:
        print(f"Nothing has changed: the book is up to date ({seconds:.0f} s). {where}")
    return result


def build_store() -> int:
    """Build the default synthetic store where it is out of date; return 0 when it stands, else 1."""
    return _bring_up_to_date("Data", ["store"])[0]


def _bring_up_to_date(label: str, tasks: list[str]) -> tuple[int, list[str]]:
    """Run the tasks that are out of date; return 0 or 1, and the names of those that ran."""
    OUTPUTS.mkdir(exist_ok=True)
    progress = Progress(label)
    definitions = {
        "task_store": _store, "task_notebook": _notebooks, "task_book": _book,
        "DOIT_CONFIG": {
            "dep_file": str(OUTPUTS / "doit.json"), "backend": "json", "reporter": progress, "continue": True,
            "num_process": AT_A_TIME, "par_type": "thread", "verbosity": 0, "default_tasks": tasks,
        },
    }  # fmt: skip
    result = DoitMain(ModuleTaskLoader(definitions)).run(["run"])
    progress.close()
    return int(result != 0), progress.done


def _store() -> dict[str, Any]:
    """Build the default synthetic store from the code and parameters that make it."""
    sources = [f for f in (PACKAGE / "synth").rglob("*") if f.suffix in {".py", ".yml", ".csv"}]
    code = module_files({"helpers.synth"})
    return {
        "actions": [(_build_store,)],
        "file_dep": sorted({str(f) for f in [*sources, *code]}),
        "targets": [str(STORE / "store.json")],
        "title": lambda task: "synthetic data",
    }


def _build_store() -> None:
    from helpers import synth

    synth.build(STORE, progress=False)


def _notebooks() -> Iterator[dict[str, Any]]:
    """Execute each notebook whose own text, helpers or data have changed."""
    for notebook in all_notebooks():
        dependencies = [notebook, STORE / "store.json", *notebook_dependencies(notebook)]
        yield {
            "name": notebook.stem,
            "actions": [(_execute, [notebook])],
            "file_dep": [str(file) for file in dependencies],
            "targets": [str(EXECUTED / notebook.name), str(TIMES / f"{notebook.stem}.json")],
            "title": lambda task: task.name.split(":")[1],
        }


def _execute(notebook: Path) -> None:
    """Execute a notebook in a process of its own."""
    command = [sys.executable, "-m", "helpers.runner.one", str(notebook)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        raise NotebookError(lines[-1] if lines else f"{notebook.name} could not be run.")


def _book() -> dict[str, Any]:
    """Build the pages when an executed notebook, a page or the style has changed."""
    executed = [str(EXECUTED / notebook.name) for notebook in all_notebooks()]
    pages = [str(file) for file in book.page_sources()]
    return {
        "actions": [(book.build,)],
        "file_dep": [*executed, *pages],
        "targets": [str(book.INDEX)],
        "title": lambda task: "book",
    }
