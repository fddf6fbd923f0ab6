"""What the classes look like, what they are called, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from stepmix.stepmix import StepMix

from helpers.models.latent_class.common import Found, matrix


def profiles(model: StepMix, items: Sequence[str], labels: dict[str, str] | None = None) -> pd.DataFrame:
    """Return what each class looks like.

    Returns
    -------
    pandas.DataFrame
        class (1 is the largest), class_share, item, label, probability (of the item in the class), overall
        (in all cases, as the model has it), lift (probability over overall).
    """
    shares, chances = Found.of(model)
    grid = pd.DataFrame(chances, columns=list(items)).rename_axis("class").reset_index()
    tidy = grid.melt("class", var_name="item", value_name="probability")
    tidy["class_share"] = shares[tidy["class"]]
    tidy["overall"] = tidy["item"].map(dict(zip(items, shares @ chances, strict=True)))
    tidy["lift"] = tidy["probability"] / tidy["overall"].clip(lower=1e-12)
    tidy["label"] = tidy["item"].map(labels or {}).fillna(tidy["item"])
    tidy["class"] += 1
    columns = ["class", "class_share", "item", "label", "probability", "overall", "lift"]
    return tidy.sort_values("class", kind="stable", ignore_index=True)[columns]


def name_classes(profile: pd.DataFrame, most: int = 3) -> dict[int, str]:
    """Return a plain name for each class, from the items that set it apart.

    An item sets a class apart when at least 40% of its cases have it and that is a quarter more than
    overall. The items that stand out furthest come first. A class without such items is named by its
    commonest item. These names describe; they are not the published names of any study.

    Parameters
    ----------
    profile : pandas.DataFrame
        From `profiles`.
    """
    names: dict[int, str] = {}
    for number, part in profile.groupby("class"):
        apart = part[(part["probability"] >= 0.4) & (part["lift"] >= 1.25)]
        apart = apart.assign(gap=apart["probability"] - apart["overall"]).nlargest(most, "gap", keep="first")
        if apart.empty:
            name = f"Mixed, most often {_lower(part.nlargest(1, 'probability')['label'].iloc[0])}"
        else:
            alone = part["probability"].sum() < 1.5
            first, *others = apart["label"]
            name = first + (" alone" if alone else "".join(f" + {_lower(label)}" for label in others))
        names[int(number)] = f"{name} ({number})" if name in names.values() else name
    return names


def classify(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return the patterns with their most likely class and how likely it is.

    Returns
    -------
    pandas.DataFrame
        `patterns` with class (int64, from 1), certainty (posterior of that class) and p1, p2, ... (posterior
        of each class).
    """
    posterior = model.predict_proba(matrix(patterns, items))
    columns = {f"p{k + 1}": posterior[:, k] for k in range(posterior.shape[1])}
    modal = posterior.argmax(axis=1) + 1
    return patterns.assign(**{"class": modal.astype("int64"), "certainty": posterior.max(axis=1)}, **columns)


def class_sizes(classified: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return how many cases each class holds, by modal class and by posterior, within `by`.

    Parameters
    ----------
    classified : pandas.DataFrame
        From `classify`.

    Returns
    -------
    pandas.DataFrame
        `by`, class, n (cases whose most likely class it is), expected (sum of posteriors), of.
    """
    numbers = [int(name[1:]) for name in classified.columns if name[0] == "p" and name[1:].isdigit()]
    weighted = {f"p{k}": classified[f"p{k}"] * classified["n"] for k in numbers}
    modal = {f"n{k}": classified["n"].where(classified["class"] == k, 0) for k in numbers}
    wide = classified[list(by)].assign(**weighted, **modal, of=classified["n"])
    sums = wide.groupby(list(by), as_index=False).sum() if by else wide.sum().to_frame().T
    rows = [
        sums[list(by)].assign(**{"class": k, "n": sums[f"n{k}"], "expected": sums[f"p{k}"], "of": sums["of"]})
        for k in numbers
    ]
    table = pd.concat(rows).sort_values([*by, "class"], ignore_index=True)
    return table.astype({"class": "int64", "n": "int64", "of": "int64"})


def _lower(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]
