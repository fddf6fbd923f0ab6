"""Households: homes in spells, the people in them, ties of kinship, hardship by year, and addresses on file.

Homes come from `homes`, hardship from `hardship`. The people of a household join and leave with what happens
to the family: births, parting, a new partner, care and the way back, leaving home. A household has the number
of the mother; the household of the parent who left has the father's, and that of relatives who take children
in has the grandparent's.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import homes, people, postcodes, social_care
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.families import YEAR
from helpers.synth.hardship import given_referrals, hardship_by_year
from helpers.synth.hardship import table as hardship_table
from helpers.synth.homes import last_day
from helpers.synth.parameters import choose, value

Tables = dict[str, pd.DataFrame]
__all__ = ["hardship_by_year", "relatives", "tables"]


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return the canonical tables of households, and the true hardship by household and year.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk

    Returns
    -------
    tuple of dict of str to pandas.DataFrame
        households, household_members, family_ties, household_hardship, addresses; household_hardship.
    """
    hardship = given_referrals(hardship_by_year(rng, chunk.people), chunk)
    stays = homes.children_stays(rng, chunk)
    course = homes.courses(rng, chunk, hardship, stays)
    own = homes.spells(rng, chunk, course)
    adults = relatives(rng, chunk, course)
    filled, truth = hardship_table(rng, chunk, hardship, own)
    found = {
        "households": _households(rng, chunk, course, own, adults),
        "household_members": _members(chunk, course, stays, adults),
        "family_ties": _ties(chunk, course, stays, adults),
        "household_hardship": filled,
        "addresses": _addresses(chunk, course, own),
    }
    return found, {"household_hardship": truth}


def _window() -> int:
    """Return the first day on which homes and stays are observed."""
    return day(value("households.first_year") - 1, 4, 1)


