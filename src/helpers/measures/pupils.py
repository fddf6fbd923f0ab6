"""Who pupils are in a year: what the school census says of them, and special needs at the time."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from helpers.measures.ages import UNKNOWN, ethnic_group
from helpers.sources.store import Store

PUPIL_YEAR = ["pupil_id", "academic_year"]

# Source: school census guide, SEN provision. School Action and School Action Plus (to 2014) became SEN
# support, statements became education, health and care plans (Children and Families Act 2014).
SUPPORT = ["A", "P", "K"]
PLAN = ["S", "E"]
NO_NEEDS, SEN_SUPPORT, EHC_PLAN = "No special needs", "SEN support", "EHC plan or statement"
PROVISION = [NO_NEEDS, SEN_SUPPORT, EHC_PLAN]

# Source: school census guide: a pupil counts at the only school (C) or the main one of two (M).
COUNTED = ["C", "M"]
FIFTHS = ["Most deprived fifth", "Second", "Third", "Fourth", "Least deprived fifth"]
CENSUS_TERM = "SPR"


def on_roll(store: Store) -> ir.Table:
    """Return pupils on roll at the spring census, each once a year.

    Source: the DfE's headcount of the January census, pupils with sole or dual main registration.

    Returns
    -------
    Ibis table
        pupil_id, academic_year, year_group, urn, authority, neighbourhood, free_school_meals,
        free_school_meals_six_years.
    """
    rolls = store.school_enrolments
    rolls = rolls.filter((rolls.term == CENSUS_TERM) & rolls.enrolment.isin(COUNTED))
    names = ["year_group", "urn", "authority", "neighbourhood"]
    meals = ["free_school_meals", "free_school_meals_six_years"]
    return rolls.group_by(PUPIL_YEAR).aggregate(
        **{name: rolls[name].min() for name in names},
        **{name: (rolls[name].fill_null(False).cast("int64").max() == 1) for name in meals},
    )


def special_needs_at(store: Store, pupils: ir.Table) -> ir.Table:
    """Add `needs`, the special educational provision in the academic year of each row.

    Source: school census guide, SEN provision; codes of all years brought to the three of `PROVISION`.
    Pupils without a row in `special_needs` had none.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year.
    """
    needs = store.special_needs
    place = ibis.cases((needs.provision.isin(PLAN), 2), (needs.provision.isin(SUPPORT), 1), else_=0)
    highest = needs.group_by(PUPIL_YEAR).aggregate(place=place.max())
    joined = pupils.left_join(highest, PUPIL_YEAR)
    found = joined.place.fill_null(0)
    words = ibis.cases((found == 2, EHC_PLAN), (found == 1, SEN_SUPPORT), else_=NO_NEEDS)
    return joined.select(*pupils.columns, needs=words)


def circumstances(store: Store, pupils: ir.Table) -> ir.Table:
    """Add who pupils are and what their circumstances were in the spring of each row's year.

    Source: school census; English indices of deprivation 2019, children's domain (IDACI), in fifths.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year.

    Returns
    -------
    Ibis table
        `pupils` with on_roll (bool, counted in the spring census), sex (F, M or "not known"), ethnic_group
        (five groups or "not known"), language ("English", "Other" or "not known"), meals (bool, free school
        meals in the last six years), deprivation (of `FIFTHS`; missing without a neighbourhood) and authority
        (where the pupil lives). Missing where the pupil is not in the census.
    """
    people = store.pupils
    people = people.select(
        "pupil_id",
        sex=ibis.ifelse(people.sex.isin(["F", "M"]), people.sex, UNKNOWN),
        ethnic_group=ethnic_group(people.ethnicity),
        language=ibis.cases(
            (people.first_language_english, "English"), (~people.first_language_english, "Other"),
            else_=UNKNOWN,
        ),
    )  # fmt: skip
    rolls = on_roll(store)
    rolls = rolls.select(*PUPIL_YEAR, "authority", "neighbourhood", meals=rolls.free_school_meals_six_years)
    areas = store.neighbourhoods
    fifth = ((areas.idaci_decile + 1) / 2).floor().cast("int64")
    words = ibis.cases(*[(fifth == i, word) for i, word in enumerate(FIFTHS, 1)], else_=ibis.null("string"))
    areas = areas.select("neighbourhood", deprivation=words)
    kept = [name for name in pupils.columns if name not in ("authority", "neighbourhood")]
    joined = pupils.select(*kept).left_join(people, "pupil_id").drop("pupil_id_right")
    joined = joined.left_join(rolls, PUPIL_YEAR)
    joined = joined.drop("pupil_id_right", "academic_year_right")
    joined = joined.left_join(areas, "neighbourhood").drop("neighbourhood_right")
    return joined.mutate(on_roll=joined.authority.notnull()).drop("neighbourhood")
