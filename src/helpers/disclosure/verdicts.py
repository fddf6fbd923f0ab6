"""Checks of an output against a rule: one tidy verdict for every kind of output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.rounding import half_up

COLUMNS = ["output", "rule", "value", "limit", "pass", "advice"]

# Columns that hold counts wherever they stand; a Table 1 ends them in " n".
_COUNTS = ("n", "of", "count", "events", "at_risk", "entered", "children", "spells")


def verdict(
    output: str, rule: str, value: float, limit: float, passed: bool, advice: str
) -> dict[str, object]:
    """Return one line of a verdict: what was checked, found and asked, and what to do if it fails."""
    return {"output": output, "rule": rule, "value": float(value), "limit": float(limit),
            "pass": bool(passed), "advice": "" if passed else advice}  # fmt: skip


def verdicts(lines: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return lines as a frame: output, rule (str), value, limit (float), pass (bool), advice (str)."""
    return pd.DataFrame(list(lines), columns=COLUMNS).astype({"pass": bool})


def count_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold counts, by their names: n, of, events, at_risk, "... n" and the like."""
    return [column for column in frame.columns if str(column) in _COUNTS or str(column).endswith(" n")]


def shown_limit(rule: Profile) -> int:
    """Return the least that a count at or above the threshold is shown as, after rounding."""
    return int(half_up(pd.Series([rule.min_cell]), rule.round_to)[0]) if rule.round_to else rule.min_cell


def check_counts(
    frame: pd.DataFrame, rule: int | str | Profile, counts: Sequence[str] | None = None, output: str = "table"
) -> pd.DataFrame:
    """Check the counts that a table shows: none below the threshold, zeros, rounding.

    Parameters
    ----------
    frame : pandas.DataFrame
        What is to leave; a hidden count is missing.
    rule : int, str or Profile
    counts : sequence of str, optional
        The columns of counts; else they are known by their names (`count_columns`).
    output : str
        What the output is called in the verdict.

    Returns
    -------
    pandas.DataFrame
        output, rule, value, limit, pass, advice: three lines (two where the rule does not round).
    """
    rule = profile_of(rule)
    columns = count_columns(frame) if counts is None else list(counts)
    shown = np.concatenate(
        [np.zeros(0), *(pd.to_numeric(frame[c]).dropna().to_numpy(float) for c in columns)]
    )
    counted = shown[shown > 0]
    least = counted.min() if len(counted) else np.inf
    zeros = int((shown == 0).sum())
    limit = shown_limit(rule)
    lines = [
        verdict(output, "smallest count shown", least, limit, least >= limit,
                "suppress it, and what it could be worked out from"),
        verdict(output, "zeros shown", zeros, np.inf if rule.zeros else 0, rule.zeros or not zeros,
                "suppress zeros, or join categories"),
    ]  # fmt: skip
    if rule.round_to:
        odd = int((shown % rule.round_to != 0).sum())
        lines.append(
            verdict(output, f"counts not rounded to {rule.round_to}", odd, 0, odd == 0, "round them")
        )
    return verdicts(lines)


def check_groups(
    frame: pd.DataFrame, group: Sequence[str], value: str, rule: int | str | Profile, *, count: str = "n",
    output: str = "table",
) -> pd.DataFrame:  # fmt: skip
    """Check for group disclosure: a group all of whose members share one value tells it of each of them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Counts by `group` and `value`, without totals.
    group : sequence of str
        What may be known of a child (e.g. area and age).
    value : str
        What would be learned.

    Returns
    -------
    pandas.DataFrame
        One line: how many groups lie in one value altogether. It fails even where the counts are large; a
        value that is so by definition is what an exception is for.
    """
    profile_of(rule)
    held = frame[frame[count] > 0].groupby(list(group), observed=True)[value].nunique()
    single = int((held == 1).sum())
    return verdicts(
        [verdict(output, f"groups that all share one {value}", single, 0, single == 0,
                 "join groups or values, or say why it is so by definition")]
    )  # fmt: skip


def check_regression(
    rule: int | str | Profile, *, model: object = None, n: int | None = None, parameters: int | None = None,
    patterns: int | None = None, output: str = "regression",
) -> pd.DataFrame:  # fmt: skip
    """Check a regression: residual degrees of freedom, saturation, and what each category rests on.

    A saturated model of categories has as many parameters as there are different rows of characteristics: its
    coefficients are the table of means in other clothes, and tell what the table would.

    Parameters
    ----------
    rule : int, str or Profile
    model : statsmodels results, optional
        n, parameters and patterns are read from it, and each column of noughts and ones is counted.
    n, parameters, patterns : int, optional
        Number of units, of parameters and of distinct rows of characteristics, where there is no such model.
    output : str

    Returns
    -------
    pandas.DataFrame
        output, rule, value, limit, pass, advice.

    Raises
    ------
    ValueError
        When neither a model nor `n` and `parameters` are given.
    """
    rule = profile_of(rule)
    lines = []
    if model is not None:
        design, outcome = np.asarray(model.model.exog), np.asarray(model.model.endog)
        n, parameters = int(model.nobs), int(np.linalg.matrix_rank(design))
        patterns = len(np.unique(design, axis=0))
        lines = _categories(design, outcome, list(model.model.exog_names), rule, output)
    if n is None or parameters is None:
        raise ValueError("Give the fitted model, or n and parameters.")
    left = n - parameters
    head = [verdict(output, "residual degrees of freedom", left, rule.min_df, left >= rule.min_df,
                    "fewer terms, or more children")]  # fmt: skip
    if patterns is not None:
        spare = patterns - parameters
        head.append(verdict(output, "patterns beyond parameters (0: saturated)", spare, 1, spare > 0,
                            "treat it as the table of counts it stands for"))  # fmt: skip
    return verdicts(head + lines)


def _categories(
    design: np.ndarray, outcome: np.ndarray, names: list[str], rule: Profile, output: str
) -> list[dict[str, object]]:
    """Return a line for each column of noughts and ones: its smaller side, by a yes-or-no outcome."""
    lines = []
    binary = bool(np.isin(outcome, (0, 1)).all())
    for position, name in enumerate(names):
        column = design[:, position]
        if not np.isin(column, (0, 1)).all() or column.all():
            continue
        answers = [outcome == 0, outcome == 1] if binary else [np.ones(len(outcome), dtype=bool)]
        least = min(int(((column == side) & answer).sum()) for side in (0, 1) for answer in answers)
        told = "smallest cell with the outcome" if binary else "smallest category"
        lines.append(verdict(output, f"{name}: {told}", least, rule.min_cell, least >= rule.min_cell,
                             "join it with another category, or leave it out"))  # fmt: skip
    return lines


def check_quantiles(
    values: pd.Series, quantiles: Sequence[float], rule: int | str | Profile, output: str = "quantiles"
) -> pd.DataFrame:
    """Check percentiles, minimum (0) and maximum (1).

    A quantile is some child's own value. It passes when at least the threshold of children lie at or below it
    and as many at or above it; a minimum or maximum therefore passes only where that many children share it.

    Parameters
    ----------
    values : pandas.Series
        A number a child; missing ones are left out.
    quantiles : sequence of float
        Between 0 and 1.

    Raises
    ------
    ValueError
        For a quantile outside 0 to 1.
    """
    rule = profile_of(rule)
    if any(not 0 <= quantile <= 1 for quantile in quantiles):
        raise ValueError("A quantile lies between 0 (the minimum) and 1 (the maximum).")
    known = values.dropna().to_numpy(dtype=float)
    lines = []
    for quantile in quantiles:
        at = np.quantile(known, quantile, method="inverted_cdf") if len(known) else np.nan
        least = min(int((known <= at).sum()), int((known >= at).sum()))
        name = {0: "minimum", 1: "maximum"}.get(quantile, f"quantile {quantile:g}")
        safe = least >= rule.min_cell
        advice = "give a quantile nearer the middle, rounded"
        lines.append(
            verdict(output, f"{name}: children on its thinner side", least, rule.min_cell, safe, advice)
        )
    return verdicts(lines)
