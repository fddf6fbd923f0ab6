"""Measures the targets on health: hospital contacts around a referral, health of children looked after."""

from helpers.calibration.base import one, target
from helpers.sources.store import Store

# First referral of each child that hospitals know, by the highest level of involvement in two years after it.
# A child may have several numbers in social care; `linked_people` says which belong to one person.
FIRST = """
    WITH link AS (
        SELECT s.authority, s.number AS child_id, min(h.number) AS patient_id
        FROM linked_people s JOIN linked_people h ON h.person_id = s.person_id AND h.dataset = 'health'
        WHERE s.dataset = 'social_care'
        GROUP BY ALL
    ),
    referred AS (
        SELECT patient_id, min(referral_date) AS first
        FROM referrals JOIN link USING (authority, child_id)
        WHERE NOT no_further_action
        GROUP BY patient_id
        HAVING first BETWEEN DATE '2009-04-01' AND DATE '2018-03-31'
    ),
    later AS (
        SELECT authority, child_id, plan_start AS day, 2 AS level FROM cp_plans
        UNION ALL
        SELECT authority, child_id, episode_start, 3 FROM care_episodes
        WHERE reason_new_episode = 'S' AND legal_status NOT IN ('V3', 'V4')
    ),
    reached AS (
        SELECT patient_id, max(level) AS level
        FROM later JOIN link USING (authority, child_id) JOIN referred USING (patient_id)
        WHERE day BETWEEN first AND first + INTERVAL 2 YEAR
        GROUP BY patient_id
    ),
    cohort AS (
        SELECT patient_id, first, coalesce(level, 1) AS level
        FROM referred LEFT JOIN reached USING (patient_id)
    )
"""

# Attendances, admissions other than birth, and appointments kept.
CONTACTS = """
    contact AS (
        SELECT patient_id, arrival_date AS day FROM emergency_attendances
        UNION ALL
        SELECT patient_id, admission_date FROM hospital_admissions WHERE method NOT IN ('82', '83')
        UNION ALL
        SELECT patient_id, appointment_date FROM outpatient_appointments WHERE attended
    )
"""


@target("F00460", level=1)
@target("F00462", level=2)
@target("F00464", level=3)
def contacts_around_referral(store: Store, level: int) -> float:
    """Return hospital contacts per child from two years before the first referral to two years after it.

    Luna et al. study first referrals of 2009 to 2018. A child counts once, in the group of the highest
    level of involvement (1 in need, 2 child protection plan, 3 looked after) within two years. A contact is
    an emergency attendance, an admission other than birth, or an outpatient appointment kept.
    """
    return one(
        store,
        f"""{FIRST}, {CONTACTS}
        SELECT count(day) / count(DISTINCT cohort.patient_id)
        FROM cohort LEFT JOIN contact ON contact.patient_id = cohort.patient_id
            AND day BETWEEN first - INTERVAL 2 YEAR AND first + INTERVAL 2 YEAR
        WHERE level = ?
        """,
        level,
    )


@target("F00472")
def high_difficulties(store: Store) -> float:
    """Return the percentage of SDQ scores from 14 (borderline) on, of 2009 to 2017."""
    return one(
        store,
        """SELECT 100 * avg((sdq_score >= 14)::INT) FROM care_outcomes
        WHERE sdq_score IS NOT NULL AND collection_year BETWEEN 2009 AND 2017""",
    )


@target("F03821", year=2025)
def average_difficulties(store: Store, year: int) -> float:
    """Return the mean SDQ score of children looked after for twelve months."""
    return one(store, "SELECT avg(sdq_score) FROM care_outcomes WHERE collection_year = ?", year)


@target("F03789", year=2025)
def substance_misuse(store: Store, year: int) -> float:
    """Return the percentage of children looked after for twelve months with a substance misuse problem."""
    return one(
        store, "SELECT 100 * avg(substance_misuse::INT) FROM care_outcomes WHERE collection_year = ?", year
    )
