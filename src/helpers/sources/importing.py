"""Brings returns of several years and authorities into one store, where each referral counts once.

The key is authority and child number, and what identifies the record below it. When several returns hold a
record, the one of the latest collection year is kept (an open referral comes back every year). Within a year
the CIN Census is kept before the SSDA903, because it is the return that describes every child and is checked
child by child; two files of the same kind and year are kept in the order in which they were read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from helpers.catalogue import TABLES
from helpers.sources.canonical import derive_conferences, models_of, to_canonical
from helpers.sources.discover import Found, Source, find_returns
from helpers.sources.returns import CIN, ReadError, Return
from helpers.sources.store import Store, StoreError, is_store, read_store, recover, write_store

# Columns whose earlier value stays when a later return leaves it empty; else the later row counts whole.
# A conference is returned only in the year in which it was held.
KEPT_WHEN_EMPTY = {"children": None, "referrals": ["conference_date"]}

# Rows that are replaced together: the disabilities of a child, the factors of an assessment.
REPLACED_TOGETHER = {
    "disabilities": ["authority", "child_id"],
    "assessment_factors": ["authority", "child_id", "referral_date", "assessment_start"],
}
RECEPTION = ["returns", "quarantine", "conflicts"]


@dataclass
class ImportReport:
    """What an import did; the frames have the columns of the canonical tables of the same name."""

    store: Path
    read: list[Return] = field(default_factory=list)
    returns: pd.DataFrame = field(default_factory=pd.DataFrame)
    quarantine: pd.DataFrame = field(default_factory=pd.DataFrame)
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    known: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


def import_returns(
    paths: str | Path | list[str | Path],
    store: str | Path,
    *,
    authority: str | None = None,
    year: int | None = None,
    progress: bool = True,
) -> ImportReport:
    """Read official returns into a store, which is made or added to.

    Parameters
    ----------
    paths : path or list of paths
        Files or folders.
    store : str or Path
        Folder of the store. It changes as a whole or not at all.
    authority, year : optional
        Whose and of which year the SSDA903 returns are; see `helpers.sources.discover`.
    progress : bool
        Whether to show a bar, a step a return.

    Returns
    -------
    ImportReport
        A file that cannot be read is among the failures; the others are imported all the same.

    Raises
    ------
    StoreError
        When nothing could be read, or made-up and real records would meet in one store.
    """
    found = find_returns(paths, authority, year)
    report = ImportReport(Path(store), skipped=found.skipped)
    report.failures = [(path.name, why) for path, why in found.failures]
    recover(store)
    old = read_store(store) if is_store(store) else None
    synthetic = _synthetic(found, old)
    known = set(_stored(old, "returns")["checksum"].dropna()) if old else set()
    parts = []
    for source in tqdm(found.sources, desc="Reading returns", unit="return", disable=not progress):
        part = _read(source, report, known)
        if part is not None:
            known.add(part.checksum)
            parts.append(part)
    if not parts and old is None:
        sentences = " ".join(why for _, why in report.failures) or "No official returns were found there."
        raise StoreError(f"Nothing was imported: {sentences}")
    if parts:
        _merge_into(report, parts, old, synthetic)
    return report


@dataclass
class _Part:
    """One return on its way into the store."""

    source: Return
    label: str
    checksum: str
    tables: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame


def _read(source: Source, report: ImportReport, known: set[str]) -> _Part | None:
    try:
        ret = source.read()
    except ReadError as error:
        report.failures.append((source.label, str(error)))
        return None
    report.notices += source.notices
    report.failures += source.failures
    report.read.append(ret)
    checksum = _checksum(ret)
    if checksum in known:
        report.known.append(source.label)
        return None
    tables, quarantine = to_canonical(ret)
    return _Part(ret, source.label, checksum, tables, quarantine)


def _checksum(ret: Return) -> str:
    """Return a checksum over the files, and over whose and which year's return they are taken to be."""
    digest = hashlib.sha256(f"{ret.collection} {ret.authority} {ret.year}".encode())
    for file in sorted(ret.files, key=lambda path: path.name):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _synthetic(found: Found, old: Store | None) -> bool:
    kinds = {source.synthetic for source in found.sources} | ({old.synthetic} if old else set())
    if len(kinds) > 1:
        raise StoreError(
            "Made-up and real returns would meet in one store: import them into stores of their own "
            "(a file called SYNTHETIC marks a folder of made-up returns)."
        )
    return kinds.pop() if kinds else False


