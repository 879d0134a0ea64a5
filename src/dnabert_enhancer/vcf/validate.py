"""Checks VCF headers and records and counts their faults; nothing but what the output needs is mended.

By default the cheap checks are made: names of contigs, order, duplicates, REF and ALT, number of samples.
`FieldChecks` adds those of ID, QUAL, FILTER, INFO and the samples.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import FIXED_COLUMNS, VcfRecord, shared_ends
from dnabert_enhancer.vcf.specification import ALT, IUPAC_CODES, header_line_faults

_log = logging.getLogger(__name__)
_DEFAULT_VERSION = b"##fileformat=VCFv4.2"
_VERSION = re.compile(rb"##fileformat=VCFv4\.[0-5]")
_SHOWN = 60
_RECENT_ALLELES = 256
_LONG = 64
_LAST_POSITION = 2**31 - 1
_CONTIG = re.compile(rb"[0-9A-Za-z!#$%&+./;?@^_|~-][0-9A-Za-z!#$%&+./;=?@^_|~-]*")
# GRCh38's, which later texts of VCF 4.3 allow and earlier ones do not
_HLA = re.compile(rb"HLA-[0-9A-Z]+\*[0-9A-Z:]+")
_BRACKETED = re.compile(rb"<[^<>:]+>")
_BASES = re.compile(rb"[ACGTNacgtn]+")
_BREAKEND_PLACE = re.compile(rb"[\[\]](?:<[^<>]+>|[^\s\[\]]+?):\d+[\[\]]|[\[\]]<[^<>]+>[\[\]]")


class VcfFault(NamedTuple):
    """A kind of fault.

    Attributes
    ----------
    times : int
    line : int
        The first; 0 of what is no line's.
    example : str
        What stood there.
    """

    times: int
    line: int
    example: str


class VcfFaults:
    """Counts faults by their kind.

    Parameters
    ----------
    source : str
        Name of the file.

    Attributes
    ----------
    found : dict of str to VcfFault
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: dict[str, VcfFault] = {}

    def add(self, kind: str, line: int, content: bytes = b"") -> None:
        """Count a fault."""
        known = self.found.get(kind)
        if known is None:
            self.found[kind] = VcfFault(1, line, content[:_SHOWN].decode("utf-8", errors="replace"))
        else:
            self.found[kind] = known._replace(times=known.times + 1)

    def warn(self) -> None:
        """Log one line for each kind."""
        for kind, fault in self.found.items():
            more = f" (and {fault.times - 1} more)" if fault.times > 1 else ""
            example = f": {fault.example!r}" if fault.example else ""
            place = f", line {fault.line}{more}" if fault.line else ""
            _log.warning("%s%s: %s%s", self.source, place, kind, example)


def check_header(header: VcfHeader, faults: VcfFaults, line: int) -> VcfHeader:
    """Return the header as it is used, with its faults counted.

    Parameters
    ----------
    header : VcfHeader
    faults : VcfFaults
    line : int
        Number of the line with the names of the columns.

    Returns
    -------
    VcfHeader
        ``##fileformat`` is written where it is missing or wrong, and the names of the eight fixed columns
        where they are.

    Raises
    ------
    InputError
        A ninth column other than FORMAT; two samples of one name.
    """
    meta = list(header.meta)
    if not meta or not _VERSION.fullmatch(meta[0].strip()):
        faults.add(
            f"the first line is not ##fileformat of VCF 4.1 to 4.5; {_DEFAULT_VERSION.decode()} is written",
            1,
            meta[0] if meta else b"",
        )
        meta = [_DEFAULT_VERSION, *(text for text in meta if not text.startswith(b"##fileformat"))]
    elif meta[0] != meta[0].strip():
        faults.add("the first line has spaces at its ends; they are left out", 1, meta[0])
        meta[0] = meta[0].strip()
    for number, text in enumerate(header.meta[1:], start=2):
        for fault in header_line_faults(text):
            faults.add(f"{fault}; the line is kept", number, text)
    return VcfHeader(meta, _checked_columns(header.columns, faults, line))


