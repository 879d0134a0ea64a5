"""What a training keeps to go on after a kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.run_folder import (
    Attempt,
    Elapsed,
    RunFolder,
    complete_checkpoints,
    drop_checkpoints,
    elapsed_before,
    mark_complete,
)

FINGERPRINT = {"seed": 1, "learning_rate": 0.001, "dataset": "abc", "log_to": []}


def test_a_run_is_found_again_with_its_attempts(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "out") as folder:
        state = folder.begin(FINGERPRINT)
        state.attempts.append(Attempt(1, 42, "collapsed", "class 0"))
        folder.save(state)
    with RunFolder(tmp_path / "out") as folder:
        again = folder.begin(dict(FINGERPRINT))
    assert again.attempts == [Attempt(1, 42, "collapsed", "class 0")]


def test_other_arguments_are_refused_by_name_and_restart_forgets(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        folder.begin(FINGERPRINT)
        (folder.path / "attempt-1").mkdir()
        changed = {**FINGERPRINT, "learning_rate": 0.01, "new_setting": True}
        with pytest.raises(InputError) as error:
            folder.begin(changed)
        assert "learning-rate 0.01 (was 0.001), new-setting True (was not set); give the same" in str(
            error.value
        )
        assert "--restart" in str(error.value)
        folder.clear()
        assert folder.begin(changed).attempts == []
        assert not (folder.path / "attempt-1").exists()


def test_a_second_process_is_refused_while_the_first_works(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from dnabert_enhancer.training.run_folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])): pass\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with RunFolder(tmp_path):
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another finetune is running in this folder" in second.stderr
    third = subprocess.run(command, capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr


def test_only_checkpoints_that_say_so_are_whole(tmp_path: Path) -> None:
    for step in (90, 100, 1000, 1100):
        (tmp_path / f"checkpoint-{step}").mkdir()
    for step in (1000, 100, 90):
        mark_complete(tmp_path / f"checkpoint-{step}", Elapsed(step / 10, 1.25, step - 3))
    (tmp_path / "checkpoint-x").mkdir()
    assert [path.name for path in complete_checkpoints(tmp_path)] == [
        "checkpoint-90",
        "checkpoint-100",
        "checkpoint-1000",
    ]
    assert elapsed_before(tmp_path / "checkpoint-1000") == Elapsed(100.0, 1.25, 997)
    drop_checkpoints(tmp_path, {tmp_path / "checkpoint-90", tmp_path / "checkpoint-1000"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-1000", "checkpoint-90"]


def test_a_folder_without_checkpoints_has_none(tmp_path: Path) -> None:
    assert complete_checkpoints(tmp_path / "nothing") == []


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as folder:
        (folder.path / "run.json").write_text("{")
        with pytest.raises(InputError, match=r"run.json: the record of the run is damaged; give --restart"):
            folder.begin(FINGERPRINT)


def test_a_run_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="refused"), RunFolder(tmp_path / "out") as folder:
        (folder.path / "base").mkdir()
        raise InputError("refused")
    assert not (tmp_path / "out").exists()


def test_a_refused_run_leaves_what_was_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="refused"), RunFolder(tmp_path):
        raise InputError("refused")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
