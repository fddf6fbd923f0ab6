"""Canonical tables of early help: what families get before, or below the level of, statutory social care.

There is no national collection of early help. Authorities record it in their own way, most often for the
Supporting Families programme; health visitors record theirs in the Community Services Data Set.
"""

from helpers.catalogue.base import Date, Flag, Table, Text, Whole, code, field, key, key_code
from helpers.catalogue.children_in_need import AUTHORITY, CHILD

EPISODE = "number of the early help episode, unique within the authority"


class EarlyHelpEpisodes(Table):
    """One row per family and spell of early help with a lead practitioner.

    Source: local early help records. Missing in the real ones: what was done and how much of it, help
    by schools and charities that nobody reports, and any common definition between authorities.
    """

    authority: Text = key(AUTHORITY)
    episode_id: Text = key(EPISODE)
    household_id: Text = field("household that was helped")
    episode_start: Date = field("day the assessment was agreed")
    episode_end: Date = field("day it closed; empty while open")
    route: Text = code("early_help_route", "how the family came to it")
    level: Text = code("early_help_level", "how intensive")
    lead_agency: Text = code("lead_agency", "who leads")
    outcome: Text = code("early_help_outcome", "how it ended")
    planned_contacts: Whole = field("sessions planned")
    contacts: Whole = field("sessions that took place")


class EarlyHelpChildren(Table):
    """One row per child and early help episode."""

    authority: Text = key(AUTHORITY)
    episode_id: Text = key(EPISODE)
    child_id: Text = key(CHILD)


class EarlyHelpNeeds(Table):
    """One row per need found in an early help episode, by the ten headings of Supporting Families.

    Source: Supporting Families outcome framework, 2022 to 2025.
    """

    authority: Text = key(AUTHORITY)
    episode_id: Text = key(EPISODE)
    need: Text = key_code("family_need", "heading of the need")
    met: Flag = field("the need was met at closure")


class FamilyHubVisits(Table):
    """One row per child, day and service used at a family hub or children's centre.

    Source: local records; coverage differs from place to place and open sessions often go unrecorded.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    visit_date: Date = key("day")
    service: Text = key_code("hub_service", "service used")


class HealthVisitorContacts(Table):
    """One row per health visitor contact with a child under five.

    Source: Community Services Data Set. Missing in the real one: areas and years whose providers did
    not submit.
    """

    patient_id: Text = key("number of the child in health records")
    contact_date: Date = key("day of the contact")
    contact: Text = code("health_visitor_contact", "which of the five contacts, or another")
    service_level: Text = code("health_visitor_level", "universal, targeted or specialist")
    face_to_face: Flag = field("seen in person")
    below_expected: Flag = field("development below expectation in some domain (ASQ-3)")
    referred_on: Flag = field("referred to another service")
