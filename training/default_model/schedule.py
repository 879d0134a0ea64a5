"""Runs the trainings whose result is not there yet; needs PyTorch, NumPy and scikit-learn alone."""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from jobs import WORKERS, Job, jobs

POLL_SECONDS = 0.2
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
}
"""Threads of one job wait for each other where the machine has other work; big arrays are used again."""
logger = logging.getLogger(__name__)


def run_jobs(work: Path, start: Path) -> None:
    """Run each job as soon as those that it needs are done, as many at once as there are workers.

    Parameters
    ----------
    work : Path
        Holds ``tasks.npz`` and ``motifs.npz``; gets the results and then ``models/NAME.json`` of each job.
    start : Path
        The model directory whose weights the student starts with.

    Raises
    ------
    SystemExit
        If a job fails; those that are done are kept, and a further run goes on.
    """
    models = work / "models"
    models.mkdir(parents=True, exist_ok=True)
    waiting = [job for job in jobs(work, start) if not (models / f"{job['name']}.json").is_file()]
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed: list[str] = []
    while running or (waiting and not failed):
        missing = {*running, *(job["name"] for job in waiting)}
        ready = [job for job in waiting if not missing & set(job["needs"])]
        for job in ready[: 0 if failed else WORKERS - len(running)]:
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
    command = [sys.executable, program, "--job", json.dumps(job), "--output-dir", str(models)]
    return subprocess.Popen(command, env=os.environ | ONE_THREAD)


def main() -> None:
    """Run the jobs of a work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True, help="as build.py --until data leaves it")
    parser.add_argument("--start-from", type=Path, required=True, help="as of build.py")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run_jobs(args.work_dir, args.start_from)


if __name__ == "__main__":
    main()
