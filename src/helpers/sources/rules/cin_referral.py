"""Rules of the CIN Census on the referral (CINdetails): dates, source, need, closure."""

import pandas as pd

from helpers.sources.rules import Checked, rule
from helpers.sources.rules.cin_common import has, in_year, no_further_action, not_in_list, of_child, overlaps
from helpers.sources.values import parse_flags

DETAILS = "CINdetails"
CLOSURE = ["CINclosureDate", "ReasonForClosure"]
AFTER_ASSESSMENT = ["RC8", "RC9"]
# What must not go on after closure: table -> date columns.
ACTIVITY = {
    "Assessments": ["AssessmentActualStartDate", "AssessmentAuthorisationDate"],
    "Section47": ["S47ActualStartDate", "DateOfInitialCPC"],
    "ChildProtectionPlans": ["CPPendDate"],
    "CINPlanDates": ["CINPlanStartDate", "CINPlanEndDate"],
}


def _open(r: Checked) -> pd.Series:
    return r[DETAILS]["CINclosureDate"].isna() & ~no_further_action(r)


@rule(
    "8555Q",
    "cin",
    DETAILS,
    ["CINreferralDate"],
    "The child was referred after the date of death: correct one date.",
)
def referred_after_death(r: Checked) -> pd.Series:
    return r[DETAILS]["CINreferralDate"] > of_child(r, DETAILS, "PersonDeathDate")


@rule(
    "8565",
    "cin",
    DETAILS,
    ["CINclosureDate"],
    "Something is recorded after the case closed: correct a date or reopen.",
)
def activity_after_closure(r: Checked) -> pd.Series:
    details = r[DETAILS]
    late = details["DateOfInitialCPC"] > details["CINclosureDate"]
    closure = details.set_index("record")["CINclosureDate"]
    for table, columns in ACTIVITY.items():
        rows = r[table]
        last = rows[columns].max(axis=1)
        after = last > closure.reindex(rows["cin_no"]).set_axis(rows.index)
        late |= details["record"].isin(rows.loc[after, "cin_no"])
    return late


@rule("8568", "cin", DETAILS, ["ReferralNFA"], "Say whether there was no further action: true or false.")
def nfa_missing(r: Checked) -> pd.Series:
    return parse_flags(r[DETAILS]["ReferralNFA"]).isna()


@rule(
    "8569Q",
    "cin",
    DETAILS,
    ["CINreferralDate", "ReferralNFA"],
    "A referral without further action belongs in the year it was made.",
)
def nfa_of_earlier_year(r: Checked) -> pd.Series:
    day_before = r.start - pd.offsets.BDay(1)
    return no_further_action(r) & (r[DETAILS]["CINreferralDate"] < day_before)


@rule(
    "8585Q",
    "cin",
    DETAILS,
    ["ReasonForClosure"],
    "The case closed because the child died, but no date of death is given.",
)
def died_without_date(r: Checked) -> pd.Series:
    return (r[DETAILS]["ReasonForClosure"] == "RC2") & of_child(r, DETAILS, "PersonDeathDate").isna()


@rule(
    "8600",
    "cin",
    DETAILS,
    ["CINreferralDate"],
    "The referral date is missing, no date, or after the census year.",
)
def referral_date_missing(r: Checked) -> pd.Series:
    date = r[DETAILS]["CINreferralDate"]
    return date.isna() | (date > r.end)


@rule(
    "8610",
    "cin",
    DETAILS,
    ["PrimaryNeedCode"],
    "A referral that led to something needs a primary need: add it.",
)
def need_missing(r: Checked) -> pd.Series:
    return ~no_further_action(r) & r[DETAILS]["PrimaryNeedCode"].isna()


@rule(
    "8620",
    "cin",
    DETAILS,
    ["CINclosureDate"],
    "The closure is not within the census year: correct it or leave it out.",
)
def closure_outside_year(r: Checked) -> pd.Series:
    closure = r[DETAILS]["CINclosureDate"]
    return closure.notna() & ~in_year(r, closure)


@rule(
    "8630",
    "cin",
    DETAILS,
    ["CINreferralDate", "CINclosureDate"],
    "The case closed before it was referred: correct a date.",
)
def closed_before_referral(r: Checked) -> pd.Series:
    return r[DETAILS]["CINclosureDate"] < r[DETAILS]["CINreferralDate"]


@rule("8640", "cin", DETAILS, ["ReasonForClosure"], "The reason for closure is no valid code of this year.")
def closure_reason_invalid(r: Checked) -> pd.Series:
    return not_in_list(r[DETAILS]["ReasonForClosure"], "closure_reason", r.year)


@rule("8650", "cin", DETAILS, ["PrimaryNeedCode"], "The primary need is no valid code.")
def need_invalid(r: Checked) -> pd.Series:
    return not_in_list(r[DETAILS]["PrimaryNeedCode"], "primary_need", r.year)


