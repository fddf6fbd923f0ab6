import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from stepmix.stepmix import StepMix

from helpers.models import latent_class as lca

ITEMS = ["a", "b", "c", "d", "e", "f"]
CHANCES = np.array(
    [[0.9, 0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1, 0.9, 0.9]]
)
SHARES = [0.5, 0.3, 0.2]


def planted(cases=3000, seed=1):
    """Return rows drawn from three classes, and the class of each."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=cases, p=SHARES)
    rows = (rng.uniform(size=(cases, 6)) < CHANCES[truth]).astype("int8")
    return pd.DataFrame(rows, columns=ITEMS), truth


def counted(rows):
    return rows.groupby(ITEMS, as_index=False).size().rename(columns={"size": "n"})


@pytest.fixture(scope="module")
def rows():
    return planted()[0]


@pytest.fixture(scope="module")
def selection(rows):
    return lca.select(counted(rows), ITEMS, range(1, 6), starts=8, seed=3, jobs=1, progress=False)


def test_weighted_patterns_give_the_likelihood_of_the_rows(rows, selection):
    by_rows = lca.select(rows.assign(n=1), ITEMS, [3], starts=4, seed=5, jobs=1, progress=False)
    weighted = selection.table.set_index("classes").loc[3, "log_likelihood"]
    assert weighted == pytest.approx(by_rows.table["log_likelihood"][0], rel=1e-8)
    plain = by_rows.models[3].score(rows.to_numpy(float)) * len(rows)
    assert weighted == pytest.approx(plain, rel=1e-8)


def test_bic_counts_cases_where_stepmix_counts_patterns(rows, selection):
    model, patterns = selection.models[3], counted(rows)
    assert isinstance(model, StepMix)
    ours = selection.table.set_index("classes").loc[3, "bic"]
    assert ours == pytest.approx(model.bic(rows.to_numpy(float)), rel=1e-8)
    trap = model.bic(patterns[ITEMS].to_numpy(float))
    assert abs(trap - ours) > 1000


def test_three_planted_classes_are_found_and_recovered(selection):
    assert lca.choose(selection) == 3
    table = lca.profiles(selection.models[3], ITEMS)
    found = table.pivot_table(index="class", columns="item", values="probability")[ITEMS].to_numpy()
    assert np.abs(found - CHANCES).max() < 0.06
    shares = table.drop_duplicates("class")["class_share"].tolist()
    assert shares == pytest.approx(SHARES, abs=0.04)


def test_cases_are_put_in_the_class_they_were_drawn_from(selection):
    rows, truth = planted()
    classified = lca.classify(selection.models[3], rows.assign(n=1), ITEMS)
    assert adjusted_rand_score(truth, classified["class"]) > 0.8
    assert classified["certainty"].between(1 / 3, 1).all()


def test_the_order_of_classes_does_not_depend_on_the_seed(rows, selection):
    again = lca.fit(counted(rows), ITEMS, 3, starts=6, seed=99)
    one, other = (m.get_parameters()["measurement"]["pis"] for m in (selection.models[3], again))
    assert np.abs(one - other).max() < 1e-3


def test_the_result_does_not_depend_on_the_number_of_processes(rows):
    one, two = (
        lca.select(counted(rows), ITEMS, [2, 3], starts=3, seed=1, jobs=jobs, progress=False).table
        for jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)


def test_class_sizes_add_up_to_the_cases(rows, selection):
    sizes = lca.class_sizes(lca.classify(selection.models[3], counted(rows), ITEMS))
    assert sizes["n"].sum() == len(rows) and sizes["expected"].sum() == pytest.approx(len(rows))
    assert sizes["n"].is_monotonic_decreasing


def test_pairs_are_explained_by_three_classes_and_not_by_one(rows, selection):
    worst = {k: lca.bivariate_residuals(selection.models[k], counted(rows), ITEMS) for k in (1, 3)}
    assert worst[1]["residual"][0] > 100 > 10 > worst[3]["residual"][0]


def test_a_bivariate_residual_is_pearsons_chi_squared(rows, selection):
    from scipy.stats import chi2_contingency

    table = lca.bivariate_residuals(selection.models[1], counted(rows), ITEMS)
    pair = table[(table["first"] == "a") & (table["second"] == "c")].iloc[0]
    expected = chi2_contingency(pd.crosstab(rows["a"], rows["c"]), correction=False).statistic
    assert pair["residual"] == pytest.approx(expected, rel=1e-6)


def test_a_small_class_or_an_unrepeated_likelihood_is_not_chosen(selection):
    table = selection.table.assign(bic=[5, 4, 3, 2, 1], smallest_class=[1, 0.5, 0.2, 0.01, 0.2])
    table["replicated"] = [2, 2, 2, 2, 1]
    assert lca.choose(lca.Selection(table, {}, ITEMS)) == 3


def test_names_come_from_what_sets_a_class_apart(selection):
    names = lca.name_classes(lca.profiles(selection.models[3], ITEMS, {"a": "Alpha", "b": "Beta"}))
    assert set(names[1].split(" + ")) in ({"Alpha", "beta"}, {"Beta", "alpha"})
    assert len(set(names.values())) == 3


def test_too_few_cases_are_refused_in_words(rows):
    with pytest.raises(lca.TooFewCases, match="99 assessments"):
        lca.select(counted(rows.head(99)), ITEMS)


def test_a_hundred_cases_bear_four_classes_at_most():
    few = counted(planted(100)[0])
    table = lca.select(few, ITEMS, range(1, 9), starts=4, jobs=1, progress=False).table
    assert table["classes"].tolist() == [1, 2, 3, 4]


def test_the_bootstrap_finds_the_third_class_and_no_fourth(rows, selection):
    third, fourth = (
        lca.bootstrap_likelihood_ratio(
            counted(rows), ITEMS, selection.models[k], selection.models[k + 1], 19, 2, progress=False
        )["p"][0]
        for k in (2, 3)
    )
    assert third == 0.05 < fourth


def test_the_bootstrap_compares_only_neighbours(rows, selection):
    with pytest.raises(ValueError, match="not 2 with 4"):
        lca.bootstrap_likelihood_ratio(counted(rows), ITEMS, selection.models[2], selection.models[4])
