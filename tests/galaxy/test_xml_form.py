"""What planemo's lint does not see: unquoted values, missing labels, lost test files, untested outputs."""

from __future__ import annotations

import gzip
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.predict import COLUMNS as SEQUENCE_COLUMNS
from dnabert_enhancer.commands.predict import WINDOW_COLUMNS
from dnabert_enhancer.comparison import CONTROL_COLUMNS, SWEEP_COLUMNS, summary_columns
from dnabert_enhancer.interpret import (
    DELETION_COLUMNS,
    ENRICHMENT_COLUMNS,
    MATCH_COLUMNS,
    REGION_COLUMNS,
    SUBSTITUTION_COLUMNS,
    VARIANT_COLUMNS,
)
from dnabert_enhancer.model import open_model
from dnabert_enhancer.reporting.build import SECTIONS
from dnabert_enhancer.variants import CANDIDATE_COLUMNS, COLUMNS
from dnabert_enhancer.variants.panel import COLUMNS as PANEL_COLUMNS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .conftest import Tool

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = sorted(path.stem for path in (REPOSITORY / "galaxy_tools").glob("*.xml") if path.stem != "macros")
LARGEST_TEST_DATA = 1_000_000
SERVER_FILES = {"all_fasta.loc", "dnabert_enhancer_outputs.loc", "huggingface.loc", "locus.fa.fai", "models"}
"""What the server reads, beside the inputs that tests name."""
COLUMN_NAMES = {
    ("predict_sequences", "predictions"): SEQUENCE_COLUMNS,
    ("predict_sequences", "windows"): WINDOW_COLUMNS,
    ("score_variants", "table"): COLUMNS,
    ("score_variants", "candidates"): CANDIDATE_COLUMNS,
    ("score_variants", "panel_table"): PANEL_COLUMNS,
    ("interpret", "regions_table"): REGION_COLUMNS,
    ("interpret", "variants_table"): VARIANT_COLUMNS,
    ("interpret", "substitutions"): SUBSTITUTION_COLUMNS,
    ("interpret", "deletions"): DELETION_COLUMNS,
    ("interpret", "motif_enrichment"): ENRICHMENT_COLUMNS,
    ("interpret", "motif_matches"): MATCH_COLUMNS,
    ("compare_db", "summary"): tuple(summary_columns()),
    ("compare_db", "controls"): CONTROL_COLUMNS,
    ("compare_db", "sweep"): tuple(SWEEP_COLUMNS),
}
CONDA_NAMES = {"pytorch": "torch"}


def quoting_problems(tool: Tool) -> list[str]:
    """Return values that reach the shell outside of single quotes, but for numbers and booleans."""
    bare = {
        name.rpartition(".")[2]
        for name, param in tool.inputs().items()
        if param.get("type") in ("integer", "float", "boolean")
    }
    texts = {
        name.rpartition(".")[2]
        for name, param in tool.inputs().items()
        if param.get("type") not in ("integer", "float", "boolean")
    }
    problems = []
    for line in tool.command.splitlines():
        if line.strip().startswith("#"):
            continue
        for match in re.finditer(r"(?<!\\)\$\{?([A-Za-z_][\w.]*)", line):
            quoted = line[: match.start()].count("'") % 2 == 1
            last = match[1].rpartition(".")[2]
            # a name that is a number in one place and a text in another is a text
            if not quoted and (last not in bare or (last in texts and "." not in match[1])):
                problems.append(f"${match[1]} is not in single quotes: {line.strip()}")
    return problems


def label_problems(tool: Tool) -> list[str]:
    """Return parts of the form and of the history that have no name for people."""
    problems = []
    for element in tool.root.iterfind("inputs//*"):
        name = element.get("name") or element.get("argument")
        if element.tag == "param" and not (element.get("label") or "").strip():
            problems.append(f"{name} has no label")
        if element.tag in ("section", "repeat") and not (element.get("title") or "").strip():
            problems.append(f"{name} has no title")
        if element.tag == "option" and not (element.text or "").strip():
            problems.append(f"the choice {element.get('value')} says nothing")
        if element.tag == "conditional":
            select = element.find("param")
            if select is None or select.get("type") != "select":
                problems.append(f"{name} does not ask by a select")
            elif {str(option.get("value")) for option in select} != {
                str(case.get("value")) for case in element.iterfind("when")
            }:
                problems.append(f"{name} has not a case for each choice")
    problems += [
        f"{name} is called {element.get('label')!r} in the history"
        for name, element in tool.outputs().items()
        if not re.match(r"\$\{tool\.name\} on \$\{on_string( or [^}]+)?\}: .", element.get("label") or "")
    ]
    return problems


def uploaded_files(tool: Tool) -> Iterator[str]:
    """Yield the names of the files that the tests of a tool upload."""
    inputs = tool.inputs()
    kinds = {name.rpartition(".")[2]: param.get("type") for name, param in inputs.items()}
    for test in tool.tests():
        for element in test.iter():
            if element.get("ftype") and element.tag in ("param", "element") and element.get("value"):
                yield from str(element.get("value")).split(",")
            elif element.tag == "param" and kinds.get(str(element.get("name"))) == "data":
                yield f"{element.get('name')}: no ftype"


