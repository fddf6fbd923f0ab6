"""From applications to the canonical tables of the family court: cases, people, hearings and orders.

Applications for brothers and sisters made at about the same time are one case. A mother keeps her number
from case to case, so repeat proceedings can be seen; fathers are named in most cases.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import people
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.parameters import value
from helpers.synth.proceedings import applications

KIND = ["law", "application"]


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the canonical tables of the family court; the truth of court_people is who has which number."""
    found = _cases(applications(rng, chunk), chunk)
    until = day(value("time.last_year"), 3, 31)
    cases = _one_row_a_case(found, chunk)
    hearings = _hearings(rng, cases, until)
    parties, numbers = _people(rng, cases, found, chunk)
    result = {
        "court_cases": _case_table(cases, hearings, until),
        "case_people": parties,
        "court_hearings": hearings[["case_id", "hearing_date", "hearing"]],
        "court_orders": _orders(found, until),
    }
    return result, {"court_people": numbers}


def _cases(found: pd.DataFrame, chunk: Chunk) -> pd.DataFrame:
    """Add the case of each child's application: one for brothers and sisters at about the same time."""
    children = chunk.people.children
    family = children["family"].to_numpy()[found["child"]]
    # Unaccompanied children have no family here: each is a case alone.
    found = found.assign(family=np.where(family < 0, -1 - found["child"], family))
    found = found.sort_values([*KIND, "family", "applied", "child"], ignore_index=True)
    same = ~found[[*KIND, "family"]].ne(found[[*KIND, "family"]].shift()).any(axis=1)
    soon = found["applied"].diff() <= value("family_court.joined_days")
    number = (~(same & soon)).cumsum().to_numpy()
    # A child stands once in a case.
    found = found.assign(case=number)[~pd.DataFrame({"c": number, "k": found["child"]}).duplicated()]
    lead = found.groupby("case")["child"].first()
    turn = lead.groupby(lead).cumcount()
    person = children["person"].to_numpy()
    names = pd.Series(people.case_ids("K", person[lead], turn), index=lead.index)
    ids = people.court_ids(person[found["child"]])
    return found.assign(case_id=found["case"].map(names), person_id=ids).reset_index(drop=True)


def _one_row_a_case(found: pd.DataFrame, chunk: Chunk) -> pd.DataFrame:
    """Return cases: the first application, the last decision, and the order that decision made."""
    last = found.sort_values(["case_id", "decided"]).drop_duplicates("case_id", keep="last")
    first = found.groupby("case_id")["applied"].min()
    area = last["place"] // value("family_court.areas") + 1
    codes = chunk.places.authorities["authority"].to_numpy()
    return last.assign(
        applied=last["case_id"].map(first).to_numpy(),
        authority=np.where(last["law"] == "public", codes[last["place"]], None),
        court_area="Area " + area.astype(str),
    ).reset_index(drop=True)


def _case_table(cases: pd.DataFrame, hearings: pd.DataFrame, until: int) -> pd.DataFrame:
    done = (cases["decided"] <= until).to_numpy()
    count = cases["case_id"].map(hearings["case_id"].value_counts()).fillna(0).astype(int)
    return pd.DataFrame(
        {
            "case_id": cases["case_id"],
            "authority": cases["authority"],
            "law": cases["law"],
            "application": cases["application"],
            "application_date": to_dates(cases["applied"]),
            "final_order": np.where(done, cases["order"], None),
            "final_order_date": to_dates(cases["decided"], until),
            "hearings": count,
            "court_area": cases["court_area"],
        }
    )


