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
TIMES = OUTPUTS / "times"
STORE = ROOT / "data_synthetic" / "store"
RETURNS = ROOT / "data_synthetic" / "returns"

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
    """Return the files that a notebook rests on, directly or not, apart from itself and the store.

    Parameters
    ----------
    notebook : Path

    Returns
    -------
    list of Path
        Modules of `helpers` that it imports and those they import, with the data files beside them; the
        example returns where it names their folder.
    """
    files = module_files(_imported_modules(notebook))
    if RETURNS.relative_to(ROOT).as_posix() in notebook.read_text(encoding="utf-8"):
        files += sorted(file for file in RETURNS.rglob("*") if file.is_file())
    return files


def module_files(modules: set[str]) -> list[Path]:
    """Return the source files of modules and of all they import, and the data files of their packages."""
    graph = import_graph()
    asked = set(modules) & graph.modules
    needed = asked.union(*(graph.find_upstream_modules(module) for module in asked))
    kept = asked | {module for module in needed if not module.startswith(BEHIND_THE_STORE)}
    sources = {_module_path(module) for module in kept | _packages_around(kept)}
    folders = {source.parent for source in sources} - {PACKAGE}
    beside = {source.with_suffix(suffix) for source in sources for suffix in DATA_FILES}
    data = {file for folder in folders for file in folder.rglob("*") if file.suffix in DATA_FILES}
    return sorted(sources | data | {file for file in beside if file.is_file()})


@cache
def import_graph() -> grimp.ImportGraph:
    """Return which module of `helpers` imports which."""
    return grimp.build_graph("helpers", cache_dir=None)


def _packages_around(modules: set[str]) -> set[str]:
    """Return the packages that Python runs on the way to each module."""
    parts = [module.split(".") for module in modules]
    return {".".join(names[:i]) for names in parts for i in range(1, len(names))}


def _module_path(module: str) -> Path:
    path = PACKAGE.parent / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported_modules(notebook: Path) -> set[str]:
    """Return the modules of `helpers` that the code cells import."""
    found: set[str] = set()
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(_parsed(cell.source)):
                found |= _names(node)
    return found


def _parsed(source: str) -> ast.AST:
    """Return a cell's syntax tree without the lines that only IPython understands."""
    try:
        return ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE))
    except SyntaxError:  # the run will say so, with the cell
        return ast.Module([], [])


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names if alias.name.split(".")[0] == "helpers"}
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
        return {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return set()
