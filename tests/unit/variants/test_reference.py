"""Bases around variants: equal to slices of the contig, N beyond its ends, read ahead once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.variants import GenomeBases

CODES = {"A": 0, "C": 1, "G": 2, "T": 3, "N": 4}
BASES = "ACGTNacgtnRY" * 5


class CountingGenome:
    def __init__(self, contigs: dict[str, str]) -> None:
        self.contigs = contigs
        self.contig_sizes = {name: len(bases) for name, bases in contigs.items()}
        self.asked: list[tuple[str, int, int]] = []

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        self.asked.append((contig, start, end))
        return self.contigs[contig][start:end].encode()


def expected_codes(bases: str, start: int, end: int) -> list[int]:
    """Return the codes of places one by one: N before 0 and from the end of the contig on."""
    letters = [bases[place].upper() if 0 <= place < len(bases) else "N" for place in range(start, end)]
    return [CODES.get(letter, 4) for letter in letters]


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 60), (3, 17), (-5, 8), (55, 70), (-7, 66), (-9, -2), (60, 63), (64, 70), (-3, 0), (20, 20)],
)
def test_a_context_is_the_contig_and_unknown_beyond_it(start: int, end: int) -> None:
    context = GenomeBases(CountingGenome({"chr1": BASES})).context("chr1", start, end)
    assert context.codes.tolist() == expected_codes(BASES, start, end)
    assert (context.start, context.contig_length) == (start, 60)


def test_a_part_of_a_context_is_given_by_places_on_the_contig() -> None:
    context = GenomeBases(CountingGenome({"chr1": BASES})).context("chr1", -4, 30)
    assert context.part(-2, 5).tolist() == expected_codes(BASES, -2, 5)
    assert context.part(12, 12).tolist() == []


def test_letters_are_upper_case_and_others_than_bases_stay() -> None:
    bases = GenomeBases(CountingGenome({"chr1": BASES}))
    assert bases.letters("chr1", 3, 13) == b"TNACGTNRYA"


def test_places_that_ascend_are_read_once_and_any_order_gives_the_same() -> None:
    rng = np.random.default_rng(4)
    long = "".join(rng.choice(list("ACGTacgtN"), 700_000))
    genome = CountingGenome({"long": long, "short": BASES})
    bases = GenomeBases(genome)
    for start in range(1000, 200_000, 1000):
        assert bases.context("long", start, start + 400).codes.tolist() == expected_codes(
            long, start, start + 400
        )
    assert len(genome.asked) == 1
    places: list[Any] = [*rng.integers(0, 699_000, 20).tolist(), 5, 699_600, 0]
    for start in places:
        assert bases.letters("long", start, start + 100).decode() == long[start : start + 100].upper()
        assert bases.letters("short", 1, 4) == b"CGT"
    assert all(0 <= first <= last <= genome.contig_sizes[contig] for contig, first, last in genome.asked)
