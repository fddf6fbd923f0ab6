"""One chunk of the country: some thousand families, from birth to the last day, in every domain.

Chunks do not depend on each other, so they can be simulated in any order and by any number of processes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import families, referrals
from helpers.synth.days import NEVER
from helpers.synth.families import Families
from helpers.synth.journeys import Journeys, journeys
from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.referrals import Events

CHILDREN = 25_000  # aged 0 to 17, in a chunk


class Chunk(NamedTuple):
    """What every domain of the simulation may look at. Days are numbers; see the parts for columns."""

    places: Places
    people: Families
    events: Events
    journeys: Journeys
    death: np.ndarray  # day of death of each child (row of `people.children`), NEVER for nearly all


def simulate(rng: np.random.Generator, places: Places, number: int, children: int) -> Chunk:
    """Return chunk `number`: families with so many children aged 0 to 17, and their ways in social care."""
    size = round(children / families.children_per_family())
    arrivals = children * value("uasc.per_10000") / 1e4
    first_person = 1 + number * families.people_of(*_most())
    people = families.make(rng, places, size, arrivals, first_person)
    events = referrals.simulate(rng, places, people, referrals.first_referrals(rng, places, people))
    death = _deaths(rng, people.children, events.referrals)
    return Chunk(places, people, events, journeys(people.children, events), death)


def _most() -> tuple[int, int]:
    return round(CHILDREN / families.children_per_family()), CHILDREN // 1000


def _deaths(rng: np.random.Generator, children: pd.DataFrame, referred: pd.DataFrame) -> np.ndarray:
    """Return the day of death of each child.

    A case of social care may end by death (see `referrals`). Of other children some die too, but none while
    a case is still to come: so no event can follow a death.
    """
    birth = children["birth"].to_numpy()
    by_age = value("child.deaths")
    infant = rng.random(len(birth)) < by_age["first_year"]
    infant_day = birth + 1 + np.floor(90 * rng.random(len(birth)) ** 3).astype(np.int64)
    later = birth + np.floor(365.25 / by_age["a_year_later"] * rng.exponential(size=len(birth))).astype(
        np.int64
    )
    days = np.where(infant, infant_day, np.maximum(later, birth + 365))
    last = referred.groupby("child")["closure"].max().reindex(range(len(children))).fillna(-(10**6))
    days = np.where(days > np.maximum(last.to_numpy(), children["arrival"]), days, NEVER)
    died = referred[referred["died"]]
    days[died["child"]] = died["closure"]
    return days.astype(np.int64)
