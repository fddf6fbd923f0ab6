"""Around the edges of children's services: the home visiting trial, homelessness, the move to adulthood."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import social_care
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day, to_dates, year_end
from helpers.synth.parameters import categories, choose, value
from helpers.synth.people import STRIDE, register_ids

Tables = dict[str, pd.DataFrame]
YEAR = 365.25
CHILD_MENTAL_HEALTH, DISABILITY = "Child mental health", "Disability"


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return trial_participants, housing_applications and adult_service_transitions."""
    households = _households(chunk)
    homeless = _housing(rng, pd.concat([_families(rng, chunk), _care_leavers(rng, chunk)], ignore_index=True))
    links = households.assign(household_id=household_ids(households["person"]))
    links = links[links["household_id"].isin(homeless["household_id"])]
    return {
        "trial_participants": _trial(rng, chunk),
        "housing_applications": homeless,
        "adult_service_transitions": _transitions(rng, chunk),
    }, {"households_in_housing": links}


def household_ids(person: np.ndarray) -> np.ndarray:
    """Return the number of the household that a person heads, in the returns of housing authorities."""
    number = np.asarray(person, dtype=np.int64) * STRIDE % 10**9
    return np.char.add("H", np.char.zfill(number.astype(str), 9)).astype(object)


def _households(chunk: Chunk) -> pd.DataFrame:
    """Return everyone who may head a household: mothers, and children once they are grown."""
    people = np.concatenate([chunk.people.families["mother"], chunk.people.children["person"]])
    return pd.DataFrame({"person": people})


