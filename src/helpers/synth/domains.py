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
    permanence,
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
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]

# Each domain returns its canonical tables and what it planted, both by name.
OF_CHUNK: dict[str, Callable[[np.random.Generator, Chunk], tuple[Tables, Tables]]] = {
    "social_care": social_care.tables,
    "permanence": permanence.tables,
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
    "schools": school_places.tables,
    "education": after_school.whole_country,
    "early_help": early_help.planted,
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
        faulty, truth = record_faults.apply(next(streams), tables, truth, chunk.places)
        changed = {name for name, table in faulty.items() if table is not tables.get(name)}
        tables = {name: social_care.tidy(name, t) if name in changed else t for name, t in faulty.items()}
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
