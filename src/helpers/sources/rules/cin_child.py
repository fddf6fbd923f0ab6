"""Rules of the CIN Census on the child: numbers, dates of birth and death, sex, ethnicity, disability."""

import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.sources.rules import Checked, rule
from helpers.sources.rules.cin_common import no_further_action, not_in_list, of_child

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
BIRTH = ["PersonBirthDate", "ExpectedPersonBirthDate"]


def _first(rows: pd.DataFrame, broken: bool) -> pd.Series:
    """Return a finding about the whole return, placed on its first row."""
    found = pd.Series(False, index=rows.index)
    found.iloc[:1] = broken
    return found


def check_letter(upn: pd.Series) -> pd.Series:
    """Return the letter a pupil number should begin with: its digits weighted 2 to 13, modulo 23 (DfE)."""
    last = upn.str[12]
    digits = upn.str[1:12] + last.map({c: str(LETTERS.index(c)) for c in LETTERS}).fillna(last)
    tail = last.map({c: LETTERS.index(c) for c in LETTERS}).fillna(pd.to_numeric(last, errors="coerce"))
    total = sum(pd.to_numeric(digits.str[i], errors="coerce") * (i + 2) for i in range(11)) + tail * 13
    return (total % 23).map(lambda n: LETTERS[int(n)] if pd.notna(n) else None)


@rule(
    "1510",
    "cin",
    "Child",
    ["UPN"],
    "The first letter of the pupil number does not fit its digits: it is mistyped.",
)
def upn_check_letter(r: Checked) -> pd.Series:
    upn = r["Child"]["UPN"].str.upper()
    return upn.notna() & (check_letter(upn) != upn.str[0])


@rule("1520", "cin", "Child", ["UPN"], "Another child has the same pupil number: find out whose it is.")
def upn_twice(r: Checked) -> pd.Series:
    upn = r["Child"]["UPN"]
    return upn.notna() & upn.duplicated(keep=False)


@rule(
    "1530",
    "cin",
    "Child",
    ["UPN"],
    "Characters 2 to 4 of the pupil number are no authority's code: correct it.",
)
def upn_authority(r: Checked) -> pd.Series:
    upn = r["Child"]["UPN"]
    return upn.notna() & ~upn.str[1:4].isin(valid_codes("la_code") | {"001"})


@rule("1540", "cin", "Child", ["UPN"], "Characters 5 to 12 of the pupil number must be digits: correct it.")
def upn_digits(r: Checked) -> pd.Series:
    upn = r["Child"]["UPN"]
    return upn.notna() & ~upn.str[4:12].str.fullmatch(r"\d{8}").fillna(False)


@rule(
    "1550",
    "cin",
    "Child",
    ["UPN"],
    "The last character of the pupil number must be a digit or a permitted letter.",
)
def upn_end(r: Checked) -> pd.Series:
    upn = r["Child"]["UPN"]
    return upn.notna() & ~upn.str.upper().str[12:].str.fullmatch(f"[0-9{LETTERS}]").fillna(False)


@rule(
    "1560Q",
    "cin",
    "Child",
    ["FormerUPN"],
    "The former pupil number is not of the form letter and twelve characters.",
)
def former_upn(r: Checked) -> pd.Series:
    upn = r["Child"]["FormerUPN"].str.upper()
    return upn.notna() & ~upn.str.fullmatch(rf"[{LETTERS}]\d{{11}}[0-9{LETTERS}]").fillna(False)


@rule(
    "1570",
    "cin",
    "Child",
    ["LAchildID"],
    "The child's number is longer than 20 characters.",
    years=(2025, 9999),
)
def long_child_id(r: Checked) -> pd.Series:
    return r["Child"]["LAchildID"].str.len() > 20


@rule(
    "1580",
    "cin",
    "Child",
    ["LAchildID"],
    "The child's number may hold letters and digits only.",
    years=(2025, 9999),
)
def odd_child_id(r: Checked) -> pd.Series:
    child = r["Child"]["LAchildID"]
    return child.notna() & ~child.str.fullmatch("[A-Za-z0-9]+").fillna(False)