@rule("8805", "cin", DETAILS, CLOSURE, "The case has a closure date but no reason for closure: add it.")
def closed_without_reason(r: Checked) -> pd.Series:
    return r[DETAILS]["CINclosureDate"].notna() & r[DETAILS]["ReasonForClosure"].isna()


@rule("8810", "cin", DETAILS, CLOSURE, "The case has a reason for closure but no closure date: add it.")
def reason_without_closure(r: Checked) -> pd.Series:
    return r[DETAILS]["CINclosureDate"].isna() & r[DETAILS]["ReasonForClosure"].notna()


@rule(
    "8815",
    "cin",
    DETAILS,
    ["CINreferralDate"],
    "The child has more than one open case: close or merge the earlier one.",
)
def several_open_cases(r: Checked) -> pd.Series:
    open_ = _open(r)
    return open_ & (open_.groupby(r[DETAILS]["child_no"]).transform("sum") > 1)


@rule(
    "8816",
    "cin",
    DETAILS,
    ["CINreferralDate"],
    "An open case is not the child's latest one: it should have been closed.",
)
def open_but_not_latest(r: Checked) -> pd.Series:
    latest = r[DETAILS].groupby("child_no")["CINreferralDate"].transform("max")
    return _open(r) & (r[DETAILS]["CINreferralDate"] < latest)


@rule(
    "8820",
    "cin",
    DETAILS,
    ["CINreferralDate", "CINclosureDate"],
    "The case overlaps with an earlier one: correct the dates.",
)
def cases_overlap(r: Checked) -> pd.Series:
    rows = r[DETAILS][~no_further_action(r)]
    late = overlaps(rows, "child_no", "CINreferralDate", "CINclosureDate", r.end)
    return late.reindex(r[DETAILS].index, fill_value=False)


@rule(
    "8866",
    "cin",
    DETAILS,
    ["ReferralSource"],
    "The source of referral is missing or no valid code of this year.",
)
def source_invalid(r: Checked) -> pd.Series:
    source = r[DETAILS]["ReferralSource"]
    return source.isna() | not_in_list(source, "referral_source", r.year)


@rule(
    "2990",
    "cin",
    DETAILS,
    CLOSURE,
    "A case closed after assessment cannot have an enquiry, conference or plan.",
)
def activity_in_closed_after_assessment(r: Checked) -> pd.Series:
    active = has(r, "Section47") | has(r, "ChildProtectionPlans") | has(r, "CINPlanDates")
    active |= r[DETAILS]["DateOfInitialCPC"].notna()
    return r[DETAILS]["ReasonForClosure"].isin(AFTER_ASSESSMENT) & active


@rule(
    "8825Q",
    "cin",
    DETAILS,
    ["ReasonForClosure"],
    "The case closed after assessment, but no assessment is recorded.",
)
def closed_after_no_assessment(r: Checked) -> pd.Series:
    return r[DETAILS]["ReasonForClosure"].isin(AFTER_ASSESSMENT) & ~has(r, "Assessments")


@rule(
    "8831",
    "cin",
    DETAILS,
    ["ReferralNFA"],
    "No further action, yet an assessment, enquiry or conference is recorded.",
)
def activity_without_action(r: Checked) -> pd.Series:
    active = has(r, "Assessments") | has(r, "Section47") | r[DETAILS]["DateOfInitialCPC"].notna()
    return no_further_action(r) & (
        active | r[DETAILS]["ReasonForClosure"].notna() | r[DETAILS]["CINclosureDate"].notna()
    )


@rule("8832", "cin", DETAILS, ["ReferralNFA"], "No further action, yet a child protection plan is recorded.")
def plan_without_action(r: Checked) -> pd.Series:
    return no_further_action(r) & has(r, "ChildProtectionPlans")


@rule(
    "4000",
    "cin",
    DETAILS,
    ["ReferralNFA"],
    "No further action, yet a child in need plan is recorded.",
    years=(2022, 9999),
)
def cin_plan_without_action(r: Checked) -> pd.Series:
    return no_further_action(r) & has(r, "CINPlanDates")


@rule(
    "1104",
    "cin",
    DETAILS,
    ["DateOfInitialCPC", "CINreferralDate"],
    "The initial conference is before the referral: correct a date.",
)
def conference_before_referral(r: Checked) -> pd.Series:
    return r[DETAILS]["DateOfInitialCPC"] < r[DETAILS]["CINreferralDate"]


@rule(
    "2884",
    "cin",
    DETAILS,
    ["DateOfInitialCPC"],
    "The initial conference stands on the referral and on the enquiry: keep one.",
)
def conference_twice(r: Checked) -> pd.Series:
    on_enquiry = has(r, "Section47", where=r["Section47"]["DateOfInitialCPC"].notna())
    return r[DETAILS]["DateOfInitialCPC"].notna() & on_enquiry
