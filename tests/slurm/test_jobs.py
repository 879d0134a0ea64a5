"""The test profile through a real Slurm: what the jobs ask for, and what comes out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pipeline_runs import Run, run
from slurm_jobs import QUICK, jobs, name

ON_A_CARD = {"PREDICT", "SCORE_VARIANTS"}

pytestmark = pytest.mark.slurm


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
