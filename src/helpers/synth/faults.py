"""Puts a few deliberate faults into exported files, and logs each, so that a check has something to find."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from lxml import etree

LOG = "faults.csv"
COLUMNS = ["file", "child", "rule", "what"]


def add_faults(folder: Path, year: int, records: pd.DataFrame | None = None) -> pd.DataFrame:
    """Spoil one year's files of an authority in known ways, each in a place where it is possible.

    Parameters
    ----------
    folder : Path
        Folder with ``cin_census_<year>.xml`` and ``ssda903_<year>/``.
    year : int
    records : pandas.DataFrame, optional
        Faults that the records have already, as `helpers.synth.record_faults` logs them: they are listed too,
        and their children are left alone.

    Returns
    -------
    pandas.DataFrame
        file, child, rule (number of the rule that should find it; empty where nothing is wrong and a reader
        must cope), what; also written as faults.csv.
    """
    known = _in_files(records) if records is not None and len(records) else pd.DataFrame(columns=COLUMNS)
    left_alone = set(known["child"])
    log = _spoil_cin(folder / f"cin_census_{year}.xml", left_alone)
    log += _spoil_903(folder / f"ssda903_{year}", left_alone)
    table = pd.concat([known, pd.DataFrame(log, columns=COLUMNS)], ignore_index=True)
    table.to_csv(folder / LOG, index=False)
    return table


def _in_files(records: pd.DataFrame) -> pd.DataFrame:
    """Return the log of faults in records by the file in which each shows."""
    year = records["year"].astype(str)
    cin = "cin_census_" + year + ".xml"
    file = cin.where(records["table"] != "care_episodes", "ssda903_" + year + "/episodes.csv")
    what = records["kind"].str.replace("_", " ")
    found = pd.DataFrame({"file": file, "child": records["child_id"], "rule": records["rule"], "what": what})
    return found.sort_values(COLUMNS, ignore_index=True)


def _spoil_cin(path: Path, left_alone: set[str]) -> list[tuple[str, str, str, str]]:
    tree = etree.parse(str(path))
    children = tree.getroot().findall("Children/Child")
    log = []
    numbers = [child.findtext("ChildIdentifiers/LAchildID") for child in children]
    used = {position for position, number in enumerate(numbers) if number in left_alone}
    for rule, what, needs, spoil in CIN_FAULTS:
        number, element = _first_with(children, needs, used)
        if element is None:
            continue
        used.add(number)
        spoil(element)
        log.append((path.name, numbers[number], rule, what))
    tree.write(str(path), encoding="utf-8", xml_declaration=True)
    return log


def _first_with(
    children: list[etree._Element], path: str, used: set[int]
) -> tuple[int, etree._Element | None]:
    """Return the first child, not spoilt before, that has an element, and it (None: there is none)."""
    for number, child in enumerate(children):
        element = child if path == "." else child.find(path)
        if number not in used and element is not None:
            return number, element
    return -1, None


def _set(name: str, text: str) -> Callable[[etree._Element], None]:
    def spoil(element: etree._Element) -> None:
        element.find(name).text = text

    return spoil


def _drop(name: str) -> Callable[[etree._Element], None]:
    def spoil(element: etree._Element) -> None:
        element.remove(element.find(name))

    return spoil


def _repeat_factor(factors: etree._Element) -> None:
    factors.append(copy.deepcopy(factors[0]))


def _add_factor(code: str) -> Callable[[etree._Element], None]:
    def spoil(factors: etree._Element) -> None:
        etree.SubElement(factors, "AssessmentFactors").text = code

    return spoil


def _wrong_letter(identity: etree._Element) -> None:
    upn = identity.find("UPN")
    upn.text = ("A" if upn.text[0] != "A" else "B") + upn.text[1:]


def _repeat_child(child: etree._Element) -> None:
    child.addnext(copy.deepcopy(child))


CLOSED, FACTORS = "CINdetails/ReasonForClosure/..", "CINdetails/Assessments/FactorsIdentifiedAtAssessment"
ASSESSED_PUPIL = "CINdetails/Assessments/../../ChildIdentifiers/UPN/.."
PLAN, ENDED = "CINdetails/ChildProtectionPlans", "CINdetails/ChildProtectionPlans/CPPendDate/.."
CIN_FAULTS = [
    ("8630", "case closed before the referral", CLOSED, _set("CINclosureDate", "2010-01-01")),
    ("8805", "reason for closure left out", CLOSED, _drop("ReasonForClosure")),
    ("8869", "factor 21 (none) beside another factor", FACTORS, _add_factor("21")),
    ("8898", "the same factor twice", FACTORS, _repeat_factor),
    ("factor", "a factor code that does not exist", FACTORS, _add_factor("9Z")),
    ("8910", "latest category of abuse left out", PLAN, _drop("LatestCategoryOfAbuse")),
    ("8925", "plan ends before it starts", ENDED, _set("CPPendDate", "2012-06-01")),
    ("1510", "wrong first letter of the pupil number", "ChildIdentifiers/UPN/..", _wrong_letter),
    ("8770Q", "neither a pupil number nor a reason for none", ASSESSED_PUPIL, _drop("UPN")),
    ("8640", "a reason for closure that does not exist", CLOSED, _set("ReasonForClosure", "RC99")),
    ("4220", "ethnicity left out", "ChildCharacteristics/Ethnicity/..", _drop("Ethnicity")),
    ("8600", "a referral date that is no date", "CINdetails", _set("CINreferralDate", "2024-13-45")),
    ("8510", "the same child twice", ".", _repeat_child),
]


def _spoil_903(folder: Path, left_alone: set[str]) -> list[tuple[str, str, str, str]]:
    log = []
    for rule, what, name, spoil in SSDA903_FAULTS:
        path = folder / f"{name}.csv"
        rows = _read(path)
        free = rows[~rows["CHILD"].isin(left_alone)].reset_index(drop=True) if len(rows) else rows
        child = spoil(free)
        if child is None:
            continue
        rows[~rows["CHILD"].isin(left_alone)] = free.to_numpy()
        rows.to_csv(path, index=False)
        log.append((f"{folder.name}/{path.name}", child, rule, what))
    # As some systems export it: UTF-16, columns in another order.
    reviews = folder / "reviews.csv"
    rows = _read(reviews)
    if len(rows):
        rows[rows.columns[::-1]].to_csv(reviews, index=False, encoding="utf-16")
        log.append((f"{folder.name}/{reviews.name}", "", "", "UTF-16, and the columns in another order"))
    return log


def _read(path: Path) -> pd.DataFrame:
    """Return a file as text; one that was left out, because nothing was to be returned, has no rows."""
    return pd.read_csv(path, dtype="string", keep_default_na=False) if path.is_file() else pd.DataFrame()


def _cell(row: int, column: str, text: str) -> Callable[[pd.DataFrame], str | None]:
    def spoil(rows: pd.DataFrame) -> str | None:
        if row >= len(rows):
            return None
        rows.loc[row, column] = text
        return rows.loc[row, "CHILD"]

    return spoil


def _overlap(rows: pd.DataFrame) -> str | None:
    """Let an episode end after the next one of the child has begun."""
    if rows.empty:
        return None
    follows = (rows["CHILD"] == rows["CHILD"].shift(-1)) & (rows["REC"] == "X1")
    if not follows.any():
        return None
    row = rows.index[follows][0]
    end = pd.to_datetime(rows.loc[row + 1, "DECOM"], format="%d/%m/%Y") + pd.Timedelta(days=20)
    rows.loc[row, "DEC"] = end.strftime("%d/%m/%Y")
    return rows.loc[row, "CHILD"]


def _end_without_reason(rows: pd.DataFrame) -> str | None:
    if rows.empty or not (rows["REC"] != "").any():
        return None
    row = rows.index[rows["REC"] != ""][-1]
    rows.loc[row, "REC"] = ""
    return rows.loc[row, "CHILD"]


SSDA903_FAULTS = [
    ("501", "two episodes overlap", "episodes", _overlap),
    ("148", "an end without a reason", "episodes", _end_without_reason),
    ("146", "a placement code that does not exist", "episodes", _cell(0, "PLACE", "Q9")),
    ("103", "an ethnicity code that does not exist", "header", _cell(1, "ETHNIC", "XXXX")),
    ("167", "a review code that does not exist", "reviews", _cell(2, "REVIEW_CODE", "PN9")),
    ("166", "a review date that is no date", "reviews", _cell(4, "REVIEW", "31/02/2025")),
]
