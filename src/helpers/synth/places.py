"""Places: fictitious authorities in the nine real regions, their neighbourhoods and schools.

Drawn once for the whole country, before any child. An authority has a level of deprivation and a practice of
its own; a neighbourhood has a decile of deprivation among all neighbourhoods of the country.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from helpers.catalogue.codes import labels
from helpers.synth.days import NEVER, day
from helpers.synth.parameters import value

FIRST_CODE = 501
AGES = range(18)
PRACTICE = ["referral", "plan", "care", "section47", "again", "repeat", "arrivals", "turnover"]
NEIGHBOURHOOD_CHILDREN = 355  # children in a small area in England: 12 million in 33,755
FEWEST_NEIGHBOURHOODS = 20  # in an authority, so that deprivation varies within each in a small country too
SCHOOL_KINDS = {
    "primary": 260,
    "secondary": 1000,
    "special": 12000,
    "alternative": 40000,
}  # children a school


class Places(NamedTuple):
    """Where things happen.

    authorities: authority (code), name, region (name), kind, deprivation (standard deviations, higher = more
    deprived), children (aged 0 to 17, last year), the authority's own practice as log ratios: referral_effect
    (rate), plan_effect and care_effect (odds), section47_effect (odds of an enquiry, taken back at the
    conference), again_effect (hazard of re-referral), repeat_effect (odds of a repeat plan), pace (time cases
    stay open); arrivals (unaccompanied children per child, relative), turnover (standard deviations of the
    workforce's turnover), reform (day the family help reform began, or NEVER), trial (whether a site of the
    home visiting trial).

    neighbourhoods: neighbourhood (code), authority (row of `authorities`), children, deprivation (standard
    deviations), imd_decile (1 = most deprived), rural.

    schools: urn, authority (row of `authorities`), phase ("primary", "secondary", "special", "alternative"),
    effect (standard deviations, of attainment and behaviour alike).
    """

    authorities: pd.DataFrame
    neighbourhoods: pd.DataFrame
    schools: pd.DataFrame


def make(rng: np.random.Generator, children: int) -> Places:
    """Return the places of a country with so many children aged 0 to 17."""
    authorities = _authorities(rng, children)
    return Places(authorities, _neighbourhoods(rng, authorities), _schools(rng, authorities))


@cache
def _names() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(files(__package__).joinpath("places.yml").read_text(encoding="utf-8"))


def _authorities(rng: np.random.Generator, children: int) -> pd.DataFrame:
    rows = [
        (region, name, kind)
        for region, kinds in _names().items()
        for kind, names in kinds.items()
        for name in names
    ]
    table = pd.DataFrame(rows, columns=["region", "name", "kind"])
    size = table["kind"].map(value("places.size")) * np.exp(
        rng.normal(0, 1, len(table)) * table["kind"].map(value("places.size_spread"))
    )
    deprivation = table["kind"].map(value("places.deprivation")) + table["kind"].map(
        value("places.deprivation_spread")
    ) * rng.normal(0, 1, len(table))
    own = _unrelated(deprivation.to_numpy(), rng.normal(0, 1, (len(table), len(PRACTICE))))
    deprivation = own["deprivation"]
    onward = value("places.threshold") * value("places.referral_spread") * own["referral"]
    effect = {
        name: value(f"places.{name}_spread") * own[name] + value(f"places.{name}_deprivation") * deprivation
        for name in ("referral", "plan", "care", "section47", "again", "repeat")
    }
    for name in ("plan", "care"):  # who takes in more refers less onward
        effect[name] = effect[name] + onward
    wave = rng.permutation(len(table)) % (len(value("evaluation.reform_waves")) + 1)
    starts = [day(year, 4, 1) for year in value("evaluation.reform_waves")] + [int(NEVER)]
    return table.assign(
        authority=[str(FIRST_CODE + i) for i in range(len(table))],
        deprivation=deprivation,
        children=np.round(children * size / size.sum()).astype(int),
        **{f"{name}_effect": ratio for name, ratio in effect.items()},
        pace=value("places.pace") * value("places.referral_spread") * own["referral"],
        arrivals=np.exp(value("uasc.authority_spread") * own["arrivals"]),
        turnover=own["turnover"],
        reform=np.array(starts)[wave],
        trial=rng.random(len(table)) < value("evaluation.trial_sites"),
    )


def _unrelated(deprivation: np.ndarray, drawn: np.ndarray) -> pd.DataFrame:
    """Return columns of mean 0 and standard deviation 1, unrelated to each other.

    With 153 authorities chance alone would relate one practice to another, or to deprivation, by as much as
    the published correlations that are to be planted.
    """
    columns = np.column_stack([np.ones(len(drawn)), deprivation, drawn])
    basis = np.linalg.qr(columns)[0][:, 1:] * np.sqrt(len(drawn))
    basis *= np.sign((basis * columns[:, 1:]).sum(axis=0))
    return pd.DataFrame(basis, columns=["deprivation", *PRACTICE])


def _neighbourhoods(rng: np.random.Generator, authorities: pd.DataFrame) -> pd.DataFrame:
    count = np.maximum(authorities["children"] // NEIGHBOURHOOD_CHILDREN, FEWEST_NEIGHBOURHOODS).to_numpy()
    place = np.repeat(np.arange(len(authorities)), count)
    share = value("places.deprivation_between")
    between = np.sqrt(share) * authorities["deprivation"].to_numpy()[place]
    deprivation = between + np.sqrt(1 - share) * rng.normal(0, 1, len(place))
    children = authorities["children"].to_numpy()[place] / count[place]
    order = np.argsort(-deprivation, kind="stable")
    below = np.cumsum(children[order]) - children[order] / 2
    decile = np.empty(len(place), dtype=np.int64)
    decile[order] = np.minimum(np.floor(10 * below / children.sum()).astype(int) + 1, 10)
    rural = rng.random(len(place)) < authorities["kind"].map(value("places.rural")).to_numpy()[place]
    return pd.DataFrame(
        {"neighbourhood": "L" + pd.Series(np.arange(len(place))).map("{:08d}".format), "authority": place,
         "children": children, "deprivation": deprivation, "imd_decile": decile, "rural": rural}
    )  # fmt: skip


def _schools(rng: np.random.Generator, authorities: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for phase, pupils in SCHOOL_KINDS.items():
        count = np.maximum(authorities["children"] // pupils, 1).to_numpy()
        parts.append(
            pd.DataFrame({"authority": np.repeat(np.arange(len(authorities)), count), "phase": phase})
        )
    table = pd.concat(parts, ignore_index=True)
    effect = rng.normal(0, 1, len(table))
    return table.assign(urn=(pd.Series(np.arange(len(table))) + 700001).astype(str), effect=effect)


def tables(places: Places) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of places; invented places have no national code."""
    where = places.authorities
    codes = {name: code for code, name in labels("region").items()}
    named = where.assign(region=where["region"].map(codes))[["authority", "name", "region", "kind"]]
    return {
        "authorities": named,
        "populations": _populations(where),
        "neighbourhoods": _neighbourhood_table(places),
    }


