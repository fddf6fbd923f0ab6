"""Executes one notebook with papermill, and cleans what is committed or published."""

from __future__ import annotations

import ast
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

from helpers.data import shown
from helpers.runner.project import OUTPUTS, ROOT, NotebookError

IMAGE = re.compile(r'src="data:image/[^"]*"')
CSV = re.compile(r'href="data:text/csv[^"]*"')
IGNORED = "nbval-ignore-output"


def parse_parameters(pairs: Iterable[str]) -> dict[str, str]:
    """Return parameters given as name=value, the values still as they were typed.

    Raises
    ------
    NotebookError
        When a pair has no "=".
    """
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NotebookError(f"Parameter {pair!r} is not of the form name=value, e.g. -p from_year=2020.")
        parameters[name.strip()] = value.strip()
    return parameters


def default_parameters(notebook: Path) -> dict[str, Any]:
    """Return the parameters of a notebook with their defaults; None where a default is not a plain value."""
    known = papermill.inspect_notebook(str(notebook))
    return {name: _literal(about["default"]) for name, about in known.items()}


def data_of(notebook: Path, parameters: Mapping[str, Any] | None = None) -> str:
    """Return what the notebook will open: its parameter `data`, as given or by default."""
    return str({**default_parameters(notebook), **(parameters or {})}.get("data") or "")


def conform_parameters(notebook: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check names and types against the notebook's parameters cell.

    Text is kept where the notebook has text (authority 501 stays "501"); elsewhere a value is read as YAML,
    so that 10 is a number and true a truth.

    Raises
    ------
    NotebookError
        When the notebook has no such parameter (papermill alone would only warn), or the value is of another
        kind than the default.
    """
    defaults = default_parameters(notebook)
    for name in parameters:
        if name not in defaults:
            names = ", ".join(defaults)
            raise NotebookError(f"{notebook.name} has no parameter {name!r}; it has: {names}.")
    return {name: _conformed(name, value, defaults[name]) for name, value in parameters.items()}


def _conformed(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, str):
        return str(value)
    try:
        value = yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise NotebookError(f"The value of parameter {name} can't be read: {value!r}.") from error
    kinds = (int, float) if isinstance(default, float) else type(default)
    if default is not None and not isinstance(value, kinds):
        raise NotebookError(f"Parameter {name} is {value!r}: give a value like its default, {default!r}.")
    return value


def _literal(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return None


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
            f"{notebook.name} stopped in cell [{error.exec_count}] with {error.ename}: {error.evalue} "
            f"(see the executed copy, {shown(output)})."
        ) from error
    return time.monotonic() - begun


def refresh(notebook: Path) -> float:
    """Execute a notebook and write back the outputs that are committed; return the seconds it took."""
    executed = OUTPUTS / "refresh" / notebook.name
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
    for cell, done in zip(result.cells, cells, strict=True):
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
        if cell.cell_type == "code":
            keep = IGNORED not in (tags or [])
            cell.outputs = [o for o in map(_clean, done.outputs) if o] if keep else []
            cell.execution_count = None
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
