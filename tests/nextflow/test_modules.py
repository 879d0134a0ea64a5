"""Every module keeps the contract of a module, and what nf-test says where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = sorted(path.name for path in (REPOSITORY / "modules" / "local").iterdir())
SUBWORKFLOWS = sorted(path.name for path in (REPOSITORY / "subworkflows" / "local").iterdir())
FUNCTIONS = sorted(path.name for path in (REPOSITORY / "functions").iterdir())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_a_tool_call_and_its_contract(name: str) -> None:
    text = (REPOSITORY / "modules" / "local" / name / "main.nf").read_text()
    assert re.findall(r"^process (\w+) \{", text, re.MULTILINE) == [name.upper()]
    for part in (
        'tag "${meta.id}', "label 'process_", 'conda "${moduleDir}/environment.yml"', 'container "${',
        "params.container", "task.ext.args", "topic: versions, emit: versions_dnabert_enhancer\n",
        "    when:\n    task.ext.when == null || task.ext.when\n", "\n    stub:\n",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("name", MODULES)
def test_the_description_of_a_module_is_that_of_its_channels(name: str) -> None:
    folder = REPOSITORY / "modules" / "local" / name
    given, _, made = (folder / "main.nf").read_text().partition("    when:")[0].partition("    output:")
    described = yaml.safe_load((folder / "meta.yml").read_text())
    assert described["name"] == name
    (elements,) = described["input"]
    assert [next(iter(one)) for one in elements] == re.findall(
        r"\b(?:val|path)\((\w+)", given.partition("input:")[2]
    )
    outputs = re.findall(r"emit: (\w+)", made)
    assert list(described["output"]) == outputs
    assert len(outputs) == len(set(outputs)) > 1
    assert described["topics"] == {"versions": described["output"]["versions_dnabert_enhancer"]}
    entries = [one for channel in described["output"].values() for one in channel[0]] + elements
    assert all({"type", "description"} <= set(entry) for one in entries for entry in one.values())


@pytest.mark.parametrize("name", SUBWORKFLOWS)
def test_the_description_of_a_subworkflow_is_that_of_its_channels(name: str) -> None:
    folder = REPOSITORY / "subworkflows" / "local" / name
    text = (folder / "main.nf").read_text()
    described = yaml.safe_load((folder / "meta.yml").read_text())
    assert re.findall(r"^workflow (\w+) \{", text, re.MULTILINE) == [described["name"].upper()]
    assert described["components"] == re.findall(r"modules/local/(\w+)'", text)
    given, _, made = text.partition("    take:")[2].partition("    emit:")
    taken = re.findall(r"^    (ch_\w+) +// (.+)$", given.partition("main:")[0], re.MULTILINE)
    assert [
        (channel, entry["description"]) for one in described["input"] for channel, entry in one.items()
    ] == taken
    assert [next(iter(one)) for one in described["output"]] == re.findall(
        r"^    (\w+) +=", made, re.MULTILINE
    )


SNAPSHOTS = sorted(REPOSITORY.glob("*/local/*/tests/main.nf.test.snap"))


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: path.parents[1].name)
def test_the_snapshot_of_a_stub_has_the_channels_of_today(snapshot: Path) -> None:
    """nf-test is seldom here: a channel that came or went since the snapshot is seen without it."""
    of_module, _, of_workflow = (snapshot.parents[1] / "main.nf").read_text().partition("    emit:\n")
    channels = re.findall(r"^    (\w+) +=", of_workflow, re.M) or re.findall(r" emit: (\w+)", of_module)
    kept = {name for name in channels if not name.startswith("versions_")}
    for content in json.loads(snapshot.read_text()).get("stub", {"content": []})["content"]:
        assert content.keys() == kept


def _first_tuple(line: str) -> list[str]:
    """Return the elements of the first tuple that a line of an nf-test gives; none without a literal."""
    begin = re.search(r"\[(?=\[id: |meta, )", line)
    elements, depth, quote = [""], 0, ""
    for letter in line[begin.start() :] if begin else "":
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        depth += (letter in "[({") - (letter in "])}") if not quote else 0
        if letter == "," and depth == 1 and not quote:
            elements.append("")
        elif not depth:
            return elements
        else:
            elements[-1] += letter
    return []


@pytest.mark.parametrize("name", MODULES)
def test_the_nf_tests_of_modules_give_tuples_of_today(name: str) -> None:
    """nf-test is seldom here: an element that a module's input got since is seen without it."""
    source = (REPOSITORY / "modules" / "local" / name / "tests" / "main.nf.test").read_text()
    module, given = name, 0
    for line in source.splitlines():
        if line.startswith("    test("):
            module = name
        elif named := re.search(r'^            script "modules/local/(\w+)/main.nf"', line):
            module = named[1]
        elif "input[0] = " in line and (elements := _first_tuple(line)):
            text = (REPOSITORY / "modules" / "local" / module / "main.nf").read_text()
            taken = text.partition("    input:")[2].partition("    output:")[0]
            assert len(elements) == len(re.findall(r"\b(?:val|path)\((\w+)", taken)), line
            given += 1
    assert given


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_nf_tests_of_functions_give_all_that_they_take(name: str) -> None:
    source = (REPOSITORY / "functions" / name / "main.nf").read_text()
    head, *tests = (
        (REPOSITORY / "functions" / name / "tests" / "main.nf.test").read_text().split("\n    test(")
    )
    for test in tests:
        function = (
            re.findall(r'^        function "(\w+)"', test, re.M) + re.findall(r'function "(\w+)"', head)
        )[0]
        taken = re.findall(rf"^def {function}\((.*)\)", source, re.M)[0].split(", ")
        assert len(set(re.findall(r"input\[\d\] =", test))) == len(taken), function