@rule(
    "2886Q", "cin", "Child", ["Sex"], "More than 2% of the children born have no sex recorded: complete it."
)
def sex_often_missing(r: Checked) -> pd.Series:
    born = r["Child"][r["Child"]["PersonBirthDate"].notna()]
    unknown = born["Sex"].isna() | born["Sex"].isin(["0", "U"])
    return _first(r["Child"], bool(unknown.mean() > 0.02) if len(born) else False)


@rule(
    "2887Q",
    "cin",
    "Disability",
    ["Disability"],
    "Fewer than eight disability codes are used: are all recorded?",
)
def few_disabilities(r: Checked) -> pd.Series:
    codes = r["Disability"]["Disability"].dropna().unique()
    return _first(r["Disability"], len(codes) < 8)


@rule(
    "2888Q",
    "cin",
    "Disability",
    ["Disability"],
    "No child has more than one disability: record each that is there.",
)
def one_disability_only(r: Checked) -> pd.Series:
    disabled = r["Disability"][r["Disability"]["Disability"] != "NONE"]
    return _first(r["Disability"], len(disabled) > 0 and bool(disabled.groupby("child_no").size().max() == 1))


@rule("4180", "cin", "Child", ["Sex"], "Gender is missing: give 1, 2, 0 or 9.", years=(2017, 2024))
def gender_missing(r: Checked) -> pd.Series:
    return ~r["Child"]["Sex"].isin(["0", "1", "2", "9"])


@rule("4180", "cin", "Child", ["Sex"], "Sex must be given as M, F or U.", years=(2025, 9999))
def sex_missing(r: Checked) -> pd.Series:
    return ~r["Child"]["Sex"].str.upper().isin(["M", "F", "U"])


@rule(
    "4220",
    "cin",
    "Child",
    ["Ethnicity"],
    "Ethnicity is missing or no valid code: use NOBT or REFU if not known.",
)
def ethnicity_invalid(r: Checked) -> pd.Series:
    ethnicity = r["Child"]["Ethnicity"]
    return ethnicity.isna() | not_in_list(ethnicity, "ethnicity", r.year)


@rule("8500", "cin", "Child", ["LAchildID"], "The child has no number: without it nothing can be counted.")
def child_id_missing(r: Checked) -> pd.Series:
    return r["Child"]["LAchildID"].isna()


@rule(
    "8510",
    "cin",
    "Child",
    ["LAchildID"],
    "Two children have the same number: merge them or give another number.",
)
def child_id_twice(r: Checked) -> pd.Series:
    child = r["Child"]["LAchildID"]
    return child.notna() & child.duplicated(keep=False)


@rule(
    "8520",
    "cin",
    "Child",
    ["PersonBirthDate"],
    "The date of birth is after the census year: use the expected date.",
)
def born_after_year(r: Checked) -> pd.Series:
    return r["Child"]["PersonBirthDate"] > r.end


@rule(
    "8525Q",
    "cin",
    "Child",
    BIRTH,
    "Give either the date of birth or, for the unborn, the expected one: not both.",
)
def one_birth_date(r: Checked) -> pd.Series:
    given = r["Child"][BIRTH].notna().sum(axis=1)
    return given != 1


@rule(
    "8530Q",
    "cin",
    "Child",
    ["ExpectedPersonBirthDate"],
    "The expected birth is not within nine months of the year's end.",
)
def expected_birth_far(r: Checked) -> pd.Series:
    expected = r["Child"]["ExpectedPersonBirthDate"]
    return expected.notna() & ~expected.between(
        r.end - pd.Timedelta(days=30), r.end + pd.DateOffset(months=9)
    )


@rule(
    "8535Q",
    "cin",
    "Child",
    ["PersonDeathDate", "PersonBirthDate"],
    "The child died before being born: correct a date.",
)
def died_before_birth(r: Checked) -> pd.Series:
    return r["Child"]["PersonDeathDate"] < r["Child"]["PersonBirthDate"]


@rule(
    "8540",
    "cin",
    "Disability",
    ["Disability"],
    "The disability is no valid code: use NONE where there is none.",
)
def disability_invalid(r: Checked) -> pd.Series:
    return not_in_list(r["Disability"]["Disability"], "disability", r.year)


