"""Criminal justice records: offences, the outcome of each case, and stays in custody.

A case holds one offence or more; the gravest is the main one. Gravity and the cases before it decide the
outcome: out of court for most at first, then orders of the youth court, and custody for few.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import offending, people
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, collection_year, day, to_dates
from helpers.synth.parameters import choose, value

MOST_OFFENCES = 4
CHILD = np.array(
    ["reprimand", "referral_order", "youth_rehabilitation", "detention_training", "long_detention"]
)
ADULT = np.array(["caution", "fine", "community_order", "suspended", "custody"])
CAUTIONS = ("reprimand", "youth_caution", "youth_conditional_caution", "caution")
CUSTODY = ("detention_training", "long_detention", "custody")


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the canonical tables of justice; the truth of offending is what drives each child's risk."""
    found, planted = offending.cases(rng, chunk)
    found = _decided(rng, found)
    ids = people.justice_ids(found["person"])
    found = found.assign(person_id=ids, case_id=people.case_ids("J", found["person"], found["turn"]))
    offences = _offences(rng, found)
    cases = _disposals(rng, found, offences)
    begin, until = day(value("justice.from"), 1, 1), day(value("time.last_year"), 3, 31)
    seen = cases["decided"].between(begin, until) & (cases["decided"] < cases["death"])
    cases = cases[seen.to_numpy()].reset_index(drop=True)
    offences = offences[offences["case_id"].isin(cases["case_id"])].reset_index(drop=True)
    known = rng.random(len(cases)) < value("justice.ethnicity_recorded")
    about = cases.assign(ethnicity=cases["ethnicity"].where(known)).drop_duplicates("person_id")
    result = {
        "justice_people": about.assign(birth_date=to_dates(about["birth"]).to_numpy()),
        "offences": offences.assign(offence_date=to_dates(offences["day"])),
        "disposals": cases.assign(disposal_date=to_dates(cases["decided"])),
        "custody": _custody(rng, cases, until),
    }
    planted = planted.assign(person_id=people.justice_ids(planted["person"]))
    return result, {"offending": planted}


