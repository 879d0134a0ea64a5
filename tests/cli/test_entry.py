"""The entry point: help that is light, errors in one line, exit codes (commands/cli)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.cli import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "pandas", "scipy", "sklearn", "matplotlib", "onnxruntime")


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=600, **options
    )  # type: ignore[call-overload, no-any-return]  # options of run


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    code = (
        "import json, sys\n"
        "from dnabert_enhancer.commands.cli import main\n"
        "try:\n"
        f"    main(['--help'], command={command!r})\n"
        "except SystemExit as stop:\n"
        f"    print(json.dumps([stop.code, [name for name in {HEAVY!r} if name in sys.modules]]))\n"
    )
    done = run("-c", code)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
    assert done.stdout.startswith(f"usage: {command} ")
    assert done.stderr == ""


def test_import_of_the_package_is_light() -> None:
    heavy = (*HEAVY, "numpy")
    code = f"import sys, dnabert_enhancer; print([name for name in {heavy!r} if name in sys.modules])"
    assert run("-c", code).stdout == "[]\n"


def test_bin_has_every_command_and_nothing_else() -> None:
    assert sorted(path.name for path in (REPOSITORY / "bin").iterdir()) == sorted(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("script", COMMANDS)
def test_executable_is_the_command_of_its_name(script: str) -> None:
    done = run(str(REPOSITORY / "bin" / script), "--version")
    assert (done.returncode, done.stdout) == (0, f"dnabert-enhancer {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-command"], "invalid choice: 'no-such-command'; choose from make-dataset, "),
        (["predict", "--fasta", "x", "--output-prefix", "y", "--no-such-option"], "--no-such-option"),
        (["predict", "--output-prefix", "x", "--genome", "does not exist.fa"], "does not exist.fa"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = run("-m", "dnabert_enhancer", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m dnabert_enhancer predict --help | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert done.stdout.startswith("usage:")
    assert done.stderr == ""


@pytest.mark.parametrize("program", ["command_reference.py", "model_page.py", "model_choice.py"])
def test_pages_made_by_a_program_are_up_to_date(program: str) -> None:
    done = run(str(REPOSITORY / "tools" / program), "--check")
    assert (done.returncode, done.stderr) == (0, "")
