import sys
from itertools import product

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import squareform
from sklearn.metrics import silhouette_samples

from helpers.models import sequence as seq
from helpers.models.sequence.clustering import k_medoids
from helpers.models.sequence.describe import distinct_subsequences
from helpers.models.sequence.distances import match_one

STATES = ["none", "child in need", "looked after"]


def rows(texts, states=STATES):
    """One row per child and month from texts of letters."""
    named = dict(zip("ABC", states, strict=True))
    return pd.DataFrame(
        [
            {"authority": "501", "child_id": f"C{child}", "month": month, "state": named[letter]}
            for child, text in enumerate(texts)
            for month, letter in enumerate(text)
        ]
    )


def number(text):
    return np.array(["ABC".index(letter) for letter in text])


def apart(one, other, costs=None, indel=1.0):
    costs = 2.0 * (1 - np.eye(3)) if costs is None else np.asarray(costs, dtype=float)
    return match_one(number(one), number(other)[None], costs, indel)[0]


def random_texts(seed, n=60, months=10, moves=0.3):
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(n):
        state, text = rng.integers(3), ""
        for _ in range(months):
            state = rng.integers(3) if rng.random() < moves else state
            text += "ABC"[state]
        texts.append(text)
    return texts


# Patterns and their counts


@pytest.mark.parametrize("as_ibis", [True, False])
def test_children_are_counted_by_sequence_and_none_is_lost(as_ibis):
    frame = rows(["AAB", "ABB", "AAB", "AA"]).sample(frac=1, random_state=1)
    data = seq.sequences(ibis.memtable(frame) if as_ibis else frame, 3, states=STATES)
    assert dict(zip(data.patterns, data.weights, strict=True)) == {"AAB": 2, "ABB": 1}
    assert data.dropped["n"].tolist() == [1, 0]
    assert data.children + data.dropped["n"].sum() == 4
    assert data.codes.tolist() == [[0, 0, 1], [0, 1, 1]]


def test_children_with_a_month_not_seen_are_left_out_and_counted():
    frame = rows(["AAB", "ABC", "ABB"], ["none", "child in need", "not seen"])
    data = seq.sequences(frame, 3, without=["not seen"])
    assert data.states == ("child in need", "none")
    assert data.children == 2 and data.dropped["n"].tolist() == [0, 1]


def test_each_child_can_be_joined_with_its_type():
    texts = seq.of_children(rows(["AAB", "ABB", "AAB"]), 3, STATES).execute().sort_values("child_id")
    assert texts["pattern"].tolist() == ["AAB", "ABB", "AAB"]


def test_what_makes_no_sequence_is_refused_in_words():
    frame = rows(["AAB", "ABB"])
    with pytest.raises(ValueError, match="two states in a month"):
        seq.sequences(pd.concat([frame, frame.head(1)]), 3)
    with pytest.raises(ValueError, match="No child has every month"):
        seq.sequences(frame, 9)
    with pytest.raises(ValueError, match="not in `states`: child in need"):
        seq.sequences(frame, 3, states=["none"])


def test_a_sequence_is_put_in_words():
    data = seq.count_sequences(["AABBBC"], STATES)
    assert seq.written(data, 0) == "none 2, child in need 3, looked after 1"


# Distances, worked by hand


def test_optimal_matching_by_hand():
    assert apart("AAB", "AAB") == 0
    assert apart("AAB", "AAC") == 2  # one substitution, or one out and one in
    assert apart("ABC", "BCA") == 2  # A out in front, A in at the end: no month agrees, yet they are near
    assert apart("ABC", "BCA", indel=5) == 6  # where shifting is dear, three substitutions
    assert apart("AAA", "CCC", indel=0.5) == 3  # three out, three in, at 0.5 each
    assert apart("ABAB", "BABA") == 2
    assert apart("AABB", "ABBC", indel=1.5) == 3  # A out, C in; or two substitutions at 4
    costs = [[0, 1, 2], [1, 0, 0.5], [2, 0.5, 0]]
    assert apart("AAB", "AAC", costs) == 0.5
    assert apart("AAA", "ABC", costs, indel=5) == 3


def table_by_table(one, other, costs, indel):
    """The plain table of Needleman and Wunsch, a cell at a time."""
    table = np.zeros((len(one) + 1, len(other) + 1))
    table[0], table[:, 0] = indel * np.arange(len(other) + 1), indel * np.arange(len(one) + 1)
    for i, j in product(range(len(one)), range(len(other))):
        swap = table[i, j] + costs[one[i], other[j]]
        table[i + 1, j + 1] = min(swap, table[i, j + 1] + indel, table[i + 1, j] + indel)
    return table[-1, -1]


@pytest.mark.parametrize("indel", [0.4, 1.0, 1.7])
def test_optimal_matching_equals_the_plain_table(indel):
    data = seq.count_sequences(random_texts(1), STATES)
    costs = seq.substitution_costs(data, "transitions")
    square = squareform(seq.optimal_matching(data, costs, indel))
    codes = data.codes
    for i, j in [(0, 1), (3, 40), (10, 20), (5, 45), (30, 31)]:
        assert square[i, j] == pytest.approx(table_by_table(codes[i], codes[j], costs, indel))


