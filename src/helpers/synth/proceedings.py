"""Applications to the family court: which child, why, when, and what the court decided.

Care proceedings are those of `legal.go_to_court`, so the court and the returns on children looked after
agree; some more concern brothers and sisters who stay at home, some of them in proceedings of their own
years later. Adoptions and special guardianship follow from how care ends. In private
law, parents who have parted ask the court to settle where children live and whom they see, more often
where there was domestic abuse, and some come back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import legal
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day
from helpers.synth.legal import ADOPT, SGO, YEAR
from helpers.synth.parameters import choose, value

COLUMNS = ["child", "law", "application", "applied", "interim", "decided", "order", "place"]


def applications(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return the applications, one row per child and application.

    Returns
    -------
    pandas.DataFrame
        child (row of `Families.children`), law and application (codes), applied (day), interim (day of an
        interim care order, NEVER where there is none), decided (day), order (code), place (row of
        `Places.authorities`).
    """
    care = _periods(chunk)
    from_care = _from_care(rng, care)
    parts = [
        from_care,
        _siblings(rng, chunk, from_care),
        _adoptions(rng, care),
        _guardianship(rng, care),
        _liberty(rng, chunk, care),
        _private(rng, chunk),
    ]
    found = pd.concat([part[COLUMNS] for part in parts], ignore_index=True)
    return _while_alive(found, chunk)


def _periods(chunk: Chunk) -> pd.DataFrame:
    """Return periods of care with the child, where, and the category of need that led there."""
    referred, periods = chunk.events.referrals, chunk.events.periods
    of = referred.iloc[periods["referral_no"].to_numpy()]
    about = {name: of[name].to_numpy() for name in ("child", "place", "category")}
    return periods.assign(**about)[~periods["respite"]].reset_index(drop=True)


def _from_care(rng: np.random.Generator, care: pd.DataFrame) -> pd.DataFrame:
    """Return care proceedings of children who come into care."""
    court = care[care["court"] < NEVER]
    size = len(court)
    wait = rng.integers(0, value("family_court.most_days_to_first_order") + 1, size)
    applied = np.maximum(court["court"] - wait, court["birth"] + 1)
    gone = (court["decided"] >= court["end"]).to_numpy()
    home = choose(rng, value("family_court.decided_at_home"), size)
    adopt, guarded = (court["reason"] == ADOPT).to_numpy(), (court["reason"] == SGO).to_numpy()
    order = np.where(adopt, "placement", np.where(guarded, "guardianship", np.where(gone, home, "care")))
    adult = birthday(court["birth"].to_numpy(), 18)
    return court.assign(
        law="public",
        application="care",
        applied=applied,
        interim=court["court"],
        decided=np.minimum(court["decided"], adult - 1),
        order=order,
    )


def _siblings(rng: np.random.Generator, chunk: Chunk, from_care: pd.DataFrame) -> pd.DataFrame:
    """Return proceedings about brothers and sisters who stay at home: with the first child, or later.

    Only children under 16 whom social care knows by then, and who do not come before the court on entering
    care, are asked about.
    """
    children = chunk.people.children
    about = children[["family", "birth"]].assign(
        child=np.arange(len(children)), known=chunk.journeys.first[:, 0]
    )
    about = about[~about["child"].isin(from_care["child"]) & (about["family"] >= 0)]
    leads = from_care[["child", "applied", "place"]].rename(columns={"child": "lead"})
    leads = leads.assign(family=children["family"].to_numpy()[leads["lead"]]).sort_values("applied")
    pairs = about.merge(leads.drop_duplicates("family"), on="family")
    drawn = rng.random(len(pairs))
    joins, later = value("family_court.siblings_join"), value("family_court.siblings_later")
    wait = 200 + rng.exponential(value("family_court.siblings_wait_years") * YEAR, len(pairs)).astype(
        np.int64
    )
    applied = pairs["applied"].to_numpy() + np.where(drawn < joins, 0, wait)
    lasts = legal.proceedings_days(rng, applied)
    pairs = pairs.assign(applied=applied, decided=applied + lasts)
    asked = (drawn < joins + later) & (pairs["birth"] + 7 < applied) & (applied < pairs["birth"] + 16 * YEAR)
    asked &= (pairs["known"] <= applied) & ~_in_care(chunk, pairs["child"].to_numpy(), applied)
    orders = choose(rng, value("family_court.decided_at_home"), len(pairs))
    return pairs.assign(law="public", application="care", interim=NEVER, order=orders)[asked]


def _adoptions(rng: np.random.Generator, care: pd.DataFrame) -> pd.DataFrame:
    """Return applications of adopters; the order ends the period of care."""
    adopted = care[care["reason"] == ADOPT]
    return _ending(rng, adopted, "adoption", "adoption", "adoption")


def _guardianship(rng: np.random.Generator, care: pd.DataFrame) -> pd.DataFrame:
    """Return applications that end care without care proceedings, or discharge a care order."""
    guarded = care[(care["reason"] == SGO) & (care["court"] == NEVER)]
    lives_with = care[(care["reason"] == "E41") & (care["decided"] >= care["end"])]
    discharged = care[care["reason"].isin(["E4A", "E4B", "E41"]) & (care["ordered"] < NEVER)]
    return pd.concat(
        [
            _ending(rng, guarded, "private", "guardianship", "guardianship"),
            _ending(rng, lives_with[lives_with["court"] == NEVER], "private", "arrangements", "arrangements"),
            _ending(rng, discharged, "public", "discharge", "supervision"),
        ]
    )


