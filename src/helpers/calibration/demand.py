"""Measures the targets of the demand study: categories of need, found from the factors of assessments.

The study finds its twelve categories by latent class analysis. So does this module, by one run of expectation
and maximisation on distinct patterns with their frequencies as weights. It starts from the factors by which
the study describes each category, so that it takes seconds and knows which class is which; where it ends is
up to the data. Notebook 21 needs the search from random starts of `helpers.models.latent_class`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import one, target
from helpers.calibration.common import prepared
from helpers.measures.assessments import IDENTIFIED, factor_matrix, factor_patterns, model_items
from helpers.sources.store import Store

OUTSIDE = ["missing", "sexual_exploitation", "gangs_criminal_exploitation", "behaviour", "drugs_child"]
AT_HOME = ["domestic_abuse_parent", "mental_health_parent", "emotional_abuse"]

# The factors by which Hood and others (2023) describe their categories; the twelfth is our own guess.
DESCRIBED = {
    "domestic abuse": ["domestic_abuse_parent", "domestic_abuse_child"],
    "parental mental health": ["mental_health_parent", "alcohol_parent", "drugs_parent"],
    "disability": ["learning_disability_child", "physical_disability_child"],
    "child mental health": ["mental_health_child", "self_harm"],
    "risks outside": OUTSIDE,
    "risks in and outside": [*OUTSIDE, *AT_HOME],
    "complex risks at home": [*AT_HOME, "neglect"],
    "another person": ["alcohol_other", "drugs_other", "domestic_abuse_other", "mental_health_other"],
    "physical abuse": ["physical_abuse"],
    "sexual abuse": ["sexual_abuse"],
    "neglect": ["neglect"],
    "few concerns": ["young_carer", "physical_disability_parent", "learning_disability_parent"],
}
FOUND, ELSE = 0.6, 0.04  # chances at the start of a factor that describes a category, and of any other
MOST = 1000  # iterations
ENOUGH = 1e-8  # relative change in the log-likelihood at which the run ends


@target("F00034", category="domestic abuse")
@target("F00035", category="parental mental health")
def share_of_category(store: Store, category: str) -> float:
    """Hood and others 2023: share of assessments with a factor, 2014 to 2021, in a category, %."""
    classes = store.connection.table(prepared(store, "demand_classes", classes_of_need)).execute()
    return 100 * float(classes.set_index("category").loc[category, "share"])


def classes_of_need(store: Store) -> pd.DataFrame:
    """Return the classes found in assessments with a factor, completed in 2014 to 2021.

    Returns
    -------
    pandas.DataFrame
        category, share (of assessments, 0 to 1), and the chance of each item in the class.
    """
    matrix = factor_matrix(store)
    patterns = factor_patterns(matrix.filter(matrix.year.between(2014, 2021)))
    x, weights = patterns[model_items()].to_numpy(float), patterns["n"].to_numpy(float)
    chances = np.array([[FOUND if i in own else ELSE for i in model_items()] for own in DESCRIBED.values()])
    shares = np.full(len(chances), 1 / len(chances))
    last = -np.inf
    for _ in range(MOST):
        logs = x @ (np.log(chances) - np.log1p(-chances)).T + np.log1p(-chances).sum(axis=1) + np.log(shares)
        peak = logs.max(axis=1, keepdims=True)
        members = np.exp(logs - peak)
        total = members.sum(axis=1, keepdims=True)
        likelihood = float(weights @ (peak + np.log(total))[:, 0])
        if likelihood - last < ENOUGH * abs(likelihood):
            break
        last = likelihood
        members *= weights[:, None] / total
        size = members.sum(axis=0)
        # A hundredth of a case keeps chances off 0 and 1.
        shares, chances = size / size.sum(), (members.T @ x + 0.01) / (size[:, None] + 0.02)
    found = pd.DataFrame(chances, columns=model_items())
    found.insert(0, "category", list(DESCRIBED))
    found.insert(1, "share", shares)
    return found


@target("F00048")
def growth_of_child_mental_health(store: Store) -> float:
    """Assessments whose only factor is the child's mental health: in 2021 for each in 2014."""
    only = prepared(store, "factor_items", lambda s: (m := factor_matrix(s)).filter(m.recorded == IDENTIFIED))
    return one(
        store,
        f"""select count(*) filter (year = 2021) / count(*) filter (year = 2014) from {only}
            where mental_health_child = 1 and n_factors = 1""",
    )
