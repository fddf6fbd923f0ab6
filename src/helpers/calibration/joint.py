"""How things hang together in a store: what single figures cannot show, as tidy frames to be drawn.

Margins may all be right and a country still be wrong: if deprivation does not tell, if a plan never follows
need, if all children stay in care for the same time. No figure here is a target; some have one beside them.
"""

from __future__ import annotations

import pandas as pd

from helpers.calibration import inequality
from helpers.calibration.attainment import KS4, results
from helpers.calibration.base import MEASURES, targets
from helpers.calibration.children_in_need import in_need
from helpers.calibration.common import GROUP, age_at, children, in_year, open_at, periods
from helpers.calibration.cumulative import first, people, size_of
from helpers.calibration.looked_after import at_end
from helpers.calibration.referrals import closures, home_spells
from helpers.sources.store import Store

NONE, NEED, PLAN, CARE = "None of these", "In need", "On a plan", "Looked after"
EXAM_YEARS = (2016, 2017, 2018, 2019, 2023, 2024)  # Attainment 8 as it is now, the pandemic years left out
STATES = [NONE, NEED, PLAN, CARE]


def _frame(store: Store, query: str, *values: object) -> pd.DataFrame:
    return store.connection.con.execute(query, list(values)).df()


def trends(store: Store, years: range) -> pd.DataFrame:
    """Return the main rates by collection year.

    Returns
    -------
    pandas.DataFrame
        what, year, n, rate (per 10,000 children).
    """
    rows = {
        "Referrals in the year": ("referrals", lambda y: in_year("referral_date", y)),
        "In need at 31 March": ("referrals", in_need),
        "Section 47 enquiries": ("section47", lambda y: in_year("enquiry_start", y)),
        "On a plan at 31 March": ("cp_plans", lambda y: open_at("plan_start", "plan_end", y)),
        "Looked after at 31 March": (
            periods(store),
            lambda y: open_at("period_start", "period_end", y),
        ),
        "Starting to be looked after": (periods(store), lambda y: in_year("period_start", y)),
    }
    found = [
        (what, year, _frame(store, f"select count(*) as n from {table} where {condition(year)}")["n"][0])
        for what, (table, condition) in rows.items()
        for year in years
    ]
    table = pd.DataFrame(found, columns=["what", "year", "n"]).astype({"n": "int64"})
    return table.assign(rate=1e4 * table["n"] / [children(store, year) for year in table["year"]])


def deciles(store: Store) -> pd.DataFrame:
    """Return rates at 31 March of `inequality.YEARS` by decile of deprivation, beside those published.

    Returns
    -------
    pandas.DataFrame
        what, decile (1 = least deprived), rate (per 10,000 children, as `inequality.decile_rate` gives it),
        published (missing where it was not).
    """
    values = targets().set_index("id")["value"]
    published = {
        (measured.arguments["service"], measured.arguments["decile"]): values[number]
        for number, measured in MEASURES.items()
        if measured.function is inequality.decile_rate
    }
    rows = [
        (what, decile, inequality.decile_rate(store, service, decile), published.get((service, decile)))
        for service, what in (("plan", PLAN), ("care", CARE))
        for decile in range(1, 11)
    ]
    return pd.DataFrame(rows, columns=["what", "decile", "rate", "published"]).astype({"published": float})


def care_by_group_and_deprivation(store: Store, year: int) -> pd.DataFrame:
    """Return how many are looked after at 31 March by ethnic group and fifth of deprivation of the home.

    Returns
    -------
    pandas.DataFrame
        who, fifth (1 = least deprived), n, of (children of the group living there), rate (per 10,000).
    """
    frame = _frame(
        store,
        f"""with homes as (
                select {GROUP} as who, 6 - ceil(imd_decile / 2) as fifth, sum(children) as of
                from neighbourhood_populations join neighbourhoods using (neighbourhood) where year = (
                    select year from neighbourhood_populations
                    group by year order by abs(year - ?), year limit 1) group by 1, 2),
            served as (
                select who, 6 - ceil(imd_decile / 2) as fifth, count(*) as n from {at_end(store, year)}
                join postcodes on postcode = home_postcode join neighbourhoods using (neighbourhood)
                group by 1, 2)
            select who, fifth::int as fifth, coalesce(n, 0) as n, of from homes left join served
            using (who, fifth) where who is not null order by who, fifth""",
        year - 1,
    )
    return frame.assign(rate=1e4 * frame["n"] / frame["of"])


