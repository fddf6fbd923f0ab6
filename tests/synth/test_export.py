import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers import cli, synth
from helpers.catalogue import TABLES
from helpers.sources.checking import check
from helpers.sources.importing import import_returns
from helpers.sources.store import StoreError, read_store, write_table
from helpers.synth.export import authority_tables, export, export_returns, years_from
from helpers.synth.export_published import published, write_published
from helpers.synth.export_published_tables import TABLES as PUBLISHED

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "data_synthetic" / "returns"
SAMPLES = ROOT.parent / "shared" / "samples" / "dfe_open_data"
AUTHORITY, COUNTY = "510", "586"  # the first is one of the largest, so that each of its tables has rows
BIG_ENOUGH_A_COUNTRY = 60_000

# Queries that a faultless return raises too: in small authorities few disabilities are recorded, and some
# assessments and conferences are late.
TRUE_ALL_THE_SAME = {"2887Q", "2888Q", "8670Q", "8675Q"}


@pytest.fixture(scope="module")
def store_path(tmp_path_factory):
    """A country without faults, with a workforce of three people made by hand."""
    path = tmp_path_factory.mktemp("country") / "store"
    synth.build(path, BIG_ENOUGH_A_COUNTRY, 3, faults="none", processes=1, progress=False)
    if not (path / "social_workers.parquet").exists():
        write_table("social_workers", workforce(), path)
        write_table("workforce_vacancies", vacancies(), path)
    return path


def workforce():
    day = pd.Timestamp
    rows = [
        ("SW1", False, 1.0, "5", day(2020, 1, 6), None, 16, 2.5),
        ("SW2", False, 0.6, "1", day(2024, 2, 5), None, 0, 0.0),
        ("SW3", True, 1.0, "5", day(2024, 3, 4), day(2024, 8, 30), 0, 0.0),
    ]  # fmt: skip
    columns = ["worker_id", "agency", "full_time_equivalent", "role", "role_start", "role_end", "cases",
               "working_days_lost"]  # fmt: skip
    born = pd.Timestamp(1985, 5, 17)
    return pd.DataFrame(rows, columns=columns).assign(
        authority=AUTHORITY, census_year=2024, sex="F", birth_date=born
    )


def vacancies():
    return pd.DataFrame({"authority": [AUTHORITY], "census_year": [2024], "vacancies": [1.6]})


@pytest.fixture(scope="module")
def store(store_path):
    return read_store(store_path)


