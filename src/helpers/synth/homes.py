"""Homes of families: who keeps house with whom, in spells at one address.

A family keeps one household from before the first birth until the last day. It moves when the family moves,
when parents part, when a new partner comes, and into temporary accommodation and out of it. The parent who
leaves has a household too, and so have grandparents who take in children after care.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import hardship as hardships
from helpers.synth.care import HOME, SGO
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day
from helpers.synth.families import GROUPS, YEAR
from helpers.synth.parameters import value

TO_RELATIVES = (SGO, "E41")  # ends of care after which a child lives with relatives


def last_day() -> int:
    """Return the last day of the country."""
    return day(value("time.last_year"), 3, 31)


def courses(
    rng: np.random.Generator, chunk: Chunk, hardship: np.ndarray, stays: pd.DataFrame
) -> pd.DataFrame:
    """Return what becomes of each family's household, one row per family.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    hardship : numpy.ndarray
        Of shape (families, years).
    stays : pandas.DataFrame
        What `children_stays` returns.

    Returns
    -------
    pandas.DataFrame
        What `Families.families` has, and: begins (the household forms; NEVER for families without a child
        by the last day), with_father (children stay with the father when parents part), partnered (a
        step-parent moves in), grandparent (one lives there), temporary and temporary_end (a stay in
        temporary accommodation), grown (the last child has left), relatives (children come to grandparents).
    """
    families = chunk.people.families
    size = len(families)
    children = chunk.people.children[lambda c: (c["family"] >= 0) & (c["birth"] <= last_day())]
    of = children.groupby("family")["birth"]
    begins = of.min().reindex(range(size)) - value("households.formed_before_birth")
    known = (families["father"] >= 0).to_numpy()
    partner = value("households.new_partner")
    wait = (rng.exponential(partner["years"], size) * YEAR).astype(np.int64) + 30
    finds = rng.random(size) < partner["share"]
    at_home = stays[~stays["relatives"]].groupby("family")["end"].max().reindex(range(size))
    group = families["ethnicity"].str[0].map(GROUPS)
    with_grandparent = group.map(value("households.grandparent_at_home")).to_numpy()
    relatives = stays[stays["relatives"]].groupby("family")["start"].min().reindex(range(size))
    temporary, temporary_end = _temporary(rng, chunk, hardship)
    return families.assign(
        begins=begins.fillna(NEVER).astype(np.int64),
        separated=np.minimum(families["separated"], NEVER).astype(np.int64),
        with_father=known & (rng.random(size) < value("households.stays_with_father")),
        partnered=np.where(finds, np.minimum(families["separated"], NEVER) + wait, NEVER).astype(np.int64),
        grandparent=(rng.random(size) < with_grandparent) & relatives.isna().to_numpy(),
        temporary=temporary,
        temporary_end=temporary_end,
        grown=at_home.fillna(NEVER).astype(np.int64),
        relatives=relatives,
    )


def _temporary(rng: np.random.Generator, chunk: Chunk, hardship: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the first and last day of a stay in temporary accommodation; likelier in years of hardship."""
    odds = value("households.temporary")
    place = chunk.places.neighbourhoods["authority"].to_numpy()[chunk.people.families["neighbourhood"]]
    london = (chunk.places.authorities["region"] == "London").to_numpy()[place]
    log_odds = odds["level"] + odds["hardship"] * hardship + odds["london"] * london[:, None]
    begins = rng.random(hardship.shape) < 1 / (1 + np.exp(-log_odds))
    year = hardships.years()[begins.argmax(axis=1)]
    first = ((year - 1 - 1970) * YEAR + 91 + rng.integers(0, 365, len(year))).astype(np.int64)
    days = odds["median_days"] * np.exp(odds["spread"] * rng.normal(0, 1, len(year)))
    starts = np.where(begins.any(axis=1), first, NEVER)
    return starts, np.where(starts < NEVER, first + days.astype(np.int64).clip(7), NEVER)


