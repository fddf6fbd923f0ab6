"""Mental health care of children and of their parents: referrals to services, and the contacts that follow.

Children are referred at a rate by age and sex that is higher with disability, a parent's difficulties and
contact with social care, and around a referral to social care for their own mental health. Parents with a
lasting difficulty are often referred too, and many in the months before the first referral of the family to
social care. Only what falls into the years of the records is drawn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.hospital import AGES, Background
from helpers.synth.parameters import value
from helpers.synth.patients import Patients, first_day, last_day
from helpers.synth.referrals import of_family
from helpers.synth.sampling import by_age, chance, choose_by, effect_of_place, events_by_rate, number_within

YEAR = 365.25
LEAST_AGE = 4  # years, of a child referred
TRAITS = ("mental_health", "domestic_abuse", "substance_use")
PANDEMIC = (day(2020, 4, 1), day(2021, 6, 30))
GROUPS = {"under_12": 0, "from_12": 1, "known_under_12": 2, "known_from_12": 3, "parent": 4, "perinatal": 5}


def referrals(rng: np.random.Generator, chunk: Chunk, who: Patients, of: Background) -> pd.DataFrame:
    """Return referrals of children and parents to mental health services.

    Returns
    -------
    pandas.DataFrame
        patient (row of the people in `who`), child (row; -1 for a parent), family (row), day, group (see
        `GROUPS`); in order of patient and day.
    """
    children = _of_children(rng, chunk, of)
    parents = _of_parents(rng, chunk, who)
    found = pd.concat([children, parents], ignore_index=True)
    person = who.people.iloc[found["patient"].to_numpy()]
    alive = found["day"].to_numpy() < np.minimum(person["death"].to_numpy(), last_day() + 1)
    alive &= (found["day"] >= first_day("mental_health")).to_numpy()
    alive &= found["day"].to_numpy() >= person["from_day"].to_numpy()
    found = found[alive].sort_values(["patient", "day"], ignore_index=True)
    return found[~found.duplicated(["patient", "day"])].reset_index(drop=True)


def _of_children(rng: np.random.Generator, chunk: Chunk, of: Background) -> pd.DataFrame:
    children = chunk.people.children
    at = value("health.mental_health.effects")["child"]
    family = of_family(chunk.people, list(TRAITS)).astype(float)
    own = at["disabled"] * of.disabled + at["chronic"] * of.chronic + at["hardship"] * of.hardship
    for name in TRAITS:
        own = own + at[name] * family[name].to_numpy()
    girl = (children["sex"] == "F").to_numpy()[:, None]
    sex = at["female_from_12"] * (girl & (AGES >= 12)) + at["boy_under_12"] * (~girl & (AGES < 12))
    ratio = np.array(value("health.mental_health.in_contact"))[of.contact]
    watched = _watched(children["birth"].to_numpy(), AGES)
    rates = by_age(value("health.mental_health.child"), AGES) * ratio * np.exp(own[:, None] + sex) * watched
    child, age = events_by_rate(rng, rates)
    usual = pd.DataFrame(
        {"child": child, "day": children["birth"].to_numpy()[child] + (age * YEAR).astype(np.int64)}
    )
    found = pd.concat([usual, _around(rng, chunk)], ignore_index=True)
    age = (found["day"].to_numpy() - children["birth"].to_numpy()[found["child"]]) / YEAR
    found, age = found[age >= LEAST_AGE], age[age >= LEAST_AGE]
    known = of.contact[found["child"], np.clip(age.astype(np.int64), 0, AGES[-1])] > 0
    return found.assign(
        patient=found["child"],
        family=children["family"].to_numpy()[found["child"]],
        group=(age >= 12) + 2 * known,
    )


def _watched(birth: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """Return the ratio of referrals by calendar year, by person and year of age; 0 outside the records."""
    start = birth[:, None] + ages * YEAR
    seen = (start + YEAR > first_day("mental_health")) & (start <= last_day())
    known = value("health.mental_health.by_year")
    return np.interp(1970.75 + start / YEAR, list(known), list(known.values())) * seen


def _around(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return mental health referrals of children that come with a referral to social care."""
    referred = chunk.events.referrals
    number = rng.poisson((referred["category"] + 1).map(value("health.mental_health.around")))
    row = np.repeat(np.arange(len(referred)), number)
    at = value("health.mental_health.around_days")
    days = referred["referral"].to_numpy()[row] + np.round(rng.normal(at["mean"], at["spread"], len(row)))
    return pd.DataFrame({"child": referred["child"].to_numpy()[row], "day": days.astype(np.int64)})


