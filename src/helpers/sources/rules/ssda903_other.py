"""Rules of the SSDA903 on adoption, missing episodes, reviews, care leavers, yearly outcomes and mothers."""

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked, rule
from helpers.sources.rules.ssda903_common import (
    HEALTH,
    back,
    birthday,
    header,
    looked_after_all_year,
    ordered,
)

MS = ["MIS_START", "MIS_END"]
PLACED = ["DATE_PLACED", "DATE_PLACED_CEASED"]
OUTCOMES = ["CONVICTED", "HEALTH_CHECK", *HEALTH, "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"]


def _last_end(r: Checked) -> pd.Series:
    """Return by child the day care ended; missing while the last episode is open."""
    last = ordered(r)
    last = last[last["LAST"] & (last["REC"] != "X1")]
    return last.set_index("CHILD")["DEC"]


@rule(
    "331",
    "ssda903",
    "AD1",
    ["DATE_MATCH"],
    "The child was matched after being placed for adoption: correct a date.",
)
def matched_after_placed(r: Checked) -> pd.Series:
    placed = r["Episodes"][r["Episodes"]["PLACE"].isin(["A3", "A4", "A5", "A6"])]
    first = placed.groupby("CHILD")["DECOM"].min()
    return r["AD1"]["DATE_MATCH"] > r["AD1"]["CHILD"].map(first)


@rule(
    "333", "ssda903", "AD1", ["DATE_INT", "DATE_MATCH"], "The decision is later than the match with adopters."
)
def decided_after_match(r: Checked) -> pd.Series:
    return r["AD1"]["DATE_INT"] > r["AD1"]["DATE_MATCH"]


@rule(
    "511", "ssda903", "AD1", ["NB_ADOPTR", "SEX_ADOPTR"], "Two adopters, so their sex must be MM, FF or MF."
)
def two_adopters_one_sex(r: Checked) -> pd.Series:
    return (r["AD1"]["NB_ADOPTR"] == "2") & r["AD1"]["SEX_ADOPTR"].isin(["M1", "F1"])


