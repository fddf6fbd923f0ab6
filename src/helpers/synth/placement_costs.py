"""What each placement of a child looked after cost a week, and what they cost an authority in a year.

The cost follows the kind of placement, who provides it, the child's needs, the authority's own level and
chance; prices rise from year to year, of children's homes the fastest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import rates
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, collection_year, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]
HOMES = "3.1.1"
NEW_PLACEMENT = ["S", "P", "B", "T", "U"]  # reasons for a new episode with which a placement begins
OWN_CARERS, FOSTERING = "3.1.2b", "3.1.2a"  # fees and allowances of an authority's own carers, all else
INDEPENDENT = ["PR3", "PR4", "PR5"]


def tables(rng: np.random.Generator, chunk: Chunk, found: Tables) -> tuple[Tables, Tables]:
    """Return placement_costs, from the care episodes in `found`."""
    placed = _placements(found["care_episodes"])
    placed = placed[placed["end"] > year_end(value("spend.years")["from"] - 1)].reset_index(drop=True)
    kind = _kinds(placed["placement"])
    line = kind.map({name: about["line"] for name, about in value("spend.placements").items()})
    line = line.mask((line == OWN_CARERS) & placed["placement_provider"].isin(INDEPENDENT), FOSTERING)
    weekly = kind.map({name: about["weekly"] for name, about in value("spend.placements").items()})
    homes = (line == HOMES).to_numpy()
    spread = value("spend.placement_spread")
    noise = np.where(homes, spread[HOMES], spread["other"])
    place = placed["authority"].map(_rows(chunk.places)).to_numpy()
    ratio = _child_ratio(placed) * authority_ratio(chunk.places)[place]
    ratio = ratio * np.exp(noise * rng.normal(size=len(placed)) - noise**2 / 2)
    until = np.minimum(placed["end"], year_end(value("time.last_year")))
    costs = weekly * ratio * prices(homes, collection_year(until))
    table = placed[["authority", "child_id", "placement_start"]].assign(
        placement_end=to_dates(placed["end"]),
        line=line,
        weekly_cost=np.round(costs / 5) * 5,
        **_shares(rng, placed, homes),
    )
    return {"placement_costs": table}, {}


def _placements(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return placements: episodes joined up where the placement goes on."""
    new = episodes["reason_new_episode"].isin(NEW_PLACEMENT).to_numpy()
    number = np.cumsum(new | ~episodes.duplicated(["authority", "child_id"]).to_numpy())
    first = np.flatnonzero(np.diff(number, prepend=0))
    last = np.r_[first[1:] - 1, len(number) - 1] if len(first) else first
    columns = ["authority", "child_id", "placement", "placement_provider", "category_of_need"]
    end = episodes["episode_end"].to_numpy()[last].astype("datetime64[D]")
    placed = episodes[columns].iloc[first].reset_index(drop=True)
    return placed.assign(
        placement_start=episodes["episode_start"].to_numpy()[first],
        end=np.where(np.isnat(end), NEVER, end.astype(np.int64)),
    )


def _kinds(placement: pd.Series) -> pd.Series:
    """Return by which entry a placement is priced: its code, or else its first letter."""
    priced = value("spend.placements")
    return placement.where(placement.isin(list(priced)), placement.str[0])


def _child_ratio(placed: pd.DataFrame) -> np.ndarray:
    """Return how child, carer and provider change the cost, the mean of foster care kept."""
    foster = placed["placement"].str[0] == "U"
    relatives = placed["placement"].isin(["U1", "U2", "U3"])
    ratio = np.where(
        foster & (placed["placement_provider"] == "PR4"), value("spend.agency_foster_ratio"), 1.0
    )
    ratio = ratio * np.where(relatives, value("spend.kinship_ratio"), 1.0)
    return ratio * np.where(placed["category_of_need"] == "N2", value("spend.disabled_ratio"), 1.0)


def authority_ratio(places: Places) -> np.ndarray:
    """Return the ratio of each authority's unit costs to the country's; lower where it is more deprived."""
    link, spread = value("spend.authority_deprivation"), value("spend.authority_spread")
    own = rates.stream(places, 3).normal(size=len(places.authorities))
    ratio = np.exp(spread * (link * rates.deprivation(places) + np.sqrt(1 - link**2) * own))
    return ratio / np.average(ratio, weights=places.authorities["children"])


def prices(homes: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Return prices in each financial year against 2024-25."""
    course = value("spend.prices")
    return np.where(homes, rates.by_year(course["home"], year), rates.by_year(course["other"], year))


def _shares(rng: np.random.Generator, placed: pd.DataFrame, homes: np.ndarray) -> dict[str, np.ndarray]:
    """Return the parts paid by health and by education: some of the costliest placements, nothing of most."""
    disabled = (placed["category_of_need"] == "N2").to_numpy()
    found = {}
    for payer in ("health", "education"):
        mean = value(f"spend.{payer}_share")
        mean = np.where(disabled, mean["disabled"], np.where(homes, mean["home"], 0.0))
        share = np.round(np.minimum(0.15 + 0.35 * rng.random(len(placed)), 0.5), 2)
        found[f"{payer}_share"] = np.where(rng.random(len(placed)) < mean / 0.325, share, 0.0)
    return found


def _rows(places: Places) -> dict[str, int]:
    return {code: row for row, code in enumerate(places.authorities["authority"])}


def by_year(places: Places, table: pd.DataFrame) -> pd.Series:
    """Return pounds spent on placements by authority (row), year and kind ("cost " and the line)."""
    place = table["authority"].map(_rows(places)).to_numpy()
    start = table["placement_start"].to_numpy().astype("datetime64[D]").astype(np.int64)
    end = table["placement_end"].to_numpy().astype("datetime64[D]")
    end = np.where(np.isnat(end), NEVER, end.astype(np.int64))
    homes = (table["line"] == HOMES).to_numpy()
    priced = prices(homes, collection_year(np.minimum(end, year_end(value("time.last_year")))))
    weekly = table["weekly_cost"].to_numpy() / priced
    years, parts = value("spend.years"), {}
    for year in range(years["from"], years["to"] + 1):
        first, last = year_end(year - 1) + 1, year_end(year)
        days = np.clip(np.minimum(end, last + 1) - np.maximum(start, first), 0, None)
        cost = pd.Series(weekly * days / 7 * prices(homes, np.full(len(table), year)))
        parts[year] = cost.groupby([place, "cost " + table["line"].to_numpy()]).sum()
    spent = pd.concat(parts, names=["year", "authority", "kind"])
    return spent.reorder_levels(["authority", "year", "kind"])
