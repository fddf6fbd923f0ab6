"""Who is in health records: children, mothers and fathers, under a number of their own.

All of health works with rows of one list of people: first the children (rows of `people.children`), then the
mothers and the fathers (rows of `people.families`). Numbers come in at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import people as serials
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.sampling import choose_by


class Patients(NamedTuple):
    """The people of a chunk, as health records know them.

    people: person (number, -1 where unknown), birth, death, from_day (first day in the country or of life),
    sex, ethnicity, neighbourhood (row of `Places.neighbourhoods`, of the last address).

    numbers: the numbers of all of them, sorted.

    rank: where each person's number stands in `numbers`.

    children, families: how many of each.
    """

    people: pd.DataFrame
    numbers: pd.CategoricalDtype
    rank: np.ndarray
    children: int
    families: int

    def mother(self, family: np.ndarray) -> np.ndarray:
        """Return the row of the mother of each family."""
        return self.children + np.asarray(family)

    def father(self, family: np.ndarray) -> np.ndarray:
        """Return the row of the father of each family; where he is unknown there is nobody in it."""
        return self.children + self.families + np.asarray(family)

    def number(self, row: np.ndarray) -> pd.Categorical:
        """Return the numbers of people; as categories they sort fast and take little room."""
        return pd.Categorical.from_codes(self.rank[np.asarray(row)], dtype=self.numbers)


def patient_ids(person: np.ndarray) -> np.ndarray:
    """Return the number in health records of each person (str)."""
    return serials.patient_ids(person).astype(str)


def patients(chunk: Chunk) -> Patients:
    """Return the people of a chunk."""
    families, children = chunk.people
    last = last_day()
    parents = families.assign(neighbourhood=_home(families, last), death=NEVER)
    mothers = parents.assign(person=families["mother"], birth=families["mother_birth"], sex="F")
    fathers = parents.assign(
        person=families["father"], birth=families["father_birth"], sex="M", ethnicity=None
    )
    fathers["neighbourhood"] = np.where(families["separated"] > last, fathers["neighbourhood"], -1)
    born = children.assign(
        neighbourhood=_home(children, last), death=chunk.death, from_day=children["arrival"]
    )
    columns = ["person", "birth", "death", "from_day", "sex", "ethnicity", "neighbourhood"]
    people = pd.concat(
        [born[columns], mothers.assign(from_day=mothers["birth"])[columns],
         fathers.assign(from_day=fathers["birth"])[columns]], ignore_index=True,
    )  # fmt: skip
    ids = patient_ids(people["person"].to_numpy())
    # Unknown fathers share one number, which nobody uses.
    found, rank = np.unique(ids, return_inverse=True)
    return Patients(people, pd.CategoricalDtype(found), rank, len(children), len(families))


def last_day() -> int:
    """Return the last day of all records."""
    return year_end(value("time.last_year"))


def first_day(records: str) -> int:
    """Return the first day that records of a kind ("admissions", "mental_health", ...) cover."""
    return day(value("health.from_year")[records] - 1, 4, 1)


def table(rng: np.random.Generator, who: Patients, treated: np.ndarray, chunk: Chunk) -> pd.DataFrame:
    """Return the canonical table of patients: children born, their mothers, and parents `treated` (rows)."""
    last = last_day()
    children = who.people[: who.children]
    born = np.flatnonzero((children["birth"] <= last) & (children["from_day"] <= last))
    family = chunk.people.children["family"].to_numpy()[born]
    parents = np.concatenate([who.mother(family[family >= 0]), treated[treated >= who.children]])
    rows = np.concatenate([born, np.unique(parents)]).astype(np.int64)
    found = who.people.iloc[rows]
    hidden = rng.random(len(rows)) < value("health.ethnicity_missing")
    names = chunk.places.neighbourhoods["neighbourhood"].to_numpy(dtype=object)
    home = found["neighbourhood"].to_numpy()
    dead = (found["death"] <= last).to_numpy()
    infant = (found["death"] - found["birth"] < 365).to_numpy()
    causes = value("health.deaths")
    cause = choose_by(rng, [causes["infant"], causes["later"]], (~infant).astype(int))
    return pd.DataFrame(
        {
            "patient_id": who.number(rows),
            "sex": found["sex"].to_numpy(),
            "birth_date": to_dates(found["birth"]),
            "ethnicity": found["ethnicity"].mask(hidden).to_numpy(),
            "neighbourhood": np.where(home >= 0, names[home], None),
            "death_date": to_dates(found["death"], last),
            "cause_of_death": pd.Series(cause).where(dead),
        }
    )


def _home(rows: pd.DataFrame, last: int) -> np.ndarray:
    return np.where(rows["moved"] <= last, rows["neighbourhood_after"], rows["neighbourhood"])
