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
from helpers.figures import style, tilemaps
from helpers.figures.ends import spread
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

COMPETING = pd.concat(
    [CURVE.assign(cause=cause, age=age) for cause in ("home", "adopted") for age in ("young", "old")],
    ignore_index=True,
)
PERIODS = pd.DataFrame(
    {"from_day": [0, 91, 182], "to_day": [91, 182, 365], "estimate": [90, 30, 10], "events": [9, 3, 0]}
)
PERIODS = PERIODS.assign(low=PERIODS["estimate"] * 0.8, high=PERIODS["estimate"] * 1.2)
SMOOTH = pd.DataFrame(
    {"term": ["sex: M"] * 3 + ["age"] * 3, "time": [10, 50, 90] * 2, "estimate": [1.2, 1, 0.9] * 2}
)
SMOOTH = SMOOTH.assign(low=SMOOTH["estimate"] * 0.8, high=SMOOTH["estimate"] * 1.2, ratio=1.05)
TESTS = pd.DataFrame({"term": ["sex: M", "age"], "p_adjusted": [0.0001, 0.4]})
FLOWS = pd.DataFrame(
    {
        "step": [0, 0, 0, 1, 1],
        "source": ["need", "need", "care", "need", "left"],
        "target": ["need", "left", "left", "left", "left"],
        "n": [60, 30, 10, 60, 40],
    }
)
STATES = pd.DataFrame(
    {"time": [0, 0, 12, 12], "state": ["need", "care"] * 2, "share": [0.9, 0.1, 0.97, 0.03]}
)
REGIONS = pd.DataFrame({"region": ["E12000001", "London", "E12000009"], "rate": [10.0, 30.0, None]})
AUTHORITIES = pd.DataFrame(
    {
        "authority": [str(code) for code in range(501, 541)],
        "region": ["E12000001"] * 12 + ["E12000007"] * 28,
        "rate": np.arange(40.0),
    }
)

