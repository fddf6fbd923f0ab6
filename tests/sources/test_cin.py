from pathlib import Path

import pytest

from helpers.sources.cin import read_cin
from helpers.sources.returns import ReadError

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "cin_census"

CHILD = """
<Child><ChildIdentifiers><LAchildID>{child}</LAchildID><PersonBirthDate>2015-03-27</PersonBirthDate>{sex}
</ChildIdentifiers><ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities>
<Disability>HAND</Disability><Disability>HEAR</Disability></Disabilities></ChildCharacteristics>
<CINdetails><CINreferralDate>2023-05-02</CINreferralDate><ReferralSource>1A</ReferralSource>{inside}
<ReferralNFA>false</ReferralNFA></CINdetails></Child>"""
MESSAGE = """<?xml version="1.0"?><Message{ns}><Header><CollectionDetails><Collection>CIN</Collection>
<Year>2023</Year><ReferenceDate>2024-03-31</ReferenceDate></CollectionDetails><Source><LEA>501</LEA></Source></Header>
<Children>{children}</Children></Message>"""


def write(folder, inside="", sex="<GenderCurrent>1</GenderCurrent>", ns="", children=1, name="cin.xml"):
    each = [CHILD.format(child=f"A{i}", inside=inside, sex=sex) for i in range(1, children + 1)]
    path = folder / name
    path.write_text(MESSAGE.format(ns=ns, children="".join(each)), encoding="utf-8")
    return path


def test_the_reference_date_names_the_year_even_where_the_year_disagrees(tmp_path):
    ret = read_cin(write(tmp_path))
    assert (ret.year, ret.authority, ret.collection) == (2024, "501", "cin")


@pytest.mark.parametrize("sex", ["<GenderCurrent>1</GenderCurrent>", "<Sex>1</Sex>"])
def test_gender_and_sex_are_delivered_in_one_column(tmp_path, sex):
    assert read_cin(write(tmp_path, sex=sex)).tables["Child"]["Sex"].tolist() == ["1"]


def test_a_conference_is_told_apart_by_where_it_stands(tmp_path):
    inside = (
        "<DateOfInitialCPC>2023-06-01</DateOfInitialCPC><Section47><S47ActualStartDate>2023-05-10"
        "</S47ActualStartDate><DateOfInitialCPC>2023-06-02</DateOfInitialCPC></Section47>"
    )
    tables = read_cin(write(tmp_path, inside)).tables
    assert tables["CINdetails"]["DateOfInitialCPC"].tolist() == ["2023-06-01"]
    assert tables["Section47"]["DateOfInitialCPC"].tolist() == ["2023-06-02"]


def test_records_keep_their_child_and_referral(tmp_path):
    inside = (
        "<Assessments><AssessmentActualStartDate>2023-05-03</AssessmentActualStartDate>"
        "<FactorsIdentifiedAtAssessment><AssessmentFactors>1B</AssessmentFactors><AssessmentFactors>3B"
        "</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>"
    )
    factors = read_cin(write(tmp_path, inside, children=3)).tables["AssessmentFactors"]
    assert factors["LAchildID"].tolist() == ["A1", "A1", "A2", "A2", "A3", "A3"]
    assert factors["AssessmentActualStartDate"].tolist() == ["2023-05-03"] * 6
    assert factors["cin_no"].tolist() == [1, 1, 2, 2, 3, 3]


def test_an_empty_factors_wrapper_is_no_factor(tmp_path):
    inside = (
        "<Assessments><AssessmentActualStartDate>2023-05-03</AssessmentActualStartDate>"
        "<FactorsIdentifiedAtAssessment/></Assessments>"
    )
    tables = read_cin(write(tmp_path, inside)).tables
    assert len(tables["Assessments"]) == 1 and tables["AssessmentFactors"].empty


def test_a_namespace_changes_nothing(tmp_path):
    plain, named = read_cin(write(tmp_path)), read_cin(write(tmp_path, ns=' xmlns="urn:x"', name="ns.xml"))
    columns = ["LAchildID", "Sex", "Ethnicity"]
    assert plain.tables["Child"][columns].equals(named.tables["Child"][columns])


def test_stray_text_and_unknown_elements_are_kept_aside(tmp_path):
    ret = read_cin(write(tmp_path, "<Invented>7</Invented>stray"))
    assert set(ret.unread["text"]) == {"7", "stray"}
    assert set(ret.unread["child"]) == {"A1"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not well-formed"),
        ("<Message><Children><Child>", "line"),
        ("<Other/>", "begins with Other"),
        ('<!DOCTYPE Message [<!ENTITY x "y">]><Message><Header/></Message>', "DOCTYPE"),
    ],
)
def test_an_unreadable_file_gets_one_sentence(tmp_path, content, words):
    path = tmp_path / "bad.xml"
    path.write_text(content)
    with pytest.raises(ReadError, match=words) as error:
        read_cin(path)
    assert "bad.xml" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not here")
def test_the_sample_files_load():
    counts = {path.name: len(read_cin(path).tables["Child"]) for path in sorted(SAMPLES.glob("*.xml"))}
    assert list(counts.values()) == [1, 1, 2, 2]
