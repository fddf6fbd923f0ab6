import numpy as np
import pandas as pd
import pytest

from helpers.catalogue.working_days import public_holidays, working_days

# As published for England and Wales.
PUBLISHED = {
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2012: "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_public_holidays_are_those_published(year):
    published = np.array([f"{year}-{day}" for day in PUBLISHED[year].split()], dtype="datetime64[D]")
    assert public_holidays(year, year).tolist() == published.tolist()


def test_weekends_and_holidays_do_not_count():
    start = pd.to_datetime(pd.Series(["2022-12-23", "2022-12-23", "2022-12-24", None]))
    end = pd.to_datetime(pd.Series(["2022-12-23", "2022-12-28", "2022-12-28", "2022-12-28"]))
    assert working_days(start, end).tolist() == [0, 1, 1, pd.NA]


def test_dates_that_run_backwards_are_negative():
    days = working_days(pd.Series([pd.Timestamp(2022, 3, 8)]), pd.Series([pd.Timestamp(2022, 3, 4)]))
    assert days[0] < 0
