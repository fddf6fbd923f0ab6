"""What a person starts by hand: run a notebook on other data, open JupyterLab, begin a new notebook."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from helpers.data import open_store
from helpers.runner import gate
from helpers.runner.execute import conform_parameters, execute, parse_parameters
from helpers.runner.project import NOTEBOOKS, ROOT, NotebookError, find_notebook
from helpers.sources.store import StoreError

FIRST_FREE = 51  # 00-49 have their fixed meaning, see the README


def run_and_publish(names: list[str], pairs: list[str], out: Path) -> int:
    """Run notebooks and write each as a notebook and as one self-contained page.

    A result that shows an identifier of the data is removed again.

    Raises
    ------
    NotebookError
        When a name or parameter is not known, a cell fails, or the gate refuses.
    """
    parameters = parse_parameters(pairs)
    notebooks = [find_notebook(name) for name in names]
    for notebook in notebooks:
        conform_parameters(notebook, parameters)
    store = _store(parameters)
    for notebook in notebooks:
        output = out / notebook.name
        seconds = execute(notebook, output, parameters)
        try:
            gate.refuse_identifiers(output, store)
        except NotebookError:
            output.unlink()
            raise
        print(f"{notebook.stem}: {seconds:.0f} s, see {write_page(output)}")
    return 0


def write_page(notebook: Path) -> Path:
    """Write an executed notebook as one HTML page, code folded away; return the page."""
    exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.mathjax_url = ""  # no request leaves the page
    exporter.require_js_url = ""
    body, _ = exporter.from_filename(str(notebook))
    style = files("helpers").joinpath("templates/page.css").read_text(encoding="utf-8")
    page = notebook.with_suffix(".html")
    page.write_text(body.replace("</head>", f"<style>{style}</style></head>", 1), encoding="utf-8")
    return page


def open_lab() -> int:
    """Open JupyterLab at the first notebook."""
    first = min(NOTEBOOKS.glob("00_*.ipynb"), default=NOTEBOOKS)
    return subprocess.run([sys.executable, "-m", "jupyter", "lab", str(first)], cwd=ROOT).returncode


def new_notebook(title: str, number: int | None = None, folder: Path = NOTEBOOKS) -> Path:
    """Write a new notebook from the template.

    Parameters
    ----------
    title : str
    number : int, optional
        Two digits; the next free one from 51 when not given.

    Raises
    ------
    NotebookError
        When the number is taken or not of two digits.
    """
    taken = {int(path.name[:2]) for path in folder.glob("[0-9][0-9]_*.ipynb")}
    if number is None:
        number = next(n for n in range(FIRST_FREE, 100) if n not in taken)
    if not 0 <= number <= 99 or number in taken:
        raise NotebookError(f"Number {number} is taken or not of two digits: choose another with --number.")
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    template = nbformat.reads(
        files("helpers").joinpath("templates/notebook.ipynb").read_text(encoding="utf-8"), as_version=4
    )
    template.cells[0].source = template.cells[0].source.replace("NUMBER · TITLE", f"{number:02d} · {title}")
    path = folder / f"{number:02d}_{name}.ipynb"
    nbformat.write(template, path)
    return path


def _store(parameters: dict[str, object]) -> object:
    try:
        return open_store(parameters.get("data", ""))
    except StoreError as error:
        raise NotebookError(str(error)) from error
