"""Canonical tables of domestic abuse: incidents as police know them, and the help that follows.

No data set joins these to social care today: the agenda asks for one to be made. The nearest are police
records, the multi-agency conferences (MARAC), specialist services and the factors 3A to 3C of the
Children in Need Census. All of them see less than what happens.
"""

from helpers.catalogue.base import Date, Flag, Table, Text, Whole, code, field, key

PERSON = "number of the person in the police force's records"


class DomesticAbuseIncidents(Table):
    """One row per incident recorded by the police.

    Source: police forces. Missing in the real ones: incidents never reported (most of them), control
    and coercion that leaves no incident, and a number that follows a person from force to force.
    """

    incident_id: Text = key("number of the incident")
    incident_date: Date = field("day of the incident")
    household_id: Text = field("household, where it took place in one")
    victim_id: Text = field(PERSON)
    perpetrator_id: Text = field(PERSON)
    relationship: Text = code("abuse_relationship", "what the perpetrator is to the victim")
    kind: Text = code("abuse_kind", "kind of abuse, Domestic Abuse Act 2021 section 1")
    injury: Text = code("injury", "injury to the victim")
    risk: Text = code("abuse_risk", "level of risk assessed")
    children_present: Whole = field("children in the home at the time")
    crime_recorded: Flag = field("recorded as a crime")
    arrest: Flag = field("someone was arrested")
    notified_to_social_care: Flag = field("a notification was sent to children's social care")


class DomesticAbuseSupport(Table):
    """One row per person and spell of help after domestic abuse.

    Source: specialist services; each holds its own records and few share them.
    """

    person_id: Text = key("number of the person in the service's records")
    support_start: Date = key("first day")
    support_end: Date = field("last day; empty while it lasts")
    support: Text = code("abuse_support", "kind of help")
    completed: Flag = field("seen through to its planned end")


class RiskConferences(Table):
    """One row per victim discussed at a multi-agency risk assessment conference (MARAC).

    Source: local; national totals only.
    """

    victim_id: Text = key(PERSON)
    conference_date: Date = key("day")
    children: Whole = field("children in the household")
    repeat: Flag = field("discussed before within twelve months")
