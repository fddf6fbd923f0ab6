"""Canonical tables of education: enrolment, special needs, absence, exclusion, attainment, what follows.

They follow the National Pupil Database, in long form: one table for all years and terms where the
official extracts carry term and year in every column's name. An academic year is named by the year it
ends in (2023 = 2022/23).
"""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key, key_code
from helpers.catalogue.children_in_need import AUTHORITY

PUPIL = "number of the pupil (pupil matching reference)"
ACADEMIC_YEAR = "academic year, named by the year it ends in"
TERM = "autumn, spring or summer"
URN = "number of the school"


class Pupils(Table):
    """One row per pupil.

    Source: National Pupil Database. Children below school age, in independent schools or always taught
    at home are not in it. Extracts for research hold month and year of birth only.
    """

    pupil_id: Text = key(PUPIL)
    sex: Text = code("sex", "M, F or U")
    birth_date: Date = field("date of birth")
    ethnicity: Text = code("ethnicity", "latest ethnicity code")
    first_language_english: Flag = field("English is the first language")


class SchoolEnrolments(Table):
    """One row per pupil, term and school.

    Source: school census, each term. A pupil may be on two rolls (subsidiary enrolment).
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    term: Text = key_code("term", TERM)
    urn: Text = key(URN)
    enrolment: Text = code("enrolment_status", "main or second school")
    year_group: Text = code("year_group", "national curriculum year; X = not following one")
    authority: Text = field("authority where the pupil lives")
    neighbourhood: Text = field("small area (LSOA) where the pupil lives")
    free_school_meals: Flag = field("eligible on the census day")
    free_school_meals_six_years: Flag = field("eligible at some time in the last six years")
    part_time: Flag = field("on a part-time timetable")
    entry_date: Date = field("day the pupil joined the roll")
    leaving_date: Date = field("day the pupil left the roll; empty while on it")


class SpecialNeeds(Table):
    """One row per pupil and academic year with special educational needs.

    Source: school census (spring). Pupils without a row had none. Missing in the real one: what the
    support was.
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    provision: Text = code("sen_provision", "SEN support or education, health and care plan")
    primary_type: Text = code("sen_type", "main type of need")
    secondary_type: Text = code("sen_type", "second type of need")
    sen_unit: Flag = field("taught in a unit within a mainstream school")
    resourced_provision: Flag = field("uses a resourced provision within a mainstream school")
    special_school: Flag = field("at a special school")


class EhcPlans(Table):
    """One row per request for an education, health and care plan.

    Source: SEN2, by person from 2023. Before that year only totals by authority were collected.
    """

    pupil_id: Text = key(PUPIL)
    request_date: Date = key("day of the request")
    authority: Text = field(AUTHORITY)
    assessed: Flag = field("the authority agreed to assess")
    plan_date: Date = field("day the plan was issued; empty when it was not")
    within_20_weeks: Flag = field("issued in the 20 weeks the law allows")
    ceased_date: Date = field("day the plan ceased")


