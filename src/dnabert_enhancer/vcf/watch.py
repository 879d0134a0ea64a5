"""What is learnt of the records as they pass: contigs, order, duplicates, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import VcfRecord, shared_ends
from dnabert_enhancer.vcf.record_fields import RecordForm
from dnabert_enhancer.vcf.validate import FormNotes

_RECENT_ALLELES = 256
_LONG = 64
_LAST_POSITION = 2**31 - 1


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
    is_indexable : bool
        Whether every contig's records stand together, in the order of their positions, and none lies beyond
        what VCF can number.
    blocks, records : int
    """

    def __init__(self, header: VcfHeader, notes: FormNotes) -> None:
        self._notes = notes
        self._form = RecordForm(header, notes)
        self.contigs: dict[str, None] = {}
        self.is_indexable = True
        self.blocks = 0
        self.records = 0
        self._contig = ""
        self._position = 0
        self._recent: dict[tuple[int, bytes, bytes], None] = {}

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
                self.is_indexable = False
                self._notes.add(
                    "the records of a contig do not stand together; the order is kept, no index is written",
                    record.line,
                )
            self.contigs[record.contig] = None
            self._contig, self._position = record.contig, 0
            self._recent = {}
        elif record.position < self._position:
            self.is_indexable = False
            self._notes.add("the records are not sorted; the order is kept, no index is written", record.line)
        self._position = record.position
        if record.position + len(record.ref) > _LAST_POSITION:
            self.is_indexable = False
            self._notes.add("POS is beyond 2^31 - 1; it is kept, no index is written", record.line)
        for alt in record.alts:
            if alt.startswith(b"<"):
                continue
            position, ref, changed = _without_shared_ends(record.position, record.ref, alt)
            key = (position, _short(ref), _short(changed))
            if key in self._recent:
                self._notes.add("an allele stands there twice; both records are kept and scored", record.line)
            self._recent[key] = None
            if len(self._recent) > _RECENT_ALLELES:
                del self._recent[next(iter(self._recent))]
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


def _without_shared_ends(position: int, ref: bytes, alt: bytes) -> tuple[int, bytes, bytes]:
    """Return an allele without the bases that both share at their ends, one base left to each."""
    first, last = shared_ends(ref, alt)
    first = min(first, len(ref) - 1, len(alt) - 1) if ref and alt else 0
    last = min(last, len(ref) - first - 1, len(alt) - first - 1) if ref and alt else 0
    return position + first, ref[first : len(ref) - last], alt[first : len(alt) - last]


def _short(bases: bytes) -> bytes:
    """Return bases, or the digest of many, since many are kept."""
    return bases if len(bases) <= _LONG else sha256(bases).digest()
