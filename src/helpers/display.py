"""What figures and tables share: the synthetic mark, tables as HTML, and one output with text beside it."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from html import escape

import pandas as pd
from IPython.display import display

from helpers.labels import LABELS, term_label
from helpers.sources.store import Store

MARK = "Synthetic data: made-up children, no finding about a real place"

Format = str | Callable[[object], str]
Formats = Mapping[str, Format]

# Names that stand for the common formats; anything else is a format string such as "{:,.3f}".
NAMED_FORMATS: dict[str, str] = {
    "count": "{:,.0f}",
    "percent": "{:.1%}",
    "rate": "{:,.1f}",
    "decimal": "{:,.2f}",
}

MISSING = "–"

_NUMBER = r"−?[\d.,∞]+%?"
_INTERVAL = re.compile(rf"{_NUMBER} \({_NUMBER} to {_NUMBER}\)")  # as `interval` writes it


def emit(html: str, text: str) -> None:
    """Show one output with an HTML face and a plain one."""
    display({"text/html": html, "text/plain": text}, raw=True)


def mark(store: Store | None) -> str:
    """Return the band that says the data are made up; empty on real data."""
    return f'<p class="csc-mark">{MARK}</p>' if store is not None and store.synthetic else ""


def heading(name: object) -> str:
    """Return a column name as a person would write it; parts of a compound name joined by a dot."""
    parts = name if isinstance(name, tuple) else (name,)
    if len(parts) == 1 and parts[0] in LABELS:
        return LABELS[parts[0]]
    words = (LABELS.get(part, str(part).replace("_", " ").strip()) for part in parts if str(part))
    text = " · ".join(words)
    return text[:1].upper() + text[1:]


def places(results: pd.DataFrame, ratio: bool = False, percent: bool = False) -> int:
    """Return how many decimals the estimates of one table are written with.

    Ratios have two. Other numbers have as many as show two figures of the usual interval's width, at most
    four: more would be noise, fewer would hide the interval.
    """
    if ratio:
        return 2
    width = (results["high"] - results["low"]).astype(float).abs()
    width = width[(width > 0) & (width < math.inf)].median() * (100 if percent else 1)
    usual = 1 if percent else 2
    return usual if pd.isna(width) else min(max(1 - math.floor(math.log10(width)), 0), 2 if percent else 4)


def interval(
    estimate: float, low: float, high: float, decimals: int = 2, percent: bool = False, missing: str = MISSING
) -> str:
    """Return "1.23 (1.10 to 1.38)"; the estimate alone where it has no interval.

    Parameters
    ----------
    estimate, low, high : float
        May be missing.
    decimals : int
        See `places`; a large number that is not a share is written with fewer.
    percent : bool
        Whether the three are shares of 1.
    """
    if pd.isna(estimate):
        return missing
    first = _number(estimate, decimals, percent)
    if pd.isna(low) or pd.isna(high):
        return first
    return f"{first} ({_number(low, decimals, percent)} to {_number(high, decimals, percent)})"


def _number(value: float, decimals: int, percent: bool) -> str:
    """Return a number with a true minus sign; never "-0.0"."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if percent:
        value, end = 100 * value, "%"
    else:
        end = ""
        decimals = 0 if abs(value) >= 1000 else min(decimals, 1) if abs(value) >= 100 else decimals
    text = f"{abs(value):,.{decimals}f}"
    return ("−" if value < 0 and float(text.replace(",", "")) else "") + text + end


def format_frame(frame: pd.DataFrame, formats: Formats | None = None, missing: str = MISSING) -> pd.DataFrame:
    """Return every value as text for people.

    Parameters
    ----------
    frame : pandas.DataFrame
    formats : dict of column name to format, optional
        "count", "percent" (a share of 1), "rate", "decimal", a format string or a function. Without one,
        whole numbers get thousands separators, other numbers two decimals, dates are spelled out and a
        column "term" gets the words of `helpers.labels.term_label`.
    missing : str
        What stands for a missing value.
    """
    formats = formats or {}
    chosen = {name: formats.get(name) or _usual_format(frame[name]) for name in frame.columns}
    columns = {name: [_text(v, chosen[name], missing) for v in frame[name]] for name in frame.columns}
    return pd.DataFrame(columns, index=frame.index, columns=frame.columns, dtype="object")


