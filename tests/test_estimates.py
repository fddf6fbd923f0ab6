"""Estimates of any model, as a forest plot and as a table."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from helpers import display, figures, tables
from helpers.labels import label, split_term, term_label, value_label
from helpers.models.tidy import tidy

TERMS = ["sex: M", "age_band: 1 to 4", "age_band: 5 to 9", "free_school_meals: True"]


def results(stages=("Unadjusted", "Adjusted")):
    frames = [
        tidy(TERMS, np.log([1.2, 0.8, 0.5, 3.0]), [0.1, 0.1, 0.2, 0.3], 1200 - number, "Cox regression",
             exponentiate=True, stage=stage, planted=[1.25, 0.8, None, 2.9])
        for number, stage in enumerate(stages)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def written(axes):
    return [text.get_text() for text in axes.texts]


def dots(axes):
    """Return what is drawn as marks, without the lines of the intervals."""
    return [d for d in axes.collections if isinstance(d, PathCollection) and len(d.get_offsets())]


def test_every_estimate_is_drawn_once_and_written_beside_it():
    figure = figures.coefficients(results(["Adjusted"]), log=True, xlabel="Hazard ratio")
    axes = figure.axes[0]
    assert written(axes)[0] == "1.20 (0.99 to 1.46)" and len(written(axes)) == 4
    places = np.concatenate([d.get_offsets() for d in dots(axes)])
    assert sorted(places[:, 0].round(2)) == [0.5, 0.8, 1.2, 3.0]
    assert axes.get_xscale() == "log" and {line.get_xdata()[0] for line in axes.lines} == {1}


def test_terms_stand_under_their_column_in_words():
    axes = figures.coefficients(results(["Adjusted"]), log=True).axes[0]
    names = [text.get_text().strip() for text in axes.get_yticklabels()]
    assert names == ["Sex: Male", "Age", "1 to 4", "5 to 9", "Free school meals: yes"]


def test_groups_have_lanes_of_their_own_and_share_one_diamond_of_truth():
    figure = figures.coefficients(results(), group="stage", log=True, truth="planted")
    axes = figure.axes[0]
    hollow = [d for d in dots(axes) if len(d.get_facecolor()) == 0]
    assert len(hollow) == 1 and len(hollow[0].get_offsets()) == 3  # one truth is not known
    lanes = np.concatenate([d.get_offsets()[:, 1] for d in dots(axes) if len(d.get_offsets()) == 4])
    assert len(np.unique(lanes.round(6))) == 8
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "Unadjusted",
        "Adjusted",
        "planted truth",
    ]


def test_a_very_wide_interval_ends_in_an_arrow_and_squeezes_no_other():
    wide = tidy(["a", "b", "c"], [0.0, 0.1, 0.2], [0.05, 0.05, 9.0], 10, "x", exponentiate=True)
    axes = figures.coefficients(wide, log=True).axes[0]
    low, high = axes.get_xlim()
    assert high < 3 and low > 1 / 3
    edges = [d.get_offsets()[0, 0] for d in dots(axes) if len(d.get_offsets()) == 1]
    assert sorted(edges) == pytest.approx([low, high])


def test_a_reference_category_and_a_category_without_events_say_so():
    rows = pd.DataFrame({"term": ["age: 1", "age: 2", "age: 3"], "estimate": [1.0, 0.0, 2.0]})
    rows = rows.assign(low=[None, None, 1.5], high=[None, None, 2.5], n=9, method="x")
    axes = figures.coefficients(rows, log=True).axes[0]
    assert written(axes) == ["1 (reference)", "no events", "2.00 (1.50 to 2.50)"]


def test_two_estimates_of_one_term_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="`group`"):
        figures.coefficients(results(), log=True)
    with pytest.raises(ValueError, match="`by` or `columns`"):
        tables.estimate_rows(results(), ratio=True)


def test_logarithms_are_refused_where_ratios_are_wanted():
    with pytest.raises(ValueError, match="not their logarithms"):
        figures.coefficients(tidy(["a"], [-0.2], [0.1], 5, "x"), log=True)


def test_numbers_do_not_overlap():
    figure = figures.coefficients(results(), group="stage", log=True)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_alt_text_names_what_lies_wholly_on_one_side():
    text = figures.alt_text("coefficients", results(["A"]), value="estimate", log=True, what="hazard ratios")
    assert text == (
        "Forest plot of hazard ratios. 4 estimates. Whole interval above 1: Free school meals: yes 3.00 "
        "(1.67 to 5.40). Whole interval below 1: Age: 5 to 9 0.50 (0.34 to 0.74); Age: 1 to 4 0.80 (0.66 to "
        "0.97). Interval across 1: 1."
    )


def test_stages_stand_side_by_side_with_their_n_below():
    rows = tables.estimate_rows(results(), ratio=True, by="stage")
    assert rows.columns.tolist() == ["term", "Unadjusted", "Adjusted"]
    assert rows.iloc[0].tolist() == ["Sex: Male", "1.20 (0.99 to 1.46)", "1.20 (0.99 to 1.46)"]
    assert rows.iloc[-1].tolist() == ["N", "1,200", "1,199"]


def test_a_term_of_one_stage_alone_leaves_the_other_empty():
    one_missing = results().drop(index=3)
    rows = tables.estimate_rows(one_missing, ratio=True, by="stage").set_index("term")
    assert rows.loc["Free school meals: yes"].tolist() == ["", "3.00 (1.67 to 5.40)"]


def test_further_columns_lead_when_they_are_words_and_follow_when_numbers():
    more = results().assign(p=[0.0001, 0.04, 0.5, None] * 2)
    rows = tables.estimate_rows(more, ratio=True, columns=["stage", "p"], measure="Hazard ratio")
    assert rows.columns.tolist() == ["stage", "term", "Hazard ratio (95% interval)", "p", "n"]
    assert rows["p"].tolist()[:4] == ["<0.001", "0.040", "0.500", ""]


def test_a_table_of_estimates_says_how_they_were_made(monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw=False: outputs.append(data))
    store = SimpleNamespace(synthetic=True)
    tables.estimates(results(["A"]), "Table 2", store, ratio=True, note="Complete cases.")
    html = outputs[0]["text/html"]
    assert "Complete cases. Cox regression." in html and display.MARK in html
    assert "1.20 (0.99\u00a0to\u00a01.46)" in html and ">1,200<" in html


def test_a_column_of_which_all_terms_are_values_is_the_heading(monkeypatch):
    outputs = []
    monkeypatch.setattr(display, "display", lambda data, raw=False: outputs.append(data))
    tables.estimates(results(["A"]).iloc[1:3], "Ages", None, ratio=True)
    html = outputs[0]["text/html"]
    assert '<th scope="col">Age</th>' in html and "<td>1 to 4</td>" in html and "Age:" not in html


@pytest.mark.parametrize(
    ("numbers", "options", "text"),
    [
        ((1.234, 1.1, 1.38), {"ratio": True}, "1.23 (1.10 to 1.38)"),
        ((-0.021, -0.041, -0.0009), {"percent": True}, "−2.1% (−4.1% to −0.1%)"),
        ((-0.021, -0.041, -0.0009), {}, "−0.021 (−0.041 to −0.001)"),
        ((1234.5, 1100.2, 1400), {}, "1,234 (1,100 to 1,400)"),
        ((-0.0001, -0.4, 0.4), {}, "0.00 (−0.40 to 0.40)"),
        ((2.0, 1.0, float("inf")), {"ratio": True}, "2.00 (1.00 to ∞)"),
        ((None, None, None), {}, "–"),
        ((2.0, None, None), {"ratio": True}, "2.00"),
    ],
)
def test_an_estimate_is_written_with_as_many_figures_as_its_interval_bears(numbers, options, text):
    row = pd.DataFrame([numbers], columns=["estimate", "low", "high"], dtype=float)
    decimals = display.places(row, options.get("ratio", False), options.get("percent", False))
    assert display.interval(*row.iloc[0], decimals, options.get("percent", False)) == text


def test_names_and_codes_are_put_into_words():
    assert label("age_band") == "Age" and label("first_birth") == "First birth"
    assert value_label("sex", "F") == "Female" and value_label("kin", "F") == "F"
    assert value_label("region", "E12000007") == "London"
    assert term_label("sex: M × imd_decile") == "Sex: Male × Deprivation decile (IMD)"
    assert term_label("neglect", {"neglect": "Neglect of the child"}) == "Neglect of the child"
    assert split_term("factor: Alcohol misuse: child") == ("factor", "Alcohol misuse: child")
    assert split_term("Intercept") == ("", "Intercept")
