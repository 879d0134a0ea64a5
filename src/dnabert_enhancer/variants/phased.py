"""Haplotypes: the alleles that one chromosome of a sample has near each other, joined into one allele."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.reference import GenomeBases
from dnabert_enhancer.vcf import VcfHeader, VcfRecord

_MOST_NEIGHBOURS = 200


class _Call(NamedTuple):
    """A genotype: the haplotypes on which each allele is known to be, by the number of the allele.

    The phase set is None where the genotype is homozygous, and so phased to all others.
    """

    haplotypes: dict[int, list[int]]
    phase_set: str | None


class _Carried(NamedTuple):
    """An allele that the sample has, with its row in the block."""

    row: int
    allele: Allele
    haplotypes: list[int]
    phase_set: str | None


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
        Genotypes are phased to one another only within a phase set (FORMAT PS, or the equal list PSL of VCF
        4.4); those without are one set of their contig, and a homozygous genotype belongs to every set. A
        homozygous allele is joined in the set that has an allele nearest to it, and an allele on both
        haplotypes on the first that has a neighbour. One that the sample does not have, or whose phase is not
        known, stands alone, and so does what overlaps another allele of the haplotype.
        """
        carried: dict[str, list[_Carried]] = {}
        row = 0
        for record, group in zip(records, groups, strict=True):
            call = _call(record, self._column)
            for number, allele in enumerate(group, start=1):
                if allele is not None and number in call.haplotypes:
                    found = _Carried(row, allele, call.haplotypes[number], call.phase_set)
                    carried.setdefault(allele.contig, []).append(found)
                row += 1
        joined: dict[int, Allele] = {}
        for alleles in carried.values():
            for target, haplotype in _haplotypes(alleles, length):
                if target.row not in joined:
                    place = bisect_left(haplotype, target.row, key=attrgetter("row"))
                    parts = _neighbours(haplotype, place, length)
                    if len(parts) > 1:
                        joined[target.row] = _joined(bases, parts)
        return joined


def _call(record: VcfRecord, column: int) -> _Call:
    fields = record.rest.split(b"\t", column + 1)
    if len(fields) <= column:
        return _Call({}, None)
    values = dict(zip(fields[0].split(b":"), fields[column].split(b":"), strict=False))
    genotype = values.get(b"GT", b"").decode("latin-1")
    # VCF 4.4 lets a phase stand before the first allele too
    calls = genotype.lstrip("/|").replace("/", "|").split("|")
    is_homozygous = len(set(calls)) == 1
    if "/" in genotype and not is_homozygous:
        return _Call({}, None)
    found: dict[int, list[int]] = {}
    for haplotype, call in enumerate(calls):
        if call.isdigit() and len(call) <= 18 and int(call) > 0:
            found.setdefault(int(call), []).append(haplotype)
    phase_set = values.get(b"PS", values.get(b"PSL", b"."))
    return _Call(found, None if is_homozygous else phase_set.decode("latin-1"))


def _haplotypes(alleles: Sequence[_Carried], length: int) -> Iterator[tuple[_Carried, list[_Carried]]]:
    """Yield each allele of a contig with the haplotypes that it may be joined on, the preferred first."""
    sets: dict[str, list[_Carried]] = {}
    for one in alleles:
        if one.phase_set is not None:
            sets.setdefault(one.phase_set, []).append(one)
    near = {one.row: _sets_near(one, sets, 2 * length) for one in alleles if one.phase_set is None}
    haplotypes: dict[tuple[str | None, int], list[_Carried]] = {}
    for one in alleles:
        # the homozygous alleles stand together under None, for those that have no set near
        for name in (*near[one.row], None) if one.phase_set is None else (one.phase_set,):
            for haplotype in one.haplotypes:
                haplotypes.setdefault((name, haplotype), []).append(one)
    for one in alleles:
        names: list[str | None] = [one.phase_set]
        if one.phase_set is None:
            names = [name for name, distance in near[one.row].items() if distance <= length] or [None]
        for name in names:
            for haplotype in one.haplotypes:
                yield one, haplotypes[name, haplotype]


def _sets_near(target: _Carried, sets: dict[str, list[_Carried]], farthest: int) -> dict[str, int]:
    """Return the phase sets that have an allele within so many bp of the target, the nearest first."""
    start, end = target.allele.start, target.allele.end
    distances = {
        name: min(max(one.allele.start - end, start - one.allele.end, 0) for one in members)
        for name, members in sets.items()
    }
    near = {name: distance for name, distance in distances.items() if distance <= farthest}
    return dict(sorted(near.items(), key=lambda item: item[1]))


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
