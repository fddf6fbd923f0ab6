"""Assembles the pages of the book in one folder and has Jupyter Book build them."""

from __future__ import annotations

import copy
import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import nbformat
import pandas as pd

from helpers import agenda
from helpers.catalogue import pages
from helpers.data import shown
from helpers.provenance import commit
from helpers.runner.project import (
    EXECUTED,
    NOTEBOOKS,
    OUTPUTS,
    PACKAGE,
    ROOT,
    TIMES,
    NotebookError,
    all_notebooks,
)

SOURCE = OUTPUTS / "source"
BUILT = OUTPUTS / "book"
INDEX = BUILT / "_build" / "html" / "index.html"
BOOK = ROOT / "book"


def page_sources() -> list[Path]:
    """Return every file beside the executed notebooks that the book is made of."""
    pages_here = [file for file in BOOK.rglob("*") if file.is_file()]
    generators = [PACKAGE / "agenda.py", PACKAGE / "agenda.yml", Path(__file__), *_catalogue_files()]
    return sorted([ROOT / "_config.yml", ROOT / "requirements.txt", *pages_here, *generators])


def build() -> None:
    """Build the book from the executed notebooks, with warnings as errors.

    Raises
    ------
    NotebookError
        With what Jupyter Book complained of.
    """
    assemble()
    shutil.rmtree(BUILT, ignore_errors=True)
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(SOURCE),
        "--config", str(SOURCE / "_config.yml"), "--toc", str(SOURCE / "_toc.yml"),
        "--path-output", str(BUILT), "-W", "--keep-going", "-q",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, cwd=SOURCE)
    said = result.stdout + result.stderr
    if result.returncode or not INDEX.is_file():
        log = OUTPUTS / "book.log"
        log.write_text(said, encoding="utf-8")
        complaints = [line.strip() for line in said.splitlines() if "WARNING" in line or "ERROR" in line]
        first = complaints[0] if complaints else "it wrote no page"
        raise NotebookError(f"Jupyter Book stopped: {first} (all of it in {shown(log)}).")


def assemble() -> None:
    """Put pages, executed notebooks and generated pages in one folder."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(BOOK, SOURCE)
    shutil.copy(ROOT / "_config.yml", SOURCE)
    (SOURCE / "notebooks").mkdir()
    for notebook in all_notebooks():
        executed = nbformat.read(EXECUTED / notebook.name, as_version=4)
        nbformat.write(for_readers(executed), SOURCE / "notebooks" / notebook.name)
    generated = {
        "agenda": agenda.page(NOTEBOOKS),
        "data_catalogue": pages.data_catalogue(),
        "flagship_datasets": pages.flagship_datasets(),
        "run_times": run_times(),
    }
    for name, text in generated.items():
        (SOURCE / f"{name}.md").write_text(text, encoding="utf-8")


def for_readers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an executed notebook as the book shows it: code folded away, one click from view."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and "parameters" not in tags:
            cell.metadata["tags"] = sorted(tags | {"hide-input"})
    return notebook


def run_times() -> str:
    """Return the page of run times and versions, in Markdown."""
    times = [json.loads((TIMES / f"{notebook.stem}.json").read_text()) for notebook in all_notebooks()]
    table = pd.DataFrame(
        {
            "Notebook": [f"[{t['notebook']}](notebooks/{t['notebook']}.ipynb)" for t in times],
            "Seconds": [round(t["seconds"], 1) for t in times],
            "Data fingerprint": [f"`{t['fingerprint']}`" for t in times],
        }
    )
    names = sorted({d.metadata["Name"].lower(): d.version for d in distributions()}.items())
    versions = pd.DataFrame(names, columns=["Package", "Version"])
    return (
        "# Run times and versions\n\n"
        "How long each notebook took when this book was built, on which data, with which packages. "
        f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} processors, two "
        f"notebooks at a time; commit {commit()}.\n\n{table.to_markdown(index=False)}\n\n"
        ":::{dropdown} Every installed package\n"
        f"{versions.to_markdown(index=False)}\n:::\n"
    )


def _catalogue_files() -> list[Path]:
    return [f for f in (PACKAGE / "catalogue").rglob("*") if f.suffix in {".py", ".yml", ".csv"}]
