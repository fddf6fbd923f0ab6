"""Writes an SSDA903 return as CSV files, dates as DD/MM/YYYY."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.catalogue import TABLES
from helpers.sources.ssda903 import official_columns

NAMES = {
    "Header": "header", "Episodes": "episodes", "Reviews": "reviews", "UASC": "uasc", "OC2": "oc2",
    "OC3": "oc3", "AD1": "ad1", "PlacedAdoption": "placed_adoption", "PrevPerm": "prev_perm",
    "Missing": "missing", "SWEpisodes": "sw_episodes",
}  # fmt: skip
SEX = {"M": "1", "F": "2", "U": "2"}


def write_ssda903(tables: dict[str, pd.DataFrame], year: int, folder: Path) -> None:
    """Write the return of one collection year, as it was known on 31 March; tables without rows are left out.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables of one authority.
    year : int
        Collection year, by the year it ends in.
    folder : Path
        Where the files go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in year_rows(tables, year).items():
        if len(rows):
            rows.to_csv(folder / f"{NAMES[table]}.csv", index=False)


def year_rows(tables: dict[str, pd.DataFrame], year: int) -> dict[str, pd.DataFrame]:
    """Return the official tables of one year, as text."""
    start, end = pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 31)
    episodes = tables["care_episodes"]
    ended = episodes["episode_end"] < start
    episodes = episodes[(episodes["episode_start"] <= end) & ~ended]
    later = episodes["episode_end"] > end
    episodes = episodes.assign(
        episode_end=episodes["episode_end"].mask(later),
        reason_ceased=episodes["reason_ceased"].mask(later),
        reason_place_change=episodes["reason_place_change"].mask(later),
    )
    leavers = _of_year(tables["care_leavers"], year)
    present = set(episodes["child_id"]) | set(leavers["child_id"])
    children = tables["children"][tables["children"]["child_id"].isin(present)]
    in_care = set(episodes["child_id"])
    uasc = tables["uasc"][tables["uasc"]["child_id"].isin(in_care)]
    uasc = uasc.assign(status_ceased=uasc["status_ceased"].mask(uasc["status_ceased"] > end))
    adopted = episodes[episodes["reason_ceased"].isin(["E11", "E12"])]["child_id"]
    decisions = tables["adoption_decisions"]
    decisions = decisions[decisions["child_id"].isin(in_care) & (decisions["decision_date"] <= end)]
    started = tables["previous_permanence"]
    begun = episodes.loc[episodes["episode_start"] >= pd.Timestamp(2016, 4, 1), "child_id"]
    workers = tables["social_worker_episodes"]
    workers = workers[(workers["worker_start"] <= end) & ~(workers["worker_end"] < start)]
    over = workers["worker_end"] > end
    workers = workers.assign(
        worker_end=workers["worker_end"].mask(over), reason_changed=workers["reason_changed"].mask(over)
    )
    missing = tables["missing_episodes"]
    found = {
        "Header": children,
        "Episodes": episodes,
        "Reviews": _between(tables["care_reviews"], "review_date", start, end),
        "UASC": uasc,
        "OC2": _of_year(tables["care_outcomes"], year),
        "OC3": leavers,
        "AD1": tables["adoptions"][tables["adoptions"]["child_id"].isin(adopted)],
        "PlacedAdoption": decisions,
        "PrevPerm": started[started["child_id"].isin(begun)],
        "Missing": _between(missing, "missing_end", start, end),
        "SWEpisodes": workers if year >= 2024 else workers.head(0),
    }
    return {table: _official(table, rows, children, year, end) for table, rows in found.items()}


def _of_year(rows: pd.DataFrame, year: int) -> pd.DataFrame:
    return rows[rows["collection_year"] == year]


def _between(rows: pd.DataFrame, column: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return rows[rows[column].between(start, end)]


def _official(
    table: str, rows: pd.DataFrame, children: pd.DataFrame, year: int, end: pd.Timestamp
) -> pd.DataFrame:
    """Return rows under their official column names, every value as text."""
    model = next(model for model in TABLES.values() if model.source_table("ssda903") == table)
    named = model.source_columns("ssda903")
    text = pd.DataFrame({official: _text(rows[name]) for name, official in named.items()})
    about = children.set_index("child_id")
    if table == "Header":
        text = _header(text, rows, year, end)
    if table == "PrevPerm":
        text["DATE_PERM"] = text["DATE_PERM"].str.lower()  # what is not known is written zz
    if "DOB" in official_columns(table) and table != "Header":
        text["DOB"] = _text(rows["child_id"].map(about["birth_date"]))
    if table == "UASC":
        text["SEX"] = _sex(rows["child_id"].map(about["sex"]), year)
    columns = [c for c in official_columns(table) if c != "UASC"]
    return text.reindex(columns=columns).fillna("")


def _header(text: pd.DataFrame, rows: pd.DataFrame, year: int, end: pd.Timestamp) -> pd.DataFrame:
    school_age = rows["birth_date"] + pd.DateOffset(years=5) < end
    upn = rows["upn"].fillna(rows["upn_unknown"]).where(school_age, "UN1")
    mother = pd.Series("0", index=rows.index).where(rows["sex"] == "F", "")
    return text.assign(SEX=_sex(rows["sex"], year), UPN=upn, MOTHER=mother)


def _sex(sex: pd.Series, year: int) -> pd.Series:
    return sex if year >= 2025 else sex.map(SEX)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%d/%m/%Y")
    if pd.api.types.is_float_dtype(values):
        return values.astype("Int64").astype("string")
    kinds = {True: "1", False: "0"}
    if values.dropna().isin([True, False]).all() and values.dropna().map(type).eq(bool).all():
        return values.map(kinds).astype("string")
    return values.astype("string")
