"""Draws many small countries and shows how well the models find what was planted in each.

A row of the results is one planted value: its mean estimate over the seeds, how far that is off, and how
often the 95% interval covered it, which should be nine to ten times in ten.

    python benchmarks/recovery.py --seeds 40
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import adjusted_rand_score
from tqdm import tqdm

from helpers.measures.assessments import factor_items, model_items
from helpers.models import latent_class
from helpers.models.latent_class.common import Found
from helpers.models.latent_class.starts import run
from helpers.models.regression import staged
from helpers.models.survival import cox
from helpers.synth import after_school, attainment, chunk, exclusion, places, pupil_traits, schooling
from helpers.synth.assessments import factors
from helpers.synth.days import day, year_end
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import categories, item_probabilities, value
from helpers.synth.people import pupil_ids
from helpers.synth.referrals import ADULT

RESULTS = Path(__file__).with_suffix(".csv")
CHILDREN = 10_000
ASSESSMENTS = 30_000  # with a factor in the default store, collection years 2014 to 2021
SIX_YEARS = 2191
RESULT = ["model", "term", "planted", "estimate", "low", "high"]


def main() -> None:
    """Fit every model on every seed and write the table beside this file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=40)
    seeds = range(arguments.parse_args().seeds)
    table(MODELS, seeds).to_csv(RESULTS, index=False, float_format="%.4f")


def table(models: list[Callable[[int], pd.DataFrame]], seeds: range, progress: bool = True) -> pd.DataFrame:
    """Return model, term, planted, mean estimate, bias, coverage (of 1; missing without interval), seeds."""
    tasks = [delayed(model)(seed) for model in models for seed in seeds]
    fits = Parallel(n_jobs=2, return_as="generator")(tasks)
    fits = list(tqdm(fits, total=len(tasks), desc="Fits", disable=not progress))
    found = pd.concat(fits, ignore_index=True)
    # In a small country a rare group may hold nobody with the event: its odds ratio has no estimate there.
    found = found[np.isfinite(found["estimate"])]
    found["off"] = found["estimate"] - found["planted"]
    inside = found["planted"].between(found["low"], found["high"]).astype(float)
    found["covered"] = inside.where(found["low"].notna())
    grouped = found.groupby(["model", "term"], sort=False)
    return grouped.agg(
        planted=("planted", "mean"),
        mean_estimate=("estimate", "mean"),
        bias=("off", "mean"),
        coverage=("covered", "mean"),
        seeds=("off", "size"),
    ).reset_index()


def re_referral(seed: int) -> pd.DataFrame:
    """Fit time from closure to the next referral, up to six years, stratified by authority."""
    rows = spells(seed)
    again = categories()["again"]
    names = [f"category {n + 1}" for n in range(len(again))]
    terms = pd.get_dummies(rows["category"].map(dict(enumerate(names))), dtype=float)[names[1:]]
    planted = dict(zip(names[1:], np.log(again[1:] / again[0]), strict=True))
    terms["hardship"] = rows["hardship"]
    terms["special guardianship"] = (rows["left_care"] == "SGO").astype(float)
    terms["no further action"] = rows["no_further_action"].astype(float)
    planted["hardship"] = value("referral.again.hardship")
    planted["special guardianship"] = np.log(value("referral.again.after_guardianship"))
    planted["no further action"] = np.log(value("referral.again.after_nothing"))
    data = terms.join(rows[["days", "event", "place"]])
    found = cox(data, "days", "event", list(terms), strata=["place"]).table
    logs = found.assign(**{end: np.log(found[end]) for end in ("estimate", "low", "high")})
    return _beside("Re-referral: Cox, log hazard ratios", logs, pd.Series(planted))


