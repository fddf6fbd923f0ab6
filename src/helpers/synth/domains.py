"""Puts the domains of the country together: each is a module with a function from a chunk to tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.synth import (
    after_school,
    beyond,
    casework,
    context,
    domestic_abuse,
    early_help,
    education,
    family_court,
    health,
    households,
    identities,
    justice,
    outside_harm,
    placement_costs,
    places,
    postcodes,
    record_faults,
    reorganised,
    school_places,
    social_care,
    spend,
    workforce,
)
from helpers.synth.chunk import Chunk
from helpers.synth.days import day
from helpers.synth.parameters import value
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]

# Each domain returns its canonical tables and what it planted, both by name.
OF_CHUNK: dict[str, Callable[[np.random.Generator, Chunk], tuple[Tables, Tables]]] = {
    "social_care": social_care.tables,
    "education": education.tables,
    "health": health.tables,
    "early_help": early_help.tables,
    "justice": justice.tables,
    "family_court": family_court.tables,
    "domestic_abuse": domestic_abuse.tables,
    "outside_harm": outside_harm.tables,
    "households": households.tables,
    "beyond": beyond.tables,
    "casework": casework.tables,
}
# These follow from the tables of the domains above.
FROM_TABLES: dict[str, Callable[[np.random.Generator, Chunk, Tables], tuple[Tables, Tables]]] = {
    "identities": identities.tables,
    "placement_costs": placement_costs.tables,
}
# These need the whole country, and what was counted over it.
OF_COUNTRY: dict[str, Callable[[np.random.Generator, Places, pd.Series], tuple[Tables, Tables]]] = {
    "postcodes": postcodes.tables,
    "workforce": workforce.tables,
    "spend": spend.tables,
    "context": context.tables,
}


def of_chunk(seed: np.random.SeedSequence, chunk: Chunk, faults: str) -> tuple[Tables, Tables]:
    """Return the canonical tables of a chunk and the truth planted in them."""
    tables: Tables = {}
    truth: Tables = {}
    streams = iter([np.random.default_rng(own) for own in seed.spawn(len(OF_CHUNK) + len(FROM_TABLES) + 1)])
    for make in OF_CHUNK.values():
        found, planted = make(next(streams), chunk)
        tables |= {name: social_care.tidy(name, table) for name, table in found.items()}
        truth |= planted
    for follow in FROM_TABLES.values():
        found, planted = follow(next(streams), chunk, tables)
        tables |= {name: social_care.tidy(name, table) for name, table in found.items()}
        truth |= planted
    if faults == "realistic":
        tables, truth = record_faults.apply(next(streams), tables, truth, chunk.places)
        tables = {name: social_care.tidy(name, table) for name, table in tables.items()}
        rng = np.random.default_rng(seed.spawn(1)[0])
        faulty, truth = record_faults.apply(rng, tables, truth, chunk.places)
        changed = {n for n, table in faulty.items() if table is not tables.get(n)}
        tables = {n: social_care.tidy(n, t) if n in changed else t for n, t in faulty.items()}
    return tables, truth


def whole_country(
    rng: np.random.Generator, where: Places, counts: pd.Series, faults: str
) -> tuple[Tables, Tables]:
    """Return tables of authorities, services and spending, and the truth planted in them."""
    tables, truth = places.tables(where), {}
    for make in OF_COUNTRY.values():
        found, planted = make(rng, where, counts)
        tables |= found
        truth |= planted
    if faults == "realistic":
        tables["populations"] = reorganised.joined_populations(tables["populations"], where)
    return tables, truth


def counts(chunk: Chunk, tables: Tables) -> pd.DataFrame:
    """Count by authority (row), year and kind what tables of the whole country depend on.

    Returns
    -------
    pandas.DataFrame
        number; index: authority (row of `Places.authorities`), year (collection year), kind: "referrals",
        "open" (cases open at 31 March), "plans", "looked_after" (at 31 March), "care_days" (in the year),
        "children" (aged 0 to 17 at 31 March; the unaccompanied counted where they arrived), and for each
        section 251 line of placements "cost " and the line (pounds in the year).
    """
    parts = []
    referred = chunk.events.referrals
    periods = chunk.events.periods[~chunk.events.periods["respite"]]
    in_care = referred["place"].to_numpy()[periods["referral_no"]]
    planned = referred["place"].to_numpy()[chunk.events.plans["referral_no"]]
    children = chunk.people.children
    for year in range(value("time.cin_from"), value("time.last_year") + 1):
        first, last = day(year - 1, 4, 1), day(year, 3, 31)
        stock = lambda rows, start, end: (rows[start] <= last) & (rows[end] > last)  # noqa: B023, E731
        plans = chunk.events.plans
        begun = referred["referral"].between(first, last)
        in_need = referred["in_need"] & stock(referred, "referral", "closure")
        days = (periods["end"].clip(upper=last + 1) - periods["start"].clip(lower=first)).clip(lower=0)
        at = lambda place, where: np.bincount(place[where], minlength=len(chunk.places.authorities))  # noqa: E731
        aged = (
            (children["birth"] <= last)
            & (children["birth"] > last - int(18 * 365.25))
            & (children["arrival"] <= last)
        )
        found = {
            "referrals": at(referred["place"].to_numpy(), begun.to_numpy()),
            "open": at(referred["place"].to_numpy(), in_need.to_numpy()),
            "plans": at(planned, stock(plans, "start", "end").to_numpy()),
            "looked_after": at(in_care, stock(periods, "start", "end").to_numpy()),
            "care_days": np.bincount(in_care, weights=days, minlength=len(chunk.places.authorities)).astype(
                int
            ),
            "children": at(children["authority"].to_numpy(), aged.to_numpy()),
        }
        wide = pd.DataFrame(found).rename_axis(index="authority", columns="kind").stack()
        parts.append(pd.concat({year: wide}, names=["year"]).reorder_levels([1, 0, 2]))
    parts.append(placement_costs.by_year(chunk.places, tables["placement_costs"]))
    return pd.concat(parts).to_frame("number")
