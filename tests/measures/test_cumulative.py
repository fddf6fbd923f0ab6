import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter

from helpers.measures.cumulative import (
    ages_at_first,
    cohort_counts,
    cohort_sizes,
    cumulative_by_age,
    first_events,
    first_followed,
    life_table,
    people_in_cohorts,
)


def child(name, birth, authority="501", **more):
    return {"authority": authority, "child_id": name, "birth_date": birth} | more


def referral(name, day, year, authority="501"):
    return {"authority": authority, "child_id": name, "referral_date": day, "collection_year": year}


@pytest.fixture
def store(make_store):
    """Returns of two authorities, 2010/11 to 2021/22; ten children of each age in every year."""
    people = [
        {"authority": a, "year": y, "age": age, "sex": "F", "people": 5}
        for a in ("501", "502")
        for y in range(2010, 2023)
        for age in range(20)
    ]
    return make_store(
        children=[
            child("A", "2012-06-30", upn="U1"),
            child("A2", "2012-06-30", "502", upn="U1"),  # the same child, moved
            child("B", "2012-07-01"),  # the next cohort
            child("C", "2012-01-01", death_date="2013-01-01"),
            child("D", "2012-01-01"),
            child("E", "2012-01-01"),  # came to the country alone
        ],
        referrals=[
            referral("A", "2015-06-30", 2016),
            referral("A2", "2014-07-01", 2015, "502"),
            referral("B", "2012-05-01", 2013),  # before birth
            referral("E", "2020-01-01", 2020),
            referral("D", "2010-05-01", 2011) | {"child_id": "Z"},
            referral("Y", "2022-03-01", 2022, "502"),
            referral("X", "2022-03-01", 2022),
            referral("W", "2010-05-01", 2011, "502"),
        ],
        uasc=[{"child_id": "E", "collection_year": 2020}],
        populations=people,
    )


def test_a_cohort_is_born_in_the_twelve_months_to_30_june(store):
    table = people_in_cohorts(store).execute().set_index("child_id")["cohort"]
    assert table.to_dict() == {"A": 2012, "A2": 2012, "B": 2013, "C": 2012, "D": 2012}


def test_the_first_event_is_of_the_person_whatever_the_authority(store):
    table = first_events(store, "referral").execute().set_index("person")
    assert table.loc["U1", ["age", "days"]].tolist() == [2, 731]  # 1 July 2014: two years and a day
    assert table.loc["501B", ["age", "days"]].tolist() == [0, 0]


def test_cohorts_have_the_size_of_their_estimates(store):
    sizes = cohort_sizes(store)
    assert (sizes["people"] == 10).all()
    assert sizes.loc[sizes["cohort"] == 2012, "age"].tolist() == list(range(11))


def test_a_cohort_is_counted_whole_with_death_as_a_competing_event(store):
    table = cohort_counts(store, "referral", [2012])
    assert table["n"].sum() == 10
    assert table.loc[table["event"] == 1, ["days", "n"]].to_numpy().tolist() == [[731, 1]]
    assert table.loc[table["event"] == 2, ["days", "n"]].to_numpy().tolist() == [[366, 1]]
    # D and the seven whom no return holds are followed to the age that a child born on 30 June has in 2022.
    censored = table[table["event"] == 0]
    assert censored[["days", "n"]].to_numpy().tolist() == [[3561, 8]]
    assert table["complete"].all()


def test_a_cohort_born_before_the_returns_is_marked(store):
    assert not cohort_counts(store, "referral", [2009])["complete"].any()
    assert first_followed(store, "referral") == 2011
    assert cohort_counts(store, "referral", [2011])["complete"].all()


def test_counts_are_what_aalen_johansen_takes(store):
    counts = cohort_counts(store, "referral", [2012])
    fitted = AalenJohansenFitter(calculate_variance=False, jitter_level=0)
    fitted.fit(counts["days"], counts["event"], event_of_interest=1, weights=counts["n"])
    # One of ten dies at a year; of the nine left one is referred: a tenth of all.
    assert fitted.cumulative_density_.iloc[-1, 0] == pytest.approx(0.1)


def test_what_cannot_be_known_is_refused(store):
    with pytest.raises(ValueError, match="1950"):
        cohort_counts(store, "referral", [1950])
    with pytest.raises(ValueError, match="not wholly born"):
        cohort_counts(store, "referral", [2022])
    with pytest.raises(ValueError, match="no records of care"):
        cohort_counts(store, "care", [2012])


def test_first_events_at_each_age_are_over_the_children_of_the_age(store):
    table = ages_at_first(store, "referral", 2011, 2014).set_index("age")
    assert table["n"].drop([0, 2]).eq(0).all() and table.loc[[0, 2], "n"].tolist() == [1, 1]
    assert table.loc[2, ["from_cohort", "to_cohort", "people"]].tolist() == [2011, 2014, 40]
    assert table.loc[9, ["from_cohort", "to_cohort", "people"]].tolist() == [2011, 2012, 20]
    assert table.loc[12, ["from_cohort", "to_cohort"]].tolist() == [2009, 2009]


AGES = pd.DataFrame({"age": [0, 1, 2], "n": [10, 9, 8], "people": [100, 100, 100]})


def test_rates_of_first_events_add_up(store):
    table = cumulative_by_age(AGES)
    assert table["estimate"].tolist() == pytest.approx([0.10, 0.19, 0.27])
    assert table["term"].tolist() == ["by age 1", "by age 2", "by age 3"]
    assert table["n"].tolist() == [10, 19, 27]
    # With one age the gamma interval is Garwood's: 10 events, 4.795 to 18.39.
    assert table.loc[0, ["low", "high"]].astype(float).tolist() == pytest.approx([0.04795, 0.1839], rel=1e-3)
    assert cumulative_by_age(AGES.assign(n=0))["low"].eq(0).all()


def test_a_life_table_divides_by_those_who_have_not_had_it():
    table = life_table(AGES)
    assert table["without"].tolist() == pytest.approx([1, 0.90, 0.81])
    assert table["risk"].tolist() == pytest.approx([0.1, 0.1, 8 / 81])
    # The product of those who escape is what the sum says.
    assert 1 - np.prod(1 - table["risk"]) == pytest.approx(table["by_end"].iloc[-1])
