from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.catalogue.codes import valid_codes
from helpers.synth.parameters import categories, item_probabilities, parameters, value, weibull

PUBLISHED = Path(__file__).parents[3] / "shared" / "published" / "published_figures.csv"


def leaves(node, path=""):
    if "value" in node:
        yield path, node
        return
    for name, below in node.items():
        if isinstance(below, dict):
            yield from leaves(below, f"{path}.{name}".strip("."))


LEAVES = dict(leaves(parameters()))


@pytest.mark.parametrize("path", LEAVES)
def test_a_parameter_has_a_source_and_year_or_is_marked_an_assumption(path):
    leaf = LEAVES[path]
    assert leaf.get("assumption") is True or ("source" in leaf and "year" in leaf)
    assert set(leaf) <= {"value", "year", "source", "assumption", "note"}


def test_every_source_is_a_title_among_the_published_figures():
    if not PUBLISHED.is_file():
        pytest.skip("the published figures are not here")
    titles = pd.read_csv(PUBLISHED, usecols=["source_title"])["source_title"]
    known = set(titles.str.replace(r"^SEED \d+: ", "", regex=True))
    assert {leaf["source"] for leaf in LEAVES.values() if "source" in leaf} <= known


def test_the_demand_categories_share_out_all_assessments():
    table = categories()
    assert len(table) == 12 and table["name"].is_unique
    assert table["share"].sum() == pytest.approx(1.0)
    assert (table["ages"].map(len) == 5).all()


def test_item_probabilities_are_probabilities_of_known_factors():
    table = item_probabilities()
    assert table.notna().all(axis=None) and table.to_numpy().min() >= 0 and table.to_numpy().max() <= 1
    assert set(table.columns) <= valid_codes("assessment_factor")


def test_the_waiting_time_curve_goes_through_both_published_points():
    points = (value("referral.again.within_1_year"), value("referral.again.within_6_years"))
    level, shape = weibull(*points)
    assert 1 - np.exp(-level * np.array([1.0, 6.0]) ** shape) == pytest.approx(points)
    assert shape < 1  # the hazard declines with time
