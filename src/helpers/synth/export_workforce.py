"""Writes the children's social work workforce census as CSV files, with the names of the census's items."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.sources.store import Store

SEX_AS_GENDER = {"M": "1", "F": "2", "U": "0"}
WORKERS = {
    "agency": "AgencyWorker", "worker_id": "SWENo", "full_time_equivalent": "FTE",
    "birth_date": "PersonBirthDate", "sex": "GenderCurrent", "ethnicity": "Ethnicity",
    "qualifying_institution": "QualInst", "qualification": "QualLevel", "step_up": "StepUpGrad",
    "role": "OrgRole", "role_start": "RoleStartDate", "start_origin": "StartOrigin",
    "role_end": "RoleEndDate", "destination": "LeaverDestination", "reason_left": "ReasonLeave",
    "full_time_equivalent_on_day": "FTE30", "cases": "Cases30", "working_days_lost": "WorkingDaysLost",
    "weeks_contracted": "ContractWeeks", "frontline": "FrontlineGrad", "absent": "Absat30Sept",
    "absence_reason": "ReasonAbsence", "development": "CFKSSstatus",
}  # fmt: skip
VACANCIES = {
    "vacancies": "NumberOfVacancies", "agency_full_time_equivalent": "NoAgencyFTE",
    "agency_headcount": "NoAgencyHeadcount",
}  # fmt: skip
FILES = {"social_workers": ("workers.csv", WORKERS), "workforce_vacancies": ("vacancies.csv", VACANCIES)}


def write_workforce(store: Store, authority: str, years: tuple[int, ...], folder: Path) -> None:
    """Write an authority's workforce census; a census without rows is left out.

    Parameters
    ----------
    store : Store
    authority : str
        Three-digit code.
    years : tuple of int
        Census years, named by their 30 September.
    folder : Path
        Files go to ``<folder>/workforce_<year>/workers.csv`` and ``vacancies.csv``.
    """
    for name, (file, items) in FILES.items():
        table = getattr(store, name)
        rows = table.filter((table.authority == authority) & table.census_year.isin(years)).to_pandas()
        for year, of_year in rows.sort_values(["census_year"], kind="stable").groupby("census_year"):
            (folder / f"workforce_{year}").mkdir(parents=True, exist_ok=True)
            _as_written(of_year, items).to_csv(folder / f"workforce_{year}" / file, index=False)


def _as_written(rows: pd.DataFrame, items: dict[str, str]) -> pd.DataFrame:
    """Return rows as text under the census's names: flags as 1 and 0, dates as yyyy-mm-dd."""
    if "sex" in rows:
        rows = rows.assign(sex=rows["sex"].map(SEX_AS_GENDER)).sort_values("worker_id")
    return pd.DataFrame({official: _text(rows[name]) for name, official in items.items()})


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d")
    known = values.dropna()
    if len(known) and known.map(type).isin([bool]).all():
        return values.map({True: "1", False: "0"})
    if len(known) and pd.api.types.is_numeric_dtype(known):
        return values.map(lambda number: f"{number:.6f}".rstrip("0").rstrip("."), na_action="ignore")
    return values
