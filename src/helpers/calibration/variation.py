"""Measures the targets on how authorities vary: the spread of main rates, and how it goes with deprivation.

In a small country an authority has few children, so chance alone makes rates differ. The variance that chance
would give by itself (Poisson for a count, binomial for a share) is subtracted from the variance found, and
the correlation is divided by the square root of the part of the variance that is not chance. In England's
own figures chance is a small part. Authorities count alike, whatever their size, as in the published figures.
Deprivation is the mean share of children in income-deprived families over an authority's neighbourhoods.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import target
from helpers.calibration.children_in_need import in_need
from helpers.calibration.common import in_year, open_at, periods, prepared
from helpers.calibration.looked_after import at_end
from helpers.measures.referrals import referral_spells
from helpers.sources.store import Store

YEAR = 2025


def _counts(store: Store) -> dict[str, tuple[str, str]]:
    """Return, by name of a rate, the rows that are counted by authority (SQL) and, of a share, its condition."""
    spells = prepared(store, "spells_of_referral", referral_spells)
    children = "select distinct authority, child_id from"
    return {
        "in need": (f"{children} referrals where {in_need(YEAR)}", ""),
        "plans": (f"{children} cp_plans where {open_at('plan_start', 'plan_end', YEAR)}", ""),
        "care": (f"from {at_end(store, YEAR)}", ""),
        "enquiries": (f"from section47 where {in_year('enquiry_start', YEAR)}", ""),
        "referrals": (f"from referrals where {in_year('referral_date', YEAR)}", ""),
        "starts": (f"{children} {periods(store)} where {in_year('period_start', YEAR)}", ""),
        "applications": (
            f"""from court_cases join case_people using (case_id) where role = 'child'
                and application = 'care' and {in_year("application_date", YEAR)}""",
            "",
        ),
        "again": (
            f"from {spells} where {in_year('referral_date', YEAR)}",
            "previous_referral >= referral_date - interval 12 months",
        ),
        "second plans": (f"from cp_plans where {in_year('plan_start', YEAR)}", "previous_plans > 0"),
    }


def by_authority(store: Store, name: str) -> pd.DataFrame:
    """Return the rate or share of each authority, the variance that chance gives it, and its deprivation.

    Returns
    -------
    pandas.DataFrame
        authority, value (per 10,000 children, or %), chance (variance), deprivation.
    """
    rows, condition = _counts(store)[name]
    people = f"""(select authority, sum(people) as people from populations
        where age < 18 and year = (select max(year) from populations where year < {YEAR}) group by 1)"""
    table = store.connection.con.execute(
        f"""select authority, people, coalesce(n, 0) as n, coalesce(part, 0) as part, deprivation
            from {people} join (
                select authority, avg(idaci_score) as deprivation from neighbourhoods group by 1)
            using (authority) left join (
                select authority, count(*) as n, count(*) filter ({condition or "true"}) as part
                from ({rows}) group by 1)
            using (authority) order by authority"""
    ).df()
    if condition:
        table = table[table["n"] > 0]
        return table.assign(value=100 * table["part"] / table["n"], chance=1e4 * _binomial(table))
    rate = table["n"] / table["people"]
    return table.assign(value=1e4 * rate, chance=1e8 * rate / table["people"])


def _binomial(table: pd.DataFrame) -> pd.Series:
    """Return the variance of each share about the country's share."""
    share = table["part"].sum() / table["n"].sum()
    return share * (1 - share) / table["n"]


@target("F12827", name="in need")
@target("F12837", name="plans")
@target("F12847", name="care")
@target("F12857", name="enquiries")
@target("F12867", name="referrals")
@target("F12877", name="starts")
@target("F12887", name="applications")
@target("F12897", name="again")
@target("F12907", name="second plans")
def spread(store: Store, name: str) -> float:
    """Standard deviation across authorities, less what chance adds; 0 where chance alone would give as much."""
    found = by_authority(store, name)
    if not found["n"].any():
        return float("nan")
    return float(np.sqrt(max(found["value"].var() - found["chance"].mean(), 0)))


@target("F12830", name="in need")
@target("F12840", name="plans")
@target("F12850", name="care")
@target("F12860", name="enquiries")
@target("F12870", name="referrals")
@target("F12880", name="starts")
@target("F12890", name="applications")
@target("F12900", name="again")
@target("F12910", name="second plans")
def with_deprivation(store: Store, name: str) -> float:
    """Correlation across authorities with deprivation, as it would be were there no chance in the rates."""
    found = by_authority(store, name)
    own = spread(store, name)
    if not own > 0:
        return float("nan")
    return float(found["value"].corr(found["deprivation"]) * found["value"].std() / own)
