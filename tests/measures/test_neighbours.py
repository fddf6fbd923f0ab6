import numpy as np
import pandas as pd
import pytest

from helpers.measures.neighbours import (
    authority_characteristics,
    benchmark,
    gap_to_neighbours,
    nearest_neighbours,
    neighbours,
)

NAMES = ["501", "502", "503", "504", "505"]
RATE = "Referrals in year, rate per 10,000"


@pytest.fixture
def store(make_store):
    return make_store(
        authorities=[
            {"authority": a, "region": "E1" if a in ("501", "502") else "E2"} for a in NAMES
        ],
        populations=[
            {"authority": a, "year": 2022, "age": 5, "sex": "F", "people": n}
            for a, n in zip(NAMES, [100, 300, 100, 100, 100], strict=True)
        ],
        published_indicators=[
            {"authority": a, "year": 2023, "indicator": RATE, "value": v}
            for a, v in zip(NAMES, [500.0, 300.0, 600.0, None, 400.0], strict=True)
        ],
        statistical_neighbours=[
            {"authority": "501", "rank": r, "neighbour": n} for r, n in [(2, "505"), (1, "503"), (3, "504")]
        ],
        neighbourhoods=[
            {"neighbourhood": f"N{a}", "authority": a, "idaci_score": 0.1, "rural": a == "505"} for a in NAMES
        ],
        neighbourhood_populations=[
            {"neighbourhood": f"N{a}", "year": 2022, "ethnicity": e, "children": n}
            for a in NAMES
            for e, n in [("WBRI", 75.0), ("AIND", 25.0)]
        ],
    )  # fmt: skip


def test_the_official_list_comes_first(store):
    table = neighbours(store, 2)
    assert table[["authority", "rank", "neighbour"]].to_numpy().tolist() == [
        ["501", 1, "503"],
        ["501", 2, "505"],
    ]


def test_characteristics_are_of_children_and_places(store):
    table = authority_characteristics(store)
    assert table.columns.tolist() == ["log_children", "idaci", "minority_ethnic", "rural"]
    assert table.loc["505"].tolist() == pytest.approx([np.log(100), 0.1, 0.25, 1])


def test_without_a_list_the_nearest_are_found(make_store):
    store = make_store(
        populations=[
            {"authority": a, "year": 2022, "age": 5, "sex": "F", "people": n}
            for a, n in zip(NAMES, [100, 110, 200, 210, 1000], strict=True)
        ]
    )
    table = neighbours(store, 1).set_index("authority")["neighbour"]
    assert table.to_dict() == {"501": "502", "502": "501", "503": "504", "504": "503", "505": "504"}


def test_distance_is_in_standard_deviations():
    frame = pd.DataFrame({"a": [0.0, 1.0, 3.0], "b": [0.0, 1000.0, 0.0]}, index=["x", "y", "z"])
    scaled = (frame - frame.mean()) / frame.std(ddof=0)
    table = nearest_neighbours(frame, 1).set_index("authority")
    assert table.loc["x", "neighbour"] == "y"
    assert table.loc["x", "distance"] == pytest.approx(np.linalg.norm(scaled.loc["x"] - scaled.loc["y"]))


def test_missing_characteristics_and_too_few_places_are_refused():
    with pytest.raises(ValueError, match="missing"):
        nearest_neighbours(pd.DataFrame({"a": [1.0, None, 2.0]}), 1)
    with pytest.raises(ValueError, match="not enough"):
        nearest_neighbours(pd.DataFrame({"a": [1.0, 2.0]}), 2)


def test_a_figure_stands_beside_neighbours_region_and_country(store):
    row = benchmark(store, "501", 2023).iloc[0]
    assert row["value"] == 500 and row["neighbours"] == 500  # of 600 and 400; 504 is not published
    assert row["neighbours_published"] == 2 and row["gap"] == 0
    assert row["region"] == pytest.approx((500 * 100 + 300 * 300) / 400)
    assert row["england"] == pytest.approx((500 * 100 + 300 * 300 + 600 * 100 + 400 * 100) / 600)
    assert row[["rank", "of", "rank_near", "of_near", "quarter"]].tolist() == [3, 4, 2, 3, "C"]


def test_a_suppressed_figure_has_no_rank(store):
    near = pd.DataFrame({"authority": ["504"], "neighbour": ["505"]})
    row = benchmark(store, "504", 2023, near=near).iloc[0]
    assert np.isnan(row["value"]) and np.isnan(row["rank"]) and pd.isna(row["quarter"])
    assert row["neighbours"] == 400


def test_a_year_without_figures_is_refused(store):
    with pytest.raises(ValueError, match="1999"):
        benchmark(store, "501", 1999)


def test_the_gap_is_of_two_rates_with_its_interval(store):
    counts = pd.DataFrame(
        {"authority": ["501", "503", "505"], "n": [60, 60, 30], "people": [1000, 1000, 1000]}
    )
    table = gap_to_neighbours(counts, neighbours(store), "501").set_index("term")
    gap = table.loc["gap to neighbours"]
    assert gap["estimate"] == pytest.approx(600 - 450) and gap["n"] == 60 and gap["neighbours"] == 2
    # Wald: 1.96 x sqrt(60 / 1000² + 90 / 2000²) x 10,000 on either side; the score interval lies near.
    reach = 1.96 * np.sqrt(60 / 1000**2 + 90 / 2000**2) * 1e4
    assert gap[["low", "high"]].astype(float).tolist() == pytest.approx([150 - reach, 150 + reach], abs=15)
    assert table.loc["ratio to neighbours", "estimate"] == pytest.approx(60 / 45)
    with pytest.raises(ValueError, match="no counts"):
        gap_to_neighbours(counts, neighbours(store), "502")
