"""Assessments: the factors found, their patterns, complexity, and how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import ibis
import ibis.expr.types as ir
import pandas as pd
from statsmodels.stats.rates import confint_poisson_2indep

from helpers.catalogue.working_days import working_days
from helpers.measures.ages import collection_year
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

KEY = ["authority", "child_id", "referral_date", "assessment_start"]

NO_FACTORS = "21"  # the code that says that no factor was found

IDENTIFIED = "factors"
NONE_FOUND = "no factors found"
NOT_RECORDED = "not recorded"

COMPLEXITY = ["0", "1", "2 to 3", "4 or more"]

TARGET_DAYS = 45


@cache
def factor_items() -> pd.DataFrame:
    """Return the items of analysis that the factor codes of all years are brought to.

    Codes change: 18A became 18B and 18C, 19A became 19B and 19C in 2020/21, and 24A (criminal exploitation)
    was added in 2021/22 beside 13A (gangs). An item joins the codes that must be read together over the
    years, so that a change of code is not taken for a change in children's lives.

    Source: CIN Census guides 2016/17 to 2025/26; which rare items stay out of the model is our choice.

    Returns
    -------
    pandas.DataFrame
        item, label, domain (string), codes (list of str), in_model (bool).
    """
    items = pd.read_csv(files(__package__) / "factor_items.csv", dtype="string")
    return items.assign(codes=items["codes"].str.split(), in_model=items["in_model"] == "yes")


def model_items() -> list[str]:
    """Return the names of the items that go into latent class models."""
    items = factor_items()
    return items.loc[items["in_model"], "item"].tolist()


def item_labels() -> dict[str, str]:
    """Return item -> label."""
    return factor_items().set_index("item")["label"].to_dict()


def factor_matrix(store: Store) -> ir.Table:
    """Return completed assessments with a 0/1 column for each item of `factor_items`.

    Completed means authorised (Source: CIN Census guide, AssessmentAuthorisationDate). The year is that of
    completion.

    Returns
    -------
    Ibis table
        One row per completed assessment: its key, assessment_end, year, one int64 column an item,
        n_factors (number of items found; codes that one item joins count once) and recorded ("factors",
        "no factors found": code 21 alone, "not recorded": no code at all).
    """
    done = store.assessments.filter(store.assessments.assessment_end.notnull())
    done = done.select(*KEY, "assessment_end", year=collection_year(done.assessment_end))
    found = _items_found(store.assessment_factors)
    names = factor_items()["item"].tolist()
    joined = done.left_join(found, KEY)
    flags = {name: joined[name].fill_null(0).cast("int64") for name in names}
    codes = joined.codes.fill_null(0)
    wide = joined.select(*done.columns, codes=codes, **flags)
    total = sum((wide[name] for name in names[1:]), start=wide[names[0]])
    recorded = ibis.cases((total > 0, IDENTIFIED), (wide.codes > 0, NONE_FOUND), else_=NOT_RECORDED)
    return wide.mutate(n_factors=total, recorded=recorded).drop("codes")


def _items_found(factors: ir.Table) -> ir.Table:
    items = factor_items()
    flags = {
        item: factors.factor.isin(codes).cast("int64").max()
        for item, codes in zip(items["item"], items["codes"], strict=True)
    }
    return factors.group_by(KEY).aggregate(codes=factors.count(), **flags)


def factor_patterns(
    matrix: ir.Table, items: Sequence[str] | None = None, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Count the distinct answer patterns of assessments with factors; the engine does the counting.

    Assessments whose factors are all outside the items stay, as a pattern of noughts. To leave cases out by
    their answers makes items depend on each other (where one is missing there must be another), which a
    latent class model of many cases takes for a further class.

    Parameters
    ----------
    matrix : Ibis table
        From `factor_matrix`, filtered as need be.
    items : sequence of str, optional
        Those of the model when not given.
    by : sequence of str
        Further columns to count by, e.g. "year".

    Returns
    -------
    pandas.DataFrame
        `by`, the items (int8, 0 or 1) and n (int64), in a stable order.
    """
    items = list(items or model_items())
    with_factors = matrix.filter(matrix.recorded == IDENTIFIED)
    counted = with_factors.group_by([*by, *items]).aggregate(n=lambda t: t.count())
    frame = counted.execute().sort_values([*by, *items], ignore_index=True)
    return frame.astype(dict.fromkeys(items, "int8") | {"n": "int64"})


def recording(matrix: ir.Table, by: Sequence[str] = ("year",)) -> pd.DataFrame:
    """Count completed assessments by whether factors were recorded.

    Returns
    -------
    pandas.DataFrame
        `by`, recorded, n, of, share, low, high.
    """
    return _shares_within(matrix, "recorded", [IDENTIFIED, NONE_FOUND, NOT_RECORDED], by)


