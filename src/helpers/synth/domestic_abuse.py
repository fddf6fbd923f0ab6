"""Domestic abuse as police and services know it: incidents, help, and risk conferences.

Each family has a number of known incidents; most families have none. Incidents are many more where abuse is a
lasting difficulty of the family, and most frequent in the year around the day the parents part. The mother is
the victim in most. A part of the incidents where children live is notified to social care; that children of
such families are referred more often is planted with referrals, not here. What police never hear of is in
the truth alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import people
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day, to_dates
from helpers.synth.parameters import choose, value

YEAR = 365.25
MOST = 99  # incidents of a family, so that each has a number
YOUNGEST = 14  # age of a mother at the first incident, at least


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the canonical tables of domestic abuse; the truth is the number of incidents of each family."""
    begin, until = day(value("domestic_abuse.from"), 4, 1), day(value("time.last_year"), 3, 31)
    happened, planted = _happened(rng, chunk, until)
    known = happened["reported"] & (happened["day"] >= begin)
    found = happened[known].reset_index(drop=True)
    found = _described(rng, found, chunk)
    result = {
        "domestic_abuse_incidents": found.assign(incident_date=to_dates(found["day"])),
        "domestic_abuse_support": _support(rng, found, until),
        "risk_conferences": _conferences(rng, found, until),
    }
    return result, {"domestic_abuse": planted}


