"""Visits of children under five to family hubs and children's centres, as authorities record them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import people
from helpers.synth.chunk import Chunk
from helpers.synth.days import day, to_dates
from helpers.synth.early_help_episodes import first_day
from helpers.synth.parameters import value
from helpers.synth.patients import last_day
from helpers.synth.sampling import chance, choose_by, effect_of_place, events_by_rate

YEAR = 365.25
PANDEMIC = (day(2020, 4, 1), day(2021, 6, 30))


def table(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the canonical table of visits to family hubs."""
    children, families = chunk.people.children, chunk.people.families
    family = children["family"].to_numpy()
    at = value("early_help.hubs.users")
    hardship = families["hardship"].to_numpy()[family]
    odds = (
        at["level"]
        + at["hardship"] * hardship
        + at["visited"] * (families["trial"].to_numpy() == "visited")[family]
    )
    user = (family >= 0) & (rng.random(len(children)) < chance(odds))
    busy = np.exp(value("early_help.place")["hubs"] * effect_of_place(chunk.places, "hubs"))[
        children["authority"]
    ]
    a_year = value("early_help.hubs.visits_a_year")
    child, age = events_by_rate(rng, np.outer(user * busy, list(a_year.values())))
    birth = children["birth"].to_numpy()[child]
    days = birth + (age * YEAR).astype(np.int64)
    open_ = (
        (days < PANDEMIC[0])
        | (days > PANDEMIC[1])
        | (rng.random(len(days)) < value("early_help.hubs.pandemic"))
    )
    there = open_ & (days >= first_day()) & (days <= last_day()) & (days < chunk.death[child])
    child, days, age = child[there], days[there], age[there]
    services = value("early_help.hubs.services")
    later = days >= children["moved"].to_numpy()[child]
    home = children[["authority", "authority_after"]].to_numpy()
    place = home[child, later.astype(np.int64)]
    found = pd.DataFrame(
        {
            "authority": chunk.places.authorities["authority"].to_numpy(dtype=object)[place],
            "child_id": people.child_ids(children["person"].to_numpy()[child], later.astype(np.int64)),
            "visit_date": to_dates(days),
            "service": choose_by(rng, [services["infant"], services["older"]], age >= 1),
        }
    )
    return found[~found.duplicated(["child_id", "visit_date", "service"])]
