"""Rules of the CIN Census on child protection plans, their reviews, and child in need plans."""

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked, rule
from helpers.sources.rules.cin_common import in_year, meets, of_child, overlaps, several_open
from helpers.sources.values import parse_numbers

CP, CIN, REVIEWS = "ChildProtectionPlans", "CINPlanDates", "Reviews"
CP_DATES, CIN_DATES = ["CPPstartDate", "CPPendDate"], ["CINPlanStartDate", "CINPlanEndDate"]
FROM_2022 = (2022, 9999)  # child in need plans are collected from 2021/22


@rule(
    "1105",
    "cin",
    CP,
    ["CPPstartDate", "CINreferralDate"],
    "The plan starts before the referral: correct a date.",
)
def plan_before_referral(r: Checked) -> pd.Series:
    return r[CP]["CPPstartDate"] < r[CP]["CINreferralDate"]


@rule(
    "8720",
    "cin",
    CP,
    ["CPPstartDate"],
    "The start of the plan is missing, no date, or after the census year.",
)
def plan_start_missing(r: Checked) -> pd.Series:
    start = r[CP]["CPPstartDate"]
    return start.isna() | (start > r.end)


@rule(
    "8730",
    "cin",
    CP,
    ["NumberOfPreviousCPP"],
    "The number of earlier plans is missing: give 0 where there was none.",
)
def previous_plans_missing(r: Checked) -> pd.Series:
    return parse_numbers(r[CP]["NumberOfPreviousCPP"]).isna()


@rule("8840", "cin", CP, CP_DATES, "The plan starts and ends on the same day: correct one of the dates.")
def plan_of_one_day(r: Checked) -> pd.Series:
    return r[CP]["CPPstartDate"] == r[CP]["CPPendDate"]


@rule(
    "8841",
    "cin",
    REVIEWS,
    ["CPPreviewDate", "CPPstartDate"],
    "The review is on or before the first day of the plan.",
)
def review_before_plan(r: Checked) -> pd.Series:
    return r[REVIEWS]["CPPreviewDate"] <= r[REVIEWS]["CPPstartDate"]


@rule("8842Q", "cin", REVIEWS, ["CPPreviewDate"], "A review has no date, or one that cannot be read: add it.")
def review_without_date(r: Checked) -> pd.Series:
    return r[REVIEWS]["CPPreviewDate"].isna()


@rule(
    "8905",
    "cin",
    CP,
    ["InitialCategoryOfAbuse"],
    "The initial category of abuse is missing or no valid code.",
)
def initial_category_invalid(r: Checked) -> pd.Series:
    return ~r[CP]["InitialCategoryOfAbuse"].str.upper().isin(valid_codes("abuse_category", r.year))


@rule(
    "8910", "cin", CP, ["LatestCategoryOfAbuse"], "The latest category of abuse is missing or no valid code."
)
def latest_category_invalid(r: Checked) -> pd.Series:
    return ~r[CP]["LatestCategoryOfAbuse"].str.upper().isin(valid_codes("abuse_category", r.year))


@rule("8915", "cin", CP, ["CPPstartDate"], "The plan starts after the child died: correct one of the dates.")
def plan_after_death(r: Checked) -> pd.Series:
    return r[CP]["CPPstartDate"] > of_child(r, CP, "PersonDeathDate")


@rule("8920", "cin", CP, ["CPPendDate"], "The plan ends after the child died: correct one of the dates.")
def plan_ends_after_death(r: Checked) -> pd.Series:
    return r[CP]["CPPendDate"] > of_child(r, CP, "PersonDeathDate")


@rule("8925", "cin", CP, CP_DATES, "The plan ends before it starts: correct one of the dates.")
def plan_ends_first(r: Checked) -> pd.Series:
    return r[CP]["CPPendDate"] < r[CP]["CPPstartDate"]


@rule("8930", "cin", CP, ["CPPendDate"], "The end of the plan is not within the census year.")
def plan_end_outside_year(r: Checked) -> pd.Series:
    end = r[CP]["CPPendDate"]
    return end.notna() & ~in_year(r, end)


@rule("8935", "cin", CP, ["CPPstartDate"], "The child has more than one open plan: end or merge one.")
def several_open_plans(r: Checked) -> pd.Series:
    return several_open(r[CP], "child_no", "CPPendDate")


@rule("8940", "cin", CP, CP_DATES, "The plan overlaps with an earlier one of the child: correct the dates.")
def plans_overlap(r: Checked) -> pd.Series:
    return overlaps(r[CP], "child_no", "CPPstartDate", "CPPendDate", r.end)


@rule(
    "4001",
    "cin",
    CIN,
    CIN_DATES,
    "The child in need plan runs beside a child protection plan.",
    years=FROM_2022,
)
def plans_beside_each_other(r: Checked) -> pd.Series:
    dates = ("CINPlanStartDate", "CPPstartDate"), ("CINPlanEndDate", "CPPendDate")
    return meets(r[CIN], r[CP], "child_no", *dates, r.end)


