"""Harm outside the family: support for young people at risk, and referrals as possible victims of slavery.

Who is at risk follows from the demand category of the assessment (risks outside the home). Support goes to
a part of them, and to some unaccompanied children; fewer still are referred to the National Referral
Mechanism, which began in 2009 and saw criminal exploitation, much of it county lines, grow from 2015.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import people
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day, to_dates
from helpers.synth.parameters import choose, value

YEAR = 365.25


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return support and referrals to the mechanism; the truth is the latent risk of each young person."""
    until = day(value("time.last_year"), 3, 31)
    at_risk = _at_risk(rng, chunk)
    result = {
        "exploitation_support": _support(rng, at_risk, until),
        "nrm_referrals": _mechanism(rng, chunk, at_risk, until),
    }
    planted = at_risk[["authority", "child_id", "risk"]].assign(referral_date=to_dates(at_risk["referral"]))
    return result, {"outside_harm": planted}


def _at_risk(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return referrals of young people at risk outside the home, with a latent risk (standard deviations)."""
    referred = chunk.events.referrals
    children = chunk.people.children
    chosen = referred["category"].isin(value("outside_harm.categories")).to_numpy()
    chosen |= referred["uasc"].to_numpy() & (rng.random(len(referred)) < value("outside_harm.unaccompanied"))
    ready = (referred["end"] < NEVER) & referred["in_need"]
    found = referred[chosen & ready][
        ["child", "place", "later", "referral", "end", "category", "birth", "uasc"]
    ]
    person = children["person"].to_numpy()[found["child"]]
    inside = (found["category"] == value("outside_harm.categories")[1]).to_numpy()
    age = (found["referral"] - found["birth"]).to_numpy() / YEAR
    effects = value("outside_harm.risk")
    risk = effects["inside_too"] * inside + effects["age"] * (age - 15) + rng.normal(0, 1, len(found))
    found = found.assign(
        person=person,
        sex=children["sex"].to_numpy()[found["child"]],
        authority=chunk.places.authorities["authority"].to_numpy()[found["place"]],
        child_id=people.child_ids(person, found["later"].to_numpy()),
        death=chunk.death[found["child"]],
        adult=birthday(found["birth"].to_numpy(), 18),
        risk=risk.round(3),
    )
    return found[age >= 10].reset_index(drop=True)


def _support(rng: np.random.Generator, at_risk: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return spells of support, the first soon after the assessment, a second for some."""
    log_odds = value("outside_harm.supported") + at_risk["risk"]
    first = at_risk[rng.random(len(at_risk)) < 1 / (1 + np.exp(-log_odds))]
    parts = []
    start = first["end"] + rng.integers(1, 30, len(first))
    lasts = value("outside_harm.support_days")
    for turn in range(2):
        days = 14 + rng.gamma(lasts["shape"], lasts["scale"], len(first)).astype(np.int64)
        parts.append(first.assign(start=start, stop=start + days, turn=turn))
        start = start + days + rng.integers(10, 120, len(first))
        on = rng.random(len(first)) < value("outside_harm.supported_again")
        first, start = first[on], start[on]
    found = pd.concat(parts).sort_values(["child_id", "start"], ignore_index=True)
    end = found[["stop", "adult", "death"]].min(axis=1)
    levels = value("outside_harm.risk_levels")
    level = np.clip(np.round(levels["middle"] + levels["step"] * found["risk"]), 1, 4).astype(int)
    change = rng.binomial(2, value("outside_harm.eases"), len(found)) - (
        rng.random(len(found)) < value("outside_harm.worsens")
    )
    begin = day(value("outside_harm.support_from"), 4, 1)
    found = found.assign(
        support_start=to_dates(found["start"]),
        support_end=to_dates(end, until),
        response=np.where(
            found["uasc"] & (rng.random(len(found)) < value("outside_harm.guardian")),
            "guardian",
            choose(rng, value("outside_harm.responses"), len(found)),
        ),
        risk_at_start=level,
        risk_at_end=pd.Series(np.clip(level - change, 1, 4), dtype="Int64").mask(end > until),
    )
    seen = (found["start"] < end) & found["start"].between(begin, until)
    return found[seen].drop_duplicates(["authority", "child_id", "start"])


def _mechanism(rng: np.random.Generator, chunk: Chunk, at_risk: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return referrals to the National Referral Mechanism, one at most for a child."""
    known = value("outside_harm.referred_by_year")
    when = (at_risk["end"] + rng.integers(0, 90, len(at_risk))).to_numpy()
    year = 1970 + when / YEAR
    share = np.interp(year, list(known), list(known.values())) * np.exp(
        value("outside_harm.referred_risk") * at_risk["risk"]
    )
    asked = (
        (rng.random(len(at_risk)) < share)
        & (when < np.minimum(at_risk["death"], at_risk["adult"]))
        & (when <= until)
    )
    found = at_risk.assign(when=when)[asked & (year >= min(known))].sort_values("when")
    found = found.drop_duplicates("child").reset_index(drop=True)
    size = len(found)
    kinds = {name: choose(rng, shares, size) for name, shares in value("outside_harm.kinds").items()}
    kind = np.where(
        found["uasc"], kinds["unaccompanied"], np.where(found["sex"] == "F", kinds["girls"], kinds["boys"])
    )
    lines = (
        (kind == "criminal")
        & (found["when"] >= day(2015, 1, 1))
        & (rng.random(size) < value("outside_harm.county_lines"))
    )
    grounds = value("outside_harm.grounds")
    reasonable = rng.random(size) < grounds["reasonable"]
    decided = found["when"] + 60 + rng.exponential(grounds["days"], size) <= until
    conclusive = pd.Series(reasonable & (rng.random(size) < grounds["conclusive"]), dtype="boolean")
    return pd.DataFrame(
        {
            "person_id": people.mechanism_ids(found["person"]),
            "referral_date": to_dates(found["when"]),
            "authority": found["authority"],
            "first_responder": choose(rng, value("outside_harm.first_responders"), size),
            "exploitation": kind,
            "county_lines": lines,
            "reasonable_grounds": reasonable,
            "conclusive_grounds": conclusive.mask(~decided | ~pd.Series(reasonable)),
        }
    )
