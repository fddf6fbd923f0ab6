"""Spend on children's services by section 251 line, and the parts from which unit costs are built.

Spend on placements is what the placements of the children looked after cost (`placement_costs`); the other
lines follow children and, by half, the work an authority has, at published levels per child.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import rates
from helpers.synth.parameters import value
from helpers.synth.placement_costs import FOSTERING, HOMES, OWN_CARERS
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]
ONE_LINE, SPLIT_FROM = "3.1.2", 2019  # fostering was one line before
TOTALS = {"3.1": "3.1.11", "3.3": "3.3.4", "3.4": "3.4.6", "3.5": "3.5.3"}
WHO = ("5", "3")  # case holder and first line manager, whose hours the processes name


def tables(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:
    """Return spend and unit_cost_parts."""
    gross = pd.concat([_placements(counts), _other_lines(rng, places, counts)], ignore_index=True)
    gross = gross.groupby(["place", "year", "line"], as_index=False)["pounds"].sum()
    table = _by_provider(_with_totals(gross))
    table["authority"] = places.authorities["authority"].to_numpy()[table["place"]]
    return {"spend": table, "unit_cost_parts": unit_cost_parts()}, {}


def _years() -> np.ndarray:
    years = value("spend.years")
    return np.arange(years["from"], years["to"] + 1)


def _placements(counts: pd.Series) -> pd.DataFrame:
    """Return what placements cost, in the lines of the year."""
    kind = counts.index.get_level_values(2)
    found = counts[kind.str.startswith("cost ")].rename("pounds").reset_index()
    found.columns = ["place", "year", "kind", "pounds"]
    line = found["kind"].str.removeprefix("cost ")
    foster = line.isin([FOSTERING, OWN_CARERS]) & (found["year"] < SPLIT_FROM)
    return found.assign(line=line.mask(foster, ONE_LINE)).drop(columns="kind")


def _other_lines(rng: np.random.Generator, places: Places, counts: pd.Series) -> pd.DataFrame:
    """Return the lines that do not follow placements: half by children, half by what the line follows."""
    children = places.authorities["children"].to_numpy().astype(float)
    years, parts = _years(), []
    wide = (
        counts.rename("number")
        .reset_index()
        .pivot_table(index=["authority", "year"], columns="kind", values="number")
    )
    for line, pounds in value("spend.per_child").items():
        group = line[:3]
        followed = value("spend.follows")[group]
        work = wide[followed].groupby(level=0).mean().reindex(range(len(children))).fillna(0.0).to_numpy()
        share = children / children.sum() + work / work.sum()
        share = share * np.exp(rng.normal(0, value("spend.line_spread"), len(children)))
        total = pounds * children.sum() * rates.by_year(value("spend.course")[group], years)
        spent = np.outer(share / share.sum(), total)
        place, column = np.indices(spent.shape)
        parts.append(
            pd.DataFrame(
                {"place": place.ravel(), "year": years[column.ravel()], "line": line, "pounds": spent.ravel()}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _with_totals(gross: pd.DataFrame) -> pd.DataFrame:
    """Return the lines and their totals, which section 251 reports as lines too."""
    total = gross.assign(line=gross["line"].str[:3].map(TOTALS)).dropna(subset="line")
    return pd.concat([gross.assign(of=gross["line"]), total.assign(of=gross["line"])], ignore_index=True)


def _by_provider(parts: pd.DataFrame) -> pd.DataFrame:
    """Split gross spend by who provides, and take off income; a total is the sum of its lines."""
    kinds = {HOMES: "home", FOSTERING: "foster", OWN_CARERS: "other", ONE_LINE: "foster"}
    shares = value("spend.provision")
    rows = np.array([shares[kind] for kind in parts["of"].map(kinds).fillna("other")])
    pounds = parts["pounds"].to_numpy()
    columns = ["own_provision", "private_provision", "other_public", "voluntary"]
    split = pd.DataFrame(np.round(rows * pounds[:, None]), columns=columns)
    split["income"] = np.round(value("spend.income") * pounds)
    split["net_current"] = split[columns].sum(axis=1) - split["income"]
    table = pd.concat([parts[["place", "year", "line"]], split], axis=1)
    return table.groupby(["place", "year", "line"], as_index=False).sum()


def unit_cost_parts() -> pd.DataFrame:
    """Return hours and their cost by process, activity, kind of worker and financial year."""
    pay, growth = value("spend.pay"), value("spend.hours_growth")
    last = int(_years()[-1])
    rows = [
        (process, activity, role, year, hours * (1 + growth) ** (year - last),
         pay["hours"][role] * (1 + pay["growth"]) ** (year - last))
        for process, activities in value("spend.processes").items()
        for activity, by_role in activities.items()
        for role, hours in zip(WHO, by_role, strict=True)
        for year in range(pay["from"], last + 1)
        if hours
    ]  # fmt: skip
    columns = ["process", "activity", "role", "year", "hours", "hourly_cost"]
    return pd.DataFrame(rows, columns=columns).round({"hours": 2, "hourly_cost": 2})
