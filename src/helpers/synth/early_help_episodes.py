"""When families get early help: spells that follow one another, by how they came about.

Families come by themselves at a rate of their own, or when social care's work with them ends, or have help
open when they are referred; a spell ends at once when a child of the family is referred.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, collection_year, day
from helpers.synth.parameters import value
from helpers.synth.patients import last_day
from helpers.synth.sampling import by_age, choose_by, effect_of_place, events_by_rate

YEAR = 365.25
ADULT = int(18 * YEAR)
SPAN = 5 * 10**5  # more days than any record lies from 1970: families are put on one line this far apart
SHORTEST = 7  # days of an episode


def first_day() -> int:
    """Return the first day of local records of early help."""
    return day(value("early_help.from_year") - 1, 4, 1)


def episodes(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return spells of early help of families, one after another.

    Returns
    -------
    pandas.DataFrame
        family (row), origin, start, end (day; NEVER is not used), level, stepped_up (bool), wished (days it
        would have lasted); in order of family and start.
    """
    cases = _cases(chunk)
    found = pd.concat(
        [_own(rng, chunk), _before_referral(rng, cases), _after_social_care(rng, cases)], ignore_index=True
    )
    found = found[_has_child(chunk, found) & (found["start"] >= first_day()) & (found["start"] <= last_day())]
    # Nobody comes by itself to early help while social care works with the family.
    found = found[~((found["origin"] == "own") & _inside(cases, found))]
    levels = [value("early_help.levels"), value("early_help.levels_social_care")]
    found = found.assign(level=choose_by(rng, levels, (found["origin"] != "own").to_numpy()))
    at = value("early_help.days")
    median = found["level"].astype(str).map(at).to_numpy(dtype=float)
    lasts = np.maximum(median * np.exp(at["spread"] * rng.normal(size=len(found))), SHORTEST).astype(np.int64)
    # Help that was open when the family was referred lasts until then.
    lasts = np.where(
        found["origin"] == "before_referral", np.maximum(lasts, found["until"] - found["start"]), lasts
    )
    end = found["start"].to_numpy() + lasts
    referred = _next_referral(cases, found)
    found = found.assign(end=np.minimum(end, referred), stepped_up=referred <= end, wished=lasts)
    found = found[found["end"] >= found["start"] + SHORTEST].sort_values(
        ["family", "start"], ignore_index=True
    )
    return _one_at_a_time(found).drop(columns="until")


def _cases(chunk: Chunk) -> pd.DataFrame:
    """Return referrals of children with a family: child, days, in_need, family, care, plan, line."""
    referred = chunk.events.referrals
    family = chunk.people.children["family"].to_numpy()[referred["child"]]
    in_care = np.isin(np.arange(len(referred)), chunk.events.periods["referral_no"])
    planned = np.isin(np.arange(len(referred)), chunk.events.plans["referral_no"])
    found = referred[["child", "referral", "closure", "in_need"]].assign(
        family=family, care=in_care, plan=planned
    )
    found["line"] = found["family"] * SPAN + found["referral"]
    return found[family >= 0].sort_values("line", ignore_index=True)


