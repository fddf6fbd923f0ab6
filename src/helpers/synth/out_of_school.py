"""Time that children of school age spend outside a school's roll, and in alternative provision.

Each child has at most one spell of home education, one of missing education and one of alternative
provision. A spell begins when the cumulative hazard over the years of schooling reaches an exponential draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import people, referrals, special_needs
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import choose, value

STATE_SETTINGS = ("pru", "ap_academy")  # those that are schools of their own
FEWEST_DAYS = 15


class Elsewhere(NamedTuple):
    """Spells of children (row of `Families.children`), one each at most: child, start and end (days).

    `alternative` also has setting, hours and dual (whether the pupil stays on the roll of a school besides).
    """

    home: pd.DataFrame
    missing: pd.DataFrame
    alternative: pd.DataFrame


def draw(
    rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray, taught: np.ndarray, needs: special_needs.Needs
) -> Elsewhere:
    """Draw all spells.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    by_age : numpy.ndarray
        Year group by age of each child in each year.
    taught : numpy.ndarray
        bool, of the same shape: whether the child is of school age and in state schools otherwise.
    needs : special_needs.Needs
    """
    ready = taught & (by_age <= 11)
    group = np.clip(by_age, 0, 11)
    ratio = _ratios(chunk, needs, "home")
    home = _spells(rng, chunk, by_age, _hazard("home", ready, group, ratio), value("education.home.days"))
    ratio = _ratios(chunk, needs, "missing")
    missing = _spells(
        rng, chunk, by_age, _hazard("missing", ready, group, ratio), value("education.missing.days")
    )
    ratio = _ratios(chunk, needs, "alternative")
    ap = _spells(
        rng, chunk, by_age, _hazard("alternative", ready, group, ratio), value("education.alternative.days")
    )
    setting = choose(rng, value("education.alternative.settings"), len(ap))
    state = np.isin(setting, STATE_SETTINGS)
    hours = pd.Series(setting).map(value("education.alternative.hours")).to_numpy()
    hours = np.where(state, hours, np.round(hours * (0.6 + 0.4 * rng.random(len(ap))), 1))
    dual = ~state | (rng.random(len(ap)) < value("education.alternative.dual"))
    return Elsewhere(home, missing, ap.assign(setting=setting, hours=hours, dual=dual))


def away(spells: pd.DataFrame, census: np.ndarray, size: int) -> np.ndarray:
    """Return whether each of `size` children is in a spell on each census day: bool, shape (size, days)."""
    start, end = (spells[name].to_numpy()[:, None] for name in ("start", "end"))
    found = np.zeros((size, len(census)), dtype=bool)
    found[spells["child"].to_numpy()] = (start <= census) & (end > census)
    return found


def _ratios(chunk: Chunk, needs: special_needs.Needs, name: str) -> np.ndarray:
    """Return the log hazard ratio of each child in each year (float32)."""
    effects = value(f"education.{name}.effects")
    hardship = referrals.of_family(chunk.people, ["hardship"])["hardship"].to_numpy()
    own = effects["hardship"] * hardship + effects["semh"] * (needs.type == special_needs.SEMH)
    ratio = own.astype(np.float32)[:, None] + np.array(effects["sen"], dtype=np.float32)[needs.sen]
    ratio += np.array(effects["status"], dtype=np.float32)[chunk.journeys.in_year]
    return ratio


def _hazard(name: str, ready: np.ndarray, group: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Return the hazard of each child in each year; 0 where the child is not at school."""
    years = FIRST_YEAR + np.arange(ready.shape[1])
    known = value(f"education.{name}.by_year")
    by_year = np.interp(years, list(known), list(known.values())).astype(np.float32)
    by_group = np.array(value(f"education.{name}.by_year_group"), dtype=np.float32)
    return np.where(ready, by_year * by_group[group] * np.exp(ratio), np.float32(0))