DRAWN = {
    "trend": lambda: figures.trend(YEARS, "year", "share", "item", "low", "high", percent=True),
    "trend of one line": lambda: figures.trend(YEARS.head(3), "year", "share"),
    "bars": lambda: figures.bars(YEARS.head(3), "year", "share", "low", "high", percent=True),
    "small multiples": lambda: figures.small_multiples(YEARS, "year", "share", "item", percent=True),
    "heatmap": lambda: figures.heatmap(YEARS, "item", "year", "share"),
    "coverage": lambda: figures.coverage(YEARS, "item", "year", "share"),
    "survival": lambda: figures.survival(CURVE),
    "incidence": lambda: figures.incidence(COMPETING[COMPETING["age"] == "old"]),
    "incidence by group": lambda: figures.incidence(COMPETING, "age"),
    "log-log": lambda: figures.log_log(CURVE.assign(who="all"), "who"),
    "residuals": lambda: figures.residuals(SMOOTH, tests=TESTS),
    "steps": lambda: figures.steps(PERIODS),
    "steps of groups": lambda: figures.steps(PERIODS.assign(who="all"), "who", log=True),
    "journeys": lambda: figures.journeys(FLOWS, headings=["start", "a year", "two years"]),
    "states": lambda: figures.states(STATES, every=12),
    "slopes": lambda: figures.slopes(YEARS, "item", "year", "share", percent=True),
    "tiles": lambda: figures.tiles(REGIONS, "region", "rate"),
    "tiles of authorities": lambda: figures.tiles(AUTHORITIES, "authority", "rate", kind="authorities"),
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


def test_the_mark_does_not_lie_on_a_legend_below_the_figure(shown):
    long = [f"a model with a long name, number {n}" for n in (1, 2, 3)]
    results = pd.DataFrame({"model": long, "term": "age", "estimate": 1.2, "low": 1.1, "high": 1.3})
    figures.show(figures.coefficients(results, group="model", log=True), "Caption", "Alt", YEARS, SYNTHETIC)
    dark = (picture(shown[0]) < 200).any(axis=1)
    mark = np.flatnonzero(dark)[-1]  # the lowest row with ink; upwards from it the mark, then white
    above = mark - np.argmin(dark[mark::-1])
    left = picture(shown[0])[above:, : picture(shown[0]).shape[1] // 3]
    assert mark - above < 30 and (left > 200).all()


@pytest.mark.parametrize(
    ("ticks", "percent", "texts"),
    [
        ([0, 0.025, 0.05], True, ["0.0%", "2.5%", "5.0%"]),
        ([0, 0.07, 0.14], True, ["0%", "7%", "14%"]),
        ([-1.25, 0, 1.25], False, ["−1.25", "0.00", "1.25"]),
        ([0, 5000, 10000], False, ["0", "5,000", "10,000"]),
    ],
)
def test_the_numbers_of_an_axis_are_those_of_its_ticks(ticks, percent, texts):
    _, axes = figures.blank()
    style.number_axis(axes.yaxis, percent)
    axes.set_yticks(ticks)
    assert [t.get_text() for t in axes.get_yticklabels()] == texts


def test_a_long_axis_of_ratios_keeps_its_large_numbers_short():
    _, axes = figures.blank()
    axes.set_yscale("log")
    style.number_axis(axes.yaxis)
    axes.set_yticks([0.01, 1, 100])
    assert [t.get_text() for t in axes.get_yticklabels()] == ["0.01", "1", "100"]


def test_a_panel_without_values_says_so_and_a_curve_has_no_markers():
    steps = pd.DataFrame({"x": np.tile(np.arange(40.0), 2), "of": ["a"] * 40 + ["b"] * 40, "y": 0.5})
    steps.loc[steps["of"] == "b", "y"] = None
    first, second, *_ = figures.small_multiples(steps, "x", "y", "of").axes
    assert [t.get_text() for t in first.texts + second.texts] == ["not shown"]
    assert first.lines[-1].get_marker() == ""


def test_numbers_at_risk_of_many_times_keep_their_distance():
    times = pd.DataFrame({"time": range(0, 73, 6), "estimate": 0.5, "low": 0.4, "high": 0.6})
    times = times.assign(at_risk=50700)
    assert len(figures.survival(times).axes[1].texts) == 7
    assert len(figures.survival(times.assign(at_risk=507)).axes[1].texts) == 13


def test_the_name_of_a_line_that_ends_early_is_clear_of_the_lines_that_go_on():
    waves = pd.DataFrame({"year": [2020, 2021, 2022, 2020, 2021], "of": list("aaabb")})
    waves = waves.assign(share=[0.1, 0.2, 0.25, 0.1, 0.2])
    figure = figures.trend(waves, "year", "share", "of")
    figure.canvas.draw()
    early = next(text for text in figure.axes[0].texts if text.get_text() == "b").get_window_extent()
    point = figure.axes[0].transData.transform((2021, 0.2))
    assert early.y1 < point[1] and early.x0 > point[0]


def test_targets_with_names_of_two_lines_have_room_for_them():
    long = "a name of a target that takes more than one line of the figure, whatever the letters"
    rows = pd.concat([TARGETS.head(1)] * 20).assign(label=[f"{long} {n}" for n in range(20)])
    figure = figures.targets(rows, "label", "topic")
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 > lower.y1 + 4 for upper, lower in zip(boxes, boxes[1:], strict=False))


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


def test_the_axis_of_bars_names_what_they_measure():
    shares = YEARS.head(3).rename(columns={"share": "estimate"})
    assert figures.bars(shares, "year", "estimate", percent=True).axes[0].get_xlabel() == "Share"


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


def overlaps(texts):
    # Of the words alone: a leader to the line's end may pass behind another name's first letter.
    boxes = [mpl.text.Text.get_window_extent(text) for text in texts if text.get_text()]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_names_at_the_ends_of_lines_do_not_overlap_even_where_the_lines_meet():
    close = pd.DataFrame({"year": [2023, 2024] * 12, "who": np.repeat([f"group {i}" for i in range(12)], 2)})
    close = close.assign(rate=np.tile([1.0, 2.0], 12) + np.repeat(np.arange(12), 2) / 1000)
    for figure in (
        figures.trend(close, "year", "rate", "who"),
        figures.slopes(close, "who", "year", "rate"),
        figures.survival(
            close.rename(columns={"year": "time", "rate": "estimate"}).assign(
                time=lambda t: t["time"] - 2023, estimate=lambda t: t["estimate"] / 4,
                low=lambda t: t["estimate"], high=lambda t: t["estimate"], at_risk=100,
            ),
            "who", every=1,
        ),
    ):  # fmt: skip
        figure.draw_without_rendering()
        names = [text for text in figure.axes[0].texts if "group" in text.get_text()]
        assert len(names) >= 12 and not overlaps(names)


def test_labels_move_as_little_as_they_can():
    assert spread([0, 10, 10, 30], 2) == [0, 9, 11, 30]
    assert spread([0, 0], 2, low=0) == [1, 3]
    assert spread([], 1) == []


def test_lines_differ_in_colour_and_also_in_grey():
    looks = style.looks(49)
    assert len({(colour, stroke) for colour, _, stroke in looks}) == 49
    assert len({marker for _, marker, _ in looks[:7]}) == 7


@pytest.mark.parametrize("colour", figures.PALETTE)
def test_text_in_any_colour_can_be_read_on_white(colour):
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                        for c in mpl.colors.to_rgb(style.readable(colour)))  # fmt: skip
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_competing_causes_share_their_numbers_at_risk():
    texts = [text.get_text() for text in DRAWN["incidence"]().axes[1].texts]
    assert texts == ["100", "80", "60"]
    risk = DRAWN["incidence by group"]().axes[-1]
    assert [text.get_text() for text in risk.texts] == ["100", "80", "60"] * 2


def test_a_test_of_proportional_hazards_stands_in_its_panel():
    texts = [axes.texts[0].get_text() for axes in DRAWN["residuals"]().axes]
    assert texts == ["p < 0.001", "p = 0.40"]


