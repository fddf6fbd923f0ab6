"""Every expression must be understood by Spark as by DuckDB; compiling needs no Spark."""

from types import SimpleNamespace

import pytest
from ibis.backends.sql.compilers import pyspark

from helpers.measures.ages import add_child
from helpers.measures.assessments import factor_matrix
from helpers.measures.care import looked_after_at, periods_of_care, placements
from helpers.measures.contacts import coverage, spells
from helpers.measures.costs import child_units, placement_weeks
from helpers.measures.covariates import with_covariates
from helpers.measures.cumulative import first_events, people_in_cohorts
from helpers.measures.first_contact import entries_to_care, first_contacts
from helpers.measures.outcomes import what_followed
from helpers.measures.plans import time_to_next_plan
from helpers.measures.reentry import time_to_reentry
from helpers.measures.referrals import referral_spells, time_to_rereferral
from helpers.measures.residence import residence_at
from helpers.measures.spells import total_time
from helpers.measures.states import monthly_states, origins

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
    "spells": spells,
    "coverage": coverage,
    "first contacts": first_contacts,
    "entries to care": lambda store: entries_to_care(store, 5),
    "states": lambda store: monthly_states(store, origins(store, "birth"), 12),
    "people in cohorts": people_in_cohorts,
    "first events": lambda store: first_events(store, "need"),
    "residence": lambda store: residence_at(store, store.referrals, "referral_date"),
    "units of work": child_units,
    "weeks of placement": placement_weeks,
    "characteristics": lambda store: add_child(store.referrals, store.children, "referral_date"),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_spark_understands(name, make_store, monkeypatch):
    # Ibis sets the option when Spark starts, and asks for it wherever there is a float.
    monkeypatch.setattr(pyspark, "options", SimpleNamespace(pyspark=SimpleNamespace(treat_nan_as_null=False)))
    expression = EXPRESSIONS[name](make_store(referrals=[])).unbind()
    assert "SELECT" in pyspark.PySparkCompiler().to_sqlglot(expression).sql("spark")
