"""What is learnt of the records as they pass: contigs, order, duplicates, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.variants.vcf_form import FormNotes, RecordForm
from dnabert_enhancer.variants.vcf_header import VcfHeader
from dnabert_enhancer.variants.vcf_record import VcfRecord


class RecordWatch:
    """Passes blocks on and looks at their records.

    Parameters
    ----------
    header : VcfHeader
    notes : FormNotes
        Where faults of form are noted.

    Attributes
    ----------
    contigs : dict of str to None
        Those of the records, in the order of their first use.
    is_sorted : bool
        Whether every contig's records stand together, in the order of their positions.
    blocks, records : int
    """

    def __init__(self, header: VcfHeader, notes: FormNotes) -> None:
        self._notes = notes
        self._form = RecordForm(header, notes)
        self.contigs: dict[str, None] = {}
        self.is_sorted = True
        self.blocks = 0
        self.records = 0
        self._contig = ""
        self._position = 0
        self._at_position: set[tuple[bytes, bytes]] = set()

    def pass_on(self, blocks: Iterable[list[VcfRecord]]) -> Iterator[list[VcfRecord]]:
        """Yield the blocks."""
        for block in blocks:
            self.blocks += 1
            self.records += len(block)
            for record in block:
                self._look_at(record)
            yield block

    def _look_at(self, record: VcfRecord) -> None:
        if record.contig != self._contig:
            if record.contig in self.contigs:
                self.is_sorted = False
                self._notes.add(
                    "the records of a contig do not stand together; the order is kept, no index is written",
                    record.line,
                )
            self.contigs[record.contig] = None
            self._contig, self._position = record.contig, 0
            self._at_position = set()
        elif record.position < self._position:
            self.is_sorted = False
            self._notes.add("the records are not sorted; the order is kept, no index is written", record.line)
        if record.position != self._position:
            self._position = record.position
            self._at_position = set()
        key = (record.columns[3], record.columns[4])
        if key in self._at_position:
            self._notes.add("a record stands there twice; both are kept and scored", record.line)
        self._at_position.add(key)
        self._form.check(record)


def declared_lengths_differ(
    header: VcfHeader, sizes: Mapping[str, int], names: ContigNames
) -> dict[str, Any]:
    """Return the contigs whose declared length is not the genome's: name to (declared, genome's)."""
    found = {}
    for name, length in header.contig_lengths().items():
        own = names.resolve(name)
        if own is not None and length is not None and length != sizes[own]:
            found[name] = (length, sizes[own])
    return found