@rule(
    "8540",
    "cin",
    "Child",
    ["PersonBirthDate"],
    "No disability is recorded, not even NONE, for a child who was helped.",
)
def disability_missing(r: Checked) -> pd.Series:
    helped = r["CINdetails"].loc[~no_further_action(r), "child_no"]
    child = r["Child"]
    recorded = child["record"].isin(r["Disability"].loc[r["Disability"]["Disability"].notna(), "child_no"])
    return child["PersonBirthDate"].notna() & child["record"].isin(helped) & ~recorded


@rule(
    "8545Q", "cin", "Child", ["PersonDeathDate"], "The date of death is not within the census year: check it."
)
def death_outside_year(r: Checked) -> pd.Series:
    death = r["Child"]["PersonDeathDate"]
    return death.notna() & ~death.between(r.start, r.end)


@rule(
    "8590",
    "cin",
    "Child",
    ["LAchildID"],
    "The child has no referral in the return: add it or leave the child out.",
)
def no_referral(r: Checked) -> pd.Series:
    return ~r["Child"]["record"].isin(r["CINdetails"]["child_no"])


@rule("8750", "cin", "Child", ["Sex"], "An unborn child's gender must be 0.", years=(2017, 2024))
def unborn_gender(r: Checked) -> pd.Series:
    return _unborn(r) & (r["Child"]["Sex"] != "0")


@rule("8750", "cin", "Child", ["Sex"], "An unborn child's sex must be U.", years=(2025, 9999))
def unborn_sex(r: Checked) -> pd.Series:
    return _unborn(r) & (r["Child"]["Sex"].str.upper() != "U")


def _unborn(r: Checked) -> pd.Series:
    return r["Child"]["PersonBirthDate"].isna() & r["Child"]["ExpectedPersonBirthDate"].notna()


@rule(
    "8770Q",
    "cin",
    "Child",
    ["UPN", "UPNunknown"],
    "A child of school age needs a pupil number or the reason for none.",
)
def upn_missing(r: Checked) -> pd.Series:
    child = r["Child"]
    school_age = child["PersonBirthDate"] < r.end - pd.DateOffset(years=5)
    helped = child["record"].isin(r["CINdetails"].loc[~no_further_action(r), "child_no"])
    unexplained = child["UPNunknown"].isna() | ((child["UPNunknown"] == "UN1") & (r.year >= 2025))
    return school_age & helped & child["UPN"].isna() & unexplained


@rule(
    "8772",
    "cin",
    "Child",
    ["UPNunknown"],
    "UN7 is for referrals without further action, and this child was helped.",
)
def un7_but_helped(r: Checked) -> pd.Series:
    helped = r["Child"]["record"].isin(r["CINdetails"].loc[~no_further_action(r), "child_no"])
    return (r["Child"]["UPNunknown"] == "UN7") & helped


@rule(
    "8775Q",
    "cin",
    "Child",
    ["PersonBirthDate"],
    "The child is older than 25: check the birth date or close the case.",
)
def over_25(r: Checked) -> pd.Series:
    return r["Child"]["PersonBirthDate"] < r.start - pd.DateOffset(years=25)


@rule("8790", "cin", "Disability", ["Disability"], "NONE stands beside a disability: remove one of the two.")
def none_and_disability(r: Checked) -> pd.Series:
    rows = r["Disability"]
    none = (rows["Disability"] == "NONE").groupby(rows["child_no"]).transform("any")
    count = rows.groupby("child_no")["Disability"].transform("nunique")
    return none & (count > 1)


@rule(
    "8794", "cin", "Disability", ["Disability"], "The same disability stands twice for the child: remove one."
)
def disability_twice(r: Checked) -> pd.Series:
    return r["Disability"].duplicated(["child_no", "Disability"], keep=False)


@rule(
    "8606",
    "cin",
    "CINdetails",
    ["CINreferralDate"],
    "The referral is more than 40 weeks before the (expected) birth.",
)
def referred_long_before_birth(r: Checked) -> pd.Series:
    birth = of_child(r, "CINdetails", "PersonBirthDate").fillna(
        of_child(r, "CINdetails", "ExpectedPersonBirthDate")
    )
    return r["CINdetails"]["CINreferralDate"] < birth - pd.Timedelta(weeks=40)
