"""Results of models as a table of a paper: each estimate with its interval, models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.display import MISSING, heading, interval, places
from helpers.labels import label, split_term, term_label, value_label
from helpers.sources.store import Store
from helpers.tables.shown import show


def estimates(
    results: pd.DataFrame,
    caption: str,
    store: Store | None,
    *,
    ratio: bool = False,
    percent: bool = False,
    by: str | None = None,
    columns: Sequence[str] = (),
    measure: str = "",
    names: Mapping[str, str] | None = None,
    note: str = "",
) -> None:
    """Show results of any model as a table: term, "estimate (low to high)", and what they rest on.

    Parameters
    ----------
    results : pandas.DataFrame
        Tidy, as every model returns it (see `helpers.models.tidy`): term, estimate, low, high, n, method.
    caption : str
    store : Store
        Where the numbers come from.
    ratio, percent, by, columns, measure, names
        As for `estimate_rows`.
    note : str
        Put before the method, below the table.
    """
    rows = estimate_rows(
        results, ratio=ratio, percent=percent, by=by, columns=columns, measure=measure, names=names
    )
    rows = _without_shared_column(rows, results["term"], names)
    inside = f"{_heads(measure, ratio)}." if by else ""
    below = " ".join(part for part in (inside, note.strip(), _methods(results)) if part)
    show(rows, caption, store, note=below, missing="")


def _without_shared_column(
    rows: pd.DataFrame, terms: pd.Series, names: Mapping[str, str] | None
) -> pd.DataFrame:
    """Write the column of which all terms are values once, as the heading, and not in each row."""
    columns = {split_term(term)[0] for term in terms}
    if len(columns) > 1 or "" in columns:
        return rows
    words = label(columns.pop(), names)
    values = rows["term"].str.removeprefix(f"{words}: ")
    return rows.assign(term=values).rename(columns={"term": words})


def estimate_rows(
    results: pd.DataFrame,
    *,
    ratio: bool = False,
    percent: bool = False,
    by: str | None = None,
    columns: Sequence[str] = (),
    measure: str = "",
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the rows of a table of results, written for people.

    Parameters
    ----------
    results : pandas.DataFrame
        Tidy: term, estimate, low, high (float), n, method. A term reads "column: value" or is a name; a row
        with an estimate and no interval is written without one (a reference category).
    ratio : bool
        Whether the estimates are ratios: two decimals.
    percent : bool
        Whether they are shares of 1, or differences of shares.
    by : str, optional
        Column whose values become columns side by side, e.g. the stage of adjustment.
    columns : sequence of str
        Further columns to show: those of words lead (e.g. outcome), those of numbers follow (e.g. events).
    measure : str
        What the estimate is, e.g. "Hazard ratio".
    names : mapping, optional
        Words for terms, columns or values, before those of `helpers.labels`.

    Returns
    -------
    pandas.DataFrame
        The leading columns and term (text), then a text column for each value of `by`, or one column and n
        (Int64). With `by`, the last row gives N for each value of it.

    Raises
    ------
    ValueError
        When a column is missing, or two rows share one cell.
    """
    _check(results, [*columns, *([by] if by else [])])
    decimals = places(results, ratio, percent)
    name = _heads(measure, ratio)
    words = [c for c in columns if not pd.api.types.is_numeric_dtype(results[c])]
    numbers = [c for c in columns if c not in words]
    rows = pd.DataFrame({c: [value_label(c, v, names) for v in results[c]] for c in words})
    rows["term"] = [term_label(term, names) for term in results["term"]]
    limits = results[["estimate", "low", "high"]].astype(float).itertuples(index=False, name=None)
    rows[name] = [interval(*values, decimals, percent) for values in limits]
    key = [*words, "term", *([by] if by else [])]
    if by:
        rows[by] = [value_label(by, v, names) for v in results[by]]
    _one_row_a_cell(rows, key)
    if by:
        return _side_by_side(rows, results, [*words, "term"], by, name)
    for column in numbers:
        rows[label(column)] = _numbers(results[column])
    return rows.assign(n=_whole(results["n"]).to_numpy()) if "n" in results else rows


def _side_by_side(
    rows: pd.DataFrame, results: pd.DataFrame, key: list[str], by: str, name: str
) -> pd.DataFrame:
    """Spread the values of `by` into columns, and give each its N in the last row."""
    order = list(dict.fromkeys(rows[by]))
    wide = rows.pivot_table(index=key, columns=by, values=name, aggfunc="first", sort=False)
    wide = wide.reindex(rows.set_index(key).index.unique())[order].fillna("").reset_index()
    if "n" in results:
        n = _whole(results["n"]).groupby(rows[by].to_numpy(), sort=False)
        last = {who: _range(numbers) for who, numbers in n}
        wide.loc[len(wide)] = {**dict.fromkeys(key, ""), "term": "N", **last}
    wide.columns.name = None
    lead = f"{heading(by)}: " if wide[order].columns.astype(str).str.len().max() <= 3 else ""
    return wide.rename(columns={who: f"{lead}{who}" for who in order})


def _heads(measure: str, ratio: bool) -> str:
    return f"{measure or ('Ratio' if ratio else 'Estimate')} (95% interval)"


def _range(numbers: pd.Series) -> str:
    least, most = numbers.min(), numbers.max()
    if pd.isna(most):
        return MISSING
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _whole(numbers: pd.Series) -> pd.Series:
    return numbers.astype(float).round().astype("Int64")


def _numbers(values: pd.Series) -> pd.Series:
    """Return a column of numbers; p-values as they are printed."""
    if str(values.name).split("_")[0] == "p":
        written = ["" if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}" for p in values.astype(float)]
        return pd.Series(written)
    return values.reset_index(drop=True)


def _methods(results: pd.DataFrame) -> str:
    known = list(dict.fromkeys(results["method"].dropna())) if "method" in results else []
    text = "; ".join(map(str, known))
    return f"{text[:1].upper()}{text[1:]}." if text and not text.endswith(".") else text


def _check(results: pd.DataFrame, also: Sequence[str]) -> None:
    missing = [c for c in ("term", "estimate", "low", "high", *also) if c not in results]
    if missing:
        raise ValueError(f"The results lack the column(s) {', '.join(missing)}; they have {list(results)}.")


def _one_row_a_cell(rows: pd.DataFrame, key: list[str]) -> None:
    twice = rows[rows.duplicated(key)]
    if len(twice):
        where = ", ".join(f"{column} {twice.iloc[0][column]!r}" for column in key)
        raise ValueError(
            f"Two results stand for {where}: keep one of them, or name the column that tells them apart in "
            "`by` or `columns`."
        )
