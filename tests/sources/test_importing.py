import random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.sources import importing
from helpers.sources.canonical import models_of, to_canonical
from helpers.sources.cin import read_cin
from helpers.sources.importing import import_returns
from helpers.sources.returns import ReadError
from helpers.sources.ssda903 import read_ssda903_csv
from helpers.sources.store import StoreError, read_store

CASE = """<Child><ChildIdentifiers><LAchildID>{child}</LAchildID><PersonBirthDate>{birth}</PersonBirthDate>
<GenderCurrent>1</GenderCurrent></ChildIdentifiers><ChildCharacteristics><Ethnicity>WBRI</Ethnicity>
<Disabilities><Disability>NONE</Disability></Disabilities></ChildCharacteristics><CINdetails>
<CINreferralDate>2022-05-02</CINreferralDate><ReferralSource>1A</ReferralSource>
<PrimaryNeedCode>N1</PrimaryNeedCode>{closure}<Assessments><AssessmentActualStartDate>2022-05-04
</AssessmentActualStartDate><AssessmentAuthorisationDate>{end}</AssessmentAuthorisationDate>
<FactorsIdentifiedAtAssessment><AssessmentFactors>1B</AssessmentFactors><AssessmentFactors>3B</AssessmentFactors>
</FactorsIdentifiedAtAssessment></Assessments><ReferralNFA>false</ReferralNFA></CINdetails></Child>"""


def cin(
    folder, year=2023, authority="501", closure="", birth="2012-01-01", child="X1", end="2022-06-01", n=1
):
    children = "".join(
        CASE.format(child=child if i == 0 else f"{child}{i}", birth=birth, closure=closure, end=end)
        for i in range(n)
    )
    path = folder / f"cin_{authority}_{year}.xml"
    path.write_text(
        f"<Message><Header><CollectionDetails><ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails>"
        f"<Source><LEA>{authority}</LEA></Source></Header><Children>{children}</Children></Message>"
    )
    return path


def balanced(ret):
    tables, quarantine = to_canonical(ret)
    records = quarantine[quarantine["kind"] == "record"].groupby("table").size()
    for model in models_of(ret.collection):
        table = model.source_table(ret.collection)
        assert len(ret.tables[table]) == len(tables[model.table_name()]) + records.get(table, 0), table


def test_an_open_referral_returned_twice_counts_once_and_the_later_row_stands(tmp_path):
    cin(tmp_path, 2023)
    closed = "<CINclosureDate>2023-06-01</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
    cin(tmp_path, 2024, closure=closed)
    report = import_returns(tmp_path, tmp_path / "store", progress=False)
    referrals = read_store(tmp_path / "store").referrals.to_pandas()
    assert len(referrals) == 1 and referrals["closure_reason"].tolist() == ["RC7"]
    sums = report.returns[["read", "accepted", "quarantined", "superseded"]].sum()
    assert sums["read"] == sums["accepted"] + sums["quarantined"] and sums["superseded"] > 0
    assert report.conflicts.empty  # closing is an update


def test_conflicting_values_are_reported_and_the_later_year_is_kept(tmp_path):
    cin(tmp_path, 2023, birth="2012-01-01")
    cin(tmp_path, 2024, birth="2012-01-02")
    conflicts = import_returns(tmp_path, tmp_path / "store", progress=False).conflicts
    row = conflicts[conflicts["field"] == "birth_date"].iloc[0]
    assert (row["kept"], row["dropped"], row["rule"]) == ("2012-01-02", "2012-01-01", "later-year")


def test_the_same_number_in_two_authorities_is_two_children(tmp_path):
    cin(tmp_path, authority="501")
    cin(tmp_path, authority="502")
    import_returns(tmp_path, tmp_path / "store", progress=False)
    assert read_store(tmp_path / "store").children.count().to_pandas() == 2


def test_importing_again_changes_nothing(tmp_path):
    cin(tmp_path)
    import_returns(tmp_path, tmp_path / "store", progress=False)
    before = read_store(tmp_path / "store").info["fingerprint"]
    again = import_returns(tmp_path, tmp_path / "store", progress=False)
    assert again.known and read_store(tmp_path / "store").info["fingerprint"] == before


def test_an_unreadable_file_does_not_stop_the_others(tmp_path):
    cin(tmp_path)
    (tmp_path / "broken.xml").write_text("<Message><Children><Child>")
    report = import_returns(tmp_path, tmp_path / "store", progress=False)
    assert len(report.failures) == 1 and read_store(tmp_path / "store").children.count().to_pandas() == 1


def test_a_failure_while_writing_leaves_the_old_store(tmp_path, monkeypatch):
    cin(tmp_path, 2023)
    import_returns(tmp_path, tmp_path / "store", progress=False)
    before = read_store(tmp_path / "store").info["fingerprint"]
    cin(tmp_path, 2024, child="X2")

    def full_disk(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("helpers.sources.store.write_table", full_disk)
    with pytest.raises(OSError, match="space"):
        import_returns(tmp_path, tmp_path / "store", progress=False)
    assert read_store(tmp_path / "store").info["fingerprint"] == before


def test_made_up_and_real_records_never_share_a_store(tmp_path):
    cin(tmp_path)
    import_returns(tmp_path, tmp_path / "store", progress=False)
    (tmp_path / "more").mkdir()
    cin(tmp_path / "more", 2024)
    (tmp_path / "more" / "SYNTHETIC").touch()
    with pytest.raises(StoreError, match="Made-up and real"):
        import_returns(tmp_path / "more", tmp_path / "store", progress=False)


def mangle(text: str, seed: int) -> str:
    """Garble a file as life does: characters changed, pieces lost or doubled, dates spoilt."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + rng.choice('<>&;,\n"é9Z ') + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 40) :]
        elif kind == 2:
            text = text[: at + 60] + text[at:]
        elif kind == 3:
            text = text.replace("2022", rng.choice(["20X2", "1022", "9999", ""]), 1)
        else:
            text = text[: max(at, 30)] if rng.random() < 0.2 else text.replace("N1", "N77", 1)
    return text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_nothing_is_lost_of_a_mangled_xml_file(tmp_path, seed):
    path = cin(tmp_path, n=4)
    path.write_text(mangle(path.read_text(), seed), encoding="utf-8")
    try:
        balanced(read_cin(path))
    except ReadError as error:
        assert "\n" not in str(error)


EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,"
    "HOME_POST,PL_POST,URN\n"
    + "".join(
        f"C{i},01/05/2022,S,C2,N1,U6,PR1,0{i}/06/2022,X1,CARPL,AB1 2CD,EF3 4GH,SC123456\n"
        for i in range(1, 9)
    )
)
HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n" + "".join(
    f"C{i},1,01/01/2012,WBRI,UN1,,\n" for i in range(1, 9)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_nothing_is_lost_of_mangled_csv_files(tmp_path, seed):
    (tmp_path / "header.csv").write_text(HEADER)
    (tmp_path / "episodes.csv").write_text(mangle(EPISODES, seed), encoding="utf-8")
    try:
        balanced(read_ssda903_csv([tmp_path / "header.csv", tmp_path / "episodes.csv"], "501", 2023))
    except ReadError as error:
        assert "\n" not in str(error)


def test_rows_replaced_together_leave_no_remains():
    rows = pd.DataFrame(
        {
            "authority": "501", "child_id": "X1", "disability": ["NONE", "AUT"],
            "collection_year": [2023, 2024], "return_no": [1, 2], "collection": "cin",
        }
    )  # fmt: skip
    kept, superseded = importing.merge_rows("disabilities", rows)
    assert kept["disability"].tolist() == ["AUT"] and len(superseded) == 1
