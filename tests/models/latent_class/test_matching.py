import numpy as np
import pandas as pd
import pytest

from helpers.measures.assessments import factor_items, item_labels, model_items
from helpers.models import latent_class as lca


def profile(chances, items):
    table = pd.DataFrame(chances, columns=items, index=range(1, len(chances) + 1))
    return table.rename_axis("class").reset_index().melt("class", var_name="item", value_name="probability")


def test_a_distance_is_that_of_hellinger_worked_by_hand():
    one, other = profile([[0.5, 0.2]], ["a", "b"]), profile([[0.5, 0.8]], ["a", "b"])
    # Patterns of b alone: the overlap is 2 * sqrt(0.2 * 0.8) = 0.8.
    assert lca.distances(one, other).to_numpy() == pytest.approx(np.sqrt(0.2))
    assert lca.distances(one, one).to_numpy() == pytest.approx(0, abs=1e-7)


def test_classes_that_were_shuffled_are_paired_again():
    rng = np.random.default_rng(1)
    chances = rng.uniform(0.05, 0.95, size=(5, 8))
    order = rng.permutation(5)
    items = [*"abcdefgh"]
    pairs = lca.match(profile(chances, items), profile(chances[order], items))
    assert (order[pairs["matched"].to_numpy() - 1] + 1).tolist() == pairs["class"].tolist()
    assert pairs["distance"].max() < 1e-6


def test_pairs_are_the_best_together_not_each_by_itself():
    # Class 1 is nearest to 1, but then class 2 would be left with the far one.
    one, other = profile([[0.5], [0.6]], ["a"]), profile([[0.52], [0.1]], ["a"])
    assert lca.match(one, other)["matched"].tolist() == [2, 1]


def test_profiles_without_a_common_item_are_refused():
    with pytest.raises(ValueError, match="no item in common"):
        lca.match(profile([[0.5]], ["a"]), profile([[0.5]], ["b"]))


def test_the_published_categories_are_twelve_of_known_items():
    published = lca.published_profiles()
    assert published["class"].nunique() == 12
    assert set(published["item"]) <= set(factor_items()["item"])
    assert published["probability"].between(0, 1).all()


def test_a_published_category_is_nearest_to_itself_and_noise_to_none():
    items = model_items()
    published = lca.published_profiles(items)
    found = lca.match_published(published)
    assert (found["class"] == found["category"]).all()
    everything = profile([[0.6] * len(items)], items)
    assert lca.match_published(everything)["category"].isna().all()


def test_two_classes_may_go_to_the_same_category():
    items = model_items()
    neglect = [0.9 if item == "neglect" else 0.03 for item in items]
    with_more = [0.95 if item == "neglect" else 0.3 if item == "drugs_parent" else 0.02 for item in items]
    found = lca.match_published(profile([neglect, with_more], items))
    assert found["category"].tolist() == ["Neglect", "Neglect"]


def test_items_that_define_no_category_are_refused():
    with pytest.raises(ValueError, match="published category"):
        lca.published_profiles(["faith_abuse"])
    assert "faith_abuse" in item_labels()


def test_a_class_is_named_by_the_published_category_or_by_its_own_items():
    items = model_items()
    odd = [0.9 if item in ("young_carer", "trafficking", "self_harm", "learning_disability_parent") else 0.01
           for item in items]  # fmt: skip
    neglect = [0.9 if item == "neglect" else 0.02 for item in items]
    rows = profile([neglect, odd], items).assign(overall=0.05, class_share=0.5)
    rows = rows.assign(lift=rows["probability"] / rows["overall"], label=rows["item"].map(item_labels()))
    names = lca.class_names(rows)
    assert names[1] == "1. Neglect"
    assert names[2].startswith("2. ") and "trafficking" in names[2].lower()
    twice = pd.concat([rows, rows[rows["class"] == 1].assign(**{"class": 3})], ignore_index=True)
    plain = lca.class_names(twice, numbered=False)
    assert plain[1] == "Neglect" and plain[3] != "Neglect"


def test_a_mix_is_not_named_by_one_of_its_parts():
    items = model_items()
    mixed = {"learning_disability_child": 0.35, "neglect": 0.2, "physical_abuse": 0.25, "sexual_abuse": 0.1}
    found = lca.match_published(profile([[mixed.get(item, 0.01) for item in items]], items))
    assert found["distance"].iloc[0] < 0.7 and found["category"].isna().all()
