"""Texts that users type into the forms: none can leave its quotes or become an option of the command.

Galaxy 26.1 applies a validator of type regex with `match`: from the first character, but to the end only
where the pattern says so, and `$` stops before a newline. A text without validator is cleaned by Galaxy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .conftest import Tool

SUITE = Path(__file__).resolve().parents[2] / "galaxy_tools"
MANAGER = "data_managers/data_manager_dnabert_enhancer/data_manager/data_manager_dnabert_enhancer"
TOOLS = sorted(path.stem for path in SUITE.glob("*.xml") if path.stem != "macros")
HOSTILE = (
    *("{}\n", "{}\n--seed", "{}\n--output-prefix x", "{}\r\n-x", "{}\t-x", "\n{}", "{}\x00", "{}\x0b{}"),
    *("{}'", "{}' -x '", "'; touch x; '", '{}"', "{}$(touch x)", "{}${{HOME}}", "{}`touch x`"),
    *("{}; touch x", "{} && touch x", "{}\\", "{}>x", "{}\u2028-x"),
    *("-x", "--output-prefix", "--seed=1", " -x", "{} -x", "{},-x", "{}, --seed"),
)
HARMLESS = ("a", "A1", "chr21", "/models/a", "3")
# where a dash inside the text stays inside one word of the command line: within the quotes of one value
ONE_WORD = {" -x", "{} -x", "{},-x", "{}, --seed"}
SPLIT_INTO_WORDS = {
    ("scan_genome", "contigs"),
    *(("interpret", f"subject.importance.through.{name}") for name in ("layers", "heads")),
}
# Galaxy's sanitizer for texts without one of their own (galaxy.util.valid_chars; others become X or __cn__)
KEPT_BY_GALAXY = re.compile(r"[A-Za-z0-9 \-=_.()/+*^,:?!]*")


def text_inputs(tool: Tool) -> Iterator[tuple[str, Element]]:
    """Yield the parameters of a tool into which a user types any text."""
    for name, param in tool.inputs().items():
        if param.get("type") == "text":
            yield name, param


def accepted(param: Element, text: str) -> bool:
    """Tell whether all validators of a parameter with a pattern let a text pass, as Galaxy applies them."""
    patterns = [str(entry.text) for entry in param.iterfind("validator[@type='regex']")]
    return all(re.match(pattern, text) for pattern in patterns)


def is_cleaned(tool: Tool, name: str, param: Element) -> bool:
    """Tell whether a text without a pattern is cleaned by Galaxy, and stands in one word with its option."""
    last = name.rpartition(".")[2]
    option = str(param.get("argument") or f"--{last}")
    alone = (
        param.find("sanitizer") is None or param.find("sanitizer/valid[@initial='string.printable']") is None
    )
    return alone and re.search(rf"{option}='\$\{{?{re.escape(name)}\}}?'", tool.command) is not None


def injections(tool: Tool) -> list[str]:
    """Return texts that pass and could leave their quotes, begin a line, or be taken for an option."""
    problems = []
    for name, param in text_inputs(tool):
        if param.find("validator[@type='regex']") is None:
            if not is_cleaned(tool, name, param):
                problems.append(f"{name} has no pattern")
            continue
        if not any(accepted(param, text) for text in HARMLESS):
            problems.append(f"{name} takes nothing")
        for hostile in HOSTILE:
            if hostile in ONE_WORD and (tool.name, name) not in SPLIT_INTO_WORDS:
                continue
            problems += [
                f"{name} takes {text!r}"
                for text in dict.fromkeys(hostile.format(start, start) for start in HARMLESS)
                if accepted(param, text)
            ]
    return problems


@pytest.mark.parametrize("name", [*TOOLS, MANAGER])
def test_no_text_leaves_its_quotes_or_becomes_an_option(name: str, read_tool: Callable[..., Tool]) -> None:
    assert injections(read_tool(name)) == []


def test_texts_were_found(read_tool: Callable[..., Tool]) -> None:
    assert sum(len(list(text_inputs(read_tool(name)))) for name in [*TOOLS, MANAGER]) >= 20


@pytest.mark.parametrize("text", ["", "chr21", "piece1, piece3", "chr21,chr22 chrX", "HLA-A*01:01 1", " 1 "])
def test_names_of_contigs_are_taken(text: str, read_tool: Callable[..., Tool]) -> None:
    assert accepted(read_tool("scan_genome").inputs()["contigs"], text)


@pytest.mark.parametrize("text", ["", "12", "1 2", "11, 12", "1,2,3 "])
def test_numbers_of_layers_are_taken(text: str, read_tool: Callable[..., Tool]) -> None:
    assert accepted(read_tool("interpret").inputs()["subject.importance.through.layers"], text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1;2", "one", "1000"])
def test_what_is_no_number_of_a_layer_is_refused(text: str, read_tool: Callable[..., Tool]) -> None:
    assert not accepted(read_tool("interpret").inputs()["subject.importance.through.layers"], text)


@pytest.mark.parametrize(
    ("name", "text", "other", "said"),
    [
        ("interpret", "(?:[1-9][0-9]{0,2}", "(?:-?[1-9a-z][0-9]{0,2}", "takes '3 -x'"),
        ("score_variants", 'type="regex"', 'type="length"', "factors.name has no pattern"),
        ("score_variants", r"[A-Za-z0-9_.-]*\Z", "[A-Za-z0-9_.-]*$", r"takes 'a\n'"),
        ("score_variants", "^[A-Za-z0-9][A-Za-z0-9_.-]", "^[A-Za-z0-9_.-]", "takes '--output-prefix'"),
        ("compare_db", r"^(?!-)[A-Za-z0-9 ._:+/(),-]*\Z", "^[A-Za-z0-9]", "takes \"a'\""),
        ("scan_genome", "[A-Za-z0-9][A-Za-z0-9._:|", "[A-Za-z0-9._:|", "takes 'a -x'"),
        ("finetune", "--limits='$card.limits'", "--limits '$card.limits'", "card.limits has no pattern"),
    ],
)  # fmt: skip
def test_what_could_be_injected_is_found(
    name: str, text: str, other: str, said: str, read_changed: Callable[[str, str, str], Tool]
) -> None:
    assert said in " ".join(injections(read_changed(name, text, other)))