def spells(seed: int) -> pd.DataFrame:
    """Return closures with the days to the next referral, to 18, the last day or six years."""
    rng = np.random.default_rng([seed, 99])
    part = chunk.simulate(rng, places.make(rng, CHILDREN), 0, CHILDREN)
    rows = part.events.referrals.sort_values(["child", "referral"])
    following = rows.groupby("child")["referral"].shift(-1)
    leaves = np.minimum(rows["birth"] + ADULT - 30, year_end(value("time.last_year")))
    adopted = rows["left_care"] == "ADOPT"
    rows = rows.assign(
        days=(following.fillna(leaves) - rows["closure"]).clip(upper=SIX_YEARS),
        event=following.notna() & (following - rows["closure"] <= SIX_YEARS),
    )
    return rows[~rows["died"] & ~adopted & (leaves > rows["closure"] + 2)]


def pupils(seed: int) -> tuple[chunk.Chunk, object, dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return a chunk, its school years, and tables and truth of attainment, exclusion and what follows."""
    rng = np.random.default_rng(seed)
    part = chunk.simulate(rng, places.make(rng, CHILDREN), 0, CHILDREN)
    years = schooling.school_years(rng, part)
    found, truth = attainment.tables(rng, part, years)
    for made, planted in (
        exclusion.tables(rng, part, years),
        after_school.tables(rng, part, years, truth["attainment"]),
    ):
        found |= made
        truth |= planted
    return part, years, found, truth


def attainment8(seed: int) -> pd.DataFrame:
    """Regress Attainment 8 on what it was made from, with a level for each cohort."""
    return attainment8_of(pupils(seed + 100)[3])


def attainment8_of(truth: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Do so for one country's truth."""
    rows = truth["attainment"]
    rows = rows[rows["tested"] & (rows["academic_year"] >= 2016)]
    planted = _planted(attainment.planted(), "attainment8")
    design = rows.assign(**attainment.prior_terms(rows))[[*planted.index, "score"]]
    design = design.assign(cohort=rows["academic_year"].astype(str))
    fitted = staged(design, "score", {"whole": [*planted.index, "cohort"]}, keep=list(planted.index))
    return _beside("Attainment 8: linear regression, points", fitted, planted)


def excluded(seed: int) -> pd.DataFrame:
    """Regress being excluded in a school year on what it was made from, clustered by pupil."""
    return excluded_of(*pupils(seed + 200)[:3])


def excluded_of(part: chunk.Chunk, years: object, found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Do so for one country."""
    columns = np.arange(2006, 2025) - FIRST_YEAR
    child, at = np.nonzero((years.year_group[:, columns] >= 5) & (years.year_group[:, columns] <= 11))
    at = columns[at]
    names = pupil_ids(part.people.children["person"].to_numpy())[child]
    rows = pd.DataFrame({"pupil_id": names, "academic_year": at + FIRST_YEAR})
    seen = found["exclusions"][["pupil_id", "academic_year"]].drop_duplicates().assign(excluded=1.0)
    rows["excluded"] = rows.merge(seen, how="left")["excluded"].fillna(0)
    planted = _planted(exclusion.planted(), "excluded_in_year")
    design = pupil_traits.traits(part, years, child, at)[list(planted.index)].astype(float)
    design = design.assign(
        excluded=rows["excluded"],
        pupil=child,
        year_group=years.year_group[child, at].astype(str),
        year=rows["academic_year"].astype(str),
    )
    terms = [*planted.index, "year_group", "year"]
    fitted = staged(design, "excluded", {"whole": terms}, "logistic", "pupil", keep=list(planted.index))
    logs = fitted.assign(**{end: np.log(fitted[end]) for end in ("estimate", "low", "high")})
    return _beside("Exclusion in a year: logistic regression, log odds ratios", logs, planted)


def classes(seed: int) -> pd.DataFrame:
    """Fit twelve classes to assessments of the twelve planted categories, and what follows one of them.

    The outcome is drawn with a chance that differs between categories; its share in each class is corrected
    for classification error.
    """
    rng = np.random.default_rng([seed, 7])
    items = model_items()
    rows, chances = assessed(rng, items), rng.permutation(np.linspace(0.05, 0.6, len(categories())))
    rows["outcome"] = (rng.random(len(rows)) < chances[rows["category"]]).astype(float)
    patterns = rows.groupby(items, as_index=False).size().rename(columns={"size": "n"})
    model = latent_class.fit(patterns, items, len(categories()), starts=20, seed=seed)
    classified = latent_class.classify(model, patterns, items)
    planted = planted_profiles(items)
    pairs = latent_class.match(planted, latent_class.profiles(model, items)).set_index("class")["matched"]
    both = rows.merge(classified[[*items, "class"]], on=items)
    counts = rows.groupby([*items, "outcome"], as_index=False).size().rename(columns={"size": "n"})
    followed = latent_class.distal(classified, counts, items, ["outcome"])
    corrected = followed[followed["method"].str.contains("BCH")].set_index("term")
    in_rows = rows["category"].value_counts(normalize=True)
    lines = [_agreement(both, rows, planted, items)]
    for number, name in enumerate(categories()["name"]):
        share = model.weights_[pairs[name] - 1]
        lines.append(_line("Demand categories: shares", name, in_rows[number], share))
        end = corrected.loc[pairs[name]]
        ends = end[["estimate", "low", "high"]]
        lines.append(_line("What follows a category: corrected (BCH)", name, chances[number], *ends))
    return pd.DataFrame(lines, columns=RESULT)


def assessed(rng: np.random.Generator, items: list[str]) -> pd.DataFrame:
    """Return assessments with a factor recorded, each with its planted category.

    One whose only factor stands in no item is kept: to drop cases by their answers would tie items together.
    """
    shares = categories()["share"].to_numpy()
    category = rng.choice(len(shares), size=ASSESSMENTS, p=shares / shares.sum())
    drawn = factors(
        rng,
        pd.DataFrame({"category": category, "end": day(2019, 6, 1), "in_need": True, "uasc": False}),
    )
    item = drawn["factor"].map(factor_items().explode("codes").set_index("codes")["item"])
    rows = pd.crosstab(drawn["assessment_no"], item).clip(upper=1)
    rows = rows.reindex(index=range(ASSESSMENTS), columns=items, fill_value=0)
    return rows.assign(category=category)


def planted_profiles(items: list[str]) -> pd.DataFrame:
    """Return class (name of the category), item, probability (that any of its codes is recorded)."""
    codes = factor_items().set_index("item")["codes"]
    known = item_probabilities()
    by_item = {i: 1 - (1 - known[[c for c in codes[i] if c in known]]).prod(axis=1) for i in items}
    wide = pd.DataFrame(by_item).set_axis(categories()["name"]).rename_axis("class").reset_index()
    return wide.melt("class", var_name="item", value_name="probability")


def _agreement(
    both: pd.DataFrame, rows: pd.DataFrame, planted: pd.DataFrame, items: list[str]
) -> list[object]:
    """Set the agreement of found with planted categories beside what the planted parameters would reach."""
    chances = planted.pivot_table(index="class", columns="item", values="probability", sort=False)[items]
    shares = rows["category"].value_counts(normalize=True).sort_index().to_numpy()
    x = both[items].to_numpy(float)
    known = run(x, np.ones(len(x)), Found(shares, chances.to_numpy()), 1)
    best = adjusted_rand_score(both["category"], known.predict(x))
    found = adjusted_rand_score(both["category"], both["class"])
    return _line("Demand categories: agreement", "Adjusted Rand index", best, found)


def _line(model: str, term: str, planted: float, estimate: float, *interval: float) -> list[object]:
    low, high = interval or (np.nan, np.nan)
    return [model, term, planted, estimate, low, high]


def _planted(effects: pd.DataFrame, outcome: str) -> pd.Series:
    return effects[effects["outcome"] == outcome].set_index("term")["value"]


def _beside(model: str, found: pd.DataFrame, planted: pd.Series) -> pd.DataFrame:
    return found.assign(model=model, planted=found["term"].map(planted))[RESULT]


MODELS = [re_referral, attainment8, excluded, classes]


if __name__ == "__main__":
    main()
