"""Runs are found by prefix, record and folder; what is no run is refused by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from written_runs import write_record

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.reporting.run import find_runs


def test_a_prefix_a_record_and_a_folder_stand_for_the_same_run(tmp_path: Path) -> None:
    prefix = write_record(tmp_path / "out" / "scan", "predict")
    (write_record(tmp_path / "model" / "x", "finetune").parent / "x.run.json").rename(
        tmp_path / "model" / "run.json"
    )
    for given in (prefix, f"{prefix}.run.json", tmp_path / "out"):
        assert [(run.command, run.base) for run in find_runs(given)] == [("predict", f"{prefix}.")]
    assert [run.base for run in find_runs(tmp_path / "model")] == [f"{tmp_path}/model/"]


def test_a_folder_gives_its_runs_by_name_and_no_shards(tmp_path: Path) -> None:
    for name in ("b", "a", "a.shard-1-of-2"):
        write_record(tmp_path / name, "predict")
    assert [run.name for run in find_runs(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "the record of the run is damaged"),
        ("[1]", "is no JSON object"),
        ('{"command": "predict"}', "has no entry 'command_line'"),
        (
            json.dumps(
                {
                    **{name: {} for name in ("arguments", "versions", "counts", "skipped")},
                    "command": 3,
                    "command_line": [],
                    "inputs": [],
                }
            ),
            "has an unusable entry 'command'",
        ),
    ],
)
def test_a_damaged_record_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.run.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.run\.json") as caught:
        find_runs(tmp_path / "a")
    assert said in str(caught.value)


def test_a_newer_version_and_a_shard_are_refused(tmp_path: Path) -> None:
    newer = write_record(tmp_path / "a", "predict", versions={"dnabert-enhancer": "99.0"})
    shard = write_record(tmp_path / "b", "predict", arguments={"shard": [1, 2]})
    with pytest.raises(InputError, match=r"version 99\.0, which is newer"):
        find_runs(newer)
    with pytest.raises(InputError, match="--merge"):
        find_runs(shard)


def test_what_was_looked_for_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_runs(tmp_path / "nothing")
    assert f"neither {tmp_path}/nothing.run.json nor {tmp_path}/nothing/run.json" in str(caught.value)


def test_a_missing_file_of_a_run_is_named(tmp_path: Path) -> None:
    (run,) = find_runs(write_record(tmp_path / "a", "predict"))
    with pytest.raises(InputError, match=r"a\.calls\.bed\.gz"):
        run.file("calls.bed.gz")