@rule(
    "4003",
    "cin",
    REVIEWS,
    ["CPPreviewDate"],
    "A plan was reviewed while a child in need plan was open.",
    years=FROM_2022,
)
def review_in_cin_plan(r: Checked) -> pd.Series:
    reviews = r[REVIEWS][["child_no", "CPPreviewDate"]].reset_index(names="row")
    pairs = reviews.merge(r[CIN][["child_no", *CIN_DATES]], on="child_no")
    during = (pairs["CINPlanStartDate"] < pairs["CPPreviewDate"]) & (
        pairs["CPPreviewDate"] <= pairs["CINPlanEndDate"].fillna(r.end)
    )
    return pd.Series(r[REVIEWS].index.isin(pairs.loc[during, "row"]), index=r[REVIEWS].index)


@rule(
    "4004",
    "cin",
    CIN,
    ["CINPlanStartDate"],
    "The child has more than one open child in need plan.",
    years=FROM_2022,
)
def several_open_cin_plans(r: Checked) -> pd.Series:
    return several_open(r[CIN], "child_no", "CINPlanEndDate")


@rule("4008", "cin", CIN, ["CINPlanStartDate"], "The plan starts after the child died.", years=FROM_2022)
def cin_plan_after_death(r: Checked) -> pd.Series:
    return r[CIN]["CINPlanStartDate"] > of_child(r, CIN, "PersonDeathDate")


@rule("4009Q", "cin", CIN, ["CINPlanEndDate"], "The plan ends after the child died.", years=FROM_2022)
def cin_plan_ends_after_death(r: Checked) -> pd.Series:
    return r[CIN]["CINPlanEndDate"] > of_child(r, CIN, "PersonDeathDate")


@rule(
    "4010",
    "cin",
    CIN,
    ["CINPlanStartDate"],
    "The start of the plan is missing, no date, or after the year.",
    years=FROM_2022,
)
def cin_plan_start_missing(r: Checked) -> pd.Series:
    start = r[CIN]["CINPlanStartDate"]
    return start.isna() | (start > r.end)


@rule("4011", "cin", CIN, CIN_DATES, "The child in need plan ends before it starts.", years=FROM_2022)
def cin_plan_ends_first(r: Checked) -> pd.Series:
    return r[CIN]["CINPlanEndDate"] < r[CIN]["CINPlanStartDate"]


@rule(
    "4012Q",
    "cin",
    CIN,
    CIN_DATES,
    "The child in need plan lasts a single day: is that right?",
    years=FROM_2022,
)
def cin_plan_of_one_day(r: Checked) -> pd.Series:
    return r[CIN]["CINPlanEndDate"] == r[CIN]["CINPlanStartDate"]


@rule(
    "4013",
    "cin",
    CIN,
    ["CINPlanEndDate"],
    "The end of the plan is not within the census year.",
    years=FROM_2022,
)
def cin_plan_end_outside_year(r: Checked) -> pd.Series:
    end = r[CIN]["CINPlanEndDate"]
    return end.notna() & ~in_year(r, end)


@rule("4014", "cin", CIN, CIN_DATES, "The plan overlaps with an earlier one of the child.", years=FROM_2022)
def cin_plans_overlap(r: Checked) -> pd.Series:
    return overlaps(r[CIN], "child_no", "CINPlanStartDate", "CINPlanEndDate", r.end)


@rule(
    "4015",
    "cin",
    CIN,
    ["CINPlanStartDate", "CINreferralDate"],
    "The plan starts before the referral.",
    years=FROM_2022,
)
def cin_plan_before_referral(r: Checked) -> pd.Series:
    return r[CIN]["CINPlanStartDate"] < r[CIN]["CINreferralDate"]


@rule(
    "4016", "cin", CIN, CIN_DATES, "The plan starts while a child protection plan is open.", years=FROM_2022
)
def cin_plan_starts_in_cp_plan(r: Checked) -> pd.Series:
    plans = r[CIN][["child_no", "CINPlanStartDate"]].reset_index(names="row")
    pairs = plans.merge(r[CP][["child_no", *CP_DATES]], on="child_no")
    during = (pairs["CPPstartDate"] <= pairs["CINPlanStartDate"]) & (
        pairs["CINPlanStartDate"] < pairs["CPPendDate"].fillna(r.end + pd.Timedelta(days=1))
    )
    return pd.Series(r[CIN].index.isin(pairs.loc[during, "row"]), index=r[CIN].index)


@rule(
    "4017", "cin", CIN, CIN_DATES, "A child protection plan starts while this plan is open.", years=FROM_2022
)
def cp_plan_starts_in_cin_plan(r: Checked) -> pd.Series:
    plans = r[CIN][["child_no", *CIN_DATES]].reset_index(names="row")
    pairs = plans.merge(r[CP][["child_no", "CPPstartDate"]], on="child_no")
    during = (pairs["CINPlanStartDate"] <= pairs["CPPstartDate"]) & (
        pairs["CPPstartDate"] < pairs["CINPlanEndDate"].fillna(r.end + pd.Timedelta(days=1))
    )
    return pd.Series(r[CIN].index.isin(pairs.loc[during, "row"]), index=r[CIN].index)
