"""What a living process writes is never taken for a leftover, whatever its host name and number."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer.files import (
    OutputSet,
    let_go,
    remove_leftovers,
    remove_quietly,
    temporary_file,
)

WRITER = """
import os, sys, time
from dnabert_enhancer.files import OutputSet
with OutputSet() as out:
    out.path(sys.argv[1]).write_text("live")
    out.directory(sys.argv[1] + ".folder")
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""


DYING = """
import os, signal, sys
from pathlib import Path
from dnabert_enhancer.files import temporary_file, temporary_folder
for make in (temporary_file, temporary_folder):
    make(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_containers_that_share_a_name_and_numbers_leave_each_other_alone(tmp_path: Path) -> None:
    """Two name spaces of processes, as two containers have: both writers are process 1."""
    space = ["unshare", "--pid", "--fork", "--kill-child", "--"]
    if not shutil.which("unshare") or subprocess.run([*space, "true"], check=False).returncode:
        pytest.skip("name spaces need more rights")
    command = [*space, sys.executable, "-c", WRITER, str(tmp_path / "result")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:  # type: ignore[call-overload]  # as above
        numbers = {running.stdout.readline() for running in (first, second)}
        assert numbers == {"1\n"}
        assert len(names_in(tmp_path)) == 4
        first.communicate("", timeout=60)
        second.communicate("", timeout=60)
    assert first.returncode == 0
    # the second finds the first's folder there, which is not its leftover
    assert names_in(tmp_path) == ["result", "result.folder"]
    assert (tmp_path / "result").read_text() == "live"


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.bw"
    done = subprocess.run([sys.executable, "-c", DYING, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = set(names_in(tmp_path))
    own = temporary_file(target)
    assert len(left) == 2
    remove_leftovers(target)
    assert names_in(tmp_path) == [own.name]
    remove_quietly(own)
    assert names_in(tmp_path) == []


def test_the_leftovers_of_other_outputs_and_links_stay(tmp_path: Path) -> None:
    other = tmp_path / f".tmp-{'0' * 16}-b.bw"
    other.touch()
    (tmp_path / f".tmp-{'1' * 16}-a.bw").symlink_to(other)
    remove_leftovers(tmp_path / "a.bw")
    assert len(names_in(tmp_path)) == 2


def test_let_go_after_the_rename(tmp_path: Path) -> None:
    made = temporary_file(tmp_path / "a")
    before = open_descriptors()
    made.replace(tmp_path / "a")
    let_go(made)
    assert open_descriptors() == before - 1


FORGETFUL = """
import sys
from pathlib import Path
from dnabert_enhancer.files import temporary_file, temporary_folder
for make in (temporary_file, temporary_folder):
    make(Path(sys.argv[1]))
"""


def test_what_a_run_forgets_goes_with_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORGETFUL, str(tmp_path / "a")], check=True)
    assert names_in(tmp_path) == []


SIGNALLED = """
import os, signal, sys
from pathlib import Path
from dnabert_enhancer.commands.cli import Guard
from dnabert_enhancer.files import OutputSet

def work(guard):
    replace = Path.replace
    def interrupted(self, target):
        os.kill(os.getpid(), signal.SIGTERM)
        return replace(self, target)
    Path.replace = interrupted
    with OutputSet() as out:
        for name in ("a", "b", "run.json"):
            out.path(Path(sys.argv[1]) / name).write_text("new")

raise SystemExit(Guard("predict").run(work))
"""


def test_a_signal_among_the_renames_waits_and_the_message_is_true(tmp_path: Path) -> None:
    for name in ("a", "b", "run.json"):
        (tmp_path / name).write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stderr == (
        f"predict: error: stopped by SIGTERM; finished outputs stay ({tmp_path}/run.json and 2 more), "
        "others were removed\n"
    )
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a": "new",
        "b": "new",
        "run.json": "new",
    }


def test_an_output_set_leaves_no_lock_open(tmp_path: Path) -> None:
    before = open_descriptors()
    with OutputSet() as out:
        out.path(tmp_path / "a").write_text("x")
        out.directory(tmp_path / "b")
    assert open_descriptors() == before


def test_what_a_library_writes_beside_a_temporary_file_shares_its_lock(tmp_path: Path) -> None:
    """As the index that htslib writes, whose name is that of a temporary file of its own."""
    own = temporary_file(tmp_path / "a.bed.gz")
    index = Path(f"{own}.tbi")
    index.write_text("x")
    remove_leftovers(tmp_path / "a.bed.gz.tbi")
    assert index.exists()
    let_go(own)
    remove_leftovers(tmp_path / "a.bed.gz.tbi")
    assert not index.exists()
