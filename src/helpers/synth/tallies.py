"""Counts of a chunk by authority and year, from which the tables of the whole country are made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import placement_costs
from helpers.synth.chunk import Chunk
from helpers.synth.days import day
from helpers.synth.parameters import value

LEVELS = ["authority", "year", "kind"]


def tallies(chunk: Chunk, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Count what tables of the whole country depend on.

    Returns
    -------
    pandas.DataFrame
        number; index: authority (row of `Places.authorities`), year (collection year), kind: "referrals",
        "open" (cases open at 31 March), "plans", "looked_after" (at 31 March), "care_days" (in the year),
        "children" (aged 0 to 17 at 31 March; the unaccompanied counted where they arrived), and for each
        section 251 line of placements "cost " and the line (pounds in the year).
    """
    years = range(value("time.cin_from"), value("time.last_year") + 1)
    parts = [_of_year(chunk, year) for year in years]
    parts.append(placement_costs.by_year(chunk.places, tables["placement_costs"]))
    return pd.concat(parts).to_frame("number")


def _of_year(chunk: Chunk, year: int) -> pd.Series:
    first, last = day(year - 1, 4, 1), day(year, 3, 31)
    referred, plans, children = chunk.events.referrals, chunk.events.plans, chunk.people.children
    periods = chunk.events.periods[~chunk.events.periods["respite"]]
    referred_in = referred["place"].to_numpy()
    planned_in = referred_in[plans["referral_no"]]
    cared_in = referred_in[periods["referral_no"]]
    days = (periods["end"].clip(upper=last + 1) - periods["start"].clip(lower=first)).clip(lower=0)
    adult = children["birth"] <= last - int(18 * 365.25)
    here = (children["birth"] <= last) & ~adult & (children["arrival"] <= last)
    in_need = referred["in_need"] & _running(referred, "referral", "closure", last)
    found = {
        "referrals": _count(chunk, referred_in, referred["referral"].between(first, last)),
        "open": _count(chunk, referred_in, in_need),
        "plans": _count(chunk, planned_in, _running(plans, "start", "end", last)),
        "looked_after": _count(chunk, cared_in, _running(periods, "start", "end", last)),
        "care_days": _count(chunk, cared_in, days),
        "children": _count(chunk, children["authority"].to_numpy(), here),
    }
    authorities = range(len(chunk.places.authorities))
    index = pd.MultiIndex.from_product([found, [year], authorities], names=LEVELS[::-1])
    return pd.Series(np.concatenate(list(found.values())), index=index).reorder_levels(LEVELS)


def _running(spells: pd.DataFrame, start: str, end: str, last: int) -> pd.Series:
    return (spells[start] <= last) & (spells[end] > last)


def _count(chunk: Chunk, place: np.ndarray, weight: pd.Series) -> np.ndarray:
    """Add up weights, or count what is true, by row of `Places.authorities`."""
    size = len(chunk.places.authorities)
    return np.bincount(place, weights=weight.to_numpy(dtype=float), minlength=size).astype(np.int64)