def _happened(rng: np.random.Generator, chunk: Chunk, until: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all incidents (family, day, severity, reported, led), in order, and their number by family."""
    families = chunk.people.families
    found = pd.concat([_over_the_years(rng, chunk), _before_referrals(rng, chunk)], ignore_index=True)
    family = found["family"].to_numpy()
    lasting = families["domestic_abuse"].to_numpy()[family]
    severity = rng.normal(0, 1, len(found)) + value("domestic_abuse.graver") * lasting
    reported = rng.random(len(found)) < 1 / (1 + np.exp(-(value("domestic_abuse.reported") + severity)))
    found = found.assign(
        severity=severity,
        reported=reported | found["led"],
        after=found["day"] > families["separated"].to_numpy()[family],
    )
    grown = birthday(families["mother_birth"].to_numpy(), YOUNGEST)[family]
    found = found[(found["day"] <= until) & (found["day"] >= grown)]
    found = found.sort_values(["family", "day"], ignore_index=True)
    found = found[found.groupby("family").cumcount() < MOST]
    planted = pd.DataFrame(
        {"mother": families["mother"], "incidents": np.bincount(found["family"], minlength=len(families)),
         "reported": np.bincount(found["family"][found["reported"]], minlength=len(families))}
    )  # fmt: skip
    return found, planted


def _over_the_years(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return incidents in families: some about the day of parting, the others as children grow up."""
    families = chunk.people.families
    size = len(families)
    mean = value("domestic_abuse.incidents")
    rate = np.where(families["domestic_abuse"], mean["lasting"], mean["other"])
    rate = rate * np.exp(value("domestic_abuse.hardship") * families["hardship"].to_numpy())
    number = np.minimum(rng.poisson(rate * rng.gamma(1.0, 1.0, size)), value("domestic_abuse.most"))
    eldest = (
        chunk.people.children.groupby("family")["birth"].min().reindex(range(size)).fillna(NEVER).to_numpy()
    )
    row = np.repeat(np.arange(size), np.where(eldest < NEVER, number, 0))
    parted = families["separated"].to_numpy()[row]
    around = rng.random(len(row)) < value("domestic_abuse.around_separation")
    near = parted + rng.normal(0, value("domestic_abuse.separation_days"), len(row))
    any_time = eldest[row] + (rng.random(len(row)) * value("domestic_abuse.years") - 1) * YEAR
    ends = eldest[row] + value("domestic_abuse.years") * YEAR
    when = np.where(around & (parted < ends), near, any_time).astype(np.int64)
    return pd.DataFrame({"family": row, "day": when, "led": False})


def _before_referrals(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return incidents that led to a referral: of some of those found to be about domestic abuse."""
    referred = chunk.events.referrals
    family = chunk.people.children["family"].to_numpy()[referred["child"]]
    led = referred["category"].isin(value("domestic_abuse.categories")).to_numpy() & (family >= 0)
    # Brothers and sisters referred on one day were referred for one incident.
    found = pd.DataFrame({"family": family, "referral": referred["referral"]})[led].drop_duplicates()
    found = found[rng.random(len(found)) < value("domestic_abuse.before_referral")]
    day_of = found["referral"].to_numpy() - rng.integers(0, 8, len(found))
    return pd.DataFrame({"family": found["family"].to_numpy(), "day": day_of, "led": True})


def _described(rng: np.random.Generator, found: pd.DataFrame, chunk: Chunk) -> pd.DataFrame:
    """Add to reported incidents who, what, how grave, and what was done."""
    families = chunk.people.families.iloc[found["family"].to_numpy()].reset_index(drop=True)
    size = len(found)
    severity = found["severity"].to_numpy()
    risk = np.array(["standard", "medium", "high"])[
        np.searchsorted(value("domestic_abuse.risk_steps"), severity)
    ]
    injury = np.array(["none", "minor", "serious"])[
        np.searchsorted(value("domestic_abuse.injury_steps"), severity)
    ]
    kind = choose(rng, value("domestic_abuse.kinds"), size)
    kind = np.where(injury == "none", kind, "physical")
    by_father = rng.random(size) < value("domestic_abuse.mother_is_victim")
    has_father = (families["father"] >= 0).to_numpy()
    relation = np.where(found["after"], "ex_partner", "partner")
    mother = people.police_ids(families["mother"])
    father = np.where(has_father, people.police_ids(families["father"].clip(0)), None)
    present = _children_at_home(found, chunk)
    asked = present > 0
    share = np.array([value("domestic_abuse.notified")[name] for name in ("standard", "medium", "high")])
    told = found["led"].to_numpy() | asked & (
        rng.random(size) < share[np.searchsorted(value("domestic_abuse.risk_steps"), severity)]
    )
    crime = rng.random(size) < 1 / (1 + np.exp(-(value("domestic_abuse.crime") + severity)))
    turn = found.groupby("family").cumcount()
    return found.assign(
        incident_id=people.case_ids("I", families["mother"], turn),
        household_id=people.household_ids(families["mother"]),
        victim_id=np.where(by_father | ~has_father, mother, father),
        perpetrator_id=np.where(by_father | ~has_father, father, mother),
        victim=np.where(by_father | ~has_father, families["mother"], families["father"]),
        offender=np.where(by_father | ~has_father, families["father"], families["mother"]),
        relationship=relation,
        kind=kind,
        injury=injury,
        risk=risk,
        children_present=present,
        crime_recorded=crime,
        arrest=crime & (rng.random(size) < value("domestic_abuse.arrest")),
        notified_to_social_care=told,
    )


def _children_at_home(found: pd.DataFrame, chunk: Chunk) -> np.ndarray:
    """Count the children of the family under 18 who were alive and not looked after on the day."""
    children = chunk.people.children
    care_from = chunk.journeys.first[:, 3]
    about = pd.DataFrame(
        {"family": children["family"], "birth": children["birth"],
         "until": np.minimum(np.minimum(chunk.death, care_from), birthday(children["birth"].to_numpy(), 18))}
    )  # fmt: skip
    both = found[["family", "day"]].reset_index().merge(about, on="family")
    there = (both["birth"] <= both["day"]) & (both["day"] < both["until"])
    return np.bincount(both.loc[there, "index"], minlength=len(found))


def _support(rng: np.random.Generator, found: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return help for victims, and programmes for some who harm; one spell at a time of a person."""
    shares = value("domestic_abuse.support")
    helped = found[rng.random(len(found)) < found["risk"].map(shares["victim"])]
    worked = found[(rng.random(len(found)) < shares["perpetrator"]) & (found["offender"] >= 0)]
    kinds = choose(rng, value("domestic_abuse.support_kinds"), len(helped))
    parts = [
        pd.DataFrame({"person": helped["victim"], "start": helped["day"], "support": kinds}),
        pd.DataFrame({"person": worked["offender"], "start": worked["day"], "support": "perpetrator"}),
    ]
    found = pd.concat(parts, ignore_index=True)
    size = len(found)
    wait, lasts = value("domestic_abuse.support_wait_days"), value("domestic_abuse.support_days")
    start = found["start"] + 1 + rng.exponential(wait, size).astype(np.int64)
    end = start + 7 + rng.gamma(lasts["shape"], lasts["scale"], size).astype(np.int64)
    found = found.assign(start=start, end=end).sort_values(["person", "start"], ignore_index=True)
    still = found["end"].groupby(found["person"]).cummax().groupby(found["person"]).shift().fillna(0)
    found = found[(found["start"] > still) & (found["start"] <= until)].reset_index(drop=True)
    done = pd.array(rng.random(len(found)) < shares["completed"], dtype="boolean")
    return pd.DataFrame(
        {
            "person_id": people.service_ids(found["person"]),
            "support_start": to_dates(found["start"]),
            "support_end": to_dates(found["end"], until),
            "support": found["support"],
            "completed": pd.Series(done).mask(found["end"] > until),
        }
    )


def _conferences(rng: np.random.Generator, found: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return risk conferences: most incidents of high risk since they began, within weeks."""
    since = day(value("domestic_abuse.conferences_from"), 4, 1)
    share = value("domestic_abuse.conference")
    kept = (found["risk"] == "high") & (found["day"] >= since) & (rng.random(len(found)) < share)
    held = found[kept].assign(held=lambda rows: rows["day"] + rng.integers(5, 29, len(rows)))
    held = held[held["held"] <= until].drop_duplicates(["victim_id", "held"])
    held = held.sort_values(["victim_id", "held"], ignore_index=True)
    last = held.groupby("victim_id")["held"].shift()
    return pd.DataFrame(
        {
            "victim_id": held["victim_id"],
            "conference_date": to_dates(held["held"]),
            "children": held["children_present"],
            "repeat": (held["held"] - last <= 365).to_numpy(),
        }
    )
