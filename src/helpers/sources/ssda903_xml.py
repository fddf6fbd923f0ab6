"""Reads the SSDA903 return written as one XML file, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from lxml import etree

from helpers.sources.returns import ReadError, Return
from helpers.sources.ssda903 import AS_WRITTEN, MODELS, as_return, official_columns

RENAMED = {"CHILDID": "CHILD", "PL": "PLACE"}
# Elements that are a row each -> table; what else stands in HEADER is spread over tables by its name.
GROUPS = {
    "EPISODE": "Episodes", "AREVIEW": "Reviews", "AMISSING": "Missing", "PERMANENCE": "PrevPerm",
    "OC2": "OC2", "AD_PLACED": "PlacedAdoption",
}  # fmt: skip
SPREAD = ["Header", "UASC", "OC3", "AD1"]
EVERYWHERE = {"CHILD", "DOB", "SEX"}


def read_ssda903_xml(path: str | Path, authority: str | None = None, year: int | None = None) -> Return:
    """Read an SSDA903 return in XML (root EXPSSDA903).

    Parameters
    ----------
    path : str or Path
    authority, year : optional
        As for `helpers.sources.ssda903.read_ssda903_csv`.

    Returns
    -------
    Return
        Every table of the SSDA903. `record` is the number of the child in the file. A table other than Header
        has a row for a child only where the child has a value for it.

    Raises
    ------
    ReadError
        When the file is not well-formed XML or no SSDA903.
    """
    path = Path(path)
    rows: dict[str, list[dict]] = {table: [] for table in MODELS}
    unread: list[dict] = []
    for number, child in enumerate(_children(path), start=1):
        place = {"file": path.name, "record": number}
        _take(child, place, rows, unread)
    tables = {table: _frame(table, found) for table, found in rows.items()}
    return as_return(tables, [path], authority, year, unread)


def _children(path: Path) -> Iterator[etree._Element]:
    if not path.is_file():
        raise ReadError(f"There is no file {path.name}: check the name.")
    try:
        events = etree.iterparse(
            str(path), events=("end",), tag="{*}CHILD", huge_tree=True, resolve_entities=False,
            no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for _, element in events:
            yield element
            element.clear()
        root = etree.QName(events.root).localname
    except etree.XMLSyntaxError as error:
        raise ReadError(
            f"{path.name} is not well-formed XML at line {error.lineno} ({error.msg}): export it again; "
            "nothing of it was read."
        ) from error
    if root != "EXPSSDA903":
        raise ReadError(f"{path.name} begins with {root}, an SSDA903 with EXPSSDA903: check the file.")


def _take(child: etree._Element, place: dict, rows: dict[str, list[dict]], unread: list[dict]) -> None:
    """Put what stands in a CHILD into rows of the tables."""
    header: dict[str, str | None] = {}
    groups: list[tuple[str, dict]] = []
    for element in child.iter("*"):
        name = etree.QName(element).localname
        if name in GROUPS:
            groups.append((GROUPS[name], {_name(e): _text(e) for e in element.iterchildren("*")}))
        elif len(element) == 0 and etree.QName(element.getparent()).localname == "HEADER":
            header[_name(element)] = _text(element)
    known = {column for table in SPREAD for column in official_columns(table)}
    for name, text in header.items():
        if name not in known:
            unread.append(
                place
                | {
                    "table": "Header",
                    "child": header.get("CHILD"),
                    "reason": f"element {name} is not known",
                    "text": text,
                }
            )
    common = {name: header.get(name) for name in EVERYWHERE}
    for table in SPREAD:
        values = {name: header.get(name) for name in official_columns(table)}
        if table == "Header" or _has_value(table, values, header):
            rows[table].append(common | values | place)
    for table, values in groups:
        if any(values.values()):
            rows[table].append(common | values | place)


def _has_value(table: str, values: dict[str, str | None], header: dict[str, str | None]) -> bool:
    """Return whether a child belongs in a table that shares the HEADER element."""
    if table == "UASC" and header.get("UASC") == "1":
        return True
    return any(value for name, value in values.items() if name not in EVERYWHERE)


def _name(element: etree._Element) -> str:
    name = etree.QName(element).localname.upper()
    return RENAMED.get(name, name)


def _text(element: etree._Element) -> str | None:
    text = (element.text or "").strip()
    return (text if _name(element) in AS_WRITTEN else text.upper()) or None


def _frame(table: str, found: list[dict]) -> pd.DataFrame:
    columns = [*official_columns(table), "file", "record"]
    frame = pd.DataFrame(found, columns=columns)
    text = [column for column in columns if column != "record"]
    return frame.astype(dict.fromkeys(text, "string")).astype({"record": "Int64"})
