"""Rules of the SSDA903 on episodes of care: their order, legal status, placement and end."""

import pandas as pd

from helpers.sources.rules import Checked, rule
from helpers.sources.rules.ssda903_common import (
    PLACE,
    RESPITE,
    back,
    birthday,
    first_of_period,
    header,
    ordered,
)

EP = "Episodes"
TEMPORARY = ["T0", "T1", "T2", "T3", "T4"]
ADOPTED = ["E11", "E12"]
SGO = ["E45", "E46", "E47", "E48"]
FOSTER = ["U1", "U2", "U3", "U4", "U5", "U6"]


def _dob(r: Checked) -> pd.Series:
    return header(r, EP, "DOB")


def _days(r: Checked) -> pd.Series:
    return (r[EP]["DEC"].fillna(r.end) - r[EP]["DECOM"]).dt.days


@rule("142", "ssda903", EP, ["DEC", "REC"], "A later episode has begun, but this one has no end: add it.")
def not_ended_before_next(r: Checked) -> pd.Series:
    rows = ordered(r)
    return back(~rows["LAST"] & (rows["DEC"].isna() | rows["REC"].isna()), r)


@rule("301", "ssda903", "Header", ["DOB"], "The date of birth is after the year of the return.")
def born_after_year(r: Checked) -> pd.Series:
    return r["Header"]["DOB"] > r.end


@rule("302", "ssda903", EP, ["DECOM"], "The child's first episode starts before birth: correct a date.")
def before_birth(r: Checked) -> pd.Series:
    return ordered(r)["FIRST"].reindex(r[EP].index) & (r[EP]["DECOM"] < _dob(r))


@rule(
    "351",
    "ssda903",
    "Header",
    ["DOB"],
    "The young person was over 25 at the start of the year: is the date right?",
)
def over_25(r: Checked) -> pd.Series:
    return birthday(r["Header"]["DOB"], 26) <= r.start


@rule("352", "ssda903", EP, ["DECOM", "RNE"], "A child cannot start to be looked after at 18 or over.")
def adult_at_start(r: Checked) -> pd.Series:
    return (r[EP]["RNE"] == "S") & (r[EP]["DECOM"] > birthday(_dob(r), 18))


@rule(
    "353",
    "ssda903",
    EP,
    ["DECOM"],
    "No episode can start before 14 October 1991, when the Children Act came into force.",
)
def before_children_act(r: Checked) -> pd.Series:
    return r[EP]["DECOM"] < pd.Timestamp(1991, 10, 14)


@rule("354", "ssda903", EP, ["DECOM"], "The episode starts after the year of the return.")
def starts_after_year(r: Checked) -> pd.Series:
    return r[EP]["DECOM"] > r.end


@rule("355", "ssda903", EP, ["DECOM", "DEC"], "The episode starts and ends on the same day.")
def episode_of_no_day(r: Checked) -> pd.Series:
    return r[EP]["DECOM"] == r[EP]["DEC"]


@rule("356", "ssda903", EP, ["DECOM", "DEC"], "The episode ends before it starts: correct a date.")
def ends_before_start(r: Checked) -> pd.Series:
    return r[EP]["DEC"] < r[EP]["DECOM"]


@rule("385", "ssda903", EP, ["DEC"], "The episode ends after the year of the return.")
def ends_after_year(r: Checked) -> pd.Series:
    return r[EP]["DEC"] > r.end


@rule("358", "ssda903", EP, ["LS"], "This legal status is for children of ten and over.")
def youth_status_under_10(r: Checked) -> pd.Series:
    return r[EP]["LS"].isin(["J1", "J2", "J3"]) & (r[EP]["DECOM"] < birthday(_dob(r), 10))


@rule("361", "ssda903", EP, ["LS"], "Police protection lasts 72 hours at most: what status followed?")
def police_protection_long(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "L1") & (_days(r) > 3)


@rule(
    "362", "ssda903", EP, ["LS"], "An emergency protection order lasts 21 days at most: what status followed?"
)
def emergency_order_long(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "L2") & (_days(r) > 21)


