"""The tables of special educational needs: provision by year, and requests for plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import value
from helpers.synth.people import pupil_ids
from helpers.synth.school_places import SPECIAL, home_on
from helpers.synth.schooling import SchoolYears
from helpers.synth.special_needs import PLAN, SUPPORT, TYPES

CODES = ["A", "P", "S", "K", "E"]  # School Action, School Action Plus, statement, support, plan
REFORM = 2015  # academic year in which support and plans took over from School Action and statements
ALL_TYPES = [*TYPES, "BESD"]
WEEKS_20 = 140


def special_needs(rng: np.random.Generator, chunk: Chunk, school: SchoolYears) -> pd.DataFrame:
    """Return one row per pupil and year with special needs, in key order."""
    numbers = pupil_ids(chunk.people.children["person"].to_numpy())
    order = np.argsort(numbers)
    from_column = value("education.census_from") - FIRST_YEAR
    row, column = np.nonzero(school.sen[order][:, from_column:])
    child, column = order[row], column + from_column
    year = FIRST_YEAR + column
    plan = school.sen[child, column] == PLAN
    special = school.choice.phase[child, column] == SPECIAL
    first = school.sen_type[child].astype(np.int64)
    second = rng.choice(len(TYPES), len(row), p=_shares())
    with_second = (rng.random(len(row)) < value("education.secondary_type")) & (second != first)
    unit = value("education.unit")
    in_unit, resourced = (~special & (rng.random(len(row)) < unit[n]) for n in ("sen_unit", "resourced"))
    return pd.DataFrame(
        {
            "pupil_id": pd.Categorical.from_codes(row, categories=numbers[order]),
            "academic_year": year.astype(np.int16),
            "provision": pd.Categorical.from_codes(_provision(rng, school, child, column, plan), CODES),
            "primary_type": pd.Categorical.from_codes(_of_year(first, year), ALL_TYPES),
            "secondary_type": pd.Categorical.from_codes(
                np.where(with_second, _of_year(second, year), -1), ALL_TYPES
            ),
            "sen_unit": in_unit,
            "resourced_provision": resourced & ~in_unit,
            "special_school": special,
        }
    )


def _shares() -> np.ndarray:
    shares = value("education.types.shares")
    found = np.array([shares[name] if name != "NSA" else 0.0 for name in TYPES])
    return found / found.sum()


def _of_year(kind: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Return types by the codes of the year: BESD before the reform, SEMH since."""
    before = year < REFORM
    kind = np.where(before & (kind == TYPES.index("SEMH")), ALL_TYPES.index("BESD"), kind)
    return np.where(before & (kind == TYPES.index("NSA")), TYPES.index("OTH"), kind)


def _provision(
    rng: np.random.Generator, school: SchoolYears, child: np.ndarray, column: np.ndarray, plan: np.ndarray
) -> np.ndarray:
    """Return places in `CODES`: a statement becomes a plan in the years after the reform."""
    own = rng.random(len(school.sen))[child]
    plus = own < value("education.action_plus")
    known = value("education.converted")
    years = np.arange(REFORM, max(known) + 1)
    upto = np.array([known[y] for y in years])
    year = FIRST_YEAR + column
    began = (school.needs.sen == PLAN).argmax(axis=1)[child] >= REFORM - FIRST_YEAR
    converted = own < np.concatenate([[0.0], upto])[np.clip(year - REFORM + 1, 0, len(upto))]
    with_plan = np.where(began | converted, CODES.index("E"), CODES.index("S"))
    without = np.where(year >= REFORM, CODES.index("K"), np.where(plus, CODES.index("P"), CODES.index("A")))
    return np.where(plan, with_plan, without)


