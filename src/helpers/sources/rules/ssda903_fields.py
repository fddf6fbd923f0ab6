"""Rules of the SSDA903 on single fields: dates that are none, codes that are none, what must be filled in."""

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked, rule
from helpers.sources.rules.ssda903_common import ADOPTION, HEALTH, each, header, invalid, not_a_date

DATES = {
    "102": ("Header", ["DOB"], "The date of birth is missing or no date."),
    "104": ("UASC", ["DUC"], "The date on which asylum status ceased is no date."),
    "112": ("AD1", ["DATE_INT"], "The date of the decision on adoption is no date."),
    "113": ("AD1", ["DATE_MATCH"], "The date of matching with adopters is no date."),
    "115": ("PlacedAdoption", ["DATE_PLACED"], "The date of the decision to place for adoption is no date."),
    "116": ("PlacedAdoption", ["DATE_PLACED_CEASED"], "The date of reversing the decision is no date."),
    "141": ("Episodes", ["DECOM"], "The start of the episode is missing or no date."),
    "147": ("Episodes", ["DEC"], "The end of the episode is no date."),
    "166": ("Reviews", ["REVIEW"], "The date of the review is missing or no date."),
    "171": ("Header", ["MC_DOB"], "The birth date of the mother's child is no date."),
    "1004": ("Missing", ["MIS_START"], "The start of the missing episode is no date."),
    "1005": ("Missing", ["MIS_END"], "The end of the missing episode is no date."),
    "700": ("DoLo", ["DOLO_START"], "The start of the deprivation of liberty order is no date."),
    "701": ("DoLo", ["DOLO_END"], "The end of the deprivation of liberty order is no date."),
    "SW04STG1": ("SWEpisodes", ["SW_DECOM"], "The start of the social worker episode is no date."),
    "SW05STG1": ("SWEpisodes", ["SW_DEC"], "The end of the social worker episode is no date."),
}
MUST_BE_FILLED = {"102", "141", "166"}

CODES = {
    "101": ("Header", ["SEX"], "Sex is missing or no valid code of this year."),
    "103": ("Header", ["ETHNIC"], "Ethnicity is missing or no valid code."),
    "114": ("AD1", ["FOSTER_CARE"], "Say with 0 or 1 whether a foster carer adopted."),
    "120": (
        "PlacedAdoption",
        ["REASON_PLACED_CEASED"],
        "The reason for the reversal is no valid code.",
    ),
    "131": ("OC3", ["IN_TOUCH"], "Being in touch is missing or no valid code."),
    "132": ("OC3", ["ACTIV"], "The activity is no valid code of this year."),
    "133": ("OC3", ["ACCOM"], "The accommodation is no valid code."),
    "143": ("Episodes", ["RNE"], "The reason for the new episode is missing or no valid code."),
    "144": ("Episodes", ["LS"], "The legal status is missing or no valid code."),
    "145": ("Episodes", ["CIN"], "The category of need is missing or no valid code."),
    "146": ("Episodes", ["PLACE"], "The placement is missing or no valid code of this year."),
    "149": ("Episodes", ["REC"], "The reason the episode ceased is no valid code."),
    "167": ("Reviews", ["REVIEW_CODE"], "How the child took part is missing or no valid code."),
    "175": ("AD1", ["NB_ADOPTR"], "The number of adopters must be 1 or 2."),
    "176": ("AD1", ["SEX_ADOPTR"], "The sex of the adopters is no valid code."),
    "177": ("AD1", ["LS_ADOPTR"], "The legal status of the adopters is no valid code."),
    "178": ("Episodes", ["PLACE_PROVIDER"], "The placement provider is no valid code."),
    "196": ("OC2", ["SDQ_REASON"], "The reason for no strengths and difficulties score is no valid code."),
    "631": ("PrevPerm", ["PREV_PERM"], "The earlier permanence arrangement is no valid code."),
    "1006": ("Missing", ["MISSING"], "The kind of absence must be M or A."),
    "1009": ("Episodes", ["REASON_PLACE_CHANGE"], "The reason for the change of placement is no valid code."),
    "SW13STG1": ("SWEpisodes", ["SW_REASON"], "The reason for a new social worker is no valid code."),
}
LISTS = {
    "SEX": "sex", "ETHNIC": "ethnicity",
    "REASON_PLACED_CEASED": "reason_placed_ceased", "IN_TOUCH": "in_touch",
    "ACTIV": "activity", "ACCOM": "accommodation", "RNE": "reason_new_episode", "LS": "legal_status",
    "CIN": "category_of_need", "PLACE": "placement", "REC": "reason_episode_ceased",
    "REVIEW_CODE": "review_participation", "SEX_ADOPTR": "sex_of_adopters", "LS_ADOPTR": "status_of_adopters",
    "PLACE_PROVIDER": "placement_provider", "SDQ_REASON": "sdq_reason", "PREV_PERM": "previous_permanence",
    "MISSING": "missing", "REASON_PLACE_CHANGE": "reason_place_change", "SW_REASON": "social_worker_reason",
}  # fmt: skip
OWN_LISTS = {"FOSTER_CARE": ["0", "1"], "NB_ADOPTR": ["1", "2"]}
NEVER_EMPTY = {"SEX", "ETHNIC", "RNE", "LS", "CIN", "PLACE"}
FIRST_YEAR = {"SW04STG1": 2024, "SW05STG1": 2024, "SW13STG1": 2024, "700": 2027, "701": 2027}


