"""What may leave: small counts are suppressed, margins reveal nothing, counts may be rounded.

This serves tables of counts as the notebooks show them. It does not replace the output checker of a secure
environment, who sees what this code can't: other tables that are already out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Profile:
    """The rule of one place: counts below `min_cell` are suppressed, the rest rounded to `round_to`."""

    name: str
    min_cell: int
    round_to: int | None
    source: str


# Rules change: what counts is the agreement a project signed. Those marked so are not confirmed.
PROFILES = {
    "local_authority": Profile(
        "Local authority, for publication",
        6,
        5,
        "DfE statistics: 1 to 5 suppressed; rounding to 5 is our choice",
    ),
    "ons_srs": Profile("ONS Secure Research Service", 10, None, "minimum count of 10; not confirmed"),
    "sail": Profile("SAIL Databank", 5, None, "counts below 5 suppressed; not confirmed"),
    "opensafely": Profile("OpenSAFELY", 8, 5, "counts up to 7 redacted, then rounded to 5"),
}


def suppress(
    frame: pd.DataFrame,
    counts: str | Sequence[str],
    min_cell: int,
    round_to: int | None = None,
    *,
    linked: Sequence[str] = (),
    within: Sequence[str] = (),
    totals: bool = True,
    keep_zero: bool = True,
) -> tuple[pd.DataFrame, str]:
    """Suppress small counts, and as many more as keep them from being worked out from a total.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a cell, without a row of totals.
    counts : str or sequence of str
        Columns of counts; each is a one-way table of its own.
    min_cell : int
        Counts from 1 to below this are suppressed; 0 or 1 suppresses nothing.
    round_to : int, optional
        Round what remains to a multiple of this.
    linked : sequence of str
        Columns worked out from the counts (shares, intervals, rates): emptied where any count of the row is
        suppressed. With rounding they must be worked out anew from rounded counts: `reshare` does.
    within : sequence of str
        Columns (e.g. "year") within whose values the counts add up to a total that is known.
    totals : bool
        Whether totals are known, here or elsewhere. Then the suppressed counts of a total must be at least
        two and together at least `min_cell`; the smallest of the rest join them until they are.
    keep_zero : bool
        Whether a zero may be shown; False suppresses it too.

    Returns
    -------
    (pandas.DataFrame, str)
        The frame with suppressed counts missing (Int64), and a sentence that says what was done.
    """
    columns = [counts] if isinstance(counts, str) else list(counts)
    safe, first, second = frame.copy(), 0, 0
    hidden_rows = pd.Series(False, index=frame.index)
    for column in columns:
        numbers = frame[column].astype("Int64")
        small = _small(numbers, min_cell, keep_zero)
        hidden = _hide_more(numbers, small, frame, list(within), min_cell) if totals else small
        first, second = first + int(small.sum()), second + int((hidden & ~small).sum())
        hidden_rows |= hidden
        safe[column] = _rounded(numbers, round_to).mask(hidden)
    for column in linked:
        safe[column] = safe[column].mask(hidden_rows)
    return safe, _note(first, second, min_cell, round_to)


def suppress_as(
    frame: pd.DataFrame, counts: str | Sequence[str], profile: str, **options: object
) -> tuple[pd.DataFrame, str]:
    """Suppress by the rule of a named place (see `PROFILES`); `options` as for `suppress`.

    Raises
    ------
    KeyError
        When there is no profile of that name.
    """
    if profile not in PROFILES:
        raise KeyError(
            f"There is no disclosure profile called {profile!r}; there are: {', '.join(PROFILES)}."
        )
    rule = PROFILES[profile]
    return suppress(frame, counts, rule.min_cell, rule.round_to, **options)


def reshare(frame: pd.DataFrame, count: str = "n", of: str = "of", share: str = "share") -> pd.DataFrame:
    """Work out a share anew from what is shown of its counts, so that it gives no more away."""
    return frame.assign(**{share: frame[count].astype("Float64") / frame[of].astype("Float64")})


def _small(numbers: pd.Series, min_cell: int, keep_zero: bool) -> pd.Series:
    lowest = 1 if keep_zero else 0
    return numbers.between(lowest, min_cell - 1).fillna(False).astype(bool)


def _hide_more(
    numbers: pd.Series, small: pd.Series, frame: pd.DataFrame, within: list[str], min_cell: int
) -> pd.Series:
    """Suppress the smallest of the rest until what is hidden in each total can't be worked out."""
    groups = frame.groupby(within, dropna=False, observed=True).groups.values() if within else [frame.index]
    hidden = small.copy()
    for labels in groups:
        order = numbers.loc[labels][~small.loc[labels]].dropna()
        rest = order[order > 0].sort_values(kind="stable").index.tolist()
        while (
            hidden.loc[labels].any() and rest and not _safe(numbers.loc[labels], hidden.loc[labels], min_cell)
        ):
            hidden.loc[rest.pop(0)] = True
    return hidden


def _safe(numbers: pd.Series, hidden: pd.Series, min_cell: int) -> bool:
    return bool(hidden.sum() >= 2 and numbers[hidden].sum() >= min_cell)


def _rounded(numbers: pd.Series, round_to: int | None) -> pd.Series:
    if not round_to:
        return numbers
    halves_up = np.floor(numbers.astype("Float64") / round_to + 0.5) * round_to
    return halves_up.astype("Int64")


def _note(first: int, second: int, min_cell: int, round_to: int | None) -> str:
    rounding = f" Counts are rounded to the nearest {round_to}." if round_to else ""
    if first == 0:
        return (f"Nothing was suppressed: no count is between 1 and {min_cell - 1}." if min_cell > 1 else
                "Small counts are not suppressed.") + rounding  # fmt: skip
    more = f", and {second:,} more so that it can't be worked out from a total" if second else ""
    return f"Disclosure control: {first:,} counts below {min_cell} are suppressed{more}.{rounding}"
