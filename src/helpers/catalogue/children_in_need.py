"""Canonical tables of the Children in Need Census: from referral to plan.

No official file numbers its referrals, assessments or plans. A referral is therefore identified by authority,
child and referral date, and what hangs below it by the referral and its own start date.
"""

from helpers.catalogue.base import Date, Flag, Table, Text, Whole, code, field, key, key_code

AUTHORITY = "three-digit code of the authority that made the return"
CHILD = "the authority's own number for the child; only unique within the authority"
YEAR = "collection year, named by the year it ends in, of the last return that holds the row"


class Children(Table, cin="Child", ssda903="Header"):
    """One row per child and authority, as last returned. Unborn children have an expected birth date only."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID", ssda903="CHILD")
    sex: Text = code("sex", "M, F or U; recorded as gender to 2023/24", cin="Sex", ssda903="SEX")
    birth_date: Date = field("date of birth", cin="PersonBirthDate", ssda903="DOB")
    expected_birth_date: Date = field("for unborn children", cin="ExpectedPersonBirthDate")
    death_date: Date = field("date of death", cin="PersonDeathDate")
    ethnicity: Text = code("ethnicity", "granular ethnicity code", cin="Ethnicity", ssda903="ETHNIC")
    upn: Text = field("unique pupil number", cin="UPN", ssda903="UPN")
    former_upn: Text = field("an earlier unique pupil number", cin="FormerUPN")
    upn_unknown: Text = code("upn_unknown", "why there is no unique pupil number", cin="UPNunknown")
    is_mother: Flag = field("a girl looked after who is a mother", ssda903="MOTHER")
    first_child_birth_date: Date = field("birth date of her first child", ssda903="MC_DOB")
    collection_year: Whole = field(YEAR)


class Disabilities(Table, cin="Disability"):
    """One row per child and recorded disability; NONE says that none was recorded."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    disability: Text = key_code("disability", "disability code", cin="Disability")
    collection_year: Whole = field(YEAR)


class Referrals(Table, cin="CINdetails"):
    """One row per referral (CIN episode). Open referrals have no closure date."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("date the referral was received", cin="CINreferralDate")
    referral_source: Text = code("referral_source", "who referred", cin="ReferralSource")
    primary_need: Text = code("primary_need", "main need; empty for no further action", cin="PrimaryNeedCode")
    no_further_action: Flag = field("closed without an assessment", cin="ReferralNFA")
    closure_date: Date = field("date the episode closed; empty while open", cin="CINclosureDate")
    closure_reason: Text = code("closure_reason", "why it closed", cin="ReasonForClosure")
    conference_date: Date = field("initial conference held on the referral itself", cin="DateOfInitialCPC")
    collection_year: Whole = field(YEAR)


class Assessments(Table, cin="Assessments"):
    """One row per social work assessment (section 17); no end date while it is being made."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    assessment_start: Date = key("actual start", cin="AssessmentActualStartDate")
    review_date: Date = field("internal review date", cin="AssessmentInternalReviewDate")
    assessment_end: Date = field("authorisation, that is completion", cin="AssessmentAuthorisationDate")
    collection_year: Whole = field(YEAR)


class AssessmentFactors(Table, cin="AssessmentFactors"):
    """One row per factor identified at the end of an assessment."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    assessment_start: Date = key("assessment it belongs to", cin="AssessmentActualStartDate")
    factor: Text = key_code("assessment_factor", "factor code, 1A to 24A", cin="AssessmentFactors")
    collection_year: Whole = field(YEAR)


class CinPlans(Table, cin="CINPlanDates"):
    """One row per child in need plan; collected from 2021/22."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    plan_start: Date = key("start of the plan", cin="CINPlanStartDate")
    plan_end: Date = field("end of the plan; empty while open", cin="CINPlanEndDate")
    collection_year: Whole = field(YEAR)


class Section47(Table, cin="Section47"):
    """One row per section 47 enquiry and its initial child protection conference."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    enquiry_start: Date = key("actual start of the enquiry", cin="S47ActualStartDate")
    conference_target: Date = field("15 working days after the strategy discussion", cin="InitialCPCtarget")
    conference_date: Date = field("initial conference; empty when none was held", cin="DateOfInitialCPC")
    conference_not_required: Flag = field("no conference needed", cin="ICPCnotRequired")
    collection_year: Whole = field(YEAR)


class Conferences(Table):
    """One row per initial child protection conference, whether returned on the referral or on an enquiry.

    The official file has no such table: `helpers.sources.canonical.derive_conferences` makes it.
    """

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD)
    referral_date: Date = key("referral it belongs to")
    conference_date: Date = key("date of the conference")
    from_enquiry: Flag = field("it followed a section 47 enquiry")
    collection_year: Whole = field(YEAR)


class CpPlans(Table, cin="ChildProtectionPlans"):
    """One row per child protection plan."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    plan_start: Date = key("start of the plan", cin="CPPstartDate")
    plan_end: Date = field("end of the plan; empty while open", cin="CPPendDate")
    initial_category: Text = code("abuse_category", "category at the start", cin="InitialCategoryOfAbuse")
    latest_category: Text = code("abuse_category", "latest category", cin="LatestCategoryOfAbuse")
    previous_plans: Whole = field("number of earlier plans, in any authority", cin="NumberOfPreviousCPP")
    collection_year: Whole = field(YEAR)


class CpReviews(Table, cin="Reviews"):
    """One row per review of a child protection plan."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    plan_start: Date = key("plan it belongs to", cin="CPPstartDate")
    review_date: Date = key("date of the review", cin="CPPreviewDate")
    collection_year: Whole = field(YEAR)


class PreProceedings(Table, cin="PreProceedingsandFGDM"):
    """One row per pre-proceedings process and family group decision meeting; collected from 2026."""

    authority: Text = key(AUTHORITY)
    child_id: Text = key(CHILD, cin="LAchildID")
    referral_date: Date = key("referral it belongs to", cin="CINreferralDate")
    proceedings_start: Date = key("start of pre-proceedings", cin="PPStartDate")
    letter_sent: Date = field("letter before proceedings sent", cin="LBPSentDate")
    meeting_offered: Flag = field("family group decision meeting offered", cin="FGDMMeetingOffer")
    meeting_held: Flag = field("family group decision meeting facilitated", cin="FGDMMeetingFac")
    first_meeting: Date = field("initial pre-proceedings meeting", cin="InitialPPMeetingDate")
    review_meetings: Whole = field("number of review meetings", cin="ReviewMeetingsCount")
    decision_date: Date = field("decision to step up or down", cin="StepDecisionDate")
    outcome: Text = field("outcome; its code list is not confirmed", cin="PPOutcome")
    court_application: Date = field("application to court", cin="CourtAppDate")
    conference_letter: Date = field("letter of initial conference", cin="LetterInitCPDate")
    collection_year: Whole = field(YEAR)
