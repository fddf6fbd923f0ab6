"""What pupils had to do with children's social care: how far it went, when, and how often.

Pupils and children known to social care carry numbers that have nothing in common. They meet in the
bridging file of a trusted third party (`linked_people`), whose links are not perfect: some are missing, some
are wrong.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from helpers.measures.ages import CHILD, year_end
from helpers.measures.care import periods_of_care
from helpers.measures.contacts import NO_NEED
from helpers.measures.pupils import PUPIL_YEAR
from helpers.measures.spells import years_covered
from helpers.sources.store import Store

# From the lowest to the highest; a child counts at the highest it reached. Source: thresholds of the Kingston
# and Nuffield study (Hood et al., 2023), the steps of the Children Act 1989, sections 17, 47, 20 and 31.
NEVER, EARLIER = "Never referred", "Known earlier only"
REFERRED, IN_NEED, PLAN, CARE = (
    "Referred or assessed only", "Child in need", "Child protection plan", "Looked after",
)  # fmt: skip
STEPS = [NEVER, REFERRED, IN_NEED, PLAN, CARE]
THRESHOLDS = [NEVER, EARLIER, REFERRED, IN_NEED, PLAN, CARE]
EPISODES = ["None", "One", "Two", "Three or more"]
NOT_NOW = "None of these"
WINDOW = 5  # academic years up to the examination, that year among them


def pupil_numbers(store: Store) -> ir.Table:
    """Return which numbers in returns belong to a pupil, through the bridging file.

    Returns
    -------
    Ibis table
        pupil_id, authority, child_id (string), one row per pair. A pupil known to two authorities has two; a
        wrong link gives a pupil the number of another child.
    """
    people = store.linked_people
    pupils = people.filter(people.dataset == "education").select("person_id", pupil_id="number")
    children = people.filter(people.dataset == "social_care")
    children = children.select("person_id", "authority", child_id="number")
    return pupils.inner_join(children, "person_id").select("pupil_id", *CHILD).distinct()


def pupil_spells(store: Store, assessed_in_need: bool = False) -> ir.Table:
    """Return the spells of pupils in social care.

    A referral is a spell of one day at step 1. It is an episode of need (step 2) where it was not closed
    before an assessment, nor by one that found no need (CIN Census guide, reasons for closure RC8 and RC9).
    A child protection plan is step 3, a period of care step 4, short breaks (V3, V4) left out. An episode
    that was open in a return and is in none of the later ones ends with that return.

    Parameters
    ----------
    assessed_in_need : bool
        Whether a child whom an assessment found not in need counts as in need until the case was closed, as
        in the DfE's statistics (Children in need: methodology).

    Returns
    -------
    Ibis table
        pupil_id (string), step (int64, place in `STEPS`), starts, ends (date; missing while open).
    """
    referrals, plans = _ended(store.referrals, "closure_date"), _ended(store.cp_plans, "plan_end")
    nothing = referrals.no_further_action.fill_null(False)
    assessed = referrals.closure_reason.isin(NO_NEED).fill_null(False)
    needed = ~nothing if assessed_in_need else ~nothing & ~assessed
    periods = periods_of_care(store)
    periods = periods.filter(~periods.respite)
    parts = [
        _spells(referrals, 1, "referral_date", "referral_date"),
        _spells(referrals.filter(needed), 2, "referral_date", "ends"),
        _spells(plans, 3, "plan_start", "ends"),
        _spells(periods, 4, "period_start", "period_end"),
    ]
    spells = ibis.union(*parts)
    return spells.inner_join(pupil_numbers(store), CHILD).select("pupil_id", "step", "starts", "ends")


def involvement(
    store: Store, pupils: ir.Table, window: int = WINDOW, assessed_in_need: bool = False
) -> ir.Table:
    """Add to pupils at the end of a stage how far their involvement with social care went.

    Academic years run from 1 September to 31 August. Involvement is seen from the first return by child
    (autumn 2008) or the authority's first in the store: "never referred" means not since then. Source:
    thresholds of Hood et al. (2023); status at 31 March as in the DfE's outcomes of children in need.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year, a row per pupil and year.
    window : int
        Academic years, that of the row among them, that `lately` looks back over.
    assessed_in_need : bool
        See `pupil_spells`.

    Returns
    -------
    Ibis table
        `pupils` with linked (bool: the bridging file holds the pupil) and, missing where it does not, lately
        (string of `THRESHOLDS`, highest in the window), ever (of `STEPS`, highest up to the year), now (of
        the last three of them or `NOT_NOW`, highest at 31 March), episodes (of `EPISODES`, episodes of need
        that fell in the window) and episodes_ever.
    """
    spells = pupil_spells(store, assessed_in_need)
    counted = _highest(pupils.select(*PUPIL_YEAR).distinct(), spells, window)
    people = store.linked_people
    bridged = people.filter(people.dataset == "education").select(pupil_id="number").distinct()
    bridged = bridged.mutate(linked=ibis.literal(True))
    found = pupils.left_join(bridged, "pupil_id").select(*pupils.columns, "linked")
    found = found.left_join(counted, PUPIL_YEAR)
    linked = found.linked.fill_null(False)
    ever, lately = found.step_ever.fill_null(0), found.step_lately.fill_null(0)
    words = {
        "lately": ibis.ifelse((lately == 0) & (ever > 0), EARLIER, _word(lately, STEPS)),
        "ever": _word(ever, STEPS),
        "now": _word(found.step_now.fill_null(0), [NOT_NOW, NOT_NOW, *STEPS[2:]]),
        "episodes": _word(ibis.least(found.n_lately.fill_null(0), 3), EPISODES),
        "episodes_ever": _word(ibis.least(found.n_ever.fill_null(0), 3), EPISODES),
    }
    known = {name: ibis.ifelse(linked, word, ibis.null("string")) for name, word in words.items()}
    return found.select(*pupils.columns, linked=linked, **known)


def last_group(
    store: Store, pupils: ir.Table, assessments: ir.Table, group: str, window: int = WINDOW
) -> ir.Table:
    """Add to pupils the group (e.g. demand category) of their last assessment completed in the window.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year.
    assessments : Ibis table
        authority, child_id, assessment_end and `group`, as `helpers.measures.outcomes.add_groups` gives them.

    Returns
    -------
    Ibis table
        `pupils` with `group`, missing where no such assessment was completed from 1 September of the first
        academic year of the window to 31 August of the last.
    """
    done = assessments.select(*CHILD, "assessment_end", group).inner_join(pupil_numbers(store), CHILD)
    done = done.select("pupil_id", "assessment_end", group)
    joined = pupils.select(*PUPIL_YEAR).distinct().inner_join(done, "pupil_id")
    year = joined.academic_year.cast("int64")
    begins, ends = ibis.date(year - window, 9, 1), ibis.date(year, 8, 31)
    inside = joined.filter((joined.assessment_end >= begins) & (joined.assessment_end <= ends))
    latest = ibis.window(group_by=PUPIL_YEAR, order_by=[ibis.desc("assessment_end"), group])
    ranked = inside.mutate(_place=ibis.row_number().over(latest))
    last = ranked.filter(ranked._place == 0).select(*PUPIL_YEAR, group)
    return pupils.left_join(last, PUPIL_YEAR).select(*pupils.columns, group)


def _highest(pupils: ir.Table, spells: ir.Table, window: int) -> ir.Table:
    """Return the highest step of each pupil in the window, ever and at 31 March, and counts of episodes."""
    joined = pupils.inner_join(spells, "pupil_id")
    year = joined.academic_year.cast("int64")
    begun = joined.filter(joined.starts <= ibis.date(year, 8, 31))
    year = begun.academic_year.cast("int64")
    census = ibis.date(year, 3, 31)
    inside = (begun.ends.isnull() | (begun.ends >= ibis.date(year - window, 9, 1))).cast("int64")
    is_open = (begun.ends.isnull() | (begun.ends > census)) & (begun.starts <= census)
    need = (begun.step == 2).cast("int64")
    return begun.group_by(PUPIL_YEAR).aggregate(
        step_ever=begun.step.max(),
        step_lately=(begun.step * inside).max(),
        step_now=(begun.step * (is_open & (begun.step > 1)).cast("int64")).max(),
        n_lately=(need * inside).sum(),
        n_ever=need.sum(),
    )


def _word(place: ir.IntegerValue, words: list[str]) -> ir.StringValue:
    """Return the word at a place of a list."""
    return ibis.cases(*[(place == i, word) for i, word in enumerate(words[1:], 1)], else_=words[0])


def _ended(rows: ir.Table, end: str) -> ir.Table:
    """Add `ends`: the end, or 31 March of the last return that held a row which later ones lack."""
    joined = rows.left_join(years_covered(rows), "authority")
    lost = joined[end].isnull() & (joined.collection_year < joined.last_year)
    ends = ibis.ifelse(lost, year_end(joined.collection_year), joined[end])
    return joined.select(*rows.columns, ends=ends)


def _spells(rows: ir.Table, step: int, start: str, end: str) -> ir.Table:
    return rows.select(*CHILD, step=ibis.literal(step, "int64"), starts=rows[start], ends=rows[end])
