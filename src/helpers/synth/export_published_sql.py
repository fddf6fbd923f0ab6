"""What each published table counts, by authority and year, as SQL over the canonical tables.

Every query runs over ``years`` (year, first_day, last_day of the collection year) and returns authority, year
and counts that add up over authorities. The definitions are those of the Department for Education's
statistics on children in need, children looked after and the children's social work workforce.
"""

from __future__ import annotations

# Cases that closed after the assessment were not children in need; a case never returned as closed counts as
# open for as long as a return held it.
_NEEDS = """
    select r.*, coalesce(closure_date, make_date(collection_year + 1, 3, 31)) as until
    from referrals r
    where not no_further_action and coalesce(closure_reason, '') not in ('RC8', 'RC9')
"""

CHILDREN_IN_NEED = f"""
    with needs as ({_NEEDS}),
    assessed as (
        select authority, child_id, referral_date, min(assessment_end) as first_end from assessments
        group by all)
    select n.authority, y.year,
        count(*) as Anypoint_episodes,
        count(distinct n.child_id) as Anypoint_child,
        count(*) filter (referral_date >= first_day) as Started_episodes,
        count(distinct n.child_id) filter (referral_date >= first_day) as Started_child,
        count(*) filter (closure_date between first_day and last_day) as Ended_episodes,
        count(distinct n.child_id) filter (closure_date between first_day and last_day) as Ended_child,
        count(*) filter (until > last_day) as At31_episodes,
        count(*) filter (until > last_day and coalesce(first_end > last_day, true)) as awaiting_assessment
    from needs n join years y on referral_date <= last_day and until >= first_day
    left join assessed using (authority, child_id, referral_date)
    group by all
"""

REFERRALS = """
    with spells as (
        select *, lag(referral_date) over (partition by authority, child_id order by referral_date) as before
        from referrals),
    told as (
        select *, coalesce(before >= referral_date - interval 12 month, false) as again,
            not no_further_action and coalesce(closure_reason, '') in ('RC8', 'RC9') as not_in_need
        from spells)
    select authority, year,
        count(*) as referral_count,
        count(*) filter (again) as rereferral_count,
        count(*) filter (no_further_action) as no_further_action_count,
        count(*) filter (not_in_need) as not_in_need_count,
        count(distinct child_id) as referral_child_count,
        count(distinct child_id) filter (again) as rereferral_child_count
    from told join years on referral_date between first_day and last_day
    group by all
"""

FACTORS = {
    "Alcohol_Misuse": ("1A", "1B", "1C"), "Drug_Misuse": ("2A", "2B", "2C"),
    "Domestic_Abuse": ("3A", "3B", "3C"), "Mental_Health": ("4A", "4B", "4C"),
    "Learning_Disability": ("5A", "5B", "5C"), "Physical_Disability": ("6A", "6B", "6C"),
}  # fmt: skip
FACTOR_COLUMNS = {
    **{f"{name}_{who}": [code] for name, codes in FACTORS.items()
       for who, code in zip(("child", "parent", "person"), codes, strict=True)},
    "Young_Carer": ["7A"], "Privately_fostered": ["8B", "8C", "8D", "8E", "8F"],
    "Unaccompanied_asylum_seeker": ["9A"], "Going_missing": ["10A"], "Child_sexual_exploitation": ["11A"],
    "Trafficking": ["12A"], "Gangs": ["13A"], "Socially_unacceptable_behaviour": ["14A"],
    "Self_harm": ["15A"],
    "Neglect": ["16A"], "Emotional_Abuse": ["17A"], "Physical_Abuse_unknown": ["18A"],
    "Physical_Abuse_child_on_child": ["18B"], "Physical_Abuse_adult_on_child": ["18C"],
    "Sexual_Abuse_unknown": ["19A"], "Sexual_Abuse_child_on_child": ["19B"],
    "Sexual_Abuse_adult_on_child": ["19C"], "Female_Genital_Mutilation": ["22A"],
    "Faith_linked_abuse": ["23A"], "Child_criminal_exploitation": ["24A"], "Other": ["20"],
}  # fmt: skip
_CASE = "child_id || ' ' || referral_date"
_EACH = ",\n        ".join(
    f"count(distinct {_CASE}) filter (factor in ({', '.join(repr(code) for code in codes)})) as {column}"
    for column, codes in FACTOR_COLUMNS.items()
)
ASSESSED = f"""
    select authority, year,
        count(distinct {_CASE}) as Episodes_with_assessment_factor,
        {_EACH}
    from assessments join assessment_factors using (authority, child_id, referral_date, assessment_start)
    join years on assessment_end between first_day and last_day
    where factor <> '21'
    group by all
"""

