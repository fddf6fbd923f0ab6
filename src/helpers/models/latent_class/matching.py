"""Which class of one fit is which of another, and which of the published categories it is nearest to."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from helpers.models.latent_class.profiles import name_classes

# What the words of our reading stand for as probabilities of a factor within a category.
EXPECTED = {"high": 0.9, "often": 0.35}
ELSEWHERE = 0.02  # of a factor that the name of a category says nothing of
MUST_HAVE = 0.5  # least probability of the items that the name of a category puts first
TOO_FAR = 0.7  # further than this a class has none of the published names: it mixes several of them


@cache
def _reading() -> pd.DataFrame:
    return pd.read_csv(files(__package__) / "published_categories.csv", dtype="string")


def published_profiles(items: list[str] | None = None) -> pd.DataFrame:
    """Return the twelve published categories of demand as profiles, in our reading.

    Source: Hood, Goldacre, Jones, King, Clements and Webb (2023), British Journal of Social Work 53(8),
    3704-3724, and the briefing of the same study, name categories and tell the shares of the two largest.
    The names are published; the probabilities of each factor are not where we could read. **Which items
    define a category is our reading of its name**: an item that the name puts first is expected in nine
    assessments of ten, one that it says goes with it in about a third, any other in one of fifty. The name
    of the twelfth was not found: "Few low-level concerns" and its items are our assumption.

    Parameters
    ----------
    items : list of str, optional
        Those of the model; all that define a category when not given.

    Returns
    -------
    pandas.DataFrame
        class (name of the category), item, probability (expected).

    Raises
    ------
    ValueError
        When `items` holds none of those that define the categories.
    """
    reading = _reading()
    items = list(items) if items is not None else reading["item"].unique().tolist()
    if not set(items) & set(reading["item"]):
        raise ValueError("None of these items defines a published category: give items of `factor_items`.")
    wide = reading.assign(probability=reading["expected"].map(EXPECTED).astype(float))
    wide = wide.pivot_table(index="category", columns="item", values="probability")
    wide = wide.reindex(index=reading["category"].unique(), columns=items).fillna(ELSEWHERE)
    tidy = wide.rename_axis("class").reset_index().melt("class", var_name="item", value_name="probability")
    return tidy.astype({"class": "object", "item": "object"})


def distances(profile_a: pd.DataFrame, profile_b: pd.DataFrame) -> pd.DataFrame:
    """Return how far each class of one profile is from each of another.

    The Hellinger distance between the answer patterns that two classes give rise to, items being independent
    within a class: 0 where the classes are alike, 1 where no pattern can come from both.

    Parameters
    ----------
    profile_a, profile_b : pandas.DataFrame
        class, item, probability: from `profiles` or `published_profiles`. Items that only one of them knows
        are left out.

    Returns
    -------
    pandas.DataFrame
        Classes of `profile_a` (rows) by classes of `profile_b` (columns), float from 0 to 1.

    Raises
    ------
    ValueError
        When the two have no item in common.
    """
    one, other = _wide(profile_a), _wide(profile_b)
    shared = [item for item in one.columns if item in other.columns]
    if not shared:
        raise ValueError("These profiles have no item in common: they can't be matched.")
    p, q = one[shared].to_numpy()[:, None, :], other[shared].to_numpy()[None, :, :]
    overlap = (np.sqrt(p * q) + np.sqrt((1 - p) * (1 - q))).prod(axis=2)
    return pd.DataFrame(np.sqrt(np.clip(1 - overlap, 0, 1)), index=one.index, columns=other.index)


def match(profile_a: pd.DataFrame, profile_b: pd.DataFrame) -> pd.DataFrame:
    """Pair the classes of two fits so that the distances of the pairs add up to the least.

    The order of classes is arbitrary in a latent class model; two fits are compared only once their classes
    are paired. Source: Hungarian assignment (Kuhn 1955), by scipy.

    Parameters
    ----------
    profile_a, profile_b : pandas.DataFrame
        class, item, probability.

    Returns
    -------
    pandas.DataFrame
        class, matched (the class of `profile_b`), distance (0 to 1; see `distances`). Where the fits have
        different numbers of classes, those of `profile_a` that find no partner are missing.
    """
    apart = distances(profile_a, profile_b)
    rows, columns = linear_sum_assignment(apart.to_numpy())
    return pd.DataFrame(
        {
            "class": apart.index[rows],
            "matched": apart.columns[columns],
            "distance": apart.to_numpy()[rows, columns],
        }
    )


def match_published(profile: pd.DataFrame, furthest: float = TOO_FAR) -> pd.DataFrame:
    """Give each class the published category that it is nearest to.

    Two classes may be nearest to the same category: a fit may split what the study found as one. A class
    further than `furthest` from all of them gets none, nor does one in which an item that the name puts first
    is not in half of the assessments: a mix of disability, neglect and more is no category of disability.

    Parameters
    ----------
    profile : pandas.DataFrame
        From `profiles`.

    Returns
    -------
    pandas.DataFrame
        class, category (missing where there is none near), distance (to the nearest), second (the next
        nearest), second_distance.
    """
    items = profile["item"].unique().tolist()
    published = published_profiles(items)
    apart = distances(profile, published)
    order = np.argsort(apart.to_numpy(), axis=1, kind="stable")
    near, next_near = (np.take_along_axis(apart.to_numpy(), order[:, [i]], 1)[:, 0] for i in (0, 1))
    names = apart.columns.to_numpy(dtype=object)
    first = (_wide(published) == EXPECTED["high"]).loc[names[order[:, 0]]].to_numpy()
    has_first = ((_wide(profile).to_numpy() >= MUST_HAVE) | ~first).all(axis=1)
    return pd.DataFrame(
        {
            "class": apart.index,
            "category": pd.Series(names[order[:, 0]], dtype="object").where((near <= furthest) & has_first),
            "distance": near,
            "second": names[order[:, 1]],
            "second_distance": next_near,
        }
    )


def class_names(profile: pd.DataFrame, furthest: float = TOO_FAR, numbered: bool = True) -> dict[int, str]:
    """Return a name for each class: the published category or, far from all, its items.

    Parameters
    ----------
    profile : pandas.DataFrame
        From `profiles`.
    furthest : float
        As for `match_published`.
    numbered : bool
        Whether names begin with the number of the class, so that they differ even where two classes are
        nearest to the same category. If not, the first of two such classes gets the name of the category.

    Returns
    -------
    dict of int to str
        E.g. ``{2: "2. Domestic abuse, single factor"}``.
    """
    own = name_classes(profile)
    found = match_published(profile, furthest).set_index("class")["category"]
    if not numbered:
        found = found.mask(found.duplicated())
    names = {number: own[number] if pd.isna(name) else name for number, name in found.items()}
    return {number: f"{number}. {name}" for number, name in names.items()} if numbered else names


def _wide(profile: pd.DataFrame) -> pd.DataFrame:
    """Return classes by items, in the order in which they stand."""
    wide = profile.pivot_table(index="class", columns="item", values="probability")
    return wide.reindex(index=profile["class"].unique(), columns=profile["item"].unique())