@rule("514", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "A single adopter, so the sex must be M1 or F1.")
def single_adopter_couple(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L0") & ~r["AD1"]["SEX_ADOPTR"].isin(["M1", "F1"])


@rule("517", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "Married adopters of different sex are MF.")
def married_not_mf(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L3") & (r["AD1"]["SEX_ADOPTR"] != "MF")


@rule("518", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "Married adopters of the same sex are MM or FF.")
def same_sex_not_so(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L4") & ~r["AD1"]["SEX_ADOPTR"].isin(["MM", "FF"])


@rule("519", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "Adopters in a civil partnership are two.")
def partnership_of_one(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L2") & ~r["AD1"]["SEX_ADOPTR"].isin(["MM", "FF", "MF"])


@rule("520", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "An unmarried couple of different sex is MF.")
def unmarried_not_mf(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L11") & (r["AD1"]["SEX_ADOPTR"] != "MF")


@rule(
    "524", "ssda903", "AD1", ["LS_ADOPTR", "SEX_ADOPTR"], "An unmarried couple of the same sex is MM or FF."
)
def unmarried_not_same_sex(r: Checked) -> pd.Series:
    return (r["AD1"]["LS_ADOPTR"] == "L12") & ~r["AD1"]["SEX_ADOPTR"].isin(["MM", "FF"])


@rule(
    "601",
    "ssda903",
    "Episodes",
    ["REC"],
    "The child was adopted, but the details of the adoption (AD1) are missing.",
)
def adoption_details_missing(r: Checked) -> pd.Series:
    rows = r["Episodes"]
    adopted = rows["REC"].isin(["E11", "E12"]) & rows["DEC"].between(r.start, r.end)
    return adopted & ~rows["CHILD"].isin(r["AD1"]["CHILD"])


@rule(
    "602",
    "ssda903",
    "AD1",
    ["CHILD"],
    "Adoption details are given, but no episode of the year ended in adoption.",
)
def not_adopted(r: Checked) -> pd.Series:
    rows = r["Episodes"]
    adopted = rows["REC"].isin(["E11", "E12"]) & rows["DEC"].between(r.start, r.end)
    return ~r["AD1"]["CHILD"].isin(rows.loc[adopted, "CHILD"])


@rule(
    "522",
    "ssda903",
    "PlacedAdoption",
    PLACED,
    "The decision was reversed before it was made: correct a date.",
)
def reversed_before_made(r: Checked) -> pd.Series:
    return r["PlacedAdoption"]["DATE_PLACED"] > r["PlacedAdoption"]["DATE_PLACED_CEASED"]


@rule(
    "563",
    "ssda903",
    "PlacedAdoption",
    PLACED,
    "The decision was reversed, but the date it was made is not given.",
)
def reversed_without_made(r: Checked) -> pd.Series:
    rows = r["PlacedAdoption"]
    return (rows["DATE_PLACED_CEASED"].notna() | rows["REASON_PLACED_CEASED"].notna()) & rows[
        "DATE_PLACED"
    ].isna()


@rule(
    "184",
    "ssda903",
    "PlacedAdoption",
    ["DATE_PLACED"],
    "The decision to place for adoption is before the child's birth.",
)
def decided_before_birth(r: Checked) -> pd.Series:
    return r["PlacedAdoption"]["DATE_PLACED"] < header(r, "PlacedAdoption", "DOB")


@rule(
    "551",
    "ssda903",
    "Episodes",
    ["PLACE"],
    "The child is placed for adoption, but the decision to do so is missing.",
)
def placed_without_decision(r: Checked) -> pd.Series:
    decided = r["PlacedAdoption"].loc[r["PlacedAdoption"]["DATE_PLACED"].notna(), "CHILD"]
    rows = r["Episodes"]
    return rows["PLACE"].isin(["A3", "A4", "A5", "A6"]) & ~rows["CHILD"].isin(decided)


@rule(
    "553",
    "ssda903",
    "Episodes",
    ["LS"],
    "A placement order is in force, but the decision to place is missing.",
)
def order_without_decision(r: Checked) -> pd.Series:
    decided = r["PlacedAdoption"].loc[r["PlacedAdoption"]["DATE_PLACED"].notna(), "CHILD"]
    return (r["Episodes"]["LS"] == "E1") & ~r["Episodes"]["CHILD"].isin(decided)


@rule("567", "ssda903", "Missing", MS, "The missing episode ends before it starts: correct a date.")
def missing_ends_first(r: Checked) -> pd.Series:
    return r["Missing"]["MIS_END"] < r["Missing"]["MIS_START"]


@rule("570", "ssda903", "Missing", ["MIS_START"], "The missing episode starts after the year of the return.")
def missing_after_year(r: Checked) -> pd.Series:
    return r["Missing"]["MIS_START"] > r.end


@rule("571", "ssda903", "Missing", ["MIS_END"], "The missing episode ends outside the year of the return.")
def missing_end_outside_year(r: Checked) -> pd.Series:
    end = r["Missing"]["MIS_END"]
    return (end < r.start) | (end > r.end)


@rule(
    "574",
    "ssda903",
    "Missing",
    MS,
    "A missing episode starts while the one before is open or overlaps with it.",
)
def missing_overlap(r: Checked) -> pd.Series:
    rows = r["Missing"].sort_values(["CHILD", "MIS_START"], kind="stable")
    before = rows.groupby("CHILD")
    ends, started = before["MIS_END"].shift(), before["MIS_START"].shift().notna()
    return back(started & (ends.isna() | (rows["MIS_START"] < ends)), r, "Missing")


@rule(
    "577", "ssda903", "Missing", ["MIS_END"], "The child has left care, but the missing episode has no end."
)
def missing_beyond_care(r: Checked) -> pd.Series:
    rows = r["Missing"]
    left = rows["CHILD"].map(_last_end(r))
    return left.notna() & (rows["MIS_END"].isna() | (rows["MIS_END"] > left))


@rule("578", "ssda903", "Missing", ["MIS_START"], "The missing episode starts after the child left care.")
def missing_after_care(r: Checked) -> pd.Series:
    return r["Missing"]["MIS_START"] > r["Missing"]["CHILD"].map(_last_end(r))


@rule(
    "581",
    "ssda903",
    "Missing",
    ["MIS_START"],
    "The missing episode starts before the child was looked after.",
)
def missing_before_care(r: Checked) -> pd.Series:
    first = r["Episodes"].groupby("CHILD")["DECOM"].min()
    return r["Missing"]["MIS_START"] < r["Missing"]["CHILD"].map(first)


@rule("586", "ssda903", "Missing", ["MIS_START"], "The missing episode starts before the child's birth.")
def missing_before_birth(r: Checked) -> pd.Series:
    return r["Missing"]["MIS_START"] < header(r, "Missing", "DOB")


@rule(
    "440",
    "ssda903",
    "Reviews",
    ["REVIEW", "REVIEW_CODE"],
    "PN0 is for children under four, and this child was older.",
)
def under_4_code(r: Checked) -> pd.Series:
    rows = r["Reviews"]
    return (rows["REVIEW_CODE"] == "PN0") & (rows["REVIEW"] > birthday(header(r, "Reviews", "DOB"), 4))


@rule(
    "441",
    "ssda903",
    "Reviews",
    ["REVIEW", "REVIEW_CODE"],
    "The child was under four at the review: the code is PN0.",
)
def over_4_code(r: Checked) -> pd.Series:
    rows = r["Reviews"]
    others = rows["REVIEW_CODE"].isin([f"PN{i}" for i in range(1, 8)])
    return others & (rows["REVIEW"] < birthday(header(r, "Reviews", "DOB"), 4))


@rule(
    "303",
    "ssda903",
    "UASC",
    ["DUC"],
    "Asylum status has an end date, but the child is not recorded as unaccompanied.",
)
def status_ended_without_status(r: Checked) -> pd.Series:
    status = header(r, "UASC", "UASC")
    return r["UASC"]["DUC"].notna() & (status == "0").fillna(False)


@rule("304", "ssda903", "UASC", ["DUC"], "Asylum status ends on the 18th birthday at the latest.")
def status_after_18(r: Checked) -> pd.Series:
    return r["UASC"]["DUC"] > birthday(header(r, "UASC", "DOB"), 18)


@rule(
    "391",
    "ssda903",
    "OC3",
    ["DOB"],
    "Care leaver information is for young people who turn 17 to 21 in the year.",
)
def leaver_too_young(r: Checked) -> pd.Series:
    given = r["OC3"][["IN_TOUCH", "ACTIV", "ACCOM"]].notna().any(axis=1)
    return given & (birthday(header(r, "OC3", "DOB").fillna(r["OC3"]["DOB"]), 17) > r.end)


@rule(
    "345",
    "ssda903",
    "OC3",
    ["IN_TOUCH", "ACTIV", "ACCOM"],
    "In touch with the young person, so say what they do and where they live.",
)
def in_touch_but_unknown(r: Checked) -> pd.Series:
    rows = r["OC3"]
    return (rows["IN_TOUCH"] == "YES") & ((rows["ACTIV"] == "0") | (rows["ACCOM"] == "0"))


@rule(
    "344",
    "ssda903",
    "OC3",
    ["IN_TOUCH", "ACTIV", "ACCOM"],
    "For a young person who died or went home, leave activity and home at 0.",
)
def died_but_active(r: Checked) -> pd.Series:
    rows = r["OC3"]
    filled = (rows["ACTIV"].notna() & (rows["ACTIV"] != "0")) | (
        rows["ACCOM"].notna() & (rows["ACCOM"] != "0")
    )
    return rows["IN_TOUCH"].isin(["DIED", "RHOM"]) & filled


def _outcome_ages(r: Checked) -> pd.Series:
    return header(r, "OC2", "DOB").fillna(r["OC2"]["DOB"])


@rule("157", "ssda903", "OC2", ["SDQ_REASON"], "Age is no reason for having no score between 4 and 16.")
def sdq_age_reason(r: Checked) -> pd.Series:
    dob = _outcome_ages(r)
    of_age = (birthday(dob, 4) <= r.start) & (birthday(dob, 17) > r.end)
    return (r["OC2"]["SDQ_REASON"] == "SDQ1") & of_age


@rule(
    "188",
    "ssda903",
    "OC2",
    ["SDQ_SCORE", "SDQ_REASON"],
    "A child under four has no strengths and difficulties score.",
)
def sdq_under_4(r: Checked) -> pd.Series:
    given = r["OC2"][["SDQ_SCORE", "SDQ_REASON"]].notna().any(axis=1)
    return given & (birthday(_outcome_ages(r), 4) > r.end)


@rule(
    "189",
    "ssda903",
    "OC2",
    ["SDQ_SCORE", "SDQ_REASON"],
    "A young person of 17 has no strengths and difficulties score.",
)
def sdq_over_17(r: Checked) -> pd.Series:
    given = r["OC2"][["SDQ_SCORE", "SDQ_REASON"]].notna().any(axis=1)
    return given & (birthday(_outcome_ages(r), 17) <= r.start)


@rule("542", "ssda903", "OC2", ["CONVICTED"], "Convictions are not recorded for children under ten.")
def convicted_under_10(r: Checked) -> pd.Series:
    return r["OC2"]["CONVICTED"].notna() & (birthday(_outcome_ages(r), 10) > r.end)


@rule("543", "ssda903", "OC2", ["CONVICTED"], "Say whether this child of ten or over was convicted.")
def conviction_missing(r: Checked) -> pd.Series:
    cohort = r["OC2"]["CHILD"].isin(looked_after_all_year(r))
    return cohort & r["OC2"]["CONVICTED"].isna() & (birthday(_outcome_ages(r), 10) <= r.end)


@rule(
    "545", "ssda903", "OC2", ["HEALTH_CHECK"], "Say whether this child under five had the development checks."
)
def health_check_missing(r: Checked) -> pd.Series:
    cohort = r["OC2"]["CHILD"].isin(looked_after_all_year(r))
    return cohort & r["OC2"]["HEALTH_CHECK"].isna() & (birthday(_outcome_ages(r), 5) > r.end)


@rule(
    "546", "ssda903", "OC2", ["HEALTH_CHECK"], "Development checks are recorded for children under five only."
)
def health_check_over_5(r: Checked) -> pd.Series:
    return r["OC2"]["HEALTH_CHECK"].notna() & (birthday(_outcome_ages(r), 5) <= r.end)


@rule(
    "190",
    "ssda903",
    "OC2",
    OUTCOMES,
    "Not looked after for twelve months at 31 March: leave these items empty.",
)
def outcomes_outside_cohort(r: Checked) -> pd.Series:
    outside = r["OC2"]["CHILD"].isin(r["Episodes"]["CHILD"]) & ~r["OC2"]["CHILD"].isin(
        looked_after_all_year(r)
    )
    return outside & r["OC2"][OUTCOMES].notna().any(axis=1)


@rule(
    "185",
    "ssda903",
    "OC2",
    ["SDQ_SCORE"],
    "Not looked after for twelve months at 31 March: leave the score empty.",
)
def score_outside_cohort(r: Checked) -> pd.Series:
    outside = r["OC2"]["CHILD"].isin(r["Episodes"]["CHILD"]) & ~r["OC2"]["CHILD"].isin(
        looked_after_all_year(r)
    )
    return outside & r["OC2"]["SDQ_SCORE"].notna()


@rule(
    "191",
    "ssda903",
    "Header",
    ["CHILD"],
    "Looked after for twelve months at 31 March, but the yearly items are missing.",
)
def outcomes_missing(r: Checked) -> pd.Series:
    filled = r["OC2"].loc[r["OC2"][HEALTH].notna().all(axis=1), "CHILD"]
    return r["Header"]["CHILD"].isin(looked_after_all_year(r)) & ~r["Header"]["CHILD"].isin(filled)


@rule(
    "174",
    "ssda903",
    "Header",
    ["SEX", "MC_DOB"],
    "A boy cannot be a mother: correct the sex or remove the child's birth date.",
)
def father_as_mother(r: Checked) -> pd.Series:
    return r["Header"]["SEX"].isin(["1", "M"]) & r["Header"]["MC_DOB"].notna()


@rule(
    "611",
    "ssda903",
    "Header",
    ["MOTHER", "MC_DOB"],
    "The girl is a mother, but her child's birth date is missing.",
)
def child_of_mother_missing(r: Checked) -> pd.Series:
    return (r["Header"]["MOTHER"] == "1") & r["Header"]["MC_DOB"].isna()


@rule(
    "620",
    "ssda903",
    "Header",
    ["DOB", "MOTHER"],
    "A mother under eleven: correct the birth date or the mother field.",
)
def mother_under_11(r: Checked) -> pd.Series:
    return (r["Header"]["MOTHER"] == "1") & (birthday(r["Header"]["DOB"], 11) > r.end)


@rule("621", "ssda903", "Header", ["DOB", "MC_DOB"], "The mother is younger than her child: correct a date.")
def mother_younger(r: Checked) -> pd.Series:
    return r["Header"]["DOB"] > r["Header"]["MC_DOB"]


@rule(
    "635",
    "ssda903",
    "PrevPerm",
    ["PREV_PERM", "LA_PERM", "DATE_PERM"],
    "No earlier permanence (Z1), so leave date and authority empty.",
)
def details_of_no_permanence(r: Checked) -> pd.Series:
    given = r["PrevPerm"][["LA_PERM", "DATE_PERM"]].notna().any(axis=1)
    return (r["PrevPerm"]["PREV_PERM"] == "Z1") & given


@rule(
    "502",
    "ssda903",
    "Episodes",
    ["DECOM"],
    "Last year's return left an episode open that this one does not begin with.",
    needs_previous=True,
)
def open_episode_not_carried_over(r: Checked) -> pd.Series:
    rows, before = ordered(r), r.previous["Episodes"]
    open_before = before[before["DEC"].isna()].groupby("CHILD")["DECOM"].max()
    expected = rows["CHILD"].map(open_before)
    return back(rows["FIRST"] & expected.notna() & (rows["DECOM"] != expected), r)


def _differs_from_last_year(number: str, column: str, what: str) -> None:
    def find(r: Checked) -> pd.Series:
        known = r.previous["Header"].drop_duplicates("CHILD").set_index("CHILD")[column]
        before = r["Header"]["CHILD"].map(known)
        written = before.notna() & r["Header"][column].notna()
        found_since = before.astype("string").isin(valid_codes("upn_unknown"))  # a number that was unknown
        return written & ~found_since & (r["Header"][column] != before)

    find.__name__ = f"rule_{number}"
    reason = f"{what} differs from last year's return: which one is right?"
    rule(number, "ssda903", "Header", [column], reason, needs_previous=True)(find)


_differs_from_last_year("203", "DOB", "The date of birth")
_differs_from_last_year("204", "ETHNIC", "Ethnicity")
_differs_from_last_year("208", "UPN", "The pupil number")
