"""The documented Slurm line, run as it stands on a pretended Slurm: which job asks for what."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "pipeline-gpu-and-cluster.md"
ON_A_CARD = {"FINETUNE", "EVALUATE", "PREDICT", "SCORE_VARIANTS"}
# submits a job by running it, and says that it is done when asked
SLURM = {
    "sbatch": 'for script; do :; done; bash "$script" >/dev/null 2>&1 & echo "Submitted batch job $!"',
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


def test_the_documented_line_sends_only_what_needs_a_card_to_the_gpu_partition(
    tmp_path: Path, nextflow: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in SLURM.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/bash\n{body}\n")
        program.chmod(0o755)
    (tmp_path / "quick.config").write_text(QUICK)
    words = documented_line()
    # the same line with the test profile's input, without containers, its tasks as stubs
    profile = words[words.index("-profile") + 1]
    words[words.index("-profile") + 1] = "test," + profile.replace(",apptainer", "")
    where = words.index("--input")
    del words[where : where + 2]
    words[words.index("main.nf")] = str(REPOSITORY / "main.nf")
    words += ["-stub-run", "-c", "quick.config"]
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    done = nextflow(tmp_path, *words[1:])
    assert done.returncode == 0, done.said
    asked = jobs(tmp_path / "work")
    for options in asked.values():
        assert ("-p gpu" if "--account=lab --gres=gpu:1" in options else "-p standard") in options
        assert any(option.startswith("--account=lab") for option in options)
    assert {process for process, options in asked.items() if "-p gpu" in options} == ON_A_CARD
    assert len(asked) > len(ON_A_CARD) + 4
