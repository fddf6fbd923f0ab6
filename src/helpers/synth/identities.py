"""Identities: who a person is to each data set, errors included, and how well the numbers are linked.

Everyone has one name, date of birth and address at a time. A data set writes them down with errors of its
own; who is recorded with little care in one is so in the others too, and that differs by ethnic group and
deprivation, so that linkage loses some people more than others. A number is in `person_links` and
`linked_people` only if the tables of that data set hold it. Which record is whose stands in the truth alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import homes, names, people, recording, social_care
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, birthday, to_dates
from helpers.synth.families import GROUPS, YEAR
from helpers.synth.parameters import value

Tables = dict[str, pd.DataFrame]

# How each data set numbers people, and the columns that hold the numbers in use.
NUMBERS = {
    "education": (people.pupil_ids, {"pupils": ["pupil_id"]}),
    "health": (people.patient_ids, {"patients": ["patient_id"]}),
    "justice": (people.justice_ids, {"justice_people": ["person_id"]}),
    "family_court": (people.court_ids, {"case_people": ["person_id"]}),
    "police": (people.police_ids, {"domestic_abuse_incidents": ["victim_id", "perpetrator_id"]}),
    "families": (people.register_ids, {"household_members": ["person_id"]}),
}
# Letters and stride of the numbers of records: a number says nothing of the same person's elsewhere.
RECORDS = {
    "social_care": ("SC", 1_977_326_743),
    "education": ("ED", 1_220_703_127),
    "health": ("HE", 1_162_261_467),
    "justice": ("JU", 129_140_163),
    "family_court": ("FC", 792_594_609),
    "police": ("PO", 737_894_529),
    "families": ("FA", 694_486_087),
}


def tables(rng: np.random.Generator, chunk: Chunk, made: Tables) -> tuple[Tables, Tables]:
    """Return what data sets know of identities, and the truth about it.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    made : dict of str to pandas.DataFrame
        The canonical tables of the other domains: they say which numbers are in use.

    Returns
    -------
    tuple of dict of str to pandas.DataFrame
        person_links and linked_people; links (dataset, record_id, authority, number, person_id: whose record
        it is) and link_errors (person_id, dataset, number, given: the number that `linked_people` gives in
        its place, empty for a missed link).
    """
    persons = everyone(rng, chunk)
    numbers = _numbers(chunk, persons, made)
    written, links = _person_links(rng, chunk, persons, numbers)
    linked, link_errors = _linked_people(rng, persons, numbers)
    return {"person_links": written, "linked_people": linked}, {"links": links, "link_errors": link_errors}


def everyone(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Return children, mothers and known fathers with their true names.

    Returns
    -------
    pandas.DataFrame
        person, family (row, -1 for unaccompanied children), child (bool), uasc, birth, death, sex, group,
        forename, surname, other_surname (may go by it too), neighbourhood, neighbourhood_after, moved,
        separated, care (log odds of errors in recording), sampled (bool: has rows in person_links).
    """
    children, families = chunk.people.children, chunk.people.families
    children = children.assign(death=chunk.death)
    families = families.assign(
        group=families["ethnicity"].str[0].map(GROUPS),
        family=np.arange(len(families)),
        uasc=False,
        death=NEVER,
    )
    columns = ["person", "family", "birth", "sex", "group", "neighbourhood", "neighbourhood_after", "moved"]
    mothers = families.assign(person=families["mother"], birth=families["mother_birth"], sex="F")
    fathers = families.assign(person=families["father"], birth=families["father_birth"], sex="M")
    fathers = fathers[fathers["father"] >= 0]
    children = children[children["birth"] <= homes.last_day()]
    parts = {"child": children, "mother": mothers, "father": fathers}
    persons = pd.concat(
        [table.assign(part=part)[[*columns, "uasc", "death", "part"]] for part, table in parts.items()]
    )
    persons = persons.reset_index(drop=True)
    persons["child"] = persons["part"] == "child"
    persons["birth"] = persons["birth"].astype(np.int64)
    separated = families["separated"].clip(upper=NEVER).to_numpy(dtype=np.int64)
    persons["separated"] = np.where(persons["family"] < 0, NEVER, separated[persons["family"]])
    year = 1970 + persons["birth"] / YEAR
    persons["forename"] = names.forenames(rng, persons["sex"], persons["group"], year.astype(int))
    return persons.assign(
        **_surnames(rng, families, persons),
        care=_care(rng, chunk, persons),
        sampled=_sampled(rng, chunk, persons),
    ).drop(columns="part")


