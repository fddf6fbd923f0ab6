"""Admissions to hospital and their diagnoses: births, emergencies that lead to a stay, and planned ones.

Each admission has a reason; the reason gives the main diagnosis and, for injuries, the external cause
(ICD-10). A chronic condition is the cause of some admissions and is recorded beside the cause of most
others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.births import TERM, recorded
from helpers.synth.chunk import Chunk
from helpers.synth.days import to_dates
from helpers.synth.parameters import choose, value
from helpers.synth.patients import Patients, last_day
from helpers.synth.sampling import choose_by, number_within

YEAR = 365.25
BIRTH, FROM_EMERGENCY, FROM_GP = "82", "21", "22"


def decide(rng: np.random.Generator, emergencies: pd.DataFrame) -> pd.DataFrame:
    """Return emergencies with admitted (bool) and directly (bool: admitted by a general practitioner)."""
    share = value("health.admitted") | {"self_harm": value("health.self_harm")["admitted"]}
    reason = emergencies["reason"].cat
    chances = np.array([share[name] for name in reason.categories])[reason.codes]
    admitted = rng.random(len(emergencies)) < chances
    directly = admitted & (rng.random(len(emergencies)) < value("health.admitted_directly"))
    return emergencies.assign(admitted=admitted, directly=directly & (emergencies["reason"] != "self_harm"))


def tables(
    rng: np.random.Generator,
    chunk: Chunk,
    who: Patients,
    chronic: np.ndarray,
    born: pd.DataFrame,
    emergencies: pd.DataFrame,
    planned: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return hospital_admissions and hospital_diagnoses.

    Parameters
    ----------
    chronic : numpy.ndarray
        Whether each child has a chronic condition (bool).
    born : pandas.DataFrame
        As `births.deliveries` returns it.
    emergencies : pandas.DataFrame
        As `decide` returns them.
    planned : pandas.DataFrame
        child, day.
    """
    stays = pd.concat([_births(rng, chunk, born), _stays(rng, emergencies, planned)], ignore_index=True)
    stays["method"] = stays["method"].astype("category")
    codes = pd.DataFrame(_codes(rng, chunk, stays, chronic[stays["child"]], conditions(rng, chunk)))
    child, days = stays["child"].to_numpy(), stays["day"].to_numpy()
    number = number_within(child * 10**6 + days)
    leaves = np.minimum(days + stays["nights"].to_numpy(), chunk.death[child])
    keys = pd.DataFrame(
        {"patient_id": who.number(child), "admission_date": to_dates(days), "admission_no": number}
    )
    admissions = keys.assign(
        discharge_date=to_dates(leaves, last_day()),
        method=stays["method"].array,
        main_diagnosis=codes["main"].array,
        external_cause=codes["cause"].array,
    )
    return {"hospital_admissions": admissions, "hospital_diagnoses": _diagnoses(keys, codes)}


def _births(rng: np.random.Generator, chunk: Chunk, born: pd.DataFrame) -> pd.DataFrame:
    """Return the stay of each baby after birth, in the years of the records."""
    at = np.flatnonzero(recorded(chunk))
    weeks = born["weeks"].to_numpy()[at]
    stay = value("health.birth_stay")
    nights = rng.poisson(stay["term"] + stay["preterm_a_week"] * np.maximum(TERM - weeks, 0))
    return pd.DataFrame(
        {
            "child": at,
            "day": chunk.people.children["birth"].to_numpy()[at],
            "nights": nights,
            "method": BIRTH,
            "reason": np.where(weeks < TERM, "preterm", "birth"),
        }
    )


def _stays(rng: np.random.Generator, emergencies: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Return child, day, nights, method and reason of admissions after birth."""
    stayed = emergencies[emergencies["admitted"]]
    method = np.where(stayed["directly"], FROM_GP, FROM_EMERGENCY)
    urgent = stayed[["child", "day"]].assign(reason=stayed["reason"].astype(str), method=method)
    methods = choose(rng, value("health.planned_methods"), len(planned))
    found = pd.concat([urgent, planned[["child", "day"]].assign(reason="planned", method=methods)])
    mean = found["reason"].map(value("health.stay")).to_numpy(dtype=float)
    return found.assign(nights=rng.geometric(1 / (1 + mean)) - 1)


def conditions(rng: np.random.Generator, chunk: Chunk) -> pd.Categorical:
    """Draw the chronic condition that each child has or, if it has none, would have."""
    kinds = value("health.conditions")
    return choose_by(rng, [kinds["other"], kinds["disabled"]], chunk.people.children["disabled"].astype(int))


def _codes(
    rng: np.random.Generator,
    chunk: Chunk,
    stays: pd.DataFrame,
    chronic: np.ndarray,
    condition: pd.Categorical,
) -> dict[str, pd.Categorical]:
    """Return main diagnosis, external cause and further diagnoses (two columns) of each stay."""
    lists = value("health.diagnoses")
    birth = value("health.birth_codes")
    ill = birth["ill_share"]
    lists = lists | {"birth": {birth["term"]: 1 - ill, birth["ill"]: ill}, "preterm": {birth["preterm"]: 1.0}}
    age = (stays["day"].to_numpy() - chunk.people.children["birth"].to_numpy()[stays["child"]]) / YEAR
    reason = stays["reason"].mask((stays["reason"] == "illness") & (age < 1), "illness_infant")
    group = reason.map({name: place for place, name in enumerate(lists)}).to_numpy(dtype=np.int64)
    pair = choose_by(rng, list(lists.values()), group)
    split = pd.Series(pair.categories).str.split(" ", expand=True).reindex(columns=[0, 1])
    main, cause = (split[side].to_numpy(dtype=object)[pair.codes] for side in (0, 1))
    own = condition.astype(object)[stays["child"].to_numpy()]
    share = stays["reason"].map(value("health.chronic_cause")).fillna(0.0).to_numpy()
    is_cause = chronic & (rng.random(len(stays)) < share)
    coded = chronic & ~is_cause & (rng.random(len(stays)) < value("health.chronic_coded"))
    return {
        "main": pd.Categorical(np.where(is_cause, own, main)),
        "cause": pd.Categorical(cause),
        "condition": pd.Categorical(np.where(coded & (group < len(value("health.diagnoses"))), own, None)),
        "further": _further(rng, stays["reason"]),
    }


def _further(rng: np.random.Generator, reason: pd.Series) -> pd.Categorical:
    """Draw a further diagnosis where the reason of the admission suggests one."""
    also = value("health.also")
    shares = [{"": 1.0}] + [codes | {"": 1 - sum(codes.values())} for codes in also.values()]
    group = reason.map({name: place for place, name in enumerate(also, 1)}).fillna(0).to_numpy(dtype=np.int64)
    return choose_by(rng, shares, group).remove_categories("")


def _diagnoses(keys: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per diagnosis: main one, external cause, further one and chronic condition."""
    columns = ["main", "cause", "further", "condition"]
    there = codes[columns].notna().to_numpy()
    row, column = np.nonzero(there)
    names = pd.CategoricalDtype(sorted({code for name in columns for code in codes[name].cat.categories}))
    stacked = np.stack(
        [codes[name].cat.set_categories(names.categories).cat.codes for name in columns], axis=1
    )
    found = keys.take(row).reset_index(drop=True)
    return found.assign(
        position=there.cumsum(axis=1)[row, column],
        diagnosis=pd.Categorical.from_codes(stacked[row, column], dtype=names),
    )