def _ending(
    rng: np.random.Generator, care: pd.DataFrame, law: str, application: str, order: str
) -> pd.DataFrame:
    """Return applications whose order ends a period of care."""
    wait = rng.integers(60, 60 + value("family_court.days_to_end_care"), len(care))
    applied = np.maximum(care["end"] - wait, np.maximum(care["start"], care["birth"] + 1) + 1)
    return care.assign(
        law=law, application=application, applied=applied, interim=NEVER, decided=care["end"], order=order
    )


def _liberty(rng: np.random.Generator, chunk: Chunk, care: pd.DataFrame) -> pd.DataFrame:
    """Return applications to deprive young people of liberty, of those in care at risk outside the home."""
    share = value("family_court.liberty")
    begins = np.maximum(care["start"], birthday(care["birth"].to_numpy(), 12))
    room = (care["end"] - begins).to_numpy() - 60
    at_risk = care["category"].isin(value("outside_harm.categories")).to_numpy() & (room > 0)
    asked = care[at_risk & (rng.random(len(care)) < share)]
    applied = (begins + 10 + (rng.random(len(care)) * np.maximum(room, 1)).astype(np.int64))[asked.index]
    what = choose(rng, value("family_court.liberty_kinds"), len(asked))
    return asked.assign(
        law="public", application=what, applied=applied, interim=NEVER, decided=applied + 14, order="none"
    )


def _private(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return applications of parents who have parted; all their children of the time are in the case."""
    families = chunk.people.families
    size = len(families)
    effects = value("family_court.private")
    known = (families["father"] >= 0).to_numpy()
    share = np.where(families["domestic_abuse"], effects["domestic_abuse"], effects["other"]) * known
    wait = rng.exponential(effects["wait_years"], size) * YEAR
    first = np.where(rng.random(size) < share, families["separated"] + wait.astype(np.int64) + 10, NEVER)
    gap = 200 + rng.exponential(effects["again_years"] * YEAR, size).astype(np.int64)
    again = np.where((rng.random(size) < effects["again"]) & (first < NEVER), first + gap, NEVER)
    return pd.concat([_of_family(rng, chunk, applied) for applied in (first, again)], ignore_index=True)


def _of_family(rng: np.random.Generator, chunk: Chunk, applied: np.ndarray) -> pd.DataFrame:
    """Return one private application a family, for each of its children aged under 16 on the day."""
    children = chunk.people.children
    family = children["family"].to_numpy()
    days = value("family_court.private_days")
    size = len(applied)
    abuse = chunk.people.families["domestic_abuse"].to_numpy()
    protection = abuse & (rng.random(size) < value("family_court.non_molestation"))
    lasts = np.where(protection, 21, days["least"] + rng.gamma(days["shape"], days["scale"], size)).astype(
        np.int64
    )
    decided = applied + lasts
    order = choose(rng, value("family_court.private_orders"), size)
    birth = children["birth"].to_numpy()
    day_of = np.where(family >= 0, applied[family], NEVER)
    there = (day_of < NEVER) & (birth + 1 < day_of) & (day_of < birth + 16 * YEAR)
    there &= ~_in_care(chunk, np.arange(len(birth)), day_of)
    child = np.flatnonzero(there)
    of = family[child]
    return pd.DataFrame(
        {
            "child": child,
            "law": "private",
            "application": np.where(protection[of], "non_molestation", "arrangements"),
            "applied": day_of[child],
            "interim": NEVER,
            "decided": decided[of],
            "order": np.where(protection[of], "protection", order[of]),
            "place": children["authority"].to_numpy()[child],
        }
    )


def _in_care(chunk: Chunk, child: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return whether each child (row) is looked after, or adopted, on a day of its own."""
    periods = chunk.events.periods
    of = chunk.events.referrals["child"].to_numpy()[periods["referral_no"]]
    until = np.where(periods["reason"] == ADOPT, NEVER, periods["end"])
    stays = pd.DataFrame({"child": of, "start": periods["start"], "until": until})
    asked = pd.DataFrame({"child": child, "day": days, "row": np.arange(len(child))})
    both = asked[asked["day"] < NEVER].merge(stays, on="child")
    found = np.zeros(len(child), dtype=bool)
    found[both.loc[(both["start"] <= both["day"]) & (both["day"] < both["until"]), "row"]] = True
    return found


def _while_alive(found: pd.DataFrame, chunk: Chunk) -> pd.DataFrame:
    """Leave out what would begin after a death, before the records or after the last day."""
    death = chunk.death[found["child"]]
    begin, until = day(value("family_court.from"), 4, 1), day(value("time.last_year"), 3, 31)
    seen = found["applied"].between(begin, until) & (found["applied"] < death)
    died = found["decided"] >= death
    found = found.assign(
        decided=np.minimum(found["decided"], death), order=found["order"].mask(died, "withdrawn")
    )
    return found[seen].reset_index(drop=True)
