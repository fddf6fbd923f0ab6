"""Canonical tables of families: who lives with whom, who is related to whom, and what they live on.

No official collection in England holds a family. The nearest are the population census, which sees a
household on one day in ten years, and the link of mother and baby in health records. `helpers.linkage`
works on `person_links`, the only table that carries names.
"""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key, key_code
from helpers.catalogue.children_in_need import AUTHORITY, CHILD

PERSON = "number of the person in the register of families; other data sets number people their own way"
HOUSEHOLD = "number of the household"


class Households(Table):
    """One row per household and spell at one address.

    Source: population census (as linked in Growing up in England) or a local authority's own records.
    The real ones see one day in ten years; nobody records when a household formed or parted.
    """

    household_id: Text = key(HOUSEHOLD)
    spell_start: Date = key("first day at this address")
    spell_end: Date = field("last day; empty while it lasts")
    authority: Text = field(AUTHORITY)
    neighbourhood: Text = field("small area (LSOA) of the address")
    kind: Text = code("household_kind", "who makes up the household")
    tenure: Text = code("tenure", "how the home is held")
    bedrooms: Whole = field("number of bedrooms")


class HouseholdMembers(Table):
    """One row per person and stay in a household, with the part the person plays in it.

    Source: population census. Missing in the real one: people who come and go, and parents who live
    elsewhere.
    """

    household_id: Text = key(HOUSEHOLD)
    person_id: Text = key(PERSON)
    joined: Date = key("first day in the household")
    left: Date = field("last day; empty while it lasts")
    role: Text = code("household_role", "part in the household, seen from the children")
    sex: Text = code("sex", "M, F or U")
    birth_date: Date = field("date of birth; extracts for research hold month and year only")
    ethnicity: Text = code("ethnicity", "granular ethnicity code")


class FamilyTies(Table):
    """One row per pair of relatives, in one direction: `relative_id` is the `relationship` of `person_id`.

    Source: mother-baby link of birth records, parties of family court cases. Missing in the real ones: most
    fathers, half-siblings, and siblings who never shared a mother's record.
    """

    person_id: Text = key(PERSON)
    relative_id: Text = key(PERSON)
    relationship: Text = code("relationship", "what the relative is to the person")
    since: Date = field("start, where the tie is not by birth")


class HouseholdHardship(Table):
    """One row per household and financial year: income and the signs of hardship.

    Source: Department for Work and Pensions records and surveys; no linked data set holds it today.
    Eligibility for free school meals, the usual stand-in, is in `school_enrolments`.
    """

    household_id: Text = key(HOUSEHOLD)
    year: Whole = key("financial year, named by the year it ends in")
    income: Number = field("net household income after housing costs, equivalised, pounds a week")
    in_relative_poverty: Flag = field("income below 60% of the median of that year")
    in_absolute_poverty: Flag = field("income below 60% of the median of 2010/11, at its prices")
    workless: Flag = field("no adult in paid work")
    on_means_tested_benefits: Flag = field("a means-tested benefit is paid")
    benefit_capped: Flag = field("the benefit cap or the two-child limit applies")
    in_arrears: Flag = field("behind with rent, council tax or bills")
    food_insecure: Flag = field("has cut or skipped meals for want of money")
    overcrowded: Flag = field("fewer bedrooms than the bedroom standard asks")
    temporary_accommodation: Flag = field("lived in temporary accommodation during the year")
    deprived_dimensions: Whole = field("deprived in how many of the census's four dimensions, 0 to 4")
    income_support_received: Number = field("extra money from a local scheme or trial in the year, pounds")


class Addresses(Table):
    """One row per child known to social care and spell at an address.

    Source: an authority's case management system. The Children in Need Census holds no address; the
    SSDA903 holds postcodes of home and placement (see `care_episodes`).
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    address_start: Date = key("first day")
    address_end: Date = field("last day; empty while it lasts")
    postcode: Text = field("postcode; `postcodes` gives its neighbourhood")


class PersonLinks(Table):
    """One row per person and data set: what a data set knows of who someone is, errors included.

    Source: the identifiers that a trusted third party receives and researchers never see. Kept for the
    practice of linkage. Real files lack a pupil number below school age and an NHS number outside
    health.
    """

    dataset: Text = key_code("linked_dataset", "which data set the number belongs to")
    authority: Text = field("authority, where numbers are unique within one authority only")
    record_id: Text = key("number of the record in the data set")
    person_id: Text = field("number used in that data set (child_id, pupil_id, patient_id, ...)")
    forename: Text = field("first name as written there")
    surname: Text = field("family name as written there")
    birth_date: Date = field("date of birth as written there")
    sex: Text = code("sex", "M, F or U as written there")
    postcode: Text = field("postcode as written there")
    upn: Text = field("unique pupil number")
    nhs_number: Text = field("NHS number")
    recorded: Date = field("day on which this was written down")


class LinkedPeople(Table):
    """One row per person and number in a data set: what a secure environment gives in place of names.

    Source: bridging files, such as the one of ECHILD from pupil to patient. A person may have two
    numbers in one data set, and a number may be missing or wrong: the match weight says how sure the
    link is.
    """

    person_id: Text = key(PERSON)
    dataset: Text = key_code("linked_dataset", "data set the number belongs to")
    number: Text = key("number in that data set (child_id, pupil_id, patient_id, ...)")
    authority: Text = field("authority, where numbers are unique within one authority only")
    match_weight: Number = field(
        "strength of the link, log2 of the odds; empty for a link by a shared number"
    )


class AdoptionDisruptions(Table):
    """One row per adopted child whose life with the adopters ended before adulthood.

    Source: surveys of adoption agencies. No return holds it: an adopted child gets a new name and
    number. Of the SSDA903, `previous_permanence` tells of those who came back into care.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    order_date: Date = field("day of the adoption order")
    disruption_date: Date = field("day the child left the adopters")
    returned_to_care: Flag = field("looked after again")