def prevalence(matrix: ir.Table, items: Sequence[str] | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the share of completed assessments with factors that has each item.

    Source: the DfE's table C3, which counts assessments with the factor among those with any.

    Returns
    -------
    pandas.DataFrame
        `by`, item, label, n, of, share, low, high.
    """
    items = list(items or factor_items()["item"])
    known = matrix.filter(matrix.recorded == IDENTIFIED)
    sums = {name: known[name].sum() for name in items}
    wide = known.aggregate(by=list(by), of=known.count(), **sums).execute()
    long = wide.melt([*by, "of"], items, "item", "n").fillna({"n": 0}).astype({"n": "int64"})
    long["label"] = long["item"].map(item_labels())
    ordered = long.sort_values([*by], kind="stable", ignore_index=True) if by else long
    return add_shares(ordered[[*by, "item", "label", "n", "of"]])


def complexity(matrix: ir.Table, by: Sequence[str] = ("year",)) -> pd.DataFrame:
    """Count assessments by their number of factors: 0, 1, 2 to 3, 4 or more.

    The number of factors recorded is the measure of complexity of Hood et al. (2023). Assessments without any
    recorded code are left out, those with "no factors found" are 0.

    Returns
    -------
    pandas.DataFrame
        `by`, complexity, n, of, share, low, high.
    """
    known = matrix.filter(matrix.recorded != NOT_RECORDED)
    n = known.n_factors
    bands = ibis.cases((n == 0, "0"), (n == 1, "1"), (n <= 3, "2 to 3"), else_="4 or more")
    return _shares_within(known.mutate(complexity=bands), "complexity", COMPLEXITY, by)


def year_against_before(matrix: ir.Table, year: int, before: int = 5, by: Sequence[str] = ()) -> pd.DataFrame:
    """Compare the number of assessments in a year with the yearly mean of the years before it.

    Source: the comparison of 2020/21 with the five years before, as the study of demand planned it; interval
    of the ratio of two Poisson rates by the score method (Ng and Tang 2005). Children assessed with their
    siblings, or twice, make true intervals wider.

    Parameters
    ----------
    matrix : Ibis table
        From `factor_matrix`.
    year, before : int
        The year, and how many years before it; years without any assessment are not counted as years.

    Returns
    -------
    pandas.DataFrame
        `by`, year, n, usual (mean a year), years (how many), ratio, low, high; ratios are missing where
        nothing was counted before.

    Raises
    ------
    ValueError
        When there is no assessment in the years before.
    """
    inside = matrix.filter(matrix.year.between(year - before, year))
    counts = inside.group_by([*by, "year"]).aggregate(n=inside.count()).execute()
    years = counts.loc[counts["year"] < year, "year"].nunique()
    if years == 0:
        raise ValueError(f"There is no assessment in the {before} years before {year}.")
    counts = counts.assign(now=counts["n"].where(counts["year"] == year, 0))
    sums = counts.groupby(list(by), as_index=False)[["now", "n"]].sum() if by else counts[["now", "n"]].sum()
    table = sums if by else sums.to_frame().T
    table = table.assign(year=year, earlier=table["n"] - table["now"], years=years)
    ends = [
        confint_poisson_2indep(row.now, 1, row.earlier, years, method="score", compare="ratio")
        if row.earlier > 0
        else (float("nan"), float("nan"))
        for row in table.itertuples()
    ]
    table = table.assign(usual=table["earlier"] / years, low=[a for a, _ in ends], high=[b for _, b in ends])
    table["ratio"] = (table["now"] / table["usual"]).where(table["earlier"] > 0)
    table = table.drop(columns="n").rename(columns={"now": "n"})
    return table[[*by, "year", "n", "usual", "years", "ratio", "low", "high"]].reset_index(drop=True)


def within_45_working_days(
    store: Store, by: Sequence[str] = ("year",), since: str = "assessment_start"
) -> pd.DataFrame:
    """Return the share of completed assessments that took up to 45 working days.

    Source: Working Together to Safeguard Children sets 45 working days from the referral; the DfE's
    statistics count from the start of the assessment, since one referral may hold several.

    Parameters
    ----------
    by : sequence of str
        Of "year" (of completion) and "authority".
    since : {"assessment_start", "referral_date"}
        Where counting starts.

    Returns
    -------
    pandas.DataFrame
        `by`, n (in time), of, share, low, high. Assessments whose dates run backwards are left out.
    """
    done = store.assessments.filter(store.assessments.assessment_end.notnull())
    done = done.mutate(year=collection_year(done.assessment_end))
    dates = list(dict.fromkeys([*by, since, "assessment_end"]))
    pairs = done.group_by(dates).aggregate(of=done.count()).execute()
    days = working_days(pd.to_datetime(pairs[since]), pd.to_datetime(pairs["assessment_end"]))
    pairs = pairs.assign(n=pairs["of"].where(days <= TARGET_DAYS, 0))[(days >= 0).to_numpy(bool)]
    return add_shares(pairs.groupby(list(by), as_index=False)[["n", "of"]].sum())


def _shares_within(table: ir.Table, column: str, values: list[str], by: Sequence[str]) -> pd.DataFrame:
    """Count the values of a column, values that do not occur included, as shares within `by`."""
    counts = table.group_by([*by, column]).aggregate(n=lambda t: t.count()).execute()
    by = list(by)
    groups = counts[by].drop_duplicates().sort_values(by) if by else pd.DataFrame(index=[0])
    every = groups.merge(pd.DataFrame({column: values}), how="cross")
    long = every.merge(counts, how="left").fillna({"n": 0}).astype({"n": "int64"})
    of = long.groupby(by)["n"].transform("sum") if by else long["n"].sum()
    return add_shares(long.assign(of=of))
