import pytest

from helpers.measures.reentry import care_spells, exit_kind, re_entries, time_to_reentry


def episode(child, start, end, ceased, legal="C2", year=2023):
    return {
        "child_id": child, "episode_start": start, "episode_end": end, "reason_new_episode": "S",
        "reason_ceased": ceased, "legal_status": legal, "placement": "U6", "category_of_need": "N1",
        "collection_year": year,
    }  # fmt: skip


@pytest.fixture
def store(make_store):
    """A goes home and comes back after 31 days; B is with a guardian; C is adopted; D turns 18 at home."""
    return make_store(
        care_episodes=[
            episode("A", "2021-05-01", "2022-05-01", "E4A", year=2022),
            episode("A", "2022-06-01", None, None),
            episode("B", "2021-05-01", "2022-05-01", "E45"),
            episode("C", "2021-05-01", "2022-05-01", "E11"),
            episode("D", "2021-05-01", "2022-05-01", "E4B"),
            episode("D", "2022-05-10", "2022-05-12", "E4A", legal="V4"),  # a short break is no return
            episode("E", "2021-05-01", "2022-05-01", "E3"),
            episode("F", "2021-05-01", "2022-05-01", "E8"),
        ],
        children=[
            {"child_id": name, "birth_date": "2004-06-30" if name == "D" else "2015-01-01"}
            for name in "ABCDEF"
        ],
    )


def rows(table, *columns):
    return table.order_by(["child_id", "period_start"]).execute()[list(columns)].to_numpy().tolist()


def test_children_who_can_be_seen_to_come_back_are_followed(store):
    assert rows(time_to_reentry(store), "child_id", "exit", "days", "event") == [
        ["A", "home", 31, 1],
        ["B", "special guardianship", 334, 0],
        ["D", "home", 60, 2],
        ["F", "another reason", 334, 0],
    ]


def test_only_the_exits_asked_for_are_followed(store):
    assert rows(time_to_reentry(store, ["home"]), "child_id", "in_care") == [["A", 365], ["D", 365]]


@pytest.mark.parametrize("exit_", ["adoption", "adulthood", "somewhere"])
def test_an_exit_without_a_way_back_is_refused(store, exit_):
    with pytest.raises(ValueError, match=f"{exit_}: no way back to care is seen"):
        time_to_reentry(store, [exit_])


def test_every_code_of_the_guide_has_a_kind_and_an_open_period_has_none(store):
    kinds = care_spells(store).select("child_id", "open", "exit").execute()
    assert kinds.loc[kinds["open"], "exit"].isna().all()
    assert set(kinds["exit"].dropna()) == {
        "home", "special guardianship", "adoption", "another authority", "another reason",
    }  # fmt: skip


def test_an_unknown_code_is_another_reason(store):
    episodes = store.care_episodes
    kinds = episodes.select(kind=exit_kind(episodes.reason_new_episode)).execute()
    assert set(kinds["kind"]) == {"another reason"}


def test_re_entries_are_counted_among_entries_of_the_year(store):
    table = re_entries(care_spells(store)).set_index("year")
    assert table.loc[2023, ["n", "of"]].tolist() == [1, 1]
    assert table.loc[2022, "n"] == 0