def _merge_into(report: ImportReport, parts: list[_Part], old: Store | None, synthetic: bool) -> None:
    """Merge the new returns with what is stored, and write the store."""
    returns = _returns(parts, old)
    tables: dict[str, pd.DataFrame] = {}
    stored: list[pd.Series] = []
    conflicts: list[pd.DataFrame] = []
    for collection in ("cin", "ssda903"):
        for model in models_of(collection):
            name = model.table_name()
            if name in tables:
                continue
            rows = _candidates(name, parts, old, returns)
            merged, superseded = merge_rows(name, rows)
            conflicts.append(find_conflicts(name, merged, superseded))
            stored.append(merged.groupby(["return_no", "collection"]).size().rename(name))
            tables[name] = merged
    tables["conferences"] = derive_conferences(tables["referrals"], tables["section47"])
    report.returns = TABLES["returns"].conform(_count_superseded(returns, stored))
    report.quarantine = _with_old("quarantine", [part.quarantine for part in parts], old)
    report.conflicts = _with_old("conflicts", conflicts, old)
    reception = {"returns": report.returns, "quarantine": report.quarantine, "conflicts": report.conflicts}
    ordered = {name: rows.sort_values(TABLES[name].key_columns()) for name, rows in tables.items()}
    info = {**(old.info if old else {}), "synthetic": synthetic}
    write_store(ordered | reception, report.store, info, keep_rest=True)


