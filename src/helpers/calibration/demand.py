"""Measures the targets of the demand study: categories of need, found from the factors of assessments.

The study finds its twelve categories by latent class analysis. So does this module, by one run that starts
from the published categories, so that it takes seconds and knows which class is which; where it ends is up to
the data. Notebook 21 shows the search from many starts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import one, target
from helpers.calibration.common import prepared
from helpers.measures.assessments import IDENTIFIED, factor_matrix, factor_patterns, model_items
from helpers.models.latent_class import published_profiles
from helpers.models.latent_class.common import Found, matrix
from helpers.models.latent_class.starts import run
from helpers.sources.store import Store

ITERATIONS = 1000


@target("F00034", category="Domestic abuse, single factor")
@target("F00035", category="Parental mental health with domestic abuse or substance misuse")
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
    items = model_items()
    assessed = factor_matrix(store)
    patterns = factor_patterns(assessed.filter(assessed.year.between(2014, 2021)))
    described = published_profiles(items).pivot_table("probability", "class", "item")[items]
    start = Found(np.full(len(described), 1 / len(described)), described.to_numpy())
    found = run(matrix(patterns, items), patterns["n"].to_numpy(float), start, ITERATIONS)
    shares, chances = Found.of(found)
    classes = pd.DataFrame(chances, columns=items)
    classes.insert(0, "category", described.index)
    classes.insert(1, "share", shares)
    return classes


@target("F00048")
def growth_of_child_mental_health(store: Store) -> float:
    """Assessments whose only factor is the child's mental health: in 2021 for each in 2014."""
    only = prepared(store, "factor_items", lambda s: (m := factor_matrix(s)).filter(m.recorded == IDENTIFIED))
    return one(
        store,
        f"""select count(*) filter (year = 2021) / count(*) filter (year = 2014) from {only}
            where mental_health_child = 1 and n_factors = 1""",
    )