@rule(
    "363", "ssda903", EP, ["LS"], "A child assessment order lasts seven days at most: what status followed?"
)
def assessment_order_long(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "L3") & (_days(r) > 7)


@rule("364", "ssda903", EP, ["LS"], "Detention under PACE lasts 72 hours at most: what status followed?")
def pace_long(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "J2") & (_days(r) > 3)


@rule("365", "ssda903", EP, ["LS", "DECOM", "DEC"], "A single short break lasts 17 days at most.")
def short_break_long(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "V3") & (_days(r) > 17)


@rule(
    "366",
    "ssda903",
    EP,
    ["LS", "RNE"],
    "A child does not move during a short break: each break starts anew (S).",
)
def move_in_short_break(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "V3") & (r[EP]["RNE"] != "S")


def _too_young(number: str, place: str, age: int, reason: str, years: tuple[int, int] = (0, 9999)) -> None:
    def find(r: Checked) -> pd.Series:
        return (r[EP]["PLACE"] == place) & (r[EP]["DECOM"] < birthday(_dob(r), age))

    find.__name__ = f"rule_{number}"
    rule(number, "ssda903", EP, ["PLACE", "DECOM"], reason, years=years)(find)


_too_young("370", "P2", 15, "Independent living is for children of 15 and over.", (0, 2023))
_too_young("370", "P2", 16, "Independent living is for children of 16 and over.", (2024, 9999))
_too_young("371", "H5", 14, "Semi-independent accommodation is for children of 14 and over.", (0, 2023))
_too_young("371", "H5", 16, "Semi-independent accommodation is for children of 16 and over.", (2024, 2024))
_too_young("371", "K3", 16, "Supported accommodation is for children of 16 and over.", (2025, 9999))
_too_young("372", "R5", 10, "Youth custody is for children of ten and over.")
_too_young("373", "S1", 4, "A school placement is for children of four and over.")
_too_young("374", "P3", 14, "Residential employment is for children of 14 and over.")


def _too_long(number: str, place: str, days: int, reason: str) -> None:
    def find(r: Checked) -> pd.Series:
        return (r[EP]["PLACE"] == place) & (_days(r) > days)

    find.__name__ = f"rule_{number}"
    rule(number, "ssda903", EP, ["PLACE", "DECOM", "DEC"], reason)(find)


_too_long("375", "T1", 42, "A temporary hospital placement lasts six weeks at most.")
_too_long("376", "T3", 21, "A placement during the carer's holiday lasts three weeks at most.")
_too_long("379", "T4", 7, "An unspecified temporary placement lasts seven days at most.")


@rule(
    "378",
    "ssda903",
    EP,
    ["PLACE", "LS"],
    "A child placed with parents cannot be accommodated under section 20.",
)
def with_parents_under_section_20(r: Checked) -> pd.Series:
    return (r[EP]["PLACE"] == "P1") & (r[EP]["LS"] == "V2")


@rule("380", "ssda903", EP, ["PLACE", "RNE"], "A period of care cannot start with a temporary placement.")
def starts_temporary(r: Checked) -> pd.Series:
    return r[EP]["PLACE"].isin(TEMPORARY) & ~r[EP]["RNE"].isin(["P", "B"])


@rule("381", "ssda903", EP, ["PLACE", "REC"], "A period of care cannot end with a temporary placement.")
def ends_temporary(r: Checked) -> pd.Series:
    return r[EP]["PLACE"].isin(TEMPORARY) & r[EP]["REC"].notna() & (r[EP]["REC"] != "X1")


@rule("382", "ssda903", EP, ["LS", "PLACE"], "A short break cannot be in a temporary placement.")
def short_break_temporary(r: Checked) -> pd.Series:
    return r[EP]["LS"].isin(RESPITE) & r[EP]["PLACE"].isin(TEMPORARY)


@rule("384", "ssda903", EP, ["LS", "PLACE"], "A short break cannot be in long-term fostering.")
def short_break_long_term(r: Checked) -> pd.Series:
    return r[EP]["LS"].isin(RESPITE) & r[EP]["PLACE"].isin(["U1", "U4"])