def _trial(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the families in the home visiting trial; randomised during the first pregnancy."""
    children = chunk.people.children
    eldest = children[(children["family"] >= 0) & (children["order"] == 1)]
    eldest = eldest.drop_duplicates("family").set_index("family")
    families = chunk.people.families.loc[eldest.index]
    families = families[families["trial"] != ""]
    eldest = eldest.loc[families.index]
    visited = (families["trial"] == "visited").to_numpy()
    given = value("context.trial_sessions")
    sessions = np.round(
        rng.gamma(given["shape"], given["mean"] / given["shape"] / (1 - given["none"]), len(families))
    )
    sessions = np.where(rng.random(len(families)) < given["none"], 0, sessions)
    randomised = eldest["birth"].to_numpy() - rng.integers(40, 170, len(families))
    return pd.DataFrame(
        {
            "trial": value("context.trial_name"),
            "person_id": register_ids(families["mother"].to_numpy()),
            "arm": np.where(visited, "intervention", "control"),
            "randomised": to_dates(randomised),
            "site": chunk.places.authorities["authority"].to_numpy()[eldest["authority"]],
            "sessions": np.where(visited, sessions, 0).astype(int),
        }
    )


def _families(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return applications of families with a child under 18: person, place, when, care_leaver."""
    given, families = value("context.housing"), chunk.people.families
    children = chunk.people.children[chunk.people.children["family"] >= 0]
    born = children.groupby("family")["birth"].agg(["min", "max"])
    families = families.loc[born.index]
    ratio = np.exp(
        given["hardship"] * families["hardship"] + given["domestic_abuse"] * families["domestic_abuse"]
    )
    odds = given["a_year"] * ratio.to_numpy()
    area = chunk.places.neighbourhoods["authority"].to_numpy()
    parts = []
    for year in range(given["from"], value("time.last_year")):
        first = day(year, 4, 1)
        when = first + rng.integers(0, 365, len(families))
        there = (born["min"].to_numpy() <= when) & (when < born["max"].to_numpy() + 18 * YEAR)
        applies = there & (rng.random(len(families)) < odds / (1 + odds))
        now = families[applies]
        moved = now["moved"].to_numpy() <= when[applies]
        home = np.where(moved, now["neighbourhood_after"], now["neighbourhood"])
        parts.append(
            pd.DataFrame(
                {
                    "person": now["mother"].to_numpy(),
                    "place": area[home],
                    "when": when[applies],
                    "care_leaver": False,
                }
            )
        )
    found = pd.concat(parts, ignore_index=True)
    return found.assign(authority=chunk.places.authorities["authority"].to_numpy()[found["place"]])


def _care_leavers(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return applications of care leavers of 18 to 20, looked after until 18."""
    given, children = value("context.housing"), chunk.people.children
    referred = chunk.events.referrals
    periods = chunk.events.periods
    row = periods["referral_no"].to_numpy()
    child = referred["child"].to_numpy()[row]
    birth = children["birth"].to_numpy()[child]
    adult = birthday(birth, 18)
    grown = np.flatnonzero((periods["end"] >= adult) & ~periods["respite"])
    parts = []
    for age in (18, 19, 20):
        when = birthday(birth[grown], age) + rng.integers(0, 364, len(grown))
        applies = rng.random(len(grown)) < given["care_leaver"]
        applies &= (when >= day(given["from"], 4, 1)) & (when <= year_end(value("time.last_year")))
        applies &= when < chunk.death[child[grown]]
        parts.append(
            pd.DataFrame(
                {
                    "person": children["person"].to_numpy()[child[grown]],
                    "place": referred["place"].to_numpy()[row[grown]],
                    "when": when,
                    "care_leaver": True,
                }
            )[applies]
        )
    found = pd.concat(parts, ignore_index=True)
    return found.assign(authority=chunk.places.authorities["authority"].to_numpy()[found["place"]])


def _housing(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return applications with the duty owed, temporary accommodation and how they ended."""
    given, until, size = value("context.housing"), year_end(value("time.last_year")), len(found)
    found = found.drop_duplicates(["person", "when"])
    size = len(found)
    duty = choose(rng, given["duty"], size)
    temporary = rng.random(size) < pd.Series(duty).map(given["temporary"]).to_numpy()
    begins = np.where(temporary, found["when"] + rng.integers(0, 21, size), NEVER)
    stay, settled = given["temporary_days"], given["settled_days"]
    stays = np.ceil(stay["median"] * np.exp(rng.normal(0, stay["spread"], size)))
    ends = np.where(temporary, begins + np.clip(stays, 1, 4000).astype(np.int64), NEVER)
    days = np.ceil(settled["median"] * np.exp(rng.normal(0, settled["spread"], size))).astype(np.int64)
    closed = np.where(temporary, ends, found["when"] + days) <= until
    outcome = np.where(closed, choose(rng, given["outcome"], size), "open")
    return pd.DataFrame(
        {
            "household_id": household_ids(found["person"]),
            "application_date": to_dates(found["when"]),
            "authority": found["authority"].to_numpy(),
            "care_leaver": found["care_leaver"].to_numpy(),
            "duty": duty,
            "temporary_start": to_dates(begins, until),
            "temporary_end": to_dates(np.where(begins <= until, ends, NEVER), until),
            "outcome": np.where(duty == "none", "ended", outcome),
        }
    )


def _transitions(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return referrals to adult services of young people with an open case in the year before 18."""
    given, until = value("context.transitions"), year_end(value("time.last_year"))
    referred = chunk.events.referrals.join(social_care.referral_keys(chunk))
    seventeen, adult = (birthday(referred["birth"].to_numpy(), age) for age in (17, 18))
    alive = chunk.death[referred["child"]] > until
    open_ = (
        referred["in_need"]
        & (referred["referral"] <= seventeen + 180)
        & (referred["closure"] > seventeen + 180)
    )
    open_ &= (adult > day(given["from"], 4, 1)) & alive
    young = referred[open_].drop_duplicates("child", keep="last")
    adult = birthday(young["birth"].to_numpy(), 18)
    parts = []
    for service in given["accepted"]:
        goes = rng.random(len(young)) < _likely(chunk, young, given["services"], service)
        parts.append(_one_service(rng, young[goes], adult[goes], service, given, until))
    return pd.concat(parts, ignore_index=True)


def _likely(
    chunk: Chunk, young: pd.DataFrame, services: dict[str, dict[str, float]], service: str
) -> np.ndarray:
    """Return the probability of a referral to an adult service, the highest of those that apply."""
    names = categories()["name"].to_numpy()[young["category"]]
    in_care = chunk.events.periods["referral_no"].unique()
    applies = {
        "disabled": young["disabled"].to_numpy(dtype=bool) | (names == DISABILITY),
        "mental_health": names == CHILD_MENTAL_HEALTH,
        "looked_after": young.index.isin(in_care),
        "other": np.ones(len(young), dtype=bool),
    }
    return np.max(
        [np.where(has, services[kind].get(service, 0.0), 0.0) for kind, has in applies.items()], axis=0
    )


def _one_service(
    rng: np.random.Generator, young: pd.DataFrame, adult: np.ndarray, service: str, given: dict, until: int
) -> pd.DataFrame:
    """Return planning, referral, decision and first contact with one adult service."""
    size, age = len(young), given["planned_age"]
    birth = young["birth"].to_numpy()
    planned = birth + (rng.normal(age["mean"], age["spread"], size) * YEAR).astype(np.int64)
    planned = np.maximum(planned, young["referral"].to_numpy() + 1)
    sent = planned + 1 + (rng.exponential(given["referred_after"], size) * YEAR).astype(np.int64)
    accepted = rng.random(size) < given["accepted"][service]
    contact = np.maximum(sent, adult) + 1 + rng.exponential(given["contact_days"], size).astype(np.int64)
    contact = np.where(accepted & (rng.random(size) < given["contact"]), contact, NEVER)
    known = sent <= until
    found = young[["authority", "child_id"]].assign(
        service=service,
        planned_date=to_dates(planned, until).to_numpy(),
        referred_date=to_dates(sent, until).to_numpy(),
        accepted=pd.Series(accepted).astype("boolean").where(known).to_numpy(),
        first_contact=to_dates(contact, until).to_numpy(),
    )
    return found[planned <= until]
