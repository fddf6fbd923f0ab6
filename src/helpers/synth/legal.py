"""The legal side of a period of care: by agreement, in an emergency, or by order of the family court.

Whether a period goes to court, on which day the court makes an interim order and on which day it decides
is drawn once, with the period itself, so that the returns on children looked after and the records of the
family court tell one story. How long the court takes follows the published average of the year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, birthday
from helpers.synth.parameters import choose, value

YEAR = 365.25
ADOPT, STAY, SGO = "ADOPT", "STAY", "SGO"
HOME = ("E4A", "E4B")
POLICE_DAYS, EMERGENCY_DAYS = 2, 8  # police protection lasts three days, an emergency order eight
SHORTEST = 12  # days, of a period of care that ends by an order
BEFORE_ADOPTERS = 30  # days from a placement order to the placement with adopters, at least


def go_to_court(rng: np.random.Generator, periods: pd.DataFrame) -> pd.DataFrame:
    """Add to periods of care their legal course.

    Parameters
    ----------
    periods : pandas.DataFrame
        birth, uasc, respite, newborn (bool, taken into care at birth), start, end, reason.

    Returns
    -------
    pandas.DataFrame
        The same with first (legal status at the start), settled and settles (the status that follows an
        emergency, else the first, and its day), court (day of the interim order), decided (day on which
        the court decides) and ordered (day of the care or placement order while in care); days are NEVER
        where there is none. A special guardianship order ends the period on the day of the decision.
    """
    size = len(periods)
    start, end, reason = (periods[name].to_numpy() for name in ("start", "end", "reason"))
    first = _first(rng, periods)
    emergency = np.isin(first, ["L1", "L2"])
    settled = np.where(emergency, choose(rng, value("care.after_emergency"), size), first)
    settles = start + np.where(first == "L1", POLICE_DAYS, EMERGENCY_DAYS) * emergency
    waits = value("care.court_days")
    wait = rng.integers(waits["from"], waits["to"], size)
    adopt = reason == ADOPT
    wait = np.where(adopt, np.minimum(wait, value("care.court_days_before_adoption")), wait)
    by_reason = pd.Series(reason).map(value("care.court")).to_numpy()
    later = (settled == "V2") & ~periods["uasc"].to_numpy() & (rng.random(size) < by_reason)
    court = np.where(settled == "C1", settles, np.where(later, start + wait, NEVER))
    court = np.where(court < end - 1, court, NEVER)
    goes = court < NEVER
    lasts = proceedings_days(rng, court) * np.where(adopt, value("family_court.to_adoption"), 1.0)
    decided = np.where(goes, court + lasts.astype(np.int64), NEVER)
    guarded = goes & (reason == SGO)
    adult = birthday(periods["birth"].to_numpy(), 18)
    end = np.where(guarded, np.clip(decided, start + SHORTEST, adult - 1), end)
    placed = start + (value("care.with_adopters") * (end - start)).astype(np.int64)
    decided = np.where(adopt & goes, np.minimum(decided, placed - BEFORE_ADOPTERS), decided)
    decided = np.where(guarded, end, decided)
    full = adopt | (rng.random(size) < value("care.full_order"))
    ordered = np.where(goes & full & ~guarded & (decided < end - 1), decided, NEVER)
    return periods.assign(
        end=end, first=first, settled=settled, settles=settles, court=court, decided=decided, ordered=ordered
    )


def proceedings_days(rng: np.random.Generator, begins: np.ndarray) -> np.ndarray:
    """Draw days from the first order to the decision, by the day the proceedings begin."""
    weeks, shape = value("family_court.weeks"), value("family_court.weeks_shape")
    average = 7 * np.interp(1970 + begins / YEAR, list(weeks), list(weeks.values()))
    days = average * rng.gamma(shape, 1 / shape, len(begins))
    return np.maximum(days, value("family_court.fewest_days")).astype(np.int64)


def _first(rng: np.random.Generator, periods: pd.DataFrame) -> np.ndarray:
    """Draw the status at the start; for more and more of the newborn it is an order of the court."""
    first = choose(rng, value("care.first_status"), len(periods))
    by_agreement = rng.random(len(periods)) < value("care.home_by_agreement")
    first = np.where((first == "C1") & periods["reason"].isin(HOME) & by_agreement, "V2", first)
    known = value("family_court.newborn_by_year")
    share = np.interp(1970 + periods["start"] / YEAR, list(known), list(known.values()))
    first = np.where(periods["newborn"] & (rng.random(len(periods)) < share), "C1", first)
    return np.where(periods["uasc"], "V2", np.where(periods["respite"], "V3", first))


def steps(found: pd.DataFrame) -> list[tuple]:
    """Return the steps of legal status: whether each happens, on which day, and the status it brings."""
    adopt = (found["reason"] == ADOPT).to_numpy()
    emergency = (found["settles"] > found["start"]).to_numpy()
    return [
        (np.ones(len(found), dtype=bool), found["start"].to_numpy(), found["first"].to_numpy()),
        (emergency, found["settles"].to_numpy(), found["settled"].to_numpy()),
        ((found["court"] < NEVER).to_numpy(), found["court"].to_numpy(), np.full(len(found), "C1")),
        (
            (found["ordered"] < NEVER).to_numpy(),
            found["ordered"].to_numpy(),
            np.where(adopt, "E1", "C2"),
        ),
    ]
