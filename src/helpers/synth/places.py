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
        kind=table["kind"].map(KINDS),
        deprivation=deprivation,
        children=np.round(children * size / size.sum()).astype(int),
        referral_effect=value("places.referral_deprivation") * deprivation + practice,
        plan_effect=value("places.plan_deprivation") * deprivation + onward,
        care_effect=value("places.care_deprivation") * deprivation + onward,
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