def test_a_period_without_events_has_no_band():
    band = next(p for p in DRAWN["steps"]().axes[0].patches if p.get_fill())
    values, _, baseline = band.get_data()
    assert (values - baseline > 0).tolist() == [True, True, False]


def test_blocks_of_a_journey_are_as_high_as_their_numbers():
    axes = DRAWN["journeys"]().axes[0]
    blocks = [p for p in axes.patches if isinstance(p, mpl.patches.Rectangle)]
    first = [block.get_height() for block in blocks if block.get_x() == 0]
    assert first[0] / first[1] == pytest.approx(90 / 10)
    assert len([p for p in axes.patches if isinstance(p, mpl.patches.PathPatch)]) == len(FLOWS)
    assert any("need 90" in t.get_text().replace("\N{NO-BREAK SPACE}", " ") for t in axes.texts)


def test_journeys_refuse_what_they_can_not_draw():
    with pytest.raises(ValueError, match="leaves out left"):
        figures.journeys(FLOWS, order=["need", "care"])
    with pytest.raises(ValueError, match="3 headings, not 2"):
        figures.journeys(FLOWS, headings=["a", "b"])
    with pytest.raises(ValueError, match="no flows"):
        figures.journeys(FLOWS.assign(n=0))


def test_every_region_has_its_own_tile_and_an_unknown_one_is_refused():
    assert len(set(tilemaps.GRID_OF_REGIONS.values())) == 9
    axes = DRAWN["tiles"]().axes[0]
    assert [t.get_text() for t in axes.texts] == [
        "North East",
        "10",
        "London",
        "30",
        "South West",
        "not shown",
    ]
    with pytest.raises(ValueError, match="none of the nine"):
        figures.tiles(REGIONS.replace("London", "Wales"), "region", "rate")
    with pytest.raises(ValueError, match="stands twice"):
        figures.tiles(pd.concat([REGIONS, REGIONS]), "region", "rate")


@pytest.mark.parametrize("centre", [None, 1.05])
def test_values_close_together_are_told_apart_on_tiles_and_on_the_colour_bar(centre):
    close = pd.DataFrame({"region": ["London", "E12000001", "E12000009"], "ratio": [1.01, 1.04, 1.12]})
    figure = figures.tiles(close, "region", "ratio", centre=centre)
    assert [t.get_text() for t in figure.axes[0].texts][1::2] == ["1.01", "1.04", "1.12"]
    figure.canvas.draw()
    ticks = [t.get_text() for t in figure.axes[1].get_xticklabels()]
    assert 2 <= len(ticks) == len(set(ticks))


def test_every_authority_has_a_tile_in_the_block_of_its_region():
    axes = DRAWN["tiles of authorities"]().axes[0]
    corners = {(round(p.get_x(), 3), round(p.get_y(), 3)) for p in axes.patches}
    assert len(corners) == len(axes.patches) == 40
    with pytest.raises(ValueError, match="join the table authorities"):
        figures.tiles(AUTHORITIES.drop(columns="region"), "authority", "rate", kind="authorities")


def test_long_names_of_classes_go_into_a_key_and_shares_above_the_columns():
    names = [f"{i}. A long name of a class that needs many words to be told apart" for i in range(1, 13)]
    cells = pd.DataFrame({"class": np.repeat(names, 2), "item": ["neglect", "violence"] * 12, "p": 0.5})
    axes = figures.heatmap(cells.assign(size=1 / 12), "item", "class", "p", share="size").axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == [str(i) for i in range(1, 13)]
    texts = [t.get_text() for t in axes.texts]
    assert texts.count("8%") == 12 and all(name in texts[-1] for name in names)


def test_shares_next_to_nothing_stand_back_and_empty_cells_stay_empty():
    cells = pd.DataFrame({"class": [1, 2, 3], "item": "neglect", "p": [0.9, 0.01, None]})
    axes = figures.heatmap(cells, "item", "class", "p").axes[0]
    texts = axes.texts
    assert not any(line.get_visible() for line in axes.get_xgridlines())
    assert [t.get_text() for t in texts] == ["90%", "1%"]
    assert mpl.colors.to_hex(texts[1].get_color()) == "#767676"


def test_alt_text_of_journeys_says_where_they_began_and_ended():
    assert figures.alt_text("journeys", FLOWS, value="n", what="children") == (
        "Alluvial figure of children. At first: need 90%, care 10%. At last: left 100%. "
        "Largest moves, over all steps: need to left (90); care to left (10)."
    )


def test_alt_text_of_a_map_says_what_is_not_shown():
    text = figures.alt_text("tiles", REGIONS, value="rate", label="region", what="rates")
    assert text == "Tile map of rates. 2 values. Highest: London (30). Lowest: North East (10). 1 not shown."


def test_alt_text_of_ratios_over_time_has_two_decimals():
    text = figures.alt_text("residuals", SMOOTH, value="estimate", label="time", group="term")
    assert "Sex: Male: from 1.20 at 10 to 0.90 at 90 (down)." in text
