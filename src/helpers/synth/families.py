"""Families: a mother, where known a father, their children, where they live, and what they live with.

A family is drawn whole: the mother's first birth falls in a year with a weight, later births follow at
intervals. Long-lasting difficulties of the parents and the family's hardship are drawn from the
deprivation of the neighbourhood and from chance shared by all its children. Unaccompanied children
seeking asylum arrive without a family.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, day
from helpers.synth.parameters import choose, value
from helpers.synth.places import Places

YEAR = 365.25
FIRST_BIRTH = day(1992, 1, 1)
MOST_CHILDREN = 6
GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "C": "Asian", "O": "Other"}


class Families(NamedTuple):
    """Families and their children; days are numbers, `NEVER` where there is none.

    families: mother and father (numbers of people; father -1 where unknown), mother_birth, father_birth,
    ethnicity (the mother's granular code), neighbourhood and neighbourhood_after (rows of
    `Places.neighbourhoods`, before and after the day `moved`), separated (day on which the parents
    parted), hardship (standard deviations; the lasting part), mental_health, substance_use,
    domestic_abuse, justice_history, learning_disability (bool, of a parent, lasting), trial (arm of the home
    visiting trial: "", "control", "visited"), frailty (standard deviations, unmeasured).

    children: family (row, -1 for unaccompanied children), person (number), birth, arrival (day from which
    the child is in the country), sex, ethnicity, group (broad ethnic group), disabled, uasc, order (1 =
    first child of the mother), neighbourhood, neighbourhood_after and moved as above, authority and
    authority_after (rows of `Places.authorities`).
    """

    families: pd.DataFrame
    children: pd.DataFrame


def children_per_family() -> float:
    """Return the mean number of children aged 0 to 17 on the last day in a family drawn, by simulation."""
    births = _births(np.random.default_rng(0), 400_000)
    last = day(value("time.last_year"), 3, 31)
    young = (births["birth"] <= last) & (births["birth"] > last - 18 * YEAR)
    return float(young.sum() / 400_000)


def make(rng: np.random.Generator, places: Places, size: int, arrivals: int, first_person: int) -> Families:
    """Return families and children.

    Parameters
    ----------
    rng : numpy.random.Generator
    places : Places
    size : int
        Families to draw; those whose children were all born before 1992 have no child here.
    arrivals : int
        Unaccompanied children to expect in the last year.
    first_person : int
        Number of the first person; this chunk uses at most `people_of(size, arrivals)` numbers.
    """
    births = _births(rng, size)
    families = _families(rng, places, births, size)
    children = _children(rng, births, families)
    unaccompanied = _unaccompanied(rng, places, arrivals)
    children = pd.concat([children, unaccompanied], ignore_index=True)
    area = places.neighbourhoods["authority"].to_numpy()
    families = families.assign(
        mother=first_person + np.arange(size),
        father=np.where(families["father_birth"] < NEVER, first_person + size + np.arange(size), -1),
    )
    return Families(
        families,
        children.assign(
            person=first_person + 2 * size + np.arange(len(children)),
            group=children["ethnicity"].str[0].map(GROUPS).where(children["ethnicity"] != "REFU", "Other"),
            authority=area[children["neighbourhood"]],
            authority_after=area[children["neighbourhood_after"]],
        ),
    )


def people_of(size: int, arrivals: int) -> int:
    """Return how many numbers of people to keep for a chunk."""
    return size * (2 + MOST_CHILDREN) + 40 * (arrivals + 10)


def _births(rng: np.random.Generator, size: int) -> pd.DataFrame:
    """Return one row per birth: family, order, birth. A twin shares its sibling's day of birth."""
    weights = value("families.first_births")
    years = np.arange(min(weights), max(weights) + 1)
    weight = np.interp(years, list(weights), list(weights.values()))
    year = rng.choice(years, size, p=weight / weight.sum())
    first = (year - 1970) * YEAR + rng.random(size) * YEAR
    shares = value("families.births")
    number = choose(rng, {int(k): v for k, v in shares.items()}, size)
    gap = value("families.gap_years")
    gaps = (gap["least"] + rng.gamma(gap["shape"], gap["scale"], (size, MOST_CHILDREN - 1))) * YEAR
    gaps[rng.random(gaps.shape) < value("families.twin")] = 0.0
    births = first[:, None] + np.concatenate([np.zeros((size, 1)), gaps.cumsum(axis=1)], axis=1)
    family, order = np.nonzero(np.arange(MOST_CHILDREN) < number[:, None])
    found = pd.DataFrame(
        {"family": family, "order": order + 1, "birth": births[family, order].astype(np.int64)}
    )
    last = day(value("time.last_year"), 3, 31) + value("families.unborn_days")
    return found[(found["birth"] >= FIRST_BIRTH) & (found["birth"] <= last)].reset_index(drop=True)


