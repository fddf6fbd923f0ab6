"""Every expression must be understood by Spark as by DuckDB; compiling needs no Spark."""

import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from helpers.measures.ages import add_child
from helpers.measures.assessments import factor_matrix
from helpers.measures.care import looked_after_at, periods_of_care, placements
from helpers.measures.covariates import with_covariates
from helpers.measures.outcomes import what_followed
from helpers.measures.plans import time_to_next_plan
from helpers.measures.reentry import time_to_reentry
from helpers.measures.referrals import referral_spells, time_to_rereferral
from helpers.measures.spells import total_time

EXPRESSIONS = {
    "referral spells": referral_spells,
    "time to re-referral": time_to_rereferral,
    "time to re-referral with competing events": lambda store: time_to_rereferral(store, competing=True),
    "time to the next plan": time_to_next_plan,
    "time to re-entry": time_to_reentry,
    "total time": lambda store: total_time(time_to_next_plan(store), "plan_end"),
    "covariates": lambda store: with_covariates(
        time_to_next_plan(store), store, "plan_end", store.assessments, ["assessment_end"]
    ),
    "factor matrix": factor_matrix,
    "periods of care": periods_of_care,
    "placements": placements,
    "looked after": lambda store: looked_after_at(periods_of_care(store), 2023),
    "what followed": lambda store: what_followed(store, factor_matrix(store)),
    "characteristics": lambda store: add_child(store.referrals, store.children, "referral_date"),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_spark_understands(name, make_store):
    expression = EXPRESSIONS[name](make_store(referrals=[])).unbind()
    assert "SELECT" in PySparkCompiler().to_sqlglot(expression).sql("spark")
