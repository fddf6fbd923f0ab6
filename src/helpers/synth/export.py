"""Writes official files from a synthetic store: what authorities would have returned each year.

Rows are read from the store one authority at a time. The store holds each row as it was last returned; a file
of an earlier year has what was known then, and what `conflicts` says that year's return held instead.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from helpers.sources.store import Store, StoreError, read_store
from helpers.synth.export_903 import write_ssda903
from helpers.synth.export_cin import write_cin
from helpers.synth.export_published import write_published
from helpers.synth.export_workforce import write_workforce
from helpers.synth.faults import add_faults
from helpers.synth.parameters import value

YEARS = (2022, 2023, 2024, 2025)
FIRST_YEAR = 2017  # the rules and the layout of the files hold from this collection year on
MARK = "SYNTHETIC"
ALL, PUBLISHED = "all", "published"

TABLES = [
    "children", "disabilities", "referrals", "assessments", "assessment_factors", "section47", "cp_plans",
    "cp_reviews", "cin_plans", "care_episodes", "care_reviews", "uasc", "care_outcomes", "care_leavers",
    "adoptions", "adoption_decisions", "previous_permanence", "missing_episodes", "social_worker_episodes",
]  # fmt: skip


def export(
    store: str | Path,
    what: str,
    out: str | Path,
    years: tuple[int, ...] = YEARS,
    faults: bool = False,
    progress: bool = True,
) -> Path:
    """Write the official files of authorities, and the published tables of the country.

    Parameters
    ----------
    store : str or Path
        A synthetic store.
    what : str
        "all" (every authority, and the published tables), "published" (those alone), or the codes of
        authorities, separated by commas.
    out : str or Path
        Folder; see `export_returns`. The published tables go to ``<out>/published``.
    years : tuple of int
        Collection years of the returns. The published tables cover all years that were published.
    faults : bool
        See `export_returns`.
    progress : bool
        Whether to show a bar, a step an authority.

    Returns
    -------
    Path
        The folder `out`, marked as synthetic.

    Raises
    ------
    StoreError
        When the store is not synthetic, or holds no such authority.
    """
    opened, out = _synthetic(store), Path(out)
    known = opened.authorities.authority.execute().sort_values().to_list()
    codes = known if what == ALL else [] if what == PUBLISHED else [c.strip() for c in what.split(",")]
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise StoreError(
            f"{store} holds no authority {', '.join(unknown)}: its authorities are {known[0]} to {known[-1]}."
        )
    for code in tqdm(codes, desc="Official files", unit="authority", disable=not progress):
        export_returns(opened, code, out, years, faults=faults)
    if what in (ALL, PUBLISHED):
        write_published(opened, out / PUBLISHED)
        (out / MARK).touch()
    return out


def export_returns(
    store: str | Path | Store,
    authority: str,
    out: str | Path,
    years: tuple[int, ...] = YEARS,
    max_children: int | None = None,
    faults: bool = False,
) -> Path:
    """Write one authority's CIN Census, SSDA903 and workforce census for some collection years.

    Parameters
    ----------
    store : str, Path or Store
        A synthetic store.
    authority : str
        Three-digit code.
    out : str or Path
        Folder; files go to ``<out>/<authority>/cin_census_<year>.xml``, ``.../ssda903_<year>/*.csv`` and
        ``.../workforce_<year>/*.csv``.
    years : tuple of int
        Collection years, by the year they end in. A year in which the authority made no return is left out.
    max_children : int, optional
        Only so many children (the first by number, those ever looked after among them as in the whole).
    faults : bool
        Whether to spoil the last year's files in known ways too; ``<out>/<authority>/faults.csv`` then lists
        these faults and those of the store's records that show in the files.

    Returns
    -------
    Path
        The folder `out`, marked as synthetic.

    Raises
    ------
    StoreError
        When the store is not synthetic, or holds no such authority.
    """
    out, opened = Path(out), _synthetic(store)
    tables = authority_tables(opened, authority, years, max_children)
    if tables["children"].empty and authority not in set(opened.authorities.authority.execute()):
        raise StoreError(
            f"{opened.path} holds no authority {authority}: choose one of its table of authorities."
        )
    folder = out / authority
    folder.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
    log = faults_of(opened, authority)
    made = [year for year in years if made_a_return(tables, year)]
    for year in made:
        then = as_returned(tables, log, year)
        write_cin(then, authority, year, folder / f"cin_census_{year}.xml")
        write_ssda903(then, year, folder / f"ssda903_{year}")
    write_workforce(opened, authority, years, folder)
    if faults and made:
        add_faults(
            folder,
            max(made),
            log[log["year"].isin(made) & log["child_id"].isin(tables["children"]["child_id"])],
        )
    return out


def years_from(first: int) -> tuple[int, ...]:
    """Return the collection years from the first asked for to the last there is.

    Raises
    ------
    ValueError
        When no official files are written for that year.
    """
    earliest, last = FIRST_YEAR, value("time.last_year")
    if not earliest <= first <= last:
        raise ValueError(
            f"Official files are written for collection years {earliest} to {last}, not {first}."
        )
    return tuple(range(first, last + 1))


def _synthetic(store: str | Path | Store) -> Store:
    opened = store if isinstance(store, Store) else read_store(store)
    if not opened.synthetic:
        raise StoreError(
            f"{opened.path} holds real records: official files are written from made-up ones only."
        )
    return opened


def authority_tables(
    store: str | Path | Store,
    authority: str,
    years: tuple[int, ...] = YEARS,
    max_children: int | None = None,
) -> dict[str, pd.DataFrame]:
    """Return an authority's rows that the returns of some years hold, for all or for some children."""
    opened = _synthetic(store)
    tables = {n: _of(opened, n, authority, "collection_year", min(years)) for n in TABLES}
    tables["conflicts"] = _of(opened, "conflicts", authority, "dropped_year", min(years))
    known = tables["children"]["child_id"].sort_values()
    if max_children is not None:
        step = max(1, len(known) // max_children)
        known = known.iloc[::step].head(max_children)
    found = {n: rows[rows["child_id"].isin(known)].reset_index(drop=True) for n, rows in tables.items()}
    in_903 = set(found["care_episodes"]["child_id"]) | set(found["care_leavers"]["child_id"])
    children = found["children"]
    mother = children["is_mother"].where(children["child_id"].isin(in_903), None)
    return found | {"children": children.assign(is_mother=mother)}


def _of(store: Store, name: str, authority: str, year: str, first: int) -> pd.DataFrame:
    table = getattr(store, name)
    return table.filter((table.authority == authority) & (table[year] >= first)).to_pandas()


def faults_of(store: Store, authority: str) -> pd.DataFrame:
    """Return the log of the faults in an authority's records; without rows where there are none."""
    parts = store.path / "truth" / "faults.parquet"
    if not parts.exists():
        return pd.DataFrame({"child_id": [], "kind": [], "year": []})
    return pd.read_parquet(parts, filters=[("authority", "==", authority)])


def made_a_return(tables: dict[str, pd.DataFrame], year: int) -> bool:
    """Return whether any row of an authority was last returned in a year."""
    return any((rows["collection_year"] == year).any() for name, rows in tables.items() if name in TABLES)


def as_returned(tables: dict[str, pd.DataFrame], log: pd.DataFrame, year: int) -> dict[str, pd.DataFrame]:
    """Return the rows that the return of a year could hold, with the values that it gave differently.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        As `authority_tables` returns them.
    log : pandas.DataFrame
        As `faults_of` returns it: a child who came from an authority that merged is returned from then on.
    year : int
        Collection year.
    """
    later = log.loc[(log["kind"] == "reorganised") & (log["year"] > year), "child_id"]
    found = {n: tables[n][tables[n]["collection_year"] >= year] for n in TABLES}
    found = {n: rows[~rows["child_id"].isin(later)] for n, rows in found.items()}
    wrong = tables["conflicts"][tables["conflicts"]["dropped_year"] >= year]
    for (name, field), cells in wrong.groupby(["table", "field"]):
        found[name] = _give_otherwise(found[name], field, cells)
    return found


def _give_otherwise(rows: pd.DataFrame, field: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Write into rows what a return of an earlier year gave; cells are known by child and referral date."""
    keys = rows["child_id"]
    if "referral_date" in rows:
        keys = keys + rows["referral_date"].dt.strftime(" %Y-%m-%d")
    dropped = keys.map(
        dict(zip((cells["child_id"] + " " + cells["key"]).str.strip(), cells["dropped"], strict=True))
    )
    if pd.api.types.is_datetime64_any_dtype(rows[field]):
        dropped = pd.to_datetime(dropped)
    return rows.assign(**{field: dropped.where(dropped.notna(), rows[field])})
