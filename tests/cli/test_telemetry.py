"""Nothing is reported to anyone: a run looks up no name, and leaves no file but caches in HOME."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
TABLES = REPOSITORY / "galaxy_tools" / "test-data"
RUNS = {
    "predict": [
        *("predict", "--genome", f"{DEMO}/alpha-globin.fa.gz", "--regions", f"{DEMO}/textbook-enhancers.bed"),
        *("--no-null", "--backend", "onnx", "--precision", "float32", "--output-prefix", "out"),
    ],
    "finetune": [
        *("finetune", "--dataset", f"{TABLES}/train.tsv", "--validation", f"{TABLES}/dev.tsv"),
        *("--base-model", "new:tiny", "--k", "3", "--epochs", "1", "--output-dir", "out"),
        *("--log-to", "wandb", "--log-to", "mlflow"),  # offline unless the user's environment says otherwise
    ],
}
CACHES = (".cache/dnabert-enhancer/", ".cache/wandb/logs/")
# a socket without an address, or with that of the loopback
OF_THIS_MACHINE = re.compile(r' socket\(|"::1"|"127\.0\.0\.1"')
# ONNX Runtime 1.32 reports 8 s after it began: the process is held for some seconds more
PROGRAM = """
import sys, time
from dnabert_enhancer.commands.cli import main
try:
    main(sys.argv[1:])
finally:
    time.sleep(10)
"""
STRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=network", "-o", "calls")
OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_ERROR_REPORTING": "false",
}


@pytest.mark.slow(seconds=20)
def test_a_run_looks_up_no_name_and_leaves_nothing_in_home(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is missing, which sees the look-ups of libraries")
    kept = {
        name: os.environ[name] for name in ("PATH", "PYTHONPATH", "OMP_NUM_THREADS") if name in os.environ
    }
    started = {}
    for command, words in RUNS.items():  # at once: each waits at its end
        folder = tmp_path / command
        (folder / "home").mkdir(parents=True)
        started[command] = subprocess.Popen(
            [*STRACE, sys.executable, "-c", PROGRAM, *words],
            cwd=folder,
            env=kept | {"HOME": str(folder / "home")},
            stdout=subprocess.DEVNULL,
            stderr=(folder / "said").open("w"),
        )
    for command, process in started.items():
        folder = tmp_path / command
        assert process.wait(timeout=600) == 0, (folder / "said").read_text()
        calls = (folder / "calls").read_text().splitlines()
        assert [call for call in calls if "AF_INET" in call and not OF_THIS_MACHINE.search(call)] == []
        files = [
            str(path.relative_to(folder / "home")) for path in folder.glob("home/**/*") if path.is_file()
        ]
        assert [name for name in files if not name.startswith(CACHES)] == []


@pytest.mark.parametrize(
    "place",
    ["containers/Dockerfile", "containers/Dockerfile.gpu", "conf/base.config", "galaxy_tools/macros.xml"],
)
def test_every_way_to_run_the_commands_turns_reports_off(place: str) -> None:
    text = (REPOSITORY / place).read_text()
    assert dict(re.findall(r"\b(\w+(?:_TELEMETRY|_REPORTING)) ?= ?'?(\w+)", text)) == OFF
