"""Early help of authorities: episodes, needs, and visits to family hubs; health visits are in `health_visits`.

Families come to early help by themselves (school, health, police, their own wish), more often with hardship and
difficulties, and more in some authorities than in others; they come from social care when its work ends (step-down)
or at its front door; and some have early help open when they are referred (step-up). An episode ends at once when a
child of the family is referred. Early help itself changes nothing that follows: what differs between families with
and without it was there before, which is what a comparison of the two has to deal with.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import health_visits, people
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, collection_year, day, to_dates
from helpers.synth.parameters import choose, value
from helpers.synth.patients import last_day
from helpers.synth.places import Places
from helpers.synth.sampling import by_age, chance, choose_by, effect_of_place, events_by_rate, number_within

Tables = dict[str, pd.DataFrame]
YEAR = 365.25
ADULT = int(18 * YEAR)
SPAN = 5 * 10**5  # more days than any record lies from 1970: families are put on one line this far apart
SHORTEST = 7  # days of an episode
NEEDS_FROM = 2023  # collection year in which the ten headings of need begin
PANDEMIC = (day(2020, 4, 1), day(2021, 6, 30))


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return the canonical tables of early help, and why each episode really began.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk

    Returns
    -------
    tuple of dict
        Canonical tables by name; truth: early_help (authority, episode_id, origin: "own", "before_referral",
        "step_down" or "front_door").
    """
    found = episodes(rng, chunk)
    named = _episode_table(rng, chunk, found)
    members = _children(chunk, found)
    keys = named[["authority", "episode_id"]]
    made = {
        "early_help_episodes": named,
        "early_help_children": _child_table(chunk, keys, members, found),
        "early_help_needs": _needs(rng, chunk, keys, found, members, named["outcome"].to_numpy()),
        "family_hub_visits": _hub_visits(rng, chunk),
        "health_visitor_contacts": health_visits.table(rng, chunk),
    }
    return made, {"early_help": keys.assign(origin=found["origin"].to_numpy())}


