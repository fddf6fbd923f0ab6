"""The panel that difference-in-differences takes: a row for each unit and period, with when it began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.models.tidy import tidy

NEVER = 0  # pyfixest's word for a unit that never begins


@dataclass(frozen=True)
class Panel:
    """A checked panel.

    Attributes
    ----------
    frame : pandas.DataFrame
        unit, cluster (int64 codes), time, start (int64; 0 = never in these data), outcome, weight (float),
        treated (0 or 1), event (int64: periods since the start; -1 for those that never begin).
    dropped : pandas.DataFrame
        reason, rows: what was left out of the panel as given.
    """

    frame: pd.DataFrame
    dropped: pd.DataFrame

    @property
    def clusters(self) -> int:
        """How many clusters the errors rest on."""
        return self.frame["cluster"].nunique()

    @property
    def units(self) -> int:
        """How many units there are."""
        return self.frame["unit"].nunique()


def panel(
    frame: pd.DataFrame,
    unit: str,
    time: str,
    outcome: str,
    start: str,
    *,
    weight: str | None = None,
    cluster: str | None = None,
) -> Panel:
    """Check a panel for difference-in-differences and bring it into one form.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row for each unit (such as an authority) and period. Shares of referrals by authority and year,
        weighted by referrals, give the same estimates as a row for each referral.
    unit, time, outcome, start : str
        Columns: the unit, the period (whole numbers), the outcome, and the first period with the policy
        (missing or 0 where it never began).
    weight : str, optional
        Column of how many cases a row stands for.
    cluster : str, optional
        Column within which errors hang together; the unit by default. A unit lies in one cluster.

    Returns
    -------
    Panel
        Units that began before the first period are left out, as nothing is known of them without the
        policy; so are rows with a missing outcome or no weight. Where every unit begins sometime, the
        periods from the last start on are left out: the last to begin then serve as the comparison.

    Raises
    ------
    ValueError
        If rows repeat a unit and period, a start changes within a unit, or nobody is left to compare.
    """
    table = _columns(frame, unit, time, outcome, start, weight, cluster or unit)
    _check(table)
    dropped = []

    def leave_out(rows: pd.Series, reason: str) -> None:
        nonlocal table
        dropped.append((reason, int(rows.sum())))
        table = table[~rows]

    leave_out(table["outcome"].isna() | ~(table["weight"] > 0), "no outcome or no weight")
    first = table["time"].min()
    leave_out((table["start"] > NEVER) & (table["start"] <= first), "began before the first period")
    table.loc[table["start"] > table["time"].max(), "start"] = NEVER
    if len(table) and (table["start"] > NEVER).all():
        leave_out(table["time"] >= table["start"].max(), "nobody left without the policy")
        table.loc[table["start"] > table["time"].max(), "start"] = NEVER
    begun = table["start"] > NEVER
    if not begun.any() or begun.all():
        raise ValueError(
            "Nobody is left to compare: the panel needs units that begin within its periods and units that "
            "begin later or never."
        )
    table = table.assign(
        treated=(begun & (table["time"] >= table["start"])).astype("int64"),
        event=np.where(begun, table["time"] - table["start"], -1),
    )
    return Panel(table.reset_index(drop=True), pd.DataFrame(dropped, columns=["reason", "rows"]))


def _columns(
    frame: pd.DataFrame, unit: str, time: str, outcome: str, start: str, weight: str | None, cluster: str
) -> pd.DataFrame:
    missing = [c for c in (unit, time, outcome, start, weight, cluster) if c and c not in frame]
    if missing:
        raise ValueError(f"The panel has no column {', '.join(map(repr, missing))}.")
    return pd.DataFrame(
        {
            "unit": pd.factorize(frame[unit], sort=True)[0],
            "cluster": pd.factorize(frame[cluster], sort=True)[0],
            "time": frame[time].astype("int64"),
            "start": frame[start].fillna(NEVER).astype("int64"),
            "outcome": frame[outcome].astype(float),
            "weight": frame[weight].astype(float) if weight else 1.0,
        }
    ).sort_values(["unit", "time"], ignore_index=True)


def _check(table: pd.DataFrame) -> None:
    if table.duplicated(["unit", "time"]).any():
        raise ValueError("The panel has more than one row for a unit and period: count it first.")
    for column, words in (("start", "more than one start"), ("cluster", "more than one cluster")):
        if table.drop_duplicates(["unit", column])["unit"].duplicated().any():
            raise ValueError(f"A unit has {words}: give each unit one.")


def t_tidy(
    terms: object, estimates: object, errors: object, n: object, method: str, clusters: int, **more: object
) -> pd.DataFrame:
    """Return tidy results with 95% intervals from Student's t on clusters - 1 degrees of freedom.

    Source: Cameron and Miller (2015), A practitioner's guide to cluster-robust inference, section VI.
    """
    wider = stats.t.ppf(0.975, max(clusters - 1, 1)) / stats.norm.ppf(0.975)
    errors = np.asarray(errors, dtype=float)
    return tidy(terms, estimates, errors * wider, n, method, std_error=errors, clusters=clusters, **more)
