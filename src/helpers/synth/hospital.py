"""Contacts of children and young people with hospitals: emergencies, planned admissions, appointments.

Three processes run beside each other. One goes through life: its rate follows age and calendar year, the
child's chronic condition, disability and family, and is higher in years of contact with social care. The
second comes with what leads to a referral: contacts lie around its day, most of them before, and their
reasons follow the demand category. The third is self-harm, in adolescence, by sex and contact with social
care. An emergency may lead to an admission; what is known of admissions is written in `admissions`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import to_dates
from helpers.synth.parameters import categories, choose, value
from helpers.synth.patients import Patients, first_day, last_day
from helpers.synth.people import age_band
from helpers.synth.referrals import of_family
from helpers.synth.sampling import by_age, chance, choose_by, events_by_rate, number_within

YEAR = 365.25
AGES = np.arange(25)  # years of age that are followed
KINDS = ("emergency", "planned", "outpatient")
RECORDS = {"emergency": "admissions", "planned": "admissions", "outpatient": "outpatients"}


class Background(NamedTuple):
    """What bears on the health of each child (row of `people.children`).

    chronic (bool), use (mean 1), hardship, area, disabled, frailty, parent_mental_health (float); contact:
    status in social care (0 to 3) in each year of age, shape (children, 25).
    """

    chronic: np.ndarray
    use: np.ndarray
    hardship: np.ndarray
    area: np.ndarray
    disabled: np.ndarray
    frailty: np.ndarray
    parent_mental_health: np.ndarray
    contact: np.ndarray


def background(rng: np.random.Generator, chunk: Chunk, chronic: np.ndarray) -> Background:
    """Return what bears on the health of each child."""
    children = chunk.people.children
    of = of_family(chunk.people, ["hardship", "frailty", "mental_health"]).astype(float)
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[children["neighbourhood"]]
    shape = value("health.use_shape")
    return Background(
        chronic.astype(float), rng.gamma(shape, 1 / shape, len(children)), of["hardship"].to_numpy(), area,
        children["disabled"].to_numpy(dtype=float), of["frailty"].to_numpy(), of["mental_health"].to_numpy(),
        _contact(chunk),
    )  # fmt: skip


def _contact(chunk: Chunk) -> np.ndarray:
    """Return the status in social care in the academic year in which most of each year of age lies."""
    middle = 1970 + chunk.people.children["birth"].to_numpy()[:, None] / YEAR + AGES + 0.5
    column = np.floor(middle + 1 / 3).astype(np.int64) - chunk.journeys.years()[0]
    inside = (column >= 0) & (column < chunk.journeys.in_year.shape[1])
    found = np.take_along_axis(chunk.journeys.in_year, np.where(inside, column, 0), axis=1)
    return np.where(inside, found, 0)


def contacts(rng: np.random.Generator, chunk: Chunk, of: Background) -> dict[str, pd.DataFrame]:
    """Return emergencies, planned admissions and outpatient appointments within the years of the records.

    Returns
    -------
    dict of str to pandas.DataFrame
        By kind: child (row), day, reason (of emergencies) or specialty (of appointments), in no order.
    """
    birth = chunk.people.children["birth"].to_numpy()
    around = _around(rng, chunk, of)
    found = {}
    for kind in KINDS:
        child, age = events_by_rate(rng, _rates(chunk, of, kind))
        usual = pd.DataFrame({"child": child, "day": birth[child] + (age * YEAR).astype(np.int64)})
        usual["category"] = -1
        # Whoever draws codes needs the age band of a usual contact and the category of one around a referral.
        found[kind] = pd.concat(
            [usual, around[around["kind"] == kind].drop(columns="kind")], ignore_index=True
        )
    found["emergency"]["reason"] = _reasons(rng, found["emergency"], birth)
    found["outpatient"]["specialty"] = _specialties(rng, found["outpatient"], birth, of)
    found["emergency"] = pd.concat([found["emergency"], _self_harm(rng, chunk, of)], ignore_index=True)
    return {kind: _alive(chunk, rows, first_day(RECORDS[kind])) for kind, rows in found.items()}


def _rates(chunk: Chunk, of: Background, kind: str) -> np.ndarray:
    """Return events a year by child and year of age; none where the records do not look."""
    at = value("health.effects")[kind]
    own = at["chronic"] * of.chronic + at["disabled"] * of.disabled
    own = np.exp(own + at["hardship"] * of.hardship + at["area"] * of.area) * of.use
    ratio = np.array(value("health.in_contact")[kind])[of.contact]
    return by_age(value("health.rates")[kind], AGES) * ratio * own[:, None] * _watched(chunk, RECORDS[kind])


def _watched(chunk: Chunk, records: str) -> np.ndarray:
    """Return the ratio of hospital use by calendar year, by child and year of age; 0 outside the records."""
    birth = chunk.people.children["birth"].to_numpy()[:, None]
    start = birth + AGES * YEAR
    seen = (start + YEAR > first_day(records)) & (start <= last_day())
    years = np.arange(1990, 2052)
    # One collection year lies nearest to each year of age.
    nearest = np.floor(1970 + (start + YEAR / 2) / YEAR + 0.75).astype(np.int64)
    return by_age(value("health.by_year"), years)[nearest - years[0]] * seen


def _around(rng: np.random.Generator, chunk: Chunk, of: Background) -> pd.DataFrame:
    """Return contacts around referrals: child, day, kind, category."""
    referred = chunk.events.referrals
    at = value("health.around")
    highest = np.where(referred["in_need"], 1, 0)
    highest[chunk.events.plans["referral_no"].to_numpy()] = 2
    highest[chunk.events.periods.loc[~chunk.events.periods["respite"], "referral_no"].to_numpy()] = 3
    mean = np.where(referred["in_need"], at["in_need"], at["mean"])
    mean = mean * np.array(value("health.around_highest"))[highest]
    later = referred.duplicated("child").to_numpy()
    child = referred["child"].to_numpy()
    number = rng.poisson(mean * np.where(later, at["again"], 1.0) * of.use[child])
    row = np.repeat(np.arange(len(referred)), number)
    years = at["shift"] + rng.laplace(0, at["years"], len(row))
    days = referred["referral"].to_numpy()[row] + np.round(years * YEAR).astype(np.int64)
    found = pd.DataFrame({"child": child[row], "day": days, "category": referred["category"].to_numpy()[row]})
    found["kind"] = choose(rng, value("health.around_kinds"), len(row))
    return found[np.abs(years) <= at["most_years"]]


def _reasons(rng: np.random.Generator, rows: pd.DataFrame, birth: np.ndarray) -> pd.Categorical:
    """Draw reasons of emergencies: by age, and around a referral by its demand category."""
    by_category = value("health.around_categories")
    shares = list(value("health.reasons").values())
    shares += [by_category[number] for number in range(1, len(categories()) + 1)]
    bands = len(value("health.reasons"))
    age = (rows["day"].to_numpy() - birth[rows["child"]]) / YEAR
    category = rows["category"].to_numpy()
    # Under ten nobody comes for alcohol, drugs or mental health, whatever the category.
    own = (category >= 0) & (age >= 10)
    young = (category >= 0) & (age < 10) & np.isin(category + 1, [1, 2, 7, 8, 9, 11])
    drawn = choose_by(rng, shares, np.where(own | young, bands + category, age_band(age)))
    too_young = (age < 8) & drawn.isin(["mental_health", "substance"])
    return pd.Categorical(np.where(too_young, "illness", drawn), dtype=_reason_type())


def _specialties(
    rng: np.random.Generator, rows: pd.DataFrame, birth: np.ndarray, of: Background
) -> pd.Categorical:
    """Draw specialties of appointments: usual ones, around a referral, or of a child known to social care."""
    lists = value("health.specialties")
    child = rows["child"].to_numpy()
    known = of.contact[child, _years_old(rows["day"].to_numpy(), birth[child])] > 0
    kind = np.where(rows["category"] >= 0, "around", np.where(known, "known", "usual"))
    return choose_by(rng, list(lists.values()), pd.Index(lists).get_indexer(kind))


def _years_old(days: np.ndarray, birth: np.ndarray) -> np.ndarray:
    """Return the year of age (column of `Background.contact`) of each day."""
    return np.clip(((days - birth) / YEAR).astype(np.int64), 0, AGES[-1])


def _reason_type() -> pd.CategoricalDtype:
    return pd.CategoricalDtype(
        sorted(["illness", "injury", "assault", "mental_health", "substance", "other", "self_harm"])
    )


def _self_harm(rng: np.random.Generator, chunk: Chunk, of: Background) -> pd.DataFrame:
    """Return emergencies for self-harm: child, day, category (-1), reason."""
    children = chunk.people.children
    at = value("health.self_harm")
    own = at["female"] * (children["sex"] == "F").to_numpy() + at["mental_health"] * of.parent_mental_health
    own = np.exp(own + at["frailty"] * of.frailty) * rng.gamma(at["shape"], 1 / at["shape"], len(children))
    ratio = np.array(value("health.in_contact")["self_harm"])[of.contact]
    rates = by_age(value("health.rates")["self_harm"], AGES) * ratio * own[:, None]
    child, age = events_by_rate(rng, rates * _watched(chunk, "admissions"))
    days = children["birth"].to_numpy()[child] + (age * YEAR).astype(np.int64)
    reason = pd.Categorical(["self_harm"] * len(child), dtype=_reason_type())
    return pd.DataFrame({"child": child, "day": days, "category": -1, "reason": reason})


def _alive(chunk: Chunk, rows: pd.DataFrame, begin: int) -> pd.DataFrame:
    """Return what lies within the records and within life and stay in the country."""
    child, days = rows["child"].to_numpy(), rows["day"].to_numpy()
    here = (days >= begin) & (days <= last_day()) & (days < chunk.death[child])
    return rows[here & (days >= chunk.people.children["arrival"].to_numpy()[child])].reset_index(drop=True)


def emergency_table(who: Patients, emergencies: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table of attendances; `emergencies` as `admissions.decide` returns them."""
    seen = emergencies[(emergencies["day"] >= first_day("emergencies")) & ~emergencies["directly"]]
    key = seen["child"].to_numpy() * 10**6 + seen["day"].to_numpy()
    return pd.DataFrame(
        {
            "patient_id": who.number(seen["child"]),
            "arrival_date": to_dates(seen["day"]),
            "attendance_no": number_within(key),
            "reason": seen["reason"].array,
            "admitted": seen["admitted"].to_numpy(),
        }
    )


def outpatient_table(
    rng: np.random.Generator, chunk: Chunk, who: Patients, of: Background, appointments: pd.DataFrame
) -> pd.DataFrame:
    """Return the canonical table of outpatient appointments, one a day and specialty."""
    at = value("health.attended")
    child, days = appointments["child"].to_numpy(), appointments["day"].to_numpy()
    known = of.contact[child, _years_old(days, chunk.people.children["birth"].to_numpy()[child])] > 0
    came = rng.random(len(child)) < chance(
        at["level"] + at["hardship"] * of.hardship[child] + at["known"] * known
    )
    specialty = appointments["specialty"].array
    key = (child * 10**6 + days) * 100 + specialty.codes
    table = pd.DataFrame(
        {
            "patient_id": who.number(child),
            "appointment_date": to_dates(days),
            "specialty": specialty,
            "attended": came,
        }
    )
    return table[~pd.Series(key).duplicated().to_numpy()]
