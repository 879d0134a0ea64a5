"""Runs the trainings whose result is not there yet; needs PyTorch, NumPy and scikit-learn alone."""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import torch
from jobs import Job, jobs

POLL_SECONDS = 0.2
logger = logging.getLogger(__name__)


def run_jobs(work: Path) -> None:
    """Run each job as soon as those that it needs are done: at once on a GPU, one after the other without.

    Parameters
    ----------
    work : Path
        Holds ``tasks.npz`` and ``motifs.npz``; gets ``models/NAME.pt`` and then ``NAME.json`` of each job.

    Raises
    ------
    SystemExit
        If a job fails; those that are done are kept, and a further run goes on.
    """
    models = work / "models"
    models.mkdir(parents=True, exist_ok=True)
    most = len(jobs(work)) if torch.cuda.is_available() else 1
    waiting = [job for job in jobs(work) if not (models / f"{job['name']}.json").is_file()]
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed: list[str] = []
    while running or (waiting and not failed):
        missing = {*running, *(job["name"] for job in waiting)}
        ready = [job for job in waiting if not missing & set(job["needs"])]
        for job in ready[: 0 if failed else most - len(running)]:
            waiting.remove(job)
            running[job["name"]] = _start(job, models)
        time.sleep(POLL_SECONDS)
        for name, process in list(running.items()):
            if process.poll() is not None:
                del running[name]
                if process.returncode:
                    failed.append(name)
    if failed:
        raise SystemExit(f"{', '.join(failed)} failed; mend it and run again: the rest is kept")


def _start(job: Job, models: Path) -> subprocess.Popen[bytes]:
    logger.info("%s begins", job["name"])
    program = str(Path(__file__).with_name("train.py"))
    return subprocess.Popen([sys.executable, program, "--job", json.dumps(job), "--output-dir", str(models)])


def main() -> None:
    """Run the jobs of a work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True, help="as build.py --until data leaves it")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run_jobs(args.work_dir)


if __name__ == "__main__":
    main()
