"""tools/nextflow/nextflow: the classes that a start loads are kept once, and nothing depends on their file.

Java is pretended: a script that notes its words, and writes a file where it is told to keep classes.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parents[2] / "tools" / "nextflow" / "nextflow"
JAVA = """#!/bin/bash
if [ "$1" = -version ]; then echo 'openjdk version "17.0.1"' >&2; exit; fi
echo "$*" >>"$(dirname "$0")/../calls"
for word; do case $word in -XX:ArchiveClassesAtExit=*) echo kept >"${word#*=}"; exit STATUS ;; esac; done
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Return the folder of an engine of two jars, beside which lies a Java."""
    pretended_java(tmp_path)
    # as cksum of coreutils has it: the CRC of POSIX, which no module of Python has
    pom = LAUNCHER.with_name("pom.xml").read_bytes()
    number = subprocess.run(["cksum"], input=pom, capture_output=True, check=True).stdout.split()[0]
    folder = tmp_path / "cache" / "dnabert-enhancer" / f"nextflow-25.04.0-{number.decode()}"
    folder.mkdir(parents=True)
    for name in ("b.jar", "a.jar", "complete"):
        (folder / name).touch()
    return folder


def pretended_java(folder: Path, status: int = 0) -> None:
    program = folder / "java" / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(JAVA.replace("STATUS", str(status)))
    program.chmod(0o755)


def started(folder: Path, **variables: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
        "NXF_JAVA_HOME": str(folder / "java"),
    }  # fmt: skip
    return subprocess.Popen(
        [LAUNCHER, "config"], env=environment | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def calls(folder: Path, **variables: str) -> list[list[str]]:
    """Start the engine; return the words of each call of Java."""
    notes = folder / "java" / "calls"
    notes.unlink(missing_ok=True)
    said, _ = (run := started(folder, **variables)).communicate()
    assert (run.returncode, said) == (0, b"")
    return [line.split() for line in notes.read_text().splitlines()]


def test_classes_are_kept_once_and_taken_by_every_start(tmp_path: Path, engine: Path) -> None:
    making, first = calls(tmp_path)
    assert making[-2:] == ["run", "main.nf"]
    (kept,) = engine.glob("*.jsa")
    assert kept.read_text() == "kept\n"
    assert first[-2:] == ["nextflow.cli.Launcher", "config"]
    # the order of the jars is part of what Java compares
    assert first[first.index("-cp") + 1] == f"{engine}/a.jar:{engine}/b.jar"
    assert f"-XX:SharedArchiveFile={kept}" in first
    assert calls(tmp_path) == [first]
    assert sorted(path.name for path in engine.iterdir()) == sorted(["a.jar", "b.jar", "complete", kept.name])
    # of other jars they are others
    os.utime(engine / "a.jar", (0, 0))
    assert len(calls(tmp_path)) == 2
    assert len(list(engine.glob("*.jsa"))) == 2


def test_two_first_starts_at_once_leave_one_whole_file(tmp_path: Path, engine: Path) -> None:
    runs = [started(tmp_path) for _ in range(4)]
    assert [run.communicate()[0] for run in runs] == [b""] * 4
    assert [run.returncode for run in runs] == [0] * 4
    (kept,) = engine.glob("*.jsa")
    assert kept.read_text() == "kept\n"
    assert not list(engine.glob("fresh*"))


def test_where_classes_cannot_be_kept_a_start_goes_without(tmp_path: Path, engine: Path) -> None:
    pretended_java(tmp_path, status=1)
    *_, first = calls(tmp_path)
    assert not any("SharedArchiveFile" in word for word in first)
    # it is not tried at every start
    assert calls(tmp_path) == [first]
    # as in a folder that cannot be written
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mktemp").write_text("#!/bin/bash\necho no >&2\nexit 1\n")
    (tmp_path / "bin" / "mktemp").chmod(0o755)
    (kept,) = engine.glob("*.jsa")
    kept.unlink()
    assert calls(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}") == [first]


def test_a_collector_that_is_asked_for_is_the_only_one(tmp_path: Path, engine: Path) -> None:
    asked = calls(tmp_path, NXF_OPTS="-Xmx1g -XX:+UseG1GC")[-1]
    assert [word for word in asked if word.endswith("GC")] == ["-XX:+UseG1GC"]
    (serial,) = [word for word in calls(tmp_path)[-1] if word.endswith("GC")]
    assert serial == "-XX:+UseSerialGC"


@pytest.mark.nextflow
@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"foreign" * 1000])
def test_java_passes_over_what_it_cannot_take_without_a_word(tmp_path: Path, content: bytes) -> None:
    """With Java itself, by the options of the launcher."""
    text = LAUNCHER.read_text()
    options = text.partition("options+=(-Xshare")[2].partition(" -XX:SharedArchiveFile")[0].split()
    (tmp_path / "classes").write_bytes(content)
    line = ["java", f"-Xshare{options[0]}", *options[1:], f"-XX:SharedArchiveFile={tmp_path}/classes"]
    done = subprocess.run([*line, "--version"], capture_output=True, text=True)
    plain = subprocess.run(["java", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    # but for the mode, which tells whether classes are shared
    assert done.stdout.splitlines()[0] == plain.stdout.splitlines()[0]