def table_html(
    frame: pd.DataFrame,
    formats: Formats | None = None,
    index: bool = False,
    missing: str = MISSING,
    blocks: bool = False,
) -> str:
    """Return a frame as a plain HTML table; cells of numbers carry the class "num", intervals "est".

    With `blocks`, words that the first column repeats from row to row stand once, beside all of their rows.
    """
    if index:
        names = [name if name is not None else "" for name in frame.index.names]
        frame = frame.reset_index(names=names)
    numeric = [pd.api.types.is_numeric_dtype(frame.dtypes.iloc[i]) for i in range(frame.shape[1])]
    classes = [' class="num"' if is_number else "" for is_number in numeric]
    heads = zip(frame.columns, classes, strict=True)
    head = "".join(f'<th scope="col"{kind}>{escape(heading(name))}</th>' for name, kind in heads)
    rows = list(format_frame(frame, formats, missing).itertuples(index=False, name=None))
    cells = ["".join(map(_cell, row[1:], classes[1:])) for row in rows]
    spans = _spans([row[0] for row in rows]) if blocks and not numeric[0] else [1] * len(rows)
    firsts = [_cell(row[0], classes[0], span) if span else "" for row, span in zip(rows, spans, strict=True)]
    body = "\n".join(f"<tr>{first}{rest}</tr>" for first, rest in zip(firsts, cells, strict=True))
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="csc-scroll">{table}</div>'


def csv_link(frame: pd.DataFrame, name: str) -> str:
    """Return a link that holds the frame as a CSV file, so that it can be saved without a server."""
    rounded = frame.round({c: 6 for c in frame.columns if pd.api.types.is_float_dtype(frame[c])})
    text = rounded.to_csv(index=False, lineterminator="\n")
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    href = f"data:text/csv;charset=utf-8;base64,{data}"
    return f'<a class="csc-download" download="{escape(name)}.csv" href="{href}">Download as CSV</a>'


def _spans(words: list[str]) -> list[int]:
    """Return over how many rows each cell reaches: 0 for those that an equal one above reaches over."""
    spans, first = [1] * len(words), 0
    for row in range(1, len(words)):
        if words[row] and words[row] == words[first]:
            spans[first], spans[row] = spans[first] + 1, 0
        else:
            first = row
    return spans


def _cell(text: str, kind: str, span: int = 1) -> str:
    rows = f' rowspan="{span}"' if span > 1 else ""
    if _INTERVAL.fullmatch(text):
        kind, text = ' class="est"', text.replace(" to ", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}")
    return f"<td{kind}{rows}>{escape(text)}</td>"


def _usual_format(column: pd.Series) -> Format:
    if column.name == "term":
        return term_label
    if pd.api.types.is_bool_dtype(column):
        return lambda value: "yes" if value else "no"
    if pd.api.types.is_integer_dtype(column):
        return str if "year" in str(column.name) else "{:,}"
    if pd.api.types.is_float_dtype(column):
        return "{:,.2f}"
    if pd.api.types.is_datetime64_any_dtype(column):
        return lambda day: f"{day.day} {day:%B %Y}"
    return str


def _text(value: object, form: Format, missing: str) -> str:
    if pd.isna(value):
        return missing
    if callable(form):
        return form(value)
    return value if isinstance(value, str) else _true_minus(NAMED_FORMATS.get(form, form).format(value))


def _true_minus(text: str) -> str:
    """Return the text of a number with a minus sign for its hyphen; never "-0.0"."""
    if not re.match(r"-[\d.]", text):
        return text
    return ("−" if re.search("[1-9]", text) else "") + text[1:]
