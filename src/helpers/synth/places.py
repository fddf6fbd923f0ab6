"""Fictitious authorities in the nine real regions, with a child population and a level of deprivation."""

from __future__ import annotations

import numpy as np
import pandas as pd

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

KINDS = {
    "metropolitan": "Metropolitan district", "unitary": "Unitary authority", "county": "County",
    "inner": "Inner London borough", "outer": "Outer London borough",
}  # fmt: skip

# Relative child population and typical deprivation (standard deviations) of each kind: assumptions.
SIZE = {"metropolitan": 1.0, "unitary": 0.75, "county": 2.2, "inner": 0.75, "outer": 1.0}
DEPRIVATION = {"metropolitan": 0.7, "unitary": 0.1, "county": -0.7, "inner": 0.7, "outer": 0.0}
FIRST_CODE = 501


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
        authority (code), name, region, kind, deprivation (standard deviations, higher = more deprived),
        children, referral_effect (log rate ratio).
    """
    rows = [(r, *p.split(":")) for r, names in PLACES.items() for p in _split(names)]
    table = pd.DataFrame(rows, columns=["region", "name", "kind"])
    spread = rng.normal(0, value("population.size_spread"), len(table))
    size = table["kind"].map(SIZE).to_numpy() * np.exp(spread)
    deprivation = table["kind"].map(DEPRIVATION) + rng.normal(0, 0.7, len(table))
    deprivation = (deprivation - deprivation.mean()) / deprivation.std()
    own = rng.normal(0, value("population.authority_spread"), len(table))
    return table.assign(
        authority=[str(FIRST_CODE + i) for i in range(len(table))],
        kind=table["kind"].map(KINDS),
        deprivation=deprivation,
        children=np.round(children * size / size.sum()).astype(int),
        referral_effect=value("population.deprivation_effect") * deprivation + own,
    )


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