PLANS_STARTED = """
    select authority, year, count(*) as CPP_start, count(*) filter (previous_plans > 0) as CPP_subsequent
    from cp_plans join years on plan_start between first_day and last_day
    group by all
"""

PLANS_OPEN = """
    with open_plans as (
        select p.authority, year, plan_start, last_day
        from cp_plans p join years on plan_start <= last_day and collection_year >= year
            and (plan_end is null or plan_end > last_day))
    select authority, year, count(*) as CPP_At31,
        count(*) filter (plan_start >= last_day - interval 3 month) as "3_months_or_less",
        count(*) filter (
            plan_start < last_day - interval 3 month and plan_start >= last_day - interval 6 month)
            as more_than_3_months_6_months,
        count(*) filter (
            plan_start < last_day - interval 6 month and plan_start > last_day - interval 12 month)
            as more_than_6_months_less_than_1_year,
        count(*) filter (
            plan_start <= last_day - interval 12 month and plan_start > last_day - interval 24 month)
            as "1_year_less_than_2_years",
        count(*) filter (plan_start <= last_day - interval 24 month) as "2_years_or_more"
    from open_plans group by all
"""

# Short breaks (V3, V4) are left out of every count of children looked after.
_LOOKED_AFTER = """
    select *, coalesce(episode_end, make_date(collection_year + 1, 3, 31)) as until
    from care_episodes where coalesce(legal_status, '') not in ('V3', 'V4')
"""

LOOKED_AFTER = f"""
    with episodes as ({_LOOKED_AFTER}),
    counted as (
        select authority, year,
            count(distinct child_id) filter (
                episode_end between first_day and last_day and reason_ceased <> 'X1') as ceased,
            count(distinct child_id) filter (until > last_day) as there,
            count(distinct child_id) filter (
                reason_new_episode = 'S' and episode_start >= first_day) as started
        from episodes join years on episode_start <= last_day and until >= first_day
        group by all),
    people as (
        select authority, year, sum(people) as population_estimate
        from (select authority, year + 1 as year, people from populations where age < 18) group by all),
    everywhere as (select * from people left join counted using (authority, year)),
    long as (
        select authority, year, 'Children ceasing to be looked after each year' as population_type,
            coalesce(ceased, 0) as children_count from everywhere
        union all select authority, year, 'Children looked after on 31 March each year',
            coalesce(there, 0) from everywhere
        union all select authority, year, 'Children starting to be looked after each year',
            coalesce(started, 0) from everywhere)
    select long.*, population_estimate from long join people using (authority, year)
    join years using (year)
"""

_ON_31_MARCH = f"""
    episodes as ({_LOOKED_AFTER}),
    numbered as (
        select *,
            sum(case when reason_new_episode = 'S' then 1 else 0 end) over spell as period,
            sum(case when reason_new_episode in ('S', 'P', 'B') then 1 else 0 end) over spell as placement_no
        from episodes
        window spell as (partition by authority, child_id order by episode_start)),
    placements as (
        select authority, child_id, period, placement_no, min(episode_start) as start, max(until) as until
        from numbered group by all),
    there as (
        select n.authority, n.child_id, year, first_day, last_day, max(period) as period,
            max(placement_no) as placement_no
        from numbered n join years on episode_start <= last_day and until > last_day
        group by all)
"""

