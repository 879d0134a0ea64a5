"""Haplotypes: the alleles that one chromosome of a sample has near each other, joined into one allele."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.reference import GenomeBases
from dnabert_enhancer.vcf import VcfHeader, VcfRecord

_MOST_NEIGHBOURS = 200


class _Carried(NamedTuple):
    """An allele on a haplotype, with its place in the block."""

    row: int
    allele: Allele


class PhasedAlleles:
    """Joins the alleles of a haplotype.

    Parameters
    ----------
    header : VcfHeader
    sample : str, optional
        Whose haplotypes; default: the first sample's.
    source : str
        For messages.

    Raises
    ------
    InputError
        There is no such sample.
    """

    def __init__(self, header: VcfHeader, sample: str | None, source: str) -> None:
        names = header.samples
        if not names:
            raise InputError(
                "--phased needs genotypes, but there is no sample", source=source, remedy="leave --phased out"
            )
        if sample is not None and sample not in names:
            raise InputError(
                f"there is no sample {sample!r}", source=source, remedy=f"it has {', '.join(names[:5])}"
            )
        self.sample = sample or names[0]
        self._column = 1 + names.index(self.sample)

    def join(
        self,
        bases: GenomeBases,
        records: Sequence[VcfRecord],
        groups: Sequence[Sequence[Allele | None]],
        length: int,
    ) -> dict[int, Allele]:
        """Return the joined alleles of a block, by the place of the allele they stand for.

        Parameters
        ----------
        bases : GenomeBases
        records : sequence of VcfRecord
        groups : sequence of sequences of (Allele or None)
            The alleles of each record, None where one could not be placed.
        length : int
            Of a window in bp: alleles are joined that together span at most this.

        Notes
        -----
        An allele on both haplotypes is joined on the first. One that the sample does not have, or whose phase
        is not known, stands alone, and so does what overlaps another allele of the haplotype.
        """
        haplotypes: dict[int, list[_Carried]] = {}
        row = 0
        for record, group in zip(records, groups, strict=True):
            carried = _carried_by(_genotype(record, self._column))
            for number, allele in enumerate(group, start=1):
                if allele is not None:
                    for haplotype in carried.get(number, ()):
                        haplotypes.setdefault(haplotype, []).append(_Carried(row, allele))
                row += 1
        joined: dict[int, Allele] = {}
        for haplotype in sorted(haplotypes):
            for number, target in enumerate(haplotypes[haplotype]):
                if target.row not in joined:
                    parts = _neighbours(haplotypes[haplotype], number, length)
                    if len(parts) > 1:
                        joined[target.row] = _joined(bases, parts)
        return joined


def _genotype(record: VcfRecord, column: int) -> str:
    fields = record.rest.split(b"\t", column + 1)
    if len(fields) <= column:
        return ""
    keys = fields[0].split(b":")
    values = fields[column].split(b":")
    if b"GT" not in keys or keys.index(b"GT") >= len(values):
        return ""
    return values[keys.index(b"GT")].decode("latin-1")


def _carried_by(genotype: str) -> dict[int, list[int]]:
    """Return the haplotypes on which each allele is known to be, by the number of the allele."""
    # VCF 4.4 lets a phase stand before the first allele too
    calls = genotype.lstrip("/|").replace("/", "|").split("|")
    if "/" in genotype and len(set(calls)) > 1:
        return {}
    found: dict[int, list[int]] = {}
    for haplotype, call in enumerate(calls):
        if call.isdigit() and int(call) > 0:
            found.setdefault(int(call), []).append(haplotype)
    return found


def _neighbours(carried: Sequence[_Carried], number: int, length: int) -> list[Allele]:
    """Return the target and the alleles beside it that do not overlap and together fit into a window."""
    target = carried[number].allele
    chosen = [target]
    near = carried[max(0, number - _MOST_NEIGHBOURS) : number + _MOST_NEIGHBOURS + 1]
    others = sorted(
        (other.allele for other in near if other.row != carried[number].row),
        key=lambda allele: abs(allele.start + allele.end - target.start - target.end),
    )
    for other in others:
        if other.contig != target.contig or other.start > target.end + length:
            continue
        first = min(part.start for part in [*chosen, other])
        last = max(part.end for part in [*chosen, other])
        apart = all(other.end <= part.start or part.end <= other.start for part in chosen)
        if apart and last - first <= length:
            chosen.append(other)
    return sorted(chosen, key=lambda allele: (allele.start, allele.end))


def _joined(bases: GenomeBases, parts: Sequence[Allele]) -> Allele:
    contig, start, end = parts[0].contig, parts[0].start, max(part.end for part in parts)
    ref = bases.context(contig, start, end).codes.copy()
    pieces, place = [], start
    for part in parts:
        ref[part.start - start : part.end - start] = part.ref
        pieces += [ref[place - start : part.start - start], part.alt]
        place = part.end
    alt = np.concatenate([*pieces, ref[place - start :]])
    return Allele(contig, start, end, alt, ref, decode_bases(ref).encode(), decode_bases(alt).encode())
