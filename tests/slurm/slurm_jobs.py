"""What the Slurm of these tests knows of its jobs."""

from __future__ import annotations

import subprocess

# a test's queue is looked at more often than a cluster's
QUICK = "executor { $slurm { pollInterval = '1 sec'; queueStatInterval = '2 sec' } }\n"


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
