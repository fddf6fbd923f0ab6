"""Which school each child goes to: one near home of the right phase, changed by moves and by entry to care.

Brothers and sisters mostly share the choice. A change of school (a move of home, entry to care, or another
reason) takes the next school of the phase in the authority.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day
from helpers.synth.out_of_school import Elsewhere, never_if_none
from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.special_needs import PLAN, TYPES, Needs

PHASES = ("primary", "secondary", "special", "alternative")
PRIMARY, SECONDARY, SPECIAL, ALTERNATIVE = range(4)


class Choice(NamedTuple):
    """What decides a child's school.

    phase: int8 of shape (children, years), primary, secondary or special. offset: int, of each child: which
    school counted from the nearest. changes: days of shape (children, 3) on which the child changed school
    (home moved, entered care, otherwise), NEVER where it did not. alternative_start and alternative_end: days
    on the roll of a school for alternative provision; dual: whether also on that of the other school.
    """

    phase: np.ndarray
    offset: np.ndarray
    changes: np.ndarray
    alternative_start: np.ndarray
    alternative_end: np.ndarray
    dual: np.ndarray


def choose_schools(
    rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray, needs: Needs, elsewhere: Elsewhere
) -> Choice:
    """Draw what decides the school of each child."""
    children = chunk.people.children
    size = len(children)
    share = np.array([value("education.special_school").get(t, 0.0) for t in (*TYPES, "")])
    special = rng.random(size) < share[needs.type]  # -1, no need, is the last
    phase = np.where(by_age <= 6, PRIMARY, SECONDARY).astype(np.int8)
    phase[(needs.sen == PLAN) & special[:, None]] = SPECIAL

    apart = np.array(value("education.nearest_school"))
    family = children["family"].to_numpy()
    shared = rng.choice(len(apart), len(chunk.people.families), p=apart)[family]
    own = rng.choice(len(apart), size, p=apart)
    alike = rng.random(size) < value("education.siblings_alike")

    change = value("education.changes")
    entry = chunk.journeys.first[:, 3]
    other = rng.exponential(1 / (change["a_year"] + change["in_need"] * (chunk.journeys.in_year[:, -1] > 0)))
    days = np.stack(
        [
            np.where(rng.random(size) < change["moving"], children["moved"], NEVER),
            np.where(rng.random(size) < change["entering_care"], entry, NEVER),
            children["birth"].to_numpy() + ((4.5 + other) * 365.25).astype(np.int64),
        ],
        axis=1,
    )
    in_school = elsewhere.alternative[elsewhere.alternative["setting"].isin(("pru", "ap_academy"))]
    start, end = never_if_none(in_school, size)
    dual = np.zeros(size, dtype=bool)
    dual[in_school["child"]] = in_school["dual"]
    return Choice(phase, np.where(alike, shared, own), days, start, end, dual)


def school_on(
    chunk: Chunk, choice: Choice, child: np.ndarray, column: np.ndarray, on: np.ndarray, second: bool = False
) -> np.ndarray:
    """Return the school (row of `Places.schools`, int32) of children in years (columns) on given days.

    `second` asks for the school for alternative provision of a child on two rolls.
    """
    first, count = _ranges(chunk.places)
    home, authority = home_on(chunk, child, on)
    phase = choice.phase[child, column]
    in_alternative = choice.alternative_start[child] <= on
    in_alternative &= (choice.alternative_end[child] > on) & (choice.dual[child] == second)
    phase = np.where(in_alternative, ALTERNATIVE, phase)
    schools = count[phase, authority]
    step = choice.offset[child] + (_position(chunk.places)[home] * schools).astype(np.int64)
    for number in range(choice.changes.shape[1]):
        step += choice.changes[child, number] <= on
    return (first[phase, authority] + step % schools).astype(np.int32)


def home_on(chunk: Chunk, child: np.ndarray, on: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbourhood and authority (rows) where children live on given days."""
    children = chunk.people.children
    later = children["moved"].to_numpy()[child] <= on
    home = np.where(
        later, children["neighbourhood_after"].to_numpy()[child], children["neighbourhood"].to_numpy()[child]
    )
    return home, chunk.places.neighbourhoods["authority"].to_numpy()[home]


def _ranges(places: Places) -> tuple[np.ndarray, np.ndarray]:
    """Return the first school and the number of schools of each phase (rows) in each authority (columns)."""
    phase = pd.Categorical(places.schools["phase"], categories=PHASES).codes
    shape = (len(PHASES), len(places.authorities))
    group = np.ravel_multi_index((phase, places.schools["authority"].to_numpy()), shape)
    order = np.argsort(group, kind="stable")
    if (order != np.arange(len(order))).any():
        raise ValueError("Schools must be in order of phase and authority.")
    count = np.bincount(group, minlength=shape[0] * shape[1])
    return (count.cumsum() - count).reshape(shape), count.reshape(shape)


def _position(places: Places) -> np.ndarray:
    """Return where in its authority each neighbourhood lies, 0 to 1: neighbours in order are near."""
    authority = places.neighbourhoods["authority"].to_numpy()
    count = np.bincount(authority)
    first = np.concatenate([[0], count.cumsum()[:-1]])
    return (np.arange(len(authority)) - first[authority]) / count[authority]


def tables(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[dict, dict]:  # noqa: ARG001
    """Return the canonical table of schools; nothing is planted beyond what `Places.schools` holds."""
    schools = places.schools
    kinds = value("education.school_kinds")
    kind = schools["phase"].map({"special": "special", "alternative": "pru"}).to_numpy(dtype=object)
    plain = np.array([k is None or k != k for k in kind])
    kind[plain] = rng.choice(list(kinds), int(plain.sum()), p=list(kinds.values()))
    later = value("education.academies_since")
    opened = np.where(
        kind == "academy",
        day(later, 9, 1) + 365 * rng.integers(0, value("time.last_year") - later, len(schools)),
        day(1960, 9, 1) + 365 * rng.integers(0, 40, len(schools)),
    )
    score = schools["effect"].to_numpy() + rng.normal(size=len(schools))
    judgement = np.searchsorted(np.quantile(score, np.cumsum(value("education.judgements"))[:-1]), score)
    table = pd.DataFrame(
        {
            "urn": schools["urn"],
            "authority": places.authorities["authority"].to_numpy()[schools["authority"]],
            "kind": kind,
            "phase": schools["phase"],
            "opened": (opened.astype("datetime64[D]")).astype("datetime64[ns]"),
            "judgement": np.array(["4", "3", "2", "1"], dtype=object)[judgement],
            "pupils": _pupils(places),
        }
    )
    return {"schools": table}, {}


def _pupils(places: Places) -> np.ndarray:
    """Return the pupils to expect at each school: those of its authority, more where it is a good one."""
    schools = places.schools
    count = _ranges(places)[1]
    phase = pd.Categorical(schools["phase"], categories=PHASES).codes
    authority = schools["authority"].to_numpy()
    share = np.array([value("education.pupils")[name] for name in PHASES])[phase]
    pupils = share * places.authorities["children"].to_numpy()[authority] / count[phase, authority]
    return np.round(pupils * np.exp(value("education.appeal") * schools["effect"].to_numpy())).astype(int)
