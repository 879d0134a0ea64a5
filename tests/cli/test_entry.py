"""The entry point: help that is light, errors in one line, exit codes (commands/cli)."""

from __future__ import annotations

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


def run_and_list_imports(script: str, argument: str) -> tuple[str, set[str]]:
    """Return what a program of bin/ printed, and the packages that it imported."""
    done = run("-X", "importtime", str(REPOSITORY / "bin" / script), argument)
    lines = done.stderr.splitlines()
    assert done.returncode == 0
    assert [line for line in lines if not line.startswith("import time:")] == []
    return done.stdout, {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize("script", COMMANDS)
def test_help_of_an_executable_is_that_of_its_command_and_imports_nothing_heavy(script: str) -> None:
    said, imported = run_and_list_imports(script, "--help")
    assert said.startswith(f"usage: {script} ")
    assert "dnabert_enhancer" in imported
    assert imported & set(HEAVY) == set()


def test_the_version_is_said_without_the_imports_of_the_command() -> None:
    said, imported = run_and_list_imports("predict", "--version")
    assert said == f"dnabert-enhancer {__version__}\n"
    assert imported & {*HEAVY, "numpy"} == set()


def test_import_of_the_package_is_light() -> None:
    heavy = (*HEAVY, "numpy")
    code = f"import sys, dnabert_enhancer; print([name for name in {heavy!r} if name in sys.modules])"
    assert run("-c", code).stdout == "[]\n"


def test_bin_has_every_command_and_nothing_else() -> None:
    assert sorted(path.name for path in (REPOSITORY / "bin").iterdir()) == sorted(COMMANDS)


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


@pytest.mark.parametrize(
    "program",
    [
        "command_reference.py",
        "galaxy_outputs.py",
        "model_page.py",
        "model_choice.py",
        "samplesheet_schema.py",
    ],
)
def test_pages_made_by_a_program_are_up_to_date(program: str) -> None:
    done = run(str(REPOSITORY / "tools" / program), "--check")
    assert (done.returncode, done.stderr) == (0, "")
