"""Reads the Children in Need Census: one XML file an authority and year, as a stream.

The stream is taken down as two long columns, element names and texts, in the order of the file. Rows are made
from these columns all at once, which is many times faster than element by element: the n-th `Section47`
opens record n of its table, and an element such as `S47ActualStartDate` belongs to the record opened last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.compute as compute
from lxml import etree

from helpers.catalogue import TABLES
from helpers.sources.returns import CIN, UNREAD_COLUMNS, ReadError, Return

# The element that opens a record of each table; of the last three the element itself holds the value.
OPENS = {
    "Child": "Child",
    "CINdetails": "CINdetails",
    "Assessments": "Assessments",
    "CINPlanDates": "CINPlanDates",
    "Section47": "Section47",
    "ChildProtectionPlans": "ChildProtectionPlans",
    "PreProceedingsandFGDM": "PreProceedingsandFGDM",
    "Disability": "Disability",
    "AssessmentFactors": "AssessmentFactors",
    "Reviews": "CPPreviewDate",
}

# Which record a record hangs below; all below CINdetails or Child.
PARENT = {
    "Disability": "Child",
    "CINdetails": "Child",
    "AssessmentFactors": "Assessments",
    "Reviews": "ChildProtectionPlans",
}

# Elements that only hold others.
WRAPPERS = {
    "ChildIdentifiers", "ChildCharacteristics", "Disabilities", "FactorsIdentifiedAtAssessment", "Reviews",
    "Child", "CINdetails", "Assessments", "CINPlanDates", "Section47", "ChildProtectionPlans",
    "PreProceedingsandFGDM",
}  # fmt: skip

# Spellings of other years and systems -> the name an element is delivered under.
RENAMED = {"GenderCurrent": "Sex", "CINplanDates": "CINPlanDates"}

# The date of an initial conference may stand in two places; it is told apart while reading.
ON_REFERRAL, ON_ENQUIRY = "CINdetails/DateOfInitialCPC", "Section47/DateOfInitialCPC"

NOWHERE = np.empty(0, dtype=np.int64)

CHUNK = 2_000  # children whose elements are held as Python objects at one time


@dataclass
class _Stream:
    """What was taken down of a file."""

    header: dict[str, str] = field(default_factory=dict)
    names: list[arrow.Array] = field(default_factory=list)
    texts: list[arrow.Array] = field(default_factory=list)
    tails: list[tuple[int, str]] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)


def read_cin(path: str | Path) -> Return:
    """Read a CIN Census file of any collection year from 2017 on.

    Parameters
    ----------
    path : str or Path
        One XML file, root element Message.

    Returns
    -------
    Return
        Every table of the census, see `helpers.sources.returns`. Gender is delivered as `Sex`, as written.
        The collection year is that of the reference date; where it is missing, of the year stated.

    Raises
    ------
    ReadError
        When the file is missing, not well-formed XML, or no CIN Census. One broken half way is refused whole.
    """
    path = Path(path)
    stream = _take_down(path)
    names = arrow.chunked_array(stream.names, arrow.string()).combine_chunks().dictionary_encode()
    texts = arrow.chunked_array(stream.texts, arrow.string()).combine_chunks()
    kinds = _Elements(names, compute.utf8_trim_whitespace(texts))
    tables, unread = _tables(kinds)
    unread += [_misfit(kinds, at, "text between elements", text) for at, text in stream.tails]
    unread += [{"table": "", "record": pd.NA, "reason": why, "text": text} for why, text in stream.outside]
    tables = {name: table.assign(file=path.name) for name, table in tables.items()}
    return Return(
        CIN, _year(path, stream.header), _authority(path, stream.header), [path], tables,
        _unread(unread, tables["Child"], path.name),
    )  # fmt: skip


def _take_down(path: Path) -> _Stream:
    """Return names and texts of all elements below each Child, in the order of the file."""
    stream = _Stream()
    names: list[str] = []
    texts: list[str | None] = []
    offset = 0
    for number, child in enumerate(_children(path, stream), start=1):
        elements = list(child.iter("*"))
        tails = [element.tail for element in elements]
        if any(tails):
            start = offset + len(names)
            stream.tails += [(start + i, tail) for i, tail in enumerate(tails) if tail and not tail.isspace()]
        tags = [element.tag for element in elements]
        conference = child.tag[: -len("Child")] + "DateOfInitialCPC"  # with the namespace, if there is one
        if conference in tags:
            tags = [_conference_name(e) if e.tag == conference else e.tag for e in elements]
        names += tags
        texts += [element.text for element in elements]
        if number % CHUNK == 0:
            offset += len(names)
            _keep(stream, names, texts)
    _keep(stream, names, texts)
    return stream


def _conference_name(date: etree._Element) -> str:
    """Say whether the date of an initial conference stands on the referral or on the enquiry."""
    return ON_ENQUIRY if etree.QName(date.getparent()).localname == "Section47" else ON_REFERRAL


def _keep(stream: _Stream, names: list[str], texts: list[str | None]) -> None:
    stream.names.append(arrow.array(names, arrow.string()))
    stream.texts.append(arrow.array(texts, arrow.string()))
    names.clear()
    texts.clear()


def _children(path: Path, stream: _Stream) -> Iterator[etree._Element]:
    """Yield each Child and free it; note the header, and what else stands beside the children."""
    if path.is_dir() or not path.exists():
        raise ReadError(f"{path.name} is not a file: name the XML file of a CIN Census.")
    try:
        events = etree.iterparse(
            str(path), events=("end",), tag=("{*}Child", "{*}Header"), huge_tree=True, remove_blank_text=True,
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for _, element in events:
            if etree.QName(element).localname == "Header":
                _check_root(path, element.getroottree())
                stream.header = {etree.QName(e).localname: (e.text or "").strip() for e in element.iter("*")}
                continue
            yield element
            _free(element, stream)
        _check_root(path, events.root.getroottree())
        stream.outside += [(f"element {e.tag} is not known", _words(e)) for e in _strangers(events.root)]
    except etree.XMLSyntaxError as error:
        raise ReadError(
            f"{path.name} is not well-formed XML at line {error.lineno} ({error.msg}): export it again; "
            "nothing of it was read."
        ) from error


def _check_root(path: Path, tree: etree._ElementTree) -> None:
    root = etree.QName(tree.getroot()).localname
    if root != "Message":
        raise ReadError(f"{path.name} begins with {root}, a CIN Census with Message: check the file.")
    if tree.docinfo.doctype:
        raise ReadError(f"{path.name} declares a DOCTYPE, which a CIN Census never does: export it again.")


def _free(child: etree._Element, stream: _Stream) -> None:
    """Forget a child that has been taken down, and what stands before it."""
    above = child.getparent()
    if child.tail and not child.tail.isspace():
        stream.outside.append(("text between children", child.tail.strip()))
    child.clear()
    while (before := child.getprevious()) is not None:
        if etree.QName(before).localname not in ("Child", "Header"):
            stream.outside.append((f"element {before.tag} is not known", _words(before)))
        above.remove(before)


def _strangers(root: etree._Element) -> list[etree._Element]:
    """Return the elements beside Header, Children and Child that are left at the end."""
    known = {"Header", "Children", "Child"}
    inside = [e for children in root.iterchildren("{*}Children") for e in children.iterchildren("*")]
    beside = [*root.iterchildren("*"), *inside]
    return [e for e in beside if etree.QName(e).localname not in known]


def _words(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


class _Elements:
    """All elements of a file: where each name stands, and the texts."""

    def __init__(self, names: arrow.DictionaryArray, texts: arrow.Array) -> None:
        local = [name.rpartition("}")[2] for name in names.dictionary.to_pylist()]
        self.vocabulary = [RENAMED.get(name, name) for name in local]
        self.codes = names.indices.to_numpy(zero_copy_only=False)
        self.texts = compute.if_else(compute.equal(texts, ""), None, texts)
        self.openings = {table: self.positions(name) for table, name in OPENS.items()}

    def positions(self, name: str) -> np.ndarray:
        """Return where elements of a name stand."""
        codes = [code for code, word in enumerate(self.vocabulary) if word == name]
        found = [np.flatnonzero(self.codes == code) for code in codes]
        return np.sort(np.concatenate(found)) if len(found) > 1 else next(iter(found), NOWHERE)

    def record(self, table: str, at: np.ndarray) -> np.ndarray:
        """Return the number of the record of `table` opened last before or at each place (0 = none yet)."""
        return np.searchsorted(self.openings[table], at, side="right")

    def take(self, at: np.ndarray) -> arrow.Array:
        """Return the texts at places; missing where the place is -1."""
        return self.texts.take(arrow.array(at, mask=at < 0))


def _tables(elements: _Elements) -> tuple[dict[str, pd.DataFrame], list[dict]]:
    """Return all tables, and the elements that belong to none."""
    tables: dict[str, pd.DataFrame] = {}
    misfits: list[dict] = []
    for name in OPENS:
        tables[name], aside = _table(elements, name, tables)
        misfits += aside
    known = WRAPPERS | set(OPENS.values()) | {f for name in OPENS for f in _own_fields(name).values()}
    for word in set(elements.vocabulary) - known:
        misfits += [_misfit(elements, at, f"element {word} is not known") for at in elements.positions(word)]
    for word in WRAPPERS & set(elements.vocabulary):
        at = elements.positions(word)
        stray = at[elements.take(at).is_valid().to_numpy(zero_copy_only=False)]
        misfits += [_misfit(elements, i, "text between elements") for i in stray]
    return tables, misfits


def _table(
    elements: _Elements, name: str, tables: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, list[dict]]:
    """Return one table: its own elements, and the keys of the records above it."""
    openings = elements.openings[name]
    table = pd.DataFrame({"record": pd.array(np.arange(1, len(openings) + 1), dtype="Int64")})
    table["child_no"] = pd.array(elements.record("Child", openings), dtype="Int64")
    if name not in ("Child", "Disability"):
        table["cin_no"] = pd.array(elements.record("CINdetails", openings), dtype="Int64")
    misfits: list[dict] = []
    for column, element in _own_fields(name).items():
        place, aside = _places(elements, name, column, elements.positions(element))
        table[column] = pd.array(elements.take(place), dtype="string")
        misfits += aside
    if name != "Child":
        above = PARENT.get(name, "CINdetails")
        number = elements.record(above, openings) - 1
        for column in _inherited(name):
            table[column] = tables[above][column].reindex(number).array
    return table[_column_order(name)], misfits


def _places(elements: _Elements, table: str, column: str, at: np.ndarray) -> tuple[np.ndarray, list[dict]]:
    """Return for each record where its element stands (-1 = nowhere), and the elements that fit no record."""
    openings = elements.openings[table]
    record = elements.record(table, at) - 1
    fits = record >= 0
    same_child = elements.record("Child", openings[record[fits]]) == elements.record("Child", at[fits])
    fits[fits] = same_child
    misfits = [_misfit(elements, i, f"{column} stands outside {table}") for i in at[~fits]]
    at, record = at[fits], record[fits]
    again = np.append(record[:-1] == record[1:], False) if len(record) else fits[:0]
    misfits += [_misfit(elements, i, f"{column} stands twice; the last one counts") for i in at[again]]
    place = np.full(len(openings), -1, dtype=np.int64)
    place[record] = at
    return place, misfits


def _own_fields(table: str) -> dict[str, str]:
    """Return official column -> element, for the columns whose element stands inside the record itself."""
    own = {column: column for column in _official(table) if column not in _inherited(table)}
    if table == "CINdetails":
        own["DateOfInitialCPC"] = ON_REFERRAL
    if table == "Section47":
        own["DateOfInitialCPC"] = ON_ENQUIRY
    return own


def _inherited(table: str) -> list[str]:
    """Return the columns a record repeats from the records above it."""
    if table == "Child":
        return []
    from_child = ["LAchildID"]
    from_referral = [] if table in ("Disability", "CINdetails") else ["CINreferralDate"]
    direct = {"AssessmentFactors": ["AssessmentActualStartDate"], "Reviews": ["CPPstartDate"]}.get(table, [])
    return from_child + from_referral + direct


def _official(table: str) -> list[str]:
    model = next(m for m in TABLES.values() if m.source_table(CIN) == table)
    return list(model.source_columns(CIN).values())


def _column_order(table: str) -> list[str]:
    numbers = ["child_no"] if table in ("Child", "Disability") else ["child_no", "cin_no"]
    return [*_official(table), "record", *numbers]


def _misfit(elements: _Elements, at: int, reason: str, text: str | None = None) -> dict:
    words = elements.texts[int(at)].as_py() if text is None else text.strip()
    child = int(elements.record("Child", np.array([at]))[0])
    return {"table": "Child", "record": child, "reason": reason, "text": words}


def _unread(pieces: list[dict], children: pd.DataFrame, file: str) -> pd.DataFrame:
    frame = pd.DataFrame(pieces, columns=["table", "record", "reason", "text"])
    child = children.set_index("record")["LAchildID"].reindex(frame["record"]).array
    return frame.assign(file=file, child=child)[UNREAD_COLUMNS]


def _year(path: Path, header: dict[str, str]) -> int:
    reference = pd.to_datetime(header.get("ReferenceDate"), format="%Y-%m-%d", errors="coerce")
    if pd.notna(reference):
        return reference.year
    if header.get("Year", "").isdigit():
        return int(header["Year"])
    raise ReadError(f"{path.name} states no ReferenceDate in its Header: add it, for example 2024-03-31.")


def _authority(path: Path, header: dict[str, str]) -> str:
    if not header.get("LEA"):
        raise ReadError(f"{path.name} states no LEA (authority) in its Header: add the three-digit code.")
    return header["LEA"]