def relatives(rng: np.random.Generator, chunk: Chunk, course: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a mother, father, step-parent and grandparent for each family: person, birth, sex, ethnicity.

    Step-parents and grandparents have numbers after those of the chunk's children.
    """
    size = len(course)
    free = chunk.people.children["person"].max() + 1 + np.arange(size)
    elder = value("households.grandparent")
    parent_birth = np.where(
        course["with_father"], course["father_birth"].clip(upper=NEVER), course["mother_birth"]
    )
    near = rng.normal(0, value("households.partner_age_spread") * YEAR, size)
    older = rng.normal(elder["older"], elder["spread"], size).clip(16, 45) * YEAR
    make = lambda person, birth, sex, ethnicity: pd.DataFrame(  # noqa: E731
        {"person": person, "birth": np.asarray(birth, dtype=np.int64), "sex": sex, "ethnicity": ethnicity}
    )
    grandmother = np.where(rng.random(size) < elder["female"], "F", "M")
    return {
        "mother": make(course["mother"], course["mother_birth"], "F", course["ethnicity"]),
        "father": make(course["father"], course["father_birth"], "M", _fathers_ethnicity(rng, chunk, course)),
        "step_parent": make(free, parent_birth + near, np.where(course["with_father"], "F", "M"), None),
        "grandparent": make(
            free + size, course["mother_birth"] - older, grandmother, course["ethnicity"]
        ),
    }  # fmt: skip


def _fathers_ethnicity(rng: np.random.Generator, chunk: Chunk, course: pd.DataFrame) -> np.ndarray:
    """Return the mother's ethnicity, or another where the children are of mixed ethnicity."""
    children = chunk.people.children[chunk.people.children["family"] >= 0]
    child = children.groupby("family")["ethnicity"].first().reindex(course.index)
    mother = course["ethnicity"]
    other = choose(rng, value("households.other_parent"), len(course))
    other = np.where(mother.str[0] == "W", other, "WBRI")
    return np.where(child.notna() & (child != mother), other, mother)


def _households(
    rng: np.random.Generator,
    chunk: Chunk,
    course: pd.DataFrame,
    own: pd.DataFrame,
    adults: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the spells of all households: of families, of parents who left, of relatives."""
    left = course[_leaver(course)]
    kin = course[course["relatives"].notna()]
    extra = pd.concat(
        [
            left.assign(head=left["father"], start=left["separated"], kind="no_children"),
            kin.assign(
                head=adults["grandparent"]["person"][kin.index], start=kin["relatives"], kind="kinship"
            ),
        ]
    )
    extra["tenure"] = homes.tenures(rng, len(extra), extra["hardship"], np.arange(len(extra)))
    extra["bedrooms"] = homes.bedrooms(rng, extra["hardship"].to_numpy(), np.zeros(len(extra)))
    of_families = own.assign(head=course["mother"].to_numpy()[own["family"]])
    columns = ["head", "start", "end", "neighbourhood", "kind", "tenure", "bedrooms"]
    table = pd.concat([of_families[columns], extra.assign(end=NEVER)[columns]])
    table = table[table["end"] >= _window()]
    area = chunk.places.neighbourhoods
    home = table["neighbourhood"].to_numpy()
    place = chunk.places.authorities["authority"].to_numpy()[area["authority"].to_numpy()[home]]
    return pd.DataFrame(
        {
            "household_id": people.household_ids(table["head"].to_numpy()),
            "spell_start": to_dates(table["start"]),
            "spell_end": to_dates(table["end"], last_day()),
            "authority": place,
            "neighbourhood": area["neighbourhood"].to_numpy()[home],
            **{name: table[name].to_numpy() for name in ("kind", "tenure", "bedrooms")},
        }
    )


def _leaver(course: pd.DataFrame) -> pd.Series:
    """Return whether a parent has left the household: parted, with a known father."""
    return (course["separated"] <= last_day()) & (course["father"] >= 0) & (course["begins"] <= last_day())


def _members(
    chunk: Chunk, course: pd.DataFrame, stays: pd.DataFrame, adults: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return who joined which household when, and left."""
    children = chunk.people.children
    own, kin = course["mother"].to_numpy(), adults["grandparent"]["person"].to_numpy()
    child = children.iloc[stays["child"].to_numpy()][["person", "birth", "sex", "ethnicity"]]
    head = np.where(stays["relatives"], kin[stays["family"]], own[stays["family"]])
    parts = [
        child.assign(head=head, role="child", joined=stays["start"].to_numpy(), left=stays["end"].to_numpy())
    ]
    stay = lambda role, who, head, joined, left: parts.append(  # noqa: E731
        adults[role].assign(head=head, role=role, joined=joined, left=left)[who.to_numpy()]
    )
    lived = course["begins"] <= last_day()
    leaver = _leaver(course)
    goes = course["separated"].where(leaver, NEVER)
    father = lived & (course["father"] >= 0)
    stay("mother", lived, own, course["begins"], np.where(course["with_father"], goes, NEVER))
    stay("father", father, own, course["begins"], np.where(course["with_father"], NEVER, goes))
    stay("mother", leaver & course["with_father"], course["father"], course["separated"], NEVER)
    stay("father", leaver & ~course["with_father"], course["father"], course["separated"], NEVER)
    stay("step_parent", lived & (course["partnered"] <= last_day()), own, course["partnered"], NEVER)
    stay("grandparent", lived & course["grandparent"], own, course["begins"], NEVER)
    stay("grandparent", course["relatives"].notna(), kin, course["relatives"], NEVER)
    table = pd.concat(parts)
    table = table[(table["left"] > table["joined"]) & (table["left"] > _window())]
    return pd.DataFrame(
        {
            "household_id": people.household_ids(table["head"].to_numpy()),
            "person_id": people.register_ids(table["person"].to_numpy()),
            "joined": to_dates(table["joined"]),
            "left": to_dates(np.where(table["left"] < NEVER, table["left"] - 1, NEVER), last_day()),
            "birth_date": to_dates(table["birth"]),
            **{name: table[name].to_numpy() for name in ("role", "sex", "ethnicity")},
        }
    )


def _ties(
    chunk: Chunk, course: pd.DataFrame, stays: pd.DataFrame, adults: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return ties of children to parents, step-parents, grandparents and younger siblings, and of parents."""
    children = chunk.people.children[chunk.people.children["birth"] <= last_day()]
    children = children[children["family"] >= 0]
    person, family = children["person"].to_numpy(), children["family"].to_numpy()
    of = lambda role: adults[role]["person"].to_numpy()[family]  # noqa: E731
    partnered = course["partnered"].to_numpy()[family]
    joined = np.maximum(partnered, children["birth"])
    elder = (course["grandparent"] | course["relatives"].notna()).to_numpy()[family]
    couple = course[(course["father"] >= 0) & (course["begins"] <= last_day())]
    rows = [
        (person, of("mother"), "mother", NEVER, np.ones(len(person), dtype=bool)),
        (person, of("father"), "father", NEVER, of("father") >= 0),
        (person, of("step_parent"), "step_parent", joined, partnered <= last_day()),
        (person, of("grandparent"), "grandparent", NEVER, elder),
        (couple["mother"], couple["father"], "partner", couple["begins"], np.ones(len(couple), dtype=bool)),
    ]  # fmt: skip
    for apart in range(1, int(children.groupby("family").size().max())):
        pair = np.flatnonzero(family[apart:] == family[:-apart])
        rows.append((person[pair], person[pair + apart], "sibling", NEVER, np.ones(len(pair), dtype=bool)))
    table = pd.concat(
        pd.DataFrame({"person": a, "relative": b, "relationship": name, "since": since})[keep]
        for a, b, name, since, keep in rows
    )
    return pd.DataFrame(
        {
            "person_id": people.register_ids(table["person"].to_numpy()),
            "relative_id": people.register_ids(table["relative"].to_numpy()),
            "relationship": table["relationship"].to_numpy(),
            "since": to_dates(table["since"]),
        }
    )


def _addresses(chunk: Chunk, course: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return what an authority writes down: the address at the first referral, and each one after it."""
    numbers = social_care.child_numbers(chunk)
    first = chunk.events.referrals.groupby("child")["referral"].min()
    numbers = numbers.assign(first=first.reindex(numbers["child"]).to_numpy())
    known = numbers[numbers["family"] >= 0].merge(own, on="family", suffixes=("_child", ""))
    code = chunk.places.neighbourhoods["authority"].to_numpy()[known["neighbourhood"]]
    known = known[chunk.places.authorities["authority"].to_numpy()[code] == known["authority"]]
    known["end"] = np.minimum(known["end"], known["death"])
    known = known[(known["end"] >= known["first"]) & (known["end"] >= known["birth"])]
    known = known[known["start"] <= known["end"]]
    lived = course.loc[known["family"]].assign(family=known["family"].to_numpy())
    away = (known["tenure"] == "temporary").to_numpy()
    known["postcode"] = postcodes.of_homes(chunk.places, lived, known["start"].to_numpy(), before=away)
    known["start"] = np.maximum(known["start"], np.minimum(known["first"], last_day()))
    # A new partner or a child who leaves changes the household, not the address.
    keys = ["authority", "child_id"]
    known = known.sort_values([*keys, "start"])
    stays = (known[[*keys, "postcode"]] == known[[*keys, "postcode"]].shift()).all(axis=1)
    ends = known.groupby((~stays).cumsum())["end"].max().to_numpy()
    known = known[~stays]
    return known[[*keys, "postcode"]].assign(
        address_start=to_dates(known["start"]).to_numpy(), address_end=to_dates(ends, last_day()).to_numpy()
    )
