"""Which files make which return.

A CIN Census is one XML file (root Message), an SSDA903 either one XML file (root EXPSSDA903) or the CSV files
of one folder. A folder may hold several returns, and folders of them.

The SSDA903 does not say whose it is. Its authority and year are taken from what the user states, else from
names: nearest first, of the XML file, its folder, and the folders above it, up to the one that holds the
folder given. Three digits that stand alone are an authority, 2024 or 2023-24 (also 2023_24, 2023-2024) a
collection year, as in ``501/ssda903_2024/`` or ``ssda903/501_2023-24/``. Else the authority is "000" and the
year is the one its dates point to.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from helpers.catalogue import TABLES
from helpers.sources.cin import read_cin
from helpers.sources.returns import CIN, SSDA903, ReadError, Return
from helpers.sources.ssda903 import read_ssda903_csv
from helpers.sources.ssda903_xml import read_ssda903_xml

SYNTHETIC_MARK = "SYNTHETIC"  # a file of this name marks what lies beside and below it as made-up
NO_AUTHORITY = "000"
ROOTS = {"Message": CIN, "EXPSSDA903": SSDA903}

AUTHORITY = re.compile(r"(?<![0-9A-Za-z])(?!903)\d{3}(?![0-9A-Za-z])")  # 903 is the return, not a place
YEARS = re.compile(r"(?<!\d)(20\d\d)(?:[-_](?:20)?(\d\d))?(?!\d)")


@dataclass
class Source:
    """Files that make one return, not yet read. A notice says what had to be assumed."""

    collection: str
    files: list[Path]
    authority: str | None = None
    year: int | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def is_xml(self) -> bool:
        """Whether the return is one XML file."""
        return _is_xml(self.files[0])

    @property
    def label(self) -> str:
        """Name for people: the file, or the folder and how many files of it."""
        if self.is_xml:
            return self.files[0].name
        return f"CSV files in {self.files[0].parent.resolve().name}"

    @property
    def synthetic(self) -> bool:
        """Whether the files are marked as made-up."""
        return any((folder / SYNTHETIC_MARK).is_file() for folder in self.files[0].resolve().parents)

    def read(self) -> Return:
        """Read the files.

        Raises
        ------
        ReadError
            When they cannot be read as a return.
        """
        try:
            if self.collection == CIN:
                return read_cin(self.files[0])
            if self.is_xml:
                return read_ssda903_xml(self.files[0], self.authority, self.year)
            return read_ssda903_csv(self.files, self.authority, self.year)
        except OSError as error:
            raise ReadError(_sentence(self.files[0], error)) from error


@dataclass
class Found:
    """What lies at the paths given: returns, files that are none, and files that cannot be read as one."""

    sources: list[Source] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)


def find_returns(
    paths: str | Path | Iterable[str | Path], authority: str | None = None, year: int | None = None
) -> Found:
    """Find the returns in files and folders.

    Parameters
    ----------
    paths : path or iterable of paths
        Files or folders; folders are searched through, hidden files left out.
    authority, year : str, int, optional
        Whose and of which collection year (named by the year it ends in) the SSDA903 returns are.

    Returns
    -------
    Found
        A path that does not exist is among the failures.
    """
    found = Found()
    sets: dict[Path, Source] = {}
    for file, given in _files(paths):
        try:
            collection, reason = recognise(file)
        except (ReadError, OSError) as error:
            found.failures.append((file, _sentence(file, error)))
            continue
        if collection is None:
            found.skipped.append((file, reason))
        elif file.parent in sets and not _is_xml(file):
            sets[file.parent].files.append(file)
        else:
            source = _claim(Source(collection, [file]), given, authority, year)
            found.sources.append(source)
            if not source.is_xml:
                sets[file.parent] = source
    return found


def recognise(file: Path) -> tuple[str | None, str]:
    """Return the collection a file belongs to, or None and the reason why it is left out.

    Raises
    ------
    ReadError
        When the file's name says it is a return and its beginning cannot be read.
    """
    if _is_xml(file):
        root = _root(file)
        return ROOTS.get(root), f"its root element is {root}, not Message or EXPSSDA903"
    if file.suffix.lower() == ".csv":
        return _recognise_csv(file)
    return None, "it is neither XML nor CSV"


def _files(paths: str | Path | Iterable[str | Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each file once, in a steady order, with the path it was found under."""
    seen: set[Path] = set()
    for given in [paths] if isinstance(paths, str | Path) else paths:
        given = Path(given)
        inside = sorted(given.rglob("*")) if given.is_dir() else [given]
        for file in inside:
            hidden = any(part.startswith(".") for part in file.relative_to(given).parts)
            if not (file.is_dir() or hidden or file.name == SYNTHETIC_MARK or file.resolve() in seen):
                seen.add(file.resolve())
                yield file, given


def _is_xml(file: Path) -> bool:
    return file.suffix.lower() == ".xml"


def _root(file: Path) -> str:
    """Return the name of an XML file's root element, without its namespace."""
    try:
        events = etree.iterparse(str(file), events=("start",), resolve_entities=False, no_network=True)
        _, element = next(events)
    except (etree.XMLSyntaxError, StopIteration) as error:
        raise ReadError(f"{file.name} is not XML ({error}): export it again.") from error
    return etree.QName(element).localname


def _recognise_csv(file: Path) -> tuple[str | None, str]:
    columns = {column.strip().upper() for column in _header(file)}
    if any(names <= columns for names in _official_columns()):
        return SSDA903, ""
    return None, "its columns are those of no table of the SSDA903"


def _header(file: Path) -> list[str]:
    """Return the first line of a CSV file, whatever its encoding."""
    with file.open("rb") as stream:
        start = stream.read(65536)
    utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = start.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")
    return next(csv.reader(io.StringIO(text)), [])


def _official_columns() -> list[set[str]]:
    """Return, for each table of the SSDA903, the columns that no row of it can do without."""
    models = [model for model in TABLES.values() if model.source_table(SSDA903)]
    return [set(model.source_columns(SSDA903).values()) for model in models]


def _claim(source: Source, given: Path, authority: str | None, year: int | None) -> Source:
    """Say whose an SSDA903 return is and of which year, from what was stated or from names."""
    if source.collection == CIN:
        return source
    names = _names(source, given)
    found = [match.group() for name in names for match in AUTHORITY.finditer(name)]
    source.authority = authority or next(iter(found), NO_AUTHORITY)
    source.year = year or next((_year(match) for name in names for match in YEARS.finditer(name)), None)
    if source.authority == NO_AUTHORITY:
        source.notices.append(
            f"{source.label}: neither the files nor the folder names say whose return this is, so it is held "
            f"under authority {NO_AUTHORITY}; state the authority, or name the folder after its code."
        )
    return source


def _names(source: Source, given: Path) -> list[str]:
    """Return the names that may tell authority and year, nearest first."""
    file = source.files[0].resolve()
    top = given.resolve().parent
    folders = [folder.name for folder in file.parents if folder == top or top in folder.parents]
    return [file.stem, *folders] if source.is_xml else folders


def _year(match: re.Match[str]) -> int:
    """Return the year a collection year ends in: 2024 from 2024, and from 2023-24."""
    first, second = int(match[1]), match[2]
    return first + 1 if second and int(second) == (first + 1) % 100 else first


def _sentence(file: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file or folder called {file}."
    if isinstance(error, OSError):
        return f"{file.name} cannot be opened ({error.strerror}): check that it may be read."
    return str(error)
