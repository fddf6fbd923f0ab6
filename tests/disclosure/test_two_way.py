import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from helpers.disclosure import Profile, recoverable, suppress_table, suppress_tables, table_shares
from helpers.disclosure.layout import lay_out
from helpers.disclosure.rounding import controlled, could_be, half_up


def cells(*rows, names=("area", "group")):
    """A long frame from rows of counts: areas a0, a1, ... and groups g0, g1, ..."""
    first, second = names
    return pd.DataFrame(
        [(f"{first}{i}", f"{second}{j}", n) for i, row in enumerate(rows) for j, n in enumerate(row)],
        columns=[first, second, "n"],
    )


def wide(table):
    return table.set_index(["area", "group"])["n"].unstack()  # noqa: PD010


def attack(table, lowest):
    """What linear programs written apart from the helpers find out: the limits of each hidden cell."""
    grid = wide(table)
    areas, groups = ([name for name in axis if name != "Total"] for axis in (grid.index, grid.columns))
    names = [(a, g) for a in [*areas, "Total"] for g in [*groups, "Total"]]
    at = {name: place for place, name in enumerate(names)}
    rows = []
    for area in [*areas, "Total"]:
        rows.append(([at[area, "Total"]], [at[area, group] for group in groups]))
    for group in [*groups, "Total"]:
        rows.append(([at["Total", group]], [at[area, group] for area in areas]))
    sums = np.zeros((len(rows), len(names)))
    for number, (total, parts) in enumerate(rows):
        sums[number, total], sums[number, parts] = 1, -1
    limits = [(lowest, None) if pd.isna(grid.loc[name]) else (grid.loc[name],) * 2 for name in names]
    found = {}
    for name in names:
        if pd.isna(grid.loc[name]):
            goal = np.zeros(len(names))
            goal[at[name]] = 1
            low, high = (linprog(sign * goal, A_eq=sums, b_eq=np.zeros(len(rows)), bounds=limits)
                         for sign in (1, -1))  # fmt: skip
            found[name] = (round(low.fun, 6), np.inf if high.status == 3 else round(-high.fun, 6))
    return found


def test_a_single_small_cell_takes_three_with_it():
    safe, note = suppress_table(cells((3, 40, 50), (30, 60, 80), (70, 90, 95)), "area", "group", 10)
    grid = wide(safe)
    assert pd.isna(grid.loc["area0", "group0"])
    assert grid.isna().to_numpy().sum() == 4 and grid.isna().sum(axis=1).isin((0, 2)).all()
    assert grid.loc["Total"].notna().all() and "4 cells are hidden" in note


def test_one_hidden_cell_a_row_and_column_is_worked_out():
    naive = pd.DataFrame(
        [("area0", "group0", None), ("area0", "group1", 40), ("area0", "Total", 43),
         ("area1", "group0", 30), ("area1", "group1", None), ("area1", "Total", 34),
         ("Total", "group0", 33), ("Total", "group1", 44), ("Total", "Total", 77)],
        columns=["area", "group", "n"],
    )  # fmt: skip
    found = recoverable(naive, "area", "group", 10)
    assert found["lowest"].tolist() == [3, 4] == found["highest"].tolist() and found["exposed"].all()


def test_a_row_whose_total_is_small_hides_its_total_too():
    grid = wide(suppress_table(cells((1, 2, 0), (50, 60, 70), (80, 90, 20)), "area", "group", 10)[0])
    assert pd.isna(grid.loc["area0", "Total"])
    assert grid.loc["area0", "group2"] == 0


def test_zeros_stay_where_they_may_and_go_where_they_may_not():
    frame = cells((0, 40, 50), (30, 60, 80))
    assert suppress_table(frame, "area", "group", 10)[0]["n"].notna().all()
    strict = suppress_table(frame, "area", "group", Profile("strict", 10, zeros=False))[0]
    assert pd.isna(wide(strict).loc["area0", "group0"]) and (strict["n"].dropna() >= 10).all()


def test_what_is_recoverable_agrees_with_linear_programs_written_apart():
    safe = suppress_table(cells((3, 41, 12), (30, 6, 25), (11, 90, 15)), "area", "group", 10)[0]
    found = recoverable(safe, "area", "group", 10)
    expected = attack(safe, 1)
    assert {(r.area, r.group): (r.lowest, r.highest) for r in found.itertuples()} == expected


