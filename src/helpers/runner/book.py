"""Assembles the pages of the book in one folder and has Jupyter Book build them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import nbformat
import pandas as pd

from helpers import agenda
from helpers.catalogue import pages
from helpers.runner import evidence
from helpers.runner.project import (
    EXECUTED,
    NOTEBOOKS,
    OUTPUTS,
    PACKAGE,
    ROOT,
    STORE,
    NotebookError,
    all_notebooks,
)

SOURCE = OUTPUTS / "source"
BUILT = OUTPUTS / "book"
INDEX = BUILT / "_build" / "html" / "index.html"
BOOK = ROOT / "book"
RETURNS = ROOT / "data_synthetic" / "returns"


def page_sources() -> list[Path]:
    """Return every file beside the executed notebooks that the book is made of."""
    pages_here = [file for file in BOOK.rglob("*") if file.is_file()]
    generators = [PACKAGE / "agenda.py", PACKAGE / "agenda.yml", Path(__file__), *_catalogue_files()]
    generators += [Path(evidence.__file__), *evidence.files()]
    return sorted([ROOT / "_config.yml", *pages_here, *generators])


def example_returns() -> list[Path]:
    """Return the committed official files, which some notebooks read."""
    return sorted(file for file in RETURNS.rglob("*") if file.is_file())


def build() -> None:
    """Build the book from the executed notebooks, with warnings as errors.

    Raises
    ------
    NotebookError
        With what Jupyter Book complained of.
    """
    assemble()
    shutil.rmtree(BUILT, ignore_errors=True)  # what an earlier build remembers may be out of date
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(SOURCE),
        "--config", str(SOURCE / "_config.yml"), "--toc", str(SOURCE / "_toc.yml"),
        "--path-output", str(BUILT), "-W", "--keep-going", "-q",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode or not INDEX.is_file():
        log = OUTPUTS / "book.log"
        log.write_text(result.stdout + result.stderr)
        complaints = [
            line
            for line in (result.stdout + result.stderr).splitlines()
            if "WARNING" in line or "ERROR" in line
        ]
        first = complaints[0].strip() if complaints else "see the log"
        raise NotebookError(
            f"Jupyter Book stopped: {first} (all of it in {log.relative_to(ROOT).as_posix()})"
        )


def assemble() -> None:
    """Put pages, executed notebooks and generated pages in one folder."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(BOOK, SOURCE)
    shutil.copy(ROOT / "_config.yml", SOURCE)
    (SOURCE / "notebooks").mkdir()
    for notebook in all_notebooks():
        nbformat.write(fold_code(EXECUTED / notebook.name), SOURCE / "notebooks" / notebook.name)
    (SOURCE / "agenda.md").write_text(agenda.page(NOTEBOOKS), encoding="utf-8")
    (SOURCE / "data_catalogue.md").write_text(pages.data_catalogue(), encoding="utf-8")
    (SOURCE / "flagship_datasets.md").write_text(pages.flagship_datasets(), encoding="utf-8")
    (SOURCE / "how_right_how_fast.md").write_text(evidence.page(), encoding="utf-8")
    (SOURCE / "run_times.md").write_text(run_times(), encoding="utf-8")


def fold_code(executed: Path) -> nbformat.NotebookNode:
    """Return an executed notebook whose code a reader unfolds; the parameters stay in sight."""
    notebook = nbformat.read(executed, as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code":  # progress is for whoever runs it
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        if cell.cell_type == "code" and "parameters" not in tags:
            cell.metadata["tags"] = [*tags, "hide-input"]
    return notebook


def run_times() -> str:
    """Return the page of run times and versions, in Markdown."""
    times = [json.loads((OUTPUTS / "times" / f"{nb.stem}.json").read_text()) for nb in all_notebooks()]
    table = pd.DataFrame(times).rename(columns={"notebook": "Notebook", "seconds": "Seconds"}).round(1)
    info = json.loads((STORE / "store.json").read_text())
    names = sorted({d.metadata["Name"].lower(): d.version for d in distributions()}.items())
    versions = pd.DataFrame(names, columns=["Package", "Version"])
    return (
        "# Run times and versions\n\n"
        "How long each notebook took when this book was built, on which data, with which packages.\n\n"
        f"{table.to_markdown(index=False)}\n\n"
        f"**Data**: the synthetic country, fingerprint `{info['fingerprint'][:12]}`.\n\n"
        f"**Python** {sys.version.split()[0]}\n\n"
        ":::{dropdown} Every installed package\n"
        f"{versions.to_markdown(index=False)}\n:::\n"
    )


def _catalogue_files() -> list[Path]:
    return [f for f in (PACKAGE / "catalogue").rglob("*") if f.suffix in {".py", ".yml", ".csv"}]
