"""From sources to book: doit decides what is out of date, papermill and Jupyter Book do the work."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from tqdm import tqdm

from helpers.runner import book, gate
from helpers.runner.execute import execute
from helpers.runner.project import (
    EXECUTED,
    OUTPUTS,
    PACKAGE,
    ROOT,
    STORE,
    NotebookError,
    all_notebooks,
    module_files,
    notebook_dependencies,
)
from helpers.sources.store import read_store

TIMES = OUTPUTS / "times"


def build_book() -> int:
    """Build the store, execute the notebooks and build the book, as far as they are out of date.

    Returns
    -------
    int
        0 when the book stands, 1 when a notebook or the book failed.
    """
    begun = time.monotonic()
    OUTPUTS.mkdir(exist_ok=True)
    tasks = {
        f"task_{name}": task for name, task in [("store", _store), ("notebook", _notebooks), ("book", _book)]
    }
    report = _Report
    report.reset()
    tasks["DOIT_CONFIG"] = {
        "dep_file": str(OUTPUTS / "doit.db"), "reporter": report, "num_process": 2, "par_type": "thread",
        "continue": True, "verbosity": 0, "default_tasks": ["book", "notebook"],
    }  # fmt: skip
    result = DoitMain(ModuleTaskLoader(tasks)).run(["run"])
    report.close()
    _say_what_was_done(report, result, time.monotonic() - begun)
    return 0 if result == 0 else 1


def _store() -> dict[str, Any]:
    """Build the default synthetic store from the code and parameters that make it."""
    sources = [f for f in (PACKAGE / "synth").rglob("*") if f.suffix in {".py", ".yml", ".csv"}]
    code = module_files({"helpers.synth"})
    return {
        "actions": [(_build_store,)],
        "file_dep": sorted({str(f) for f in [*sources, *code]}),
        "targets": [str(STORE / "store.json")],
        "title": lambda task: "synthetic store",
    }


def _build_store() -> None:
    from helpers import synth

    synth.build(STORE, progress=False)


def _notebooks() -> Iterator[dict[str, Any]]:
    """Execute each notebook whose own text, helpers or data have changed."""
    for notebook in all_notebooks():
        yield {
            "name": notebook.stem,
            "actions": [(_execute, [notebook])],
            "file_dep": [str(notebook), str(STORE / "store.json"), *map(str, notebook_dependencies(notebook)),
                         *map(str, book.example_returns())],
            "targets": [str(EXECUTED / notebook.name), str(TIMES / f"{notebook.stem}.json")],
            "title": lambda task: task.name.split(":")[1],
        }  # fmt: skip


def _execute(notebook: Path) -> None:
    output = EXECUTED / notebook.name
    command = [sys.executable, "-m", "helpers.runner.build", str(notebook), str(output)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        raise NotebookError(lines[-1] if lines else f"{notebook.name} could not be run.")


def execute_for_book(notebook: Path, output: Path) -> None:
    """Execute a notebook with its defaults, let it pass the gate, and note the seconds it took."""
    seconds = execute(notebook, output, progress=False)
    gate.refuse_identifiers(output, read_store(STORE))
    TIMES.mkdir(parents=True, exist_ok=True)
    (TIMES / f"{notebook.stem}.json").write_text(json.dumps({"notebook": notebook.stem, "seconds": seconds}))


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


class _Report:
    """Tells of progress: one bar over the tasks that have to run, a line as each is done."""

    desc = "progress bar"
    bar: tqdm | None = None
    done: list[str] = []
    failures: list[str] = []
    begun: dict[str, float] = {}

    def __init__(self, outstream: io.TextIOBase, options: dict[str, Any]) -> None:
        """Take doit's arguments; everything goes to the terminal."""

    @classmethod
    def reset(cls) -> None:
        """Forget an earlier run."""
        cls.done, cls.failures, cls.begun = [], [], {}

    @classmethod
    def close(cls) -> None:
        """Take the bar away."""
        if cls.bar is not None:
            cls.bar.close()
            cls.bar = None

    def initialize(self, tasks: dict[str, Any], selected_tasks: list[str]) -> None:
        """Start the bar."""
        total = sum(1 for task in tasks.values() if task.actions)
        type(self).bar = tqdm(total=total, unit="step", desc="Book", dynamic_ncols=True)

    def execute_task(self, task: Any) -> None:
        """Note when a task starts."""
        self.begun[task.name] = time.monotonic()
        if task.actions:
            self.bar.set_postfix_str(task.title())

    def add_success(self, task: Any) -> None:
        """Say how long it took."""
        if task.actions:
            seconds = time.monotonic() - self.begun[task.name]
            self.done.append(task.name)
            self.bar.write(f"  {task.title()}: {seconds:.0f} s")
            self.bar.update()

    def add_failure(self, task: Any, fail: Any) -> None:
        """Say what failed, in one sentence where the error has one."""
        words = [line for line in str(fail.get_msg()).strip().splitlines() if line.strip()]
        self.failures.append(f"{task.title()}: {words[-1] if words else fail.get_name()}")
        self.bar.update()

    def skip_uptodate(self, task: Any) -> None:
        """Count it."""
        self.bar.update()

    def runtime_error(self, msg: str) -> None:
        """Keep an error of the task graph itself."""
        self.failures.append(msg)

    def get_status(self, task: Any) -> None:
        """Nothing to tell."""

    def skip_ignore(self, task: Any) -> None:
        """Nothing to tell."""

    def cleanup_error(self, exception: Any) -> None:
        """Nothing to tell."""

    def teardown_task(self, task: Any) -> None:
        """Nothing to tell."""

    def complete_run(self) -> None:
        """Nothing to tell."""


def _say_what_was_done(report: type[_Report], result: int, seconds: float) -> None:
    for failure in report.failures:
        print(failure, file=sys.stderr)
    if result != 0:
        print("The book was not built.", file=sys.stderr)
    elif report.done:
        print(f"Done in {seconds:.0f} s. Open {book.INDEX.relative_to(ROOT).as_posix()} in a browser.")
    else:
        print(
            f"Nothing has changed: the book is up to date ({seconds:.0f} s). "
            f"Open {book.INDEX.relative_to(ROOT).as_posix()} in a browser."
        )


if __name__ == "__main__":
    try:
        execute_for_book(Path(sys.argv[1]), Path(sys.argv[2]))
    except NotebookError as error:
        sys.exit(str(error))