class Absences(Table):
    """One row per pupil, term and school: sessions (half days) possible and missed.

    Source: school census, a term in arrears. Not collected for spring and summer 2020. Sum over schools
    before working out a rate.
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    term: Text = key_code("term", TERM)
    urn: Text = key(URN)
    sessions_possible: Whole = field("half days on which the pupil should have been there")
    authorised: Whole = field("missed with leave")
    unauthorised: Whole = field("missed without leave")
    illness: Whole = field("missed through illness (code I), part of authorised")
    excluded: Whole = field("missed through suspension or exclusion (code E), part of authorised")


class Exclusions(Table):
    """One row per suspension or permanent exclusion.

    Source: school census, two terms in arrears. Informal sending home and moves off the roll are not in it.
    """

    pupil_id: Text = key(PUPIL)
    start_date: Date = key("first day")
    exclusion_no: Whole = key("number of the exclusion starting that day, from 1")
    academic_year: Whole = field(ACADEMIC_YEAR)
    term: Text = code("term", TERM)
    urn: Text = field(URN)
    category: Text = code("exclusion_category", "suspension or permanent")
    reason: Text = code("exclusion_reason", "first reason")
    second_reason: Text = code("exclusion_reason", "second reason, from 2020/21")
    third_reason: Text = code("exclusion_reason", "third reason, from 2020/21")
    sessions: Whole = field("half days; empty for permanent")


class AlternativeProvision(Table):
    """One row per pupil and spell in alternative provision.

    Source: alternative provision census and pupil referral unit census. Placements that schools buy for
    themselves were not collected before 2023 (not confirmed for all kinds).
    """

    pupil_id: Text = key(PUPIL)
    start_date: Date = key("first day")
    end_date: Date = field("last day; empty while it lasts")
    authority: Text = field(AUTHORITY)
    setting: Text = code("alternative_setting", "kind of setting")
    hours_a_week: Number = field("hours of teaching a week")


class HomeEducation(Table):
    """One row per child and spell of elective home education known to the authority.

    Source: authorities' registers, totals collected each term since autumn 2022. No national file by
    child exists.
    """

    pupil_id: Text = key(PUPIL)
    start_date: Date = key("first day")
    end_date: Date = field("last day; empty while it lasts")
    authority: Text = field(AUTHORITY)
    reason: Text = code("home_education_reason", "main reason given by parents")
    suitable: Flag = field("education found suitable")


class MissingEducation(Table):
    """One row per child and spell missing education, that is on no roll and not suitably taught elsewhere.

    Source: authorities' records (Education Act 1996, section 436A). Totals only are collected.
    """

    pupil_id: Text = key(PUPIL)
    start_date: Date = key("first day")
    end_date: Date = field("last day; empty while it lasts")
    authority: Text = field(AUTHORITY)
    reason: Text = code("missing_education_reason", "why")


class AttainmentKs2(Table):
    """One row per pupil at the end of Key Stage 2 (age 11).

    Source: National Pupil Database. Scaled scores since 2016, levels before; no tests in 2020 and 2021.
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    urn: Text = field(URN)
    reading_score: Whole = field("scaled score 80 to 120; 100 is the standard expected")
    maths_score: Whole = field("scaled score 80 to 120")
    writing_expected: Flag = field("teacher's judgement: at the expected standard")
    expected_standard: Flag = field("reached the expected standard in reading, writing and maths")
    prior_points: Number = field("average points at Key Stage 1, where there were any")
    average_points: Number = field("average point score, before 2016")


class AttainmentKs4(Table):
    """One row per pupil at the end of Key Stage 4 (age 16).

    Source: National Pupil Database. Grades of 2020 and 2021 were set by teachers. A pupil may have two
    rows in the real one: keep the higher.
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    urn: Text = field(URN)
    attainment8: Number = field("Attainment 8, 0 to 90")
    progress8: Number = field("Progress 8; empty without a Key Stage 2 result")
    english_maths_grade4: Flag = field("grade 4 or above in English and maths")
    english_maths_grade5: Flag = field("grade 5 or above in English and maths")
    ebacc_entered: Flag = field("entered for the English Baccalaureate")
    prior_score: Number = field("average scaled score at Key Stage 2")


class Destinations(Table):
    """One row per former pupil and academic year after Key Stage 4: what the young person did.

    Source: Longitudinal Education Outcomes.
    """

    pupil_id: Text = key(PUPIL)
    academic_year: Whole = key(ACADEMIC_YEAR)
    activity: Text = code("destination", "main activity, sustained for six months")
    qualification_level: Whole = field("highest level held, 0 to 7")


class Employment(Table):
    """One row per former pupil and tax year: pay, work and benefits.

    Source: Longitudinal Education Outcomes (tax and benefit records). The self-employed are seen with a
    delay; hours of work are not recorded.
    """

    pupil_id: Text = key(PUPIL)
    tax_year: Whole = key("tax year, named by the year it ends in")
    employed_days: Whole = field("days in paid employment")
    earnings: Number = field("pay and profit in the year, pounds")
    benefit_days: Whole = field("days on out-of-work benefits")
