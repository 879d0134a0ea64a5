"""What the source distribution takes, and which Pythons the project says that it was tested on."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import dnabert_enhancer
from dnabert_enhancer.commands.cli import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def test_the_source_distribution_takes_files_of_the_top_folder_only() -> None:
    """A pattern without a slash takes the README of every folder."""
    patterns = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [pattern for pattern in patterns if not pattern.startswith("/")] == []
    assert [pattern for pattern in patterns if not (REPOSITORY / pattern[1:]).exists()] == []


def test_the_python_that_is_tested_is_the_one_that_is_named() -> None:
    prefix = "Programming Language :: Python :: 3."
    named = [line for line in PROJECT["project"]["classifiers"] if line.startswith(prefix)]
    versions = [line.rpartition(" ")[2] for line in named]
    assert PROJECT["project"]["requires-python"] == f">={versions[0]}"
    assert all(f"Python {version}" in (REPOSITORY / "README.md").read_text() for version in versions)


@pytest.mark.parametrize("name", ["core.txt", "all.txt", "docs.txt"])
def test_every_pin_has_hashes(name: str) -> None:
    pins = re.split(r"\n(?! )", (REPOSITORY / "requirements" / name).read_text().strip())
    assert len(pins) > 30
    assert [
        pin for pin in pins if not re.match(r"[\w.-]+==\S+ [^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", pin)
    ] == []


def test_the_recipe_of_conda_is_that_of_the_project() -> None:
    recipe = yaml.safe_load((REPOSITORY / "packaging" / "bioconda" / "meta.yaml").read_text())
    project = PROJECT["project"]
    assert recipe["package"] == {"name": project["name"], "version": dnabert_enhancer.__version__}
    named = {"matplotlib": "matplotlib-base"}
    needed = [re.fullmatch(r"([\w.-]+)(>=[\d.]+)", text) for text in project["dependencies"]]
    expected = {
        f"{named.get(found[1], found[1]).lower()} {found[2]}" for found in needed if found is not None
    }
    assert len(expected) == len(needed)
    assert set(recipe["requirements"]["run"]) == expected | {f"python {project['requires-python']}"}
    assert set(recipe["requirements"]["host"]) == {"pip", "python >=3.11", "hatchling >=1.25"}
    assert PROJECT["build-system"]["requires"] == ["hatchling>=1.25"]
    (entry,) = project["scripts"].items()
    assert recipe["build"]["entry_points"] == [" = ".join(entry)]
    assert recipe["about"]["summary"] == project["description"]
    assert recipe["about"]["license"] == project["license"]


def test_the_entry_of_bio_tools_is_that_of_the_project() -> None:
    path = REPOSITORY / "packaging" / "biotools" / "dnabert-enhancer-suite.biotools.json"
    entry = json.loads(path.read_text())
    assert entry["version"] == [dnabert_enhancer.__version__]
    assert entry["license"] == PROJECT["project"]["license"]
    assert {function["cmd"] for function in entry["function"]} <= set(COMMANDS)


def test_images_are_built_tagged_and_pushed_for_a_registry() -> None:
    program = REPOSITORY / "containers" / "publish"
    done = subprocess.run(
        [program, "--dry-run", "registry.example/lab"], capture_output=True, text=True, check=True
    )
    version = dnabert_enhancer.__version__
    tags = [f"registry.example/lab/dnabert-enhancer:{tag}" for tag in (version, f"{version}-torch")]
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["build", "push", "build", "push"]
    assert [line.split()[2] for line in lines[1::2]] == tags
    assert all(f"-t {tag}" in line for tag, line in zip(tags, lines[::2], strict=True))
    wrong = subprocess.run([program, "a b"], capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