@pytest.mark.parametrize(
    "name", ["finetune", "predict", "score_variants", "score_panel", "evaluate", "interpret"]
)
def test_what_runs_a_model_takes_its_device_from_the_task(name: str) -> None:
    text = (REPOSITORY / "modules" / "local" / name / "main.nf").read_text()
    assert "label 'process_gpu'" in text
    assert "--device ${task.accelerator ? 'cuda' : 'cpu'}" in text


def test_every_module_subworkflow_and_set_of_functions_has_its_nf_test() -> None:
    parts = {"modules/local": MODULES, "subworkflows/local": SUBWORKFLOWS, "functions": FUNCTIONS}
    for folder, names in parts.items():
        for name in names:
            assert (REPOSITORY / folder / name / "tests" / "main.nf.test").is_file(), f"{folder}/{name}"
    assert (REPOSITORY / "tests" / "main.nf.test").is_file()


@pytest.mark.nextflow
@pytest.mark.slow
def test_nf_test_passes(tmp_path: Path, environment: dict[str, str]) -> None:
    program = shutil.which("nf-test")
    if program is None:
        pytest.skip("nf-test is absent (CONTRIBUTING.md: nf-test): the drivers here ran the same pipelines")
    options = ["--ci", "--profile", "test"]
    done = subprocess.run(
        [program, "test", *options],
        cwd=REPOSITORY,
        env=environment | {"NFT_WORKDIR": str(tmp_path), "NEXTFLOW_HOME": _nextflow_home(tmp_path)},
        capture_output=True,
        text=True,
    )
    # 0.9.5 ends with exit code 0 whatever has failed
    assert "SUCCESS: Executed" in done.stdout, done.stdout + done.stderr
    assert "FAILED" not in done.stdout, done.stdout


def _nextflow_home(folder: Path) -> str:
    """Return a folder with a program `nextflow`: nf-test looks there, then on the PATH."""
    if shutil.which("nextflow") is None:
        (folder / "home").mkdir()
        (folder / "home" / "nextflow").symlink_to(REPOSITORY / "tools" / "nextflow" / "nextflow")
    return str(folder / "home")