def test_optimal_matching_is_a_metric_and_at_most_the_substitutions():
    data = seq.count_sequences(random_texts(2, n=25), STATES)
    matching, month_by_month = seq.optimal_matching(data), 2 * seq.hamming(data)
    assert (matching <= month_by_month + 1e-9).all() and (matching > 0).all()
    square = squareform(matching)
    detour = (square[:, :, None] + square[None]).min(axis=1)
    assert (square <= detour + 1e-9).all()


def test_hamming_by_hand():
    data = seq.count_sequences(["AAB", "ABB", "CCC"], STATES)
    square = squareform(seq.hamming(data))
    place = {pattern: i for i, pattern in enumerate(data.patterns)}
    assert square[place["AAB"], place["ABB"]] == 1
    assert square[place["AAB"], place["CCC"]] == 3
    costs = np.array([[0, 1, 2], [1, 0, 0.5], [2, 0.5, 0]])
    square = squareform(seq.hamming(data, costs))
    assert square[place["AAB"], place["CCC"]] == 2 + 2 + 0.5


def test_costs_from_transitions_by_hand_count_children():
    data = seq.count_sequences(["AAB"] * 3 + ["ABC"], STATES)
    # After A: three stay and four go to B. After B: one goes to C. Nothing follows C.
    costs = seq.substitution_costs(data, "transitions")
    assert costs[0, 1] == pytest.approx(2 - 4 / 7)
    assert costs[1, 2] == pytest.approx(2 - 1)
    assert costs[0, 2] == 2 and np.diag(costs).tolist() == [0, 0, 0]
    table = seq.transition_rates(data).set_index(["source", "target"])["share"]
    assert table["none", "none"] == pytest.approx(3 / 7)


def test_too_many_sequences_and_impossible_costs_are_refused_in_words(monkeypatch):
    data = seq.count_sequences(random_texts(3), STATES)
    monkeypatch.setattr(sys.modules[match_one.__module__], "MOST_MATCHING", 10)
    with pytest.raises(ValueError, match="distinct sequences, and this distance takes 10"):
        seq.optimal_matching(data)
    with pytest.raises(ValueError, match="symmetric"):
        seq.hamming(data, np.triu(np.ones((3, 3))))
    with pytest.raises(ValueError, match="no distance"):
        seq.distances(data, "euclid")


# Types


@pytest.fixture
def three_kinds():
    """Children at home throughout, in need throughout, and looked after from the fourth month; some stray."""
    texts = ["A" * 12] * 60 + ["B" * 12] * 30 + ["AAA" + "C" * 9] * 20
    texts += ["A" * 11 + "B"] * 6 + ["B" * 11 + "A"] * 4 + ["AAAA" + "C" * 8] * 5
    return seq.count_sequences(texts, STATES)


@pytest.mark.parametrize("method", ["hamming", "matching"])
def test_kinds_that_were_planted_are_found(three_kinds, method):
    distance = seq.distances(three_kinds, method)
    found = seq.typology(three_kinds, distance, 3)
    assert found.medoids == ("A" * 12, "B" * 12, "AAA" + "C" * 9)
    sizes = seq.within_types(three_kinds, distance, found)
    assert sizes["n"].tolist() == [66, 34, 25]
    assert seq.assign(three_kinds, found, method).tolist() == found.types.tolist()
    table = seq.choose(three_kinds, distance, range(2, 6))
    width = table.set_index("classes")["silhouette"]
    assert width[3] > width[2] + 0.15 and width[5] < width[3] + 0.05
    assert table["explained"].is_monotonic_increasing


def test_weights_stand_for_children():
    """The types of counted sequences are those of a row per child."""
    rng = np.random.default_rng(4)
    data = seq.count_sequences(random_texts(4, n=30, months=8), STATES)
    weights = rng.integers(1, 6, len(data.patterns))
    square = squareform(seq.hamming(data))
    rows_of = np.repeat(np.arange(len(weights)), weights)
    counted = k_medoids(square, weights.astype(float), 3)
    by_row = k_medoids(square[np.ix_(rows_of, rows_of)], np.ones(len(rows_of)), 3)
    cost = square[:, counted].min(axis=1) @ weights
    assert cost == pytest.approx(square[np.ix_(rows_of, rows_of[by_row])].min(axis=1).sum())
    unweighted = k_medoids(square, np.ones(len(weights)), 3)
    assert cost <= square[:, unweighted].min(axis=1) @ weights


def test_medoids_are_the_best_there_are_in_a_small_case():
    data = seq.count_sequences(random_texts(5, n=14, months=6), STATES)
    square, weights = squareform(seq.hamming(data)), data.weights.astype(float)
    n = len(weights)
    best = min(square[:, [i, j]].min(axis=1) @ weights for i in range(n) for j in range(i))
    assert square[:, k_medoids(square, weights, 2)].min(axis=1) @ weights == pytest.approx(best)


