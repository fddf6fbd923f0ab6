import numpy as np
import pandas as pd
import pytest

from helpers import synth
from helpers.sources.checking import check
from helpers.sources.importing import import_returns
from helpers.sources.store import read_store
from helpers.synth import fault_kinds, record_faults
from helpers.synth.export import export_returns
from helpers.synth.fault_kinds import FAULTS
from helpers.synth.parameters import value
from helpers.synth.places import make as make_places
from helpers.synth.reorganised import merging, missing_return

CHILDREN, SEED = 24_000, 5
YEARS = (2023, 2024, 2025)
KEYS = ["authority", "child_id"]
# More faults, so that a small country has each; most of all those of plans and care, which few children have.
SHARES = {"plan": 0.9, "episode": 0.5, "child_recorded": 0.3, "birth": 0.3, "conflicting": 0.2}
ANY_OTHER = 0.04


@pytest.fixture(scope="module")
def places():
    return make_places(np.random.default_rng([SEED, 0]), CHILDREN)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    path = tmp_path_factory.mktemp("clean") / "store"
    return read_store(synth.build(path, CHILDREN, SEED, faults="none", processes=1, progress=False))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """The same country with many faults."""

    def more(path):
        kind = path.removeprefix("faults.")
        if kind == path:
            return value(path)
        return next((share for start, share in SHARES.items() if kind.startswith(start)), ANY_OTHER)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_faults, "value", more)
        patch.setattr(fault_kinds, "value", more)
        path = tmp_path_factory.mktemp("faulty") / "store"
        return read_store(synth.build(path, CHILDREN, SEED, processes=1, progress=False))


@pytest.fixture(scope="module")
def log(faulty):
    return pd.read_parquet(faulty.path / "truth" / "faults.parquet")


def returns_with_every_kind(log):
    """Authorities and years, as few as will do, whose returns together show each kind that a rule finds."""
    shown = log[log["year"].isin(YEARS) & (log["rule"] != "")]
    left, of_return = set(shown["kind"]), shown.groupby(["authority", "year"])["kind"].agg(set)
    chosen = []
    while left:
        chosen.append(max(of_return.index, key=lambda pair: len(of_return[pair] & left)))
        left -= of_return[chosen[-1]]
    return chosen


def rows(store, name):
    return getattr(store, name).to_pandas()


def test_every_kind_that_a_rule_can_find_is_found_wherever_it_was_logged(faulty, log, tmp_path):
    pairs = returns_with_every_kind(log)
    for code, year in pairs:
        export_returns(faulty, code, tmp_path / str(year), (year,))
    findings = check(tmp_path).findings
    mine = log[pd.MultiIndex.from_frame(log[["authority", "year"]]).isin(pairs) & (log["rule"] != "")]
    kinds = {fault.share for fault in FAULTS if fault.rule} | {"factors_missing", "child_recorded_twice"}
    assert set(mine["kind"]) == kinds
    found = set(zip(findings["rule"], findings["child"], findings["year"], strict=True))
    missed = [r for r in mine.itertuples() if (r.rule, r.child_id, r.year) not in found]
    assert missed == []


def test_an_import_of_the_files_tells_the_same_conflicts(faulty, tmp_path):
    conflicts = rows(faulty, "conflicts").query("dropped_year >= 2024")
    code = conflicts["authority"].mode()[0]
    stored = conflicts.query("authority == @code")
    export_returns(faulty, code, tmp_path / "returns", (2024, 2025))
    report = import_returns(tmp_path / "returns", tmp_path / "store", progress=False)
    columns = ["child_id", "table", "key", "field", "kept", "dropped"]
    text = lambda table: set(map(tuple, table[columns].fillna("").astype(str).to_numpy()))  # noqa: E731
    assert len(stored) > 5 and text(stored) <= text(report.conflicts)


def test_a_fault_is_logged_with_table_key_kind_and_year(log, faulty):
    assert list(log.columns) == ["table", "authority", "child_id", "key", "kind", "year", "rule"]
    assert log[["table", "authority", "child_id", "kind", "year"]].notna().all(axis=None)
    assert set(log["table"]) <= set(faulty.info["rows"])
    plans = rows(faulty, "cp_plans")
    start = pd.to_datetime(plans["plan_start"]).dt.strftime("%Y-%m-%d")
    referral = pd.to_datetime(plans["referral_date"]).dt.strftime("%Y-%m-%d")
    there = set(zip(plans["child_id"], referral + ", " + start, strict=True))
    ours = log[log["table"].eq("cp_plans") & log["kind"].ne("year_missing")]
    assert len(ours) and set(zip(ours["child_id"], ours["key"], strict=True)) <= there


