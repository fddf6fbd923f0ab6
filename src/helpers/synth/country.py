"""The synthetic country: simulates everything, then writes the store and, beside it, the planted truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers.catalogue import TABLES
from helpers.sources.canonical import derive_conferences
from helpers.sources.store import write_store
from helpers.synth import assessments, cin_tables, looked_after, people, places, protection, referrals
from helpers.synth.days import NEVER, collection_year
from helpers.synth.parameters import categories, item_probabilities, parameters, value

DEFAULT_CHILDREN = value("places.default_children")
IN_RETURNS = ["referrals", "care_episodes", "care_leavers"]  # tables whose children a return describes


def build(out: str | Path, children: int = DEFAULT_CHILDREN, seed: int = 1, progress: bool = True) -> Path:
    """Build the synthetic country.

    Parameters
    ----------
    out : str or Path
        Folder of the store; the planted truth goes to its subfolder ``truth``.
    children : int
        Children aged 0 to 17 in the country. Those known to services are some 4% of them a year.
    seed : int
        The same seed gives the same bytes.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Path
        The store's folder.
    """
    out = Path(out)
    with tqdm(total=4, desc="Synthetic country", unit="step", disable=not progress) as bar:
        tables, truth = simulate(children, seed, bar)
        write_store(tables, out, {"synthetic": True, "children": children, "seed": seed})
        _write_truth(truth, out / "truth")
        bar.update()
    return out


def simulate(
    children: int, seed: int, bar: tqdm | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the canonical tables and the planted truth, by name."""
    rng = np.random.default_rng(seed)
    step = bar.update if bar is not None else int
    where = places.authorities(rng, children)
    known = referrals.first_referrals(rng, where)
    events = referrals.simulate(rng, known)
    known = known.assign(death=_deaths(events.referrals, len(known)))
    step()
    tables, truth = _children_in_need(rng, known, events)
    step()
    tables |= looked_after.tables(rng, known, events.referrals, events.periods)
    tables |= _children(rng, known, tables)
    tables["conferences"] = derive_conferences(tables["referrals"], tables["section47"])
    tables |= places.tables(where)
    truth["authorities"] = where
    step()
    return {name: _tidy(name, table) for name, table in tables.items()}, truth


def _deaths(referred: pd.DataFrame, size: int) -> np.ndarray:
    """Return the day of death of each child, NEVER for nearly all."""
    died = referred[referred["died"]]
    days = np.full(size, NEVER)
    days[died["child"]] = died["closure"]
    return days


def _children_in_need(
    rng: np.random.Generator, known: pd.DataFrame, events: referrals.Events
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    begin, until = referrals.window()
    referred, enquiries, plans = events.referrals, events.enquiries, events.plans
    assessed = assessments.assessments(rng, referred)
    factors = assessments.factors(rng, assessed, complete=False)
    reviews = protection.cp_reviews(plans)
    in_need = protection.cin_plans(rng, referred, plans)
    keys = known[["authority", "child_id"]].iloc[referred["child"]].reset_index(drop=True)
    names = keys.assign(referral_date=referred["referral"].to_numpy().astype("datetime64[D]"))

    observed = (referred["referral"] <= until) & (referred["closure"] >= begin)
    inside = lambda no: observed.to_numpy()[no]  # noqa: E731
    a = assessed[inside(assessed["referral_no"]) & (assessed["start"] <= until) & (assessed["end"] >= begin)]
    f = factors[factors["assessment_no"].isin(a.index[a["end"] <= until])]
    e = enquiries[
        inside(enquiries["referral_no"]) & (enquiries["start"] <= until) & _ends_after(enquiries, begin)
    ]
    p = plans[inside(plans["referral_no"]) & (plans["start"] <= until) & (plans["end"] >= begin)]
    r = reviews[reviews["plan_no"].isin(p.index) & reviews["day"].between(begin, until)]
    c = in_need[inside(in_need["referral_no"]) & (in_need["start"] <= until)]
    c = c[c["end"] >= referrals.cin_plans_begin()]

    tables = {
        "referrals": cin_tables.referrals(
            referred[observed].reset_index(drop=True), keys[observed].reset_index(drop=True), rng, until
        )
    }
    tables["assessments"] = cin_tables.assessments(a, _named(names, a), until)
    by_assessment = tables["assessments"].set_axis(a.index)
    tables["assessment_factors"] = (
        by_assessment.loc[
            f["assessment_no"],
            ["authority", "child_id", "referral_date", "assessment_start", "collection_year"],
        ]
        .reset_index(drop=True)
        .assign(factor=f["factor"].to_numpy())
    )
    tables["section47"] = cin_tables.section47(e, _named(names, e), until)
    tables["cp_plans"] = cin_tables.plans(p, _named(names, p), until).assign(
        initial_category=p["initial"].to_numpy(),
        latest_category=p["latest"].to_numpy(),
        previous_plans=p["previous"].to_numpy(),
    )
    by_plan = tables["cp_plans"].set_axis(p.index)
    of_plan = by_plan.loc[r["plan_no"], ["authority", "child_id", "referral_date", "plan_start"]]
    tables["cp_reviews"] = of_plan.reset_index(drop=True).assign(
        review_date=r["day"].to_numpy().astype("datetime64[D]"),
        collection_year=collection_year(r["day"]),
    )
    tables["cin_plans"] = cin_tables.plans(c, _named(names, c), until)
    truth = {
        "assessments": by_assessment[["authority", "child_id", "referral_date", "assessment_start"]].assign(
            category=categories()["name"].to_numpy()[a["category"]]
        )
    }
    return tables, truth


def _children(
    rng: np.random.Generator, known: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return children and disabilities, for those whom some return holds."""
    _, until = referrals.window()
    seen = cin_tables.children(known, _last_year(known["child_id"], tables, IN_RETURNS), until)
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
    return (enquiries["start"] >= begin) | enquiries["conference"].between(begin, 10**8)


def _tidy(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in the canonical columns, in key order.

    Raises
    ------
    ValueError
        When two rows have one key: the events would then not hold together.
    """
    model = TABLES[name]
    table = table.reindex(columns=list(model.columns()))
    if table.duplicated(model.key_columns()).any():
        raise ValueError(f"The simulation made two rows of {name} with one key.")
    return table.sort_values(model.key_columns())


def _write_truth(truth: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write what was planted; only recovery checks read it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, table in truth.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    item_probabilities().reset_index(names="category").to_parquet(
        folder / "item_probabilities.parquet", index=False
    )
    (folder / "parameters.json").write_text(json.dumps(parameters(), indent=1, default=str), encoding="utf-8")
