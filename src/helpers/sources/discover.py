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

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from helpers.sources.cin import read_cin
from helpers.sources.returns import CIN, SSDA903, ReadError, Return
from helpers.sources.ssda903 import read_ssda903_csv, recognise_table
from helpers.sources.ssda903_xml import read_ssda903_xml

SYNTHETIC_MARK = "SYNTHETIC"  # a file of this name marks what lies beside and below it as made-up
NO_AUTHORITY = "000"
ANY_YEAR = 2024  # to try a file by itself, which may hold no date to tell its year by
ROOTS = {"Message": CIN, "EXPSSDA903": SSDA903}

AUTHORITY = re.compile(r"(?<![0-9A-Za-z])(?!903)\d{3}(?![0-9A-Za-z])")  # 903 is the return, not a place
YEARS = re.compile(r"(?<!\d)(20\d\d)(?:[-_](?:20)?(\d\d))?(?!\d)")


@dataclass
class Source:
    """Files that make one return, not yet read.

    A notice says what had to be assumed; a failure, which of the CSV files could not be read.
    """

    collection: str
    files: list[Path]
    authority: str | None = None
    year: int | None = None
    notices: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

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
        """Read the files; of a set of CSV files, those that can be read.

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
            return self._read_csv()
        except OSError as error:
            raise ReadError(_sentence(self.files[0], error)) from error

    def _read_csv(self) -> Return:
        try:
            return read_ssda903_csv(self.files, self.authority, self.year)
        except ReadError:
            faults = {file: self._fault(file) for file in self.files}
            readable = [file for file, fault in faults.items() if fault is None]
            if len(readable) in (0, len(self.files)):
                raise
            self.failures = [(file.name, fault) for file, fault in faults.items() if fault is not None]
            return read_ssda903_csv(readable, self.authority, self.year)

    def _fault(self, file: Path) -> str | None:
        """Say what is wrong with one file of the set, whatever the year."""
        try:
            read_ssda903_csv([file], self.authority, self.year or ANY_YEAR)
        except ReadError as error:
            return str(error)
        return None


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
        When it does not exist, or its name says it is a return and its beginning cannot be read.
    """
    if not file.exists():
        raise ReadError(f"There is no file or folder called {file}: check the name.")
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
    columns = _first_line(file)
    if not any(columns):
        return None, "it is empty"
    if recognise_table(columns, file.stem):
        return SSDA903, ""
    return None, "its columns are those of no table of the SSDA903"


def _first_line(file: Path) -> list[str]:
    """Return the column names of a CSV file in upper case, whatever its encoding, separator and line ends.

    Official column names are plain ASCII: without byte order mark and zero bytes, any encoding gives them.
    """
    with file.open("rb") as stream:
        start = stream.read(65536)
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        start = start.removeprefix(mark)
    lines = start.replace(b"\0", b"").decode("cp1252", errors="replace").splitlines()
    line = lines[0] if lines else ""
    cells = next(csv.reader([line], delimiter=max(",;\t", key=line.count)), [])
    return [cell.strip().upper() for cell in cells]


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
    if isinstance(error, OSError):
        return f"{file.name} cannot be opened ({error.strerror or error}): check that it may be read."
    return str(error)
