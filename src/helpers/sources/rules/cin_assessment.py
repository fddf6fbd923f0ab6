"""Rules of the CIN Census on assessments, their factors, enquiries and conferences."""

import numpy as np
import pandas as pd

from helpers.catalogue.working_days import public_holidays, working_days
from helpers.sources.rules import Checked, rule
from helpers.sources.rules.cin_common import (
    has,
    in_year,
    not_in_list,
    of_referral,
    overlaps,
    several_open,
)
from helpers.sources.values import parse_flags

ASSESSMENTS, FACTORS, ENQUIRIES = "Assessments", "AssessmentFactors", "Section47"
START, END = "AssessmentActualStartDate", "AssessmentAuthorisationDate"
CONFERENCE = "DateOfInitialCPC"


def _factor_counts(r: Checked) -> pd.Series:
    """Return the number of factors of each assessment."""
    return _by_assessment(r, r[FACTORS]["AssessmentFactors"].notna())


def _by_assessment(r: Checked, what: pd.Series) -> pd.Series:
    """Return for each assessment how many of its factor rows are true; a factor follows its assessment."""
    rows, keys = r[FACTORS], ["cin_no", START]
    counts = what.groupby([rows["cin_no"], rows[START]]).sum()
    found = counts.reindex(pd.MultiIndex.from_frame(r[ASSESSMENTS][keys])).fillna(0)
    return pd.Series(found.to_numpy(), index=r[ASSESSMENTS].index)


@rule(
    "1103",
    "cin",
    ASSESSMENTS,
    [START, "CINreferralDate"],
    "The assessment starts before the referral: correct a date.",
)
def assessment_before_referral(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][START] < r[ASSESSMENTS]["CINreferralDate"]


@rule(
    "8608",
    "cin",
    ASSESSMENTS,
    [START, END],
    "The assessment ends before it starts: correct one of the dates.",
)
def assessment_ends_first(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][START] > r[ASSESSMENTS][END]


@rule(
    "8614",
    "cin",
    ASSESSMENTS,
    [END],
    "Factors are recorded for an assessment that is not completed: add its end.",
)
def factors_without_end(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][END].isna() & (_factor_counts(r) > 0)


@rule(
    "8670Q",
    "cin",
    ASSESSMENTS,
    [START],
    "The assessment has been open for more than 45 working days at the year's end.",
)
def assessment_long_open(r: Checked) -> pd.Series:
    rows = r[ASSESSMENTS]
    end = pd.Series(r.end, index=rows.index)
    return rows[END].isna() & (working_days(rows[START], end) > 45).fillna(False)


@rule(
    "8696",
    "cin",
    ASSESSMENTS,
    [END],
    "The assessment was completed outside the census year: correct it or leave it out.",
)
def assessment_end_outside_year(r: Checked) -> pd.Series:
    end = r[ASSESSMENTS][END]
    return end.notna() & ~in_year(r, end)


@rule(
    "8736",
    "cin",
    ASSESSMENTS,
    [START, END],
    "An assessment not yet completed must have started in the census year.",
)
def open_assessment_of_earlier_year(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][END].isna() & ~in_year(r, r[ASSESSMENTS][START])


@rule(
    "8863Q",
    "cin",
    ASSESSMENTS,
    [START, END],
    "The assessment starts while another one of the referral is going on.",
)
def assessments_overlap(r: Checked) -> pd.Series:
    return overlaps(r[ASSESSMENTS], "cin_no", START, END, r.end)


@rule(
    "8867",
    "cin",
    ASSESSMENTS,
    [END],
    "The case is closed, but this assessment is not completed: add its end.",
)
def closed_with_open_assessment(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][END].isna() & of_referral(r, ASSESSMENTS, "CINclosureDate").notna()


@rule(
    "8896",
    "cin",
    ASSESSMENTS,
    [START],
    "The referral has more than one assessment without an end: complete one.",
)
def several_open_assessments(r: Checked) -> pd.Series:
    return several_open(r[ASSESSMENTS], "cin_no", END)


@rule(
    "8897Q",
    "cin",
    ASSESSMENTS,
    [END],
    "No factors are recorded for a completed assessment: add them, or 21 for none.",
)
def factors_missing(r: Checked) -> pd.Series:
    return r[ASSESSMENTS][END].notna() & (_factor_counts(r) == 0)


