"""The words people read for the names that data carry: one register for every figure and table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from helpers.catalogue.codes import labels

# Names of columns whose words are not the name with spaces for underscores.
LABELS: dict[str, str] = {
    "age_band": "Age",
    "age_group": "Age",
    "aic": "AIC",
    "attainment8": "Attainment 8",
    "bic": "BIC",
    "children_present": "Children present",
    "cin": "Child in need",
    "cla": "Looked after",
    "cp": "Child protection plan",
    "cp_plan": "Child protection plan",
    "df": "df",
    "ehc_plan": "Education, health and care plan",
    "ehcp": "Education, health and care plan",
    "fsm": "Free school meals",
    "fsm6": "Free school meals in the last six years",
    "free_school_meals_six_years": "Free school meals in the last six years",
    "i2": "I²",
    "icl": "ICL",
    "idaci_decile": "Income deprivation decile (IDACI)",
    "idaci_quintile": "Income deprivation fifth (IDACI)",
    "imd_decile": "Deprivation decile (IMD)",
    "imd_quintile": "Deprivation fifth (IMD)",
    "ks2": "Key stage 2",
    "ks4": "Key stage 4",
    "la": "Local authority",
    "lately": "Highest threshold in five years",
    "meals": "Free school meals in the last six years",
    "episodes": "Episodes of need in five years",
    "authority": "Local authority",
    "authority_kind": "Kind of authority",
    "p": "p",
    "p_adjusted": "p, adjusted",
    "p_adjusted_trend": "p of the trend, adjusted",
    "p_value": "p",
    "progress8": "Progress 8",
    "sabic": "SABIC",
    "sdq_score": "SDQ score",
    "sen": "Special educational needs",
    "sen_provision": "Special educational needs",
    "send": "Special educational needs or disability",
    "uasc": "Unaccompanied asylum-seeking child",
}

# Words for what was planted in pupils, whose short names the columns of the records share.
PLANTED: dict[str, str] = {
    "abuse_alone": "Physical or sexual abuse alone",
    "area": "Deprivation of the area",
    "assessed": "Referred or assessed only",
    "cin": "In need in five years",
    "cin_now": "In need at 31 March",
    "cla": "Looked after in five years",
    "cla_now": "Looked after at 31 March",
    "cpp": "Plan in five years",
    "cpp_now": "Plan at 31 March",
    "ehc": "EHC plan",
    "ehc_now": "EHC plan, social care at 31 March",
    "ehc_social_care": "EHC plan, with social care",
    "female": "Female",
    "formerly": "In need before the five years",
    "formerly_more": "Plan or care before the five years",
    "fsm": "Free school meals",
    "hardship": "Hardship of the family",
    "prior": "Key Stage 2, a point",
    "prior_ehc": "Key Stage 2, with a plan",
    "prior_now": "Key Stage 2, social care at 31 March",
    "school_effect": "School",
    "several": "Several episodes in five years",
    "support": "SEN support",
    "support_now": "SEN support, social care at 31 March",
    "support_social_care": "SEN support, with social care",
}

# Columns whose values come from a code list of another name; a column named as its list needs no entry.
CODE_LISTS: dict[str, str] = {
    "primary_need": "category_of_need",
    "reason_ceased": "reason_episode_ceased",
    "initial_category": "abuse_category",
    "latest_category": "abuse_category",
    "provision": "sen_provision",
    "primary_type": "sen_type",
}

_TRUTHS = {"True": "yes", "False": "no", "true": "yes", "false": "no"}


def label(name: object, names: Mapping[str, str] | None = None) -> str:
    """Return the words for the name of a column or of a plain term.

    Parameters
    ----------
    name : str
        e.g. "age_band"; what is not in the register gets spaces for underscores and a capital.
    names : mapping, optional
        Words that go before those of the register, e.g. the labels of assessment factors.
    """
    text = str(name)
    known = {**LABELS, **(names or {})}
    words = known.get(text, text.replace("_", " ").strip())
    return words[:1].upper() + words[1:] if text not in known else words


def value_label(column: object, value: object, names: Mapping[str, str] | None = None) -> str:
    """Return the words for a value of a column: "Female" for F of sex, "yes" for true."""
    text = str(value)
    if names and text in names:
        return names[text]
    return _codes(CODE_LISTS.get(str(column), str(column))).get(text, _TRUTHS.get(text, text))


def split_term(term: object) -> tuple[str, str]:
    """Return column and value of a model's term "column: value"; the column is empty for any other term."""
    column, colon, value = str(term).partition(": ")
    # A product of two terms belongs under neither of its columns.
    if not colon or not value or re.search(r" [×x*:] ", value):
        return "", str(term)
    return column, value


def term_label(term: object, names: Mapping[str, str] | None = None) -> str:
    """Return a model's term in words: "sex: M" becomes "Sex: Male", "first_birth" "First birth"."""
    if names and str(term) in names:
        return names[str(term)]
    parts = re.split(r" [×x*:] ", str(term))
    return " × ".join(_term(part, names) for part in parts)


def _term(term: str, names: Mapping[str, str] | None) -> str:
    column, value = split_term(term)
    return f"{label(column, names)}: {value_label(column, value, names)}" if column else label(value, names)


@cache
def _codes(name: str) -> dict[str, str]:
    if not re.fullmatch(r"[a-z0-9_]+", name):
        return {}
    try:
        return labels(name)
    except FileNotFoundError:
        return {}
