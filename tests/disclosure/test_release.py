import json

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.disclosure import NotSafe, Output, bundle, check_regression, suppress, verify

TRUE = pd.DataFrame({"region": ["North", "South", "Island"], "n": [120, 45, 3]})
SAFE, NOTE = suppress(TRUE, "n", 10)


def output(name="referrals", frame=SAFE, **more):
    return Output(name, frame, "Referrals by region.", "Children referred in 2023/24.", **more)


def figure():
    drawn, axes = plt.subplots()
    axes.bar(["North"], [120])
    plt.close(drawn)
    return drawn


def written(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_bundle_holds_what_leaves_what_it_rests_on_and_what_was_done(tmp_path):
    outputs = [output(applied=NOTE, underlying=TRUE, filters="unborn children", degrees_of_freedom=2),
               output("referrals_drawn", figure=figure())]  # fmt: skip
    folder = bundle(tmp_path / "request", outputs, 10, title="Referrals", date="2025-06-01")
    assert set(written(folder)) == {
        "manifest.json", "index.md", "release/referrals.csv", "release/referrals_drawn.csv",
        "release/referrals_drawn.png", "evidence/referrals.csv",
    }  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    first = manifest["outputs"][0]
    assert first["population"] == "Children referred in 2023/24." and first["filters"] == "unborn children"
    assert first["applied"] == NOTE and first["degrees_of_freedom"] == 2 and first["status"] == "passes"
    assert manifest["date"] == "2025-06-01" and len(manifest["files"]["index.md"]) == 64
    index = (folder / "index.md").read_text()
    assert "## referrals_drawn" in index and NOTE in index and "unborn children" in index
    assert verify(folder)["pass"].all()


def test_the_same_outputs_give_the_same_bytes(tmp_path):
    folders = [
        bundle(tmp_path / name, [output(figure=figure(), underlying=TRUE)], 10, title="x") for name in "ab"
    ]
    assert written(folders[0]) == written(folders[1])


def test_a_small_count_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(NotSafe, match="referrals .*smallest count shown: 3, limit 10"):
        bundle(tmp_path / "request", [output(frame=TRUE)], 10, title="x")
    assert list(tmp_path.iterdir()) == []


def test_a_further_check_that_fails_is_refused_too(tmp_path):
    found = check_regression(10, n=12, parameters=8, output="model")
    with pytest.raises(NotSafe, match="degrees of freedom"):
        bundle(tmp_path / "request", [output(verdict=found)], 10, title="x")


def test_an_exception_needs_a_reason_and_is_written_down(tmp_path):
    with pytest.raises(NotSafe):
        bundle(tmp_path / "request", [output(frame=TRUE, exception="  ")], 10, title="x")
    folder = bundle(tmp_path / "request", [output(frame=TRUE, exception="Published already.")], 10, title="x")
    assert "Published already." in (folder / "index.md").read_text()
    assert json.loads((folder / "manifest.json").read_text())["outputs"][0]["status"] == "exception asked for"
    found = verify(folder)
    assert found["pass"].all() and found["found"].str.contains("exception").any()


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_is_not(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old.csv").write_text("1")
    with pytest.raises(FileExistsError, match="not empty"):
        bundle(tmp_path / "full", [output()], 10, title="x")
    (tmp_path / "empty").mkdir()
    assert verify(bundle(tmp_path / "empty", [output()], 10, title="x"))["pass"].all()


def test_what_was_changed_added_or_lost_is_found(tmp_path):
    folder = bundle(tmp_path / "request", [output(underlying=TRUE)], 10, title="x")
    table = folder / "release" / "referrals.csv"
    table.write_text(table.read_text().replace("120", "7"))
    (folder / "evidence" / "referrals.csv").unlink()
    (folder / "release" / "extra.csv").write_text("name\n")
    found = verify(folder).set_index(["file", "check"])
    assert found.loc[("release/referrals.csv", "checksum"), "found"] == "changed"
    assert found.loc[("release/referrals.csv", "smallest count shown"), "found"] == "7"
    assert not found.loc[("release/referrals.csv", "smallest count shown"), "pass"]
    assert found.loc[("evidence/referrals.csv", "checksum"), "found"] == "missing"
    assert found.loc[("release/extra.csv", "checksum"), "found"] == "not in the manifest"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([], "no outputs"),
        ([output("../up")], "can't name files"),
        ([output(), output()], "same name"),
        ([output(counts=["children"])], "no columns children"),
        ([Output("referrals", SAFE, "", "Children.")], "needs a description"),
    ],
)
def test_bad_requests_get_a_clear_sentence(tmp_path, outputs, message):
    with pytest.raises(ValueError, match=message):
        bundle(tmp_path / "request", outputs, 10, title="x")


def test_a_folder_that_is_no_bundle_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        verify(tmp_path)
