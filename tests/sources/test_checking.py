from pathlib import Path

import pandas as pd
import pytest

from helpers.sources.checking import check, run_rules
from helpers.sources.report import write_report
from helpers.sources.rules import RULES, rule
from helpers.sources.ssda903 import read_ssda903_csv

RETURNS = Path(__file__).parents[2] / "data_synthetic" / "returns"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def test_rules_have_a_number_a_table_and_a_reason_to_act_on():
    for each in RULES:
        assert each.number and each.table and each.fields and each.reason.endswith((".", "?")), each


(LOG,) = RETURNS.glob("*/faults.csv")
LOGGED = sorted(pd.read_csv(LOG, dtype="string")["rule"].dropna().unique())


@pytest.mark.parametrize("number", LOGGED)
def test_each_kind_of_fault_of_the_committed_returns_is_found(number, findings):
    assert (findings["rule"] == number).any()


@pytest.fixture(scope="module")
def findings():
    return check(RETURNS).findings


def test_the_report_is_one_page_that_fetches_nothing(tmp_path):
    page = write_report(check(RETURNS), tmp_path).read_text(encoding="utf-8")
    assert "http" not in page and "made-up" in page
    assert (tmp_path / "findings.csv").is_file() and (tmp_path / "quarantine.csv").is_file()


def test_a_rule_that_fails_does_not_stop_the_others(tmp_path):
    path = tmp_path / "header.csv"
    path.write_text("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,9,01/01/2010,WBRI,UN1,,\n")

    @rule("broken", "ssda903", "Header", ["SEX"], "This one cannot run.")
    def broken(r):
        raise KeyError("no such column")

    found = run_rules(read_ssda903_csv([path], "501", 2024))
    RULES.pop()
    assert "internal" in set(found["severity"]) and "101" in set(found["rule"])


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not here")
def test_every_rule_can_be_run_on_the_sample_files():
    found = check(SAMPLES / "ssda903").findings
    assert len(found) > 1000 and not (found["severity"] == "internal").any()
    found = check(SAMPLES / "cin_census").findings
    assert not (found["severity"] == "internal").any()
