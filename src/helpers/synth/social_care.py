"""From the events of a chunk to the canonical tables of the CIN Census and the SSDA903."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue import TABLES
from helpers.sources.canonical import derive_conferences
from helpers.synth import assessments, cin_tables, looked_after, people, protection, referrals
from helpers.synth.chunk import Chunk
from helpers.synth.days import NEVER, collection_year, to_dates
from helpers.synth.parameters import categories

IN_RETURNS = ["referrals", "care_episodes", "care_leavers"]  # tables whose children a return describes
KEYS = ["authority", "child_id"]


def child_numbers(chunk: Chunk) -> pd.DataFrame:
    """Return each number under which a child is known to the returns: of cases they cover, and of care.

    Returns
    -------
    pandas.DataFrame
        authority, child_id, child (row of `people.children`), and what `Families.children` says of it.
    """
    begin, until = referrals.window("cin")
    referred = chunk.events.referrals
    covered = (referred["referral"] <= until) & (referred["closure"] >= begin)
    covered |= referred.index.isin(chunk.events.periods["referral_no"])
    keys = referral_keys(chunk)
    return _numbers(chunk, keys).merge(keys[covered.to_numpy()].drop_duplicates())


def tables(rng: np.random.Generator, chunk: Chunk) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the canonical tables of social care, and the truth about assessments and numbers of children."""
    keys = referral_keys(chunk)
    found, truth = _children_in_need(rng, chunk, keys)
    found |= looked_after.tables(rng, chunk, keys)
    numbers = _numbers(chunk, keys)
    found |= _children(rng, numbers, found)
    found["conferences"] = derive_conferences(found["referrals"], found["section47"])
    truth["children"] = numbers[[*KEYS, "person"]].assign(
        hardship=referrals.of_family(chunk.people, ["hardship"])["hardship"]
        .to_numpy()[numbers["child"]]
        .round(3)
    )
    return found, truth


def referral_keys(chunk: Chunk) -> pd.DataFrame:
    """Return authority and child_id of each referral; a move within an authority leaves the number."""
    referred = chunk.events.referrals
    children = chunk.people.children.iloc[referred["child"].to_numpy()]
    elsewhere = (children["authority"] != children["authority_after"]).to_numpy()
    person = children["person"].to_numpy()
    return pd.DataFrame(
        {
            "authority": chunk.places.authorities["authority"].to_numpy()[referred["place"]],
            "child_id": people.child_ids(person, referred["later"].to_numpy() & elsewhere),
        }
    )


def _numbers(chunk: Chunk, keys: pd.DataFrame) -> pd.DataFrame:
    """Return each number a child has had: authority, child_id, child (row), what `Families.children` says."""
    numbers = keys.assign(child=chunk.events.referrals["child"]).drop_duplicates(KEYS, ignore_index=True)
    children = chunk.people.children.assign(death=chunk.death).drop(columns="authority")
    return numbers.join(children.iloc[numbers["child"].to_numpy()].reset_index(drop=True))


