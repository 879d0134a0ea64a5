#!/usr/bin/env python3
"""The public names for the page docs/api.md, and what is missing in their docstrings.

`make docs` takes the entries from here (`entries`) and stops when `faults` finds any. Run by itself it prints
the faults.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import dnabert_enhancer as de

GROUPS: dict[str, Callable[[Any], bool]] = {
    "Functions": inspect.isfunction,
    "Errors": lambda item: inspect.isclass(item) and issubclass(item, Exception),
    "Settings": lambda item: inspect.isclass(item) and item.__name__.endswith("Settings"),
    "Classes": inspect.isclass,
}
ORDER = ("Functions", "Classes", "Settings", "Errors")


def public_names() -> list[str]:
    """Return the public names, the version aside."""
    return [name for name in de.__all__ if not name.startswith("_")]


def entries() -> str:
    """Return one entry a name, in groups, for mkdocstrings to fill."""
    groups: dict[str, list[str]] = {group: [] for group in ORDER}
    for name in public_names():
        item = getattr(de, name)
        groups[next(group for group, fits in GROUPS.items() if fits(item))].append(name)
    parts = []
    for group, names in groups.items():
        parts.append(f"## {group}\n")
        parts.extend(f"::: dnabert_enhancer.{name}\n" for name in names)
    return "\n".join(parts)


def faults() -> list[str]:
    """Return one line for each public name, method or field that is not documented."""
    return [fault for name in public_names() for fault in _faults(name, getattr(de, name))]


def _faults(name: str, item: Any) -> Iterator[str]:
    if inspect.isclass(item):
        yield from _faults_of_class(name, item)
    else:
        yield from _faults_of_function(name, item)


def _faults_of_class(name: str, item: type) -> Iterator[str]:
    text = _own_docstring(item)
    if not text:
        yield f"{name}: no docstring"
        return
    if dataclasses.is_dataclass(item):
        for field in dataclasses.fields(item):
            if not field.name.startswith("_") and not _names(text, field.name):
                yield f"{name}: the field {field.name} is not documented"
    for member, value in vars(item).items():
        function = getattr(value, "__func__", value)  # of class and static methods
        if member.startswith("_"):
            continue
        if isinstance(value, property):
            if not (value.__doc__ or "").strip():
                yield f"{name}.{member}: no docstring"
        elif inspect.isfunction(function):
            yield from _faults_of_function(f"{name}.{member}", function)


def _faults_of_function(name: str, item: Any) -> Iterator[str]:
    text = inspect.getdoc(item) or ""
    signature = inspect.signature(item)
    if not text:
        yield f"{name}: no docstring"
        return
    for parameter in signature.parameters.values():
        if parameter.name not in ("self", "cls") and not _names(text, parameter.name):
            yield f"{name}: the parameter {parameter.name} is not documented"
    silent = signature.return_annotation in (None, "None", inspect.Signature.empty)
    if not silent and "Returns\n---" not in text and not re.search(r"^(Return|Yield) |; returns ", text):
        yield f"{name}: what it returns is not documented"


def _own_docstring(item: type) -> str:
    text = inspect.cleandoc(item.__doc__ or "")
    generated = dataclasses.is_dataclass(item) and text.startswith(f"{item.__name__}(")
    return "" if generated else text


def _names(text: str, name: str) -> bool:
    """Tell whether a docstring names a parameter: at the start of a line, alone or among others."""
    for line in text.splitlines():
        words = [word.strip().lstrip("*") for word in line.split(" : ")[0].split(",")]
        if name in words:
            return True
    return re.search(rf"\b{name}\b", text) is not None  # a short docstring names it in its sentence


if __name__ == "__main__":
    sys.exit("\n".join(faults()) or None)
