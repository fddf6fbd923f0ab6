"""Where things stand in the project, and what a notebook depends on."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import grimp
import nbformat

import helpers

PACKAGE = Path(helpers.__file__).resolve().parent
ROOT = PACKAGE.parents[1]
NOTEBOOKS = ROOT / "notebooks"
OUTPUTS = ROOT / "outputs"
EXECUTED = OUTPUTS / "notebooks"
STORE = ROOT / "data_synthetic" / "store"

DATA_FILES = {".csv", ".yml", ".html"}

# What a synthetic store holds is told by its fingerprint, so a notebook need not know how it was made.
BEHIND_THE_STORE = "helpers.synth"


class NotebookError(Exception):
    """A notebook can't be found, run or published; the message is one clear sentence."""


def all_notebooks(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the numbered notebooks, in order."""
    return sorted(path for path in folder.glob("[0-9][0-9]_*.ipynb"))


def find_notebook(name: str, folder: Path = NOTEBOOKS) -> Path:
    """Return a notebook by its number ("41"), its name or its path.

    Raises
    ------
    NotebookError
        When there is none.
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path.resolve()
    found = [nb for nb in all_notebooks(folder) if nb.name.startswith(f"{name}_") or nb.stem == path.stem]
    if not found:
        known = ", ".join(nb.stem for nb in all_notebooks(folder))
        raise NotebookError(f"There is no notebook {name!r}: name one of {known}, or give a path.")
    return found[0]


def notebook_dependencies(notebook: Path) -> list[Path]:
    """Return the files of the package that a notebook's code rests on, directly or not.

    Parameters
    ----------
    notebook : Path

    Returns
    -------
    list of Path
        Modules of `helpers` that it imports and those they import, with the data files beside them.
    """
    return module_files(_imported_modules(notebook))


def module_files(modules: set[str]) -> list[Path]:
    """Return the source files of modules and of all they import, and the data files of their packages."""
    graph = import_graph()
    needed = set(modules) & graph.modules
    for module in list(needed):
        needed |= graph.find_upstream_modules(module)
    kept = {m for m in needed if not m.startswith(BEHIND_THE_STORE)} | (set(modules) & graph.modules)
    sources = {_module_path(module) for module in kept}
    folders = {
        source.parent for source in sources if source.name == "__init__.py" and source.parent != PACKAGE
    }
    data = {file for folder in folders for file in folder.rglob("*") if file.suffix in DATA_FILES}
    return sorted(sources | data)


@cache
def import_graph() -> grimp.ImportGraph:
    """Return which module of `helpers` imports which."""
    return grimp.build_graph("helpers", cache_dir=None)


def _module_path(module: str) -> Path:
    path = PACKAGE.parent / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported_modules(notebook: Path) -> set[str]:
    """Return the modules of `helpers` that the code cells import."""
    found: set[str] = set()
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(_plain_python(cell.source))):
                found |= _names(node)
    return found


def _plain_python(source: str) -> str:
    """Leave out what only IPython understands."""
    return re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names if alias.name.split(".")[0] == "helpers"}
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
        return {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return set()
