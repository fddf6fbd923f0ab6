"""Tables and statements as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd
from IPython.display import Markdown, display

from helpers.display import MISSING, Formats, csv_link, emit, format_frame, heading, mark, table_html
from helpers.sources.store import Store

# Formats for the columns that estimates come in: an estimate with its interval.
SHARES: Formats = {"share": "percent", "low": "percent", "high": "percent"}
RATES: Formats = {"rate": "rate", "low": "rate", "high": "rate"}


def show(
    frame: pd.DataFrame,
    caption: str,
    store: Store | None,
    formats: Formats | None = None,
    index: bool = False,
    missing: str = MISSING,
    note: str = "",
) -> None:
    """Show a table with its caption and, on synthetic data, the mark that says so.

    Parameters
    ----------
    frame : pandas.DataFrame
    caption : str
    store : Store
        Where the numbers come from.
    formats : dict of column name to format, optional
        See `helpers.display.format_frame`; `SHARES` and `RATES` serve estimates with intervals.
    index : bool
        Whether to show the index as leading columns.
    missing : str
        What stands for a missing (or suppressed) value.
    note : str
        A line below the table, e.g. what disclosure control did.
    """
    below = f'<p class="csc-note">{escape(note)}</p>' if note else ""
    html = (
        f'<figure class="csc-table">{mark(store)}<figcaption>{escape(caption)}</figcaption>\n'
        f"{table_html(frame, formats, index, missing)}{below}</figure>"
    )
    text = format_frame(frame, formats, missing).rename(columns=heading).to_string(index=index)
    emit(html, "\n".join(part for part in (caption, text, note) if part))


# Hides the rows that lack a word of what was typed; in the page itself, so that it works without a network.
_FILTER = (
    "const words = this.value.toLowerCase().split(/\\s+/), figure = this.closest('figure'); let n = 0;"
    "figure.querySelectorAll('tbody tr').forEach(row => { const text = row.textContent.toLowerCase();"
    "row.hidden = !words.every(word => text.includes(word)); n += !row.hidden; });"
    "figure.querySelector('output').textContent = n + ' shown';"
)


def search(
    frame: pd.DataFrame,
    caption: str,
    store: Store | None,
    formats: Formats | None = None,
    missing: str = MISSING,
) -> None:
    """Show a long table that a reader can search: it scrolls, and a field above it narrows it down.

    Parameters
    ----------
    frame, caption, store, formats, missing
        As for `show`. All rows are in the page: where scripts do not run, the table is shown whole.
    """
    field = (
        f'<p class="csc-search"><input type="search" placeholder="Search, e.g. {escape(_example(frame))}" '
        f'aria-label="Search the table" oninput="{escape(_FILTER)}"> '
        f"<output>{len(frame):,} shown</output></p>"
    )
    html = (
        f'<figure class="csc-table csc-long">{mark(store)}<figcaption>{escape(caption)}</figcaption>\n{field}'
        f"{table_html(frame, formats, False, missing)}{csv_link(frame, 'table')}</figure>"
    )
    rows = format_frame(frame, formats, missing).rename(columns=heading)
    emit(html, f"{caption}\n{rows.to_csv(index=False, sep=chr(9), lineterminator=chr(10))}")


def _example(frame: pd.DataFrame) -> str:
    """Return a value of the first column, as an example of what to search for."""
    return str(frame.iloc[0, 0]).lower() if len(frame) else "a word"


def say(text: str) -> None:
    """Show a statement ("What this shows") in Markdown; numbers in it are computed, never typed."""
    # The blank lines make Markdown be read inside the HTML element.
    display(Markdown(f'<div class="csc-say">\n\n{text.strip()}\n\n</div>'))


def cohort_flow(steps: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """Return how a cohort was reached, step by step.

    Parameters
    ----------
    steps : sequence of (label, n)
        From the widest population to the cohort; n never rises.

    Returns
    -------
    pandas.DataFrame
        step, n, dropped (Int64; missing at the first step), share_kept (of the first step).

    Raises
    ------
    ValueError
        When a step holds more than the one before.
    """
    flow = pd.DataFrame(steps, columns=["step", "n"]).astype({"n": "Int64"})
    dropped = -flow["n"].diff()
    if (dropped < 0).any():
        label = flow["step"][(dropped < 0).fillna(False)].iloc[0]
        raise ValueError(
            f"The step {label!r} holds more than the step before it: order the steps from wide to narrow."
        )
    first = flow["n"].iloc[0] or 1
    return flow.assign(dropped=dropped, share_kept=flow["n"].astype(float) / first)


def table_one(
    frame: pd.DataFrame,
    columns: Sequence[str],
    groupby: str | None = None,
    continuous: Sequence[str] = (),
    unit: str = "children",
) -> pd.DataFrame:
    """Return a Table 1: how many and what share have each value of each column, missing shown as its own row.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per unit.
    columns : sequence of str
        What to describe, in order.
    groupby : str, optional
        Column whose values become columns of the table, after "all".
    continuous : sequence of str
        Those of `columns` to be described by median and quartiles.
    unit : str
        What a row is, for the first row.

    Returns
    -------
    pandas.DataFrame
        characteristic, value, then for each group two columns: "<group> n" (Int64) and "<group> %" (share of
        1; for a continuous column missing), and "<group> median (quartiles)" where `continuous` is given.
        No p-values: a Table 1 describes.
    """
    groups = {"all": frame}
    if groupby:
        groups |= {str(name): part for name, part in frame.groupby(groupby, observed=True)}
    pieces = {name: _describe(part, frame, columns, continuous, unit) for name, part in groups.items()}
    keys = next(iter(pieces.values()))[["characteristic", "value"]]
    named = [
        piece.drop(columns=["characteristic", "value"]).add_prefix(f"{n} ") for n, piece in pieces.items()
    ]
    return pd.concat([keys, *named], axis=1)


def _describe(
    part: pd.DataFrame, whole: pd.DataFrame, columns: Sequence[str], continuous: Sequence[str], unit: str
) -> pd.DataFrame:
    rows = [{"characteristic": unit, "value": "", "n": len(part), "%": 1.0}]
    for column in columns:
        if column in continuous:
            quartiles = part[column].astype(float).quantile([0.25, 0.5, 0.75])
            known = int(part[column].notna().sum())
            text = "{1:,.1f} ({0:,.1f} to {2:,.1f})".format(*quartiles) if known else ""
            rows.append({"characteristic": column, "value": "median (quartiles)", "n": known, "median": text})
        else:
            counts = part[column].value_counts()
            values = _values(whole[column])
            rows += [_row(column, str(value), int(counts.get(value, 0)), len(part)) for value in values]
        if whole[column].isna().any():
            rows.append(_row(column, "missing", int(part[column].isna().sum()), len(part)))
    table = pd.DataFrame(rows).astype({"n": "Int64"})
    return table.fillna({"median": ""}) if "median" in table else table


def _values(column: pd.Series) -> list[object]:
    """Return the values in their own order where they have one, else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return sorted(column.dropna().unique())


def _row(column: str, value: str, n: int, of: int) -> dict[str, object]:
    return {"characteristic": column, "value": value, "n": n, "%": n / of if of else float("nan")}