def _decided(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Add the day on which each case is decided; the cases of a person are decided in order."""
    wait = value("justice.days_to_outcome")
    days = wait["least"] + rng.gamma(wait["shape"], wait["scale"], len(found))
    decided = found["day"] + days.astype(np.int64)
    return found.assign(decided=decided.groupby(found["person"]).cummax())


def _offences(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return the offences of each case: one row each, with its severity in days of a typical sentence."""
    number = np.minimum(1 + rng.poisson(value("justice.more_offences"), len(found)), MOST_OFFENCES)
    row = np.repeat(np.arange(len(found)), number)
    of = found[["person_id", "case_id", "birth", "day"]].iloc[row].reset_index(drop=True)
    adult = (of["day"] - of["birth"] > 18 * offending.YEAR).to_numpy()
    drawn = {name: choose(rng, value(f"justice.groups_{name}"), len(of)) for name in ("child", "adult")}
    group = np.where(adult, drawn["adult"], drawn["child"])
    typical = pd.Series(group).map(value("justice.severity")).to_numpy()
    severity = typical * np.exp(rng.normal(0, value("justice.severity_spread"), len(of)))
    turn = np.arange(len(row)) - np.repeat(number.cumsum() - number, number)
    gravest = pd.Series(severity).groupby(row).transform("max").to_numpy() == severity
    unknown = rng.random(len(of)) < value("justice.day_unknown")
    return of.assign(
        case=row,
        offence_id=np.char.add(
            of["case_id"].to_numpy().astype(str), np.char.add("-", (turn + 1).astype(str))
        ),
        offence_group=group,
        severity=severity.round(1),
        primary=gravest,
        day=np.where(unknown, NEVER, of["day"]),
    )


def _disposals(rng: np.random.Generator, found: pd.DataFrame, offences: pd.DataFrame) -> pd.DataFrame:
    """Add to each case its outcome; set the adjudication of its offences."""
    size = len(found)
    main = offences[offences["primary"]].groupby("case")["severity"].first()
    score = np.log(main.to_numpy()) + value("justice.earlier_cases") * np.log1p(found["turn"].to_numpy())
    score = score + rng.normal(0, value("justice.outcome_spread"), size)
    decided = found["decided"].to_numpy()
    adult = decided >= birthday(found["birth"].to_numpy(), 18)
    outcome = np.where(
        adult,
        ADULT[np.searchsorted(value("justice.ladder_adult"), score)],
        CHILD[np.searchsorted(value("justice.ladder_child"), score)],
    )
    outcome = _of_the_time(rng, outcome, decided)
    caution = np.isin(outcome, CAUTIONS)
    grave = np.isin(outcome, ["long_detention"]) | (
        (outcome == "custody") & (rng.random(size) < value("justice.crown"))
    )
    court = np.where(
        caution, "out_of_court", np.where(grave, "crown", np.where(adult, "magistrates", "youth"))
    )
    length = pd.Series(outcome).map(value("justice.length_days")).to_numpy(dtype=float)
    length = length * np.exp(rng.normal(0, value("justice.length_spread"), size))
    guilty = choose(rng, value("justice.adjudication"), size)
    offences["adjudication"] = np.where(caution, "C", guilty)[offences["case"]]
    return found.assign(
        disposal=outcome, court=court, length_days=pd.Series(length).round().astype("Int64").to_numpy()
    )


def _of_the_time(rng: np.random.Generator, outcome: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """Give outcomes the names they had on the day; some court orders are lesser ones instead."""
    year = collection_year(decided)
    conditional = rng.random(len(outcome)) < value("justice.conditional_caution")
    caution = np.where(conditional, "youth_conditional_caution", "youth_caution")
    outcome = np.where((outcome == "reprimand") & (year > 2013), caution, outcome)
    lesser = rng.random(len(outcome)) < value("justice.lesser_order")
    instead = choose(rng, value("justice.lesser_orders"), len(outcome))
    instead = np.where((outcome == "fine") & (instead == "reparation"), "discharge", instead)
    outcome = np.where(lesser & np.isin(outcome, ["referral_order", "fine"]), instead, outcome)
    return np.where((outcome == "youth_rehabilitation") & (year < 2010), "reparation", outcome)


def _custody(rng: np.random.Generator, cases: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return stays in custody: half of the sentence, one after the other, and time on remand before."""
    held = cases[cases["disposal"].isin(CUSTODY)].reset_index(drop=True)
    served = np.maximum(held["length_days"].to_numpy(dtype=np.int64) // 2, 7)
    person = held["person_id"]
    # A stay begins on the day of the sentence, or the day after the one before has ended.
    upto = pd.Series(served + 1).groupby(person).cumsum()
    start = (held["decided"] - (upto - served - 1)).groupby(person).cummax() + (upto - served - 1)
    stays = held.assign(start=start, end=np.minimum(start + served, held["death"]), remand=False)
    before = stays["end"].groupby(person).shift().fillna(-(10**8))
    days = value("justice.remand_days")
    waits = rng.integers(days["from"], days["to"], len(held))
    on_remand = (rng.random(len(held)) < value("justice.remanded")) & (held["decided"] - waits > before)
    on_remand &= (held["decided"] - waits > held["day"]) & (start == held["decided"])
    remand = stays.assign(start=held["decided"] - waits, end=held["decided"] - 1, remand=True)[on_remand]
    found = pd.concat([stays, remand], ignore_index=True)
    found = found[(found["start"] <= until) & (found["start"] < found["death"])].reset_index(drop=True)
    age = (found["start"] - found["birth"]) / offending.YEAR
    kinds = {
        name: choose(rng, shares, len(found)) for name, shares in value("justice.establishments").items()
    }
    place = np.where(age < 15, kinds["under_15"], np.where(age < 18, kinds["under_18"], kinds["under_21"]))
    return found.assign(
        custody_start=to_dates(found["start"]),
        custody_end=to_dates(found["end"], until),
        establishment=np.where(age >= 21, "prison", place),
    )