def made_outputs(tool: Tool, test: Element) -> set[str]:
    """Return the outputs that a test's choices make, by the filters."""
    choices = tool.inputs().get("outputs")
    values = {
        str(option.get("value"))
        for option in (() if choices is None else choices.iterfind("option"))
        if option.get("selected") == "true"
    }
    for param in test.iterfind("param[@name='outputs']"):
        values = set((param.get("value") or "").split(",")) - {""}
    given = {"outputs": values, **chosen_values(tool.root.find("inputs"), test)}
    return {
        name
        for name, element in tool.outputs().items()
        if eval(element.findtext("filter") or "True", given.copy())
    }


def chosen_values(form: Element | None, test: Element | None) -> dict[str, object]:
    """Return what a test chooses, numbers and files too; of conditionals and sections in a dict each."""
    chosen: dict[str, object] = {}
    for param in () if form is None else form.iterfind("param"):
        name = param.get("name") or str(param.get("argument")).lstrip("-").replace("-", "_")
        said = None if test is None else test.find(f"param[@name='{name}']")
        options = [str(option.get("value")) for option in param.iterfind("option")]
        marked = [str(option.get("value")) for option in param.iterfind("option[@selected='true']")]
        if param.get("type") == "boolean":
            chosen[name] = (param.get("checked") if said is None else said.get("value")) == "true"
        elif param.get("type") in ("integer", "text", "data"):
            chosen[name] = param.get("value", "") if said is None else said.get("value")
        elif param.get("type") == "select" and param.get("multiple") == "true" and name != "outputs":
            chosen[name] = set(marked) if said is None else set(str(said.get("value")).split(","))
        elif param.get("type") == "select" and param.get("multiple") != "true":
            chosen[name] = (*marked, *options, None)[0] if said is None else said.get("value")
    for part in () if form is None else form.iterfind("section"):
        inner = None if test is None else test.find(f"section[@name='{part.get('name')}']")
        chosen[str(part.get("name"))] = chosen_values(part, inner)
    for part in () if form is None else form.iterfind("conditional"):
        name = str(part.get("name"))
        inner = None if test is None else test.find(f"conditional[@name='{name}']")
        own = chosen_values(part, inner)
        for case in part.iterfind("when"):
            if case.get("value") in own.values():
                own |= chosen_values(case, inner)
        chosen[name] = own
    return chosen


def output_problems(tool: Tool) -> list[str]:
    """Return outputs that no test looks at, or whose filter no test turns on and off."""
    good = [test for test in tool.tests() if test.get("expect_failure") != "true"]
    made = [made_outputs(tool, test) for test in good]
    looked_at = {
        str(element.get("name"))
        for test in good
        for element in test
        if element.tag in ("output", "output_collection")
    }
    problems = [f"no test looks at {name}" for name in tool.outputs() if name not in looked_at]
    for name, element in tool.outputs().items():
        if element.find("filter") is not None and not (
            any(name in names for names in made) and any(name not in names for names in made)
        ):
            problems.append(f"no test turns {name} on, or none turns it off")
    problems += [
        f"test {number} expects {test.get('expect_num_outputs')} outputs, its choices make {len(names)}"
        for number, (test, names) in enumerate(zip(good, made, strict=True), start=1)
        if test.get("expect_num_outputs") != str(len(names))
    ]
    if not any(test.get("expect_failure") == "true" for test in tool.tests()):
        problems.append("no test of a failure")
    return problems


@pytest.mark.parametrize("name", TOOLS)
def test_values_reach_the_shell_in_quotes(name: str, read_tool: Callable[..., Tool]) -> None:
    assert quoting_problems(read_tool(name)) == []


@pytest.mark.parametrize("name", TOOLS)
def test_everything_has_a_name_for_people(name: str, read_tool: Callable[..., Tool]) -> None:
    assert label_problems(read_tool(name)) == []


@pytest.mark.parametrize("name", TOOLS)
def test_every_output_and_filter_is_tested(name: str, read_tool: Callable[..., Tool]) -> None:
    assert output_problems(read_tool(name)) == []


def test_the_test_data_are_there_and_all_are_used(suite: Path, read_tool: Callable[..., Tool]) -> None:
    folder = suite / "test-data"
    wanted = {file for name in TOOLS for file in uploaded_files(read_tool(name))}
    assert wanted <= {path.name for path in folder.iterdir()}
    assert {path.name for path in folder.iterdir()} - SERVER_FILES - wanted == set()
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < LARGEST_TEST_DATA


