"""What holds in a country without faults, as SQL over its store: each query counts violations."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from tqdm import tqdm

from helpers.catalogue import TABLES
from helpers.sources.store import Store
from helpers.synth.days import year_end
from helpers.synth.parameters import value

# Dates of a row that follow one another: table, earlier, later. The first may be equal to the second.
ORDER = [
    ("referrals", "referral_date", "closure_date"),
    ("assessments", "referral_date", "assessment_start"),
    ("assessments", "assessment_start", "assessment_end"),
    ("section47", "referral_date", "enquiry_start"),
    ("section47", "enquiry_start", "conference_date"),
    ("cp_plans", "referral_date", "plan_start"),
    ("cp_plans", "plan_start", "plan_end"),
    ("cp_reviews", "plan_start", "review_date"),
    ("cin_plans", "plan_start", "plan_end"),
    ("care_episodes", "episode_start", "episode_end"),
    ("missing_episodes", "missing_start", "missing_end"),
    ("social_worker_episodes", "worker_start", "worker_end"),
    ("adoptions", "decision_date", "match_date"),
    ("early_help_episodes", "episode_start", "episode_end"),
    ("home_education", "start_date", "end_date"),
    ("missing_education", "start_date", "end_date"),
    ("alternative_provision", "start_date", "end_date"),
    ("ehc_plans", "request_date", "plan_date"),
    ("ehc_plans", "plan_date", "ceased_date"),
    ("hospital_admissions", "admission_date", "discharge_date"),
    ("mental_health_referrals", "referral_date", "closed_date"),
    ("custody", "custody_start", "custody_end"),
    ("exploitation_support", "support_start", "support_end"),
    ("domestic_abuse_support", "support_start", "support_end"),
    ("court_cases", "application_date", "final_order_date"),
    ("households", "spell_start", "spell_end"),
    ("household_members", "joined", "left"),
    ("addresses", "address_start", "address_end"),
    ("social_workers", "role_start", "role_end"),
    ("case_allocations", "allocation_start", "allocation_end"),
]

# Who a number belongs to: column, table that describes the person.
PEOPLE = {
    "child_id": "children",
    "pupil_id": "pupils",
    "patient_id": "patients",
    "person_id": "justice_people",
}
BEFORE_BIRTH = {"referrals", "assessments", "assessment_factors", "section47", "conferences", "cp_plans",
                "cp_reviews", "cin_plans", "early_help_children", "addresses", "case_allocations",
                "social_work_visits", "births", "health_visitor_contacts"}  # fmt: skip
# Taken on a later day, or written down with errors that are part of the data.
LATER = {"social_workers", "person_links", "linked_people"}
JUSTICE = {"offences", "disposals", "custody"}

CLOSED = "coalesce(closure_date, case when no_further_action then referral_date end)"
# Spells of one child, of which no two may overlap.
SPELLS = [
    ("care_episodes", "episode_start", "episode_end", "legal_status not in ('V3', 'V4')"),
    ("cp_plans", "plan_start", "plan_end", "true"),
    ("cin_plans", "plan_start", "plan_end", "true"),
    ("referrals", "referral_date", CLOSED, "true"),
]  # fmt: skip


def violations(store: Store, progress: bool = True) -> pd.DataFrame:
    """Count what does not hold in a country built with `faults="none"`.

    Parameters
    ----------
    store : Store
    progress : bool
        Whether to show a bar.

    Returns
    -------
    pandas.DataFrame
        One row per invariant: table, invariant (in words), violations (int; 0 throughout when all is well).
    """
    checks = tqdm(list(_checks(store)), desc="Invariants", disable=not progress)
    rows = [(table, words, _count(store, query)) for table, words, query in checks]
    return pd.DataFrame(rows, columns=["table", "invariant", "violations"])


def _count(store: Store, query: str) -> int:
    return store.connection.con.execute(query).fetchone()[0]


def _checks(store: Store) -> Iterator[tuple[str, str, str]]:
    filled = [name for name in TABLES if store.info["rows"].get(name)]
    for name in filled:
        yield from _keys(name)
        yield from _in_time(name)
    for name, earlier, later in ORDER:
        if name in filled:
            yield (
                name,
                f"{earlier} not after {later}",
                f'select count(*) from {name} where "{later}" < "{earlier}"',
            )
    for name in filled:
        yield from _in_life(name, filled)
    for name, start, end, where in SPELLS:
        yield name, "spells of a child do not overlap", _overlaps(name, start, end, where)


def _keys(name: str) -> Iterator[tuple[str, str, str]]:
    keys = ", ".join(f'"{key}"' for key in TABLES[name].key_columns())
    yield (
        name,
        "one row a key",
        f"select count(*) from (select 1 from {name} group by {keys} having count(*) > 1)",
    )


def _in_time(name: str) -> Iterator[tuple[str, str, str]]:
    """Nothing lies after the last day, but for dates that are expected or planned."""
    last = f"date '{pd.Timestamp(year_end(value('time.last_year')), unit='D').date()}'"
    for column, field in TABLES[name].columns().items():
        planned = column in ("expected_birth_date", "conference_target", "planned_date")
        planned |= name in LATER
        if str(field.dtype).startswith("datetime") and not planned:
            yield (
                name,
                f"{column} not after the last day",
                f'select count(*) from {name} where "{column}" > {last}',
            )


def _in_life(name: str, filled: list[str]) -> Iterator[tuple[str, str, str]]:
    """No event comes before birth, unless the child was expected, and none after death."""
    columns = TABLES[name].columns()
    person = next((p for p in PEOPLE if p in columns), None)
    people = PEOPLE.get(person or "")
    if people is None or people not in filled or name in (people, "person_links", "linked_people"):
        return
    if person == "person_id" and name not in JUSTICE:
        return
    keys = ["authority", person] if person == "child_id" else [person]
    dates = [c for c, f in columns.items() if str(f.dtype).startswith("datetime") and "birth" not in c]
    born = "coalesce(birth_date, expected_birth_date)" if people == "children" else "birth_date"
    died = "death_date" if "death_date" in TABLES[people].columns() else "null"
    early = "interval 280 day" if name in BEFORE_BIRTH else "interval 0 day"
    for column in dates:
        who = f"select {', '.join(keys)}, {born} as born, {died} as died from {people}"
        query = f"select count(*) from {name} join ({who}) using ({', '.join(keys)})"
        yield name, f"{column} within life", f'{query} where "{column}" < born - {early} or "{column}" > died'


def _overlaps(name: str, start: str, end: str, where: str) -> str:
    following = f"lead({start}) over (partition by authority, child_id order by {start})"
    spells = f"select {start} as begun, {end} as ended, {following} as next from {name} where {where}"
    return f"select count(*) from ({spells}) where next < ended or (next is not null and ended is null)"
