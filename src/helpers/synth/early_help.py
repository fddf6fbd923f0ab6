"""Early help of authorities: episodes and needs; hubs and health visits have modules of their own.

Families come to early help by themselves (school, health, police, their own wish), more often with hardship
and difficulties, and more in some authorities than in others; they come from social care when its work ends
(step-down) or at its front door; and some have early help open when they are referred (step-up). An episode
ends at once when a child of the family is referred. Early help itself changes nothing that follows: what
differs between families with and without it was there before, which is what a comparison of the two has to
deal with.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import early_help_episodes, family_hubs, health_visits, people
from helpers.synth.chunk import Chunk
from helpers.synth.days import day, to_dates
from helpers.synth.parameters import choose, value
from helpers.synth.patients import last_day
from helpers.synth.places import Places
from helpers.synth.sampling import chance, choose_by, effect_of_place, number_within

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
    found = early_help_episodes.episodes(rng, chunk)
    named = _episode_table(rng, chunk, found)
    members = early_help_episodes.members(chunk, found)
    keys = named[["authority", "episode_id"]]
    made = {
        "early_help_episodes": named,
        "early_help_children": _child_table(chunk, keys, members, found),
        "early_help_needs": _needs(rng, chunk, keys, found, members, named["outcome"].to_numpy()),
        "family_hub_visits": family_hubs.table(rng, chunk),
        "health_visitor_contacts": health_visits.table(rng, chunk),
    }
    return made, {"early_help": keys.assign(origin=found["origin"].to_numpy())}


def planted(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:
    """Return how much more early help and health care each authority offers (truth; log ratios)."""
    sizes = value("early_help.place")
    mental = {name: value(f"health.mental_health.{at}")["place"]
              for name, at in (("accepted", "accepted"), ("wait", "first_wait"))}  # fmt: skip
    effects = {name: size * effect_of_place(places, name) for name, size in (sizes | mental).items()}
    return {}, {"early_help_places": pd.DataFrame({"authority": places.authorities["authority"], **effects})}


def _episode_table(rng: np.random.Generator, chunk: Chunk, found: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table of episodes, in the order of `found`."""
    families = chunk.people.families.iloc[found["family"].to_numpy()]
    area = chunk.places.neighbourhoods["authority"].to_numpy()
    moved = found["start"].to_numpy() >= families["moved"].to_numpy()
    place = np.where(moved, area[families["neighbourhood_after"]], area[families["neighbourhood"]])
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
            "household_id": people.household_ids(families["mother"].to_numpy()),
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
