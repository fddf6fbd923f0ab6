"""Targets of criminal justice and the family court, each measured by its own published definition.

Numbers of people differ between data sets: `linked_people` leads from one to the other, as the bridging
files of the real linked data do.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.sources.store import Store

# The pupils of a cohort with their number in the register of families; one row a pupil.
PUPILS = """
    cohort AS (
        SELECT DISTINCT link.person_id, year(p.birth_date + INTERVAL 4 MONTH) + 16 AS ks4
        FROM pupils p
        JOIN linked_people link ON link.dataset = 'education' AND link.number = p.pupil_id
        WHERE p.birth_date BETWEEN $from AND $to
    )"""

CARE = """
    looked_after AS (
        SELECT link.person_id, e.episode_start, e.episode_end, e.collection_year
        FROM care_episodes e
        JOIN linked_people link ON link.dataset = 'social_care'
            AND link.authority = e.authority AND link.number = e.child_id
        WHERE e.legal_status NOT IN ('V3', 'V4') AND e.collection_year >= 2006
    )"""

NEED = """
    in_need AS (
        SELECT link.person_id, r.referral_date, r.closure_date
        FROM referrals r
        JOIN linked_people link ON link.dataset = 'social_care'
            AND link.authority = r.authority AND link.number = r.child_id
        WHERE NOT r.no_further_action
    )"""


def _measure(store: Store, query: str, **values: object) -> float:
    """Return the one number of a query whose values are named."""
    found = store.connection.con.execute(query, values).fetchone()[0]
    return float("nan") if found is None else float(found)


@target("F00479")
def repeat_mothers(store: Store) -> float:
    """Mothers in care proceedings issued in 2007 to 2014 who were in more than one case, %."""
    return one(
        store,
        """
        SELECT 100 * avg(CASE WHEN cases > 1 THEN 1.0 ELSE 0 END) FROM (
            SELECT p.person_id, count(DISTINCT c.case_id) AS cases
            FROM court_cases c JOIN case_people p USING (case_id)
            WHERE c.application = 'care' AND p.role = 'mother'
                AND year(c.application_date) BETWEEN 2007 AND 2014
            GROUP BY p.person_id)
        """,
    )


@target("F00498")
def newborn_proceedings(store: Store) -> float:
    """Care proceedings within a week of birth per 10,000 live births; mean of 2015 to 2017."""
    return one(
        store,
        """
        SELECT 1e4 * count(DISTINCT p.person_id) / (
            SELECT nullif(count(*), 0) FROM births WHERE year(birth_date) BETWEEN 2015 AND 2017)
        FROM court_cases c JOIN case_people p USING (case_id)
        WHERE c.application = 'care' AND p.role = 'child' AND year(c.application_date) BETWEEN 2015 AND 2017
            AND c.application_date - p.birth_date < 7
        """,
    )


@target("F00510")
def weeks_of_care_proceedings(store: Store) -> float:
    """Mean weeks from application to final order of care cases closed in 2023/24 (quarters: 43 and 44)."""
    return one(
        store,
        """
        SELECT avg(final_order_date - application_date) / 7 FROM court_cases
        WHERE application = 'care' AND final_order_date BETWEEN '2023-04-01' AND '2024-03-31'
        """,
    )


@target("F00508")
def children_in_private_law(store: Store) -> float:
    """Children in new private law cases of 2023/24, of all in new private and public cases, %."""
    return one(
        store,
        """
        SELECT 100 * avg(CASE WHEN c.law = 'private' THEN 1.0 ELSE 0 END)
        FROM court_cases c JOIN case_people p USING (case_id)
        WHERE p.role = 'child' AND c.law IN ('public', 'private')
            AND c.application_date BETWEEN '2023-04-01' AND '2024-03-31'
        """,
    )


@target("F00445", care=True)
@target("F00446", care=False)
def youth_justice(store: Store, care: bool) -> float:
    """Pupils born in 1996 to 1999 cautioned or convicted at 10 to 17, by whether ever looked after, %.

    Care experience counts as the linked data see it: in the returns of 2005/06 and later.
    """
    query = f"""
        WITH {PUPILS}, {CARE},
        experienced AS (SELECT DISTINCT person_id FROM looked_after),
        offenders AS (
            SELECT DISTINCT link.person_id
            FROM disposals d
            JOIN justice_people j USING (person_id)
            JOIN linked_people link ON link.dataset = 'justice' AND link.number = d.person_id
            WHERE d.disposal_date BETWEEN j.birth_date + INTERVAL 10 YEAR AND j.birth_date + INTERVAL 18 YEAR)
        SELECT 100 * avg((person_id IN (FROM offenders))::INT) FROM cohort
        WHERE (person_id IN (FROM experienced)) = $care
    """
    return _measure(store, query, **{"from": "1996-01-01", "to": "1999-12-31", "care": care})


@target("F11190", care=False, offenders=False)
@target("F11191", care=False, offenders=True)
@target("F11193", care=True, offenders=False)
@target("F11194", care=True, offenders=True)
def ever_in_social_care(store: Store, care: bool, offenders: bool) -> float:
    """Pupils of Key Stage 4 in 2012/13 to 2017/18 ever in need, or looked after, of all or of offenders, %.

    Ever means on any 31 March up to the end of Key Stage 4 that the returns cover (looked after from 2006,
    in need from 2009). That it counts this day alone is our reading: in need at any time would be half as
    many again. Offenders were cautioned or sentenced at 10 to 18, by the end of 2017.
    """
    spells, start, end, first = (
        ("looked_after", "episode_start", "episode_end", 2006)
        if care
        else ("in_need", "referral_date", "closure_date", 2009)
    )
    query = f"""
        WITH {PUPILS}, {CARE}, {NEED},
        known AS (
            SELECT DISTINCT c.person_id FROM cohort c JOIN {spells} s USING (person_id)
            JOIN range({first}, 2019) AS years(year) ON year <= c.ks4
                AND s.{start} <= make_date(year::INT, 3, 31)
                AND coalesce(s.{end}, DATE '2100-01-01') > make_date(year::INT, 3, 31)),
        offenders AS (
            SELECT DISTINCT link.person_id
            FROM disposals d
            JOIN justice_people j USING (person_id)
            JOIN linked_people link ON link.dataset = 'justice' AND link.number = d.person_id
            WHERE d.disposal_date < j.birth_date + INTERVAL 19 YEAR AND d.disposal_date < '2018-01-01')
        SELECT 100 * avg((person_id IN (FROM known))::INT) FROM cohort
        WHERE NOT $offenders OR person_id IN (FROM offenders)
    """
    return _measure(store, query, **{"from": "1996-09-01", "to": "2002-08-31", "offenders": offenders})