def test_silhouettes_equal_those_of_a_row_per_child(three_kinds):
    distance = seq.hamming(three_kinds)
    found = seq.typology(three_kinds, distance, 3)
    place = np.repeat(np.arange(len(three_kinds.patterns)), three_kinds.weights)
    square = squareform(distance)[np.ix_(place, place)]
    by_row = silhouette_samples(square, found.types[place], metric="precomputed")
    assert seq.silhouettes(three_kinds, distance, found.types)[place] == pytest.approx(by_row)


def test_explained_discrepancy_by_hand():
    data = seq.count_sequences(["AA", "AA", "BB", "BA"], STATES)
    types = np.array([{"AA": 0, "BB": 1, "BA": 1}[pattern] for pattern in data.patterns])
    # Sum over pairs: AA-BB 2 x 2, AA-BA 2 x 1, BB-BA 1: 7 over 4 children; within: 1 over 2 children.
    assert seq.explained(data, seq.hamming(data), types) == pytest.approx(1 - (1 / 2) / (7 / 4))


def test_planted_kinds_come_again_and_noise_does_not(three_kinds):
    distance = seq.hamming(three_kinds)
    firm = seq.stability(three_kinds, distance, seq.typology(three_kinds, distance, 3), repeats=15)
    assert firm["estimate"].min() > 0.9
    assert firm["n"].tolist() == [66, 34, 25, 125]
    noise = seq.count_sequences(random_texts(6, n=150, moves=1.0), STATES)
    distance = seq.hamming(noise)
    loose = seq.stability(noise, distance, seq.typology(noise, distance, 6), repeats=10)
    assert loose["estimate"].iloc[-1] < 0.6


def test_a_sample_of_children_leads_to_the_same_types(three_kinds):
    part = seq.sampled(three_kinds, 4, seed=2)
    assert len(part.patterns) == 4 and part.children < three_kinds.children
    found = seq.typology(part, seq.hamming(part), 3)
    types = seq.assign(three_kinds, found)
    assert len(types) == len(three_kinds.patterns)
    assert seq.sampled(three_kinds, 100) is three_kinds


def test_impossible_types_are_refused_in_words(three_kinds):
    with pytest.raises(ValueError, match="cannot make 6 types"):
        seq.typology(three_kinds, seq.hamming(three_kinds), 6)
    with pytest.raises(ValueError, match="not those of these sequences"):
        seq.typology(three_kinds, np.ones(3), 2)


# What they look like


def test_shares_and_entropy_by_hand():
    data = seq.count_sequences(["AB", "AB", "AC", "AB"], STATES)
    shares = seq.state_shares(data).set_index(["time", "state"])
    assert shares.loc[(1, "child in need"), "share"] == 0.75
    assert shares.loc[(1, "child in need"), "n"] == 3
    assert shares.groupby("time")["share"].sum().tolist() == pytest.approx([1, 1])
    entropy = seq.state_entropy(data)["entropy"].tolist()
    by_hand = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(3)
    assert entropy == pytest.approx([0, by_hand])


def test_shares_can_be_split_by_type(three_kinds):
    found = seq.typology(three_kinds, seq.hamming(three_kinds), 3)
    shares = seq.state_shares(three_kinds, found.types)
    assert shares.groupby("type")["n"].sum().tolist() == [66 * 12, 34 * 12, 25 * 12]
    assert set(seq.state_entropy(three_kinds, found.types)["type"]) == {0, 1, 2}


def test_indices_by_hand():
    table = seq.sequence_indices(seq.count_sequences(["AAAA", "AABB", "ABBB"], STATES)).set_index("pattern")
    assert table["spells"].to_dict() == {"AAAA": 1, "AABB": 2, "ABBB": 2}
    assert table.loc["AAAA", ["entropy", "complexity"]].tolist() == [0, 0]
    assert table.loc["AABB", "entropy"] == pytest.approx(np.log(2) / np.log(3))
    assert table.loc["AABB", "complexity"] == pytest.approx(np.sqrt(1 / 3 * np.log(2) / np.log(3)))
    # Two subsequences of one state; four of AB, spells of 2 and 2 (variance 0) or 1 and 3 (variance 1).
    assert table["turbulence"].to_dict() == pytest.approx({"AAAA": 1, "AABB": 3, "ABBB": 2})


def test_distinct_subsequences_are_counted_as_on_paper():
    assert distinct_subsequences(number("ABA")) == 7  # none, A, B, AB, BA, AA, ABA
    assert distinct_subsequences(number("AB")) == 4
    assert distinct_subsequences(number("AAA")) == 4


def test_the_typical_sequence_says_how_many_children_share_it(three_kinds):
    table = seq.typical(three_kinds, seq.typology(three_kinds, seq.hamming(three_kinds), 3))
    assert table["medoid"].tolist()[2] == "none 3, looked after 9"
    assert table["n_same"].tolist() == [60, 30, 20]
    assert table["share"].sum() == pytest.approx(1)