def children_stays(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the stays of children at home or with relatives: all but care, adoption and after leaving.

    Returns
    -------
    pandas.DataFrame
        child, family, start, end (first day elsewhere; NEVER while it lasts), relatives (bool).
    """
    children = chunk.people.children
    birth = children["birth"].to_numpy()
    size = len(children)
    leaves = birthday(birth, 18) + rng.exponential(value("households.leaving_home_years") * YEAR, size)
    leaves = np.minimum(leaves.astype(np.int64), chunk.death)
    care = chunk.events.periods
    care = care[~care["respite"]]
    care = care.assign(child=chunk.events.referrals["child"].to_numpy()[care["referral_no"]])
    care = care.sort_values(["child", "start"])
    until = care.groupby("child")["start"].shift(-1).fillna(NEVER).to_numpy(dtype=np.int64)
    first = np.full(size, NEVER)
    begun = care.groupby("child")["start"].min()
    first[begun.index] = begun
    born = pd.DataFrame({"child": np.arange(size), "start": birth, "end": first, "relatives": False})
    back = care.assign(start=care["end"], end=until, relatives=care["reason"].isin(TO_RELATIVES))
    back = back[back["reason"].isin([*HOME, *TO_RELATIVES])][["child", "start", "end", "relatives"]]
    stays = pd.concat([born, back], ignore_index=True)
    stays["end"] = np.minimum(stays["end"], leaves[stays["child"]])
    stays["family"] = children["family"].to_numpy()[stays["child"]]
    real = (stays["family"] >= 0) & (stays["end"] > stays["start"]) & (stays["start"] <= last_day())
    return stays[real].sort_values(["child", "start"], ignore_index=True)


def spells(rng: np.random.Generator, chunk: Chunk, course: pd.DataFrame) -> pd.DataFrame:
    """Return the homes of families in spells at one address, in order.

    Returns
    -------
    pandas.DataFrame
        family, spell (from 0), start, end (last day; NEVER while it lasts), neighbourhood (row), kind,
        tenure, bedrooms.
    """
    lived = course[course["begins"] <= last_day()]
    events = ["moved", "separated", "partnered", "temporary", "temporary_end", "grown"]
    days = np.column_stack([lived["begins"], *(lived[name] for name in events)]).astype(np.int64)
    outside = (days > last_day()) | (days < days[:, :1])
    days = np.sort(np.where(outside, NEVER, days), axis=1)
    ends = np.column_stack([days[:, 1:], np.full(len(days), NEVER)])
    row, column = np.nonzero((days < NEVER) & (ends > days))
    of = lived.iloc[row].reset_index(drop=True)
    start, end = days[row, column], ends[row, column]
    found = pd.DataFrame(
        {
            "family": lived.index.to_numpy()[row],
            "start": start,
            "end": np.where(end < NEVER, end - 1, NEVER),
            "neighbourhood": np.where(start >= of["moved"], of["neighbourhood_after"], of["neighbourhood"]),
            "kind": _kinds(of, start),
        }
    )
    found["spell"] = found.groupby("family").cumcount()
    parted = start >= of["separated"].to_numpy()
    tenure = tenures(rng, len(lived), of["hardship"] + value("households.parted") * parted, row)
    in_temporary = (start >= of["temporary"]) & (start < of["temporary_end"])
    births = chunk.people.children.groupby("family").size().reindex(course.index).to_numpy()
    return found.assign(
        tenure=np.where(in_temporary, "temporary", tenure),
        bedrooms=bedrooms(rng, of["hardship"].to_numpy(), births[found["family"]]),
    )


def _kinds(of: pd.DataFrame, start: np.ndarray) -> np.ndarray:
    """Return the kind of household at the start of each spell."""
    lone = np.where(of["with_father"], "lone_father", "lone_mother")
    kind = np.where(start >= of["separated"], lone, "couple")
    kind = np.where(start >= of["partnered"], "step", kind)
    kind = np.where(of["grandparent"], "multi", kind)
    return np.where(start >= of["grown"], "no_children", kind).astype(object)


def tenures(rng: np.random.Generator, families: int, hardship: np.ndarray, family: np.ndarray) -> np.ndarray:
    """Draw the tenure of each home (of a row of families); a family's leaning lasts over its homes."""
    weights = value("households.tenure")
    codes = np.array(list(weights), dtype=object)
    leaning = rng.gumbel(size=(families, len(codes)))[family]
    hardship = np.asarray(hardship, dtype=float)
    for column, weight in enumerate(weights.values()):
        leaning[:, column] += weight["level"] + weight["hardship"] * hardship
    return codes[leaning.argmax(axis=1)]


def bedrooms(rng: np.random.Generator, hardship: np.ndarray, children: np.ndarray) -> np.ndarray:
    """Draw the number of bedrooms of each home."""
    size = value("households.bedrooms")
    mean = size["level"] + size["child"] * children + size["hardship"] * hardship
    return np.clip(np.round(mean + rng.normal(0, size["spread"], len(mean))), 1, 7).astype(np.int64)