def _spells(
    rng: np.random.Generator, chunk: Chunk, by_age: np.ndarray, hazard: np.ndarray, days: dict[str, float]
) -> pd.DataFrame:
    """Return spells within compulsory school age, cut by death; some last until its end."""
    reached = hazard.cumsum(axis=1) >= rng.exponential(size=len(hazard)).astype(np.float32)[:, None]
    child = np.flatnonzero(reached[:, -1])
    column = reached[child].argmax(axis=1)
    begins = np.array([day(y - 1, 9, 2) for y in FIRST_YEAR + np.arange(hazard.shape[1])])
    start = begins[column] + rng.integers(0, 320, len(child))
    birth, arrival = (chunk.people.children[name].to_numpy()[child] for name in ("birth", "arrival"))
    leaves = 11 - by_age[child, column]
    leaves_school = np.array([day(1970 + y, 6, 30) for y in range(100)])[1997 - 1970 + column + leaves]
    stays_out = rng.random(len(child)) < days["to_the_end"]
    lasts = FEWEST_DAYS + rng.exponential(days["mean"], len(child)).astype(np.int64)
    end = np.where(stays_out, leaves_school, np.minimum(start + lasts, leaves_school))
    end = np.minimum(end, chunk.death[child])
    fits = (end >= start + FEWEST_DAYS) & (start > np.maximum(birth, arrival))
    fits &= start <= day(value("time.last_year"), 3, 31)
    return pd.DataFrame({"child": child, "start": start, "end": end})[fits].reset_index(drop=True)


def tables(rng: np.random.Generator, chunk: Chunk, elsewhere: Elsewhere) -> dict[str, pd.DataFrame]:
    """Return home_education, missing_education and alternative_provision, each cut to its years."""
    home = _in_window(elsewhere.home, "home")
    pandemic = home["start"].between(day(2020, 3, 1), day(2022, 3, 31)).to_numpy()
    usual = value("education.home.reasons")
    reason = choose(rng, usual, len(home))
    covid = pandemic & (rng.random(len(home)) < value("education.home.covid"))
    suitable = rng.random(len(home)) < value("education.home.suitable")
    ap = _in_window(elsewhere.alternative, "alternative")
    gone = _in_window(elsewhere.missing, "missing")
    return {
        "home_education": _spell_table(chunk, home).assign(
            reason=np.where(covid, "covid", reason), suitable=suitable
        ),
        "missing_education": _spell_table(chunk, gone).assign(
            reason=choose(rng, value("education.missing.reasons"), len(gone))
        ),
        "alternative_provision": _spell_table(chunk, ap).assign(
            setting=ap["setting"].to_numpy(), hours_a_week=ap["hours"].to_numpy()
        ),
    }


def _in_window(spells: pd.DataFrame, name: str) -> pd.DataFrame:
    return spells[spells["end"] >= day(value(f"education.{name}.recorded_from") - 1, 9, 1)]


def _spell_table(chunk: Chunk, spells: pd.DataFrame) -> pd.DataFrame:
    """Return pupil_id, start_date, end_date and the authority where the child lived at the start."""
    children = chunk.people.children.iloc[spells["child"].to_numpy()]
    later = children["moved"].to_numpy() <= spells["start"].to_numpy()
    place = np.where(later, children["authority_after"], children["authority"])
    return pd.DataFrame(
        {
            "pupil_id": people.pupil_ids(children["person"].to_numpy()),
            "start_date": to_dates(spells["start"].to_numpy()),
            "end_date": to_dates(spells["end"].to_numpy(), day(value("time.last_year"), 3, 31)),
            "authority": chunk.places.authorities["authority"].to_numpy()[place],
        }
    )


def never_if_none(spells: pd.DataFrame, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each child's spell, NEVER where there is none."""
    start, end = np.full(size, NEVER), np.full(size, NEVER)
    start[spells["child"]] = spells["start"]
    end[spells["child"]] = spells["end"]
    return start, end
