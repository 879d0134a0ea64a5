"""The data dictionary of tables, as a Frictionless Data Package with Table Schemas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dnabert_enhancer.reporting.annotation import Annotation, plain_name
from dnabert_enhancer.reporting.section import ReportSettings
from dnabert_enhancer.reporting.table import NO_VALUE, read_rows

if TYPE_CHECKING:
    from dnabert_enhancer.reporting.bundle import Member

_FORMS = (
    ("integer", re.compile(r"[+-]?\d+", re.ASCII)),
    ("number", re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)),
)


class Column(NamedTuple):
    """A column of a table: its name, its type in a Table Schema, what it holds."""

    name: str
    kind: str
    meaning: str


def columns_of(annotation: Annotation) -> list[Column]:
    """Return the columns of a table, with the narrowest type that all their values have."""
    lines = read_rows(annotation.path)
    _, names = next(lines)
    kinds, known = [0] * len(names), [False] * len(names)
    for _, cells in lines:
        for at, cell in enumerate(cells):
            if cell not in NO_VALUE:
                known[at] = True
                while kinds[at] < len(_FORMS) and not _FORMS[kinds[at]][1].fullmatch(cell):
                    kinds[at] += 1
    return [
        Column(
            name,
            _FORMS[kind][0] if has_values and kind < len(_FORMS) else "string",
            annotation.meanings.get(name, "not described by this version"),
        )
        for name, kind, has_values in zip(names, kinds, known, strict=True)
    ]


def data_package(members: Sequence[Member], settings: ReportSettings) -> dict[str, Any]:
    """Return the descriptor of the files of a bundle, by the Data Package standard (version 1)."""
    return {
        "profile": "data-package",
        "name": plain_name(settings.title, set()).lower().replace("_", "-"),
        "title": settings.title,
        "licenses": [{"name": settings.licence, "path": licence_address(settings.licence)}],
        "contributors": [{"title": author, "role": "author"} for author in settings.authors],
        "resources": [_resource(member) for member in members],
    }


def licence_address(licence: str) -> str:
    """Return where the text of a licence is."""
    return f"https://spdx.org/licenses/{licence}"


def _resource(member: Member) -> dict[str, Any]:
    size, digest = member.facts
    resource: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9]+", "-", member.name.removeprefix("data/").lower()),
        "path": member.name,
        "title": member.title,
        "description": member.told,
        "bytes": size,
        "hash": f"sha256:{digest}",
    }
    if not member.columns:
        return {**resource, "format": member.name.rpartition(".")[2], "mediatype": member.media}
    fields = [
        {"name": column.name, "type": column.kind, "description": column.meaning} for column in member.columns
    ]
    return {
        **resource,
        "profile": "tabular-data-resource",
        "format": "tsv",
        "mediatype": "text/tab-separated-values",
        "compression": "gz",
        "encoding": "utf-8",
        "dialect": {"delimiter": "\t", "quoteChar": "\0", "doubleQuote": False},
        "schema": {"fields": fields, "missingValues": list(NO_VALUE)},
    }
