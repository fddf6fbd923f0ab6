"""Fictitious authorities in the nine real regions, with a child population and a level of deprivation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue.codes import labels
from helpers.synth.parameters import value

# Invented names, grouped by region and kind; none is a real authority.
# ruff: noqa: E501
PLACES = {
    "North East": "Wearmoor:metropolitan Tynebeck:unitary Harldon:unitary",
    "North West": "Lunebrook:metropolitan Irwelby:metropolitan Ribbleford:county Merscombe:unitary Sandholme:metropolitan Pendlewick:unitary Furnessey:unitary",
    "Yorkshire and The Humber": "Aireholm:metropolitan Dearneby:metropolitan Ousewick:unitary Wolderby:county Caldermoor:metropolitan",
    "East Midlands": "Trentley:unitary Soarbridge:unitary Wellandshire:county Derwick:county Nenefield:unitary",
    "West Midlands": "Tamewell:metropolitan Severnby:unitary Arrowick:county Coldmoor:metropolitan Tealford:unitary Stourhampton:metropolitan",
    "East of England": "Wensumshire:county Blackwaterby:unitary Orwellshire:county Fenholme:unitary Leabridge Vale:county",
    "London": "Quaggy Green:inner Fleetbury:inner Effrahurst:inner Wandlemere:outer Brentholt:outer Rodingham:outer Cranley Brook:outer Moselgate:inner",
    "South East": "Medwayne:unitary Rotherdown:county Ouzeby:unitary Itchenshire:county Kennetford:unitary Adurhaven:county Loddonbury:unitary",
    "South West": "Tamarshire:county Exewick:unitary Frome Vale:unitary Parrettshire:county",
}  # fmt: skip

FIRST_CODE = 501
AGES = range(18)


def authorities(rng: np.random.Generator, children: int) -> pd.DataFrame:
    """Return the authorities.

    Parameters
    ----------
    rng : numpy.random.Generator
    children : int
        Children aged 0 to 17 in all of them together, in the last year.

    Returns
    -------
    pandas.DataFrame
        authority (code), name, region (name), kind (code), deprivation (standard deviations, higher = more deprived),
        children, referral_effect (log rate ratio), plan_effect and care_effect (log odds ratios).
    """
    rows = [(r, *p.split(":")) for r, names in PLACES.items() for p in _split(names)]
    table = pd.DataFrame(rows, columns=["region", "name", "kind"])
    spread = rng.normal(0, value("places.size_spread"), len(table))
    size = table["kind"].map(value("places.size")).to_numpy() * np.exp(spread)
    own = rng.normal(0, value("places.deprivation_spread"), len(table))
    deprivation = table["kind"].map(value("places.deprivation")) + own
    deprivation = (deprivation - deprivation.mean()) / deprivation.std()
    practice = rng.normal(0, value("places.referral_spread"), len(table))
    onward = value("places.threshold") * practice
    return table.assign(
        authority=[str(FIRST_CODE + i) for i in range(len(table))],
        deprivation=deprivation,
        children=np.round(children * size / size.sum()).astype(int),
        referral_effect=value("places.referral_deprivation") * deprivation + practice,
        plan_effect=value("places.plan_deprivation") * deprivation + onward,
        care_effect=value("places.care_deprivation") * deprivation + onward,
    )


def tables(places: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the canonical tables authorities and populations; invented places have no national code."""
    codes = {name: code for code, name in labels("region").items()}
    named = places.assign(region=places["region"].map(codes))[["authority", "name", "region", "kind"]]
    return {"authorities": named, "populations": _populations(places)}


def _populations(places: pd.DataFrame) -> pd.DataFrame:
    """Return children by single year of age and sex, the same in each year, as whole numbers."""
    male = value("places.male")
    cells = pd.DataFrame([(age, sex) for age in AGES for sex in "FM"], columns=["age", "sex"])
    share = np.where(cells["sex"] == "M", male, 1 - male) / len(AGES)
    upto = np.round(np.outer(places["children"], share.cumsum())).astype(int)
    people = np.diff(upto, axis=1, prepend=0)
    years = range(value("time.observed_from") - 1, value("time.last_year") + 1)
    one_year = pd.concat(
        [
            cells.assign(authority=code, people=row)
            for code, row in zip(places["authority"], people, strict=True)
        ]
    )
    return pd.concat([one_year.assign(year=year) for year in years], ignore_index=True)


def _split(names: str) -> list[str]:
    """Return "Leabridge Vale:county" and its like as one name each."""
    words = names.split(" ")
    found: list[str] = []
    part: list[str] = []
    for word in words:
        part.append(word)
        if ":" in word:
            found.append(" ".join(part))
            part = []
    return found
