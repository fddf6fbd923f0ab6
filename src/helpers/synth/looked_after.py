"""From periods of care to the canonical tables of the SSDA903, as the returns would show them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import after_care, care
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, collection_year, to_dates
from helpers.synth.parameters import choose, value
from helpers.synth.placement_places import home_postcodes, placement_postcodes
from helpers.synth.places import Places
from helpers.synth.referrals import window

REGISTERED = ("K", "U", "R", "S", "H")  # first letter of placements whose provider has an Ofsted number


def tables(rng: np.random.Generator, chunk: Chunk, keys: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of the SSDA903; `keys` holds authority and child_id of each referral."""
    begin, until = window("ssda903")
    referred, in_care = chunk.events.referrals, chunk.events.periods
    number = in_care["referral_no"].to_numpy()
    periods = in_care.assign(
        child=referred["child"].to_numpy()[number],
        need=_category_of_need(rng, referred["category"].to_numpy()[number]),
        disabled=referred["disabled"].to_numpy()[number],
        authority=keys["authority"].to_numpy()[number],
        child_id=keys["child_id"].to_numpy()[number],
        place=referred["place"].to_numpy()[number],
    ).sort_values(["child", "start"], ignore_index=True)
    periods = periods.assign(period=periods.index)
    found = care.episodes(rng, periods)
    left = chunk.people.children.iloc[periods["child"].to_numpy()]
    periods["home"] = home_postcodes(chunk.places, left, periods["start"].to_numpy())
    about = ["authority", "child_id", "place", "home", "need", "uasc", "respite", "birth"]
    found = found.join(periods.set_index("period")[about], on="period")
    seen = (found["start"] <= until) & (found["end"] >= begin)
    result = {"care_episodes": _episodes(rng, chunk.places, found, until)[seen.to_numpy()]}
    last = found.groupby("period")["placement"].last().str.startswith("U")
    periods = periods.assign(fostered=last.reindex(periods["period"]).to_numpy())
    periods = periods[periods["period"].isin(found.loc[seen, "period"])].reset_index(drop=True)
    found = found[seen].reset_index(drop=True)
    result["uasc"] = _uasc(periods, until)
    result["adoptions"], result["adoption_decisions"] = _adoptions(rng, found, until)
    return result | after_care.tables(rng, periods, begin, until)


def _category_of_need(rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
    """Return the main need on entry: abuse or neglect for most, as published for 31 March 2024."""
    drawn = choose(rng, value("care.category_of_need"), len(category))
    return np.where(
        (category == 2) & (rng.random(len(category)) < value("care.disability_need")), "N2", drawn
    )


def _episodes(rng: np.random.Generator, places: Places, found: pd.DataFrame, until: int) -> pd.DataFrame:
    ended = found["end"].to_numpy() <= until
    # Provider, address and number belong to a placement: they change when the child moves, and only then.
    placement_no = found.groupby(["period", "move"], sort=False).ngroup().to_numpy()
    count = placement_no.max() + 1 if len(found) else 0
    first = pd.Series(found["placement"].to_numpy()).groupby(placement_no).first().str[0].to_numpy()
    provider = _by_kind(rng, first)
    urn = np.char.add("SC", np.char.zfill(rng.integers(1, 999_999, count).astype(str), 6))
    registered = np.isin(first, REGISTERED)
    place = found["place"].groupby(placement_no).first().to_numpy()
    placed = placement_postcodes(rng, places, place)
    respite = found["respite"].to_numpy()
    reason = care.change_reasons(rng, found)
    return pd.DataFrame(
        {
            "authority": found["authority"],
            "child_id": found["child_id"],
            "episode_start": to_dates(found["start"]),
            "reason_new_episode": found["new"],
            "legal_status": found["status"],
            "category_of_need": np.where(found["uasc"], "N8", found["need"]),
            "placement": found["placement"],
            "placement_provider": provider[placement_no],
            "episode_end": to_dates(np.where(ended, found["end"], NEVER)),
            "reason_ceased": np.where(ended, found["ceased"], None),
            "reason_place_change": np.where(ended, reason, None),
            "home_postcode": found["home"].mask(respite | found["uasc"]),
            "placement_postcode": np.where(respite, None, placed[placement_no]),
            "urn": np.where(registered[placement_no], urn[placement_no], None),
            "collection_year": collection_year(np.minimum(found["end"], until)),
        }
    )


def _by_kind(rng: np.random.Generator, first: np.ndarray) -> np.ndarray:
    provider = np.full(len(first), "PR1", dtype=object)
    for letter, shares in value("care.providers").items():
        at = first == letter
        provider[at] = choose(rng, shares, int(at.sum()))
    return provider


def _uasc(periods: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return unaccompanied children; the status ends on the 18th birthday."""
    found = periods[periods["uasc"]].drop_duplicates("child")
    ends = birthday(found["birth"].to_numpy(), 18)
    return found[["authority", "child_id"]].assign(
        status_ceased=to_dates(np.where(ends <= until, ends, NEVER)).to_numpy(),
        collection_year=collection_year(np.minimum(found["end"], until)),
    )


def _adoptions(
    rng: np.random.Generator, found: pd.DataFrame, until: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return adoptions and the decisions before them, made a month before the placement order."""
    order = found[found["status"] == "E1"].groupby("period").first()
    placed = found[found["placement"].isin(["A5", "A6"])].groupby("period").first()["start"]
    last = found.groupby("period").last()[["end", "ceased", "placement"]]
    decided = order.assign(decision=order["start"] - 30)
    decided = decided[decided["decision"] <= until].join(last, rsuffix="_last").join(placed.rename("placed"))
    decisions = decided[["authority", "child_id"]].assign(
        decision_date=to_dates(decided["decision"]).to_numpy(),
        reversed_date=pd.NaT,
        reversed_reason=None,
        collection_year=collection_year(np.minimum(decided["end_last"], until)),
    )
    done = decided[(decided["end_last"] <= until) & decided["ceased_last"].isin(["E11", "E12"])]
    two = rng.random(len(done)) < value("care.adopter_couples")
    couple = choose(rng, value("care.sex_of_couples"), len(done))
    sex = np.where(two, couple, choose(rng, value("care.sex_of_single_adopters"), len(done)))
    married = np.where(np.isin(couple, ["MM", "FF"]), "L4", "L3")
    adopted = done[["authority", "child_id"]].assign(
        decision_date=to_dates(done["decision"]).to_numpy(),
        match_date=to_dates(np.maximum(done["placed"] - 20, done["decision"])).to_numpy(),
        by_foster_carer=(done["placement_last"] == "A5").to_numpy(),
        adopters=np.where(two, 2, 1),
        sex_of_adopters=sex,
        status_of_adopters=np.where(two, married, "L0"),
        collection_year=collection_year(done["end_last"]),
    )
    return adopted, decisions