def _families(rng: np.random.Generator, places: Places, births: pd.DataFrame, size: int) -> pd.DataFrame:
    area = places.neighbourhoods
    share = area["children"].to_numpy() / area["children"].sum()
    home = rng.choice(len(area), size, p=share)
    # A fifth move once: within the authority or to another one, never to a neighbourhood of another kind.
    other = _similar_neighbourhood(rng, area, home)
    moves = rng.random(size) < value("families.moves")
    eldest = births.groupby("family")["birth"].min().reindex(range(size)).fillna(FIRST_BIRTH).to_numpy()
    moved = (eldest + rng.random(size) * value("families.move_within_years") * YEAR).astype(np.int64)
    deprivation = area["deprivation"].to_numpy()[home]
    link = value("families.hardship_with_area")
    hardship = link * deprivation + np.sqrt(1 - link**2) * rng.normal(0, 1, size)
    frailty = rng.normal(0, 1, size)
    age = value("families.mother_age")
    mother_age = age["mean"] - age["hardship"] * hardship + rng.normal(0, age["spread"], size)
    mother_age = np.clip(mother_age, age["least"], age["most"])
    mother_birth = (eldest - mother_age * YEAR).astype(np.int64)
    father_birth = (mother_birth - rng.normal(value("families.father_older"), 5, size) * YEAR).astype(
        np.int64
    )
    region = places.authorities["region"].to_numpy()[area["authority"].to_numpy()[home]]
    known = rng.random(size) < 1 / (1 + np.exp(-(value("families.father_known") - 0.5 * hardship)))
    wait = rng.exponential(value("families.separation_years"), size) * np.exp(-0.3 * hardship)
    return pd.DataFrame(
        {
            "mother_birth": mother_birth,
            "father_birth": np.where(known, np.minimum(father_birth, eldest - int(15 * YEAR)), NEVER),
            "ethnicity": _ethnicity(rng, region),
            "neighbourhood": home,
            "neighbourhood_after": np.where(moves, other, home),
            "moved": np.where(moves, moved, NEVER),
            "separated": np.where(known, eldest + (wait * YEAR).astype(np.int64), eldest),
            "hardship": hardship,
            "frailty": frailty,
            **_difficulties(rng, hardship, frailty),
            "trial": _trial(rng, places, home, eldest, mother_age),
        }
    )


def _similar_neighbourhood(rng: np.random.Generator, area: pd.DataFrame, home: np.ndarray) -> np.ndarray:
    """Return a neighbourhood near in deprivation: for most in the same authority, else anywhere."""
    by_authority = np.lexsort((area["deprivation"], area["authority"]))
    anywhere = np.lexsort((area["deprivation"],))
    near = by_authority[_neighbour_in(by_authority, home, rng)]
    far = anywhere[_neighbour_in(anywhere, home, rng)]
    return np.where(rng.random(len(home)) < value("families.move_to_another_authority"), far, near)


