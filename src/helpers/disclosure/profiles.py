"""The rules of named places: what each asks of an output before it may leave."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True)
class Profile:
    """The rule of one place.

    Parameters
    ----------
    name : str
    min_cell : int
        Counts below this are suppressed; it is also the least number of events, or of children at risk, that
        a step of a curve, a class or a term of a model must rest on.
    round_to : int or None
        What remains is rounded to a multiple of this.
    source : str
        Where the rule stands in public, with its address.
    zeros : bool
        Whether a zero may be shown.
    dominance : (int, float)
        In a sum or mean of amounts, the largest so many may not make up this share or more.
    p_ratio : float
        In a sum of amounts, what is left without the two largest must be at least this share of the largest.
    min_df : int
        Least number of residual degrees of freedom of a model.
    confirmed : tuple of str
        Those of the fields above that `source` states. The rest are ACRO's defaults, or ours.
    """

    name: str
    min_cell: int
    round_to: int | None = None
    source: str = ""
    zeros: bool = True
    dominance: tuple[int, float] = (2, 0.9)
    p_ratio: float = 0.1
    min_df: int = 10
    confirmed: tuple[str, ...] = ()

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Return what no public source states: ask the place before you rely on it."""
        told = {"name", "source", "confirmed", *self.confirmed}
        return tuple(field.name for field in fields(self) if field.name not in told)


# Rules change: what counts is the agreement a project signed. What `confirmed` does not name was not found in
# public; where a threshold or the showing of zeros was not found, the stricter choice is taken.
PROFILES = {
    "local_authority": Profile(
        "Local authority, for publication",
        6,
        5,
        "DfE, Characteristics of children in need: 1 to 5 replaced by c, secondary suppression, zero shown "
        "as 0 (explore-education-statistics.service.gov.uk/find-statistics/children-in-need); rounding to 5 "
        "is ours, the DfE leaves authorities unrounded",
        confirmed=("min_cell", "zeros"),
    ),
    "ons_srs": Profile(
        "ONS Secure Research Service",
        10,
        None,
        "minimum of 10 observations (celsius.lshtm.ac.uk/onscell.html, citing ONS); zeros, dominance and "
        "degrees of freedom are ACRO's defaults",
        zeros=False,
        confirmed=("min_cell",),
    ),
    "sail": Profile(
        "SAIL Databank",
        10,
        None,
        "no public page found that states the rule; 10 is the stricter of what others ask",
        zeros=False,
    ),
    "opensafely": Profile(
        "OpenSAFELY",
        8,
        5,
        "docs.opensafely.org/sdc: counts of 7 or fewer redacted, then rounded "
        "(opensafely.org/updated-output-checking-processes), to 5 in ehrQL's measures",
        zeros=False,
        confirmed=("min_cell", "round_to"),
    ),
    "nhs_hospital": Profile(
        "NHS England, hospital statistics below national level",
        8,
        5,
        "NHS Digital, Disclosure control methodology for Hospital Episode Statistics, from September 2018 "
        "(digital.nhs.uk): 1 to 7 suppressed, the rest rounded to 5",
        confirmed=("min_cell", "round_to", "zeros"),
    ),
    "uk_llc": Profile(
        "UK Longitudinal Linkage Collaboration",
        10,
        None,
        "guidebook.ukllc.ac.uk/docs/user_guide/sdc: no count below 10, zero included",
        zeros=False,
        confirmed=("min_cell", "zeros"),
    ),
}


def profile(rule: int | str | Profile) -> Profile:
    """Return a rule as a profile: a profile, the name of one, or a bare threshold.

    Raises
    ------
    KeyError
        When there is no profile of that name.
    ValueError
        When a bare threshold is below 0.
    """
    if isinstance(rule, Profile):
        return rule
    if isinstance(rule, str):
        if rule not in PROFILES:
            raise KeyError(
                f"There is no disclosure profile called {rule!r}; there are: {', '.join(PROFILES)}."
            )
        return PROFILES[rule]
    if rule < 0:
        raise ValueError(f"A threshold can't be {rule}: give 0 or more, or the name of a profile.")
    return Profile(f"counts below {rule}", int(rule))


def profiles() -> pd.DataFrame:
    """Return the profiles as a table.

    Returns
    -------
    pandas.DataFrame
        profile, name, min_cell (int64), round_to (Int64), zeros (bool), dominance (str), p_ratio, min_df,
        not_confirmed (str: the columns that no public source states), source.
    """
    rows = [
        {
            "profile": key,
            "name": rule.name,
            "min_cell": rule.min_cell,
            "round_to": rule.round_to,
            "zeros": rule.zeros,
            "dominance": f"largest {rule.dominance[0]} below {rule.dominance[1]:.0%}",
            "p_ratio": rule.p_ratio,
            "min_df": rule.min_df,
            "not_confirmed": ", ".join(rule.unconfirmed),
            "source": rule.source,
        }
        for key, rule in PROFILES.items()
    ]
    return pd.DataFrame(rows).astype({"round_to": "Int64"})
