"""Who is responsible for each open case, spell by spell, and when the child is visited.

As case management systems hold it, of the last years only. A worker is one of those who hold cases in the
authority (`workers`); another takes over when that worker leaves, or before. Where turnover is high children
change workers more often and are visited a little less.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import social_care, workers
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, day, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.workforce import worker_ids

Tables = dict[str, pd.DataFrame]
YEAR = 365.25
MOST_WORKERS = 12  # in one case
TRIES = 20  # to find a worker who is there on the day
HOLDERS = ("5", "4")  # roles in which workers hold cases


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return case_allocations and social_work_visits of the cases open since the first year recorded."""
    begin, until = day(value("casework.from_year"), 4, 1), year_end(value("time.last_year"))
    referred = chunk.events.referrals
    keys = social_care.referral_keys(chunk)
    opened = referred[~referred["no_further_action"] & (referred["closure"] > begin)]
    cases = opened[["child", "place", "turnover", "birth", "referral", "closure", "in_need"]].join(keys)
    return {
        "case_allocations": _allocations(rng, chunk, cases, begin, until),
        "social_work_visits": _visits(rng, chunk, cases, begin, until),
    }, {}


def _allocations(
    rng: np.random.Generator, chunk: Chunk, cases: pd.DataFrame, begin: int, until: int
) -> pd.DataFrame:
    """Return spells of responsibility, in rounds: a worker, then the one who takes over, and so on."""
    holders = _holders(chunk)
    now = cases.assign(start=cases["referral"].clip(lower=begin))
    found = []
    for _ in range(MOST_WORKERS):
        now = now[now["start"] <= until].reset_index(drop=True)
        if now.empty:
            break
        row = _draw(rng, holders, now["place"].to_numpy(), now["start"].to_numpy())
        now = now[row >= 0].reset_index(drop=True)
        row = row[row >= 0]
        years = rng.exponential(value("casework.same_worker_years"), len(now))
        years = years / np.exp(value("casework.turnover") * now["turnover"].to_numpy())
        changes = now["start"] + 1 + (years * YEAR).astype(np.int64)
        end = np.minimum(changes, np.minimum(holders["end"].to_numpy()[row], now["closure"]))
        end = np.maximum(end, now["start"])
        found.append(now.assign(worker=holders["worker"].to_numpy()[row], end=end))
        now = now.assign(start=end + 1)[end < now["closure"]]
    spells = pd.concat(found, ignore_index=True)
    return spells[["authority", "child_id"]].assign(
        worker_id=worker_ids(spells["worker"]),
        allocation_start=to_dates(spells["start"]),
        allocation_end=to_dates(np.where(spells["end"] <= until, spells["end"], NEVER)),
    )


def _holders(chunk: Chunk) -> pd.DataFrame:
    """Return the roster's rows of workers who hold cases, with `cell`, the number of authority and year."""
    rows = workers.roster(chunk.places)
    rows = rows[rows["role"].isin(HOLDERS)].reset_index(drop=True)
    return rows.assign(cell=rows["place"] * 100 + rows["census_year"] % 100)


def _draw(
    rng: np.random.Generator, holders: pd.DataFrame, place: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Return for each case a row of `holders` who is in the authority on the day; -1 where there is none."""
    year = (np.asarray(start) + 92).astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    cell = holders["cell"].to_numpy()
    first = np.searchsorted(cell, place * 100 + year % 100)
    number = np.searchsorted(cell, place * 100 + year % 100, side="right") - first
    begins, ends = holders["start"].to_numpy(), holders["end"].to_numpy()
    found = np.full(len(place), -1)
    open_ = np.flatnonzero(number > 0)
    for _ in range(TRIES):
        row = first[open_] + np.floor(rng.random(len(open_)) * number[open_]).astype(int)
        there = (begins[row] <= start[open_]) & (ends[row] > start[open_])
        found[open_[there]] = row[there]
        open_ = open_[~there]
    return found


def _visits(
    rng: np.random.Generator, chunk: Chunk, cases: pd.DataFrame, begin: int, until: int
) -> pd.DataFrame:
    """Return visits, at intervals that differ for children in need, on a plan and looked after."""
    events = chunk.events
    care = events.periods[~events.periods["respite"]]
    spells = {
        "need": cases[cases["in_need"]].rename(columns={"referral": "start", "closure": "end"})[
            ["start", "end"]
        ],
        "plan": events.plans.set_index("referral_no")[["start", "end"]],
        "care": care.set_index("referral_no")[["start", "end"]],
    }
    parts = []
    for kind, spell in spells.items():
        spell = spell[spell.index.isin(cases.index)].clip(lower=begin, upper=until)
        of = cases.loc[spell.index].reset_index(drop=True)
        gap = value("casework.visit_days")[kind] * np.exp(-value("casework.visits_turnover") * of["turnover"])
        length = (spell["end"] - spell["start"]).to_numpy()
        number = np.minimum(length // gap.to_numpy(), value("casework.most_visits")).astype(int)
        row = np.repeat(np.arange(len(of)), number)
        turn = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
        when = spell["start"].to_numpy()[row] + ((turn + rng.random(len(row))) * gap.to_numpy()[row]).astype(
            int
        )
        found = of[["authority", "child_id", "child", "birth"]].iloc[row]
        parts.append(found.assign(when=when, statutory=kind != "need"))
    visits = pd.concat(parts[::-1], ignore_index=True)
    alive = visits["when"].to_numpy() >= visits["birth"].to_numpy()
    visits = visits[alive].drop_duplicates(["child", "when"], ignore_index=True)
    seen = rng.random(len(visits)) < value("casework.seen")
    old = visits["when"].to_numpy() >= birthday(visits["birth"].to_numpy(), 4)
    return visits[["authority", "child_id", "statutory"]].assign(
        visit_date=to_dates(visits["when"]),
        seen=seen,
        seen_alone=seen & old & (rng.random(len(visits)) < value("casework.seen_alone")),
    )
