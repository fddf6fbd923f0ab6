"""Postcodes of the whole country, and children by neighbourhood, ethnicity and year.

Postcodes have the form of real ones, in areas that do not exist. A neighbourhood has a handful of its own; an
authority has four districts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.families import mixed_code
from helpers.synth.parameters import value
from helpers.synth.places import Places

# Area letters that no real postcode has.
AREAS = [
    "AG",
    "AH",
    "AM",
    "AP",
    "AW",
    "BC",
    "BE",
    "BG",
    "BK",
    "BM",
    "BP",
    "BU",
    "BW",
    "CE",
    "CG",
    "CK",
    "CL",
    "CN",
    "CP",
    "CY",
    "DB",
    "DC",
    "DF",
    "DK",
]
LETTERS = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))  # of the last part; the others are not used there
DISTRICTS = 4  # of an authority
FIRST_DISTRICT, IN_AREA = 10, 40  # numbers of districts in an area
UNITS = len(LETTERS) ** 2
SECTORS = 9


def tables(
    rng: np.random.Generator, places: Places, counts: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return postcodes and neighbourhood_populations; nothing is planted here."""
    return {"postcodes": _postcodes(rng, places), "neighbourhood_populations": _populations(places)}, {}


def postcode_of(places: Places, neighbourhood: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Return postcodes of neighbourhoods (rows); `choice` (int) picks one of those of the neighbourhood.

    Raises
    ------
    ValueError
        When an authority has more neighbourhoods than its districts have postcodes.
    """
    each = value("households.postcodes")
    authority = places.neighbourhoods["authority"].to_numpy()
    within = np.arange(len(authority)) - np.searchsorted(authority, authority)
    number = within[neighbourhood] * each + np.asarray(choice) % each
    if len(number) and number.max() >= DISTRICTS * SECTORS * UNITS:
        raise ValueError("An authority has more neighbourhoods than there are postcodes for.")
    district = authority[neighbourhood] * DISTRICTS + number // (SECTORS * UNITS)
    outward = np.char.add(
        np.array(AREAS)[district // IN_AREA], (FIRST_DISTRICT + district % IN_AREA).astype(str)
    )
    unit = number % UNITS
    letters = np.char.add(LETTERS[unit // len(LETTERS)], LETTERS[unit % len(LETTERS)])
    inward = np.char.add((1 + number // UNITS % SECTORS).astype(str), letters)
    return np.char.add(np.char.add(outward, " "), inward).astype(object)


def of_homes(
    places: Places, lived: pd.DataFrame, days: np.ndarray, before: np.ndarray | bool = False
) -> np.ndarray:
    """Return the postcode of each home on a day.

    Parameters
    ----------
    places : Places
    lived : pandas.DataFrame
        family, neighbourhood, neighbourhood_after, moved, separated (days).
    days : numpy.ndarray
    before : numpy.ndarray of bool
        Where the address is one that was left, or a passing one, in the same neighbourhood.
    """
    days = np.asarray(days)
    home = np.where(days >= lived["moved"], lived["neighbourhood_after"], lived["neighbourhood"])
    choice = lived["family"].to_numpy() + 3 * (days >= lived["separated"]).to_numpy() + 5 * np.asarray(before)
    return postcode_of(places, home, choice)


def _postcodes(rng: np.random.Generator, places: Places) -> pd.DataFrame:
    each = value("households.postcodes")
    spread = value("households.spread_km")
    area = places.neighbourhoods
    centre = np.array(places.authorities["region"].map(value("households.region_centre")).tolist())
    town = centre + rng.normal(0, spread["authority"], centre.shape)
    small = town[area["authority"]] + rng.normal(0, spread["neighbourhood"], (len(area), 2))
    row = np.repeat(np.arange(len(area)), each)
    where = small[row] + rng.normal(0, spread["postcode"], (len(row), 2))
    table = pd.DataFrame(
        {
            "postcode": postcode_of(places, row, np.tile(np.arange(each), len(area))),
            "neighbourhood": area["neighbourhood"].to_numpy()[row],
            "easting": where[:, 0].round(3),
            "northing": where[:, 1].round(3),
        }
    )
    return table.sort_values("postcode", ignore_index=True)


def _populations(places: Places) -> pd.DataFrame:
    """Return children by granular ethnicity: the neighbourhood's children times the mix of the region."""
    area = places.neighbourhoods
    region = places.authorities["region"].to_numpy()[area["authority"]]
    mix = (
        pd.DataFrame({name: _mix(name) for name in places.authorities["region"].unique()})
        .fillna(0.0)
        .sort_index()
    )
    children = (
        mix.to_numpy().T[pd.Index(mix.columns).get_indexer(region)] * area["children"].to_numpy()[:, None]
    )
    between = value("households.population_years")
    years = np.arange(between["from"], between["to"] + 1)
    wide = np.repeat(children[:, None, :], len(years), axis=1)
    row, year, code = np.nonzero(wide > 0)
    return pd.DataFrame(
        {
            "neighbourhood": area["neighbourhood"].to_numpy()[row],
            "year": years[year],
            "ethnicity": mix.index.to_numpy()[code],
            "children": wide[row, year, code].round(3),
        }
    )


def _mix(region: str) -> pd.Series:
    """Return the shares of children by ethnicity in a region, from the mix of mothers."""
    odds = value("child.ethnicity_by_region").get(region, {})
    mothers = pd.Series(
        {code: share * odds.get(code, 1.0) for code, share in value("child.ethnicity").items()}
    )
    mothers /= mothers.sum()
    mixed = mothers * pd.Series(value("child.mixed_children")).reindex(mothers.index).fillna(0.0)
    of_mixed = mixed.groupby(mixed_code(mothers.index.to_series()).to_numpy()).sum()
    return (mothers - mixed).add(of_mixed, fill_value=0.0)