def ehc_plans(rng: np.random.Generator, chunk: Chunk, school: SchoolYears) -> pd.DataFrame:
    """Return requests for plans: those that led to a plan, and some that did not."""
    begin = day(value("education.ehc.recorded_from"), 1, 1)
    until = day(value("time.last_year"), 3, 31)
    issued = _issued(rng, chunk, school)
    refused = _refused(rng, chunk, school, issued)
    table = pd.concat([issued, refused], ignore_index=True)
    table = table[(table["request"] <= until) & (table["ceased"].clip(upper=NEVER) >= begin)]
    table = table[(table["plan"] < NEVER) | (table["request"] >= begin)]
    children = chunk.people.children
    child, request = table["child"].to_numpy(), table["request"].to_numpy()
    authority = chunk.places.authorities["authority"].to_numpy()[home_on(chunk, child, request)[1]]
    in_time = pd.array(table["plan"] - table["request"] <= WEEKS_20, dtype="boolean")
    in_time[table["plan"].to_numpy() > until] = pd.NA
    return pd.DataFrame(
        {
            "pupil_id": pupil_ids(children["person"].to_numpy()[child]),
            "request_date": to_dates(request),
            "authority": authority,
            "assessed": table["assessed"].to_numpy(),
            "plan_date": to_dates(table["plan"].to_numpy(), until),
            "within_20_weeks": in_time,
            "ceased_date": to_dates(table["ceased"].to_numpy(), until),
        }
    )


def _issued(rng: np.random.Generator, chunk: Chunk, school: SchoolYears) -> pd.DataFrame:
    """Return child, request, assessed, plan and ceased (days) of plans, issued before the year's census."""
    planned = school.needs.sen == PLAN
    child = np.flatnonzero(planned.any(axis=1))
    column = planned[child].argmax(axis=1)
    census = np.array([day(y, 1, 16) for y in FIRST_YEAR + np.arange(planned.shape[1])])[column]
    plan = census - 1 - rng.integers(0, 365, len(child))
    late = rng.random(len(child)) > value("education.ehc.in_20_weeks")
    wait = rng.integers(100, WEEKS_20, len(child))
    more = 1 + rng.exponential(value("education.ehc.late_days"), len(child)).astype(np.int64)
    request = plan - np.where(late, WEEKS_20 + more, wait)
    at_16 = rng.random(len(child)) < value("education.ehc.ends_at_16")
    leaves = np.maximum(column, column + 11 - school.by_age[child, column] + np.where(at_16, 0, 2))
    later = rng.exponential(value("education.ehc.ends_later"), len(child)) * ~at_16
    ends = np.array([day(y, 7, 31) for y in range(FIRST_YEAR, FIRST_YEAR + 100)])[leaves]
    ceased = np.minimum(ends + (later * 365).astype(np.int64), chunk.death[child])
    birth, arrival = (chunk.people.children[name].to_numpy()[child] for name in ("birth", "arrival"))
    request = np.maximum(request, np.maximum(birth, arrival) + 1)
    found = pd.DataFrame(
        {"child": child, "request": request, "assessed": True, "plan": plan, "ceased": ceased}
    )
    found["plan"] = found["plan"].clip(lower=request + 1)
    return found[found["plan"] < found["ceased"]]


def _refused(
    rng: np.random.Generator, chunk: Chunk, school: SchoolYears, issued: pd.DataFrame
) -> pd.DataFrame:
    """Return requests for children with support that led to no plan, none while there is one."""
    child, column = np.nonzero(school.sen == SUPPORT)
    asked = rng.random(len(child)) < value("education.ehc.refused")
    child, column = child[asked], column[asked]
    ends = np.array([day(y, 1, 16) for y in FIRST_YEAR + np.arange(school.sen.shape[1])])[column]
    request = ends - rng.integers(0, 365, len(child))
    plan = np.full(len(chunk.death), NEVER)
    plan[issued["child"]] = issued["request"]
    arrival = chunk.people.children["arrival"].to_numpy()[child]
    fits = (request < plan[child]) & (request > arrival) & (request < chunk.death[child])
    assessed = rng.random(len(child)) < value("education.ehc.assessed_refused")
    found = pd.DataFrame(
        {"child": child, "request": request, "assessed": assessed, "plan": NEVER, "ceased": NEVER}
    )
    return found[fits].drop_duplicates(["child", "request"])
