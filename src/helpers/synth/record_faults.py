"""Puts the faults of real records into the social care tables, and logs each with the rule that finds it.

First what concerns whole authorities (see `helpers.synth.reorganised`), then children recorded twice and
assessments without factors, then single records (`helpers.synth.fault_kinds`) and values that an earlier
return gave differently. A child gets one fault of a single record at most, so that each can be found by
itself. The year of a fault is the collection year in whose return it shows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue import TABLES
from helpers.catalogue.codes import valid_codes
from helpers.synth import reorganised
from helpers.synth.fault_kinds import DAY, FAULTS, Fault, years
from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.reorganised import KEYS, Tables, joined, log_rows, renumbered

ASSESSMENT = [*KEYS, "referral_date", "assessment_start"]


def apply(rng: np.random.Generator, tables: Tables, truth: Tables, places: Places) -> tuple[Tables, Tables]:
    """Return the tables of a chunk with faults, and its truth with the log of them as "faults".

    Parameters
    ----------
    rng : numpy.random.Generator
    tables : dict of str to pandas.DataFrame
        Canonical tables by name, those of social care among them; other tables change only where children
        get new numbers.
    truth : dict of str to pandas.DataFrame
    places : Places

    Returns
    -------
    tables, truth : dict of str to pandas.DataFrame
        truth["faults"] has table, authority, child_id, key (what else identifies the row), kind, year, rule
        (number of the rule that should find it; empty where none does).
    """
    tables, moved, log = reorganised.merge(tables, places)
    logs = [log]
    tables, log = reorganised.leave_out_a_year(tables, places)
    held = {n: t.reset_index(drop=True) for n, t in tables.items() if set(KEYS) <= set(t)}
    held, twice, again = _children_twice(rng, held)
    tables = tables | held
    tables["assessment_factors"], without = _without_factors(rng, tables)
    logs += [log, again, without]
    spoilt = set(twice["child_id"]) | set(twice["child_id_new"])
    for fault in FAULTS:
        tables[fault.table], log = _put_in(rng, tables, fault, spoilt)
        logs.append(log)
    tables["conflicts"], log = _conflicts(rng, tables, spoilt)
    logs.append(log)
    for links in (moved, twice):
        truth = {name: _follow(rows, links) for name, rows in truth.items()}
    truth |= {"assessments": _still_there(truth["assessments"], tables["assessments"])}
    return tables, truth | {"faults": joined(logs).astype({"year": "int64"})}


def _put_in(
    rng: np.random.Generator, tables: Tables, fault: Fault, spoilt: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table with one kind of fault in some rows, and the log."""
    table = tables[fault.table]
    rows = _draw(rng, table[fault.possible(table, tables).to_numpy(dtype=bool)], fault.share, spoilt)
    changes = fault.change(rng, rows)
    wrong = rows.assign(**changes)
    year = fault.year(wrong if fault.adds else rows)
    log = log_rows(fault.table, wrong, fault.share, year, fault.rule)
    if fault.adds:
        return joined([table, wrong]).reset_index(drop=True), log
    for column in changes:
        table.loc[rows.index, column] = wrong[column]
    return table, log


def _draw(rng: np.random.Generator, rows: pd.DataFrame, share: str, spoilt: set[str]) -> pd.DataFrame:
    """Draw the share of rows that are spoilt, one a child and none of a child spoilt before."""
    drawn = rows[rng.random(len(rows)) < value(f"faults.{share}")].drop_duplicates("child_id")
    drawn = drawn[~drawn["child_id"].isin(spoilt)]
    spoilt.update(drawn["child_id"])
    return drawn


def _children_twice(rng: np.random.Generator, tables: Tables) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:
    """Give some children a second number when they are referred again in the year their case closed.

    Both numbers carry one pupil number in the return of that year.
    """
    children = tables["children"].set_index("child_id")
    cases = tables["referrals"].query("not no_further_action")
    before = cases.groupby("child_id")["closure_date"].shift()
    at = cases[years(before) == years(cases["referral_date"])]
    about = children.loc[at["child_id"]].set_axis(at.index)
    year = years(at["referral_date"])
    school = about["birth_date"] + 5 * 366 * DAY < pd.to_datetime(year.astype(str) + "-03-31")
    in_903 = at["child_id"].isin(tables["care_episodes"]["child_id"]) | at["child_id"].isin(
        tables["care_leavers"]["child_id"]
    )
    at = _draw(rng, at[school & about["upn"].notna() & ~in_903], "child_recorded_twice", set())
    links = at[KEYS].assign(
        authority_new=at["authority"], child_id_new=renumbered(at["child_id"], "recorded_twice")
    )
    since = at.set_index("child_id")["referral_date"]
    result = {n: _from_then_on(n, t, since) for n, t in tables.items()}
    new = result["children"][result["children"]["child_id"].isin(links["child_id_new"])]
    log = log_rows("children", new, "child_recorded_twice", 0, "1520")
    to_old = links.set_index("child_id_new")["child_id"]
    log["key"] = log["child_id"].map(to_old)
    log["year"] = years(log["key"].map(since))
    return result, links, log