@rule("386", "ssda903", EP, ["REC"], "A young person of 18 cannot be adopted.")
def adopted_at_18(r: Checked) -> pd.Series:
    return r[EP]["REC"].isin(ADOPTED) & (birthday(_dob(r), 18) <= r[EP]["DEC"])


@rule("387", "ssda903", EP, ["REC"], "A child under 14 cannot leave for independent living.")
def independent_under_14(r: Checked) -> pd.Series:
    return r[EP]["REC"].isin(["E5", "E6"]) & (birthday(_dob(r), 14) > r[EP]["DEC"])


@rule(
    "388",
    "ssda903",
    EP,
    ["REC"],
    "The episode ended because another began (X1), but none follows on that day.",
)
def continued_by_nothing(r: Checked) -> pd.Series:
    rows = ordered(r)
    broken = (rows["REC"] == "X1") & (rows["LAST"] | (rows["DECOM_AFTER"] != rows["DEC"]))
    wrong = rows["REC"].notna() & (rows["REC"] != "X1") & (rows["DECOM_AFTER"] == rows["DEC"])
    return back(broken | wrong, r)


@rule("389", "ssda903", EP, ["REC"], "A child under 16 cannot move to adult social care.")
def adult_care_under_16(r: Checked) -> pd.Series:
    return (r[EP]["REC"] == "E7") & (birthday(_dob(r), 16) > r[EP]["DEC"])


@rule("390", "ssda903", EP, ["PLACE", "REC"], "The child was adopted but never placed for adoption.")
def adopted_unplaced(r: Checked) -> pd.Series:
    return r[EP]["REC"].isin(ADOPTED) & ~r[EP]["PLACE"].isin(["A3", "A4", "A5", "A6"])


@rule("407", "ssda903", EP, ["REC"], "A special guardianship order cannot be made at 18.")
def guardianship_at_18(r: Checked) -> pd.Series:
    return r[EP]["REC"].isin([*SGO, "E43", "E44"]) & (birthday(_dob(r), 18) < r[EP]["DEC"])


@rule(
    "408",
    "ssda903",
    EP,
    ["PLACE", "LS"],
    "Placed for adoption under a placement order, but the status is not E1.",
)
def placement_order_missing(r: Checked) -> pd.Series:
    return r[EP]["PLACE"].isin(["A5", "A6"]) & (r[EP]["LS"] != "E1")


@rule(
    "431",
    "ssda903",
    EP,
    ["RNE", "DECOM"],
    "Started to be looked after (S), but the episode before ended on that day.",
)
def started_though_continued(r: Checked) -> pd.Series:
    rows = ordered(r)
    return back((rows["RNE"] == "S") & (rows["DECOM"] <= rows["DEC_BEFORE"]), r)


@rule("432", "ssda903", EP, ["RNE"], "The child had left care before this episode, so its reason must be S.")
def continued_though_left(r: Checked) -> pd.Series:
    rows = ordered(r)
    left = rows["REC_BEFORE"].notna() & (rows["REC_BEFORE"] != "X1")
    return back(rows["RNE"].isin(["P", "L", "T", "U", "B"]) & left, r)


@rule(
    "433", "ssda903", EP, ["RNE", "DECOM"], "A continued episode must start on the day the one before ended."
)
def gap_before_continued(r: Checked) -> pd.Series:
    rows = ordered(r)
    continued = rows["RNE"].isin(["P", "L", "T", "U", "B"]) & ~rows["FIRST"]
    return back(continued & (rows["DECOM"] != rows["DEC_BEFORE"]), r)