STABILITY = f"""
    with {_ON_31_MARCH},
    told as (
        select t.authority, t.child_id, t.year,
            min(p.start) filter (p.period = t.period) as care_start,
            max(p.start) filter (p.placement_no = t.placement_no) as placement_start,
            count(*) filter (p.until >= first_day) as in_year,
            count(*) filter (p.until >= first_day - interval 1 year) as in_two_years,
            any_value(last_day) as last_day
        from there t join placements p on p.authority = t.authority and p.child_id = t.child_id
            and p.start <= t.last_day
        group by all),
    aged as (
        select told.*, birth_date > last_day - interval 16 year as under_16,
            care_start <= last_day - interval 30 month as long_care,
            care_start <= last_day - interval 24 month as two_years
        from told join children using (authority, child_id)),
    counted as (
        select authority, year,
            count(*) filter (under_16 and long_care) as long_all,
            count(*) filter (under_16 and long_care and placement_start <= last_day - interval 24 month)
                as long_same,
            count(*) filter (two_years) as two_all,
            count(*) filter (two_years and in_two_years >= 3) as two_moved,
            count(*) as all_there, count(*) filter (in_year >= 3) as moved
        from aged group by all),
    long as (
        select authority, year, unnest([
            {{'cla_group': '{{long}}',
              'placement_stability': 'Living with the same carer for at least 2 years',
              'children_count': long_same, 'total': long_all}},
            {{'cla_group': '{{long}}', 'placement_stability': 'Total children',
              'children_count': long_all, 'total': long_all}},
            {{'cla_group': 'CLA 2 years on 31 March', 'placement_stability': 'Total children',
              'children_count': two_all, 'total': two_all}},
            {{'cla_group': 'CLA 2 years on 31 March',
              'placement_stability': 'With 3 or more placements during the previous 2 years',
              'children_count': two_moved, 'total': two_all}},
            {{'cla_group': 'CLA on 31 March', 'placement_stability': 'Total children',
              'children_count': all_there, 'total': all_there}},
            {{'cla_group': 'CLA on 31 March',
              'placement_stability': 'With 3 or more placements during the year',
              'children_count': moved, 'total': all_there}}], recursive := true)
        from counted)
    select * from long
""".replace(
    "{long}",
    "Children looked after continuously for at least 2.5 years on 31 March aged under 16 years",
)

SOCIAL_WORKERS_OF_CHILDREN = f"""
    with {_ON_31_MARCH},
    told as (
        select t.authority, t.year, t.child_id,
            count(distinct worker_start) filter (
                worker_start <= last_day and coalesce(worker_end, last_day) >= first_day) as workers
        from there t left join social_worker_episodes w using (authority, child_id)
        group by all)
    select authority, year, 'CLA on 31 March' as cla_group, unnest([
        {{'sw_stability': 'Total children', 'number': count(*), 'total': count(*)}},
        {{'sw_stability': '3 or more social workers during the year',
          'number': count(*) filter (workers >= 3), 'total': count(*)}}], recursive := true)
    from told group by authority, year
"""

# The census year runs from 1 October to 30 September. Agency workers are counted apart from those in post.
WORKFORCE = """
    with told as (
        select *, full_time_equivalent as fte, make_date(census_year, 9, 30) as on_day,
            make_date(census_year - 1, 10, 1) as since,
            role_end is null or role_end > make_date(census_year, 9, 30) as there
        from social_workers),
    counted as (
        select authority, census_year as year,
            coalesce(sum(fte) filter (there and not agency), 0) as inpost_fte,
            count(*) filter (there and not agency) as inpost_headcount,
            coalesce(sum(fte) filter (role_start >= since and not agency), 0) as starters_fte,
            count(*) filter (role_start >= since and not agency) as starters_headcount,
            coalesce(sum(fte) filter (role_end between since and on_day and not agency), 0) as leavers_fte,
            count(*) filter (role_end between since and on_day and not agency) as leavers_headcount,
            coalesce(sum(fte) filter (there and agency), 0) as agency_fte,
            count(*) filter (there and agency) as agency_headcount,
            coalesce(sum(fte) filter (there and cases > 0), 0) as case_holders_fte,
            coalesce(sum(cases) filter (there), 0) as cases,
            coalesce(sum(working_days_lost) filter (not agency), 0) as working_days_lost_fte
        from told group by all)
    select c.*, coalesce(v.vacancies, 0) as vacancy_fte,
        inpost_fte + agency_fte as workers_fte,
        inpost_headcount + c.agency_headcount as workers_headcount,
        inpost_fte + coalesce(v.vacancies, 0) as posts_fte, inpost_fte * 253 as days_fte
    from counted c join years using (year)
    left join workforce_vacancies v on v.authority = c.authority and v.census_year = c.year
"""
