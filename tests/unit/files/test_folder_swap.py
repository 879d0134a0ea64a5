"""Folders that are replaced whole, also where the process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnabert_enhancer.files import replaced_folder

WRITER = """
import sys
from dnabert_enhancer.files import replaced_folder
number = 0
while True:
    number += 1
    with replaced_folder(sys.argv[1]) as folder:
        for name in "abcdef":
            (folder / name).write_text(str(number))
    print(number, flush=True)
"""


def contents(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in "abcdef"}


@pytest.mark.slow
def test_a_killed_writer_leaves_one_folder_or_the_other(tmp_path: Path) -> None:
    """Killed at twenty moments of its own, between the first and the last of many replacements."""
    for delay in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "x")], stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay / 1000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert len(contents(tmp_path / "x")) == 1
    with replaced_folder(tmp_path / "x"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_failure_leaves_the_older_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a").write_text("old")
    with pytest.raises(ValueError, match="late"), replaced_folder(tmp_path / "x") as folder:
        (folder / "a").write_text("new")
        raise ValueError("late")
    assert (tmp_path / "x" / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_other_files_stay_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "notes").mkdir(parents=True)
    (tmp_path / "real" / "notes" / "mine.txt").write_text("mine")
    (tmp_path / "real" / "a").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with replaced_folder(tmp_path / "link") as folder:
        (folder / "a").write_text("new")
        assert (tmp_path / "link" / "a").read_text() == "old"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_text() == "new"
    assert (tmp_path / "real" / "notes" / "mine.txt").read_text() == "mine"


def test_the_folder_of_the_program_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with replaced_folder(".") as folder:
        assert folder == tmp_path.resolve()