def test_the_test_data_are_what_their_script_makes(suite: Path, tmp_path: Path) -> None:
    runpy.run_path(str(Path(__file__).with_name("make_test_data.py")))["main"](tmp_path)
    committed = suite / "test-data"
    made = [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert made == [path.relative_to(committed) for path in sorted(committed.rglob("*")) if path.is_file()]
    for path in made:
        if path.suffix != ".bcf":  # bytes of another library
            assert content(tmp_path / path) == content(committed / path), path


def content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_the_page_takes_runs_of_every_command_that_it_can_show(read_tool: Callable[..., Tool]) -> None:
    kinds = read_tool("report").inputs()["runs.run.kind"].iterfind("option")
    commands = {re.split(r"[ ,]", str(option.text))[0] for option in kinds}
    assert commands == {"scan" if name == "predict" else name for name in SECTIONS} | {"predict"}


@pytest.mark.parametrize("table", ["huggingface.loc", "all_fasta.loc"])
def test_the_rows_for_the_server_lead_to_files(
    table: str, suite: Path, read_tool: Callable[..., Tool]
) -> None:
    lines = (suite / "test-data" / table).read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    for row in rows:
        assert Path(row[-1].replace("${__HERE__}", str(suite / "test-data"))).exists()
    named = {
        str(param.get("value"))
        for name in TOOLS
        for test in read_tool(name).tests()
        for param in test.iter("param")
        if param.get("name") == ("installed" if table == "huggingface.loc" else "index")
    }
    assert named
    assert named <= {row[0] for row in rows}


@pytest.mark.parametrize(("name", "output"), COLUMN_NAMES)
def test_column_names_are_those_of_the_command(
    name: str, output: str, read_tool: Callable[..., Tool]
) -> None:
    action = read_tool(name).outputs()[output].find("actions/action[@name='column_names']")
    assert action is not None
    assert tuple(str(action.get("default")).split(",")) == tuple(COLUMN_NAMES[name, output])


@pytest.mark.parametrize("name", TOOLS)
def test_the_lists_of_outputs_are_those_of_the_packaged_model(
    name: str, read_tool: Callable[..., Tool]
) -> None:
    card = open_model().card
    first = card.labels[-1]
    of_task = {
        task: {output for output, told in card.further_outputs.items() if told.task == task}
        for task in ("binary", "regression")
    }
    lists = read_tool(name).root.findall(
        "inputs//conditional[@name='model']/when[@value='packaged']/param[@name='output']"
    )
    for param in lists:
        offered = [str(option.get("value")) for option in param.iterfind("option")]
        wanted = of_task["binary"] | ({first} if first in offered else set())
        if name != "score_variants":
            wanted |= {first, *of_task["regression"]}
        assert set(offered) == wanted
        assert len(set(offered)) == len(offered)
        selected = [option.get("value") for option in param.iterfind("option[@selected='true']")]
        assert selected == [first] * (first in offered)
        assert set(re.findall(r"\b[a-z]+_\w+", param.get("help") or "")) <= set(offered)
    # the model, further models of an ensemble, factors, for which the first output is not offered
    beside_probabilities = [len(param) - len(of_task["binary"]) for param in lists]
    if name == "score_variants":
        assert beside_probabilities == [1, 1, 0]
    else:
        takes_a_model = name in ("predict_sequences", "scan_genome", "interpret", "evaluate")
        assert beside_probabilities == [1 + len(of_task["regression"])] * takes_a_model


@pytest.mark.parametrize("name", TOOLS)
def test_versions_are_those_of_the_project(name: str, read_tool: Callable[..., Tool]) -> None:
    tool = read_tool(name)
    assert re.fullmatch(rf"{re.escape(__version__)}\+galaxy\d+", str(tool.root.get("version")))
    locked = dict(
        line.partition(" ")[0].strip().split("==")
        for line in (REPOSITORY / "requirements" / "all.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    )
    for requirement in tool.root.iterfind("requirements/requirement"):
        package = str(requirement.text)
        expected = __version__ if package == "dnabert-enhancer" else locked[CONDA_NAMES.get(package, package)]
        assert (package, requirement.get("version")) == (package, expected)


@pytest.mark.parametrize(
    ("check", "name", "text", "other", "said"),
    [
        (quoting_problems, "scan_genome", "'$contig'", "$contig", "$contig is not in single quotes"),
        (quoting_problems, "scan_genome", "> '$calls'", "> $calls", "$calls is not in single quotes"),
        (quoting_problems, "score_variants", "--vcf variants.vcf", "--vcf $vcf", "$vcf is not in"),
        (label_problems, "tokenize", 'label="Length of the k-mers"', "", "--k has no label"),
        (label_problems, "finetune", 'title="Augmentation"', "", "augmentation has no title"),
        (label_problems, "finetune", '<when value="full"/>', "", "adapters has not a case for each choice"),
        (output_problems, "predict_sequences", 'put name="windows" ft', 'put name="other" ft', "at windows"),
        (
            output_problems,
            "evaluate",
            'value="png,svg,json,record,differences"',
            'value="png,svg,record,differences"',
            "json on",
        ),
        (output_problems, "tokenize", 'expect_failure="true"', "", "no test of a failure"),
    ],
)  # fmt: skip
def test_the_checks_find_what_they_are_for(
    check: Callable[[Tool], list[str]],
    name: str,
    text: str,
    other: str,
    said: str,
    read_tool: Callable[..., Tool],
    read_changed: Callable[[str, str, str], Tool],
) -> None:
    assert check(read_tool(name)) == []
    assert said in " ".join(check(read_changed(name, text, other)))
