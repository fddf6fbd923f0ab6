"""Code lists, one CSV each: code, label, valid_from, valid_to, canonical.

`valid_from` and `valid_to` are collection years (named by the year they end in); empty means no bound.
`canonical` is the code that the store holds (GenderCurrent 1 becomes M); empty means the code itself.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd


@cache
def code_list(name: str) -> pd.DataFrame:
    """Return the code list `name`.

    Returns
    -------
    pandas.DataFrame
        Columns code, label, canonical (string), valid_from, valid_to (Int64, collection years, may be empty).

    Raises
    ------
    FileNotFoundError
        When there is no such list.
    """
    path = files(__package__) / f"{name}.csv"
    text = pd.read_csv(path, dtype="string", keep_default_na=False)
    text["canonical"] = text["canonical"].mask(text["canonical"] == "", text["code"])
    years = text[["valid_from", "valid_to"]].apply(pd.to_numeric, errors="coerce").astype("Int64")
    return text.assign(**years)


@cache
def valid_codes(name: str, year: int | None = None) -> frozenset[str]:
    """Return the codes of a list, all of them or those valid in a collection year."""
    codes = code_list(name)
    if year is not None:
        codes = codes[(codes["valid_from"].fillna(0) <= year) & (codes["valid_to"].fillna(9999) >= year)]
    return frozenset(codes["code"])


@cache
def canonical_codes(name: str) -> dict[str, str]:
    """Return official code -> code held in the store."""
    return code_list(name).set_index("code")["canonical"].to_dict()


@cache
def labels(name: str) -> dict[str, str]:
    """Return code -> label in plain English."""
    return code_list(name).set_index("code")["label"].to_dict()