def _dates(table: str, fields: list[str], empty: bool) -> object:
    def find(r: Checked) -> pd.Series:
        if len(r[table]) and r.year < FIRST_YEAR.get(find.__name__.removeprefix("rule_"), 0):
            return pd.Series(False, index=r[table].index)
        missing = r.raw[table][fields[0]].isna() if empty else False
        return not_a_date(r, table, fields[0]) | missing

    return find


def _codes(table: str, fields: list[str]) -> object:
    column = fields[0]

    def find(r: Checked) -> pd.Series:
        values = r[table][column]
        if r.year < FIRST_YEAR.get(find.__name__.removeprefix("rule_"), 0):
            return pd.Series(False, index=values.index)
        if column == "SEX":  # the census knows 0 and 9 as well, this return does not
            return ~values.isin(["1", "2"] if r.year < 2025 else ["M", "F", "U"])
        if column in OWN_LISTS:
            return values.notna() & ~values.isin(OWN_LISTS[column])
        return invalid(r, table, column, LISTS[column]) | (values.isna() & (column in NEVER_EMPTY))

    return find


each({n: v for n, v in DATES.items() if n in MUST_BE_FILLED}, lambda t, f: _dates(t, f, True))
each({n: v for n, v in DATES.items() if n not in MUST_BE_FILLED}, lambda t, f: _dates(t, f, False))
each(CODES, _codes)


@rule(
    "168",
    "ssda903",
    "Header",
    ["UPN"],
    "The pupil number is not valid; write UN1 to UN5 where there is none.",
)
def upn_invalid(r: Checked) -> pd.Series:
    upn = r["Header"]["UPN"]
    valid = upn.str.fullmatch(r"(UN[1-5])|([A-HJ-NP-RT-Z]\d{11}(\d|[A-HJ-NP-RT-Z]))").fillna(False)
    return upn.notna() & ~valid


@rule("442", "ssda903", "Header", ["UPN"], "The pupil number is empty: write it, or UN1 to UN5.")
def upn_empty(r: Checked) -> pd.Series:
    looked_after = r["Episodes"].loc[~r["Episodes"]["LS"].isin(["V3", "V4"]), "CHILD"]
    return r["Header"]["UPN"].isna() & r["Header"]["CHILD"].isin(looked_after)


