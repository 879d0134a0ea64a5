"""The test profile through a real Slurm: what it asks for, what comes out, what too little memory does."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path

import pytest
from pipeline_runs import Run, run

# a test's queue is looked at more often than a cluster's
QUICK = "executor { $slurm { pollInterval = '1 sec'; queueStatInterval = '2 sec' } }\n"
ON_A_CARD = {"PREDICT", "SCORE_VARIANTS"}

pytestmark = pytest.mark.slurm


def jobs() -> dict[str, dict[str, str]]:
    """Return what Slurm knows of its jobs, by the folder they ran in."""
    shown = subprocess.run(
        ["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, timeout=60
    )
    records = [
        dict(word.split("=", 1) for word in line.split() if "=" in word) for line in shown.stdout.splitlines()
    ]
    return {record["WorkDir"]: record for record in records if "WorkDir" in record}


def name(task: dict[str, str]) -> str:
    return task["process"].split(":")[-1]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("slurm"), "test,slurm", configuration=QUICK)


def test_every_task_is_a_job_of_its_size(plain: Run) -> None:
    assert plain.returncode == 0, plain.said
    assert "WARN" not in plain.said, plain.said
    known = jobs()
    assert len(plain.tasks) > 6
    for task in plain.tasks:
        job = known[str(plain.work(task))]
        assert job["JobId"] == task["native_id"]
        assert job["JobState"] == "COMPLETED"
        memory = re.search(r"mem=(\d+)([MG])", job["TRES"])
        assert memory
        assert f"{memory[1]} {memory[2]}B" == task["memory"]
        assert job["NumCPUs"] == task["cpus"]
        assert "gpu" not in job.get("TresPerNode", "")
        if name(task) in ON_A_CARD:
            assert "--device cpu" in (plain.work(task) / ".command.sh").read_text()


def test_with_docker_on_slurm_the_results_are_the_same(plain: Run, tmp_path: Path) -> None:
    contained = run(tmp_path, "test,slurm,docker", configuration=QUICK)
    assert contained.returncode == 0, contained.said
    assert "WARN" not in contained.said, contained.said
    assert {folder.split("/")[0] for folder in plain.results} == {"scan", "variants", "compare", "report"}
    assert contained.results == plain.results
    known = jobs()
    for task in contained.tasks:
        assert known[str(contained.work(task))]["JobState"] == "COMPLETED"
        assert "docker run -i" in (contained.work(task) / ".command.run").read_text()


def test_with_gpu_the_jobs_of_the_label_get_a_card_and_no_other_does(tmp_path: Path) -> None:
    """Stub run: there is no real card, but Slurm hands out its fake one and tells the job so."""
    os.environ["NXF_DEBUG"] = "1"  # each task writes its environment to its log
    try:
        done = run(tmp_path, "test,slurm,gpu", "-stub-run", configuration=QUICK)
    finally:
        del os.environ["NXF_DEBUG"]
    assert done.returncode == 0, done.said
    known = jobs()
    seen = set()
    for task in done.tasks:
        job = known[str(done.work(task))]
        log = (done.work(task) / ".command.log").read_text()
        assert "SLURM_JOB_ID=" in log
        if name(task) in ON_A_CARD:
            seen.add(name(task))
            assert job["TresPerNode"] == "gres:gpu:1"
            assert "\nCUDA_VISIBLE_DEVICES=0\n" in log
        else:
            assert "TresPerNode" not in job
            assert "CUDA_VISIBLE_DEVICES=0" not in log
    assert seen == ON_A_CARD


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

    def __init__(self, process: str) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.folder: Path | None = None
        self.given_up = threading.Event()

    def run(self) -> None:
        while self.folder is None and not self.given_up.wait(0.1):
            for folder, job in jobs().items():
                wanted = f"nf-{self.process}_" in job["JobName"] and job["JobState"] == "RUNNING"
                if self.folder is None and wanted and (Path(folder) / ".command.begin").exists():
                    kill = ["scancel", "--signal=KILL", "--batch", job["JobId"]]
                    if subprocess.run(kill, capture_output=True, timeout=60).returncode == 0:
                        self.folder = Path(folder)


def test_a_job_that_is_killed_outright_runs_again_with_more(tmp_path: Path) -> None:
    """As Slurm does when its own watch over memory or a node fails: no exit file is left."""
    quick = QUICK.replace("queueStatInterval", "exitReadTimeout = '5 sec'; queueStatInterval")
    quick += "process { withLabel: 'process_medium' { memory = { 1500.MB * task.attempt } } }\n"
    killer = Killer("SCAN_PREDICT")
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
