"""One-way tables: small counts go, and as many more as keep a known total from giving them away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import half_up


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
        two, and together so many that each could be anything from 1 to `min_cell` - 1; the smallest of the
        rest join them until they are.
    keep_zero : bool
        Whether a zero may be shown; False suppresses it too.

    Returns
    -------
    (pandas.DataFrame, str)
        The frame with suppressed counts missing (Int64), and a sentence that says what was done.
    """
    columns = [counts] if isinstance(counts, str) else list(counts)
    index, frame = frame.index, frame.reset_index(drop=True)  # labels may repeat where frames were joined
    safe, first, second = frame.copy(), 0, 0
    hidden_rows = pd.Series(False, index=frame.index)
    for column in columns:
        numbers = frame[column].astype("Int64")
        small = _small(numbers, min_cell, keep_zero)
        hidden = _hide_more(numbers, small, frame, list(within), min_cell, keep_zero) if totals else small
        first, second = first + int(small.sum()), second + int((hidden & ~small).sum())
        hidden_rows |= hidden
        safe[column] = (half_up(numbers, round_to) if round_to else numbers).mask(hidden)
    for column in linked:
        safe[column] = safe[column].mask(hidden_rows)
    return safe.set_axis(index), _note(first, second, min_cell, round_to)


def suppress_as(
    frame: pd.DataFrame, counts: str | Sequence[str], profile: str, **options: object
) -> tuple[pd.DataFrame, str]:
    """Suppress by the rule of a named place (see `PROFILES`); `options` as for `suppress`.

    Raises
    ------
    KeyError
        When there is no profile of that name.
    """
    rule = profile_of(profile)
    return suppress(frame, counts, rule.min_cell, rule.round_to, **{"keep_zero": rule.zeros, **options})


def reshare(frame: pd.DataFrame, count: str = "n", of: str = "of", share: str = "share") -> pd.DataFrame:
    """Work out a share anew from what is shown of its counts, so that it gives no more away."""
    return frame.assign(**{share: frame[count].astype("Float64") / frame[of].astype("Float64")})


def _small(numbers: pd.Series, min_cell: int, keep_zero: bool) -> pd.Series:
    lowest = 1 if keep_zero else 0
    return numbers.between(lowest, min_cell - 1).fillna(False).astype(bool)


def _hide_more(
    numbers: pd.Series,
    small: pd.Series,
    frame: pd.DataFrame,
    within: list[str],
    min_cell: int,
    keep_zero: bool,
) -> pd.Series:
    """Suppress the smallest of the rest until what is hidden in each total can't be worked out."""
    groups = frame.groupby(within, dropna=False, observed=True).groups.values() if within else [frame.index]
    hidden = small.copy()
    for labels in groups:
        order = numbers.loc[labels][~small.loc[labels]].dropna()
        rest = order[order > 0].sort_values(kind="stable").index.tolist()
        lowest = 1 if keep_zero else 0
        while hidden.loc[labels].any() and rest:
            if _safe(numbers.loc[labels], hidden.loc[labels], min_cell, lowest):
                break
            hidden.loc[rest.pop(0)] = True
    return hidden


def _safe(numbers: pd.Series, hidden: pd.Series, min_cell: int, lowest: int) -> bool:
    """Say whether each hidden count could be anything the rule hides, for a reader who knows their sum.

    Where zeros are shown, a hidden count is at least 1: ten hidden counts with a sum of ten are all 1.
    """
    many = int(hidden.sum())
    return bool(many >= 2 and numbers[hidden].sum() >= min_cell + lowest * (many - 2))


def _note(first: int, second: int, min_cell: int, round_to: int | None) -> str:
    rounding = f" Counts are rounded to the nearest {round_to}." if round_to else ""
    if first == 0:
        return (f"Nothing was suppressed: no count is between 1 and {min_cell - 1}." if min_cell > 1 else
                "Small counts are not suppressed.") + rounding  # fmt: skip
    more = f", and {second:,} more so that it can't be worked out from a total" if second else ""
    counts = f"1 count below {min_cell} is" if first == 1 else f"{first:,} counts below {min_cell} are"
    return f"Disclosure control: {counts} suppressed{more}.{rounding}"