@rule(
    "8869",
    "cin",
    FACTORS,
    ["AssessmentFactors"],
    "Factor 21 means none, yet another factor stands beside it: remove one.",
)
def none_beside_factors(r: Checked) -> pd.Series:
    rows = r[FACTORS]
    groups = [rows["cin_no"], rows[START]]
    none = (rows["AssessmentFactors"] == "21").groupby(groups).transform("any")
    return none & (rows["AssessmentFactors"].groupby(groups).transform("nunique") > 1)


@rule(
    "8898",
    "cin",
    FACTORS,
    ["AssessmentFactors"],
    "The same factor stands twice in one assessment: remove one.",
)
def factor_twice(r: Checked) -> pd.Series:
    return r[FACTORS].duplicated(["cin_no", START, "AssessmentFactors"], keep=False)


@rule("factor", "cin", FACTORS, ["AssessmentFactors"], "The factor is no valid code of this year.")
def factor_invalid(r: Checked) -> pd.Series:
    return not_in_list(r[FACTORS]["AssessmentFactors"], "assessment_factor", r.year)


@rule("8945Q", "cin", FACTORS, ["AssessmentFactors"], "Use 18B or 18C in place of 18A.", years=(2025, 9999))
def old_physical_abuse_code(r: Checked) -> pd.Series:
    return r[FACTORS]["AssessmentFactors"] == "18A"


@rule("8950Q", "cin", FACTORS, ["AssessmentFactors"], "Use 19B or 19C in place of 19A.", years=(2025, 9999))
def old_sexual_abuse_code(r: Checked) -> pd.Series:
    return r[FACTORS]["AssessmentFactors"] == "19A"


@rule(
    "8873Q",
    "cin",
    "CINdetails",
    ["ReasonForClosure"],
    "The only assessment found no factors: closure should be RC8 or RC9.",
)
def none_found_but_other_closure(r: Checked) -> pd.Series:
    details = r["CINdetails"]
    single = r[ASSESSMENTS].groupby("cin_no").size().reindex(details["record"]).eq(1).to_numpy()
    none = has(r, FACTORS, where=r[FACTORS]["AssessmentFactors"] == "21")
    return (
        single
        & none
        & details["ReasonForClosure"].notna()
        & ~details["ReasonForClosure"].isin(["RC8", "RC9"])
    )


@rule(
    "2889",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate"],
    "The section 47 enquiry starts before the referral: correct a date.",
)
def enquiry_before_referral(r: Checked) -> pd.Series:
    return r[ENQUIRIES]["S47ActualStartDate"] < r[ENQUIRIES]["CINreferralDate"]


@rule(
    "2991Q",
    "cin",
    "CINdetails",
    ["CINreferralDate"],
    "A section 47 enquiry is recorded but no assessment: add it.",
)
def enquiry_without_assessment(r: Checked) -> pd.Series:
    return has(r, ENQUIRIES) & ~has(r, ASSESSMENTS)


@rule(
    "8615",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate", CONFERENCE],
    "The enquiry has no start, or starts after its conference.",
)
def enquiry_after_conference(r: Checked) -> pd.Series:
    start = r[ENQUIRIES]["S47ActualStartDate"]
    return start.isna() | (start > r[ENQUIRIES][CONFERENCE])


def _conference_missing(r: Checked) -> pd.Series:
    not_required = parse_flags(r[ENQUIRIES]["ICPCnotRequired"]).fillna(False).astype(bool)
    return r[ENQUIRIES][CONFERENCE].isna() & ~not_required


@rule(
    "8675Q",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate", CONFERENCE],
    "Fifteen working days have passed without a conference: was it held?",
)
def conference_overdue(r: Checked) -> pd.Series:
    start = r[ENQUIRIES]["S47ActualStartDate"]
    waited = working_days(start, pd.Series(r.end, index=start.index))
    return _conference_missing(r) & (waited > 15).fillna(False)


@rule(
    "8740",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate"],
    "An enquiry still without conference must have started in the census year.",
)
def open_enquiry_of_earlier_year(r: Checked) -> pd.Series:
    return r[ENQUIRIES][CONFERENCE].isna() & ~in_year(r, r[ENQUIRIES]["S47ActualStartDate"])


@rule(
    "8868",
    "cin",
    ENQUIRIES,
    [CONFERENCE, "ICPCnotRequired"],
    "The case is closed, but the enquiry is not concluded: say how it ended.",
)
def closed_with_open_enquiry(r: Checked) -> pd.Series:
    return _conference_missing(r) & of_referral(r, ENQUIRIES, "CINclosureDate").notna()


