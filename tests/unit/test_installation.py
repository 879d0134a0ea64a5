"""What is installed beside the library (dnabert_enhancer/installation)."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import pytest

from dnabert_enhancer import installation
from dnabert_enhancer.installation import FoundProgram, Program, find_program, package_versions


def test_versions_are_those_of_the_packages_that_are_there() -> None:
    assert package_versions("1.2", ("numpy", "no-such-package")) == {
        "dnabert-enhancer": "1.2",
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
    }


def test_extras_are_read_from_the_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = [
        "numpy>=1.26",
        "torch<3,>=2.6; extra == 'train'",
        'mkdocstrings[python]>=0.29; python_version >= "3.11" and extra == "docs"',
        "peft",
    ]
    monkeypatch.setattr(installation.metadata, "requires", lambda _: requirements)
    assert installation.packages_of_extras() == {
        "": ["numpy", "peft"],
        "train": ["torch"],
        "docs": ["mkdocstrings"],
    }


def test_without_an_install_no_extras_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "DISTRIBUTION", "no-such-package")
    assert installation.packages_of_extras() == {}


def test_a_program_is_found_under_any_of_its_names_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "second"
    path.write_text('#!/bin/sh\n[ "$1" = -version ] && echo \'openjdk version "21.0.3" 2024-04-16\' >&2\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = Program(("first", "second"), "tests", "none", ("-version",))
    assert find_program(program) == FoundProgram("second", str(path), "21.0.3")
    assert find_program(program._replace(asked=())) == FoundProgram("second", str(path), "")
    assert find_program(program._replace(names=("first",))) is None
    path.write_text("#!/no/such/shell\n")
    assert find_program(program) == FoundProgram("second", str(path), "")