class RecordChecks:
    """Checks records as they pass.

    Parameters
    ----------
    header : VcfHeader
    faults : VcfFaults
        Where faults are counted.
    whole : bool
        Check every column, not only the place and the alleles.

    Attributes
    ----------
    contigs : dict of str to int
        Those of the records, in the order of their first use, and how many records each has.
    is_indexable : bool
        Whether every contig's records stand together, in the order of their positions, and none lies beyond
        what VCF can number.
    blocks, records : int
    """

    def __init__(self, header: VcfHeader, faults: VcfFaults, *, whole: bool = False) -> None:
        self._faults = faults
        self._n_samples = len(header.samples) if header.columns.count(b"\t") >= 8 else -1
        self._fields = None
        if whole:
            from dnabert_enhancer.vcf.field_checks import FieldChecks

            self._fields = FieldChecks(header)
        self.contigs: dict[str, int] = {}
        self.is_indexable = True
        self.blocks = 0
        self.records = 0
        self._contig = ""
        self._position = 0
        self._recent: dict[tuple[int, bytes, bytes], None] = {}

    def check(self, blocks: Iterable[list[VcfRecord]]) -> Iterator[list[VcfRecord]]:
        """Yield the blocks, their records checked."""
        for block in blocks:
            self.blocks += 1
            self.records += len(block)
            for record in block:
                self._check_order(record)
                self._count_duplicates(record)
                for fault in self._column_faults(record):
                    self._add(fault, record)
                if self._fields is not None:
                    for fault in self._fields.faults(record):
                        self._add(fault, record)
            yield block

    def _add(self, fault: str, record: VcfRecord) -> None:
        self._faults.add(f"{fault}; kept as it is", record.line, b" ".join(record.columns[:5]))

    def _check_order(self, record: VcfRecord) -> None:
        if record.contig != self._contig:
            if record.contig in self.contigs:
                self.is_indexable = False
                self._faults.add(
                    "the records of a contig are not together; the order is kept, no index is written",
                    record.line,
                )
            else:
                self._check_contig(record)
                self.contigs[record.contig] = 0
            self._contig, self._position = record.contig, 0
            self._recent = {}
        elif record.position < self._position:
            self.is_indexable = False
            self._faults.add(
                "the records are not sorted; the order is kept, no index is written", record.line
            )
        self._position = record.position
        self.contigs[record.contig] += 1
        if record.position + len(record.columns[3]) > _LAST_POSITION:
            self.is_indexable = False
            self._faults.add("POS is beyond 2^31 - 1; it is kept, no index is written", record.line)

    def _check_contig(self, record: VcfRecord) -> None:
        if not any(form.fullmatch(record.columns[0]) for form in (_CONTIG, _BRACKETED, _HLA)):
            self._add("invalid character in CHROM", record)

    def _count_duplicates(self, record: VcfRecord) -> None:
        ref = record.ref
        for alt in record.alts:
            if alt.startswith(b"<"):
                continue
            position, changed_ref, changed_alt = _without_shared_ends(record.position, ref, alt)
            key = (position, _short(changed_ref), _short(changed_alt))
            if key in self._recent:
                self._faults.add("an allele is there twice; both records are kept and scored", record.line)
            self._recent[key] = None
            if len(self._recent) > _RECENT_ALLELES:
                del self._recent[next(iter(self._recent))]

    def _column_faults(self, record: VcfRecord) -> Iterator[str]:
        ref, alt = record.columns[3], record.columns[4]
        if not _BASES.fullmatch(ref):
            yield (
                "REF has IUPAC codes other than A, C, G, T and N"
                if IUPAC_CODES.fullmatch(ref)
                else "REF has characters that are not IUPAC codes"
            )
        entries = alt.split(b",")
        if any(not ALT.fullmatch(entry) for entry in entries) or (len(entries) > 1 and b"." in entries):
            yield "invalid ALT"
        elif (b"[" in alt or b"]" in alt) and not all(map(_is_breakend_or_other, entries)):
            yield "invalid breakend in ALT"
        n_samples = record.rest.count(b"\t") if record.rest else -1
        if n_samples != self._n_samples and not (self._n_samples <= 0 and n_samples < 0):
            yield "the number of samples differs from the header's"


def declared_lengths_differ(
    header: VcfHeader, sizes: Mapping[str, int], names: ContigNames
) -> dict[str, tuple[int, int]]:
    """Return the contigs whose declared length is not the genome's: name to (declared, genome's)."""
    found = {}
    for name, length in header.contig_lengths().items():
        own = names.resolve(name)
        if own is not None and length is not None and length != sizes[own]:
            found[name] = (length, sizes[own])
    return found


def _checked_columns(columns: bytes, faults: VcfFaults, line: int) -> bytes:
    names = columns[1:].split(b"\t")
    fixed = list(FIXED_COLUMNS)
    if names[:8] != fixed:
        faults.add("the names of the columns are not VCF's; VCF's are written", line, columns)
        if b"\t" not in columns:
            names = columns[1:].split()
        names = fixed + names[8:]
    if len(names) == 9:
        faults.add("there is a FORMAT column but no sample; its name is left out", line, columns)
        names = fixed
    if len(names) > 8 and names[8] != b"FORMAT":
        raise InputError(
            f"the ninth column is {names[8].decode('utf-8', errors='replace')!r}",
            source=faults.source,
            location=f"line {line}",
            remedy="in VCF it is FORMAT",
        )
    if len(set(names[9:])) < len(names[9:]):
        twice = next(name for name in names[9:] if names[9:].count(name) > 1)
        raise InputError(
            f"two samples are called {twice.decode('utf-8', errors='replace')!r}",
            source=faults.source,
            location=f"line {line}",
            remedy="give them different names, such as with bcftools reheader",
        )
    return b"#" + b"\t".join(names)


def _without_shared_ends(position: int, ref: bytes, alt: bytes) -> tuple[int, bytes, bytes]:
    """Return an allele without the bases that both share at their ends, one base left to each."""
    if len(ref) == 1 == len(alt) or not ref or not alt:
        return position, ref, alt
    first, last = shared_ends(ref, alt)
    first = min(first, len(ref) - 1, len(alt) - 1)
    last = min(last, len(ref) - first - 1, len(alt) - first - 1)
    return position + first, ref[first : len(ref) - last], alt[first : len(alt) - last]


def _short(bases: bytes) -> bytes:
    """Return bases, or the digest of many, since many are kept."""
    return bases if len(bases) <= _LONG else sha256(bases).digest()


def _is_breakend_or_other(alt: bytes) -> bool:
    return alt.startswith(b"<") or not (b"[" in alt or b"]" in alt) or _BREAKEND_PLACE.search(alt) is not None
