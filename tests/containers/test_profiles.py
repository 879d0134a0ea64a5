"""What each profile makes of the configuration, and the card that a task on a GPU takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ONE_GPU = REPOSITORY / "conf" / "one_gpu.sh"
IDS = "-u $(id -u):$(id -g)"
# what MODELS_GET needs to reach a hub as the user does
NETWORK = ["HF_TOKEN", "HF_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]
NETWORK += ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
PROFILES = {
    "docker": [
        "docker.enabled = true",
        f"docker.runOptions = '{IDS}'",
        "env.HOME = '$PWD'",
        "env.MPLCONFIGDIR = '$PWD/.cache/matplotlib'",
    ],
    "podman": [
        "podman.enabled = true",
        "env.HF_HOME = '$PWD/.cache/huggingface'",
        f"podman.envWhitelist = 'CUDA_VISIBLE_DEVICES,{','.join(NETWORK)}'",
    ],
    "apptainer": [
        "apptainer.enabled = true",
        "apptainer.autoMounts = true",
        "env.XDG_CACHE_HOME = '$PWD/.cache'",
    ],
    "singularity": ["singularity.enabled = true", "singularity.autoMounts = true"],
    "conda": ["conda.enabled = true"],
    "gpu": ["params.use_gpu = true"],
    "slurm": ["process.executor = 'slurm'", "executor.queueSize = 200"],
    "awsbatch": ["process.executor = 'awsbatch'"],
    "google-batch": ["process.executor = 'google-batch'"],
    "k8s": ["process.executor = 'k8s'"],
}
# each start of Nextflow takes seconds of a processor, and profiles are given together in life, too
TOGETHER = ("docker,awsbatch", "podman,google-batch", "singularity,k8s", "conda", "gpu,slurm,apptainer")

pytestmark = pytest.mark.containers


def test_every_profile_is_tried() -> None:
    assert sorted(name for names in TOGETHER for name in names.split(",")) == sorted(PROFILES)


@pytest.mark.parametrize("profiles", TOGETHER)
def test_each_profile_sets_what_it_should_without_a_warning(profiles: str, tmp_path: Path) -> None:
    program = shutil.which("nextflow") or str(REPOSITORY / "tools" / "nextflow" / "nextflow")
    done = subprocess.run(
        [program, "config", "-flat", str(REPOSITORY), "-profile", profiles],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARN" not in done.stdout + done.stderr
    expected = [line for name in profiles.split(",") for line in PROFILES[name]]
    assert not [line for line in expected if line not in done.stdout.splitlines()]
    # the label keeps its request whatever the profile
    assert (
        "process.'withLabel:process_gpu'.accelerator" in done.stdout
        or "process.withLabel:process_gpu.accelerator" in done.stdout
    )


def task(cards: int, log: Path, seconds: float, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start what Nextflow starts: a shell that sources the file, then works for some time."""
    note = 'echo "$1 $CUDA_VISIBLE_DEVICES $(date +%s.%N)"'
    script = (
        f"note() {{ {note} >>{log}; }}; set -e; . {ONE_GPU} {cards}; note start; sleep {seconds}; note end"
    )
    return subprocess.Popen(["bash", "-c", script], env=environment)


def environment_in(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    return kept | {"XDG_RUNTIME_DIR": str(folder)} | more


def most_at_once(log: Path) -> dict[str, int]:
    """Return for each card how many tasks were on it at one time."""
    events = sorted(
        (line.split() for line in log.read_text().splitlines()), key=lambda event: float(event[2])
    )
    now: dict[str, int] = {}
    most: dict[str, int] = {}
    for kind, card, _when in events:
        now[card] = now.get(card, 0) + (1 if kind == "start" else -1)
        most[card] = max(most.get(card, 0), now[card])
    return most


@pytest.mark.parametrize(
    ("cards", "given", "used"),
    [(1, None, {"0": 1}), (2, None, {"0": 1, "1": 1}), (1, "2,5", {"2": 1, "5": 1})],
    ids=["one card", "two cards", "the cards of CUDA_VISIBLE_DEVICES"],
)
def test_a_card_has_one_task_at_a_time(
    cards: int, given: str | None, used: dict[str, int], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    environment = environment_in(tmp_path, **({"CUDA_VISIBLE_DEVICES": given} if given else {}))
    running = [task(cards, log, 1.5, environment) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert most_at_once(log) == used


def test_a_killed_task_frees_its_card(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = task(1, log, 0, environment_in(tmp_path))
    assert first.wait(30) == 0
    holder = subprocess.Popen(
        ["bash", "-c", f". {ONE_GPU} 1; touch {tmp_path}/taken; while :; do :; done"],
        env=environment_in(tmp_path),
    )
    while not (tmp_path / "taken").exists():
        time.sleep(0.05)
    waiting = task(1, log, 0, environment_in(tmp_path))
    time.sleep(1.5)
    assert waiting.poll() is None, "the card was taken twice"
    holder.kill()
    holder.wait()
    assert waiting.wait(30) == 0


def test_without_any_card_the_task_says_so_and_does_not_wait(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -e; . {ONE_GPU} 1"],
        env=environment_in(tmp_path, CUDA_VISIBLE_DEVICES=""),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert "there is none" in done.stderr