def _same(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return for each column whether the episode has the same value as the one before (both empty counts)."""
    return pd.DataFrame(
        {c: rows[c].fillna("") == rows[f"{c}_BEFORE"].fillna("") for c in columns}, index=rows.index
    )


@rule(
    "434",
    "ssda903",
    EP,
    ["RNE", "LS", *PLACE],
    "Only the legal status is said to have changed (L): the fields show otherwise.",
)
def not_only_legal_change(r: Checked) -> pd.Series:
    rows = ordered(r)
    unchanged = _same(rows, PLACE).all(axis=1) & ~_same(rows, ["LS"])["LS"]
    return back((rows["RNE"] == "L") & ~rows["FIRST"] & ~unchanged, r)


@rule(
    "435",
    "ssda903",
    EP,
    ["RNE", "LS", *PLACE],
    "Only the placement is said to have changed (P or T): the fields show otherwise.",
)
def not_only_placement_change(r: Checked) -> pd.Series:
    rows = ordered(r)
    as_said = _same(rows, ["LS"])["LS"] & ~_same(rows, PLACE).all(axis=1)
    return back(rows["RNE"].isin(["P", "T"]) & ~rows["FIRST"] & ~as_said, r)


@rule(
    "436",
    "ssda903",
    EP,
    ["RNE", "LS", *PLACE],
    "Both status and placement are said to have changed (B or U): they have not.",
)
def not_both_changed(r: Checked) -> pd.Series:
    rows = ordered(r)
    either = _same(rows, ["LS"])["LS"] | _same(rows, PLACE).all(axis=1)
    return back(rows["RNE"].isin(["B", "U"]) & ~rows["FIRST"] & either, r)


@rule("437", "ssda903", EP, ["REC"], "The child died or reached 18 here, yet another episode follows.")
def episode_after_the_end(r: Checked) -> pd.Series:
    rows = ordered(r)
    return back(rows["REC"].isin(["E2", "E15"]) & ~rows["LAST"], r)


@rule("445", "ssda903", EP, ["LS", "DECOM"], "A freeing order (D1) cannot begin after December 2005.")
def freeing_order_late(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "D1") & (r[EP]["DECOM"] >= pd.Timestamp(2005, 12, 31))


@rule("446", "ssda903", EP, ["LS", "DECOM"], "A placement order (E1) cannot begin before December 2005.")
def placement_order_early(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "E1") & (r[EP]["DECOM"] < pd.Timestamp(2005, 12, 30))


@rule(
    "451",
    "ssda903",
    EP,
    ["LS", "DEC"],
    "The child is still freed for adoption, which has not been possible since 2005.",
)
def still_freed(r: Checked) -> pd.Series:
    return (r[EP]["LS"] == "D1") & r[EP]["DEC"].isna() & r[EP]["REC"].isna()


@rule("460", "ssda903", EP, ["REC", "DEC"], "Staying with carers at 18 (E17) is for young people of 18.")
def staying_put_under_18(r: Checked) -> pd.Series:
    return (r[EP]["REC"] == "E17") & (r[EP]["DEC"] < birthday(_dob(r), 18))


@rule(
    "501",
    "ssda903",
    EP,
    ["DECOM"],
    "The episode starts before the one before it has ended: correct the dates.",
)
def episodes_overlap(r: Checked) -> pd.Series:
    rows = ordered(r)
    return back(rows["DECOM"] < rows["DEC_BEFORE"], r)


@rule(
    "504",
    "ssda903",
    EP,
    ["CIN"],
    "The category of need changed within a period of care: it is that at the start.",
)
def need_changed(r: Checked) -> pd.Series:
    rows = r[EP].assign(PERIOD=first_of_period(r))
    first = rows.sort_values("DECOM").groupby(["CHILD", "PERIOD"])["CIN"].transform("first")
    return (rows["CIN"] != first.reindex(rows.index)).fillna(False)


@rule(
    "516",
    "ssda903",
    EP,
    ["REC", "PLACE"],
    "Guardianship to a former foster carer needs a foster placement before.",
)
def guardianship_without_fostering(r: Checked) -> pd.Series:
    return r[EP]["REC"].isin(["E45", "E46"]) & ~r[EP]["PLACE"].isin(FOSTER)


NO_PROVIDER = [*TEMPORARY, "Z1"]


@rule("213", "ssda903", EP, ["PLACE_PROVIDER"], "This placement needs no provider: leave it empty.")
def provider_not_needed(r: Checked) -> pd.Series:
    return r[EP]["PLACE"].isin(NO_PROVIDER) & r[EP]["PLACE_PROVIDER"].notna()


@rule("526", "ssda903", EP, ["PLACE", "PLACE_PROVIDER"], "The placement provider is missing.")
def provider_missing(r: Checked) -> pd.Series:
    return ~r[EP]["PLACE"].isin(NO_PROVIDER) & r[EP]["PLACE"].notna() & r[EP]["PLACE_PROVIDER"].isna()


def _provider_cannot(number: str, provider: str, places: list[str], reason: str) -> None:
    def find(r: Checked) -> pd.Series:
        return (r[EP]["PLACE_PROVIDER"] == provider) & r[EP]["PLACE"].isin(places)

    find.__name__ = f"rule_{number}"
    rule(number, "ssda903", EP, ["PLACE", "PLACE_PROVIDER"], reason)(find)


_provider_cannot(
    "527", "PR1", ["P1", "R2", "R5"], "The authority's own provision does not offer this placement."
)
_provider_cannot("528", "PR2", ["P1", "R2", "R5"], "Another authority does not offer this placement.")
PUBLIC_CANNOT = ["P1", "A3", "A4", "A5", "A6", "K1", "K2", *FOSTER]
_provider_cannot("529", "PR3", PUBLIC_CANNOT, "Another public body does not offer this placement.")
_provider_cannot("530", "PR4", ["P1"], "A private provider does not offer placement with parents.")
_provider_cannot("531", "PR5", ["P1"], "A voluntary provider does not offer placement with parents.")


@rule(
    "550",
    "ssda903",
    EP,
    ["PLACE", "PLACE_PROVIDER"],
    "Parents as provider (PR0) is for placement with parents (P1).",
)
def parents_as_provider(r: Checked) -> pd.Series:
    return (r[EP]["PLACE_PROVIDER"] == "PR0") & (r[EP]["PLACE"] != "P1")


@rule(
    "217",
    "ssda903",
    EP,
    ["PLACE", "RNE"],
    "Placed for adoption with the current foster carer: the reason must be S, T or U.",
)
def adopted_by_carer_moved(r: Checked) -> pd.Series:
    since = r[EP]["DECOM"] >= pd.Timestamp(2015, 4, 1)
    return r[EP]["PLACE"].isin(["A3", "A5"]) & since & ~r[EP]["RNE"].isin(["S", "T", "U"])


@rule(
    "217t",
    "ssda903",
    EP,
    ["PLACE", "DECOM"],
    "P2 is no valid placement from 28 October 2023.",
    years=(2024, 9999),
)
def independent_living_ended(r: Checked) -> pd.Series:
    return (r[EP]["PLACE"] == "P2") & (r[EP]["DECOM"] >= pd.Timestamp(2023, 10, 28))


@rule(
    "226",
    "ssda903",
    EP,
    ["REASON_PLACE_CHANGE", "PLACE"],
    "No reason for a change of placement is needed before a temporary one.",
)
def reason_before_temporary(r: Checked) -> pd.Series:
    rows = ordered(r)
    temporary = rows["PLACE"].isin(TEMPORARY)
    return back(rows["REASON_PLACE_CHANGE"].notna() & temporary, r)


@rule(
    "225",
    "ssda903",
    EP,
    ["REASON_PLACE_CHANGE"],
    "The child moved after this episode: give the reason for the change.",
)
def change_without_reason(r: Checked) -> pd.Series:
    rows = ordered(r)
    moved = rows["RNE_AFTER"].isin(["P", "T", "B", "U"]) & (rows["DECOM_AFTER"] >= pd.Timestamp(2015, 4, 1))
    temporary = rows["PLACE"].isin(TEMPORARY) | rows["PLACE_AFTER"].isin(TEMPORARY)
    return back((rows["REC"] == "X1") & moved & ~temporary & rows["REASON_PLACE_CHANGE"].isna(), r)