def _neighbour_in(order: np.ndarray, home: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return np.clip(position[home] + rng.integers(-4, 5, len(home)), 0, len(order) - 1)


def _difficulties(
    rng: np.random.Generator, hardship: np.ndarray, frailty: np.ndarray
) -> dict[str, np.ndarray]:
    """Draw lasting difficulties of the parents; likelier with hardship, and coming together by chance."""
    found = {}
    for name, odds in value("families.difficulties").items():
        log_odds = odds["level"] + odds["hardship"] * hardship + odds["frailty"] * frailty
        found[name] = rng.random(len(hardship)) < 1 / (1 + np.exp(-log_odds))
    return found


def _trial(
    rng: np.random.Generator, places: Places, home: np.ndarray, eldest: np.ndarray, mother_age: np.ndarray
) -> np.ndarray:
    """Return the arm of young first-time mothers in the sites and years of the home visiting trial."""
    site = places.authorities["trial"].to_numpy()[places.neighbourhoods["authority"].to_numpy()[home]]
    years = value("evaluation.trial_births")
    asked = site & (mother_age < value("evaluation.trial_mothers_under"))
    asked &= (eldest >= day(years["from"], 4, 1)) & (eldest <= day(years["to"], 3, 31))
    arm = np.where(rng.random(len(home)) < 0.5, "visited", "control")
    return np.where(asked & (rng.random(len(home)) < value("evaluation.trial_takes_part")), arm, "")


def _children(rng: np.random.Generator, births: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    size = len(births)
    of = families.iloc[births["family"].to_numpy()].reset_index(drop=True)
    mixed = of["ethnicity"].map(value("child.mixed_children")).fillna(0.0).to_numpy()
    partner = of["ethnicity"].str[0].map({"B": "MWBC", "A": "MWAS", "C": "MWAS"}).fillna("MOTH")
    partner = partner.where(of["ethnicity"] != "BAFR", "MWBA")
    born_mixed = (of["father_birth"] < NEVER) & (rng.random(len(families))[births["family"]] < mixed)
    odds = value("child.disabled")
    log_odds = odds["level"] + odds["hardship"] * of["hardship"]
    male = rng.random(size) < value("places.male")
    disabled = rng.random(size) < 1 / (1 + np.exp(-(log_odds + np.where(male, odds["male"], 0.0))))
    return births.assign(
        arrival=births["birth"],
        sex=np.where(male, "M", "F"),
        ethnicity=of["ethnicity"].where(~born_mixed, partner),
        disabled=disabled,
        uasc=False,
        **{name: of[name] for name in ("neighbourhood", "neighbourhood_after", "moved")},
    )


def _unaccompanied(rng: np.random.Generator, places: Places, arrivals: int) -> pd.DataFrame:
    """Return unaccompanied children by year of arrival; more come to London, the South East and ports."""
    by_year = value("uasc.by_year")
    years = np.arange(min(by_year), value("time.last_year") + 1)
    expected = arrivals * np.interp(years, list(by_year), list(by_year.values()))
    count = rng.poisson(expected)
    year = np.repeat(years, count)
    size = len(year)
    day_of = np.array([day(y - 1, 4, 1) for y in years])
    arrival = np.repeat(day_of, count) + rng.integers(0, 365, size)
    age = value("uasc.age")
    years_old = age["oldest"] - age["span"] * rng.random(size) ** age["power"]
    area = places.neighbourhoods
    region = places.authorities["region"].to_numpy()[area["authority"]]
    weight = area["children"].to_numpy() * pd.Series(region).map(value("uasc.region")).to_numpy()
    weight = weight * places.authorities["arrivals"].to_numpy()[area["authority"]]
    home = rng.choice(len(area), size, p=weight / weight.sum())
    return pd.DataFrame(
        {
            "family": -1,
            "order": 1,
            "birth": arrival - np.floor(years_old * YEAR).astype(np.int64),
            "arrival": arrival,
            "sex": np.where(rng.random(size) < value("uasc.female"), "F", "M"),
            "ethnicity": choose(rng, value("uasc.ethnicity"), size),
            "disabled": False,
            "uasc": True,
            "neighbourhood": home,
            "neighbourhood_after": home,
            "moved": NEVER,
        }
    )


def _ethnicity(rng: np.random.Generator, region: np.ndarray) -> np.ndarray:
    """Draw granular ethnicity of mothers by the mix of the region."""
    shares = value("child.ethnicity")
    drawn = choose(rng, shares, len(region)).astype(object)
    for name, odds in value("child.ethnicity_by_region").items():
        mix = {code: share * odds.get(code, 1.0) for code, share in shares.items()}
        there = region == name
        drawn[there] = choose(rng, mix, int(there.sum()))
    return drawn
