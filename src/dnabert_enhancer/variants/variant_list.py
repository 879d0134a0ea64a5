"""Lists of variants that are not VCF (BED-like, VEP's, HGVS, SPDI, candidates) as records of a VCF."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_text_lines
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.sequence import decode_bases, reverse_complement_letters
from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.reference import GenomeBases, SequenceSource
from dnabert_enhancer.vcf import (
    Change,
    VariantFormat,
    VcfFaults,
    VcfHeader,
    VcfRecord,
    WrittenVariant,
    blocks_of,
    parse_written,
    raw,
    titles_fault,
)

_LONGEST = 1_000_000


class VariantList:
    """Variants of a list as records of a VCF, in the order of the list.

    CHROM is the genome's own name. An insertion or deletion is written as VCF has it, with the reference base
    before, and left-aligned; ID is the name of the list, or the HGVS or SPDI text.

    Parameters
    ----------
    lines : iterable of (int, str)
        Numbers of the lines, and the lines.
    source : str
        For messages.
    form : VariantFormat
    genome : SequenceSource
    names : ContigNames
        The genome's.

    Attributes
    ----------
    source : str
    header : VcfHeader
    faults : VcfFaults
    """

    def __init__(
        self,
        lines: Iterable[tuple[int, str]],
        source: str,
        form: VariantFormat,
        genome: SequenceSource,
        names: ContigNames,
    ) -> None:
        self.source = source
        self.header = VcfHeader(
            [b"##fileformat=VCFv4.2", f"##dnabert_enhancer_variant_format={form}".encode()]
        )
        self.faults = VcfFaults(source)
        self._lines, self._form = lines, form
        self._names, self._bases = names, GenomeBases(genome)

    @classmethod
    def read(
        cls, path: str | os.PathLike[str], form: VariantFormat, genome: SequenceSource, names: ContigNames
    ) -> VariantList:
        """Return the list of a file: plain, gzip or bgzip, ``-`` for standard input."""
        return cls(read_text_lines(path), describe_source(path), form, genome, names)

    def blocks(self, gap: int = 0) -> Iterator[list[VcfRecord]]:
        """Yield the records in blocks; see `vcf.blocks_of`."""
        return blocks_of(self._records(), gap)

    def _records(self) -> Iterator[VcfRecord]:
        is_first, is_empty = True, True
        contigs: dict[str, None] = {}
        seen: set[WrittenVariant] = set()
        for number, line in self._lines:
            if not line.strip():
                continue
            is_empty = False
            with self._at(number):
                is_title = is_first and self._is_title(line)
                written = None if is_title else parse_written(line, self._form)
                if written is not None and self._form is VariantFormat.CANDIDATES:
                    if written in seen:  # a row of another factor
                        continue
                    seen.add(written)
                record = None if written is None else self._record(written, number)
            is_first = is_first and line.startswith("#")
            if written is not None and record is not None:
                contigs[written.contig] = None
                yield record
        if is_empty:
            raise InputError("the file is empty", source=self.source, remedy="give a line for each variant")
        self._names.warn_of_mixture(contigs, self.source)

    def _is_title(self, line: str) -> bool:
        """Return whether a line before the variants names the columns; refuse a VCF and another order."""
        if line.startswith("##fileformat=VCF"):
            raise InputError("this is a VCF", remedy="leave --vcf-format out (vcf_format in Python)")
        fault = titles_fault(line, self._form)
        if fault:
            raise InputError(fault, remedy="put the columns in the order of the format")
        return fault is not None

    def _record(self, written: WrittenVariant, number: int) -> VcfRecord:
        contig = self._names.resolve(written.contig)
        start = written.start
        genome = self._letters(contig, start, written.end)
        alts = list(written.alts)
        ref = (genome or b"N" * (written.end - start)) if written.ref is None else written.ref
        if contig is not None and genome is None and (written.ref is None or not ref or not all(alts)):
            raise InputError(
                f"the variant lies beyond the {self._bases.contig_length(contig):,} bp of {contig}",
                remedy="give the genome of the assembly that the list is of",
            )
        if written.change is Change.DUPLICATION:
            alts = [ref + ref]
        elif written.change is Change.INVERSION:
            alts = [reverse_complement_letters(ref.decode()).encode()]
        if all(alt == ref for alt in alts):
            alts = []
        agrees = ref == genome
        start, ref, alts = self._anchored(contig, start, ref, alts)
        if contig is not None and agrees and len(alts) == 1:
            start, ref, alts = self._anchored(contig, *self._left_aligned(contig, start, ref, alts))
        own = contig or written.contig
        texts = [raw(own), b"%d" % (start + 1), raw(written.identifier), ref, b",".join(alts) or b"."]
        return VcfRecord([*texts, b".", b".", b"."], b"", own, start + 1, number)

    def _letters(self, contig: str | None, start: int, end: int) -> bytes | None:
        """Return the genome's bases, None where it has none."""
        if end - start > _LONGEST:
            raise InputError(
                f"the variant spans {end - start:,} bases, which no model reads", remedy="leave it out"
            )
        if contig is None or end > self._bases.contig_length(contig):
            return None
        return self._bases.letters(contig, start, end)

    def _left_aligned(
        self, contig: str, start: int, ref: bytes, alts: list[bytes]
    ) -> tuple[int, bytes, list[bytes]]:
        """Return one allele without shared ends and at the first of the places where it can be written."""
        allele = place_allele(self._bases, contig, start + 1, ref, alts[0])
        if not isinstance(allele, Allele):
            return start, ref, alts
        deleted, inserted = len(allele.trimmed_ref), len(allele.trimmed_alt)
        alt = decode_bases(allele.alt[:inserted]).encode()
        return allele.start, self._bases.letters(contig, allele.start, allele.start + deleted), [alt]

    def _anchored(
        self, contig: str | None, start: int, ref: bytes, alts: list[bytes]
    ) -> tuple[int, bytes, list[bytes]]:
        """Return alleles of which none is empty: with the base before, or at a contig's start that behind."""
        if ref and all(alts):
            return start, ref, alts
        if start > 0:
            base = self._letters(contig, start - 1, start) or b"N"
            return start - 1, base + ref, [base + alt for alt in alts]
        end = start + len(ref)
        base = self._letters(contig, end, end + 1) or b"N"
        return start, ref + base, [alt + base for alt in alts]

    @contextlib.contextmanager
    def _at(self, number: int) -> Iterator[None]:
        """Name the line of errors."""
        try:
            yield
        except InputError as error:
            if error.location is not None:
                raise
            raise InputError(
                error.problem, source=self.source, location=f"line {number}", remedy=error.remedy
            ) from None
