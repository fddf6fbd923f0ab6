"""What a process of social work costs, built up from the time it takes and what that time costs.

Source: the bottom-up approach of the Cost Calculator for Children's Services (Ward, Holmes and Soper 2008;
Holmes and McDermid 2012) and of the PSSRU's unit costs: hours of each kind of worker times what an hour
costs, overheads included.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.sources.store import Store

CASH = "cash prices"


def process_costs(
    store: Store, deflator: pd.DataFrame | None = None, base: int | None = None
) -> pd.DataFrame:
    """Return what each process costs for one child, by year.

    Parameters
    ----------
    deflator : pandas.DataFrame, optional
        year and index, e.g. the GDP deflator by financial year; with it costs are in prices of `base`.
    base : int, optional
        Year of the prices; the last of the deflator when not given.

    Returns
    -------
    pandas.DataFrame
        process, year (financial year, named by its end), hours, cost (pounds), prices (words).

    Raises
    ------
    ValueError
        When the deflator lacks a year of the costs.
    """
    parts = store.unit_cost_parts
    priced = parts.mutate(cost=parts.hours * parts.hourly_cost)
    table = priced.group_by(["process", "year"]).aggregate(hours=priced.hours.sum(), cost=priced.cost.sum())
    return deflated(table.execute().sort_values(["process", "year"], ignore_index=True), deflator, base)


def cost_parts(store: Store, year: int | None = None) -> pd.DataFrame:
    """Return by activity and role what a process is made of, in one year (the last when not given).

    Returns
    -------
    pandas.DataFrame
        process, activity, role, hours, hourly_cost, cost (cash prices), share (of the cost of the process).
    """
    parts = store.unit_cost_parts.execute()
    chosen = parts[parts["year"] == (parts["year"].max() if year is None else year)]
    table = chosen.assign(cost=chosen["hours"] * chosen["hourly_cost"])
    share = table["cost"] / table.groupby("process")["cost"].transform("sum")
    return table.drop(columns="year").assign(share=share).reset_index(drop=True)


def deflated(
    frame: pd.DataFrame,
    deflator: pd.DataFrame | None = None,
    base: int | None = None,
    columns: Sequence[str] = ("cost",),
) -> pd.DataFrame:
    """Bring costs of several years to the prices of one.

    Parameters
    ----------
    frame : pandas.DataFrame
        With year and the `columns` of costs.
    deflator : pandas.DataFrame, optional
        year and index; without it costs stay in cash.

    Returns
    -------
    pandas.DataFrame
        `frame`, costs in prices of `base`, and prices ("cash prices" or "prices of <base>").

    Raises
    ------
    ValueError
        When the deflator lacks the base or a year of the costs.
    """
    if deflator is None:
        return frame.assign(prices=CASH)
    index = deflator.set_index("year")["index"].astype(float)
    base = int(index.index.max()) if base is None else base
    missing = sorted({base, *frame["year"].astype(int)} - set(index.index))
    if missing:
        raise ValueError(f"The deflator has no index for {', '.join(map(str, missing))}.")
    factor = index[base] / frame["year"].map(index)
    real = {name: frame[name] * factor for name in columns}
    return frame.assign(**real, prices=f"prices of {base}")
