"""How a canonical table is described: a pandera model whose columns know where they come from.

A column is declared with one of four helpers (`key`, `field`, `code`) and a type (`Text`, `Date`, `Flag`,
`Whole`, `Number`). The keyword arguments `cin` and `ssda903` name the column in the official file, so that
the readers need no second mapping.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pandera.typing import Series

pd.options.mode.string_storage = "pyarrow"  # a third of the memory of Python strings

Text = Series[pd.StringDtype]
Date = Series[pa.DateTime]
Flag = Series[pd.BooleanDtype]
Whole = Series[pd.Int64Dtype]
Number = Series[pd.Float64Dtype]

# Every canonical table by name, filled as the classes are declared.
TABLES: dict[str, type[Table]] = {}

ARROW = {
    "string": arrow.string(),
    "datetime64": arrow.date32(),
    "boolean": arrow.bool_(),
    "Int64": arrow.int64(),
    "Float64": arrow.float64(),
}


def field(description: str = "", **sources: str) -> Any:
    """Describe a column that may be empty; `sources` names it in the official files."""
    return pa.Field(nullable=True, description=description, metadata={"sources": sources})


def key(description: str = "", **sources: str) -> Any:
    """Describe a column that identifies the row and is never empty."""
    return pa.Field(nullable=False, description=description, metadata={"key": True, "sources": sources})


def code(codes: str, description: str = "", **sources: str) -> Any:
    """Describe a column whose values stand in the code list `codes` (see `helpers.catalogue.codes`)."""
    return pa.Field(nullable=True, description=description, metadata={"codes": codes, "sources": sources})


def key_code(codes: str, description: str = "", **sources: str) -> Any:
    """Describe a column that identifies the row and takes its values from a code list."""
    metadata = {"key": True, "codes": codes, "sources": sources}
    return pa.Field(nullable=False, description=description, metadata=metadata)


class Table(pa.DataFrameModel):
    """Base of all canonical tables: strict, coercing, one row per key.

    ``class Referrals(Table, cin="CINdetails")`` says that the official CIN Census holds these rows in its
    module CINdetails. The table's name is the class name in snake case.
    """

    def __init_subclass__(cls, **sources: str) -> None:
        """Register the table under its name."""
        super().__init_subclass__()
        cls.__sources__ = sources
        TABLES[cls.table_name()] = cls

    class Config:
        strict = True
        coerce = True
        ordered = True

    @classmethod
    def table_name(cls) -> str:
        """Return the name of the table in a store, e.g. "care_episodes"."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def source_table(cls, collection: str) -> str | None:
        """Return the name of the table in the official files of `collection`, if it is there."""
        return cls.__sources__.get(collection)

    @classmethod
    def columns(cls) -> dict[str, pa.Column]:
        """Return the pandera columns by name, in order."""
        return cls.to_schema().columns

    @classmethod
    def key_columns(cls) -> list[str]:
        """Return the names of the columns that identify a row."""
        return [name for name, col in cls.columns().items() if (col.metadata or {}).get("key")]

    @classmethod
    def code_columns(cls) -> dict[str, str]:
        """Return column name -> name of its code list."""
        return {n: c.metadata["codes"] for n, c in cls.columns().items() if "codes" in (c.metadata or {})}

    @classmethod
    def source_columns(cls, collection: str) -> dict[str, str]:
        """Return canonical column -> column of the official file of `collection` ("cin" or "ssda903")."""
        named = {n: (c.metadata or {}).get("sources", {}) for n, c in cls.columns().items()}
        return {name: sources[collection] for name, sources in named.items() if collection in sources}

    @classmethod
    def arrow_schema(cls) -> arrow.Schema:
        """Return the Parquet schema: dates as DATE, whole numbers as 64 bit, text as UTF-8."""
        return arrow.schema([(name, _arrow_type(col.dtype)) for name, col in cls.columns().items()])

    @classmethod
    def empty(cls) -> pd.DataFrame:
        """Return a table without rows, with the right columns and types."""
        return cls.conform(pd.DataFrame({name: [] for name in cls.columns()}))

    @classmethod
    def conform(cls, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly this table's columns and types; columns it lacks are left empty.

        Raises
        ------
        pandera.errors.SchemaErrors
            When a key is empty or a value does not fit its type.
        """
        frame = frame.reindex(columns=list(cls.columns()))
        return cls.validate(frame.reset_index(drop=True), lazy=True)


def _arrow_type(dtype: Any) -> arrow.DataType:
    name = str(dtype)
    return next(kind for prefix, kind in ARROW.items() if name.startswith(prefix))
