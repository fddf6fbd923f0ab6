"""Canonical tables of services: who does the work, what is spent, what is judged, and what was tried.

Workforce follows the children's social work workforce census (individual level since 2017, year 1
October to 30 September), spend follows section 251. Visits and allocations are in no national
collection.
"""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key, key_code
from helpers.catalogue.children_in_need import AUTHORITY, CHILD

WORKER = "number of the worker (Social Work England number)"
CENSUS_YEAR = "workforce census year, named by its 30 September"


class SocialWorkers(Table):
    """One row per worker, authority and workforce census year.

    Source: children's social work workforce census. Missing in the real one: managers' caseloads, pay,
    and which children a worker worked with. Ethnicity is voluntary. Changes to its fields after 2022
    are not confirmed.
    """

    authority: Text = key(AUTHORITY)
    census_year: Whole = key(CENSUS_YEAR)
    worker_id: Text = key(WORKER)
    agency: Flag = field("agency worker")
    full_time_equivalent: Number = field("contracted time, 0 to 1")
    birth_date: Date = field("date of birth")
    sex: Text = code("sex", "M, F or U; recorded as gender in the census")
    ethnicity: Text = code("ethnicity", "ethnicity code")
    qualifying_institution: Text = field("where the worker qualified")
    qualification: Text = code("qualification_level", "level of the social work qualification")
    step_up: Flag = field("came through Step Up to Social Work")
    frontline: Flag = field("came through Frontline")
    role: Text = code("org_role", "role in the organisation")
    role_start: Date = field("start in the authority")
    start_origin: Text = code("start_origin", "where the worker came from")
    role_end: Date = field("end in the authority; empty while it lasts")
    destination: Text = code("leaver_destination", "where the worker went")
    reason_left: Text = code("leaver_reason", "why the worker left")
    cases: Whole = field("cases held on 30 September")
    full_time_equivalent_on_day: Number = field("time worked on 30 September, 0 to 1")
    working_days_lost: Number = field("days lost to sickness in the year")
    weeks_contracted: Number = field("weeks of the year under contract")
    absent: Flag = field("absent on 30 September")
    absence_reason: Text = code("absence_reason", "why")
    development: Text = code("development_stage", "assessed and supported year, or later stage")


class WorkforceVacancies(Table):
    """One row per authority and workforce census year: posts that stood empty.

    Source: the same census, by authority.
    """

    authority: Text = key(AUTHORITY)
    census_year: Whole = key(CENSUS_YEAR)
    vacancies: Number = field("vacant posts, full-time equivalents")
    agency_full_time_equivalent: Number = field("agency workers, full-time equivalents")
    agency_headcount: Whole = field("agency workers, people")


class CaseAllocations(Table):
    """One row per child, worker and spell of responsibility, below care as well as in it.

    Source: case management systems. The SSDA903 has it for children looked after since 2023/24
    (`social_worker_episodes`); for children in need it is not collected.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    worker_id: Text = key(WORKER)
    allocation_start: Date = key("first day")
    allocation_end: Date = field("last day; empty while it lasts")


class SocialWorkVisits(Table):
    """One row per visit to a child.

    Source: case management systems. What is done in a visit, and how well, is recorded nowhere as data.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    visit_date: Date = key("day")
    seen: Flag = field("the child was seen")
    seen_alone: Flag = field("the child was seen alone")
    statutory: Flag = field("counts towards a statutory duty")


class Spend(Table):
    """One row per authority, financial year and line of spending on children's services.

    Source: section 251 outturn, table A1; lines as numbered since 2018/19 (fostering was one line before).
    """

    authority: Text = key(AUTHORITY)
    year: Whole = key("financial year, named by the year it ends in")
    line: Text = key_code("spend_line", "section 251 line")
    own_provision: Number = field("pounds, cash prices")
    private_provision: Number = field("pounds")
    other_public: Number = field("pounds")
    voluntary: Number = field("pounds")
    income: Number = field("pounds")
    net_current: Number = field("total less income, pounds")


class PlacementCosts(Table):
    """One row per child and placement: what it cost a week.

    Source: authorities' finance systems; no national collection by child.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    placement_start: Date = key("first day of the placement")
    placement_end: Date = field("day it ended; empty while it lasts")
    line: Text = code("spend_line", "section 251 line it is booked to")
    weekly_cost: Number = field("pounds a week, prices of the last financial year in which it was observed")
    health_share: Number = field("part paid by health, 0 to 1")
    education_share: Number = field("part paid by education, 0 to 1")


class UnitCostParts(Table):
    """One row per process, activity and kind of worker: the parts from which a unit cost is built.

    Source: time-use studies of social work, such as those behind the Cost Calculator for Children's
    Services. Few, and old.
    """

    process: Text = key("process, e.g. initial assessment or finding a placement")
    activity: Text = key("activity within it, e.g. visit, report, meeting")
    role: Text = key_code("org_role", "who does it")
    year: Whole = key("financial year of the prices, named by the year it ends in")
    hours: Number = field("hours for one child")
    hourly_cost: Number = field("pounds an hour, overheads included")


class Inspections(Table):
    """One row per inspection of an authority's children's services.

    Source: Ofsted (ILACS from 2018, single inspection framework before). Single-word judgements of
    authorities end with inspections from 2025/26 (not confirmed).
    """

    authority: Text = key(AUTHORITY)
    inspection_date: Date = key("last day of the inspection")
    framework: Text = code("inspection_framework", "framework")
    overall: Text = code("judgement", "overall effectiveness")
    help_and_protection: Text = code("judgement", "help and protection")
    care: Text = code("judgement", "children in care")
    care_leavers: Text = code("judgement", "care leavers; separate since 2023")
    leadership: Text = code("judgement", "impact of leaders")


class HousingApplications(Table):
    """One row per household and homelessness application.

    Source: H-CLIC returns of housing authorities, from April 2018. Two-tier counties: districts hold it.
    """

    household_id: Text = key("number of the household")
    application_date: Date = key("day of the application")
    authority: Text = field(AUTHORITY)
    care_leaver: Flag = field("a care leaver aged 18 to 20, or over 21 and at risk")
    duty: Text = code("housing_duty", "duty owed")
    temporary_start: Date = field("first day in temporary accommodation")
    temporary_end: Date = field("last day in temporary accommodation")
    outcome: Text = code("housing_outcome", "how the duty ended")


class AdultServiceTransitions(Table):
    """One row per young person and adult service at the move to adulthood.

    Source: adult social care and adult mental health records; no data set links them to children's today.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    service: Text = key_code("adult_service", "adult service")
    planned_date: Date = field("day planning began")
    referred_date: Date = field("day of the referral")
    accepted: Flag = field("accepted by the adult service")
    first_contact: Date = field("day of the first contact with it; empty when none")


class PolicyChanges(Table):
    """One row per authority and change of policy or practice, with the day from which it held.

    Source: whoever kept a list. Evaluation by routine records stands or falls with it.
    """

    authority: Text = key(AUTHORITY)
    policy: Text = key("name of the policy")
    start_date: Date = field("day from which it held")
    phase: Text = field("wave of a staged introduction")


class TrialParticipants(Table):
    """One row per family in a randomised trial, with its arm.

    Source: the trial's own list, linked to routine records with consent.
    """

    trial: Text = key("name of the trial")
    person_id: Text = key("number of the mother or child in the register of families")
    arm: Text = code("trial_arm", "what the family was offered")
    randomised: Date = field("day of randomisation")
    site: Text = field("site or cluster")
    sessions: Whole = field("sessions received")
