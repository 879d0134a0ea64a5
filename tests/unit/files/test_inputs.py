"""What a run reads is known by any name, and only while it runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, check_no_input, inputs_kept, keep_input, replaced_folder


def test_an_input_is_found_under_other_names_and_forgotten_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "a.fa"
    file.write_text(">a\n")
    (tmp_path / "hard").hardlink_to(file)
    (tmp_path / "soft").symlink_to("a.fa")
    names = (file, tmp_path / "hard", tmp_path / "soft", f"{tmp_path}/../{tmp_path.name}/a.fa")
    with inputs_kept([tmp_path / "soft"]):
        for name in names:
            with pytest.raises(InputError, match=r"the output would replace an input of this run \(.*soft\)"):
                check_no_input(name)
        check_no_input(tmp_path / "b.fa")
    for name in names:
        check_no_input(name)


def test_the_indexes_of_an_input_are_kept_too(tmp_path: Path) -> None:
    for name in ("g.fa.gz", "g.fa.gz.fai", "g.fa.gz.gzi"):
        (tmp_path / name).write_text("")
    with (
        inputs_kept([tmp_path / "g.fa.gz"]),
        pytest.raises(InputError, match=r"which belongs to .*g\.fa\.gz"),
    ):
        check_no_input(tmp_path / "g.fa.gz.gzi")


@pytest.mark.parametrize(
    ("read", "seconds", "kept"),
    [("peaks.bed", 0, True), ("scan.calls.bed", 0, False), ("peaks.bed", 3600, False)],
    ids=["made by it", "read by it", "older than it"],
)
def test_the_record_of_the_run_that_made_an_input_is_kept(
    tmp_path: Path, read: str, seconds: int, kept: bool
) -> None:
    made, record = tmp_path / "scan.calls.bed", tmp_path / "scan.run.json"
    made.write_text("")
    began = datetime.fromtimestamp(made.stat().st_mtime + seconds, UTC).isoformat(timespec="seconds")
    record.write_text(json.dumps({"inputs": [{"role": "regions", "path": f"x/{read}"}], "started": began}))
    with inputs_kept([made]):
        if kept:
            with pytest.raises(InputError, match=r"scan\.run\.json"):
                check_no_input(record)
        else:
            check_no_input(record)


@pytest.mark.parametrize("text", ["", "x" * 5000, "a\0b", "-", "NAME=file,key=" + "y" * 300])
def test_texts_that_are_no_files_are_passed_over(text: str, tmp_path: Path) -> None:
    with inputs_kept([text]):
        check_no_input(tmp_path / "out")


def test_what_is_read_later_is_refused_before_anything_is_renamed(tmp_path: Path) -> None:
    (tmp_path / "b.tsv").write_text("input")
    with inputs_kept([]), pytest.raises(InputError, match="replace an input"), OutputSet() as out:
        out.open_text(tmp_path / "a.tsv").write("new")
        out.open_text(tmp_path / "b.tsv").write("new")
        keep_input(tmp_path / "b.tsv")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b.tsv": "input"}


def test_a_new_folder_does_not_replace_an_input_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "train.tsv").write_text("input")
    with (
        inputs_kept([tmp_path / "d" / "train.tsv"]),
        pytest.raises(InputError, match=r"train.tsv: the output would replace"),
        replaced_folder(tmp_path / "d") as new,
    ):
        (new / "train.tsv").write_text("new")
    assert (tmp_path / "d" / "train.tsv").read_text() == "input"
