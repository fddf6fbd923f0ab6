"""Writes a CIN Census file: the order of elements is that of the official schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree

SEX_AS_GENDER = {"M": "1", "F": "2", "U": "0"}
Rows = dict[Any, list[dict[str, Any]]]


def write_cin(tables: dict[str, pd.DataFrame], authority: str, year: int, path: Path) -> None:
    """Write the return of one collection year, as it was known on 31 March.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables of the authority.
    authority : str
    year : int
        Collection year, by the year it ends in.
    path : Path
    """
    view = _YearView(tables, year)
    with etree.xmlfile(str(path), encoding="utf-8") as file:
        file.write_declaration()
        with file.element("Message"):
            file.write(_header(authority, year), pretty_print=True)
            with file.element("Children"):
                for child in view.children():
                    file.write(child, pretty_print=True)


class _YearView:
    """What the return of one year holds, grouped so that it can be written child by child."""

    def __init__(self, tables: dict[str, pd.DataFrame], year: int) -> None:
        self.year = year
        self.start, self.end = pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 31)
        details = tables["referrals"]
        helped = ~details["no_further_action"].astype(bool)
        # A closure before the referral is a mistake: such a case is returned in the year of the referral.
        closed = details["closure_date"].clip(lower=details["referral_date"])
        open_ = helped & (closed.isna() | (closed >= self.start))
        came_in = details["referral_date"].between(self.start, self.end)
        self.referrals = details[(details["referral_date"] <= self.end) & (open_ | (~helped & came_in))]
        self.known = tables["children"][tables["children"]["child_id"].isin(self.referrals["child_id"])]
        case = ["child_id", "referral_date"]
        self.disabilities = _group(tables["disabilities"], ["child_id"])
        self.assessments = _group(self._assessments(tables["assessments"]), case)
        self.factors = _group(tables["assessment_factors"], [*case, "assessment_start"])
        self.enquiries = _group(self._enquiries(tables["section47"]), case)
        self.cp_plans = _group(self._running(tables["cp_plans"]), case)
        reviews = tables["cp_reviews"]
        self.reviews = _group(
            reviews[reviews["review_date"].between(self.start, self.end)], [*case, "plan_start"]
        )
        self.cin_plans = _group(self._running(tables["cin_plans"]) if year >= 2022 else None, case)

    def _assessments(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return those completed in the year, and those begun in it and not yet completed."""
        done = rows["assessment_end"].between(self.start, self.end)
        begun = rows["assessment_start"].between(self.start, self.end)
        not_yet = begun & ~(rows["assessment_end"] <= self.end)
        return rows[done | not_yet]

    def _enquiries(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return those begun in the year, and those whose conference was held in it."""
        held = rows["conference_date"].between(self.start, self.end)
        begun = rows["enquiry_start"].between(self.start, self.end)
        return rows[held | (begun & ~(rows["conference_date"] < self.start))]

    def _running(self, plans: pd.DataFrame) -> pd.DataFrame:
        ended = plans["plan_end"] < self.start
        return plans[(plans["plan_start"] <= self.end) & ~ended]

    def known_by_now(self, day: Any) -> Any:
        """Return a date, or nothing when it lies after the year."""
        return day if pd.notna(day) and day <= self.end else None

    def children(self) -> Iterator[etree._Element]:
        """Yield the Child elements."""
        cases = _group(self.referrals, ["child_id"])
        for child in self.known.to_dict("records"):
            element = etree.Element("Child")
            self._identify(element, child)
            for case in cases[child["child_id"]]:
                self._case(element, case)
            yield element

    def _identify(self, element: etree._Element, child: dict[str, Any]) -> None:
        known = pd.notna(child["birth_date"])
        born = child["birth_date"] if known else child["expected_birth_date"]
        unborn = not known or born > self.end
        school_age = born + pd.DateOffset(years=5) < self.end
        unknown = child["upn_unknown"] if school_age else "UN1"
        sex = "U" if unborn else child["sex"]
        _add(
            etree.SubElement(element, "ChildIdentifiers"),
            LAchildID=child["child_id"],
            UPN=child["upn"] if school_age else None,
            UPNunknown=unknown,
            PersonBirthDate=None if unborn else born,
            ExpectedPersonBirthDate=born if unborn else None,
            **({"GenderCurrent": SEX_AS_GENDER[sex]} if self.year < 2025 else {"Sex": sex}),
            PersonDeathDate=self.known_by_now(child["death_date"]),
        )
        traits = etree.SubElement(element, "ChildCharacteristics")
        _add(traits, Ethnicity=child["ethnicity"])
        listed = etree.SubElement(traits, "Disabilities")
        for row in self.disabilities.get(child["child_id"], []):
            _add(listed, Disability=row["disability"])

    def _case(self, element: etree._Element, case: dict[str, Any]) -> None:
        details = etree.SubElement(element, "CINdetails")
        closed = self.known_by_now(case["closure_date"])
        _add(
            details,
            CINreferralDate=case["referral_date"],
            ReferralSource=case["referral_source"],
            PrimaryNeedCode=case["primary_need"],
            CINclosureDate=closed,
            ReasonForClosure=case["closure_reason"] if closed is not None else None,
        )
        at = (case["child_id"], case["referral_date"])
        for row in self.assessments.get(at, []):
            self._assessment(details, row)
        for row in self.cin_plans.get(at, []):
            _add(
                etree.SubElement(details, "CINPlanDates"),
                CINPlanStartDate=row["plan_start"],
                CINPlanEndDate=self.known_by_now(row["plan_end"]),
            )
        for row in self.enquiries.get(at, []):
            _add(
                etree.SubElement(details, "Section47"),
                S47ActualStartDate=row["enquiry_start"],
                InitialCPCtarget=row["conference_target"],
                DateOfInitialCPC=self.known_by_now(row["conference_date"]),
                ICPCnotRequired="true" if row["conference_not_required"] else "false",
            )
        _add(details, ReferralNFA="true" if case["no_further_action"] else "false")
        for row in self.cp_plans.get(at, []):
            self._cp_plan(details, row)

    def _assessment(self, details: etree._Element, row: dict[str, Any]) -> None:
        element = etree.SubElement(details, "Assessments")
        end = self.known_by_now(row["assessment_end"])
        _add(element, AssessmentActualStartDate=row["assessment_start"], AssessmentAuthorisationDate=end)
        factors = self.factors.get((row["child_id"], row["referral_date"], row["assessment_start"]), [])
        if end is not None and factors:
            listed = etree.SubElement(element, "FactorsIdentifiedAtAssessment")
            for factor in factors:
                _add(listed, AssessmentFactors=factor["factor"])

    def _cp_plan(self, details: etree._Element, row: dict[str, Any]) -> None:
        element = etree.SubElement(details, "ChildProtectionPlans")
        _add(
            element,
            CPPstartDate=row["plan_start"],
            CPPendDate=self.known_by_now(row["plan_end"]),
            InitialCategoryOfAbuse=row["initial_category"],
            LatestCategoryOfAbuse=row["latest_category"],
            NumberOfPreviousCPP=int(row["previous_plans"]),
        )
        reviews = self.reviews.get((row["child_id"], row["referral_date"], row["plan_start"]), [])
        if reviews:
            listed = etree.SubElement(element, "Reviews")
            for review in reviews:
                _add(listed, CPPreviewDate=review["review_date"])


def _header(authority: str, year: int) -> etree._Element:
    header = etree.Element("Header")
    _add(
        etree.SubElement(header, "CollectionDetails"),
        Collection="CIN", Year=year, ReferenceDate=pd.Timestamp(year, 3, 31),
    )  # fmt: skip
    _add(
        etree.SubElement(header, "Source"),
        SourceLevel="L", LEA=authority, SoftwareCode="Synthetic", Release="1", SerialNo="001",
        DateTime=f"{year}-05-01T09:00:00",
    )  # fmt: skip
    return header


def _add(element: etree._Element, **items: Any) -> None:
    """Add elements with text, in the order given; what is empty is left out."""
    for name, value in items.items():
        if value is not None and not pd.isna(value):
            text = value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)
            etree.SubElement(element, name).text = text


def _group(rows: pd.DataFrame | None, by: list[str]) -> Rows:
    """Return rows as dicts by one key or a tuple of keys."""
    grouped: Rows = defaultdict(list)
    for row in [] if rows is None else rows.to_dict("records"):
        grouped[row[by[0]] if len(by) == 1 else tuple(row[name] for name in by)].append(row)
    return grouped