def _children_in_need(
    rng: np.random.Generator, chunk: Chunk, keys: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    begin, until = referrals.window("cin")
    events = chunk.events
    referred, enquiries, plans = events.referrals, events.enquiries, events.plans
    assessed = assessments.assessments(rng, referred)
    factors = assessments.factors(rng, assessed)
    reviews = protection.cp_reviews(plans)
    in_need = protection.cin_plans(rng, referred, plans)
    names = keys.assign(referral_date=to_dates(referred["referral"]))

    observed = ((referred["referral"] <= until) & (referred["closure"] >= begin)).to_numpy()
    inside = lambda rows: observed[rows["referral_no"]]  # noqa: E731
    a = assessed[inside(assessed) & (assessed["start"] <= until) & (assessed["end"] >= begin)]
    f = factors[factors["assessment_no"].isin(a.index[a["end"] <= until])]
    e = enquiries[inside(enquiries) & (enquiries["start"] <= until) & _ends_after(enquiries, begin)]
    p = plans[inside(plans) & (plans["start"] <= until) & (plans["end"] >= begin)]
    r = reviews[reviews["plan_no"].isin(p.index) & reviews["day"].between(begin, until)]
    c = in_need[inside(in_need) & (in_need["start"] <= until)]
    c = c[c["end"] >= referrals.cin_plans_begin()]

    of = keys[observed].reset_index(drop=True)
    tables = {"referrals": cin_tables.referrals(referred[observed].reset_index(drop=True), of, rng, until)}
    tables["assessments"] = cin_tables.assessments(a, _named(names, a), until)
    by_assessment = tables["assessments"].set_axis(a.index)
    columns = [*KEYS, "referral_date", "assessment_start", "collection_year"]
    of_factor = by_assessment.loc[f["assessment_no"], columns].reset_index(drop=True)
    tables["assessment_factors"] = of_factor.assign(factor=f["factor"].to_numpy())
    tables["section47"] = cin_tables.section47(e, _named(names, e), until)
    tables["cp_plans"] = cin_tables.plans(p, _named(names, p), until).assign(
        initial_category=p["initial"].to_numpy(),
        latest_category=p["latest"].to_numpy(),
        previous_plans=p["previous"].to_numpy(),
    )
    of_plan = tables["cp_plans"].set_axis(p.index).loc[r["plan_no"], [*KEYS, "referral_date", "plan_start"]]
    tables["cp_reviews"] = of_plan.reset_index(drop=True).assign(
        review_date=to_dates(r["day"]), collection_year=collection_year(r["day"])
    )
    tables["cin_plans"] = cin_tables.plans(c, _named(names, c), until)
    category = categories()["name"].to_numpy()[a["category"]]
    return tables, {"assessments": by_assessment[columns[:-1]].assign(category=category)}


def _children(
    rng: np.random.Generator, numbers: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return children and disabilities, for those whom some return holds."""
    until = referrals.window("cin")[1]
    numbers = numbers.assign(upn=people.pupil_numbers(numbers["person"]))
    seen = cin_tables.children(numbers, _last_year(numbers["child_id"], tables, IN_RETURNS), until)
    # The CIN Census alone holds disabilities.
    described = seen.assign(collection_year=_last_year(seen["child_id"], tables, ["referrals"]))
    disabilities = people.disabilities(rng, described[described["collection_year"] > 0])
    in_903 = pd.concat([tables["care_episodes"]["child_id"], tables["care_leavers"]["child_id"]])
    girl_in_903 = (seen["sex"] == "F") & seen["child_id"].isin(in_903)
    seen = seen.assign(is_mother=girl_in_903.map({True: False, False: None}))
    return {"children": seen, "disabilities": disabilities}


def _last_year(child: pd.Series, tables: dict[str, pd.DataFrame], names: list[str]) -> np.ndarray:
    """Return the last collection year in which any of some tables holds each child; 0 for none."""
    years = pd.concat([tables[name][["child_id", "collection_year"]] for name in names])
    return child.map(years.groupby("child_id")["collection_year"].max()).fillna(0).astype(int).to_numpy()


def _named(names: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return authority, child_id and referral date of rows that carry a referral_no."""
    return names.iloc[found["referral_no"]].reset_index(drop=True)


def _ends_after(enquiries: pd.DataFrame, begin: int) -> pd.Series:
    """Return enquiries begun, or with a conference held, in the observed years."""
    return (enquiries["start"] >= begin) | enquiries["conference"].between(begin, NEVER - 1)


def tidy(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in the canonical columns, in key order.

    Raises
    ------
    ValueError
        When two rows have one key: the events would then not hold together.
    """
    model = TABLES[name]
    table = table.reindex(columns=list(model.columns()))
    if _in_key_order(table[model.key_columns()]):
        return table.reset_index(drop=True)
    table = table.sort_values(model.key_columns(), ignore_index=True)
    if table.duplicated(model.key_columns()).any():
        raise ValueError(f"The simulation made two rows of {name} with one key.")
    return table


def _in_key_order(keys: pd.DataFrame) -> bool:
    """Return whether each row comes after the one before: nothing is to be sorted, and no key comes twice."""
    after = np.zeros(max(len(keys) - 1, 0), dtype=bool)
    alike = ~after
    for name in keys:
        column = keys[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            if not column.cat.categories.is_monotonic_increasing:
                return False
            column = column.cat.codes
        values = column.to_numpy()
        after |= alike & (values[1:] > values[:-1])
        alike &= values[1:] == values[:-1]
    return bool(after.all())
