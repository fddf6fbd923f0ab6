"""Measures the targets on attainment at Key Stages 2 and 4, and on exclusion from school.

A pupil is joined to the numbers that authorities gave the child through the links of a trusted third party.
Groups that are small in a country of this size are measured over years next to each other.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import open_at, percent, periods, prepared_sql
from helpers.sources.store import Store

KS2, KS4 = "attainment_ks2", "attainment_ks4"
KS2_YEARS, KS4_YEARS = (2022, 2023, 2024), (2023, 2024)  # published for 2024, and alike in the years before
COHORT_2019 = (2017, 2018, 2019)
# An episode of need as the DfE counts it: also where the assessment then found no need.
IN_NEED = "not coalesce(no_further_action, false)"
NOW = {"all": "true", "cin": "cin and not cpp and not cla", "cpp": "cpp and not cla", "cla": "cla_year"}
YEAR_7 = (2011, 2012, 2013)
RETURNS_BEGIN = "date '2008-10-01'"  # first day from which the CIN Census has children by name


def _numbers(store: Store) -> str:
    """Return the table of pupils (pupil_id) and their numbers in returns (authority, child_id)."""
    return prepared_sql(
        store,
        "pupil_numbers",
        """select distinct p.number as pupil_id, c.authority, c.number as child_id
            from linked_people p join linked_people c using (person_id)
            where p.dataset = 'education' and c.dataset = 'social_care'""",
    )


def _spells(store: Store) -> str:
    """Return the table of spells of pupils in social care: kind (cin, cpp, cla), start and end (or null)."""
    return prepared_sql(
        store,
        "pupil_spells",
        f"""select pupil_id, kind, starts, ends from {_numbers(store)} join (
                select authority, child_id, 'cin' as kind, referral_date as starts, closure_date as ends
                from referrals where {IN_NEED}
                union all select authority, child_id, 'cpp', plan_start, plan_end from cp_plans
                union all select authority, child_id, 'cla', period_start, period_end from {periods(store)}
            ) using (authority, child_id)""",
    )


def _status(store: Store, year: int) -> str:
    """Return the table of status at 31 March of the year: cin, cpp, cla, cla_year (12 months or more)."""
    return prepared_sql(
        store,
        f"pupil_status_{year}",
        f"""select pupil_id, bool_or(kind = 'cin') as cin, bool_or(kind = 'cpp') as cpp,
                bool_or(kind = 'cla') as cla,
                bool_or(kind = 'cla' and starts <= date '{year - 1}-03-31') as cla_year
            from {_spells(store)} where {open_at("starts", "ends", year)} group by pupil_id""",
    )


def _lately(store: Store, year: int) -> str:
    """Return the table of involvement in the five academic years up to `year`, and of referral ever.

    referred: at any time before the end of the year, whatever came of it.
    """
    until = f"date '{year}-08-31'"
    return prepared_sql(
        store,
        f"pupil_lately_{year}",
        f"""select pupil_id, bool_or(kind = 'cin') as cin, bool_or(kind = 'cpp') as cpp,
                bool_or(kind = 'cla') as cla, true as referred
            from (
                select pupil_id, kind from {_spells(store)}
                where starts <= {until} and (ends is null or ends >= date '{year - 5}-09-01')
                union all select pupil_id, 'referred' from {_numbers(store)} join referrals
                using (authority, child_id) where referral_date <= {until}
            ) group by pupil_id""",
    )


def results(store: Store, table: str, years: tuple[int, ...]) -> str:
    """Return SQL: results with status at 31 March, meals and special needs in the same year."""
    parts = [
        f"""select a.*, coalesce(cin, false) as cin, coalesce(cpp, false) as cpp, coalesce(cla, false) as cla,
                coalesce(cla_year, false) as cla_year, n.provision,
                a.pupil_id in (select pupil_id from school_enrolments
                               where academic_year = {year} and free_school_meals) as meals
            from {table} a left join {_status(store, year)} using (pupil_id)
            left join special_needs n on n.pupil_id = a.pupil_id and n.academic_year = {year}
            where a.academic_year = {year}"""
        for year in years
    ]
    return "(" + " union all ".join(parts) + ")"


@target("F02719", who="all", years=(2024,))
@target("F07078", who="cin", years=KS2_YEARS)
@target("F07083", who="cla", years=KS2_YEARS)
@target("F07088", who="cpp", years=KS2_YEARS)
def standard_at_11(store: Store, who: str, years: tuple[int, ...]) -> float:
    """Pupils at the standard expected in reading, writing and maths at the end of Key Stage 2, %."""
    return percent(store, results(store, KS2, years), NOW[who], "expected_standard")


@target("F02561", where="true", years=(2024,))
@target("F02593", where="meals", years=(2024,))
@target("F02657", where="provision = 'K'", years=(2024,))
@target("F02689", where="provision = 'E'", years=(2024,))
@target("F06928", where=NOW["cin"], years=KS4_YEARS)
@target("F06933", where=NOW["cla"], years=KS4_YEARS)
@target("F06938", where=NOW["cpp"], years=KS4_YEARS)
def attainment8(store: Store, where: str, years: tuple[int, ...]) -> float:
    """Average Attainment 8."""
    return one(store, f"select avg(attainment8) from {results(store, KS4, years)} where {where}")


@target("F00007", who="cin and not cpp and not cla")
@target("F00008", who="cla")
def lower_at_16(store: Store, who: str) -> float:
    """How much lower Attainment 8 is than of pupils never referred, %: any involvement in five years."""
    parts = [
        f"""select attainment8, referred, cin, cpp, cla from {KS4} left join {_lately(store, year)}
            using (pupil_id) where academic_year = {year}"""
        for year in COHORT_2019
    ]
    query = f"""select 100 * (avg(attainment8) filter ({who})
                / avg(attainment8) filter (referred is null) - 1) from ({" union all ".join(parts)})"""
    return one(store, query)


def _pupils(store: Store, year: int) -> str:
    """Return the table of pupils on roll in the spring of a year, with status and exclusions in the year."""
    return prepared_sql(
        store,
        f"pupils_{year}",
        f"""select e.*, coalesce(cin, false) as cin, coalesce(cpp, false) as cpp,
                coalesce(cla, false) as cla, coalesce(cla_year, false) as cla_year,
                coalesce(suspended, 0) as suspended, coalesce(permanent, 0) as permanent
            from (select pupil_id, any_value(year_group) as year_group from school_enrolments
                  where academic_year = {year} and term = 'SPR' group by pupil_id) e
            left join {_status(store, year)} using (pupil_id)
            left join (select pupil_id, count(*) filter (category = 'SUSP') as suspended,
                           count(*) filter (category = 'PERM') as permanent
                       from exclusions where academic_year = {year} group by pupil_id) using (pupil_id)""",
    )


@target("F02353", who="all", what="suspended")
@target("F02381", who="all", what="permanent")
@target("F02260", who="cin", what="suspended")
@target("F02291", who="cin", what="permanent")
@target("F02322", who="cla", what="suspended")
def excluded_in_year(store: Store, who: str, what: str) -> float:
    """Pupils with at least one suspension, or permanent exclusion, in 2023/24, %; by status at 31 March."""
    return percent(store, _pupils(store, 2024), NOW[who], f"{what} > 0")


@target("F00009", who="cin and not cpp and not cla")
@target("F00010", who="cpp and not cla")
def likelier_in_year_11(store: Store, who: str) -> float:
    """How many times as likely exclusion is in Year 11 as for those never referred; as in `lower_at_16`."""
    parts = [
        f"""select (suspended + permanent > 0)::int as excluded, referred, l.cin, l.cpp, l.cla
            from {_pupils(store, year)} p left join {_lately(store, year)} l using (pupil_id)
            where year_group = '11'"""
        for year in (2015, 2016, *COHORT_2019)
    ]
    query = f"""select avg(excluded) filter ({who}) / avg(excluded) filter (referred is null)
                from ({" union all ".join(parts)})"""
    return one(store, query)


@target("F00435", who="true")
@target("F00438", who="kind is null")
@target("F00436", who="kind = 'cin'")
@target("F00437", who="kind = 'cla'")
def excluded_in_years_7_to_11(store: Store, who: str) -> float:
    """Pupils excluded at least once in Years 7 to 11, %, by the highest status on record before Year 7."""
    parts = [
        f"""select pupil_id, kind, pupil_id in (select pupil_id from exclusions
                where academic_year between {year} and {year + 4}) as excluded
            from (select distinct pupil_id from school_enrolments
                  where academic_year = {year} and term = 'SPR' and year_group = '7')
            left join (select pupil_id, case when bool_or(kind <> 'cin') then 'cla' else 'cin' end as kind
                       from {_spells(store)} where starts < date '{year - 1}-09-01'
                       and (ends is null or ends >= {RETURNS_BEGIN}) group by pupil_id) using (pupil_id)"""
        for year in YEAR_7
    ]
    return percent(store, "(" + " union all ".join(parts) + ")", who, "excluded")
