"""Measures the targets on absence, special needs and free school meals of children known to social care.

A child known to social care is found among pupils through the bridging file (`linked_people`), as in the
DfE's outcomes statistics: groups by the highest status at 31 March of the academic year.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.children_in_need import in_need
from helpers.calibration.common import open_at, percent, periods, prepared_sql
from helpers.sources.store import Store

# The DfE's groups are without those on a plan and looked after, or looked after.
IN_NEED, PROTECTED, LOOKED_AFTER = "in_need", "protected", "looked_after"


def groups(store: Store, year: int) -> str:
    """Return the table of pupils known to social care at 31 March: pupil_id, who and months (looked after).

    `who` is the highest of being in need, having a child protection plan and being looked after.
    """
    day = f"date '{year}-03-31'"
    begun_months_ago = f"date_diff('month', period_start, {day})"
    return prepared_sql(
        store,
        f"known_pupils_{year}",
        f"""with known as (
            select authority, child_id, 1 as status, 0 as months from referrals where {in_need(year)}
            union all
            select authority, child_id, 2, 0 from cp_plans where {open_at("plan_start", "plan_end", year)}
            union all
            select authority, child_id, 3, {begun_months_ago} from {periods(store)}
            where {open_at("period_start", "period_end", year)}
        ), pupils as (
            select c.authority, c.number as child_id, p.number as pupil_id
            from linked_people c join linked_people p using (person_id)
            where c.dataset = 'social_care' and p.dataset = 'education'
        )
        select pupil_id, ['{IN_NEED}', '{PROTECTED}', '{LOOKED_AFTER}'][max(status)] as who,
            max(months) as months
        from known join pupils using (authority, child_id) group by pupil_id""",
    )


def in_group(store: Store, year: int, who: str) -> str:
    """Return SQL: the pupil is of the group; looked after for 12 months or more, as the DfE counts them."""
    months = " and months >= 12" if who == LOOKED_AFTER else ""
    return f"pupil_id in (select pupil_id from {groups(store, year)} where who = '{who}'{months})"


def pupils(store: Store, year: int) -> str:
    """Return the table of pupils on roll in spring: with special needs and free school meals."""
    return prepared_sql(
        store,
        f"pupils_{year}",
        f"""select e.pupil_id, year_group, free_school_meals, provision, primary_type
            from school_enrolments e
            left join special_needs s on s.pupil_id = e.pupil_id and s.academic_year = e.academic_year
            where e.academic_year = {year} and term = 'SPR' and enrolment in ('C', 'M')""",
    )


def absence(store: Store, year: int) -> str:
    """Return the table of absence in the academic year: pupil_id, missed and possible sessions."""
    return prepared_sql(
        store,
        f"absence_{year}",
        f"""select pupil_id, sum(authorised + unauthorised) as missed, sum(sessions_possible) as possible
            from absences where academic_year = {year} group by pupil_id""",
    )


@target("F07153", who=IN_NEED)
@target("F07169", who=LOOKED_AFTER)
def overall_absence(store: Store, who: str) -> float:
    """Sessions missed of those possible in 2024/25, %."""
    query = f"""select 100 * sum(missed) / sum(possible) from {absence(store, 2025)}
        where {in_group(store, 2025, who)}"""
    return one(store, query)


@target("F07155", who=IN_NEED, share=0.1)
@target("F07156", who=IN_NEED, share=0.5)
@target("F07171", who=LOOKED_AFTER, share=0.1)
def absentees(store: Store, who: str, share: float) -> float:
    """Pupils who missed so large a share of their possible sessions in 2024/25, %."""
    absent = f"missed >= {share} * possible and possible > 0"
    return percent(store, absence(store, 2025), in_group(store, 2025, who), absent)


@target("F01698", who=IN_NEED, provision="K")
@target("F01760", who=IN_NEED, provision="E")
@target("F01791", who=LOOKED_AFTER, provision="K")
@target("F01822", who=LOOKED_AFTER, provision="E")
@target("F01854", who="", provision="E")
@target("F01882", who="", provision="K")
def special_needs(store: Store, who: str, provision: str) -> float:
    """Pupils with support (K) or a plan (E) in spring 2025, %; of all pupils where no group is named."""
    of = in_group(store, 2025, who) if who else "true"
    return percent(store, pupils(store, 2025), of, f"provision = '{provision}'")


@target("F11004", who=IN_NEED, kind="SEMH")
@target("F11021", who=LOOKED_AFTER, kind="SEMH")
@target("F10996", who=IN_NEED, kind="ASD")
@target("F11013", who=LOOKED_AFTER, kind="ASD")
def primary_need(store: Store, who: str, kind: str) -> float:
    """Of pupils with special needs in 2021/22, those with this primary type of need, %."""
    of = f"provision is not null and {in_group(store, 2022, who)}"
    return percent(store, pupils(store, 2022), of, f"primary_type = '{kind}'")


@target("F01667", who=IN_NEED, year=2025)
@target("F11143", who=PROTECTED, year=2022)
def free_school_meals(store: Store, who: str, year: int) -> float:
    """Pupils eligible for free school meals in spring, %."""
    return percent(store, pupils(store, year), in_group(store, year, who), "free_school_meals")
