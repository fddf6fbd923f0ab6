"""Writes official files from a synthetic store: what an authority would have returned each year."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.sources.store import Store, StoreError, read_store
from helpers.synth.export_903 import write_ssda903
from helpers.synth.export_cin import write_cin
from helpers.synth.faults import add_faults

YEARS = (2022, 2023, 2024, 2025)
MARK = "SYNTHETIC"

TABLES = [
    "children", "disabilities", "referrals", "assessments", "assessment_factors", "section47", "cp_plans",
    "cp_reviews", "cin_plans", "care_episodes", "care_reviews", "uasc", "care_outcomes", "care_leavers",
    "adoptions", "adoption_decisions", "previous_permanence", "missing_episodes", "social_worker_episodes",
]  # fmt: skip


def export_returns(
    store: str | Path,
    authority: str,
    out: str | Path,
    years: tuple[int, ...] = YEARS,
    max_children: int | None = None,
    faults: bool = False,
) -> Path:
    """Write one authority's CIN Census and SSDA903 for some collection years.

    Parameters
    ----------
    store : str or Path
        A synthetic store.
    authority : str
        Three-digit code.
    out : str or Path
        Folder; files go to ``<out>/<authority>/cin_census_<year>.xml`` and ``.../ssda903_<year>/*.csv``.
    years : tuple of int
        Collection years, by the year they end in.
    max_children : int, optional
        Only so many children (the first by number, those ever looked after among them as in the whole).

    faults : bool
        Whether to spoil the last year's files in known ways; ``<out>/<authority>/faults.csv`` lists each.

    Returns
    -------
    Path
        The folder `out`, marked as synthetic.

    Raises
    ------
    StoreError
        When the store holds no such authority.
    """
    out = Path(out)
    tables = authority_tables(store, authority, years, max_children)
    if tables["children"].empty:
        raise StoreError(f"{store} holds no authority {authority}: choose one of its table of authorities.")
    folder = out / authority
    folder.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
    for year in years:
        write_cin(tables, authority, year, folder / f"cin_census_{year}.xml")
        write_ssda903(tables, year, folder / f"ssda903_{year}")
    if faults:
        add_faults(folder, max(years))
    return out


def authority_tables(
    store: str | Path, authority: str, years: tuple[int, ...] = YEARS, max_children: int | None = None
) -> dict[str, pd.DataFrame]:
    """Return an authority's rows that the returns of some years hold, for all or for some children."""
    opened = read_store(store)
    tables = {n: _of(opened, n, authority) for n in TABLES}
    tables = {n: rows[rows["collection_year"] >= min(years)] for n, rows in tables.items()}
    known = tables["children"]["child_id"].sort_values()
    if max_children is not None:
        step = max(1, len(known) // max_children)
        known = known.iloc[::step].head(max_children)
    found = {n: rows[rows["child_id"].isin(known)].reset_index(drop=True) for n, rows in tables.items()}
    in_903 = set(found["care_episodes"]["child_id"]) | set(found["care_leavers"]["child_id"])
    children = found["children"]
    mother = children["is_mother"].where(children["child_id"].isin(in_903), None)
    return found | {"children": children.assign(is_mother=mother)}


def _of(store: Store, name: str, authority: str) -> pd.DataFrame:
    table = getattr(store, name)
    return table.filter(table.authority == authority).to_pandas()