@rule("444", "ssda903", "Header", ["UPN"], "Two children have the same pupil number.", years=(2026, 9999))
def upn_twice(r: Checked) -> pd.Series:
    upn = r["Header"]["UPN"].where(~r["Header"]["UPN"].isin(valid_codes("upn_unknown")))
    return upn.notna() & upn.duplicated(keep=False)


@rule(
    "148", "ssda903", "Episodes", ["DEC", "REC"], "An episode that ceased needs both the date and the reason."
)
def end_half_given(r: Checked) -> pd.Series:
    return r.raw["Episodes"]["DEC"].isna() != r["Episodes"]["REC"].isna()


@rule("151", "ssda903", "AD1", ADOPTION, "Either all items on the adoption are given, or none.")
def adoption_half_given(r: Checked) -> pd.Series:
    given = r.raw["AD1"][ADOPTION].notna()
    return given.any(axis=1) & ~given.all(axis=1)


@rule(
    "153",
    "ssda903",
    "OC3",
    ["IN_TOUCH", "ACTIV", "ACCOM"],
    "Either all items on the care leaver are given, or none.",
)
def leaver_half_given(r: Checked) -> pd.Series:
    given = r["OC3"][["IN_TOUCH", "ACTIV", "ACCOM"]].notna()
    return given.any(axis=1) & ~given.all(axis=1)


@rule(
    "119",
    "ssda903",
    "PlacedAdoption",
    ["REASON_PLACED_CEASED", "DATE_PLACED_CEASED"],
    "A reversed decision needs both date and reason.",
)
def reversal_half_given(r: Checked) -> pd.Series:
    rows = r["PlacedAdoption"]
    return r.raw["PlacedAdoption"]["DATE_PLACED_CEASED"].isna() != rows["REASON_PLACED_CEASED"].isna()


@rule(
    "564",
    "ssda903",
    "Missing",
    ["MISSING", "MIS_START"],
    "The child was missing, but the start is not given.",
)
def missing_without_start(r: Checked) -> pd.Series:
    return r["Missing"]["MISSING"].isin(["M", "A"]) & r.raw["Missing"]["MIS_START"].isna()


@rule(
    "565",
    "ssda903",
    "Missing",
    ["MISSING", "MIS_START"],
    "A start is given, but not whether missing or away.",
)
def start_without_kind(r: Checked) -> pd.Series:
    return r.raw["Missing"]["MIS_START"].notna() & r["Missing"]["MISSING"].isna()


@rule(
    "566", "ssda903", "Missing", ["MISSING", "MIS_END"], "An end is given, but not whether missing or away."
)
def end_without_kind(r: Checked) -> pd.Series:
    return r.raw["Missing"]["MIS_END"].notna() & r["Missing"]["MISSING"].isna()


@rule(
    "180",
    "ssda903",
    "OC2",
    ["SDQ_SCORE"],
    "The strengths and difficulties score must be a number from 0 to 40.",
)
def sdq_out_of_range(r: Checked) -> pd.Series:
    score = r["OC2"]["SDQ_SCORE"]
    return score.notna() & ~pd.to_numeric(score, errors="coerce").between(0, 40)


@rule(
    "181",
    "ssda903",
    "OC2",
    ["CONVICTED", "HEALTH_CHECK", *HEALTH],
    "Items of the twelve-month cohort must be 0 or 1.",
)
def outcome_not_0_or_1(r: Checked) -> pd.Series:
    columns = ["CONVICTED", "HEALTH_CHECK", *HEALTH, "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"]
    values = r["OC2"][columns]
    return (values.notna() & ~values.isin(["0", "1"])).any(axis=1)


@rule(
    "182",
    "ssda903",
    "OC2",
    HEALTH,
    "Immunisations, teeth, health assessment and substance misuse go together: fill in all.",
)
def health_half_given(r: Checked) -> pd.Series:
    others = ["CONVICTED", "HEALTH_CHECK", "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"]
    return r["OC2"][HEALTH].isna().any(axis=1) & r["OC2"][[*HEALTH, *others]].notna().any(axis=1)


