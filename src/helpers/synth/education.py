"""Education: draws the school years of a chunk once, and makes every table of education from them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import (
    absence,
    after_school,
    attainment,
    exclusion,
    out_of_school,
    school_tables,
    schooling,
    special_needs_tables,
)
from helpers.synth.chunk import Chunk
from helpers.synth.people import pupil_ids

Tables = dict[str, pd.DataFrame]


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return the canonical tables of education, and the truth planted in them."""
    school = schooling.school_years(rng, chunk)
    rows, ids = school_tables.rolls(chunk, school)
    found: Tables = {"pupils": school_tables.pupils(rng, chunk, rows, ids)}
    truth: Tables = {}
    parts = [exclusion.tables(rng, chunk, school), attainment.tables(rng, chunk, school)]
    parts.append(after_school.tables(rng, chunk, school, parts[-1][1]["attainment"]))
    for made, planted in parts:
        found |= {name: _of_pupils(table, ids) for name, table in made.items()}
        truth |= {name: _of_pupils(table, ids) for name, table in planted.items()}
    own = absence.tendencies(rng, chunk)
    found["school_enrolments"] = school_tables.enrolments(rng, chunk, school, rows, ids)
    found["absences"] = school_tables.absences(rng, chunk, school, rows, ids, own, found.get("exclusions"))
    found["special_needs"] = special_needs_tables.special_needs(rng, chunk, school)
    found["ehc_plans"] = _of_pupils(special_needs_tables.ehc_plans(rng, chunk, school), ids)
    for name, table in out_of_school.tables(rng, chunk, school.elsewhere).items():
        found[name] = _of_pupils(table, ids)
    return found, truth | {"pupils": _truth(chunk, found["pupils"], own)}


def _of_pupils(table: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    """Return the rows of children whom some school census holds."""
    return table[table["pupil_id"].isin(ids)]


def _truth(chunk: Chunk, pupils: pd.DataFrame, own: np.ndarray) -> pd.DataFrame:
    """Return who each pupil is, and the lasting tendency to be absent."""
    person = chunk.people.children["person"].to_numpy()
    everyone = pd.DataFrame(
        {"pupil_id": pupil_ids(person), "person": person, "absence_tendency": own.round(3)}
    )
    return everyone[everyone["pupil_id"].isin(pupils["pupil_id"])].reset_index(drop=True)
