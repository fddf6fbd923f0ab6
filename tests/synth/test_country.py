import json
import shutil

import numpy as np
import pandas as pd
import pytest
from dates import as_dates

from helpers import synth
from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.sources.store import read_store, write_table
from helpers.synth import care, legal
from helpers.synth.days import NEVER, day
from helpers.synth.export import TABLES as EXPORTED
from helpers.synth.invariants import violations
from helpers.synth.parameters import categories, value
from helpers.synth.referrals import draw_categories

CASE = ["authority", "child_id", "referral_date"]
CHILD = ["authority", "child_id"]
UNTIL = pd.Timestamp(2025, 3, 31)

SIMULATED = [*EXPORTED, "conferences", "authorities", "populations", "neighbourhoods"]


@pytest.mark.parametrize("name", SIMULATED)
def test_keys_are_unique_and_every_child_is_described(tables, name):
    table, model = tables[name], TABLES[name]
    assert len(table) and not table.duplicated(model.key_columns()).any()
    if "child_id" in table:
        known = pd.MultiIndex.from_frame(tables["children"][CHILD])
        assert pd.MultiIndex.from_frame(table[CHILD]).isin(known).all()


def test_no_invariant_is_broken(store_path):
    found = violations(read_store(store_path), progress=False)
    assert len(found) > 100
    assert found[found["violations"] > 0].empty


def test_a_broken_invariant_is_counted(store_path, tmp_path):
    broken = tmp_path / "store"
    shutil.copytree(store_path, broken)
    shutil.rmtree(broken / "cp_plans.parquet")
    plans = pd.read_parquet(store_path / "cp_plans.parquet").pipe(as_dates)
    plans.loc[0, "plan_end"] = plans.loc[0, "plan_start"] - pd.Timedelta(days=1)
    write_table("cp_plans", pd.concat([plans, plans.tail(1)]), broken)
    found = violations(read_store(broken), progress=False).query("violations > 0")
    assert {"one row a key", "plan_start not after plan_end"} <= set(found["invariant"])


def test_an_episode_that_ends_with_x1_goes_on_the_same_day_and_only_then(tables):
    episodes = tables["care_episodes"].sort_values([*CHILD, "episode_start"])
    following = episodes.groupby(CHILD)[["episode_start", "reason_new_episode"]].shift(-1)
    goes_on = episodes["reason_ceased"] == "X1"
    assert (following["episode_start"] == episodes["episode_end"])[goes_on].all()
    assert (
        (following["reason_new_episode"].dropna() == "S")
        .eq(~goes_on[following["reason_new_episode"].notna()])
        .all()
    )


def test_what_belongs_to_a_referral_lies_before_its_closure(tables):
    closure = tables["referrals"].set_index(CASE)["closure_date"]
    for name, date in [("assessments", "assessment_end"), ("section47", "conference_date"),
                       ("cp_plans", "plan_end"), ("cin_plans", "plan_end")]:  # fmt: skip
        rows = tables[name].join(closure, on=CASE)
        assert not (rows[date] > rows["closure_date"]).any()
        assert not (rows[date].isna() & rows["closure_date"].notna() & (name != "section47")).any()


def test_a_referral_without_further_action_has_nothing_below_it(tables):
    nothing = pd.MultiIndex.from_frame(tables["referrals"].query("no_further_action")[CASE])
    for name in ("assessments", "section47", "cp_plans", "cin_plans"):
        assert not pd.MultiIndex.from_frame(tables[name][CASE]).isin(nothing).any()


def test_every_code_is_in_the_code_list_and_factors_are_valid_in_their_year(tables):
    for name in SIMULATED:
        table = tables[name]
        for column, codes in TABLES[name].code_columns().items():
            assert set(table[column].dropna()) <= valid_codes(codes), (name, column)
    ends = tables["assessment_factors"].merge(tables["assessments"], on=[*CASE, "assessment_start"])
    year = ends["assessment_end"].dt.year + (ends["assessment_end"].dt.month >= 4)
    assert year[ends["factor"] == "24A"].min() >= 2022
    assert year[ends["factor"].isin(["18B", "18C", "19B", "19C"])].min() >= 2021


