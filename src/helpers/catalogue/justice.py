"""Canonical tables of criminal justice, and of harm outside the family as it comes to the authorities.

They follow the Police National Computer extract of the MoJ-DfE linked data set and the Home Office's
National Referral Mechanism. What was never reported, or reported and not pursued, is in neither.
"""

from helpers.catalogue.base import Date, Flag, Number, Table, Text, Whole, code, field, key
from helpers.catalogue.children_in_need import AUTHORITY, CHILD

PERSON = "number of the person in justice records"


class JusticePeople(Table):
    """One row per person in justice records, child or parent.

    Source: Police National Computer. Ethnicity is as an officer saw it, and often missing.
    """

    person_id: Text = key(PERSON)
    sex: Text = code("sex", "M, F or U")
    birth_date: Date = field("date of birth")
    ethnicity: Text = code("ethnicity", "ethnicity code")


class Offences(Table):
    """One row per offence that led to a caution or conviction.

    Source: Police National Computer. The day of the offence is often not known (1900 in the real one:
    here empty). Children below ten cannot commit an offence in law.
    """

    person_id: Text = key(PERSON)
    offence_id: Text = key("number of the offence")
    case_id: Text = field("number of the case; one case may hold several offences")
    offence_date: Date = field("day, or first day, of the offence")
    offence_group: Text = code("offence_group", "group of offences")
    severity: Number = field("severity score, in days of a typical sentence; higher = more severe")
    primary: Flag = field("the main offence of its case")
    adjudication: Text = code("adjudication", "how guilt was established")


class Disposals(Table):
    """One row per case: the outcome, from caution to custody.

    Source: Police National Computer and court records. Community resolutions are not recorded
    nationally by person.
    """

    person_id: Text = key(PERSON)
    case_id: Text = key("number of the case")
    disposal_date: Date = field("day of the caution or sentence")
    disposal: Text = code("disposal", "main disposal")
    length_days: Whole = field("length of the order or sentence, days")
    court: Text = code("criminal_court", "where it was dealt with")


class Custody(Table):
    """One row per stay in custody, on remand or sentence.

    Source: prison and youth custody records.
    """

    person_id: Text = key(PERSON)
    custody_start: Date = key("first day")
    custody_end: Date = field("last day; empty while it lasts")
    remand: Flag = field("on remand, not sentenced")
    establishment: Text = code("establishment", "kind of establishment")


class NrmReferrals(Table):
    """One row per child referred to the National Referral Mechanism as a possible victim of modern slavery.

    Source: Home Office. No file that can be linked exists; published totals only.
    """

    person_id: Text = key("number of the person in the mechanism's records")
    referral_date: Date = key("day of the referral")
    authority: Text = field("authority that cares for the child")
    first_responder: Text = code("first_responder", "who referred")
    exploitation: Text = code("exploitation", "kind of exploitation")
    county_lines: Flag = field("flagged as county lines")
    reasonable_grounds: Flag = field("decision: there are reasonable grounds")
    conclusive_grounds: Flag = field("decision: victim, on the balance of probabilities; empty while pending")


class ExploitationSupport(Table):
    """One row per child and spell of a response to harm outside the family.

    Source: local records. The Children in Need Census has factors for such harm (10A to 14A, 24A) and
    none for what was done about it.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    support_start: Date = key("first day")
    support_end: Date = field("last day; empty while it lasts")
    response: Text = code("exploitation_response", "kind of response")
    risk_at_start: Whole = field("level of risk agreed at the start, 1 low to 4 very high")
    risk_at_end: Whole = field("level of risk agreed at the end")
