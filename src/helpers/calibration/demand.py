"""Measures the targets of the demand study: categories of need, by rules on the factors alone.

The study finds its categories by latent class analysis, which notebook 21 does again. Here each is told by a
plain rule that can be checked by reading it, so that calibration is quick and does not depend on a fit.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import prepared, prepared_sql
from helpers.measures.assessments import IDENTIFIED, factor_matrix
from helpers.sources.store import Store

DOMESTIC_ABUSE = ["domestic_abuse_child", "domestic_abuse_parent", "domestic_abuse_other"]


def _matrix(store: Store) -> str:
    """Return the table of assessments with at least one factor, an item a column."""
    return prepared(store, "factor_items", lambda s: (m := factor_matrix(s)).filter(m.recorded == IDENTIFIED))


@target("F00048")
def growth_of_child_mental_health(store: Store) -> float:
    """Assessments whose only factor is the child's mental health: in 2021 for each in 2014."""
    return one(
        store,
        f"""select count(*) filter (year = 2021) / count(*) filter (year = 2014) from {_matrix(store)}
            where mental_health_child = 1 and n_factors = 1""",
    )
