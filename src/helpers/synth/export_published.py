"""Writes published tables of the synthetic country in the layout of the DfE's open data.

One row for England, each region and each authority a year. Counts of England and the regions are rounded to
ten, as the children's services statistics do; an authority's counts of one to five are suppressed (c), and
shares with them; x stands for what was not collected. What is counted stands in
`helpers.synth.export_published_sql`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.catalogue.codes import labels
from helpers.sources.store import Store
from helpers.synth.export_published_tables import TABLES, Published
from helpers.synth.reorganised import RETURNED

LEVELS = {"National": [], "Regional": ["region"], "Local authority": ["region", "authority"]}
COUNTRY, ENGLAND = "E92000001", "England"
SUPPRESSED, NOT_COLLECTED = "c", "x"
MOST_SUPPRESSED = 5
COLLECTED_FROM = {
    "Physical_Abuse_child_on_child": 2021, "Physical_Abuse_adult_on_child": 2021,
    "Sexual_Abuse_child_on_child": 2021, "Sexual_Abuse_adult_on_child": 2021,
    "Child_criminal_exploitation": 2022,
}  # fmt: skip


def write_published(store: Store, folder: Path) -> list[Path]:
    """Write every published table that the store has rows for.

    Parameters
    ----------
    store : Store
    folder : Path

    Returns
    -------
    list of Path
        The CSV files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES:
        rows = published(store, table)
        if len(rows):
            rows.to_csv(folder / f"{table.file}.csv", index=False)
            written.append(folder / f"{table.file}.csv")
    return written


def published(store: Store, table: Published) -> pd.DataFrame:
    """Return one published table as text, newest year first."""
    counted = _counts(store, table)
    kinds = [name for name, text in table.names.items() if text is None]
    numbers = [c for c in counted if c not in {"authority", "region", "year", *kinds}]
    parts = []
    for level, by in LEVELS.items():
        keys = ["year", *by, *kinds]
        rows = counted.groupby(keys, as_index=False)[numbers].sum()
        parts.append(_as_text(rows, table, level).assign(geographic_level=level, **rows[[*by, *kinds]]))
    return _laid_out(store, pd.concat(parts, ignore_index=True), table)


def _counts(store: Store, table: Published) -> pd.DataFrame:
    """Run the query over all years from the table's first, and add the region of each authority."""
    connection = store.connection.con
    last = connection.execute("select max(collection_year) from referrals").fetchone()[0]
    connection.execute(
        "create or replace temp view years as select y as year, make_date(y - 1, 4, 1) as first_day, "
        f"make_date(y, 3, 31) as last_day from unnest(range({table.first}, {int(last or 0) + 1})) as t(y)"
    )
    found = connection.execute(table.query).df()
    if table.of_returns:
        found = _for_each_return(store, found, [n for n, text in table.names.items() if text is None])
    region = store.authorities.select("authority", "region").to_pandas()
    return found.merge(region, on="authority")


def _for_each_return(store: Store, found: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Return the counts of every authority and year with a return: none found means none, not unknown."""
    union = " union ".join(f"select authority, collection_year as year from {name}" for name in RETURNED)
    made = store.connection.con.execute(
        f"select authority, year from ({union}) semi join years using (year)"
    ).df()
    grid = made.merge(found[kinds].drop_duplicates(), how="cross") if kinds else made
    return grid.merge(found, how="left", on=["authority", "year", *kinds]).fillna(0)


def _as_text(rows: pd.DataFrame, table: Published, level: str) -> pd.DataFrame:
    """Return year, counts and shares as they are published at a level."""
    result = pd.DataFrame({"time_period": rows["year"].astype(int).astype(str)})
    small = pd.DataFrame(False, index=rows.index, columns=list(rows))
    hidden = table.of_returns and level == "Local authority"
    for name in [name for name in table.counts if name in rows]:
        number = rows[name].astype(float)
        small[name] = hidden & number.between(1, MOST_SUPPRESSED)
        whole = name != "population_estimate" and table.of_returns and level != "Local authority"
        text = _number(np.round(number / 10) * 10 if whole else number, 1)
        text = text.mask(small[name], SUPPRESSED)
        result[name] = text.mask(rows["year"] < COLLECTED_FROM.get(name, 0), NOT_COLLECTED)
    for name, (part, of, factor) in table.shares.items():
        of_none = rows[of] == 0
        share = factor * rows[part].astype(float) / rows[of].astype(float).mask(of_none)
        text = _number(share, table.decimals).mask(small[part] | small[of], SUPPRESSED)
        result[name] = text.mask(of_none, "z")
    return result


def _number(values: pd.Series, decimals: int) -> pd.Series:
    """Return numbers as text, without trailing zeros."""
    return values.map(lambda n: f"{n:.{decimals}f}".removesuffix(".0") if pd.notna(n) else "z")


def _laid_out(store: Store, rows: pd.DataFrame, table: Published) -> pd.DataFrame:
    """Return rows with the columns that say when and where, in the order of the published file."""
    about = store.authorities.to_pandas().set_index("authority")
    local = rows["authority"].notna()
    rows = rows.assign(
        time_identifier="Reporting year",
        country_code=COUNTRY,
        country_name=ENGLAND,
        region_code=rows["region"],
        region_name=rows["region"].map(labels("region")),
        old_la_code=rows["authority"],
        new_la_code=rows["authority"].map(about["ons_code"]),
        la_name=rows["authority"].map(about["name"]).where(local),
        **{name: text for name, text in table.names.items() if text is not None},
    )
    order = rows["geographic_level"].map(list(LEVELS).index)
    kinds = list(table.names)
    rows = rows.assign(order=order).sort_values(
        ["time_period", "order", "region_code", "old_la_code", *kinds],
        ascending=[False, True, True, True, *[True] * len(kinds)],
        kind="stable",
    )
    where = ["time_period", "time_identifier", "geographic_level", "country_code", "country_name",
             "region_code", "region_name"]  # fmt: skip
    return rows.reindex(columns=[*where, *table.columns, *kinds, *_in_order(table)]).fillna(
        dict.fromkeys(["region_code", "region_name", *table.columns], "")
    ).fillna(NOT_COLLECTED)  # fmt: skip


def _in_order(table: Published) -> list[str]:
    """Return the columns of figures: each share after the count it is a share of, unless listed itself."""
    found: list[str] = []
    for name in table.counts:
        found.append(name)
        found += [s for s, (part, _, _) in table.shares.items() if part == name and s not in table.counts]
    return found