def _of_parents(rng: np.random.Generator, chunk: Chunk, who: Patients) -> pd.DataFrame:
    """Return referrals of parents while they have a child under 18 within the years of the records."""
    families = chunk.people.families
    at = value("health.mental_health.effects")["parent"]
    begin = first_day("mental_health")
    births = chunk.people.children[chunk.people.children["family"] >= 0].groupby("family")["birth"]
    eldest = births.min().reindex(families.index).fillna(NEVER).to_numpy(dtype=np.int64)
    youngest = births.max().reindex(families.index).fillna(-NEVER).to_numpy(dtype=np.int64)
    years = np.arange(-(-(last_day() - begin) // YEAR), dtype=np.int64)
    start = begin + years * YEAR
    parent_of_child = (eldest[:, None] <= start) & (youngest[:, None] + 18 * YEAR > start)
    known = value("health.mental_health.by_year")
    trend = np.interp(1970.75 + start / YEAR, list(known), list(known.values()))
    own = at["hardship"] * families["hardship"].to_numpy()
    for name in TRAITS:
        own = own + at[name] * families[name].to_numpy(dtype=float)
    rates = value("health.mental_health.parent") * np.exp(own[:, None]) * trend * parent_of_child
    parts = []
    before = _before_referral(rng, chunk)
    for patient, ratio, there in ((who.mother, np.exp(at["mother"]), eldest < NEVER),
                                  (who.father, 1.0, families["father"].to_numpy() >= 0)):  # fmt: skip
        family, year = events_by_rate(rng, rates * ratio * there[:, None])
        usual = pd.DataFrame({"family": family, "day": begin + (year * YEAR).astype(np.int64)})
        # What lies before a referral of the family falls on one parent or both alike.
        own_part = before[
            there[before["family"]] & (rng.random(len(before)) < value("health.mental_health.parent_before"))
        ]
        found = pd.concat([usual, own_part], ignore_index=True)
        parts.append(found.assign(patient=patient(found["family"])))
    found = pd.concat(parts, ignore_index=True)
    mother = (found["patient"] < who.father(0)).to_numpy()
    perinatal = mother & _near_birth(chunk, found["family"].to_numpy(), found["day"].to_numpy())
    return found.assign(child=-1, group=np.where(perinatal, GROUPS["perinatal"], GROUPS["parent"]))


def _before_referral(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return a day before the first social care referral of families in which a parent has a difficulty."""
    family = chunk.people.children["family"].to_numpy()[chunk.events.referrals["child"]]
    first = chunk.events.referrals["referral"].groupby(family).min()
    first = first[first.index >= 0]
    trait = chunk.people.families["mental_health"].to_numpy()[first.index]
    at = value("health.mental_health.parent_before_days")
    wait = at["least"] + rng.exponential(at["mean_more"], len(first)).astype(np.int64)
    return pd.DataFrame({"family": first.index, "day": first.to_numpy() - wait})[trait]


def _near_birth(chunk: Chunk, family: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return whether a child of the family was born within a year before or half a year after each day."""
    children = chunk.people.children
    births = children[children["family"] >= 0].sort_values(["family", "birth"])
    key = births["family"].to_numpy() * 10**6 + births["birth"].to_numpy() + 10**5
    at = family * 10**6 + days + 10**5
    after = np.searchsorted(key, at + 183, side="right")
    return after > np.searchsorted(key, at - 365, side="left")


def tables(
    rng: np.random.Generator, chunk: Chunk, who: Patients, of: Background, found: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return mental_health_referrals and mental_health_contacts; `found` as `referrals` returns it."""
    at = value("health.mental_health.accepted")
    place = _place(chunk, found)
    known = np.isin(found["group"], [GROUPS["known_under_12"], GROUPS["known_from_12"]])
    odds = at["level"] + at["known"] * known + at["place"] * effect_of_place(chunk.places, "accepted")[place]
    accepted = rng.random(len(found)) < chance(odds)
    contacts = _contacts(rng, found, accepted, effect_of_place(chunk.places, "wait")[place])
    death = who.people["death"].to_numpy()[found["patient"]]
    until = np.minimum(death, last_day() + 1)
    ends = found["day"] + rng.integers(2, 40, len(found))
    last = contacts.groupby("row")["day"].max().reindex(found.index)
    after = rng.geometric(1 / value("health.mental_health.ends_after"), len(found))
    ends = np.minimum(np.where(last.isna(), ends, last.fillna(0) + after).astype(np.int64), death)
    contacts = contacts[contacts["day"].to_numpy() < until[contacts["row"]]]
    number = number_within(found["patient"].to_numpy())
    ids = np.char.add(who.number(found["patient"]).astype(str).astype("U10"), "R")
    ids = np.char.add(ids, np.char.zfill(number.astype(str), 2))
    closed = to_dates(ends, last_day())
    reasons, sources, teams = _codes(rng, found)
    made = pd.DataFrame(
        {
            "patient_id": who.number(found["patient"]),
            "referral_id": ids,
            "referral_date": to_dates(found["day"]),
            "source": sources,
            "reason": reasons,
            "team": teams,
            "accepted": accepted,
            "closed_date": closed,
            **_scores(rng, contacts, accepted & closed.notna().to_numpy()),
        }
    )
    row = contacts["row"].to_numpy()
    keys = pd.DataFrame({"patient_id": who.number(found["patient"].to_numpy()[row]), "referral_id": ids[row]})
    return {
        "mental_health_referrals": made,
        "mental_health_contacts": keys.assign(**_kept(rng, chunk, of, found, contacts)),
    }


def _place(chunk: Chunk, found: pd.DataFrame) -> np.ndarray:
    """Return the authority (row) where each patient lives on the day of referral."""
    area = chunk.places.neighbourhoods["authority"].to_numpy()
    homes = []
    for rows, row in ((chunk.people.children, found["child"]), (chunk.people.families, found["family"])):
        home = rows[["neighbourhood", "neighbourhood_after"]].to_numpy()
        moved = found["day"].to_numpy() >= rows["moved"].to_numpy()[row]
        homes.append(area[home[row, moved.astype(np.int64)]])
    return np.where(found["child"] >= 0, *homes)


def _contacts(
    rng: np.random.Generator, found: pd.DataFrame, accepted: np.ndarray, place: np.ndarray
) -> pd.DataFrame:
    """Return contacts offered within accepted referrals: row of the referral, day; the first after a wait."""
    at, wait = value("health.mental_health.contacts"), value("health.mental_health.first_wait")
    number = np.where(accepted, rng.geometric(1 / at["mean"], len(found)), 0)
    row = np.repeat(np.arange(len(found)), number)
    log_wait = np.log(wait["median"]) + wait["spread"] * rng.normal(size=len(found)) + wait["place"] * place
    first = np.ceil(np.exp(log_wait)).astype(np.int64)
    gaps = rng.geometric(1 / at["days_between"], len(row))
    starts = np.cumsum(number) - number
    begins = np.zeros(len(row), dtype=bool)
    begins[starts[number > 0]] = True
    gaps = np.where(begins, first[row], gaps)
    total = gaps.cumsum()
    before = (total - gaps)[starts[row]] if len(row) else total
    return pd.DataFrame({"row": row, "day": found["day"].to_numpy()[row] + total - before})


def _kept(
    rng: np.random.Generator, chunk: Chunk, of: Background, found: pd.DataFrame, contacts: pd.DataFrame
) -> dict[str, object]:
    """Return day of each contact, whether it took place and whether in person."""
    at, share = value("health.mental_health.attended"), value("health.mental_health.face_to_face")
    family = found["family"].to_numpy()[contacts["row"]]
    hardship = np.where(family >= 0, chunk.people.families["hardship"].to_numpy()[family], 0.0)
    days = contacts["day"].to_numpy()
    period = np.searchsorted(PANDEMIC, days, side="right")
    in_person = np.array([share["usual"], share["pandemic"], share["after"]])[period]
    return {
        "contact_date": to_dates(days),
        "attended": rng.random(len(days)) < chance(at["level"] + at["hardship"] * hardship),
        "face_to_face": rng.random(len(days)) < in_person,
    }


def _codes(
    rng: np.random.Generator, found: pd.DataFrame
) -> tuple[pd.Categorical, pd.Categorical, pd.Categorical]:
    """Draw reason, source and team of each referral."""
    group = found["group"].to_numpy()
    reasons = value("health.mental_health.reasons")
    reason = choose_by(rng, [reasons[name] for name in GROUPS], group)
    sources, teams = value("health.mental_health.sources"), value("health.mental_health.teams")
    source = choose_by(
        rng, [sources[kind] for kind in ("child", "known", "parent")], np.minimum(group // 2, 2)
    )
    by_group = [teams["child"], teams["parent"], {"perinatal": 1.0}, {"eating": 1.0}, {"crisis": 1.0}]
    parent, perinatal = group == GROUPS["parent"], group == GROUPS["perinatal"]
    at = np.select([reason == "eating", reason == "crisis", perinatal, parent], [3, 4, 2, 1], 0)
    return reason, source, choose_by(rng, by_group, at)


def _scores(rng: np.random.Generator, contacts: pd.DataFrame, ended: np.ndarray) -> dict[str, np.ndarray]:
    """Return first and last score of some of the referrals that ended after at least two contacts."""
    at = value("health.mental_health.scores")
    number = np.bincount(contacts["row"], minlength=len(ended))
    scored = ended & (number > 1) & (rng.random(len(ended)) < value("health.mental_health.scored"))
    first = rng.normal(at["first"], at["spread"], len(ended))
    last = first + at["a_contact"] * np.minimum(number, at["most"]) + rng.normal(0, at["noise"], len(ended))
    return {
        "first_score": np.where(scored, first.round(2), np.nan),
        "last_score": np.where(scored, last.round(2), np.nan),
    }
