"""Where a notebook begins: ``store = open_store(data)``, whatever `data` names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import helpers
from helpers.sources.store import Store, StoreError, is_store, read_store


def open_store(data: str | Path = "", engine: str = "duckdb", progress: bool = True) -> Store:
    """Open a store, making it first where need be.

    Parameters
    ----------
    data : str or Path
        "" for the default synthetic store, built on first use; the folder of a store; or official returns
        (a file, or a folder of files), which are imported into outputs/stores the first time they are seen.
        A relative path is looked for from the working directory, then from the project's folder.
    engine : {"duckdb", "spark"}
        What runs the queries.
    progress : bool
        Whether to say, and show, that a store is being made. Opening one that is there says nothing.

    Raises
    ------
    StoreError
        When `data` names nothing that can be opened.
    """
    if str(data) == "":
        return read_store(_default_store(progress), engine)
    path = _find(data)
    return read_store(path if is_store(path) else _imported_store(path, progress), engine)


def project_root() -> Path:
    """Return the project's folder: around the package when that is editable, else the working one."""
    home = Path(helpers.__file__).resolve().parents[2]
    return home if (home / "pyproject.toml").is_file() else Path.cwd()


def shown(path: str | Path) -> str:
    """Return a path as it may stand in a notebook: from the project's folder, or the bare name outside it."""
    path = Path(path).resolve()
    root = project_root()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _find(data: str | Path) -> Path:
    path = Path(data).expanduser()
    candidates = [path, project_root() / path]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    if found is None:
        raise StoreError(
            f"There is no file or folder called {Path(data).as_posix()!r}: give a store, a folder of "
            "official returns, or leave `data` empty for the synthetic data."
        )
    return found.resolve()


def _default_store(progress: bool) -> Path:
    store = project_root() / "data_synthetic" / "store"
    if not is_store(store):
        from helpers import synth  # only when needed: a secure environment never builds it

        if progress:
            print(f"Building the synthetic data in {shown(store)}; this happens once.")
        synth.build(store, progress=progress)
    return store


def _imported_store(path: Path, progress: bool) -> Path:
    """Import official files, unless the very same files were imported before."""
    files = _files(path)
    if not files:
        raise StoreError(f"{shown(path)} holds no files: put the official returns there or name a store.")
    store = project_root() / "outputs" / "stores" / f"{path.stem}-{_checksum(path, files)}"
    if not is_store(store):
        from helpers.sources.importing import import_returns

        if progress:
            print(f"Importing {shown(path)} into {shown(store)}; this happens once for these files.")
        store.parent.mkdir(parents=True, exist_ok=True)
        import_returns([path], store, progress=progress)
    return store


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    inside = (file for file in path.rglob("*") if file.is_file())
    return sorted(f for f in inside if not any(p.startswith(".") for p in f.relative_to(path).parts))


def _checksum(path: Path, files: list[Path]) -> str:
    """Return a checksum over names and contents, and over the version that reads them."""
    digest = hashlib.sha256(helpers.__version__.encode())
    for file in files:
        digest.update(file.relative_to(path.parent).as_posix().encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]