def merge_rows(name: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep one row a key.

    Parameters
    ----------
    name : str
        Canonical table.
    rows : pandas.DataFrame
        Its rows from all returns, with return_no and collection, those to be kept last.

    Returns
    -------
    kept, superseded : pandas.DataFrame
    """
    keys = TABLES[name].key_columns()
    together = REPLACED_TOGETHER.get(name)
    if together:
        latest = rows.groupby(together)["return_no"].transform("last") == rows["return_no"]
        kept = rows[latest & ~rows.duplicated([*keys, "return_no"], keep="last")]
    else:
        kept = rows[~rows.duplicated(keys, keep="last")]
    superseded = rows.drop(kept.index)
    if name in KEPT_WHEN_EMPTY and len(superseded):
        kept = _fill(kept, rows, keys, KEPT_WHEN_EMPTY[name])
    return (_settle_child(kept) if name == "children" else kept), superseded


def _fill(kept: pd.DataFrame, rows: pd.DataFrame, keys: list[str], columns: list[str] | None) -> pd.DataFrame:
    """Fill empty values of kept rows from the latest return that has one."""
    columns = columns or [c for c in rows if c not in {*keys, "return_no", "collection", "collection_year"}]
    again = rows[rows.duplicated(keys, keep=False)]
    filled = again.groupby(keys)[columns].last()
    at = pd.MultiIndex.from_frame(kept[keys])
    values = filled.reindex(at).set_axis(kept.index)
    return kept.assign(**{column: kept[column].fillna(values[column]) for column in columns})


def _settle_child(children: pd.DataFrame) -> pd.DataFrame:
    """Drop what has been overtaken: an expected birth once born, a missing pupil number once there is one."""
    born, has_number = children["birth_date"].notna(), children["upn"].notna()
    return children.assign(
        expected_birth_date=children["expected_birth_date"].mask(born),
        upn_unknown=children["upn_unknown"].mask(has_number),
    )


def find_conflicts(name: str, kept: pd.DataFrame, superseded: pd.DataFrame) -> pd.DataFrame:
    """Return the values of superseded rows that the kept row holds differently.

    An empty value that a later return fills is an update and no conflict.

    Returns
    -------
    pandas.DataFrame
        Columns of the canonical table "conflicts".
    """
    model = TABLES[name]
    keys = model.key_columns()
    pairs = superseded.merge(kept, on=keys, suffixes=("_dropped", "_kept"))
    found = []
    for column in [c for c in model.columns() if c not in {*keys, "collection_year"}]:
        dropped, now = pairs[f"{column}_dropped"], pairs[f"{column}_kept"]
        differs = dropped.notna() & (now.isna() | (dropped != now).fillna(False))
        if OVERTAKEN.get(column) in kept:
            differs &= now.notna()
        if differs.any():
            found.append(_conflict_rows(name, keys, column, pairs[differs]))
    return pd.concat(found) if found else TABLES["conflicts"].empty()


# A value that goes when another column is filled is no conflict.
OVERTAKEN = {"expected_birth_date": "birth_date", "upn_unknown": "upn"}


def _conflict_rows(name: str, keys: list[str], column: str, pairs: pd.DataFrame) -> pd.DataFrame:
    below = [key for key in keys if key not in ("authority", "child_id", "collection_year")]
    later = pairs["collection_year_kept"] > pairs["collection_year_dropped"] if _has_year(pairs) else False
    other = pairs["collection_kept"] != pairs["collection_dropped"]
    rule = (
        pd.Series("later-file", index=pairs.index).mask(other, "cin-before-ssda903").mask(later, "later-year")
    )
    years = {
        f"{side}_year": pairs[f"collection_year_{side}"] if _has_year(pairs) else pairs["collection_year"]
        for side in ("kept", "dropped")
    }
    text = [_text(pairs[key]) for key in below]
    return pd.DataFrame(
        {
            "authority": pairs["authority"], "child_id": pairs["child_id"], "table": name,
            "key": text[0].str.cat(text[1:], sep=", ") if text else "", "field": column,
            "kept": _text(pairs[f"{column}_kept"]), "dropped": _text(pairs[f"{column}_dropped"]),
            **years, "rule": rule,
        }
    )  # fmt: skip


def _has_year(pairs: pd.DataFrame) -> bool:
    return "collection_year_kept" in pairs


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    return values.astype("string")


def _candidates(name: str, parts: list[_Part], old: Store | None, returns: pd.DataFrame) -> pd.DataFrame:
    """Return all rows of a table, in the order in which a later one replaces an earlier one."""
    found = []
    if old is not None:
        found.append(_of_old(name, _stored(old, name), returns))
    numbers = returns.drop_duplicates("checksum").set_index("checksum")["return_no"]
    for part in parts:
        if name in part.tables:
            rows = part.tables[name]
            found.append(rows.assign(return_no=numbers[part.checksum], collection=part.source.collection))
    found = [rows for rows in found if len(rows)]
    if not found:
        return TABLES[name].empty().assign(return_no=pd.array([], dtype="Int64"), collection="")
    rows = pd.concat(found, ignore_index=True)
    order = rows.assign(is_cin=rows["collection"] == CIN).sort_values(
        ["collection_year", "is_cin", "return_no"], kind="stable"
    )
    return order.drop(columns="is_cin").reset_index(drop=True)


def _of_old(name: str, rows: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """Say of stored rows which return they came from: authority, year and table tell."""
    model = TABLES[name]
    official = {model.source_table(collection) for collection in ("cin", "ssda903")}
    origin = returns[returns["table"].isin(official)].sort_values("collection")  # the CIN Census first
    origin = origin.rename(columns={"year": "collection_year"})
    origin = origin.drop_duplicates(["authority", "collection_year"])
    columns = ["authority", "collection_year", "return_no", "collection"]
    return rows.merge(origin[columns], how="left", on=["authority", "collection_year"])


def _returns(parts: list[_Part], old: Store | None) -> pd.DataFrame:
    """Return the table of returns: those stored, then the new ones, superseded rows still to be counted."""
    before = _stored(old, "returns") if old is not None else TABLES["returns"].empty()
    number = int(before["return_no"].max()) if len(before) else 0
    rows = []
    for part in parts:
        number += 1
        records = part.quarantine[part.quarantine["kind"] == "record"].groupby("table").size()
        unread = part.quarantine[part.quarantine["kind"] == "unread"].groupby("table").size()
        for model in models_of(part.source.collection):
            table = model.source_table(part.source.collection)
            rows.append(
                {
                    "return_no": number, "table": table, "collection": part.source.collection,
                    "authority": part.source.authority, "year": part.source.year, "file": part.label,
                    "checksum": part.checksum, "read": len(part.source.tables[table]),
                    "accepted": len(part.tables[model.table_name()]),
                    "quarantined": int(records.get(table, 0)),
                    "unread": int(unread.get(table, 0)), "superseded": 0,
                }
            )  # fmt: skip
    new = TABLES["returns"].conform(pd.DataFrame(rows))
    return pd.concat([before, new], ignore_index=True) if len(before) else new


def _count_superseded(returns: pd.DataFrame, stored: list[pd.Series]) -> pd.DataFrame:
    """Return the returns with accepted - stored as superseded."""
    counts = {}
    for series in stored:
        for (number, collection), n in series.items():
            table = TABLES[series.name].source_table(collection)
            counts[(number, table)] = int(n)
    kept = [counts.get(pair, 0) for pair in zip(returns["return_no"], returns["table"], strict=True)]
    return returns.assign(superseded=returns["accepted"] - kept)


def _stored(old: Store, name: str) -> pd.DataFrame:
    return TABLES[name].conform(getattr(old, name).to_pandas())


def _with_old(name: str, new: list[pd.DataFrame], old: Store | None) -> pd.DataFrame:
    found = ([_stored(old, name)] if old is not None else []) + new
    found = [rows for rows in found if len(rows)]
    return TABLES[name].conform(pd.concat(found, ignore_index=True)) if found else TABLES[name].empty()
