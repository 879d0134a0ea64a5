"""`RecordSource`: what gives the records to score, whatever they are read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from dnabert_enhancer.vcf import VcfFaults, VcfHeader, VcfRecord


class RecordSource(Protocol):
    """Records to score: those of a `VcfReader`, of a part of one, or of a table in memory."""

    source: str
    header: VcfHeader
    faults: VcfFaults

    def blocks(self, gap: int = ...) -> Iterator[list[VcfRecord]]:
        """Yield the records in blocks; see `vcf.blocks_of`."""