def _from_then_on(name: str, table: pd.DataFrame, since: pd.Series) -> pd.DataFrame:
    """Return a table in which rows of some children have the new number from a day on."""
    theirs = table[table["child_id"].isin(since.index)]
    day = theirs["child_id"].map(since)
    new = renumbered(theirs["child_id"], "recorded_twice")
    dates = [c for c in TABLES[name].key_columns() if table[c].dtype.kind == "M"]
    if dates:
        later = theirs[dates[0]] >= day
        return table.assign(
            child_id=table["child_id"].mask(later.reindex(table.index, fill_value=False), new)
        )
    if name not in ("children", "disabilities"):
        return table
    # The child is described under both numbers; the first one was last returned in the year of the second.
    old = table.assign(
        collection_year=years(day).reindex(table.index).fillna(table["collection_year"]).astype(int)
    )
    return joined([old, theirs.assign(child_id=new)]).reset_index(drop=True)


def _without_factors(rng: np.random.Generator, tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out the factors of the published share of completed assessments."""
    done = tables["assessments"][tables["assessments"]["assessment_end"].notna()]
    without = done[rng.random(len(done)) < value("assessment.without_factors")]
    factors = tables["assessment_factors"]
    gone = pd.MultiIndex.from_frame(factors[ASSESSMENT]).isin(pd.MultiIndex.from_frame(without[ASSESSMENT]))
    log = log_rows("assessments", without, "factors_missing", years(without["assessment_end"]), "8897Q")
    return factors[~gone], log


def _conflicts(
    rng: np.random.Generator, tables: Tables, spoilt: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of values that an earlier return gave differently, as an import would write it."""
    children, cases = tables["children"], tables["referrals"]
    first = cases.sort_values([*KEYS, "referral_date"]).drop_duplicates("child_id").set_index("child_id")
    known = children[children["birth_date"].notna() & children["child_id"].isin(first.index)]
    span = known.assign(
        first=years(first["referral_date"]).reindex(known["child_id"]).to_numpy(),
        until=np.minimum(
            first["collection_year"].reindex(known["child_id"]).to_numpy(), known["collection_year"] - 1
        ),
    )
    of_case = cases.assign(first=years(cases["referral_date"]), until=cases["collection_year"] - 1)
    of_case = of_case[~of_case["no_further_action"].astype(bool)]
    span, of_case = (
        rows.assign(first=rows["first"].clip(lower=value("time.cin_from"))) for rows in (span, of_case)
    )
    kinds = [
        ("ethnicity", "children", "ethnicity", span), ("birth_date", "children", "birth_date", span),
        ("sex", "children", "sex", span), ("need", "referrals", "primary_need", of_case),
        ("source", "referrals", "referral_source", of_case),
    ]  # fmt: skip
    found, logs = [], []
    for kind, table, field, rows in kinds:
        rows = _draw(
            rng, rows[(rows["first"] <= rows["until"]) & rows[field].notna()], f"conflicting_{kind}", spoilt
        )
        year = (rows["first"] + np.floor(rng.random(len(rows)) * (rows["until"] - rows["first"] + 1))).astype(
            int
        )
        kept, dropped = _text(rows[field]), _text(_other(rng, field, rows[field]))
        log = log_rows(table, rows, f"conflicting_{kind}", year, "")
        logs.append(log)
        found.append(
            log[[*KEYS, "table", "key"]].assign(
                field=field, kept=kept, dropped=dropped, kept_year=rows["collection_year"], dropped_year=year,
                rule="later-year",
            )
        )  # fmt: skip
    return joined(found), joined(logs)


def _other(rng: np.random.Generator, field: str, values: pd.Series) -> pd.Series:
    """Return what another return might have said instead."""
    if field == "birth_date":
        return values + pd.to_timedelta(rng.choice([-365, -31, -9, -1, 1, 9, 31, 365], len(values)), unit="D")
    if field == "sex":
        return values.map({"F": "M", "M": "F", "U": "F"})
    codes = {"ethnicity": sorted(valid_codes("ethnicity")), "primary_need": ["N1", "N4", "N5", "N0"],
             "referral_source": ["1A", "2A", "6", "8", "10"]}[field]  # fmt: skip
    drawn = rng.choice(codes, len(values))
    later = np.roll(codes, -1)[np.searchsorted(np.sort(codes), drawn)] if len(values) else drawn
    return pd.Series(np.where(drawn == values.to_numpy(), later, drawn), index=values.index)


def _text(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d") if values.dtype.kind == "M" else values.astype(str)


def _follow(rows: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the truth with rows for new numbers of children beside those for the old ones."""
    if not set(KEYS) <= set(rows):
        return rows
    new = rows.merge(links, on=KEYS).drop(columns=KEYS)
    return joined([rows, new.rename(columns={f"{key}_new": key for key in KEYS})[list(rows)]])


def _still_there(planted: pd.DataFrame, assessments: pd.DataFrame) -> pd.DataFrame:
    """Return what was planted in the assessments that the store still holds."""
    there = pd.MultiIndex.from_frame(assessments[ASSESSMENT])
    return planted[pd.MultiIndex.from_frame(planted[ASSESSMENT]).isin(there)]
