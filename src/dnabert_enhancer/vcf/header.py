"""The header of a VCF: kept as it is, read as far as scoring needs it, written with further lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from dnabert_enhancer.vcf.record import FIXED_COLUMNS, raw, text
from dnabert_enhancer.vcf.specification import CONTIG_NAME

_STRUCTURED = re.compile(rb"##(\w+)=<(.*)>\s*$", re.DOTALL)
_ENTRY = re.compile(rb'\s*([^=,\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)')


@dataclass
class VcfHeader:
    """A header.

    Parameters
    ----------
    meta : list of bytes
        The lines that begin with ``##``, as they are.
    columns : bytes
        The line with the names of the columns.
    """

    meta: list[bytes] = field(default_factory=list)
    columns: bytes = b"#" + b"\t".join(FIXED_COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Return the header as JSON values."""
        return {"meta": [text(line) for line in self.meta], "columns": text(self.columns)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the header that `to_json` described."""
        return cls([raw(line) for line in content["meta"]], raw(content["columns"]))

    @property
    def samples(self) -> list[str]:
        """Names of the samples."""
        return [text(name) for name in self.columns.split(b"\t")[9:]]

    def contig_lengths(self) -> dict[str, int | None]:
        """Return the declared contigs and their lengths, None where the length is missing or no number."""
        found: dict[str, int | None] = {}
        for entries in self.structured(b"contig"):
            if b"ID" in entries:
                length = entries.get(b"length", b"")
                found[text(entries[b"ID"])] = int(length) if length.isdigit() and len(length) <= 18 else None
        return found

    def assemblies(self) -> list[str]:
        """Return what the header says about the assembly: ``##reference`` and of the contigs."""
        found = [text(line.split(b"=", 1)[1]) for line in self.meta if line.startswith(b"##reference=")]
        found += [
            text(entries[b"assembly"]).strip('"')
            for entries in self.structured(b"contig")
            if b"assembly" in entries
        ]
        return list(dict.fromkeys(found))

    def structured(self, key: bytes) -> list[dict[bytes, bytes]]:
        """Return the entries of all lines ``##key=<...>``."""
        prefix = b"##" + key + b"=<"
        return [
            dict(_ENTRY.findall(match[2]))
            for line in self.meta
            if line.startswith(prefix) and (match := _STRUCTURED.match(line))
        ]


class InfoField(NamedTuple):
    """The definition of an INFO field that is added.

    Attributes
    ----------
    identifier, number, type, description : str
        As in the header line.
    """

    identifier: str
    number: str
    type: str
    description: str

    def line(self) -> bytes:
        """Return the header line."""
        description = self.description.replace("\\", "\\\\").replace('"', '\\"')
        content = f'ID={self.identifier},Number={self.number},Type={self.type},Description="{description}"'
        return f"##INFO=<{content}>".encode()


def header_with_fields(
    header: VcfHeader,
    fields: Iterable[InfoField],
    contigs: Mapping[str, int | None],
    further_lines: Iterable[bytes],
) -> bytes:
    """Return the text of a header with further INFO fields, contigs and lines.

    Parameters
    ----------
    header : VcfHeader
    fields : iterable of InfoField
        A line of the header that declares a field of the same name is left out.
    contigs : mapping of str to int or None
        Contigs of the records and their lengths where known; those that are not declared are added, but for
        names that no header line can hold.
    further_lines : iterable of bytes
        More ``##`` lines.
    """
    added = {field.identifier.encode() for field in fields}
    kept = [line for line in header.meta if not _declares(line, added)]
    declared = header.contig_lengths()
    lines = kept + [
        _contig_line(name, length)
        for name, length in contigs.items()
        if name not in declared and CONTIG_NAME.fullmatch(raw(name))
    ]
    lines += [field.line() for field in fields]
    return b"\n".join([*lines, *further_lines, header.columns]) + b"\n"


def _declares(line: bytes, identifiers: set[bytes]) -> bool:
    if not line.startswith(b"##INFO=<"):
        return False
    match = _STRUCTURED.match(line)
    return match is not None and dict(_ENTRY.findall(match[2])).get(b"ID") in identifiers


def _contig_line(name: str, length: int | None) -> bytes:
    size = "" if length is None else f",length={length}"
    return f"##contig=<ID={name}{size}>".encode("utf-8", errors="surrogateescape")