@rule(
    "8839",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate"],
    "The referral has more than one enquiry still open: conclude one.",
)
def several_open_enquiries(r: Checked) -> pd.Series:
    open_ = _conference_missing(r)
    return open_ & (open_.groupby(r[ENQUIRIES]["cin_no"]).transform("sum") > 1)


@rule(
    "8890",
    "cin",
    ENQUIRIES,
    ["S47ActualStartDate", CONFERENCE],
    "The enquiry starts while another one is going on.",
)
def enquiries_overlap(r: Checked) -> pd.Series:
    rows = r[ENQUIRIES]
    required = ~parse_flags(rows["ICPCnotRequired"]).fillna(False).astype(bool)
    late = overlaps(rows[required], "cin_no", "S47ActualStartDate", CONFERENCE, r.end)
    return late.reindex(rows.index, fill_value=False)


def _on_weekend(dates: pd.Series) -> pd.Series:
    return dates.dt.dayofweek >= 5


@rule(
    "8870Q",
    "cin",
    ENQUIRIES,
    ["InitialCPCtarget"],
    "The target day of the conference is a weekend or public holiday.",
)
def target_on_weekend(r: Checked) -> pd.Series:
    target = r[ENQUIRIES]["InitialCPCtarget"]
    holidays = pd.DatetimeIndex(public_holidays(r.year - 2, r.year + 1))
    return _on_weekend(target) | target.isin(holidays)


@rule(
    "8875",
    "cin",
    ENQUIRIES,
    [CONFERENCE],
    "The conference was held on a weekend or public holiday: check the date.",
)
def conference_on_weekend(r: Checked) -> pd.Series:
    held = r[ENQUIRIES][CONFERENCE]
    return _on_weekend(held) | held.isin(pd.DatetimeIndex(public_holidays(r.year - 2, r.year + 1)))


@rule(
    "8715",
    "cin",
    ENQUIRIES,
    [CONFERENCE],
    "The conference is not within the census year: correct it or leave it out.",
)
def conference_outside_year(r: Checked) -> pd.Series:
    held = r[ENQUIRIES][CONFERENCE]
    return held.notna() & ~in_year(r, held)


@rule(
    "8715",
    "cin",
    "CINdetails",
    [CONFERENCE],
    "The conference is not within the census year: correct it or leave it out.",
)
def conference_of_referral_outside_year(r: Checked) -> pd.Series:
    held = r["CINdetails"][CONFERENCE]
    return held.notna() & ~in_year(r, held)


@rule(
    "1104",
    "cin",
    ENQUIRIES,
    [CONFERENCE, "CINreferralDate"],
    "The initial conference is before the referral: correct a date.",
)
def conference_of_enquiry_before_referral(r: Checked) -> pd.Series:
    return r[ENQUIRIES][CONFERENCE] < r[ENQUIRIES]["CINreferralDate"]


@rule(
    "2883",
    "cin",
    "ChildProtectionPlans",
    ["CPPstartDate"],
    "More plans start in the year than initial conferences were held.",
)
def more_plans_than_conferences(r: Checked) -> pd.Series:
    plans = r["ChildProtectionPlans"]
    held = in_year(r, r[ENQUIRIES][CONFERENCE]).sum() + in_year(r, r["CINdetails"][CONFERENCE]).sum()
    found = pd.Series(False, index=plans.index)
    found.iloc[:1] = bool(in_year(r, plans["CPPstartDate"]).sum() > held)
    return found


@rule(
    "2885",
    "cin",
    "ChildProtectionPlans",
    ["CPPstartDate"],
    "The plan starts on another day than the initial conference.",
)
def plan_not_on_conference_day(r: Checked) -> pd.Series:
    plans = r["ChildProtectionPlans"]
    held = pd.concat([r[ENQUIRIES][["child_no", CONFERENCE]], r["CINdetails"][["child_no", CONFERENCE]]])
    held = held.dropna()
    days = pd.MultiIndex.from_frame(plans[["child_no", "CPPstartDate"]])
    on_the_day = np.asarray(days.isin(pd.MultiIndex.from_frame(held)))
    same_case = has_conference(r, plans)
    return in_year(r, plans["CPPstartDate"]) & same_case & ~on_the_day


def has_conference(r: Checked, plans: pd.DataFrame) -> pd.Series:
    """Return whether the referral of each plan has an initial conference in this return."""
    with_date = pd.concat(
        [
            r[ENQUIRIES].loc[r[ENQUIRIES][CONFERENCE].notna(), "cin_no"],
            r["CINdetails"].loc[r["CINdetails"][CONFERENCE].notna(), "record"],
        ]
    )
    return plans["cin_no"].isin(with_date)