def test_no_factors_identified_stands_alone(tables):
    factors = tables["assessment_factors"]
    size = factors.groupby([*CASE, "assessment_start"])["factor"].transform("size")
    assert (size[factors["factor"] == "21"] == 1).all() and (factors["factor"] == "21").any()


def test_category_shares_of_2014_to_2021_are_those_planted(truth):
    rows = truth["assessments"]
    start = pd.to_datetime(rows["assessment_start"])
    seen = rows["category"][(start >= "2013-04-01") & (start < "2021-04-01")].value_counts(normalize=True)
    planted = categories().set_index("name")["share"]
    assert np.abs(seen - planted).max() < 0.015


def test_child_mental_health_more_than_doubles_as_a_category_from_2014_to_2021():
    rng = np.random.default_rng(1)
    size = 200_000  # drawn anew, because the small country has too few of them a year
    age, new = 18 * rng.random(size), np.full(size, -1)
    traits = pd.DataFrame(False, index=range(size), columns=list(value("categories.by_trait")))
    number = categories()["name"].to_list().index("Child mental health")
    years = {y: draw_categories(rng, age, np.full(size, y), new, traits) for y in (2014, 2021)}
    share = {y: (drawn == number).mean() for y, drawn in years.items()}
    assert share[2021] > 2 * share[2014]


def test_boys_and_black_children_meet_risks_outside_the_home_more_often_at_the_same_total():
    rng = np.random.default_rng(2)
    size = 200_000
    age, year, new = rng.uniform(10, 18, size), np.full(size, 2018), np.full(size, -1)
    nobody = pd.DataFrame(False, index=range(size), columns=list(value("categories.by_trait")))
    some = nobody.assign(male=rng.random(size) < 0.5, black=rng.random(size) < 0.1)
    number = categories()["name"].to_list().index("Risks outside the home")
    alike, outside = (draw_categories(rng, age, year, new, t) == number for t in (nobody, some))
    assert outside.mean() == pytest.approx(alike.mean(), abs=0.005)
    for trait in ("male", "black"):
        odds = [share / (1 - share) for share in (outside[some[trait] == has].mean() for has in (1, 0))]
        planted = value("categories.by_trait")[trait][number + 1]
        assert odds[0] / odds[1] == pytest.approx(planted, rel=0.08)


def test_children_assessed_for_disability_come_back_into_care_more_often():
    size = 40_000
    names = categories()["name"].to_list()
    category = np.where(np.arange(size) % 2, names.index("Disability"), names.index("Neglect"))
    born, seen, done = day(2008, 1, 1), day(2012, 1, 1), day(2012, 2, 1)
    referred = pd.DataFrame(
        {"family": -1, "referral": seen, "end": done, "birth": born, "category": category, "in_need": True,
         "uasc": False, "care_effect": 3.0, "plan": NEVER}
    )  # fmt: skip
    found = care.periods(np.random.default_rng(4), referred)
    first = found.drop_duplicates("referral_no")
    first = first[first["reason"].isin(legal.HOME)]
    again = first["referral_no"].isin(found.loc[found["referral_no"].duplicated(), "referral_no"])
    hazard = -np.log(1 - again.groupby(first["category"]).mean())
    ratio = hazard[names.index("Disability")] / hazard[names.index("Neglect")]
    assert ratio == pytest.approx(value("care.again_by_category")[3], rel=0.15)


def test_single_factor_child_mental_health_is_seen_to_grow(tables):
    factors, keys = tables["assessment_factors"], [*CASE, "assessment_start"]
    found = factors.groupby(keys)["factor"].agg(["size", "first"]).reset_index()
    single = found[(found["size"] == 1) & (found["first"] == "4A")].merge(tables["assessments"], on=keys)
    year = single["assessment_end"].dt.year + (single["assessment_end"].dt.month >= 4)
    early, late = year.between(2015, 2017).sum(), year.between(2023, 2025).sum()
    assert late > 1.5 * early


def test_without_faults_every_completed_assessment_has_its_factors(tables):
    keys = [*CASE, "assessment_start"]
    done = pd.MultiIndex.from_frame(tables["assessments"].dropna(subset="assessment_end")[keys])
    assert done.isin(pd.MultiIndex.from_frame(tables["assessment_factors"][keys])).all()


