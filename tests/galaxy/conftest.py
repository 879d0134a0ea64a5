"""Reads the Galaxy tools without Galaxy: imports and macros expanded, inputs by their dotted names."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

SUITE = Path(__file__).resolve().parents[2] / "galaxy_tools"
_GROUPS = ("conditional", "section", "repeat", "when")


@dataclass(frozen=True)
class Tool:
    """A tool with its macros expanded.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    root : Element
    """

    name: str
    root: Element

    @property
    def command(self) -> str:
        """The command's Cheetah template."""
        return self.root.findtext("command") or ""

    def inputs(self) -> dict[str, Element]:
        """Return the parameters by their dotted names; those of several cases of a conditional once each."""
        return dict(_named(self.root.find("inputs"), ""))

    def outputs(self) -> dict[str, Element]:
        """Return datasets and collections by name."""
        return {str(element.get("name")): element for element in self.root.iterfind("outputs/*")}

    def tests(self) -> list[Element]:
        """Return the tests."""
        return self.root.findall("tests/test")


@pytest.fixture(scope="session")
def suite() -> Path:
    return SUITE


@pytest.fixture(scope="session")
def read_tool() -> Callable[..., Tool]:
    """Return a function from a tool's name, and maybe another text for its file, to the tool."""

    def read(name: str, text: str | None = None) -> Tool:
        path = SUITE / f"{name}.xml"
        return Tool(name, _expanded(ElementTree.fromstring(text or path.read_text(encoding="utf-8"))))

    return read


@pytest.fixture(scope="session")
def read_changed() -> Callable[[str, str, str], Tool]:
    """Return a function from a tool, a text of it or its macros and another, to the tool with the other."""

    def read(name: str, text: str, other: str) -> Tool:
        own, macros = ((SUITE / f"{file}.xml").read_text(encoding="utf-8") for file in (name, "macros"))
        assert text in own or text in macros
        if text in own:
            return Tool(name, _expanded(ElementTree.fromstring(own.replace(text, other))))
        return Tool(name, _expanded(ElementTree.fromstring(own), macros.replace(text, other)))

    return read


def _named(parent: Element | None, prefix: str) -> Iterator[tuple[str, Element]]:
    for element in () if parent is None else parent:
        name = element.get("name") or (element.get("argument") or "").lstrip("-").replace("-", "_")
        if element.tag == "param":
            yield f"{prefix}{name}", element
        elif element.tag in _GROUPS:
            yield from _named(element, prefix if element.tag == "when" else f"{prefix}{name}.")


def _expanded(root: Element, shared: str | None = None) -> Element:
    """Return the tool as Galaxy reads it: macros put in, tokens replaced; shared: in place of macros.xml."""
    macros: dict[str, Element] = {}
    tokens: dict[str, str] = {}
    own = root.find("macros")
    for block in [] if own is None else [*_imports(own, shared), own]:
        macros |= {str(entry.get("name")): entry for entry in block.iterfind("xml")}
        tokens |= {str(entry.get("name")): entry.text or "" for entry in block.iterfind("token")}
    if own is not None:
        root.remove(own)
    _expand_children(root, macros)
    for name in tokens:
        tokens[name] = _replaced(tokens[name], tokens)
    _replace_tokens(root, tokens)
    return root


def _imports(own: Element, shared: str | None) -> Iterator[Element]:
    for entry in own.iterfind("import"):
        yield ElementTree.fromstring(shared or (SUITE / str(entry.text)).read_text(encoding="utf-8"))


def _expand_children(parent: Element, macros: dict[str, Element]) -> None:
    position = 0
    while position < len(parent):
        child = parent[position]
        if child.tag != "expand":
            _expand_children(child, macros)
            position += 1
            continue
        parent.remove(child)
        for number, element in enumerate(_macro_content(child, macros)):
            parent.insert(position + number, element)


def _macro_content(use: Element, macros: dict[str, Element]) -> list[Element]:
    """Return what one <expand> stands for; macros inside are expanded by the caller, who comes by again."""
    macro = copy.deepcopy(macros[str(use.get("macro"))])
    values = {
        name.removeprefix("token_"): value
        for name, value in macro.attrib.items()
        if name.startswith("token_")
    }
    values |= {name: value for name, value in use.attrib.items() if name != "macro"}
    named = {str(entry.get("name")): list(entry) for entry in use.iterfind("token")}
    content = [entry for entry in use if entry.tag != "token"]
    _fill_yields(macro, content, named)
    _replace_tokens(macro, {f"@{name.upper()}@": value for name, value in values.items()})
    return list(macro)


def _fill_yields(parent: Element, content: list[Element], named: dict[str, list[Element]]) -> None:
    position = 0
    while position < len(parent):
        child = parent[position]
        if child.tag != "yield":
            _fill_yields(child, content, named)
            position += 1
            continue
        parent.remove(child)
        given = named.get(str(child.get("name")), []) if child.get("name") else content
        for element in given:
            parent.insert(position, copy.deepcopy(element))
            position += 1


def _replace_tokens(root: Element, tokens: dict[str, str]) -> None:
    for element in root.iter():
        element.text = None if element.text is None else _replaced(element.text, tokens)
        for name, value in element.attrib.items():
            element.set(name, _replaced(value, tokens))


def _replaced(text: str, tokens: dict[str, str]) -> str:
    for _ in range(5):  # tokens stand in tokens
        text = re.sub(r"@[A-Z_]+@", lambda match: tokens.get(match[0], match[0]), text)
    return text