def test_a_child_has_one_fault_of_a_single_record_at_most(log):
    single = log[~log["kind"].isin(["factors_missing", "year_missing", "reorganised"])]
    assert not single.duplicated("child_id").any()


def test_the_published_share_of_assessments_has_no_factors(faulty, clean):
    keys = [*KEYS, "referral_date", "assessment_start"]
    for store, share in [(faulty, value("assessment.without_factors")), (clean, 0.0)]:
        done = rows(store, "assessments").dropna(subset="assessment_end")
        with_factors = pd.MultiIndex.from_frame(rows(store, "assessment_factors")[keys])
        without = ~pd.MultiIndex.from_frame(done[keys]).isin(with_factors)
        assert without.mean() == pytest.approx(share, abs=0.02 if share else 0)


def test_a_merged_authority_makes_no_more_returns_and_its_children_go_on_elsewhere(faulty, places, log):
    gone, into = merging(places)
    year = value("faults.reorganised")
    for name in ("referrals", "care_episodes", "children", "assessments"):
        mine = rows(faulty, name).query("authority == @gone")
        assert len(mine) and mine["collection_year"].max() < year
    moved = log[log["kind"] == "reorganised"]
    assert len(moved) and (moved["authority"] == into).all()
    cases = rows(faulty, "referrals").query("child_id in @moved.child_id")
    assert (cases["authority"] == into).all() and (cases["collection_year"] >= year).all()
    people = rows(faulty, "populations").groupby("year")["people"].sum()
    assert people.max() == people.min()


def test_an_authority_misses_a_year_and_what_it_held_is_gone_or_still_open(faulty, clean, places):
    missing, year = missing_return(places), value("faults.year_missing")
    before, after = (
        cases[cases["authority"] == missing]
        for cases in (rows(clean, "referrals"), rows(faulty, "referrals"))
    )
    assert (before["collection_year"] == year).any() and not (after["collection_year"] == year).any()
    last = after[after["collection_year"] == year - 1]
    assert (last["closure_date"].isna() & ~last["no_further_action"]).any()


def test_keys_are_unique_and_every_child_is_described_with_faults_too(faulty):
    known = pd.MultiIndex.from_frame(rows(faulty, "children")[KEYS])
    for name in ("referrals", "assessments", "cp_plans", "care_episodes", "care_leavers", "disabilities"):
        table = rows(faulty, name)
        assert pd.MultiIndex.from_frame(table[KEYS]).isin(known).all(), name
    assert not known.duplicated().any()


def test_the_truth_follows_children_to_their_new_numbers(faulty, log):
    people = pd.read_parquet(faulty.path / "truth" / "children.parquet")
    known = pd.MultiIndex.from_frame(people[KEYS])
    assert pd.MultiIndex.from_frame(rows(faulty, "children")[KEYS]).isin(known).all()
    twice = log[log["kind"] == "child_recorded_twice"]
    person = people.set_index("child_id")["person"]
    assert (person.loc[twice["child_id"]].to_numpy() == person.loc[twice["key"]].to_numpy()).all()
    keys = [*KEYS, "referral_date", "assessment_start"]
    truth = pd.read_parquet(faulty.path / "truth" / "assessments.parquet")
    day = lambda t: t.assign(**{c: pd.to_datetime(t[c]) for c in keys[2:]})  # noqa: E731
    table = pd.MultiIndex.from_frame(day(rows(faulty, "assessments"))[keys])
    assert table.isin(pd.MultiIndex.from_frame(day(truth)[keys])).all()


def test_without_faults_nothing_is_logged_and_dates_are_in_order(clean):
    assert not (clean.path / "truth" / "faults.parquet").exists()
    assert not len(rows(clean, "conflicts"))
    cases, episodes = rows(clean, "referrals"), rows(clean, "care_episodes")
    assert not (cases["closure_date"] < cases["referral_date"]).any()
    assert not (episodes["episode_end"] <= episodes["episode_start"]).any()
    assert not episodes[episodes["episode_end"].isna()].duplicated(KEYS).any()
    open_cases = cases[cases["closure_date"].isna() & ~cases["no_further_action"]]
    assert not open_cases.duplicated(KEYS).any()


def test_the_same_seed_gives_the_same_faults(tmp_path):
    built = [synth.build(tmp_path / name, 3000, 2, processes=1, progress=False) for name in "ab"]
    one, two = (pd.read_parquet(path / "truth" / "faults.parquet") for path in built)
    pd.testing.assert_frame_equal(one, two)