def again_within(tables, truth, days):
    """One row per closed referral that could be followed for so many days: category, again (bool)."""
    rows = tables["referrals"].merge(tables["children"][[*CHILD, "birth_date", "death_date"]], on=CHILD)
    closed = rows["closure_date"].where(~rows["no_further_action"], rows["referral_date"])
    rows = rows.assign(closed=closed).sort_values([*CHILD, "referral_date"])
    wait = rows.groupby(CHILD)["referral_date"].shift(-1) - rows["closed"]
    latest = rows["closed"] + pd.Timedelta(days=days)
    still_child = latest < rows["birth_date"] + pd.Timedelta(days=int(17.9 * 365.25))
    followed = still_child & (latest <= UNTIL) & rows["death_date"].isna() & (rows["closure_reason"] != "RC1")
    first = truth["assessments"].assign(referral_date=pd.to_datetime(truth["assessments"]["referral_date"]))
    first = first.drop_duplicates(CASE)[[*CASE, "category"]]
    return rows.assign(again=wait <= pd.Timedelta(days=days))[followed].merge(first, how="left", on=CASE)


def test_re_referral_within_one_and_six_years_is_as_planted(tables, truth):
    assert again_within(tables, truth, 365)["again"].mean() == pytest.approx(0.30, abs=0.02)
    assert again_within(tables, truth, 2191)["again"].mean() == pytest.approx(0.59, abs=0.04)


def test_re_referral_differs_between_categories_as_planted(tables, truth):
    seen = again_within(tables, truth, 365).groupby("category")["again"].mean()
    hazard = -np.log(1 - seen)
    planted = categories().set_index("name")["again"].loc[hazard.index]
    assert np.corrcoef(np.log(hazard), np.log(planted))[0, 1] > 0.85


def test_the_same_seed_gives_the_same_bytes_whatever_the_processes_and_another_seed_does_not(tmp_path):
    def fingerprint(name, seed, processes):
        path = synth.build(tmp_path / name, 26_000, seed, processes=processes, progress=False)
        files = [file for file in sorted((path / "truth").rglob("*")) if file.is_file()]
        return json.loads((path / "store.json").read_text())["fingerprint"], [f.read_bytes() for f in files]

    one, again, other = fingerprint("a", 1, 1), fingerprint("b", 1, 2), fingerprint("c", 2, 2)
    assert one == again and one[0] != other[0]


def test_a_wish_that_cannot_be_met_is_refused_in_words(tmp_path):
    with pytest.raises(ValueError, match="too few for a country"):
        synth.build(tmp_path / "store", 100, progress=False)
    with pytest.raises(ValueError, match="'realistic' or 'none'"):
        synth.build(tmp_path / "store", 2000, faults="some", progress=False)


def test_a_store_that_is_built_anew_keeps_its_truth(tmp_path):
    for _ in range(2):
        path = synth.build(tmp_path / "store", 3_000, 1, progress=False)
    assert (path / "truth" / "assessments.parquet").is_dir()
    assert (path / "truth" / "parameters.json").is_file()


def test_the_populations_add_up_to_the_children_asked_for(tables):
    people = tables["populations"].groupby("year")["people"].sum()
    assert (abs(people - 60_000) <= 50).all()
    assert len(tables["authorities"]) == 153 and tables["authorities"]["name"].is_unique


@pytest.mark.parametrize(
    ("rate", "published"),
    [("section47", 189.3), ("conferences", 59.2), ("cp_plans", 50.8), ("referrals", 519.4)],
)
def test_yearly_rates_are_near_the_published_ones(tables, rate, published):
    date = {"section47": "enquiry_start", "conferences": "conference_date", "cp_plans": "plan_start",
            "referrals": "referral_date"}[rate]  # fmt: skip
    last_three = (tables[rate][date] > UNTIL - pd.DateOffset(years=3)).sum() / 3
    assert last_three / 60_000 * 1e4 == pytest.approx(published, rel=0.15)


def test_pupil_numbers_carry_the_right_check_letter(tables):
    numbers = tables["children"]["upn"].dropna()
    digits = np.array([[int(d) for d in number[1:]] for number in numbers])
    letters = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    assert (numbers.str[0].to_numpy() == letters).all()
    assert set(numbers.str[1:4]) <= valid_codes("la_code")