def age_profile(store: Store, year: int) -> pd.DataFrame:
    """Return rates at 31 March by single year of age.

    Returns
    -------
    pandas.DataFrame
        what, age (0 to 17), n, of, rate (per 10,000 of the age).
    """
    day = f"date '{year}-03-31'"
    services = {
        NEED: f"select distinct authority, child_id from referrals where {in_need(year)}",
        PLAN: f"select distinct authority, child_id from cp_plans "
        f"where {open_at('plan_start', 'plan_end', year)}",
        CARE: f"select authority, child_id from {at_end(store, year)}",
    }
    parts = [
        _frame(
            store,
            f"""with served as ({query}),
                aged as (select {age_at("birth_date", day)} as age from served
                         join children using (authority, child_id))
                select age, count(aged.age) as n, any_value(of) as of
                from (select age, sum(people) as of from populations where age < 18 and year = ? group by 1)
                left join aged using (age) group by age order by age""",
            year - 1,
        ).assign(what=what)
        for what, query in services.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(rate=1e4 * table["n"] / table["of"])


def needs_at_school(store: Store) -> pd.DataFrame:
    """Return attainment and exclusion at the end of Key Stage 4 by special needs and social care together.

    Returns
    -------
    pandas.DataFrame
        needs, care, n, attainment8 (mean), excluded (share with a suspension or exclusion in the year).
    """
    return _frame(
        store,
        f"""select case provision when 'K' then 'SEN support' when 'E' then 'EHC plan'
                else 'No special needs' end as needs,
                case when cla then '{CARE}' when cin or cpp then '{NEED}' else '{NONE}' end as care,
                count(*) as n, avg(attainment8) as attainment8,
                avg(((pupil_id, academic_year) in (
                    select (pupil_id, academic_year) from exclusions))::int) as excluded
            from {results(store, KS4, EXAM_YEARS)} group by all order by 1 desc, 2 desc""",
    )


def durations(store: Store, from_year: int, to_year: int) -> pd.DataFrame:
    """Return how long things last, counted by days, for survival curves.

    Returns
    -------
    pandas.DataFrame
        what, days, event (1 when it ended or came), n. Episodes of need and periods of care that began,
        closures and returns home that came in the years.
    """
    begin, end = f"date '{from_year - 1}-04-01'", f"date '{to_year}-03-31'"
    spells = {
        "Case of need still open": f"""
            select date_diff('day', referral_date, coalesce(closure_date, {end})) as days,
                (closure_date is not null)::int as event
            from referrals where not coalesce(no_further_action, false)
                and referral_date between {begin} and {end}
                and (closure_date is not null or collection_year >= {to_year})""",
        "Still looked after": f"""
            select date_diff('day', period_start, coalesce(period_end, last_day)) as days,
                (period_end is not null)::int as event
            from {periods(store)} where period_start between {begin} and {end}""",
        "Referred again after closure": f"""
            select days, event from {closures(store)} where closure_date between {begin} and {end}""",
        "Back in care after going home": f"""
            select days, event::int as event from {home_spells(store)}
            where home between {begin} and {end}""",
    }
    parts = [
        _frame(
            store,
            f"select days, event, count(*) as n from ({query}) where days >= 0 group by all order by all",
        ).assign(what=what)
        for what, query in spells.items()
    ]
    return pd.concat(parts, ignore_index=True)


def transitions(store: Store, years: range) -> pd.DataFrame:
    """Return where children were at one 31 March and at the next; the highest state counts.

    Returns
    -------
    pandas.DataFrame
        now, next, n, of (children in the state now), share; over the years named, children who were under 17
        at the first of two dates.
    """
    parts = [_moves(store, year) for year in years]
    table = pd.concat(parts).groupby(["now", "next"], as_index=False)["n"].sum()
    table["of"] = table.groupby("now")["n"].transform("sum")
    order = {state: place for place, state in enumerate(STATES)}
    table = table.sort_values(["now", "next"], key=lambda column: column.map(order), ignore_index=True)
    return table.assign(share=table["n"] / table["of"])


def _moves(store: Store, year: int) -> pd.DataFrame:
    young = f"birth_date > date '{year}-03-31' - interval 17 years"
    found = _frame(
        store,
        f"""select coalesce(a.state, 0) as now, coalesce(b.state, 0) as next, count(*) as n
            from ({_states(store, year)}) a full join ({_states(store, year + 1)}) b
            using (authority, child_id) join children using (authority, child_id) where {young}
            group by all""",
    )
    every_child = 17 / 18 * children(store, year)
    rest = pd.DataFrame({"now": [0], "next": [0], "n": [round(every_child - found["n"].sum())]})
    table = pd.concat([found, rest])
    return table.assign(now=table["now"].map(STATES.__getitem__), next=table["next"].map(STATES.__getitem__))


def _states(store: Store, year: int) -> str:
    """Return the query of the highest state (place in STATES) of each child at 31 March."""
    return f"""select authority, child_id, max(state) as state from (
            select authority, child_id, 1 as state from referrals where {in_need(year)}
            union all select authority, child_id, 2 from cp_plans
            where {open_at("plan_start", "plan_end", year)}
            union all select authority, child_id, 3 from {at_end(store, year)}) group by all"""


def ways(store: Store, cohort: int, until_age: int) -> pd.DataFrame:
    """Return in which order children of a cohort first met each service before an age.

    Returns
    -------
    pandas.DataFrame
        way (e.g. "referred → in need → plan"), n (people), share (of all born in the cohort); from the
        most frequent. A way in which two came on one day has them in the order of the services.
    """
    steps = {"referral": "referred", "need": "in need", "plan": "plan", "care": "care"}
    union = " union all ".join(
        f"select person, cohort, day, {place} as place, '{name}' as step from {first(store, service)}"
        for place, (service, name) in enumerate(steps.items())
    )
    table = _frame(
        store,
        f"""with births as (select person, min(birth_date) as birth_date from {people(store)} group by person)
            select way, count(*) as n from (
                select person, string_agg(step, ' → ' order by day, place) as way
                from ({union}) join births using (person)
                where cohort = ? and day < birth_date + to_years(?) group by person)
            group by way order by n desc, way""",
        cohort,
        until_age,
    )
    return table.assign(share=table["n"] / size_of(store, (cohort, cohort)))