def planted(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:
    """Return how much more early help and health care each authority offers, as truth: log ratios and odds."""
    sizes = value("early_help.place")
    mental = {name: value(f"health.mental_health.{at}")["place"]
              for name, at in (("accepted", "accepted"), ("wait", "first_wait"))}  # fmt: skip
    effects = {name: size * effect_of_place(places, name) for name, size in (sizes | mental).items()}
    return {}, {"early_help_places": pd.DataFrame({"authority": places.authorities["authority"], **effects})}


def first_day() -> int:
    """Return the first day of local records of early help."""
    return day(value("early_help.from_year") - 1, 4, 1)


def episodes(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return spells of early help of families, one after another.

    Returns
    -------
    pandas.DataFrame
        family (row), origin, start, end (day; NEVER is not used), level, stepped_up (bool), wished (days it would
        have lasted); in order of family and start.
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
    """Return the referrals of children who live with their family: family, child, referral, closure, need, plan."""
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
    """Return help that was open when the family was referred; one for brothers and sisters referred together."""
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
    return _members(chunk, found).groupby("row").size().reindex(range(len(found))).notna().to_numpy()


def _members(chunk: Chunk, found: pd.DataFrame) -> pd.DataFrame:
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


def _children(chunk: Chunk, found: pd.DataFrame) -> pd.DataFrame:
    return _members(chunk, found)[["row", "child", "birth"]]


def _place(moved: np.ndarray, before: np.ndarray, after: np.ndarray, days: np.ndarray) -> np.ndarray:
    return np.where(days >= moved, after, before)


def _episode_table(rng: np.random.Generator, chunk: Chunk, found: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table of episodes, in the order of `found`."""
    families = chunk.people.families.iloc[found["family"].to_numpy()]
    area = chunk.places.neighbourhoods["authority"].to_numpy()
    place = _place(families["moved"].to_numpy(), area[families["neighbourhood"]],
                   area[families["neighbourhood_after"]], found["start"].to_numpy())  # fmt: skip
    number = families["mother"].to_numpy() * 100 + number_within(found["family"].to_numpy())
    route = _routes(rng, chunk, found)
    outcome = np.where(
        found["stepped_up"], "stepped_up", choose(rng, value("early_help.outcomes"), len(found))
    )
    length = found["end"] - found["start"]
    # A family that withdraws does so before the help was over.
    left = np.maximum(length * np.where(outcome == "withdrew", value("early_help.withdrew"), 1.0), SHORTEST)
    end = found["start"].to_numpy() + left.to_numpy().astype(np.int64)
    over = end <= last_day()
    a_month = found["level"].astype(str).map(value("early_help.contacts_a_month")).to_numpy(dtype=float)
    planned = np.maximum(np.round(a_month * found["wished"].to_numpy() / 30.4), 1).astype(np.int64)
    lived = np.minimum(end, last_day()) - found["start"].to_numpy()
    offered = np.minimum(np.floor(a_month * lived / 30.4), planned).astype(np.int64)
    kinds = value("early_help.lead_agency")
    lead = choose_by(rng, list(kinds.values()), np.select([route == "school", route == "health"], [0, 1], 2))
    return pd.DataFrame(
        {
            "authority": chunk.places.authorities["authority"].to_numpy(dtype=object)[place],
            "episode_id": np.char.add("E", np.char.zfill(number.astype(str), 11)).astype(object),
            "household_id": household_ids(families["mother"].to_numpy()),
            "episode_start": to_dates(found["start"]),
            "episode_end": to_dates(end, last_day()),
            "route": route,
            "level": found["level"].array,
            "lead_agency": lead,
            "outcome": pd.Series(outcome).where(over),
            "planned_contacts": planned,
            "contacts": rng.binomial(offered, value("early_help.contacts_kept")),
        }
    )


def household_ids(mother: np.ndarray) -> np.ndarray:
    """Return the number of the household of each mother."""
    return np.char.add("H", np.char.zfill(np.asarray(mother).astype(str), 9)).astype(object)


def _routes(rng: np.random.Generator, chunk: Chunk, found: pd.DataFrame) -> np.ndarray:
    """Return how each family came to early help; with a child under five health leads, else school."""
    route = choose(rng, value("early_help.routes"), len(found)).astype(object)
    children = chunk.people.children
    youngest = children[children["family"] >= 0].groupby("family")["birth"].max()
    small = (found["start"].to_numpy() - youngest.reindex(found["family"]).to_numpy()) < 5 * YEAR
    swap = np.where(route == "school", "health", np.where(route == "health", "school", route))
    route = np.where(small, swap, route)
    return np.where(found["origin"].isin(["step_down", "front_door"]), found["origin"], route)


def _child_table(
    chunk: Chunk, keys: pd.DataFrame, members: pd.DataFrame, found: pd.DataFrame
) -> pd.DataFrame:
    row = members["row"].to_numpy()
    children = chunk.people.children.iloc[members["child"].to_numpy()]
    later = found["start"].to_numpy()[row] >= children["moved"].to_numpy()
    ids = people.child_ids(children["person"].to_numpy(), later.astype(np.int64))
    return keys.iloc[row].reset_index(drop=True).assign(child_id=ids)


def _needs(
    rng: np.random.Generator,
    chunk: Chunk,
    keys: pd.DataFrame,
    found: pd.DataFrame,
    members: pd.DataFrame,
    outcome: np.ndarray,
) -> pd.DataFrame:
    """Return the needs of families whose help began since the ten headings came into use."""
    shares = value("early_help.needs")
    families = chunk.people.families.iloc[found["family"].to_numpy()]
    hardship = value("early_help.needs_hardship")
    age = (found["start"].to_numpy()[members["row"]] - members["birth"]) / YEAR
    oldest = age.groupby(members["row"]).max().reindex(range(len(found)), fill_value=0.0).to_numpy()
    youngest = age.groupby(members["row"]).min().reindex(range(len(found)), fill_value=0.0).to_numpy()
    asked = {"1": oldest >= 5, "2": youngest < 5, "7": oldest >= 10}
    columns = []
    for need, share in shares.items():
        odds = np.log(share / (1 - share)) + hardship.get(need, 0.0) * families["hardship"].to_numpy()
        for trait, ratios in value("early_help.needs_by_trait").items():
            odds = odds + ratios.get(need, 0.0) * families[trait].to_numpy(dtype=float)
        columns.append((rng.random(len(found)) < chance(odds)) & asked.get(need, True))
    has = np.stack(columns, axis=1) & (found["start"].to_numpy() >= day(NEEDS_FROM - 1, 4, 1))[:, None]
    row, column = np.nonzero(has)
    ended = pd.Series(outcome[row])
    met = rng.random(len(row)) < ended.map(value("early_help.need_met")).fillna(0.0).to_numpy(dtype=float)
    return keys.iloc[row].reset_index(drop=True).assign(
        need=pd.Categorical.from_codes(column, list(shares)),
        met=pd.array(met, dtype="boolean"),
    ).assign(met=lambda rows: rows["met"].mask(ended.isna().to_numpy()))  # fmt: skip


def _hub_visits(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return visits of children under five to family hubs and children's centres."""
    children, families = chunk.people.children, chunk.people.families
    family = children["family"].to_numpy()
    at = value("early_help.hubs.users")
    hardship = families["hardship"].to_numpy()[family]
    odds = (
        at["level"]
        + at["hardship"] * hardship
        + at["visited"] * (families["trial"].to_numpy() == "visited")[family]
    )
    user = (family >= 0) & (rng.random(len(children)) < chance(odds))
    busy = np.exp(value("early_help.place")["hubs"] * effect_of_place(chunk.places, "hubs"))[
        children["authority"]
    ]
    a_year = value("early_help.hubs.visits_a_year")
    child, age = events_by_rate(rng, np.outer(user * busy, list(a_year.values())))
    birth = children["birth"].to_numpy()[child]
    days = birth + (age * YEAR).astype(np.int64)
    open_ = (
        (days < PANDEMIC[0])
        | (days > PANDEMIC[1])
        | (rng.random(len(days)) < value("early_help.hubs.pandemic"))
    )
    there = open_ & (days >= first_day()) & (days <= last_day()) & (days < chunk.death[child])
    child, days, age = child[there], days[there], age[there]
    services = value("early_help.hubs.services")
    later = days >= children["moved"].to_numpy()[child]
    place = _place(children["moved"].to_numpy()[child], children["authority"].to_numpy()[child],
                   children["authority_after"].to_numpy()[child], days)  # fmt: skip
    found = pd.DataFrame(
        {
            "authority": chunk.places.authorities["authority"].to_numpy(dtype=object)[place],
            "child_id": people.child_ids(children["person"].to_numpy()[child], later.astype(np.int64)),
            "visit_date": to_dates(days),
            "service": choose_by(rng, [services["infant"], services["older"]], age >= 1),
        }
    )
    return found[~found.duplicated(["child_id", "visit_date", "service"])]
