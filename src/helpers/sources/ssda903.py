"""Reads the SSDA903 return written as a set of CSV files.

A file is known by its columns, in any order and letter case, not by its name. Everything is read as text, so
that codes never turn into numbers.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd

from helpers.catalogue import TABLES
from helpers.sources.returns import SSDA903, UNREAD_COLUMNS, ReadError, Return
from helpers.sources.values import parse_dates

# Columns of the official file that no canonical table needs, because another table of the return has them.
REPEATED = {
    "Reviews": ["DOB"], "UASC": ["SEX", "DOB"], "OC2": ["DOB"], "OC3": ["DOB"], "AD1": ["DOB"],
    "PlacedAdoption": ["DOB"], "PrevPerm": ["DOB"], "Missing": ["DOB"], "SWEpisodes": ["DOB"],
    "DoLo": ["DOB"], "Header": ["UASC"],
}  # fmt: skip

MODELS = {model.source_table(SSDA903): model for model in TABLES.values() if model.source_table(SSDA903)}
NO_AUTHORITY = "000"
AS_WRITTEN = ["CHILD", "DATE_PERM"]  # all else is a code or a date, for which letter case means nothing
FEWEST_SHARED = 0.6  # share of a table's own columns that a file must have to be taken for it


def official_columns(table: str) -> list[str]:
    """Return the columns of an official table, those first that identify the child."""
    own = list(MODELS[table].source_columns(SSDA903).values())
    return [*own, *REPEATED.get(table, [])]


def read_ssda903_csv(files: list[Path], authority: str | None = None, year: int | None = None) -> Return:
    """Read the CSV files of one SSDA903 return.

    Parameters
    ----------
    files : list of Path
        One or more files; two files of the same table are read one after the other.
    authority : str, optional
        Three-digit code; "000" when not given, since no file says it.
    year : int, optional
        Collection year, by the year it ends in; inferred from the dates when not given.

    Returns
    -------
    Return
        Every table of the SSDA903, see `helpers.sources.returns`. `record` is the line in the file.

    Raises
    ------
    ReadError
        When a file cannot be opened as text, or has the columns of no table of the SSDA903.
    """
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in MODELS}
    unread = []
    for file in files:
        table, rows, pieces = _read_file(Path(file))
        parts[table].append(rows)
        unread += pieces
    tables = {table: _joined(table, found) for table, found in parts.items()}
    return as_return(tables, [Path(f) for f in files], authority, year, unread)


def as_return(
    tables: dict[str, pd.DataFrame],
    files: list[Path],
    authority: str | None,
    year: int | None,
    unread: list[dict],
) -> Return:
    """Return the tables as a return, with the collection year inferred where it was not given."""
    return Return(
        SSDA903, year or infer_year(tables), authority or NO_AUTHORITY, files, tables,
        pd.DataFrame(unread, columns=UNREAD_COLUMNS),
    )  # fmt: skip


def infer_year(tables: dict[str, pd.DataFrame]) -> int:
    """Return the collection year that the episodes point to.

    An episode that ceased did so in the year of the return, so the year of most ends is it; without ends, the
    latest start.

    Raises
    ------
    ReadError
        When no table has a date.
    """
    episodes = tables["Episodes"]
    ended = parse_dates(episodes["DEC"]).dropna()
    dates = ended if len(ended) else parse_dates(episodes["DECOM"]).dropna().nlargest(1)
    if not len(dates):
        found = [parse_dates(rows[c]).dropna() for t, c in LATEST_DATES for rows in [tables[t]]]
        dates = pd.concat(found).nlargest(1)
    if not len(dates):
        raise ReadError(
            "The SSDA903 files hold no date to tell the collection year by: state it with --year."
        )
    years = dates.dt.year + (dates.dt.month >= 4)
    return int(years.mode().iloc[-1])


LATEST_DATES = [
    ("Reviews", "REVIEW"),
    ("Missing", "MIS_START"),
    ("AD1", "DATE_MATCH"),
    ("SWEpisodes", "SW_DECOM"),
]


def recognise_table(columns: list[str], name: str = "") -> str | None:
    """Return the table that columns belong to, or None.

    Parameters
    ----------
    columns : list of str
        Upper-case column names.
    name : str
        Name of the file, to decide between tables that fit alike.
    """
    scores = {}
    for table in MODELS:
        own = set(official_columns(table)) - {"CHILD", "DOB"}
        share = len(own & set(columns)) / len(own)
        if "CHILD" in columns and share >= FEWEST_SHARED:
            alike = table.lower() in name.lower().replace("_", "")
            scores[table] = (len(own & set(columns)), share, alike)
    return max(scores, key=scores.get) if scores else None


def _read_file(file: Path) -> tuple[str, pd.DataFrame, list[dict]]:
    """Return the table a file holds, its rows, and the pieces that could not be made a row."""
    text = _decode(file)
    lines = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        head = next(lines, [])
        columns = [column.strip().upper() for column in head]
        table = recognise_table(columns, file.stem)
        if table is None:
            raise ReadError(
                f"{file.name} has the columns of no table of the SSDA903: check that it is one of them and "
                "that its first line holds the column names."
            )
        rows, numbers, pieces = _rows(lines, columns, file, table)
    except csv.Error as error:
        raise ReadError(
            f"{file.name} is not a CSV file at line {lines.line_num} ({error}): save it again."
        ) from error
    frame = pd.DataFrame(rows, columns=columns, dtype="string")
    frame = frame.loc[:, ~frame.columns.duplicated()]
    pieces += [
        {"file": file.name, "table": table, "record": 1, "reason": why, "text": column}
        for why, column in _odd_columns(columns, table)
    ]
    frame = frame.reindex(columns=official_columns(table)).astype("string")
    frame = frame.apply(lambda column: column.str.strip().replace("", pd.NA))
    codes = frame.columns.difference(AS_WRITTEN)
    frame[codes] = frame[codes].apply(lambda column: column.str.upper())
    return table, frame.assign(file=file.name, record=pd.array(numbers, dtype="Int64")), pieces


def _rows(
    lines: csv.reader, columns: list[str], file: Path, table: str
) -> tuple[list[list[str]], list[int], list[dict]]:
    """Return rows of as many cells as there are columns, their line numbers, and the rows that have more."""
    rows, numbers, pieces = [], [], []
    first = lines.line_num + 1
    for cells in lines:
        at, first = first, lines.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            why = f"{len(cells)} cells where there are {len(columns)} columns"
            piece = {"file": file.name, "table": table, "record": at, "reason": why, "text": ",".join(cells)}
            pieces.append(piece | {"child": cells[columns.index("CHILD")]})
            continue
        rows.append((cells + [""] * len(columns))[: len(columns)])
        numbers.append(at)
    return rows, numbers, pieces


def _odd_columns(columns: list[str], table: str) -> list[tuple[str, str]]:
    """Return what is odd about the columns: extra ones, missing ones, and ones that stand twice."""
    official = official_columns(table)
    optional = REPEATED.get(table, [])
    twice = [c for c, n in Counter(columns).items() if n > 1 and c]
    return [
        *[("extra column, not read", c) for c in dict.fromkeys(columns) if c and c not in official],
        *[("column missing, taken as empty", c) for c in official if c not in columns and c not in optional],
        *[("column stands twice, the first one is read", c) for c in twice],
    ]


def _joined(table: str, found: list[pd.DataFrame]) -> pd.DataFrame:
    if found:
        return pd.concat(found, ignore_index=True)
    empty = pd.DataFrame(columns=[*official_columns(table), "file"], dtype="string")
    return empty.assign(record=pd.array([], dtype="Int64"))


def _decode(file: Path) -> str:
    """Return the text of a file in UTF-8 (with or without mark), UTF-16 or Windows-1252."""
    if not file.is_file():
        raise ReadError(f"There is no file {file.name}: check the name.")
    raw = file.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    if raw[:200].count(0) > len(raw[:200]) // 4:  # UTF-16 without its mark has a zero in every other byte
        return raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be", errors="replace")
    if b"\0" in raw:
        raise ReadError(f"{file.name} is not a text file: export it as CSV.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _dialect(text: str) -> type[csv.Dialect]:
    """Return the separator that the first line uses most: comma, semicolon or tab."""
    head = text.split("\n", 1)[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=head.count)

    return Dialect
