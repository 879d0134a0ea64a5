"""nextflow_schema.json describes the parameters of nextflow.config: the same names, defaults and kinds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.nextflow, pytest.mark.slow]

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((REPOSITORY / "nextflow_schema.json").read_text())


@pytest.fixture(scope="module")
def described(schema: dict) -> dict[str, dict]:
    groups = [schema["$defs"][entry["$ref"].removeprefix("#/$defs/")] for entry in schema["allOf"]]
    assert len(groups) == len(schema["$defs"])
    return {name: rule for group in groups for name, rule in group["properties"].items()}


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, nextflow: Callable) -> dict[str, str]:
    """Return the parameters and defaults that Nextflow reads, as text."""
    done = nextflow(tmp_path_factory.mktemp("config"), "config", "-flat", str(REPOSITORY))
    assert done.returncode == 0, done.said
    lines = [line.partition(" = ") for line in done.said.splitlines() if line.startswith("params.")]
    return {name.removeprefix("params."): value.strip("'") for name, _, value in lines}


def test_both_have_the_same_parameters(described: dict, configured: dict) -> None:
    assert list(described) == list(dict.fromkeys(described))
    assert set(described) == set(configured)


def test_defaults_are_the_same_and_of_their_kind(described: dict, configured: dict) -> None:
    for name, rule in described.items():
        default = rule.get("default")
        if name == "trace_report_suffix":  # the time of the run
            continue
        assert configured[name] == ("null" if default is None else json.dumps(default).strip('"')), name
        if default is not None:
            assert isinstance(default, KINDS[rule["type"]]), name
            assert default in rule.get("enum", [default]), name
            assert re.search(rule.get("pattern", ""), str(default)), name


def test_every_parameter_is_described(described: dict) -> None:
    assert [name for name, rule in described.items() if not rule.get("description")] == []


def test_the_page_of_parameters_is_that_of_the_schema(schema: dict) -> None:
    page = (REPOSITORY / "docs" / "pipeline-quickstart.md").read_text()
    for group in schema["$defs"].values():
        for name, rule in group["properties"].items():
            if not rule.get("hidden"):
                assert f"| `--{name}` | {rule['description']}" in page, name


def test_options_without_a_parameter_are_those_of_the_commands() -> None:
    program = REPOSITORY / "tools" / "pipeline_parameters.py"
    done = subprocess.run([sys.executable, program, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
