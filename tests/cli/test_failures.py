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
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=6000, **options)  # type: ignore[call-overload, no-any-return]  # options of run


def test_an_error_of_our_own_is_one_line_with_a_report(tmp_path: Path) -> None:
    code = (
        "from dnabert_enhancer.commands import cli, index_genome\n"
        "def run(args): return 1 / 0\n"
        "index_genome.run = run\n"
        "cli.main(['--genome', 'x', '--output-dir', 'y'], command='index-genome')\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, env=environment
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
    assert process.returncode == 128 + number, said
    assert number.name in said[-1]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_signal_in_code_given_as_text_has_its_own_exit_code(tmp_path: Path) -> None:
    """Making a dataclass runs code given as text, a KeyboardInterrupt in which CPython never forgets."""
    code = (
        "from dnabert_enhancer.commands import cli, index_genome\n"
        "text = 'import os, signal; os.kill(os.getpid(), 15); signal.pause()'\n"
        "index_genome.run = lambda args: exec(text)\n"
        "cli.main(['--genome', 'x', '--output-dir', 'y'], command='index-genome')\n"
    )
    # a module, as the note is not looked at after -c
    (tmp_path / "started.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "started"], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (143, 1)
    assert "stopped by SIGTERM" in done.stderr


def test_what_an_import_makes_of_a_signal_is_still_that_signal() -> None:
    """An extension that is being initialised turns KeyboardInterrupt into ImportError."""
    code = (
        "import os, signal\n"
        "from dnabert_enhancer.commands.cli import Guard\n"
        "def work(guard):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    except KeyboardInterrupt:\n"
        "        raise ImportError('initialization failed')\n"
        "raise SystemExit(Guard('predict').run(work))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 143
    (line,) = done.stderr.splitlines()
    assert line.startswith("predict: error: stopped by SIGTERM")


def test_a_signal_that_a_callback_swallows_still_stops_the_run() -> None:
    """As the lock of an import does, now and then."""
    code = (
        "import os, signal, time, weakref\n"
        "from dnabert_enhancer.commands.cli import Guard\n"
        "class Thing: pass\n"
        "def swallow(_):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(1)\n"
        "def work(guard):\n"
        "    thing = Thing()\n"
        "    reference = weakref.ref(thing, swallow)\n"
        "    del thing\n"
        "    time.sleep(600)\n"
        "raise SystemExit(Guard('predict').run(work))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 143
    (line,) = done.stderr.splitlines()
    assert line.startswith("predict: error: stopped by SIGTERM")


def test_a_signal_that_an_importer_swallows_still_stops_the_run() -> None:
    """An extension that is being initialised makes KeyboardInterrupt an ImportError, which may be caught."""
    code = (
        "import os, signal, time\n"
        "from dnabert_enhancer.commands.cli import Guard\n"
        "def work(guard):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGHUP)\n"
        "        time.sleep(600)\n"
        "    except KeyboardInterrupt:\n"
        "        pass\n"
        "    time.sleep(600)\n"
        "raise SystemExit(Guard('predict').run(work))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 129
    (line,) = done.stderr.splitlines()
    assert line.startswith("predict: error: stopped by SIGHUP")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under nohup."""
    code = (
        "import os, signal\n"
        "from dnabert_enhancer.commands.cli import Guard\n"
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


@pytest.mark.slow
def test_closed_streams_are_not_taken_by_output_files(tmp_path: Path) -> None:
    """The first file that a program opens gets the lowest free number, which may be that of the output."""
    (tmp_path / "in.fa").write_text(">a\nACGTACGTAC\n")
    command = f"{sys.executable} -m dnabert_enhancer tokenize --input in.fa --k 3 --output out.tsv"
    for closed in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
        assert _shell(f"{command} {closed}", cwd=tmp_path).returncode == 0
        lines = (tmp_path / "out.tsv").read_text().splitlines()
        assert lines[-1] == "ACG CGT GTA TAC ACG CGT GTA TAC\t0"
    done = _shell(f"{command.replace('in.fa', '-')} <&-", cwd=tmp_path)
    assert done.returncode == 2
    assert "standard input: it is closed" in done.stderr


def test_a_memory_limit_in_which_nothing_runs_is_said_before_anything_is_imported(tmp_path: Path) -> None:
    command = f"{sys.executable} -m dnabert_enhancer tokenize --input in.fa --k 3 --output out.tsv"
    done = _shell(f"ulimit -v 150000; {command}", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == (
        "dnabert-enhancer tokenize: error: not enough memory: this process may use 154 MB and needs 600 MB; "
        "raise the limit of address space (ulimit -v)\n"
    )


def test_ctrl_c_during_the_imports_leaves_no_traceback() -> None:
    code = (
        "import os, signal, sys\n"
        "from dnabert_enhancer.__main__ import start\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'dnabert_enhancer.commands.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "start('predict')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [610, 700, 900])
def test_a_memory_limit_is_a_line(megabytes: int, tmp_path: Path) -> None:
    command = f"{sys.executable} -m dnabert_enhancer predict --genome {DEMO} --regions chr16:1-2000"
    (tmp_path / "r.bed").write_text("chr16\t100\t2000\n")
    command = command.replace("chr16:1-2000", "r.bed")
    done = _shell(f"ulimit -v {megabytes}000; {command} --output-prefix out/x --threads 1", cwd=tmp_path)
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "error: not enough memory" in done.stderr.splitlines()[-1]
        assert not list(tmp_path.glob("out/*"))
