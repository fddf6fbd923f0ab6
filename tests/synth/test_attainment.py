import numpy as np
import pandas as pd
import pytest
import recovery

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import after_school
from helpers.synth.parameters import value
from helpers.synth.people import pupil_ids

CHILDREN, SEED = 8_000, 7


@pytest.fixture(scope="module")
def country():
    return recovery.pupils(SEED)


@pytest.fixture(scope="module")
def tables(country):
    return {name: TABLES[name].conform(table) for name, table in country[2].items()}


@pytest.fixture(scope="module")
def pupils(country):
    children = country[0].people.children
    born = pd.to_datetime(children["birth"].to_numpy(), unit="D")
    death = country[0].death
    return pd.DataFrame({"born": born, "death": death}, index=pupil_ids(children["person"].to_numpy()))


@pytest.mark.parametrize(
    "name", ["attainment_ks2", "attainment_ks4", "exclusions", "destinations", "employment"]
)
def test_a_table_has_rows_unique_keys_and_valid_codes(tables, name):
    table, model = tables[name], TABLES[name]
    assert len(table) > 100
    assert not table.duplicated(model.key_columns()).any()
    for column, codes in model.code_columns().items():
        for year, used in table.groupby("academic_year")[column]:
            assert set(used.dropna()) <= valid_codes(codes, int(year))


def test_key_stages_end_at_11_and_16(tables, pupils):
    for name, age in (("attainment_ks2", 11), ("attainment_ks4", 16)):
        table = tables[name]
        ends = pd.to_datetime(table["academic_year"].astype(str) + "-08-31")
        years = (ends - pupils.loc[table["pupil_id"], "born"].to_numpy()).dt.days / 365.25
        assert years.between(age - 0.01, age + 1.01).all()


def test_no_tests_in_the_pandemic_and_no_scores_before_they_existed(tables):
    ks2, ks4 = tables["attainment_ks2"], tables["attainment_ks4"]
    assert not ks2["academic_year"].isin([2020, 2021]).any()
    assert (ks2["reading_score"].notna() == (ks2["academic_year"] >= 2016)).all()
    assert (ks2["average_points"].isna() == (ks2["academic_year"] >= 2016)).all()
    assert (ks4["attainment8"].notna() == (ks4["academic_year"] >= 2016)).all()
    assert ks4.loc[ks4["academic_year"].isin([2020, 2021]), "progress8"].isna().all()
    assert (ks4["english_maths_grade4"] | ~ks4["english_maths_grade5"]).all()


def test_scores_stay_on_their_scales(tables):
    assert (
        tables["attainment_ks2"][["reading_score", "maths_score"]]
        .melt()["value"]
        .dropna()
        .between(80, 120)
        .all()
    )
    scores = tables["attainment_ks4"]["attainment8"].dropna()
    assert scores.between(0, 90).all() and (scores == 0).mean() > 0.002


def test_grades_of_the_pandemic_were_higher(tables):
    table = tables["attainment_ks4"]
    pandemic = table["academic_year"].isin([2020, 2021])
    assert table.loc[pandemic, "attainment8"].mean() > table.loc[~pandemic, "attainment8"].mean() + 1


def test_exclusions_fall_on_days_of_school_in_their_year_and_life(tables, pupils):
    table = tables["exclusions"]
    start, year = table["start_date"], table["academic_year"]
    assert (start.dt.year + (start.dt.month >= 9) == year).all() and (start.dt.weekday < 5).all()
    assert not start.between("2020-03-21", "2020-08-31").any()
    life = pupils.loc[table["pupil_id"]]
    assert (start > life["born"].to_numpy()).all()
    assert ((start - pd.Timestamp(0)).dt.days < life["death"].to_numpy()).all()
    permanent = table["category"] == "PERM"
    assert (table["sessions"].isna() == permanent).all()
    assert table.groupby(["pupil_id", "academic_year"])["sessions"].sum().max() <= value(
        "exclusion.most_sessions"
    )
    ends = table[permanent].set_index(["pupil_id", "academic_year"])["start_date"]
    last = table.groupby(["pupil_id", "academic_year"])["start_date"].max()
    assert (last.loc[ends.index] == ends).all()


def test_what_follows_school_begins_in_the_year_after(tables):
    leaving = tables["attainment_ks4"].set_index("pupil_id")["academic_year"]
    for name, year in (("destinations", "academic_year"), ("employment", "tax_year")):
        table = tables[name]
        assert (table[year] > leaving.loc[table["pupil_id"]].to_numpy()).all()
    levels = tables["destinations"].sort_values(["pupil_id", "academic_year"])
    assert (levels.groupby("pupil_id")["qualification_level"].diff().dropna() >= 0).all()
    pay = tables["employment"]
    assert ((pay["earnings"] > 0) == (pay["employed_days"] > 0)).all()
    assert (pay["employed_days"] + pay["benefit_days"]).max() <= 365


def test_regression_recovers_the_planted_effects(country):
    part, years, found, truth = country
    results = pd.concat([recovery.attainment8_of(truth), recovery.excluded_of(part, years, found)])
    error = (results["high"] - results["low"]) / 2 / 1.96
    z = (results["estimate"] - results["planted"]) / error
    assert (np.abs(z) < 1.96).mean() > 0.85 and np.abs(z).max() < 4
    assert np.abs(z.mean()) < 0.6


def test_social_care_widens_the_gap_in_attainment_and_narrows_it_in_exclusion(country):
    planted = after_school.whole_country(None, None, None)[1]["education_effects"]
    effect = planted.set_index(["outcome", "term"])["value"]
    assert effect["attainment8", "support_social_care"] < 0 and effect["attainment8", "ehc_social_care"] < 0
    assert effect["excluded_in_year", "support_social_care"] < 0
    assert effect["excluded_in_year", "ehc_social_care"] < 0
    rows = country[3]["attainment"]
    involved = rows[["cin", "cpp", "cla"]].sum(axis=1) > 0
    support, none = rows["support"] > 0, (rows["support"] + rows["ehc"]) == 0
    gap = [
        rows.loc[s & none, "score"].mean() - rows.loc[s & support, "score"].mean()
        for s in (involved, ~involved)
    ]
    assert gap[0] > gap[1] - 4  # few pupils, so more chance than gap
