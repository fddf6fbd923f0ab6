"""Health of children and parents, as Hospital Episode Statistics and the Mental Health Services Data Set hold it.

`patients` numbers the people of a chunk the way health records do. `births` draws pregnancies and chronic
conditions, `hospital` the contacts with hospitals, `admissions` stays and diagnoses, `mental_health` referrals and
contacts of children and parents. Planted: hospital use rises around a referral to social care and in years of
contact; chronic conditions go with disability and early birth; self-harm follows sex, age and contact with social
care; parents with lasting difficulties come to mental health services before their children come to social care.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import admissions, births, hospital, mental_health, patients
from helpers.synth.chunk import Chunk

Tables = dict[str, pd.DataFrame]


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[Tables, Tables]:
    """Return the canonical tables of health, and what was planted.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk

    Returns
    -------
    tuple of dict
        Canonical tables by name; truth: health_people (person, patient_id), which links health records to
        persons, and health_children (patient_id, chronic, use: ratio of the child's own use of hospitals).
    """
    who = patients.patients(chunk)
    born = births.deliveries(rng, chunk)
    chronic = births.chronic(rng, chunk, born["preterm"].to_numpy())
    of = hospital.background(rng, chunk, chronic)
    found = hospital.contacts(rng, chunk, of)
    emergencies = admissions.decide(rng, found["emergency"])
    referrals = mental_health.referrals(rng, chunk, who, of)
    fathers = referrals["patient"][referrals["patient"] >= who.father(0)].to_numpy()
    made = {
        "patients": patients.table(rng, who, fathers, chunk),
        "births": births.table(chunk, who, born),
        "emergency_attendances": hospital.emergency_table(who, emergencies),
        "outpatient_appointments": hospital.outpatient_table(rng, chunk, who, of, found["outpatient"]),
        **admissions.tables(rng, chunk, who, chronic, born, emergencies, found["planned"]),
        **mental_health.tables(rng, chunk, who, of, referrals),
    }
    return made, _truth(who, made["patients"], of)


def _truth(who: patients.Patients, known: pd.DataFrame, of: hospital.Background) -> Tables:
    """Return who stands behind each number in health records, and each child's own traits."""
    person = pd.Series(who.people["person"].to_numpy(), index=who.ids[who.rank])
    links = pd.DataFrame({"patient_id": known["patient_id"].astype(str)})
    links["person"] = person[~person.index.duplicated()].reindex(links["patient_id"]).to_numpy()
    children = pd.DataFrame(
        {"patient_id": who.number(np.arange(who.children)).astype(str), "chronic": of.chronic > 0, "use": of.use.round(3)}
    )  # fmt: skip
    return {
        "health_people": links,
        "health_children": children[children["patient_id"].isin(links["patient_id"])],
    }
