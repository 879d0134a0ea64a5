"""Every failure is one line and an exit code, and no half-written file stays (dnabert_enhancer/errors)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "alpha-globin.fa.gz"
PROGRAM = [sys.executable, "-m", "dnabert_enhancer"]


def _shell(command: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload, no-any-return]  # options of run


def test_an_error_of_our_own_is_one_line_with_a_report(tmp_path: Path) -> None:
    code = (
        "from dnabert_enhancer.commands import cli, index_genome\n"
        "def run(args): return 1 / 0\n"
        "index_genome.run = run\n"
        "cli.main(['--genome', 'x', '--output-dir', 'y'], command='index-genome')\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 70
    (line,) = done.stderr.splitlines()
    assert "ZeroDivisionError" in line
    (report,) = tmp_path.iterdir()
    assert str(report) in line
    assert "Traceback" in report.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_cleans_up_and_says_so(number: signal.Signals, tmp_path: Path) -> None:
    arguments = ["predict", "--genome", DEMO, "--stride", "1", "--output-prefix", tmp_path / "out" / "scan"]
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # nohup may have had it ignored
    )
    try:
        while not list(tmp_path.glob("out/.tmp-*")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate()[1].splitlines()
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert number.name in said[-1]
    assert list((tmp_path / "out").iterdir()) == []


def test_what_an_import_makes_of_a_signal_is_still_that_signal() -> None:
    """An extension that is being initialised turns KeyboardInterrupt into ImportError."""
    code = (
        "import os, signal\n"
        "from dnabert_enhancer.commands.failures import Guard\n"
        "def work(guard):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    except KeyboardInterrupt:\n"
        "        raise ImportError('initialization failed')\n"
        "raise SystemExit(Guard('predict').run(work))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 143
    (line,) = done.stderr.splitlines()
    assert line.startswith("predict: error: stopped by SIGTERM")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under nohup."""
    code = (
        "import os, signal\n"
        "from dnabert_enhancer.commands.failures import Guard\n"
        "code = Guard('x').run(lambda guard: os.kill(os.getpid(), signal.SIGHUP))\n"
        "print(code, 'still here')\n"
    )
    done = _shell(f"trap '' HUP; {sys.executable} -c \"{code}\"")
    assert (done.returncode, done.stdout) == (0, "0 still here\n")


@pytest.mark.parametrize(
    ("rest", "code"), [("--help | true", 0), ("--help >&-", 0), ("--version > /dev/full", 3)]
)
def test_standard_output_that_takes_nothing(rest: str, code: int) -> None:
    done = _shell(
        f"set -o pipefail; unset PYTHONUNBUFFERED; {sys.executable} -m dnabert_enhancer predict {rest}",
        executable="/bin/bash",
    )
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == (1 if code else 0)
