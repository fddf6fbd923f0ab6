"""A table as one output with its caption and mark, a table that can be searched, and a statement."""

from __future__ import annotations

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

    Words that the first column repeats from row to row, e.g. the characteristic of a Table 1, stand once.

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
        f"{table_html(frame, formats, index, missing, blocks=True)}{below}</figure>"
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
