"""Health of children and parents, as hospital and mental health records hold it.

`patients` numbers the people of a chunk the way health records do. `births` draws pregnancies and chronic
conditions, `hospital` the contacts with hospitals, `admissions` stays and diagnoses, `mental_health`
referrals and contacts of children and parents. Planted: hospital use rises around a referral to social care
and in years of contact; chronic conditions go with disability and early birth; self-harm follows sex, age
and contact with social care; parents with lasting difficulties come to mental health services before their
children come to social care.
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
    made = {
        "patients": patients.table(rng, who, referrals["patient"].to_numpy(), chunk),
        "births": births.table(chunk, who, born),
        "emergency_attendances": hospital.emergency_table(who, emergencies),
        "outpatient_appointments": hospital.outpatient_table(rng, chunk, who, of, found["outpatient"]),
        **admissions.tables(rng, chunk, who, chronic, born, emergencies, found["planned"]),
        **mental_health.tables(rng, chunk, who, of, referrals),
    }
    return made, _truth(who, made["patients"], of)


def _truth(who: patients.Patients, known: pd.DataFrame, of: hospital.Background) -> Tables:
    """Return who stands behind each number in health records, and each child's own traits."""
    row_of = np.empty(len(who.numbers.categories), dtype=np.int64)  # by place of the number
    row_of[who.rank] = np.arange(len(who.rank))
    row = row_of[known["patient_id"].cat.codes]
    ids = known["patient_id"].astype(str).to_numpy(dtype=object)
    child = row < who.children
    traits = {"chronic": of.chronic[row[child]] > 0, "use": of.use[row[child]].round(3)}
    return {
        "health_people": pd.DataFrame({"patient_id": ids, "person": who.people["person"].to_numpy()[row]}),
        "health_children": pd.DataFrame({"patient_id": ids[child], **traits}),
    }
