import pandas as pd
import pytest

from helpers import synth
from helpers.catalogue import TABLES
from helpers.sources.checking import check
from helpers.sources.importing import import_returns
from helpers.sources.store import read_store
from helpers.synth.export import authority_tables, export_returns
from helpers.synth.faults import add_faults
from helpers.synth.parameters import categories, value

AUTHORITY = "503"


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return synth.build(tmp_path_factory.mktemp("country") / "store", children=60_000, seed=3, progress=False)


@pytest.fixture(scope="module")
def exported(country, tmp_path_factory):
    return export_returns(country, AUTHORITY, tmp_path_factory.mktemp("returns"))


def test_the_same_seed_gives_the_same_bytes(country, tmp_path):
    again = synth.build(tmp_path / "again", children=60_000, seed=3, progress=False)
    assert read_store(again).info["checksums"] == read_store(country).info["checksums"]


def test_events_stand_in_order_and_episodes_do_not_overlap(country):
    store = read_store(country)
    people = store.referrals.inner_join(store.children, ["authority", "child_id"])
    assert people.filter(people.closure_date < people.referral_date).count().to_pandas() == 0
    plans = store.cp_plans
    assert plans.filter(plans.plan_end <= plans.plan_start).count().to_pandas() == 0
    episodes = store.care_episodes.to_pandas().sort_values(["child_id", "episode_start"])
    before = episodes.groupby("child_id")["episode_end"].shift()
    assert not (episodes["episode_start"] < before).any()
    assert (episodes["episode_end"].isna().groupby(episodes["child_id"]).sum() <= 1).all()


def test_planted_shares_are_found(country):
    truth = pd.read_parquet(country / "truth" / "assessments.parquet")
    shares = truth["category"].value_counts(normalize=True)
    planted = categories().set_index("name")["share"]
    assert (shares - planted).abs().max() < 0.04
    store = read_store(country)
    key = ["authority", "child_id", "referral_date", "assessment_start"]
    done = store.assessments.filter(store.assessments.assessment_end.notnull())
    with_factors = store.assessment_factors.select(key).distinct().count().to_pandas()
    assert 1 - with_factors / done.count().to_pandas() == pytest.approx(
        value("assessment.without_factors"), abs=0.01
    )


def test_a_clean_export_breaks_no_rule(exported):
    report = check(exported)
    errors = report.findings[report.findings["severity"] != "query"]
    assert not report.failures and report.quarantine.empty
    assert errors.empty, errors[["rule", "file", "reason"]].drop_duplicates().to_string()


def test_export_then_import_gives_the_same_tables(country, exported, tmp_path):
    import_returns(exported, tmp_path / "store", progress=False)
    got = read_store(tmp_path / "store")
    for name, wanted in authority_tables(country, AUTHORITY).items():
        model = TABLES[name]
        order = {"by": model.key_columns(), "ignore_index": True}
        left = model.conform(wanted).sort_values(**order)
        right = model.conform(getattr(got, name).to_pandas()).sort_values(**order)
        pd.testing.assert_frame_equal(left, right, obj=name)


def test_a_check_finds_every_fault_that_was_planted(country, tmp_path):
    export_returns(country, AUTHORITY, tmp_path)
    log = add_faults(tmp_path / AUTHORITY, 2025)
    found = check(tmp_path).findings
    pairs = set(zip(found["rule"], found["child"], strict=True))
    unreadable = {"8600"}
    missed = [r for r in log.itertuples() if r.rule not in unreadable and (r.rule, r.child) not in pairs]
    assert not missed
    assert "8600" in set(found["rule"])
