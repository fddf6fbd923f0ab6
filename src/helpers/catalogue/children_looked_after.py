"""Canonical tables of the SSDA903 return on children looked after and care leavers."""

from helpers.catalogue.base import Date, Flag, Table, Text, Whole, code, field, key
from helpers.catalogue.children_in_need import AUTHORITY, CHILD, YEAR


class CareEpisodes(Table, ssda903="Episodes"):
    """One row per episode of care.

    A new episode starts whenever legal status, placement or carer changes, so an episode is neither a
    placement nor a period of care: `helpers.measures.care` joins them up.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    episode_start: Date = key("date the episode began", ssda903="DECOM")
    reason_new_episode: Text = code("reason_new_episode", "why it began", ssda903="RNE")
    legal_status: Text = code("legal_status", "legal status", ssda903="LS")
    category_of_need: Text = code("category_of_need", "main need on entry to care", ssda903="CIN")
    placement: Text = code("placement", "type of placement", ssda903="PLACE")
    placement_provider: Text = code("placement_provider", "who provides it", ssda903="PLACE_PROVIDER")
    episode_end: Date = field("date it ceased; empty while open", ssda903="DEC")
    reason_ceased: Text = code("reason_episode_ceased", "why it ceased; X1 = another began", ssda903="REC")
    reason_place_change: Text = code(
        "reason_place_change", "why the placement changed", ssda903="REASON_PLACE_CHANGE"
    )
    home_postcode: Text = field("postcode of home", ssda903="HOME_POST")
    placement_postcode: Text = field("postcode of placement", ssda903="PL_POST")
    urn: Text = field("Ofsted number of the provider", ssda903="URN")
    collection_year: Whole = field(YEAR)


class CareReviews(Table, ssda903="Reviews"):
    """One row per review of a child looked after."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    review_date: Date = key("date of the review", ssda903="REVIEW")
    participation: Text = code("review_participation", "how the child took part", ssda903="REVIEW_CODE")
    collection_year: Whole = field(YEAR)


class Uasc(Table, ssda903="UASC"):
    """One row per unaccompanied asylum-seeking child."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    status_ceased: Date = field("date the status ceased; empty while it lasts", ssda903="DUC")
    collection_year: Whole = field(YEAR)


class CareOutcomes(Table, ssda903="OC2"):
    """One row per child looked after for twelve months or more at 31 March of the collection year."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    collection_year: Whole = key("collection year, named by the year it ends in")
    sdq_score: Whole = field("strengths and difficulties score, 0 to 40", ssda903="SDQ_SCORE")
    sdq_reason: Text = code("sdq_reason", "why there is no score", ssda903="SDQ_REASON")
    convicted: Flag = field("convicted or cautioned, age 10 and over", ssda903="CONVICTED")
    health_check: Flag = field("development checks up to date, under 5", ssda903="HEALTH_CHECK")
    immunised: Flag = field("immunisations up to date", ssda903="IMMUNISATIONS")
    teeth_checked: Flag = field("teeth checked by a dentist", ssda903="TEETH_CHECK")
    health_assessed: Flag = field("annual health assessment", ssda903="HEALTH_ASSESSMENT")
    substance_misuse: Flag = field("substance misuse problem", ssda903="SUBSTANCE_MISUSE")
    intervention_received: Flag = field("received an intervention for it", ssda903="INTERVENTION_RECEIVED")
    intervention_offered: Flag = field("was offered one", ssda903="INTERVENTION_OFFERED")


class CareLeavers(Table, ssda903="OC3"):
    """One row per care leaver (17 to 21) and collection year."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    collection_year: Whole = key("collection year, named by the year it ends in")
    in_touch: Text = code("in_touch", "authority in touch", ssda903="IN_TOUCH")
    activity: Text = code("activity", "main activity", ssda903="ACTIV")
    accommodation: Text = code("accommodation", "where they live, and whether it suits", ssda903="ACCOM")


class Adoptions(Table, ssda903="AD1"):
    """One row per child adopted in the year."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    decision_date: Date = field("decision that the child should be placed", ssda903="DATE_INT")
    match_date: Date = field("match with adopters", ssda903="DATE_MATCH")
    by_foster_carer: Flag = field("adopted by the former foster carer", ssda903="FOSTER_CARE")
    adopters: Whole = field("number of adopters, 1 or 2", ssda903="NB_ADOPTR")
    sex_of_adopters: Text = code("sex_of_adopters", "sex of the adopters", ssda903="SEX_ADOPTR")
    status_of_adopters: Text = code("status_of_adopters", "legal status of adopters", ssda903="LS_ADOPTR")
    collection_year: Whole = field(YEAR)


class AdoptionDecisions(Table, ssda903="PlacedAdoption"):
    """One row per decision that a child should be placed for adoption, and its reversal."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    decision_date: Date = key("decision that the child should be placed", ssda903="DATE_PLACED")
    reversed_date: Date = field("decision that the child should not", ssda903="DATE_PLACED_CEASED")
    reversed_reason: Text = code("reason_placed_ceased", "why", ssda903="REASON_PLACED_CEASED")
    collection_year: Whole = field(YEAR)


class PreviousPermanence(Table, ssda903="PrevPerm"):
    """One row per child: an earlier permanence arrangement that ended in a return to care."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    previous_permanence: Text = code("previous_permanence", "kind of arrangement", ssda903="PREV_PERM")
    previous_authority: Text = field("authority that arranged it, or country", ssda903="LA_PERM")
    order_date: Text = field("date of the order as written; parts may be unknown (zz)", ssda903="DATE_PERM")
    collection_year: Whole = field(YEAR)


class MissingEpisodes(Table, ssda903="Missing"):
    """One row per time a child was missing, or away from placement without authorisation."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    missing_start: Date = key("start", ssda903="MIS_START")
    missing: Text = code("missing", "M missing, A away without authorisation", ssda903="MISSING")
    missing_end: Date = field("end; empty while it lasts", ssda903="MIS_END")
    collection_year: Whole = field(YEAR)


class SocialWorkerEpisodes(Table, ssda903="SWEpisodes"):
    """One row per child and social worker; collected from 2023/24."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    worker_id: Text = field("Social Work England number, or XX", ssda903="SW_ID")
    worker_start: Date = key("start", ssda903="SW_DECOM")
    worker_end: Date = field("end; empty while it lasts", ssda903="SW_DEC")
    reason_changed: Text = code("social_worker_reason", "why the worker changed", ssda903="SW_REASON")
    collection_year: Whole = field(YEAR)


class DeprivationOfLiberty(Table, ssda903="DoLo"):
    """One row per deprivation of liberty order; collected from 2026/27."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, ssda903="CHILD")
    order_start: Date = key("start of the order", ssda903="DOLO_START")
    order_end: Date = field("end of the order", ssda903="DOLO_END")
    collection_year: Whole = field(YEAR)
