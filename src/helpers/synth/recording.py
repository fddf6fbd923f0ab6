"""How an identity is written down: which errors a data set makes, for whom, and what comes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import homes, names, people, postcodes
from helpers.synth.days import birthday, to_dates
from helpers.synth.families import YEAR
from helpers.synth.parameters import value
from helpers.synth.places import Places


def written(
    rng: np.random.Generator, places: Places, person: pd.DataFrame, number: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Return forename, surname, birth_date, sex, postcode, upn and nhs_number as data sets wrote them down.

    Parameters
    ----------
    rng : numpy.random.Generator
    places : Places
    person : pandas.DataFrame
        The true identities, as `identities.everyone` returns them, one row per record.
    number : pandas.DataFrame
        dataset and recorded (day) of each record.
    """
    errors = pd.DataFrame(value("identities.errors")).T.fillna(1.0)  # a number it never has is missing
    wrong = {}
    for name in errors:
        share = number["dataset"].map(errors[name]).to_numpy(dtype=float)
        wrong[name] = rng.random(len(number)) < shifted(share, person["care"].to_numpy())
    return {
        **_written_names(rng, person, wrong),
        "birth_date": to_dates(_written_birth(rng, person, wrong)),
        "sex": _written_sex(person, wrong),
        "postcode": _written_postcode(rng, places, person, number, wrong),
        **_written_numbers(rng, person, number, wrong),
    }


def shifted(share: np.ndarray, care: np.ndarray) -> np.ndarray:
    """Return probabilities whose log odds are raised by `care`; 0 stays 0 and 1 stays 1."""
    odds = share * np.exp(care)
    return odds / (1 - share + odds)


def _written_names(
    rng: np.random.Generator, person: pd.DataFrame, wrong: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    forename = np.where(wrong["nickname"], names.short(person["forename"]), person["forename"])
    surname = np.where(wrong["surname_other"], person["other_surname"], person["surname"])
    for name, found in (("forename", forename), ("surname", surname)):
        at = wrong[f"{name}_misspelt"]
        found[at] = names.misspell(rng, found[at])
    return {"forename": forename, "surname": surname}


def _written_birth(
    rng: np.random.Generator, person: pd.DataFrame, wrong: dict[str, np.ndarray]
) -> np.ndarray:
    birth = person["birth"].to_numpy()
    found = np.where(wrong["day_month"], names.swap_day_and_month(birth), birth)
    to_year = rng.random(len(birth)) < value("identities.rough_by_year")
    guessed = person["uasc"].to_numpy() & (rng.random(len(birth)) < value("identities.unaccompanied_rough"))
    rough = np.where(to_year | guessed, names.first_of(birth, "Y"), names.first_of(birth, "M"))
    found = np.where(wrong["birth_rough"] | guessed, rough, found)
    return np.where(wrong["birth_year"], birthday(found, 1), found)


def _written_sex(person: pd.DataFrame, wrong: dict[str, np.ndarray]) -> np.ndarray:
    sex = person["sex"].to_numpy(dtype=object)
    other = np.where(sex == "M", "F", "M")
    return np.where(wrong["sex_unknown"], "U", np.where(wrong["sex_wrong"], other, sex)).astype(object)


def _written_postcode(
    rng: np.random.Generator,
    places: Places,
    person: pd.DataFrame,
    number: pd.DataFrame,
    wrong: dict[str, np.ndarray],
) -> np.ndarray:
    """Return the postcode of the home on the day, or an earlier one, mistyped or missing."""
    day = np.minimum(number["recorded"].to_numpy(), homes.last_day())
    day = np.where(wrong["postcode_old"], person["birth"], day)
    code = postcodes.of_homes(places, person, day, before=wrong["postcode_old"])
    code[wrong["postcode_typed"]] = names.misspell(rng, code[wrong["postcode_typed"]])
    return pd.Series(code).str.upper().mask(wrong["postcode_missing"]).to_numpy(dtype=object)


def _written_numbers(
    rng: np.random.Generator, person: pd.DataFrame, number: pd.DataFrame, wrong: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return pupil and NHS numbers where a data set has them: pupils', from school age, and patients'."""
    age = (number["recorded"] - person["birth"]) / YEAR
    no_upn = wrong["upn_missing"] | (age < value("identities.upn_from")) | ~person["child"]
    upn = people.pupil_numbers(person["person"])
    at = wrong["upn_wrong"] & ~no_upn
    upn[at] = names.mistype(rng, upn[at])
    nhs = people.nhs_numbers(person["person"])
    at = wrong["nhs_wrong"] & ~wrong["nhs_missing"]
    nhs[at] = names.mistype(rng, nhs[at])
    return {"upn": np.where(no_upn, None, upn), "nhs_number": np.where(wrong["nhs_missing"], None, nhs)}
