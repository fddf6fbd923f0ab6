"""Executes one notebook with papermill, and cleans what is committed or published."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
import yaml
from papermill.exceptions import PapermillExecutionError

from helpers.runner.project import ROOT, NotebookError

IMAGE = re.compile(r'src="data:image/[^"]*"')
CSV = re.compile(r'href="data:text/csv[^"]*"')
IGNORED = "nbval-ignore-output"


def parse_parameters(pairs: Iterable[str]) -> dict[str, Any]:
    """Return parameters given as name=value; values are read as YAML, so 10 is a number and true a truth.

    Raises
    ------
    NotebookError
        When a pair has no "=".
    """
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NotebookError(f"Parameter {pair!r} is not of the form name=value, e.g. -p from_year=2020.")
        parameters[name.strip()] = yaml.safe_load(value) if value.strip() else ""
    return parameters


def conform_parameters(notebook: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check names against the notebook's parameters cell, and keep text where the notebook has text ("501").

    Raises
    ------
    NotebookError
        When the notebook has no such parameter (papermill alone would only warn).
    """
    known = papermill.inspect_notebook(str(notebook))
    for name in parameters:
        if name not in known:
            names = ", ".join(known)
            raise NotebookError(f"{notebook.name} has no parameter {name!r}; it has: {names}.")
    is_text = {name: str(about["default"])[:1] in "'\"" for name, about in known.items()}
    return {name: str(value) if is_text[name] else value for name, value in parameters.items()}


def execute(
    notebook: Path, output: Path, parameters: Mapping[str, Any] | None = None, progress: bool = True
) -> float:
    """Execute a notebook; return the seconds it took.

    Parameters
    ----------
    notebook, output : Path
        What to run and where the executed copy goes. It is kept also when a cell fails.
    parameters : mapping, optional
        Values for the cell tagged "parameters".
    progress : bool
        Whether to show a bar, cell by cell.

    Raises
    ------
    NotebookError
        When a cell fails: which notebook, which cell, and the error's own words.
    """
    values = conform_parameters(notebook, parameters or {})
    output.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        papermill.execute_notebook(
            str(notebook), str(output), parameters=values, cwd=str(ROOT), kernel_name="python3",
            progress_bar={"desc": notebook.stem} if progress else False, log_output=False,
        )  # fmt: skip
    except PapermillExecutionError as error:
        raise NotebookError(
            f"{notebook.name} stopped in cell {error.cell_index} with {error.ename}: {error.evalue} "
            f"(see the executed copy, {_shown(output)})."
        ) from error
    return time.monotonic() - begun


def refresh(notebook: Path) -> float:
    """Execute a notebook and write back the outputs that are committed; return the seconds it took."""
    executed = ROOT / "outputs" / "refresh" / notebook.name
    seconds = execute(notebook, executed)
    source = nbformat.read(notebook, as_version=4)
    done = nbformat.read(executed, as_version=4)
    nbformat.write(committed(source, done), notebook)
    return seconds


def committed(source: nbformat.NotebookNode, executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook with text and table outputs, without images, run dates or counters.

    Papermill adds a cell where parameters were given; outputs are matched to the source's own cells in order.
    """
    result = copy.deepcopy(source)
    cells = [cell for cell in executed.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    number = 0
    for cell, done in zip(result.cells, cells, strict=True):
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
        if cell.cell_type == "code":
            keep = IGNORED not in (tags or [])
            cell.outputs = [o for o in map(_clean, done.outputs) if o] if keep else []
            number += 1
            cell.execution_count = number  # as run from the top: nbval takes a cell without for one never run
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    result.metadata = nbformat.from_dict(
        {k: v for k, v in source.metadata.items() if k == "compendium"}
        | {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    return result


def _clean(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Return an output as it is committed; progress on standard error is left out."""
    if output.output_type == "stream" and output.name == "stderr":
        return None
    output = copy.deepcopy(output)
    if "data" in output:
        output.data = {k: v for k, v in output.data.items() if not k.startswith("image/")}
        if "text/html" in output.data:
            output.data["text/html"] = strip_data(output.data["text/html"])
        if "execution_count" in output:
            output.execution_count = None
    output.pop("metadata", None)
    if output.output_type in ("display_data", "execute_result"):
        output.metadata = {}
    return output


def strip_data(html: str) -> str:
    """Return HTML whose embedded images and files are replaced by a fixed word."""
    return CSV.sub('href="data:text/csv,"', IMAGE.sub('src="figure"', html))


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
