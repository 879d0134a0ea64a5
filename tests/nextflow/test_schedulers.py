"""The documented Slurm line, run as it stands on a pretended Slurm: which job asks for what."""

from __future__ import annotations

import csv
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "pipeline-gpu-and-cluster.md"
ON_A_CARD = {"FINETUNE", "EVALUATE", "PREDICT", "SCORE_VARIANTS"}
# submits a job, or each of an array, by running it, and says that it is done when asked
SLURM = {
    "sbatch": 'for script; do :; done; last=$(sed -n "s/^#SBATCH --array 0-//p" "$script")\n'
    'for index in $(seq 0 "${last:-0}"); do SLURM_ARRAY_TASK_ID=$index bash "$script" >/dev/null 2>&1 &\n'
    'done; echo "Submitted batch job $!"',
    "squeue": "exit 0",
    "scancel": "exit 0",
}
QUICK = "executor { $slurm { pollInterval = '1 sec'; queueStatInterval = '2 sec' } }\n"

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=20)]


def documented_line() -> list[str]:
    """Return the words of the page's command line with `-profile slurm`."""
    text = PAGE.read_text().replace("\\\n", " ")
    (line,) = [found for found in text.splitlines() if re.match(r" {4}nextflow run .*-profile slurm", found)]
    return shlex.split(line)


def jobs(work: Path) -> dict[str, list[str]]:
    """Return the options of every job, by the name of its process."""
    scripts = [path.read_text() for path in work.glob("*/*/.command.run")]
    return {
        re.findall(r"^### name: '(?:\w+:)*(\w+)", script, re.MULTILINE)[0]: re.findall(
            "^#SBATCH (.*)$", script, re.MULTILINE
        )
        for script in scripts
    }


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a configuration for a pretended Slurm, which is on the PATH."""
    for name, body in SLURM.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/bash\n{body}\n")
        program.chmod(0o755)
    (tmp_path / "quick.config").write_text(QUICK)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_the_documented_line_sends_only_what_needs_a_card_to_the_gpu_partition(
    slurm: Path, nextflow: Callable
) -> None:
    words = documented_line()
    # the same line with the test profile's input, without containers, its tasks as stubs
    profile = words[words.index("-profile") + 1]
    words[words.index("-profile") + 1] = "test," + profile.replace(",apptainer", "")
    where = words.index("--input")
    del words[where : where + 2]
    words[words.index("main.nf")] = str(REPOSITORY / "main.nf")
    words += ["-stub-run", "-c", "quick.config"]
    done = nextflow(slurm, *words[1:])
    assert done.returncode == 0, done.said
    asked = jobs(slurm / "work")
    for options in asked.values():
        assert ("-p gpu" if "--account=lab --gres=gpu:1" in options else "-p standard") in options
        assert any(option.startswith("--account=lab") for option in options)
    assert {process for process, options in asked.items() if "-p gpu" in options} == ON_A_CARD
    assert len(asked) > len(ON_A_CARD) + 4


def test_tasks_of_a_scatter_are_arrays_of_jobs(slurm: Path, nextflow: Callable) -> None:
    (slurm / "sbatch.log").touch()
    program = slurm / "bin" / "sbatch"
    kept = f'\nrealpath "$script" >>{slurm}/sbatch.log\nfor index'
    program.write_text(program.read_text().replace("\nfor index", kept))
    done = nextflow(
        slurm, "run", str(REPOSITORY / "main.nf"), "-profile", "test,slurm,gpu", "-stub-run",
        "-c", "quick.config", "--job_array", "2", "--gpu_queue", "gpu",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    (trace,) = (slurm / "results" / "pipeline_info").glob("trace_*.tsv")
    with trace.open(newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert {row["status"] for row in rows} == {"COMPLETED"}
    ran = [row["name"] for row in rows]
    # two scans in two shards each, and as many parts of two VCFs
    assert sum("SCAN:PREDICT (" in task for task in ran) == 4
    submitted = [Path(line).read_text() for line in (slurm / "sbatch.log").read_text().splitlines()]
    arrays = [script for script in submitted if "#SBATCH --array 0-1\n" in script]
    scatters = [task for task in ran if re.search(r":(PREDICT|SCORE_VARIANTS) \(", task)]
    assert len(submitted) == len(ran) - len(scatters) // 2
    assert len(arrays) == len(scatters) // 2 == 4
    assert all("#SBATCH --gres=gpu:1\n" in script and "#SBATCH -p gpu\n" in script for script in arrays)
    assert len({path.name for path in (slurm / "results" / "scan").glob("*.calls.bed.gz")}) == 2
