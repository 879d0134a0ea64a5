"""Runs the pipeline on a real Nextflow; one run serves many tests, also of several workers."""

from __future__ import annotations

import csv
import fcntl
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
TIMEOUT_SECONDS = 1800


class Done(NamedTuple):
    """How a run ended."""

    returncode: int
    said: str


def program() -> str:
    """Return the user's Nextflow, else the project's launcher."""
    return shutil.which("nextflow") or str(REPOSITORY / "tools" / "nextflow" / "nextflow")


def task_environment() -> dict[str, str]:
    """Return the environment of a run: the commands' Python on the PATH, one thread a library."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NXF_ANSI_LOG": "false",
        "OMP_NUM_THREADS": "1",
    }


def command(*arguments: str) -> list[str]:
    """Return the command line of a run of the pipeline."""
    return [program(), "run", str(REPOSITORY / "main.nf"), *arguments]


def run_pipeline(folder: Path, *arguments: str, patience: float = TIMEOUT_SECONDS) -> Done:
    """Run the pipeline in a folder until it ends."""
    return run_nextflow(folder, *command(*arguments)[1:], patience=patience)


def run_nextflow(folder: Path, *arguments: str, patience: float = TIMEOUT_SECONDS) -> Done:
    """Run any command of Nextflow in a folder until it ends."""
    done = subprocess.run(
        [program(), *arguments],
        cwd=folder,
        env=task_environment(),
        capture_output=True,
        text=True,
        timeout=patience,
    )
    return Done(done.returncode, done.stdout + done.stderr)


def traces(folder: Path) -> list[Path]:
    """Return the traces of the runs in a folder, the last one at the end."""
    return sorted((folder / "results" / "pipeline_info").glob("trace_*.tsv"))


def newest_trace(folder: Path) -> Path:
    """Return the trace of the last run in a folder."""
    return traces(folder)[-1]


def tasks(trace: Path) -> dict[str, str]:
    """Return the status of every task of a trace, by its name."""
    with trace.open(newline="") as table:
        return {row["name"]: row["status"] for row in csv.DictReader(table, delimiter="\t")}


class Study(NamedTuple):
    """The test profile's analyses: killed once, gone on with, then again with one database changed."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def said(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text()

    def tasks(self, part: str) -> dict[str, str]:
        return tasks(self.folder / f"{part}.tsv")


@pytest.fixture(scope="session", autouse=True)
def _java() -> None:
    if shutil.which("java") is None:
        pytest.fail("Java is missing: the pipeline cannot be tested (Java 17 and Maven are needed)")


@pytest.fixture(scope="session")
def nextflow() -> Callable[..., Done]:
    """Return a function that runs any command of Nextflow in a folder."""
    return run_nextflow


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment of a run."""
    return task_environment()


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[..., Done]:
    """Return a function that runs the pipeline in the test's own folder."""
    return functools.partial(run_pipeline, tmp_path)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return the shared run; the first worker makes it, the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "nextflow-study"
    with (shared / "nextflow-study.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            if folder.exists():
                pytest.fail("the shared run of the pipeline failed; the first test that needed it says why")
            _make_study(folder)
            (folder / "complete").touch()
    return Study(folder)


def _make_study(folder: Path) -> None:
    shutil.copytree(DEMO, folder / "demo")
    arguments = ("-profile", "test", "--input", "demo/samplesheet_test.csv", "--outdir", "results")
    _run_and_kill(folder, arguments)
    for part in ("resumed", "changed"):
        if part == "changed":
            database = folder / "demo" / "fantom5-enhancers.bed"
            database.write_text("".join(database.read_text().splitlines(keepends=True)[1:]))
        done = run_pipeline(folder, *arguments, "-resume")
        (folder / f"{part}.log").write_text(done.said)
        assert done.returncode == 0, done.said
        shutil.copyfile(newest_trace(folder), folder / f"{part}.tsv")
        if part == "resumed":
            shutil.copytree(folder / "results", folder / "first-results")


def _run_and_kill(folder: Path, arguments: tuple[str, ...]) -> None:
    """Start the run and kill it hard once a scan was merged, with other tasks under way."""
    with (folder / "killed.log").open("w") as log:
        started = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=task_environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        began = time.monotonic()
        while "SCAN:PREDICT_MERGE" not in "".join(path.read_text() for path in traces(folder)):
            assert started.poll() is None, (folder / "killed.log").read_text()
            assert time.monotonic() - began < TIMEOUT_SECONDS
            time.sleep(0.2)
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    shutil.copyfile(newest_trace(folder), folder / "killed.tsv")