def _own(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return when families come to early help by themselves."""
    families, children = chunk.people.families, chunk.people.children
    at = value("early_help.families")
    area = chunk.places.neighbourhoods
    log_rate = at["level"] + at["hardship"] * families["hardship"].to_numpy()
    log_rate = log_rate + at["area"] * area["deprivation"].to_numpy()[families["neighbourhood"]]
    for name in ("mental_health", "domestic_abuse", "substance_use"):
        log_rate = log_rate + at[name] * families[name].to_numpy(dtype=float)
    disabled = children[children["family"] >= 0].groupby("family")["disabled"].any()
    log_rate += at["disabled"] * disabled.reindex(families.index, fill_value=False).to_numpy(dtype=float)
    offer = value("early_help.place")["offer"] * effect_of_place(chunk.places, "offer")
    log_rate = log_rate + offer[area["authority"].to_numpy()[families["neighbourhood"]]]
    years = np.arange(value("early_help.from_year"), value("time.last_year") + 1)
    family, year = events_by_rate(rng, np.exp(log_rate)[:, None] * by_age(value("early_help.by_year"), years))
    start = first_day() + (year * YEAR).astype(np.int64)
    return pd.DataFrame({"family": family, "origin": "own", "start": start, "until": start})


def _before_referral(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """Return help that was open when the family was referred; brothers and sisters share one."""
    at = value("early_help.before_referral")
    found = cases.drop_duplicates(["family", "referral"])
    found = found[rng.random(len(found)) < at["share"] * _trend(found["referral"])]
    began = (
        found["referral"] - at["least_days"] - rng.exponential(at["mean_more"], len(found)).astype(np.int64)
    )
    return pd.DataFrame({"family": found["family"], "origin": "before_referral", "start": began,
                         "until": found["referral"]})  # fmt: skip


def _after_social_care(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """Return help that begins when social care's work ends at home, or at its front door."""
    at = value("early_help.step_down")
    share = np.where(cases["plan"], at["after_plan"], at["share"])
    share = np.where(cases["in_need"], share, value("early_help.front_door")) * ~cases["care"]
    found = cases[rng.random(len(cases)) < share * _trend(cases["closure"])].drop_duplicates(
        ["family", "closure"]
    )
    start = found["closure"].to_numpy() + rng.integers(1, at["most_days"] + 1, len(found))
    origin = np.where(found["in_need"], "step_down", "front_door")
    return pd.DataFrame({"family": found["family"], "origin": origin, "start": start, "until": start})


def _trend(days: pd.Series) -> np.ndarray:
    """Return the ratio of early help in the collection year of each day."""
    return by_age(value("early_help.by_year"), collection_year(days.to_numpy()))


def _next_referral(cases: pd.DataFrame, found: pd.DataFrame) -> np.ndarray:
    """Return the day of the family's next referral after each start; NEVER where there is none."""
    at = np.searchsorted(cases["line"], found["family"] * SPAN + found["start"], side="right")
    place = np.minimum(at, len(cases) - 1)
    same = (at < len(cases)) & (cases["family"].to_numpy()[place] == found["family"].to_numpy())
    return np.where(same, cases["referral"].to_numpy()[place], NEVER)


def _inside(cases: pd.DataFrame, found: pd.DataFrame) -> np.ndarray:
    """Return whether a case of the family is open when help would begin."""
    upto = (cases["family"] * SPAN + cases["closure"]).cummax().to_numpy()
    line = (found["family"] * SPAN + found["start"]).to_numpy()
    at = np.searchsorted(cases["line"], line, side="right") - 1
    return (at >= 0) & (upto[np.maximum(at, 0)] >= line)


def _has_child(chunk: Chunk, found: pd.DataFrame) -> np.ndarray:
    """Return whether the family has a child under 18 on the day help begins."""
    return members(chunk, found).groupby("row").size().reindex(range(len(found))).notna().to_numpy()


def members(chunk: Chunk, found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per spell and child of the family who is born, alive and under 18 when it begins."""
    children = chunk.people.children
    named = pd.DataFrame({"family": children["family"], "child": np.arange(len(children)),
                          "birth": children["birth"], "death": chunk.death})  # fmt: skip
    rows = pd.DataFrame({"row": np.arange(len(found)), "family": found["family"].to_numpy(),
                         "start": found["start"].to_numpy()})  # fmt: skip
    both = rows.merge(named[named["family"] >= 0], on="family")
    alive = (both["birth"] <= both["start"]) & (both["start"] < both["death"])
    return both[alive & (both["start"] < both["birth"] + ADULT)].reset_index(drop=True)


def _one_at_a_time(found: pd.DataFrame) -> pd.DataFrame:
    """Return spells in order, without those that begin before an earlier one of the family has ended."""
    upto = (found["family"] * SPAN + found["end"]).cummax().shift(1, fill_value=-1)
    return found[found["family"] * SPAN + found["start"] > upto].reset_index(drop=True)
