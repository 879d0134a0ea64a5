"""The test profile through a real Slurm, where a card is missing, or memory, or a job is killed."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

import pytest
from pipeline_runs import run
from slurm_jobs import QUICK, jobs, name

pytestmark = pytest.mark.slurm


def test_with_gpu_the_command_is_told_to_use_it_and_says_when_there_is_none(tmp_path: Path) -> None:
    stop = "process.errorStrategy = 'terminate'\n"  # the rest of the run tells nothing more
    done = run(tmp_path, "test,slurm,gpu", configuration=QUICK + stop)
    assert done.returncode != 0
    scripts = [
        path.read_text()
        for path in (tmp_path / "work").glob("*/*/.command.sh")
        if "predict \\" in path.read_text()
    ]
    assert scripts
    assert all("--device cuda" in script for script in scripts)
    assert "CUDA" in done.said or "cuda" in done.said
    assert "Traceback" not in done.said


def test_a_task_killed_for_its_memory_runs_again_with_more(tmp_path: Path) -> None:
    """The kernel kills what outgrows the memory: by the container's limit, on clusters by the job's.

    (Slurm's own watch over memory kills the whole job, and Nextflow then learns no exit code: the next test.)
    """
    little = "process { withLabel: 'process_medium' { memory = { 80.MB * task.attempt ** 3 } } }\n"
    done = run(tmp_path, "test,slurm,docker", configuration=QUICK + little)
    assert done.returncode == 0, done.said
    tries: dict[str, list[dict[str, str]]] = {}
    for task in done.tasks:
        tries.setdefault(task["name"], []).append(task)
    again = {task: rows for task, rows in tries.items() if len(rows) > 1}
    assert again, [(task["name"], task["peak_rss"]) for task in done.tasks]
    known = jobs()
    for rows in again.values():
        first, second = sorted(rows, key=lambda row: int(row["attempt"]))[:2]
        assert (first["status"], first["exit"], second["attempt"]) == ("FAILED", "137", "2")
        assert known[str(done.work(first))]["ExitCode"] == "137:0"
        asked = [re.search(r"mem=(\d+)M", known[str(done.work(row))]["TRES"]) for row in (first, second)]
        assert [found and found[1] for found in asked] == ["80", "640"]


class Killer(threading.Thread):
    """Kills the script of a process's first job outright once its command runs: no exit code is written."""

    def __init__(self, process: str, within: Path) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.within = within
        self.folder: Path | None = None
        self.given_up = threading.Event()

    def run(self) -> None:
        while self.folder is None and not self.given_up.wait(0.1):
            for folder, job in jobs().items():
                ours = Path(folder).is_relative_to(self.within)
                wanted = ours and f"nf-{self.process}_" in job["JobName"] and job["JobState"] == "RUNNING"
                if self.folder is None and wanted and (Path(folder) / ".command.begin").exists():
                    kill = ["scancel", "--signal=KILL", "--batch", job["JobId"]]
                    if subprocess.run(kill, capture_output=True, timeout=60).returncode == 0:
                        self.folder = Path(folder)


def test_a_job_that_is_killed_outright_runs_again_with_more(tmp_path: Path) -> None:
    """As Slurm does when its own watch over memory or a node fails: no exit file is left."""
    quick = QUICK.replace("queueStatInterval", "exitReadTimeout = '5 sec'; queueStatInterval")
    quick += "process { withLabel: 'process_medium' { memory = { 1500.MB * task.attempt } } }\n"
    killer = Killer("SCAN_PREDICT", tmp_path)
    killer.start()
    try:
        done = run(tmp_path, "test,slurm", configuration=quick)
    finally:
        killer.given_up.set()
        killer.join()
    assert killer.folder is not None, done.said
    assert not (killer.folder / ".exitcode").exists()
    assert done.returncode == 0, done.said
    assert "terminated for an unknown reason" in done.said
    rows = [task for task in done.tasks if name(task) == "PREDICT"]
    (lost,) = [task for task in rows if done.work(task) == killer.folder]
    (again,) = [task for task in rows if task["name"] == lost["name"] and task["attempt"] == "2"]
    assert (lost["status"], lost["exit"], again["status"], again["exit"]) == ("FAILED", "-", "COMPLETED", "0")
    asked = [re.search(r"mem=(\d+)M", jobs()[str(done.work(row))]["TRES"]) for row in (lost, again)]
    assert [found and found[1] for found in asked] == ["1500", "3000"]