def _surnames(
    rng: np.random.Generator, families: pd.DataFrame, persons: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Return the surname of each person and another that it may be known by, both from its family."""
    share = value("identities.surname")
    size = len(families)
    own, fathers = (names.surnames(rng, families["group"].to_numpy()) for _ in range(2))
    known = (families["father"] >= 0).to_numpy()
    married = known & (rng.random(size) < share["parents_share"])
    both = pd.Series(own).str.cat(pd.Series(fathers), sep="-").to_numpy(dtype=object)
    from_father = known & (rng.random(size) < share["fathers"])
    child = np.where(rng.random(size) < share["double"], both, np.where(from_father, fathers, own))
    by_part = {"child": child, "mother": np.where(married, fathers, own), "father": fathers}
    alone = persons["family"].to_numpy() < 0
    row = persons["family"].to_numpy().clip(0)
    surname = np.select([persons["part"] == part for part in by_part], [n[row] for n in by_part.values()])
    surname[alone] = names.surnames(rng, persons["group"].to_numpy()[alone])
    other = np.where(surname == own[row], fathers[row], own[row])
    other[alone] = names.surnames(rng, persons["group"].to_numpy()[alone])
    return {"surname": surname.astype(object), "other_surname": other.astype(object)}


def _care(rng: np.random.Generator, chunk: Chunk, persons: pd.DataFrame) -> np.ndarray:
    """Return the log odds by which a person's records have more errors than the average."""
    odds = value("identities.care")
    deprivation = chunk.places.neighbourhoods["deprivation"].to_numpy()[persons["neighbourhood"]]
    return (
        persons["group"].map(odds["group"]).to_numpy()
        + odds["deprivation"] * deprivation
        + odds["unaccompanied"] * persons["uasc"].to_numpy()
        + rng.normal(0, odds["spread"], len(persons))
    )


def _sampled(rng: np.random.Generator, chunk: Chunk, persons: pd.DataFrame) -> np.ndarray:
    """Return who has rows in person_links: all children known to social care, and some of the others."""
    share = value("identities.sample")
    known = social_care.child_numbers(chunk)["person"]
    child = persons["child"] & (
        persons["person"].isin(known) | (rng.random(len(persons)) < share["children"])
    )
    chosen = rng.random(len(chunk.people.families)) < share["parents"]
    return (child | (~persons["child"] & chosen[persons["family"]])).to_numpy()


def _numbers(chunk: Chunk, persons: pd.DataFrame, made: Tables) -> pd.DataFrame:
    """Return the numbers in use: row (of persons), dataset, authority, number, later, recorded (day)."""
    row = pd.Series(np.arange(len(persons)), index=persons["person"])
    own = social_care.child_numbers(chunk)
    if "children" in made:
        own = own.merge(made["children"][["authority", "child_id"]].astype(object))
    last = _last_referrals(chunk, own)
    parts = [
        pd.DataFrame(
            {
                "row": row.reindex(own["person"]).to_numpy(),
                "dataset": "social_care",
                "authority": own["authority"].to_numpy(),
                "number": own["child_id"].to_numpy(),
                "later": own.duplicated("child").to_numpy(),
                "recorded": np.maximum(last, own["birth"]),
            }
        ).dropna(subset=["row"])
    ]
    for dataset, (number_of, holders) in NUMBERS.items():
        used = [made[name][column] for name, columns in holders.items() if name in made for column in columns]
        if used:
            number = number_of(persons["person"].to_numpy())
            at = np.flatnonzero(pd.Index(number).isin(pd.concat(used).dropna().unique()))
            recorded = _recorded(dataset, persons.iloc[at])
            part = {"row": at, "dataset": dataset, "authority": None, "number": number[at]}
            parts.append(pd.DataFrame(part | {"later": False, "recorded": recorded}))
    return pd.concat(parts, ignore_index=True).astype({"row": int, "recorded": int, "later": bool})


def _last_referrals(chunk: Chunk, own: pd.DataFrame) -> np.ndarray:
    """Return the day of the last referral under each number, when identities were last written down."""
    referred = chunk.events.referrals.assign(
        authority=chunk.places.authorities["authority"].to_numpy()[chunk.events.referrals["place"]]
    )
    last = referred.groupby(["child", "authority"])["referral"].max()
    return last.reindex(pd.MultiIndex.from_frame(own[["child", "authority"]])).to_numpy()


def _recorded(dataset: str, persons: pd.DataFrame) -> np.ndarray:
    """Return when a data set wrote a person down; NEVER where its records do not say."""
    if dataset == "education":
        return np.minimum(birthday(persons["birth"].to_numpy(), 5), homes.last_day())
    if dataset in ("health", "families"):
        return np.minimum(persons["death"].to_numpy(), homes.last_day())
    return np.full(len(persons), NEVER)


def _person_links(
    rng: np.random.Generator, chunk: Chunk, persons: pd.DataFrame, numbers: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return person_links and whose records they are."""
    number = numbers[persons["sampled"].to_numpy()[numbers["row"]]].reset_index(drop=True)
    person = persons.iloc[number["row"].to_numpy()].reset_index(drop=True)
    letters, stride = (number["dataset"].map({n: pair[k] for n, pair in RECORDS.items()}) for k in (0, 1))
    serial = (2 * person["person"] + number["later"]) * stride % 10**9
    record = letters + serial.astype(str).str.zfill(9)
    table = number[["dataset", "authority"]].assign(
        record_id=record,
        person_id=number["number"],
        recorded=to_dates(number["recorded"], homes.last_day()),
        **recording.written(rng, chunk.places, person, number),
    )
    truth = table[["dataset", "record_id", "authority"]].assign(
        number=number["number"], person_id=people.register_ids(person["person"].to_numpy())
    )
    return table, truth


def _linked_people(
    rng: np.random.Generator, persons: pd.DataFrame, numbers: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return linked_people: who has which number, a few links missed and a few to someone else's number."""
    number = numbers[numbers["dataset"] != "families"].reset_index(drop=True)
    rates = pd.DataFrame(value("identities.links")).T.loc[number["dataset"]].reset_index(drop=True)
    care = persons["care"].to_numpy()[number["row"]]
    missed = rng.random(len(number)) < recording.shifted(rates["missed"].to_numpy(), care)
    wrong = ~missed & (rng.random(len(number)) < recording.shifted(rates["wrong"].to_numpy(), care))
    # Someone else: the next but one in the list of the data set, never the same person.
    someone = number.groupby("dataset")[["number", "authority"]].shift(-2)
    wrong &= someone["number"].notna().to_numpy()
    exact = rng.random(len(number)) < rates["by_number"].to_numpy()
    weight = value("identities.match_weight")
    strength = rng.normal(np.where(wrong, weight["wrong"], weight["right"]), weight["spread"])
    person_id = people.register_ids(persons["person"].to_numpy()[number["row"]])
    table = number[["dataset"]].assign(
        person_id=person_id,
        number=np.where(wrong, someone["number"], number["number"]),
        authority=np.where(wrong, someone["authority"], number["authority"]),
        match_weight=np.where(exact & ~wrong, np.nan, strength.clip(weight["least"]).round(2)),
    )
    truth = number[["dataset", "number"]].assign(
        person_id=person_id, given=np.where(wrong, someone["number"], None)
    )
    # A child with two numbers may be given the same wrong one twice.
    found = table[~missed].drop_duplicates(["person_id", "dataset", "number"])
    return found, truth[missed | wrong]