def _populations(places: pd.DataFrame) -> pd.DataFrame:
    """Return children by single year of age and sex, the same in each year, as whole numbers."""
    male = value("places.male")
    cells = pd.DataFrame([(age, sex) for age in AGES for sex in "FM"], columns=["age", "sex"])
    share = np.where(cells["sex"] == "M", male, 1 - male) / len(AGES)
    upto = np.round(np.outer(places["children"], share.cumsum())).astype(int)
    people = np.diff(upto, axis=1, prepend=0)
    years = range(value("time.cin_from") - 1, value("time.last_year") + 1)
    one_year = cells.merge(places[["authority"]], how="cross").sort_values(
        ["authority", "age", "sex"], ignore_index=True
    )
    one_year["people"] = people.ravel()
    return pd.concat([one_year.assign(year=year) for year in years], ignore_index=True)


def _neighbourhood_table(places: Places) -> pd.DataFrame:
    area = places.neighbourhoods
    score = 1 / (1 + np.exp(1.7 - 0.75 * area["deprivation"]))
    rank = score.rank(ascending=False, pct=True)
    return pd.DataFrame(
        {
            "neighbourhood": area["neighbourhood"],
            "authority": places.authorities["authority"].to_numpy()[area["authority"]],
            "imd_decile": area["imd_decile"],
            "idaci_score": score.round(3),
            "idaci_decile": np.minimum(np.ceil(rank * 10), 10).astype(int),
            "rural": area["rural"],
        }
    )
