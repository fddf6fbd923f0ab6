"""From a return as written to canonical tables; what cannot be a row, or a value, goes to quarantine.

Everything is driven by the catalogue: which official table and column feeds which canonical one, what
identifies a row, which code list holds.
"""

from __future__ import annotations

import pandas as pd

from helpers.catalogue import TABLES, Table
from helpers.catalogue.codes import canonical_codes, valid_codes
from helpers.sources.returns import SSDA903, Return
from helpers.sources.values import parse_dates, parse_flags, parse_numbers

QUARANTINE = list(TABLES["quarantine"].columns())

# What a row hangs below. All else hangs below the referral (CIN Census) or the child (SSDA903).
PARENTS = {
    "children": None,
    "disabilities": "children",
    "referrals": "children",
    "assessment_factors": "assessments",
    "cp_reviews": "cp_plans",
}

CHILD_COLUMNS = {"cin": "LAchildID", "ssda903": "CHILD"}


def models_of(collection: str) -> list[type[Table]]:
    """Return the canonical tables that a collection feeds, parents before children."""
    return [model for model in TABLES.values() if model.source_table(collection)]


def to_canonical(ret: Return) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Turn a return into canonical tables.

    A record is set aside when what identifies it is missing or not understood, when the record it belongs to
    is not accepted, or when the same key stands twice (the first of equal records is kept; of records that
    differ, the last). A value that is not understood, or a code that no year's list holds, is left empty and
    noted. For each official table, accepted rows + quarantined records = records read.

    Parameters
    ----------
    ret : Return

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        Canonical tables by name, dtypes as in the catalogue; also the derived table "conferences" (CIN only).
    quarantine : pandas.DataFrame
        One row per record, value or piece of a file set aside; columns of `catalogue.reception.Quarantine`.
    """
    tables: dict[str, pd.DataFrame] = {}
    aside = [_unread(ret)]
    for model in models_of(ret.collection):
        parent = PARENTS.get(model.table_name(), "referrals" if ret.collection == "cin" else "children")
        tables[model.table_name()], quarantined = _convert(ret, model, parent, tables.get(parent))
        aside.append(quarantined)
    if "referrals" in tables:
        tables["conferences"] = derive_conferences(tables["referrals"], tables["section47"])
    aside = [rows for rows in aside if len(rows)]
    quarantine = pd.concat(aside, ignore_index=True) if aside else TABLES["quarantine"].empty()
    return tables, TABLES["quarantine"].conform(quarantine)


def derive_conferences(referrals: pd.DataFrame, section47: pd.DataFrame) -> pd.DataFrame:
    """Return the initial child protection conferences that referrals and section 47 enquiries tell of.

    The CIN Census holds the date of an initial conference either on the referral or on the enquiry that led
    to it (never both, rule 2884). Where both stand all the same, they are one conference.

    Parameters
    ----------
    referrals, section47 : pandas.DataFrame
        Canonical tables.

    Returns
    -------
    pandas.DataFrame
        Canonical table "conferences", one row per authority, child, referral and date.
    """
    model = TABLES["conferences"]
    parts = [section47.assign(from_enquiry=True), referrals.assign(from_enquiry=False)]
    parts = [part.reindex(columns=list(model.columns())).dropna(subset=["conference_date"]) for part in parts]
    parts = [part for part in parts if len(part)]
    if not parts:
        return model.empty()
    found = pd.concat(parts, ignore_index=True).drop_duplicates(model.key_columns())
    return model.conform(found.sort_values(model.key_columns()))


def _convert(
    ret: Return, model: type[Table], parent: str | None, accepted_parents: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the accepted rows of one official table and what was set aside of it."""
    raw = _as_written(ret, model)
    rows = pd.DataFrame({name: _understand(model, name, text) for name, text in raw.items()})
    rows = rows.assign(authority=ret.authority, collection_year=ret.year)
    aside = _keyless(model, raw, rows)
    if accepted_parents is not None:
        aside.append(_orphans(ret, model, TABLES[parent], rows.drop(_index(aside)), accepted_parents))
    aside.extend(_duplicates(model, raw, rows.drop(_index(aside))))
    accepted = rows.drop(_index(aside))
    aside.extend(_values_not_understood(model, raw.loc[accepted.index], accepted))
    return model.conform(accepted), _place(ret, model, pd.concat(aside))


def _as_written(ret: Return, model: type[Table]) -> pd.DataFrame:
    """Return the official columns under their canonical names, as text, indexed by position."""
    official = model.source_columns(ret.collection)
    table = ret.tables[model.source_table(ret.collection)].reset_index(drop=True)
    raw = table.reindex(columns=list(official.values())).astype("string").set_axis(list(official), axis=1)
    return _part_upn(raw) if ret.collection == SSDA903 and "upn" in raw else raw


def _part_upn(raw: pd.DataFrame) -> pd.DataFrame:
    """Part pupil numbers from the reasons why there is none: the SSDA903 writes both in one column."""
    is_reason = raw["upn"].str.upper().isin(valid_codes("upn_unknown"))
    return raw.assign(upn=raw["upn"].mask(is_reason), upn_unknown=raw["upn"].where(is_reason))


