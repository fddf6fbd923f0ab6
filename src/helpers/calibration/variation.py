"""Measures the targets on how authorities vary: the spread of main rates, and how it goes with deprivation.

The published figures are of one year. In a small country one year of an authority is few children, so that
chance alone makes rates differ. Hence five years are taken together, and the variance that chance would give
by itself is subtracted: each child counts for as often as it appears, squared, since the events of one
child come together. (Brothers and sisters come together too, which the tables of the returns do not show,
so some chance is left in.) The correlation is divided by the square root of the part of the variance that
is not chance. In England's own figures chance is a small part. Authorities count alike, whatever their
size, as in those. Deprivation is the mean share of children in income-deprived families over an
authority's neighbourhoods.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import target
from helpers.calibration.children_in_need import in_need
from helpers.calibration.common import open_at, periods, prepared
from helpers.measures.referrals import referral_spells
from helpers.sources.store import Store

YEARS = range(2021, 2026)
DURING = f"between date '{YEARS[0] - 1}-04-01' and date '{YEARS[-1]}-03-31'"


def _at_ends(table: str, condition: str) -> str:
    """Return SQL: a row for each child and 31 March at which `condition`, with {year} in it, is met."""
    return " union all ".join(
        f"select distinct authority, child_id, false as part from {table} where {condition(year)}"
        for year in YEARS
    )


def _rows(store: Store, name: str) -> str:
    """Return SQL: authority, child_id and part (whether the row is in the numerator of a share)."""
    spells = prepared(store, "spells_of_referral", referral_spells)
    during = lambda table, column, part="false": (  # noqa: E731
        f"select authority, child_id, coalesce({part}, false) as part from {table} where {column} {DURING}"
    )
    return {
        "in need": lambda: _at_ends("referrals", in_need),
        "plans": lambda: _at_ends("cp_plans", lambda year: open_at("plan_start", "plan_end", year)),
        "care": lambda: _at_ends(periods(store), lambda year: open_at("period_start", "period_end", year)),
        "enquiries": lambda: during("section47", "enquiry_start"),
        "referrals": lambda: during("referrals", "referral_date"),
        "starts": lambda: during(periods(store), "period_start"),
        # Cafcass counts applications, each for all the children of a family.
        "applications": lambda: (
            f"""select authority, case_id as child_id, false as part
            from court_cases where application = 'care' and application_date {DURING}"""
        ),
        "again": lambda: during(
            spells, "referral_date", "previous_referral >= referral_date - interval 12 months"
        ),
        "second plans": lambda: during("cp_plans", "plan_start", "previous_plans > 0"),
    }[name]()


SHARES = ["again", "second plans"]


def by_authority(store: Store, name: str) -> pd.DataFrame:
    """Return the rate or share of each authority, the variance that chance gives it, and its deprivation.

    Returns
    -------
    pandas.DataFrame
        authority, n (rows counted), value (a year, per 10,000 children, or %), chance (variance),
        deprivation.
    """
    con = store.connection.con
    of_child = f"""select authority, child_id, count(*) as n, sum(part::int) as part
        from ({_rows(store, name)}) group by all"""
    share = con.execute(f"select sum(part) / sum(n) from ({of_child})").fetchone()[0] or 0.0
    table = con.execute(
        f"""select authority, people, deprivation, coalesce(n, 0) as n, part, squares, doubt
            from (select authority, sum(people) as people from populations
                  where age < 18 and year between ? and ? group by 1)
            join (select authority, avg(idaci_score) as deprivation from neighbourhoods group by 1)
                using (authority)
            left join (select authority, sum(n) as n, sum(part) as part, sum(n * n) as squares,
                           sum((part - ? * n) ** 2) as doubt from ({of_child}) group by 1)
                using (authority) order by authority""",
        [YEARS[0] - 1, YEARS[-1] - 1, share],
    ).df()
    if name in SHARES:
        table = table[table["n"] > 0]
        of = table["n"] / 100
        return table.assign(value=table["part"] / of, chance=table["doubt"] / of**2)
    of = table["people"] / 1e4
    return table.assign(value=table["n"] / of, chance=table["squares"].fillna(0) / of**2)


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
    """Standard deviation across authorities, less what chance adds; 0 where chance alone gives as much."""
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
    found_together = found["value"].corr(found["deprivation"])
    return float(np.clip(found_together * found["value"].std() / own, -1, 1))
