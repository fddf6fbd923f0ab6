"""The store: one Parquet file a canonical table, opened as Ibis tables on DuckDB or another engine."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet

from helpers.catalogue import TABLES

INFO = "store.json"


class StoreError(Exception):
    """A store, or a file meant for one, cannot be used; the message is one clear sentence."""


@dataclass(frozen=True)
class Store:
    """An open store. ``store.referrals`` is the Ibis table of referrals; a table without rows is empty."""

    path: Path
    connection: Any
    info: dict[str, Any]

    def __getattr__(self, name: str) -> ibis.Table:
        """Return a canonical table."""
        if name not in TABLES:
            raise AttributeError(
                f"There is no canonical table called {name!r}; there are: {', '.join(TABLES)}."
            )
        return self.connection.table(name)

    @property
    def synthetic(self) -> bool:
        """Whether the store holds made-up children."""
        return bool(self.info["synthetic"])

    @property
    def fingerprint(self) -> str:
        """First twelve characters of the checksum over all tables."""
        return self.info["fingerprint"][:12]


def write_store(
    tables: dict[str, pd.DataFrame], path: str | Path, info: dict[str, Any], keep_rest: bool = False
) -> Path:
    """Write canonical tables as a store, whole or not at all.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables by name; names that the catalogue does not know are refused.
    path : str or Path
        Folder of the store. An older store there is replaced, anything else is refused.
    info : dict
        What to note beside the tables; must hold "synthetic" (bool).
    keep_rest : bool
        Whether what else the older store holds, tables not named here and other files, stays in it.

    Raises
    ------
    StoreError
        When `path` holds something that is not a store.
    """
    with store_being_built(path, info) as building:
        for name, frame in tables.items():
            write_table(name, frame, building)
        if keep_rest and Path(path).exists():
            _copy_rest(Path(path), building)
    return Path(path)


@contextmanager
def store_being_built(path: str | Path, info: dict[str, Any]) -> Iterator[Path]:
    """Give a folder to write a store's tables in; it takes the place of `path` when all has gone well.

    Raises
    ------
    StoreError
        When `path` holds something that is not a store.
    """
    path = Path(path)
    recover(path)
    if path.is_file() or (path.exists() and any(path.iterdir()) and not is_store(path)):
        raise StoreError(f"{path} exists and is not a store: name a new or empty folder.")
    building = path.with_name(path.name + ".tmp")
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir(parents=True)
        yield building
        _write_info(building, info)
        _replace(building, path)
    except BaseException:  # also when interrupted: no half store stays behind, nor children's records in it
        shutil.rmtree(building, ignore_errors=True)
        raise


def recover(path: str | Path) -> None:
    """Bring back the store that was being replaced when the machine stopped between the two renames."""
    path = Path(path)
    if not path.exists() and _old(path).exists():
        _old(path).rename(path)


def write_table(name: str, frame: pd.DataFrame, folder: Path) -> None:
    """Write one canonical table, checked against its model, as `folder`/`name`.parquet."""
    _write(name, TABLES[name].conform(frame), folder / f"{name}.parquet")


def write_part(name: str, frame: pd.DataFrame, folder: Path, number: int) -> None:
    """Write one part of a canonical table as `folder`/`name`.parquet/part-<number>.parquet.

    For parts that a program made: types and keys are checked as they are written, nothing is coerced.
    """
    parts = folder / f"{name}.parquet"
    parts.mkdir(exist_ok=True)
    frame = frame.reindex(columns=TABLES[name].arrow_schema().names)
    frame = frame.assign(**{column: None for column in frame if frame[column].isna().all()})
    _write(name, frame, parts / f"part-{number:05d}.parquet")


def _write(name: str, frame: pd.DataFrame, file: Path) -> None:
    table = arrow.Table.from_pandas(frame, schema=_schema_held(name, frame), preserve_index=False)
    table = table.replace_schema_metadata(None)
    empty = [key for key in TABLES[name].key_columns() if table[key].null_count]
    if empty:
        raise StoreError(f"Rows of {name} have no {', '.join(empty)}, which every row must have.")
    parquet.write_table(table, file, compression="zstd", store_schema=False)


def _schema_held(name: str, frame: pd.DataFrame) -> arrow.Schema:
    """Return the table's Arrow types, but text as categories where the frame holds it so.

    It is written faster, and in the file both are the same text.
    """
    categories = arrow.dictionary(arrow.int32(), arrow.string())
    schema = TABLES[name].arrow_schema()
    held = [isinstance(frame[field.name].dtype, pd.CategoricalDtype) for field in schema]
    return arrow.schema([f.with_type(categories) if c else f for f, c in zip(schema, held, strict=True)])


def is_store(path: str | Path) -> bool:
    """Return whether the folder holds a store."""
    return (Path(path) / INFO).is_file()


def read_store(path: str | Path, engine: str = "duckdb", part: int | None = None) -> Store:
    """Open a store that is there.

    Parameters
    ----------
    path : str or Path
        Folder of the store.
    engine : {"duckdb", "spark"}
        What runs the queries.
    part : int, optional
        Only this part of the tables that were written in parts: a smaller store of the same kind.

    Raises
    ------
    StoreError
        When there is no store, or the engine is not known or not installed.
    """
    path = Path(path)
    recover(path)
    if not is_store(path):
        raise StoreError(f"{path} is not a store: make one with `compendium synth` or `compendium import`.")
    info = json.loads((path / INFO).read_text())
    connection = connect(engine)
    for name, model in TABLES.items():
        file = path / f"{name}.parquet"
        if file.exists():
            wanted = "*.parquet" if part is None else f"part-{part:05d}.parquet"
            parts = file / wanted if file.is_dir() else file
            connection.read_parquet(str(parts), table_name=name)
        else:
            connection.create_view(name, ibis.memtable(model.arrow_schema().empty_table()))
    return Store(path, connection, info)


def connect(engine: str) -> Any:
    """Return an Ibis connection of the engine named."""
    if engine == "duckdb":
        return ibis.duckdb.connect()
    if engine == "spark":
        return _connect_spark()
    raise StoreError(f"Engine {engine!r} is not known: use 'duckdb' or 'spark'.")


def _connect_spark() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise StoreError("The Spark engine needs Java 17 and pip install pyspark==4.3.0.") from error
    session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    return ibis.pyspark.connect(session)


def _write_info(folder: Path, info: dict[str, Any]) -> None:
    sums: dict[str, str] = {}
    rows: dict[str, int] = {}
    for table in sorted(folder.glob("*.parquet")):
        parts = sorted(table.glob("*.parquet")) if table.is_dir() else [table]
        sums[table.stem] = _checksum(parts)
        rows[table.stem] = sum(parquet.read_metadata(part).num_rows for part in parts)
    whole = hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
    text = json.dumps({**info, "fingerprint": whole, "rows": rows, "checksums": sums}, indent=2)
    (folder / INFO).write_text(text)


def _checksum(parts: list[Path]) -> str:
    sums = hashlib.sha256()
    for part in parts:
        with part.open("rb") as stream:
            sums.update(hashlib.file_digest(stream, "sha256").digest())
    return sums.hexdigest()


def _copy_rest(old: Path, building: Path) -> None:
    for item in old.iterdir():
        if item.name != INFO and not (building / item.name).exists():
            (shutil.copytree if item.is_dir() else shutil.copy2)(item, building / item.name)


def _old(path: Path) -> Path:
    return path.with_name(path.name + ".old.tmp")


def _replace(building: Path, path: Path) -> None:
    """Put the finished folder in place of the old one; the old one stays until then."""
    shutil.rmtree(_old(path), ignore_errors=True)
    if path.exists():
        path.rename(_old(path))
    try:
        building.rename(path)
    except BaseException:
        recover(path)
        raise
    shutil.rmtree(_old(path), ignore_errors=True)