def _understand(model: type[Table], name: str, text: pd.Series) -> pd.Series:
    """Return the values of a column with the type the catalogue gives it; missing where not understood."""
    codes = model.code_columns().get(name)
    if codes:
        held = {code.upper(): canonical for code, canonical in canonical_codes(codes).items()}
        return text.str.upper().map(held).astype("string")
    kind = str(model.columns()[name].dtype)
    if kind.startswith("datetime"):
        return parse_dates(text)
    if kind == "boolean":
        return parse_flags(text)
    return parse_numbers(text) if kind == "Int64" else text


def _keyless(model: type[Table], raw: pd.DataFrame, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Set aside the records with an empty, or not understood, part of the key."""
    aside: list[pd.DataFrame] = []
    for name in (name for name in model.key_columns() if name in raw):
        left = raw[name].drop(_index(aside))
        empty, garbled = left[left.isna()], left[left.notna() & rows.loc[left.index, name].isna()]
        aside.append(_entries(empty, "record", name, "key-missing", "is empty, and it identifies the record"))
        reason = f"{_not(model, name)}, and it identifies the record"
        aside.append(_entries(garbled, "record", name, "key-not-understood", reason))
    return aside


def _orphans(
    ret: Return, model: type[Table], parent: type[Table], rows: pd.DataFrame, accepted: pd.DataFrame
) -> pd.DataFrame:
    """Set aside the records whose parent is absent or itself set aside."""
    keys = parent.key_columns()
    found = rows[keys].merge(accepted[keys], how="left", on=keys, indicator="in")["in"].eq("both").to_numpy()
    name = keys[-1]
    lost = _as_written(ret, model).loc[rows.index[~found], name]
    table = parent.source_table(ret.collection)
    return _entries(lost, "record", name, "parent-missing", f"names no accepted record of {table}")


def _duplicates(model: type[Table], raw: pd.DataFrame, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Set aside all but one of the records with the same key."""
    keys = model.key_columns()
    twice = rows[rows.duplicated(keys, keep=False)]
    distinct = twice.drop_duplicates()
    equal = ~_keys(twice, keys).isin(_keys(distinct[distinct.duplicated(keys)], keys))
    same = twice.index[equal & twice.duplicated(keys, keep="first")]
    other = twice.index[~equal & twice.duplicated(keys, keep="last")]
    reason = "identifies more than one record, all the same: the first is kept"
    differs = "identifies more than one record, and they differ: the last is kept"
    named = [name for name in keys if name in raw]
    written = raw[named].fillna("")
    written = written[named[0]].str.cat([written[name] for name in named[1:]], sep=", ")
    return [
        _entries(written.loc[same], "record", named, "duplicate", reason),
        _entries(written.loc[other], "record", named, "duplicate-differs", differs),
    ]


def _values_not_understood(model: type[Table], raw: pd.DataFrame, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Note the values of accepted records that had to be left empty."""
    aside = []
    for name, text in raw.items():
        lost = text[text.notna() & rows[name].isna()]
        rule = "code-unknown" if name in model.code_columns() else "value-not-understood"
        aside.append(_entries(lost, "value", name, rule, f"{_not(model, name)}: left empty"))
    return aside


def _not(model: type[Table], name: str) -> str:
    """Say what a value of the column should have been."""
    if name in model.code_columns():
        return "is not in the code list of any year"
    kind = str(model.columns()[name].dtype)
    wanted = {"boolean": "yes or no (1 or 0, true or false)", "Int64": "a whole number"}
    return f"is not {wanted.get(kind, 'a date between 1900 and 2100')}"


def _entries(values: pd.Series, kind: str, field: str | list[str], rule: str, reason: str) -> pd.DataFrame:
    """Return quarantine rows, indexed by position in the official table; `field` is still canonical."""
    names = [field] if isinstance(field, str) else field
    frame = pd.DataFrame({"value": values.astype("string")})
    return frame.assign(kind=kind, field=",".join(names), rule=rule, reason=reason)


def _place(ret: Return, model: type[Table], aside: pd.DataFrame) -> pd.DataFrame:
    """Say where each quarantine row stands, and name fields as the official file does."""
    table = model.source_table(ret.collection)
    official = {**model.source_columns(ret.collection)}
    if ret.collection == SSDA903:
        official["upn_unknown"] = "UPN"
    aside = aside.sort_index(kind="stable")
    places = ret.tables[table].reset_index(drop=True).loc[aside.index]
    fields = {
        names: ", ".join(official[name] for name in names.split(",")) for names in aside["field"].unique()
    }
    named = aside["field"].map(fields).astype("string")
    return aside.assign(
        collection=ret.collection, year=ret.year, authority=ret.authority, table=table,
        file=places["file"], record=places["record"], child=places[CHILD_COLUMNS[ret.collection]],
        field=named, reason=named + " " + aside["reason"].astype("string") + ".",
    )[QUARANTINE]  # fmt: skip


def _unread(ret: Return) -> pd.DataFrame:
    """Return the pieces that the reader could not make a record, as quarantine rows."""
    unread = ret.unread.rename(columns={"text": "value"})
    return unread.assign(
        collection=ret.collection, year=ret.year, authority=ret.authority, kind="unread", rule="not-readable"
    ).reindex(columns=QUARANTINE)


def _index(aside: list[pd.DataFrame]) -> pd.Index:
    """Return the positions already set aside."""
    return pd.Index([position for part in aside for position in part.index])


def _keys(rows: pd.DataFrame, keys: list[str]) -> pd.Index:
    return pd.MultiIndex.from_frame(rows[keys])