def _hearings(rng: np.random.Generator, cases: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return hearings: case management, for some a contested interim, issues, others, and the final one."""
    about = value("family_court.hearings")
    size = len(cases)
    applied = cases["applied"].to_numpy()
    lasts = (cases["decided"] - applied).to_numpy()
    between = lambda kept, part: (kept, applied + (part * lasts).astype(np.int64))  # noqa: E731
    other = rng.poisson(about["other"], size)
    kinds = {
        "final": (np.ones(size, dtype=bool), applied + lasts),
        "case_management": (lasts > 30, applied + np.minimum(about["case_management"], lasts // 3)),
        "issues": between(lasts > 100, about["issues"]),
        "interim": between((rng.random(size) < about["interim"]) & (lasts > 100), about["interim_at"]),
        "other": between((other > 0) & (lasts > 60), 0.1 + 0.8 * rng.random(size)),
        "review": between((other > 1) & (lasts > 60), 0.1 + 0.8 * rng.random(size)),
    }
    parts = [
        pd.DataFrame({"case_id": cases["case_id"][kept], "day": when[kept], "hearing": kind})
        for kind, (kept, when) in kinds.items()
    ]
    found = pd.concat(parts).drop_duplicates(["case_id", "day"])
    found = found[found["day"] <= until].reset_index(drop=True)
    return found.assign(hearing_date=to_dates(found["day"]))


def _people(
    rng: np.random.Generator, cases: pd.DataFrame, found: pd.DataFrame, chunk: Chunk
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the people in each case, and the number of each person in the court's records."""
    families = chunk.people.families.iloc[cases["family"].to_numpy().clip(0)].reset_index(drop=True)
    children = chunk.people.children.iloc[found["child"].to_numpy()].reset_index(drop=True)
    has_family = (cases["family"] >= 0).to_numpy()
    share = lambda name: cases["law"].map(value(f"family_court.{name}")).to_numpy()  # noqa: E731
    absent = rng.random(len(cases)) < share("mother_absent")
    named = rng.random(len(cases)) < share("named_father")
    parts = [
        _party(found["case_id"], children["person"], "child", children["sex"], children["birth"],
               children["ethnicity"], children["neighbourhood"]),
        _party(cases["case_id"], families["mother"], "mother", "F", families["mother_birth"],
               families["ethnicity"], families["neighbourhood"])[has_family & ~absent],
        _party(cases["case_id"], families["father"], "father", "M", families["father_birth"],
               families["ethnicity"], families["neighbourhood"])[
                   has_family & named & (families["father"] >= 0).to_numpy()],
    ]  # fmt: skip
    people_in = pd.concat(parts, ignore_index=True)
    person = people_in["person"].to_numpy()
    recorded = np.where(
        people_in["role"] == "child",
        value("family_court.child_ethnicity"),
        value("family_court.adult_ethnicity"),
    )
    decile = chunk.places.neighbourhoods["imd_decile"].to_numpy()[people_in["neighbourhood"]]
    people_in = people_in.assign(
        person_id=people.court_ids(person),
        birth_date=to_dates(people_in["birth"]),
        ethnicity=people_in["ethnicity"].where(rng.random(len(people_in)) < recorded),
        imd_quintile=(decile + 1) // 2,
    )
    numbers = people_in[["person_id", "person"]].drop_duplicates(ignore_index=True)
    return people_in.drop(columns=["person", "birth", "neighbourhood"]), numbers


def _party(
    case_id: pd.Series,
    person: pd.Series,
    role: str,
    sex: pd.Series | str,
    birth: pd.Series,
    ethnicity: pd.Series,
    neighbourhood: pd.Series,
) -> pd.DataFrame:
    return pd.DataFrame(
        {"case_id": case_id.to_numpy(), "person": person.to_numpy(), "role": role, "sex": sex,
         "birth": birth.to_numpy(), "ethnicity": ethnicity.to_numpy(),
         "neighbourhood": neighbourhood.to_numpy()}
    )  # fmt: skip


def _orders(found: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return orders: interim and final, and a care order beside every placement order."""
    of = found[["case_id", "person_id"]]
    interim = found["interim"] < NEVER
    placement = found["order"] == "placement"
    final = of.assign(day=found["decided"], order=found["order"])
    parts = [
        of.assign(day=found["interim"], order="interim_care")[interim],
        final,
        final.assign(order="care")[placement],
    ]
    orders = pd.concat(parts, ignore_index=True)
    orders = orders[orders["day"] <= until].reset_index(drop=True)
    return orders.assign(order_date=to_dates(orders["day"])).drop(columns="day")
