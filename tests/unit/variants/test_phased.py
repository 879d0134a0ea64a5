"""Haplotypes: which alleles of a sample are joined, by genotype and phase set."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants import Allele, GenomeBases, PhasedAlleles, place_allele
from dnabert_enhancer.vcf import VcfHeader, parse_record

BASES = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS"
LENGTH = 200


class Contig:
    def __init__(self) -> None:
        self.contig_sizes = {"c": len(BASES)}

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert contig == "c"
        return BASES[start:end].encode()


def other(base: str) -> str:
    return "A" if base != "A" else "C"


def joined(*calls: tuple[int, str]) -> dict[int, list[int]]:
    """Return the positions whose alleles stand for each call: SNVs at positions with GT, GT:PS or GT:PSL."""
    genome, records, groups = GenomeBases(Contig()), [], []
    for number, (position, call) in enumerate(calls):
        ref = BASES[position - 1]
        keys = "GT:PSL" if "," in call else "GT:PS" if ":" in call else "GT"
        line = f"c\t{position}\t.\t{ref}\t{other(ref)}\t.\t.\t.\t{keys}\t{call}"
        records.append(parse_record(line.encode(), number, "x"))
        allele = place_allele(genome, "c", position, ref.encode(), other(ref).encode())
        assert isinstance(allele, Allele)
        groups.append([allele])
    found = PhasedAlleles(VcfHeader([], COLUMNS), None, "x").join(genome, records, groups, LENGTH)
    return {
        calls[row][0]: [
            allele.start + 1 + place for place in np.flatnonzero(allele.alt != allele.ref).tolist()
        ]
        for row, allele in found.items()
    }


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        # the case of HiPhase issue 41: a stands alone, b and c are of one set
        (
            [(500, "0|1:500"), (540, "0|1:540"), (579, "0|1:540")],
            {540: [540, 579], 579: [540, 579]},
        ),
        # VCF 4.4: a set for each allele
        ([(500, "0|1:a,a"), (540, "0|1:b,b"), (579, "0|1:b,b")], {540: [540, 579], 579: [540, 579]}),
        # without PS: one set
        ([(500, "0|1"), (540, "0|1"), (560, "1|0")], {500: [500, 540], 540: [500, 540]}),
        ([(500, "0|1:."), (540, "0|1")], {500: [500, 540], 540: [500, 540]}),
        # a set and no set are not phased to each other
        ([(500, "0|1:500"), (540, "0|1")], {}),
        # a homozygous genotype is of every set, phased or not, and is joined in the nearest
        (
            [(500, "0|1:1"), (530, "1/1"), (540, "0|1:2"), (560, "1|0:1")],
            {500: [500, 530], 530: [530, 540], 540: [530, 540], 560: [530, 560]},
        ),
        ([(500, "1/1"), (540, "1|1:7")], {500: [500, 540], 540: [500, 540]}),
        # far from every heterozygous allele
        ([(100, "0|1:1"), (500, "1/1"), (540, "1/1")], {500: [500, 540], 540: [500, 540]}),
        ([(500, "0/1"), (540, "0|1")], {}),
        ([(500, "0|1"), (540, "0|0")], {}),
        ([(500, "1"), (540, "1")], {500: [500, 540], 540: [500, 540]}),
    ],
)
def test_alleles_are_joined_within_their_phase_set(
    calls: list[tuple[int, str]], expected: dict[int, list[int]]
) -> None:
    assert joined(*calls) == expected


def test_a_joined_allele_has_the_bases_of_its_parts() -> None:
    genome = GenomeBases(Contig())
    found = joined((500, "0|1"), (502, "0|1"))
    assert found == {500: [500, 502], 502: [500, 502]}
    assert decode_bases(genome.context("c", 499, 502).codes) == BASES[499:502]
