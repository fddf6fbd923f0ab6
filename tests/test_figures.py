import base64
import re
from io import BytesIO
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from helpers import display, figures, tables
from helpers.figures.published import short

SYNTHETIC, REAL = SimpleNamespace(synthetic=True), SimpleNamespace(synthetic=False)

YEARS = pd.DataFrame(
    {
        "year": [2022, 2023, 2024] * 2,
        "item": ["neglect"] * 3 + ["violence"] * 3,
        "share": [0.1, 0.15, 0.2, 0.5, None, 0.4],
        "low": [0.05, 0.1, 0.15, 0.45, None, 0.35],
        "high": [0.15, 0.2, 0.25, 0.55, None, 0.45],
    }
)
CURVE = pd.DataFrame({"time": [0, 6, 12], "estimate": [0, 0.2, 0.3], "at_risk": [100, 80, 60]})
CURVE = CURVE.assign(low=CURVE["estimate"] * 0.9, high=CURVE["estimate"] * 1.1)
SPELLS = pd.DataFrame(
    {
        "kind": ["referral", "care"],
        "start": pd.to_datetime(["2022-01-01", "2022-06-01"]),
        "end": pd.to_datetime(["2022-03-01", None]),
    }
)
TARGETS = pd.DataFrame(
    {
        "topic": ["care", "care", "care", "need", "need"],
        "label": ["a", "b", "c", "d", "e"],
        "unit": ["%", "count", "see measure", "%", "%"],
        "value": [10.0, 2e6, -0.2, 5.0, 5.0],
        "low": [9.0, None, -0.3, None, None],
        "high": [11.0, None, -0.1, None, None],
        "country": [10.5, 5e6, 0.1, 5.1, None],
    }
)
TARGETS = TARGETS.assign(ratio=TARGETS["country"] / TARGETS["value"], met=[True, False, False, True, False])

DRAWN = {
    "trend": lambda: figures.trend(YEARS, "year", "share", "item", "low", "high", percent=True),
    "trend of one line": lambda: figures.trend(YEARS.head(3), "year", "share"),
    "bars": lambda: figures.bars(YEARS.head(3), "year", "share", "low", "high", percent=True),
    "small multiples": lambda: figures.small_multiples(YEARS, "year", "share", "item", percent=True),
    "heatmap": lambda: figures.heatmap(YEARS, "item", "year", "share"),
    "coverage": lambda: figures.coverage(YEARS, "item", "year", "share"),
    "survival": lambda: figures.survival(CURVE),
    "flow": lambda: figures.flow(tables.cohort_flow([("all", 20), ("some", 10)])),
    "closeness": lambda: figures.closeness(TARGETS.assign(score="1 of 2"), "topic", summary="score"),
    "targets": lambda: figures.targets(TARGETS, "label", "topic"),
    "timeline": lambda: figures.timeline(SPELLS, "kind", "start", "end", "kind"),
}


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw=False: outputs.append(data))
    return outputs


@pytest.mark.parametrize("name", DRAWN)
def test_every_kind_of_figure_can_be_drawn_and_leaves_the_style_as_it_was(name, shown):
    before = dict(mpl.rcParams)
    figure = DRAWN[name]()
    assert isinstance(figure, Figure)
    figures.show(figure, "Caption", "Alt", YEARS, SYNTHETIC)
    assert dict(mpl.rcParams) == before


def picture(output):
    data = re.search(r'src="data:image/png;base64,([^"]+)"', output["text/html"]).group(1)
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("L"), dtype=int)


def test_the_mark_is_on_the_page_and_in_the_image_of_synthetic_data_only(shown):
    for store in (SYNTHETIC, REAL):
        figures.show(figures.bars(YEARS.head(3), "year", "share"), "Caption", "Alt", YEARS, store)
    assert display.MARK in shown[0]["text/html"] and display.MARK not in shown[1]["text/html"]
    marked, plain = picture(shown[0]), picture(shown[1])
    added = marked[plain.shape[0] - 20 :]
    assert marked.shape[0] > plain.shape[0] and (added < 200).any()


def test_the_output_is_the_same_each_time_and_holds_one_image(shown):
    for _ in range(2):
        figures.show(DRAWN["trend"](), "Caption", "Alt", YEARS, SYNTHETIC)
    assert shown[0] == shown[1]
    assert shown[0]["text/html"].count("data:image/") == 1


def test_caption_and_alt_text_are_escaped_and_also_plain(shown):
    figures.show(DRAWN["bars"](), "Less < more", 'The "alt"', YEARS, REAL)
    html = shown[0]["text/html"]
    assert "Less &lt; more" in html and 'alt="The &quot;alt&quot;"' in html
    assert shown[0]["text/plain"] == 'Less < more\nThe "alt"'


def test_the_data_can_be_saved_from_the_page(shown):
    figures.show(DRAWN["bars"](), "Caption", "Alt", YEARS, REAL)
    link = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', shown[0]["text/html"]).group(1)
    assert pd.read_csv(BytesIO(base64.b64decode(link))).equals(YEARS)
    assert "<details" in shown[0]["text/html"]


def test_bars_are_ordered_by_value_and_one_can_stand_out():
    figure = figures.bars(YEARS.head(3), "year", "share", highlight="2022")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2024", "2023", "2022"]
    colours = [mpl.colors.to_hex(bar.get_facecolor()).upper() for bar in axes.patches]
    assert colours[0] == colours[1] != colours[2]


def test_a_flow_shows_how_many_were_dropped():
    texts = [text.get_text() for text in DRAWN["flow"]().axes[0].texts]
    assert texts == ["all: 20", "some: 10  (−10)"]


def test_numbers_at_risk_stand_below_the_curve():
    texts = [text.get_text() for text in DRAWN["survival"]().axes[1].texts]
    assert texts == ["100", "80", "60"]


def test_alt_text_of_lines_says_where_they_start_and_end():
    text = figures.alt_text("trend", YEARS, value="share", label="year", group="item", percent=True)
    assert "violence: from 50.0% at 2022 to 40.0% at 2024 (down)." in text
    assert text.index("violence") < text.index("neglect: from 10.0% at 2022 to 20.0% at 2024 (up).")


def test_alt_text_of_marks_names_the_highest_and_the_lowest():
    text = figures.alt_text("bars", YEARS.head(3), value="share", label="year", percent=True, what="neglect")
    assert text == "Bar chart of neglect. 3 values. Highest: 2024 (20.0%). Lowest: 2022 (10.0%)."


def test_alt_text_without_data_says_so():
    assert "no data" in figures.alt_text("bars", YEARS.head(0), value="share", label="year")


def test_targets_off_the_scale_are_drawn_at_its_edge_and_those_not_measured_are_left_out():
    axes = figures.closeness(TARGETS, "topic").axes[0]
    places = np.concatenate([dots.get_offsets().data for dots in axes.collections])
    low, high = axes.get_xlim()
    assert len(places) == 4
    assert ((places[:, 0] > low) & (places[:, 0] < high)).all()


def test_dots_near_each_other_do_not_hide_each_other():
    close = pd.DataFrame({"topic": "care", "ratio": [1.0, 1.001, 1.002], "met": True})
    (dots, *_) = [d for d in figures.closeness(close, "topic").axes[0].collections if len(d.get_offsets())]
    assert len(np.unique(dots.get_offsets().data[:, 1])) == 3


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.5271, "", "0.527"),
        (33.47, "% (computed)", "33.5%"),
        (4120.4, "count", "4,120"),
        (8.955e9, "GBP", "8.96 bn"),
    ],
)
def test_numbers_beside_targets_have_three_figures(number, unit, text):
    assert short(number, unit) == text
