"""The header of a VCF: kept as it is, read as far as scoring needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from dnabert_enhancer.vcf.record import FIXED_COLUMNS, raw, text

STRUCTURED = re.compile(rb"##(\w+)=<(.*)>\s*$", re.DOTALL)
ENTRY = re.compile(rb'\s*([^=,\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)')


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
                found[text(entries[b"ID"])] = int(length) if length.isdigit() else None
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
            dict(ENTRY.findall(match[2]))
            for line in self.meta
            if line.startswith(prefix) and (match := STRUCTURED.match(line))
        ]