small_table = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(st.integers(0, 12), st.integers(0, 150)), min_size=width, max_size=width),
        min_size=2,
        max_size=4,
    )
)


@settings(max_examples=20, deadline=None)
@given(small_table, st.integers(2, 12), st.booleans())
def test_no_linear_program_narrows_a_small_count_beyond_the_rule(rows, min_cell, zeros):
    frame = cells(*rows)
    rule = Profile("any", min_cell, zeros=zeros)
    safe = suppress_table(frame, "area", "group", rule)[0]
    lowest, highest = (1 if zeros else 0), min_cell - 1
    shown = safe["n"].dropna()
    assert not shown.between(lowest, highest).any()
    truth = wide(cells_with_totals(frame))
    for (area, group), (low, high) in attack(safe, lowest).items():
        assert low <= truth.loc[area, group] <= high
        if truth.loc[area, group] < min_cell:
            # Shown zeros tell that a total is at least its parts that are not zero.
            inner = truth.drop(index="Total", columns="Total")
            parts = inner.loc[[area] if area != "Total" else inner.index,
                              [group] if group != "Total" else inner.columns]  # fmt: skip
            assert low <= lowest * (parts > 0).to_numpy().sum()
            assert high >= highest and high > low
    # What is not hidden is as it was.
    pd.testing.assert_series_equal(
        shown.astype("int64"), cells_with_totals(frame)["n"].loc[shown.index], check_names=False
    )


def cells_with_totals(frame):
    plain = pd.crosstab(frame["area"], frame["group"], frame["n"], aggfunc="sum", margins=True,
                        margins_name="Total")  # fmt: skip
    return plain.stack().rename("n").reset_index().astype({"n": "int64"})  # noqa: PD013


@settings(max_examples=15, deadline=None)
@given(small_table, st.sampled_from(("half_up", "controlled")))
def test_rounding_protects_with_fewer_cells_hidden_and_still_exposes_none(rows, rounding):
    frame = cells(*rows)
    rule = Profile("rounded", 6, 5)
    safe = suppress_table(frame, "area", "group", rule, rounding=rounding)[0]
    assert (safe["n"].dropna() % 5 == 0).all()
    found = recoverable(safe, "area", "group", rule, rounding=rounding)
    assert not found["exposed"].any()
    truth = cells_with_totals(frame).set_index(["area", "group"])["n"]
    values = truth.loc[list(found[["area", "group"]].itertuples(index=False, name=None))].to_numpy()
    assert (found["lowest"] <= values).all() and (values <= found["highest"]).all()
    small = values < 6
    assert (found["highest"][small] >= 5).all()
    inner = small & (found[["area", "group"]] != "Total").all(axis=1).to_numpy()
    assert (found["lowest"][inner] <= 1).all()
    exact = suppress_table(frame, "area", "group", 6)[0]
    assert safe["n"].isna().sum() <= exact["n"].isna().sum() or rounding == "controlled"


def test_controlled_rounding_keeps_sums_and_moves_less_than_a_base():
    frame = cells((3, 41, 12), (38, 6, 24), (11, 93, 17))
    laid = lay_out([frame], [("area", "group")], "n")
    rounded = controlled(laid.counts.astype("int64"), laid.sums, 5)
    assert (laid.sums @ rounded == 0).all() and (rounded % 5 == 0).all()
    assert (abs(rounded - laid.counts) < 5).all()
    table = suppress_table(frame, "area", "group", Profile("only rounded", 0, 5), rounding="controlled")[0]
    grid = wide(table)
    assert (grid.drop(columns="Total").sum(axis=1) == grid["Total"]).all()


@pytest.mark.parametrize("base", [3, 5, 10])
def test_rounded_counts_lie_where_a_reader_takes_them_to_lie(base):
    counts = pd.Series(range(60))
    low, high = could_be(half_up(counts, base).to_numpy(dtype=float), base, "half_up")
    assert ((low <= counts) & (counts <= high)).all()


