"""Canonical tables of health: births, hospital care, mental health care and deaths, of children and
parents.

They follow Hospital Episode Statistics and the Mental Health Services Data Set, as held in ECHILD.
Primary care is in neither: what a family doctor alone knows is not seen.
"""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key

PATIENT = "number of the person in health records"


class Patients(Table):
    """One row per person in health records, child or parent.

    Source: demographics of Hospital Episode Statistics. Extracts for research hold month and year of
    birth only.
    """

    patient_id: Text = key(PATIENT)
    sex: Text = code("sex", "M, F or U")
    birth_date: Date = field("date of birth")
    ethnicity: Text = code("ethnicity", "ethnicity code; often missing or changing in the real data")
    neighbourhood: Text = field("small area (LSOA) of the last address")
    death_date: Date = field("date of death")
    cause_of_death: Text = field("underlying cause, ICD-10")


class Births(Table):
    """One row per birth, with the mother.

    Source: birth notifications and the delivery record. Missing in the real ones: fathers; gestation
    and weight for births at home and in some years.
    """

    patient_id: Text = key("number of the baby in health records")
    mother_id: Text = field("number of the mother in health records")
    birth_date: Date = field("date of birth")
    gestation_weeks: Whole = field("completed weeks of pregnancy")
    birth_weight: Whole = field("grams")
    babies: Whole = field("babies born together")
    mother_age: Whole = field("age of the mother, years")
    first_birth: Flag = field("her first")
    late_booking: Flag = field("antenatal care began after 20 weeks")
    smoker: Flag = field("mother smoked at delivery")


class HospitalAdmissions(Table):
    """One row per admission, from arrival to discharge.

    Source: Hospital Episode Statistics, admitted patient care. A real admission is made of episodes of a
    consultant's care (EPIKEY) that have to be joined first.
    """

    patient_id: Text = key(PATIENT)
    admission_date: Date = key("day of admission")
    admission_no: Whole = key("number of the admission on that day, from 1")
    discharge_date: Date = field("day of discharge; empty while in hospital")
    method: Text = code("admission_method", "how the patient was admitted (ADMIMETH)")
    main_diagnosis: Text = field("first diagnosis, ICD-10 without dot")
    external_cause: Text = field("first external cause, ICD-10 V01 to Y98")


class HospitalDiagnoses(Table):
    """One row per diagnosis of an admission (DIAG_01 to DIAG_20)."""

    patient_id: Text = key(PATIENT)
    admission_date: Date = key("day of admission")
    admission_no: Whole = key("number of the admission on that day")
    position: Whole = key("1 for the main diagnosis, up to 20")
    diagnosis: Text = field("ICD-10 without dot")


class EmergencyAttendances(Table):
    """One row per attendance at an emergency department.

    Source: Hospital Episode Statistics to 2019/20, then the Emergency Care Data Set, whose codes differ.
    """

    patient_id: Text = key(PATIENT)
    arrival_date: Date = key("day of arrival")
    attendance_no: Whole = key("number of the attendance on that day, from 1")
    reason: Text = code("attendance_reason", "group of reasons")
    admitted: Flag = field("admitted from there")


class OutpatientAppointments(Table):
    """One row per outpatient appointment.

    Source: Hospital Episode Statistics, outpatients. Diagnoses are rarely recorded there.
    """

    patient_id: Text = key(PATIENT)
    appointment_date: Date = key("day")
    specialty: Text = key("treatment specialty, three digits of the NHS data dictionary")
    attended: Flag = field("the patient came")


class MentalHealthReferrals(Table):
    """One row per referral to a mental health, learning disability or autism service.

    Source: Mental Health Services Data Set, 2016 on. Missing in the real one: counselling in schools and by
    charities, and the reason in many records.
    """

    patient_id: Text = key(PATIENT)
    referral_id: Text = key("number of the referral")
    referral_date: Date = field("day the referral was received")
    source: Text = code("mental_health_source", "who referred")
    reason: Text = code("mental_health_reason", "main reason for referral")
    team: Text = code("mental_health_team", "kind of team")
    accepted: Flag = field("accepted for assessment or treatment")
    closed_date: Date = field("day the referral closed; empty while open")
    first_score: Number = field("first outcome score, standardised, higher = more difficulty")
    last_score: Number = field("last outcome score on the same scale")


class MentalHealthContacts(Table):
    """One row per contact offered within a mental health referral."""

    patient_id: Text = key(PATIENT)
    referral_id: Text = key("number of the referral")
    contact_date: Date = key("day")
    attended: Flag = field("took place")
    face_to_face: Flag = field("in person")
