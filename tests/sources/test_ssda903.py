from pathlib import Path

import pytest

from helpers.sources.returns import ReadError
from helpers.sources.ssda903 import read_ssda903_csv
from helpers.sources.ssda903_xml import read_ssda903_xml

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "ssda903"
HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n007,2,27/03/2008,WBRI,UN1,,\n"


def read(tmp_path, text, encoding="utf-8", name="header.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_ssda903_csv([path], "501", 2024)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding_gives_the_same_rows(tmp_path, encoding):
    header = read(tmp_path, HEADER.replace("007", "é07"), encoding).tables["Header"]
    assert header["CHILD"].tolist() == ["é07"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_separator_is_understood(tmp_path, separator):
    header = read(tmp_path, HEADER.replace(",", separator)).tables["Header"]
    assert header["SEX"].tolist() == ["2"]


def test_codes_and_numbers_of_children_stay_text(tmp_path):
    header = read(tmp_path, HEADER).tables["Header"]
    assert header["CHILD"].tolist() == ["007"] and header["SEX"].tolist() == ["2"]


def test_column_order_and_letter_case_are_free_and_extra_columns_noted(tmp_path):
    text = "extra, dob ,Child,sex,ETHNIC,upn,mother,mc_dob\nx,27/03/2008,007,2,wbri,un1,,\n"
    ret = read(tmp_path, text, name="anything.csv")
    assert ret.tables["Header"]["ETHNIC"].tolist() == ["WBRI"]
    assert ret.unread["text"].tolist() == ["EXTRA"]


def test_a_row_with_too_many_cells_is_kept_aside_with_its_line(tmp_path):
    ret = read(tmp_path, HEADER + "\n008,1,01/01/2010,WBRI,UN1,,,surplus\n")
    assert len(ret.tables["Header"]) == 1
    assert ret.unread[["record", "child"]].to_numpy().tolist() == [[4, "008"]]


def test_a_file_of_another_kind_gets_one_sentence(tmp_path):
    with pytest.raises(ReadError, match="no table of the SSDA903"):
        read(tmp_path, "a,b\n1,2\n")


def test_the_year_is_that_of_most_ends(tmp_path):
    text = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
    text += "1,01/01/2019,S,C2,N1,U6,PR1,01/05/2023,X1,,,,\n1,01/05/2023,P,C2,N1,U6,PR1,,,,,,\n"
    path = tmp_path / "episodes.csv"
    path.write_text(text)
    assert read_ssda903_csv([path]).year == 2024


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not here")
def test_the_sample_files_load():
    tables = read_ssda903_csv(sorted(SAMPLES.glob("*.csv"))).tables
    assert (len(tables["Header"]), len(tables["Episodes"])) == (2675, 5050)
    assert len(read_ssda903_xml(SAMPLES / "fake_903.xml").tables["Header"]) == 253
