"""Every module keeps the contract of a module, and what nf-test says where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = sorted(path.name for path in (REPOSITORY / "modules" / "local").iterdir())
SUBWORKFLOWS = sorted(path.name for path in (REPOSITORY / "subworkflows" / "local").iterdir())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_a_tool_call_and_its_contract(name: str) -> None:
    text = (REPOSITORY / "modules" / "local" / name / "main.nf").read_text()
    assert re.findall(r"^process (\w+) \{", text, re.MULTILINE) == [name.upper()]
    for part in (
        'tag "${meta.id}', "label 'process_", 'conda "${moduleDir}/environment.yml"', 'container "${',
        "params.container", "task.ext.args", "topic: versions", "\n    stub:\n",
    ):  # fmt: skip
        assert part in text, part
    outputs = re.findall(r"emit: (\w+)", text.partition("output:")[2].partition("script:")[0])
    described = yaml.safe_load((REPOSITORY / "modules" / "local" / name / "meta.yml").read_text())
    assert described["name"] == name
    assert [next(iter(entry)) for entry in described["output"]] == outputs
    assert len(outputs) == len(set(outputs)) > 0


@pytest.mark.parametrize(
    "name", ["finetune", "predict", "score_variants", "score_panel", "evaluate", "interpret"]
)
def test_what_runs_a_model_takes_its_device_from_the_task(name: str) -> None:
    text = (REPOSITORY / "modules" / "local" / name / "main.nf").read_text()
    assert "label 'process_gpu'" in text
    assert "--device ${task.accelerator ? 'cuda' : 'cpu'}" in text


def test_every_module_and_subworkflow_has_its_nf_test() -> None:
    for folder, names in (("modules/local", MODULES), ("subworkflows/local", SUBWORKFLOWS)):
        for name in names:
            assert (REPOSITORY / folder / name / "tests" / "main.nf.test").is_file(), f"{folder}/{name}"
    assert (REPOSITORY / "tests" / "main.nf.test").is_file()


@pytest.mark.nextflow
@pytest.mark.slow
def test_nf_test_passes(tmp_path: Path, environment: dict[str, str]) -> None:
    program = shutil.which("nf-test")
    if program is None:
        pytest.skip("nf-test is absent: the drivers beside this file ran the same pipelines instead")
    options = ["--ci", "--profile", "test"]
    done = subprocess.run(
        [program, "test", *options],
        cwd=REPOSITORY,
        env=environment | {"NFT_WORKDIR": str(tmp_path), "NEXTFLOW_HOME": _nextflow_home(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _nextflow_home(folder: Path) -> str:
    """Return a folder with a program `nextflow`: nf-test looks there, then on the PATH."""
    if shutil.which("nextflow") is None:
        (folder / "home").mkdir()
        (folder / "home" / "nextflow").symlink_to(REPOSITORY / "tools" / "nextflow" / "nextflow")
    return str(folder / "home")