@rule(
    "158",
    "ssda903",
    "OC2",
    ["INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"],
    "An intervention was received, so leave whether it was offered empty.",
)
def offered_beside_received(r: Checked) -> pd.Series:
    return (r["OC2"]["INTERVENTION_RECEIVED"] == "1") & r["OC2"]["INTERVENTION_OFFERED"].notna()


@rule(
    "159",
    "ssda903",
    "OC2",
    ["INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"],
    "No intervention was received: say whether it was offered.",
)
def offer_missing(r: Checked) -> pd.Series:
    rows = r["OC2"]
    none = (rows["SUBSTANCE_MISUSE"] == "1") & (rows["INTERVENTION_RECEIVED"] == "0")
    return none & rows["INTERVENTION_OFFERED"].isna()


@rule(
    "192",
    "ssda903",
    "OC2",
    ["SUBSTANCE_MISUSE", "INTERVENTION_RECEIVED"],
    "A substance misuse problem: say whether help was received.",
)
def help_missing(r: Checked) -> pd.Series:
    return (r["OC2"]["SUBSTANCE_MISUSE"] == "1") & r["OC2"]["INTERVENTION_RECEIVED"].isna()


@rule(
    "193",
    "ssda903",
    "OC2",
    ["SUBSTANCE_MISUSE", "INTERVENTION_RECEIVED"],
    "No substance misuse problem, so leave the interventions empty.",
)
def help_without_problem(r: Checked) -> pd.Series:
    rows = r["OC2"]
    given = rows[["INTERVENTION_RECEIVED", "INTERVENTION_OFFERED"]].notna().any(axis=1)
    return (rows["SUBSTANCE_MISUSE"].isna() | (rows["SUBSTANCE_MISUSE"] == "0")) & given


@rule(
    "197a",
    "ssda903",
    "OC2",
    ["SDQ_SCORE", "SDQ_REASON"],
    "There is a score, so no reason for having none is needed.",
)
def reason_beside_score(r: Checked) -> pd.Series:
    return r["OC2"]["SDQ_SCORE"].notna() & r["OC2"]["SDQ_REASON"].notna()


def _not_in_header(table: str, fields: list[str]) -> object:
    return lambda r: ~r[table]["CHILD"].isin(r["Header"]["CHILD"])


def _differs_from_header(table: str, fields: list[str]) -> object:
    def find(r: Checked) -> pd.Series:
        known = header(r, table, fields[0])
        return r[table][fields[0]].notna() & known.notna() & (r[table][fields[0]] != known)

    return find


def _twice(table: str, fields: list[str]) -> object:
    return lambda r: r[table].duplicated("CHILD", keep=False) & r[table]["CHILD"].notna()


def _tables(names: list[str], first: int, what: list[str], reason: str) -> dict:
    return {f"INT{first + i:02d}": (t, what, reason.format(t)) for i, t in enumerate(names)}


IN_TABLES = ["AD1", "PlacedAdoption", "Episodes", "Missing", "OC2", "OC3", "PrevPerm", "Reviews", "UASC"]
WITH_DOB = ["AD1", "PlacedAdoption", "Missing", "OC2", "OC3", "PrevPerm", "Reviews", "UASC"]
ONCE = ["AD1", "Header", "OC2", "OC3", "PrevPerm", "UASC"]
each(
    _tables(IN_TABLES, 1, ["CHILD"], "The child is in {} but not in Header: add the child there."),
    _not_in_header,
)
each(
    _tables(WITH_DOB, 11, ["DOB"], "The date of birth in {} is not the one in Header."), _differs_from_header
)
each({"INT21": ("UASC", ["SEX"], "The sex in UASC is not the one in Header.")}, _differs_from_header)
each(_tables(ONCE, 31, ["CHILD"], "A child may stand only once in {}."), _twice)