def test_tables_that_share_totals_are_protected_together():
    sex = cells((4, 40), (30, 60), (50, 70), names=("area", "sex"))
    age = cells((20, 24), (45, 45), (61, 59), names=("area", "age"))
    (by_sex, by_age), _ = suppress_tables([sex, age], [("area", "sex"), ("area", "age")], 10)
    totals = [table[table.iloc[:, 1] == "Total"].set_index("area")["n"] for table in (by_sex, by_age)]
    pd.testing.assert_series_equal(*totals)
    assert by_age["n"].notna().all() and by_sex["n"].isna().sum() == 4


def test_tables_that_share_a_hidden_total_hide_it_in_both():
    sex = cells((1, 2), (30, 60), (50, 70), names=("area", "sex"))
    age = cells((2, 1), (45, 45), (61, 59), names=("area", "age"))
    (by_sex, by_age), _ = suppress_tables([sex, age], [("area", "sex"), ("area", "age")], 10)
    hidden = [
        set(table["area"][table["n"].isna() & (table.iloc[:, 1] == "Total")]) for table in (by_sex, by_age)
    ]
    assert hidden[0] == hidden[1] and "area0" in hidden[0]


def test_tables_that_disagree_are_refused():
    sex, age = cells((4, 40), names=("area", "sex")), cells((20, 25), names=("area", "age"))
    with pytest.raises(ValueError, match="do not agree on area area0: 44 in one, 45"):
        suppress_tables([sex, age], [("area", "sex"), ("area", "age")], 10)


def test_each_year_is_a_table_of_its_own():
    frame = pd.concat(
        [cells((3, 40), (30, 60)).assign(year=2020), cells((13, 40), (30, 60)).assign(year=2021)]
    )
    safe = suppress_table(frame, "area", "group", 10, by=["year"])[0]
    assert safe.groupby("year")["n"].apply(lambda n: n.isna().sum()).tolist() == [4, 0]
    assert set(recoverable(safe, "area", "group", 10, by=["year"])["year"]) == {2020}


def test_shares_are_worked_out_from_what_is_shown():
    safe = suppress_table(cells((12, 40), (33, 61)), "area", "group", Profile("rounded", 6, 5))[0]
    shares = table_shares(safe, "area", "group").set_index(["area", "group"])["share"]
    assert shares["area0", "group0"] == 10 / 50 and shares["area0", "Total"] == 1
    of_all = table_shares(safe, "area", "group", within="all")
    assert (of_all["of"] == 145).all()
    hidden = suppress_table(cells((3, 40), (33, 61)), "area", "group", 10)[0]
    assert table_shares(hidden, "area", "group", within="column")["share"].isna().sum() == 4


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (cells((1, -2), (3, 4)), "whole numbers"),
        (cells((1, 2.5), (3, 4)), "whole numbers"),
        (pd.concat([cells((1, 2))] * 2), "more than once"),
        (cells((1, 2)).assign(group=["Total", "x"]), "without their totals"),
        (cells((1, 2)).assign(group=[None, "x"]), "missing values"),
        (cells(), "no cells"),
    ],
)
def test_bad_tables_get_a_clear_sentence(frame, message):
    with pytest.raises(ValueError, match=message):
        suppress_table(frame, "area", "group", 10)


def test_an_unknown_rounding_and_a_table_that_does_not_add_up_are_refused():
    frame = cells((11, 20), (30, 40))
    with pytest.raises(ValueError, match="'up'"):
        suppress_table(frame, "area", "group", 10, rounding="up")
    wrong = cells_with_totals(frame).astype({"n": "Int64"})
    wrong.loc[wrong.index[-1], "n"] = 999
    wrong.loc[wrong.index[0], "n"] = pd.NA
    with pytest.raises(ValueError, match="does not add up"):
        recoverable(wrong, "area", "group", 10)


def test_tables_that_zeros_tie_together_are_refused_and_pass_without_zeros():
    tables = [
        cells((1, 1), (3, 0), names=("area", "age")),
        cells((0, 2), (0, 3), names=("area", "sex")),
        cells((0, 4), (0, 1), names=("age", "sex")),
    ]
    spans = [("area", "age"), ("area", "sex"), ("age", "sex")]
    with pytest.raises(ValueError, match="zeros"):
        suppress_tables(tables, spans, 10)
    safe, _ = suppress_tables(tables, spans, Profile("strict", 10, zeros=False))
    assert all(table["n"].isna().any() for table in safe)