@pytest.fixture(scope="module")
def clean_returns(store, tmp_path_factory):
    return export_returns(store, AUTHORITY, tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def exported(store):
    return authority_tables(store, AUTHORITY)


@pytest.fixture(scope="module")
def imported(clean_returns, tmp_path_factory):
    report = import_returns(clean_returns, tmp_path_factory.mktemp("imported") / "store", progress=False)
    return report, read_store(report.store)


def canonical(name, rows):
    model = TABLES[name]
    return model.conform(rows).sort_values(model.key_columns(), ignore_index=True)


@pytest.mark.parametrize("name", [n for n, m in TABLES.items() if m.__sources__])
def test_export_then_import_gives_the_same_table(imported, exported, name):
    _, store = imported
    got = canonical(name, getattr(store, name).to_pandas())
    want = canonical(name, exported[name]) if name in exported else TABLES[name].empty()
    pd.testing.assert_frame_equal(got, want)


def test_the_exported_tables_are_not_empty(exported):
    rare = {"adoptions", "adoption_decisions", "uasc", "conflicts"}
    assert all(len(rows) for name, rows in exported.items() if name not in rare)


def test_nothing_of_a_clean_export_is_set_aside_or_in_conflict(imported):
    report, _ = imported
    assert not len(report.quarantine) and not report.failures
    # All that a later return corrects is the sex of a child who was not born yet.
    assert set(report.conflicts["field"]) <= {"sex"} and set(report.conflicts["dropped"]) <= {"U"}


def test_files_of_three_authorities_and_five_years_break_no_rule(store, tmp_path):
    export(store.path, f"501,{AUTHORITY},{COUNTY}", tmp_path, years_from(2021), progress=False)
    report = check(tmp_path)
    assert len(report.returns) == 30 and report.synthetic and not report.failures and report.quarantine.empty
    assert set(report.findings["rule"]) <= TRUE_ALL_THE_SAME


def test_an_export_of_some_children_holds_so_many_and_breaks_no_rule(store, tmp_path):
    few = export_returns(store, COUNTY, tmp_path / "few", years=(2024, 2025), max_children=50)
    tables = authority_tables(store, COUNTY, (2024, 2025), max_children=50)
    assert tables["children"]["child_id"].nunique() == 50
    assert set(check(few).findings["rule"]) <= TRUE_ALL_THE_SAME


def test_the_workforce_census_has_its_items_and_codes(clean_returns):
    folder = clean_returns / AUTHORITY / "workforce_2024"
    workers = pd.read_csv(folder / "workers.csv", dtype=str, keep_default_na=False)
    first = workers[workers["SWENo"] == workers["SWENo"].min()].iloc[0]
    assert list(workers.columns[:4]) == ["AgencyWorker", "SWENo", "FTE", "PersonBirthDate"]
    assert len(workers.columns) == 23 and set(workers["AgencyWorker"]) <= {"0", "1"}
    assert first["GenderCurrent"] in {"0", "1", "2"}
    datetime.date.fromisoformat(first["PersonBirthDate"])
    assert "NumberOfVacancies" in pd.read_csv(folder / "vacancies.csv")


@pytest.mark.parametrize("table", PUBLISHED, ids=lambda table: table.file)
def test_a_published_table_has_the_layout_of_the_real_one(store, table):
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not here")
    real = pd.read_csv(SAMPLES / f"{table.file}.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    ours = published(store, table)
    assert list(ours.columns) == list(real.columns)
    assert set(ours["geographic_level"]) == set(real["geographic_level"])
    for column in ("category", "population_type", "cla_group", "placement_stability", "sw_stability"):
        if column in real:
            assert set(ours[column]) == set(real[column])
    assert ours.notna().all(axis=None)


def figures(store, file, level="National", year="2024"):
    (table,) = [table for table in PUBLISHED if table.file.startswith(file)]
    rows = published(store, table)
    return rows[(rows["geographic_level"] == level) & (rows["time_period"] == year)]


def test_published_counts_are_those_of_the_rows(store):
    made = store.referrals.to_pandas()
    dates = pd.to_datetime(made["referral_date"])
    count = dates.between("2023-04-01", "2024-03-31").sum()
    row = figures(store, "c1").iloc[0]
    assert int(row["referral_count"]) == pytest.approx(count, abs=5)  # rounded to ten
    plans = store.cp_plans.to_pandas()
    start, end = pd.to_datetime(plans["plan_start"]), pd.to_datetime(plans["plan_end"])
    day = pd.Timestamp(2024, 3, 31)
    there = (start <= day) & ~(end <= day)
    assert int(figures(store, "d5").iloc[0]["CPP_At31"]) == pytest.approx(there.sum(), abs=5)


def test_small_counts_of_an_authority_are_suppressed_and_those_of_england_rounded(store):
    ours = figures(store, "b1", "Local authority")["awaiting_assessment"]
    shown = ours[ours != "c"].astype(int)
    assert (ours == "c").any() and not shown.between(1, 5).any()
    england = figures(store, "b1").iloc[0]
    assert int(england["At31_episodes"]) % 10 == 0


def test_what_was_not_collected_yet_is_marked(store):
    assert figures(store, "c3", year="2020").iloc[0]["Child_criminal_exploitation"] == "x"
    assert figures(store, "c3", year="2024").iloc[0]["Child_criminal_exploitation"] != "x"


def test_workforce_indicators_follow_from_the_rows(store_path, store):
    if len(store.social_workers.to_pandas()) > 3:
        pytest.skip("the workforce is simulated")
    row = figures(store, "csww", "Local authority").iloc[0]
    assert (row["inpost_fte"], row["inpost_headcount"], row["starters_headcount"]) == ("1.6", "2", "1")
    assert (row["vacancy_rate_fte"], row["caseload_fte"]) == ("50", "16")
    assert row["agency_cover_fte"] == "x"


def test_published_tables_alone_can_be_written(store, tmp_path):
    export(store.path, "published", tmp_path, progress=False)
    assert {file.stem for file in (tmp_path / "published").iterdir()} == {t.file for t in PUBLISHED}
    assert (tmp_path / "SYNTHETIC").is_file()
    assert len(write_published(store, tmp_path / "again")) == len(PUBLISHED)


def test_an_authority_or_year_that_is_not_there_is_named_in_a_sentence(store_path, tmp_path):
    with pytest.raises(StoreError, match="holds no authority 999"):
        export(store_path, "504,999", tmp_path, progress=False)
    with pytest.raises(StoreError, match="no authority 999"):
        export_returns(store_path, "999", tmp_path)
    with pytest.raises(ValueError, match="2017 to 2025, not 2031"):
        years_from(2031)


def test_the_command_builds_and_exports(tmp_path):
    arguments = [
        *["synth", "--children", "3000", "--out", str(tmp_path / "store"), "--faults", "none"],
        *["--export", "501", "--export-to", str(tmp_path / "returns"), "--export-from", "2025"],
    ]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0 and "official files of authority 501" in result.output
    assert (tmp_path / "returns" / "501" / "cin_census_2025.xml").is_file()
    assert not (tmp_path / "returns" / "501" / "faults.csv").exists()


def test_the_command_refuses_unknown_faults_in_a_sentence(tmp_path, capsys):
    result = CliRunner().invoke(cli.app, ["synth", "--faults", "some", "--out", str(tmp_path / "store")])
    said = result.output + capsys.readouterr().err
    assert result.exit_code == 2 and "realistic" in said and "Traceback" not in said


def log_of(folder):
    return pd.read_csv(folder / "faults.csv", dtype="string", keep_default_na=False)


def not_found(folder, findings):
    """The logged faults that no finding names by rule and child."""
    log = log_of(folder).query("rule != ''")
    pairs = set(zip(findings["rule"], findings["child"], strict=True))
    return [f"{row.what} ({row.child})" for row in log.itertuples() if (row.rule, row.child) not in pairs]


def test_every_fault_put_into_files_is_found_by_its_rule_at_its_child(store, tmp_path):
    out = export_returns(store, COUNTY, tmp_path / "spoilt", years=(2025,), faults=True)
    log = log_of(out / COUNTY)
    assert len(log) >= 15 and log["file"].str.contains("2025").all()
    assert not_found(out / COUNTY, check(out).findings) == []


def test_the_committed_returns_are_small_marked_and_faulty_as_logged():
    (authority,) = [folder for folder in COMMITTED.iterdir() if folder.is_dir()]
    files = [file for file in COMMITTED.rglob("*") if file.is_file()]
    assert (COMMITTED / "SYNTHETIC").is_file() and sum(file.stat().st_size for file in files) < 2e6
    report = check(COMMITTED)
    assert report.synthetic and len(report.returns) == 8
    assert not_found(authority, report.findings) == []
    # Before the last year, whose files were spoilt as well, only children with a logged fault break a rule.
    logged = set(log_of(authority)["child"])
    broken = report.findings.query("severity != 'query' and year < 2025")
    whole = broken["rule"].isin(["2883"])  # compares two counts of the whole return
    assert np.isin(broken["child"][~whole], list(logged)).all()
