"""Canonical tables of the family court: cases, the people in them, hearings and orders.

They follow the family court data of Data First and of Cafcass.
"""

from helpers.catalogue.base import Date, Table, Text, Whole, code, field, key, key_code

CASE = "number of the case"
PERSON = "number of the person in court records"


class CourtCases(Table):
    """One row per case.

    Source: Data First family court (2011 on), Cafcass (2007 on). Missing in the real ones: why the
    court decided as it did, and much of the ethnicity of adults.
    """

    case_id: Text = key(CASE)
    authority: Text = field("authority that applied; empty in private law")
    law: Text = code("court_law", "public or private law")
    application: Text = code("court_application", "main application")
    application_date: Date = field("day the application was issued")
    final_order: Text = code("court_order", "main final order")
    final_order_date: Date = field("day of the final order; empty while the case lasts")
    hearings: Whole = field("number of hearings")
    court_area: Text = field("designated family judge area")


class CasePeople(Table):
    """One row per case and person. Fathers are named in most but not all cases."""

    case_id: Text = key(CASE)
    person_id: Text = key(PERSON)
    role: Text = key_code("court_role", "part in the case")
    sex: Text = code("sex", "M, F or U")
    birth_date: Date = field("date of birth; extracts for research hold month and year only")
    ethnicity: Text = code("ethnicity", "ethnicity code")
    imd_quintile: Whole = field("quintile of deprivation of the address, 1 = most deprived")


class CourtHearings(Table):
    """One row per hearing."""

    case_id: Text = key(CASE)
    hearing_date: Date = key("day")
    hearing: Text = code("court_hearing", "kind of hearing")


class CourtOrders(Table):
    """One row per order and child."""

    case_id: Text = key(CASE)
    person_id: Text = key("number of the child in court records")
    order_date: Date = key("day of the order")
    order: Text = key_code("court_order", "kind of order")
