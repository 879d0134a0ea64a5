"""Random placements: what they keep, where they may lie (permutation_overlap)."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.comparison.conftest import make_elements, table

from dnabert_enhancer.comparison import EffectiveGenome
from dnabert_enhancer.comparison.coverage import Coverage, interleaved
from dnabert_enhancer.comparison.permutation_overlap import Measure
from dnabert_enhancer.comparison.random_placements import CircularShift, Resampling, Ring, control_ring
from dnabert_enhancer.genome import union_of

SIZES = {"a": 60, "b": 30}
calls_rows = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 25), st.integers(1, 5)).map(
        lambda row: (row[0], row[1], row[1] + row[2])
    ),
    min_size=1,
    max_size=5,
)
gap_rows = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 28), st.integers(1, 6)).map(
        lambda row: (row[0], row[1], min(row[1] + row[2], SIZES[row[0]]))
    ),
    max_size=3,
)


def ring_of(effective: EffectiveGenome, rows) -> Ring:
    placed = effective.map(make_elements(rows, effective.contigs))
    return Ring(effective, placed.elements.contig_index, placed.start, placed.end)


def genome_bases(ring: Ring, start: int, end: int) -> list[tuple[str, int]]:
    """Return the bases of the genome under an interval of the ring's line, around the end of the contig."""
    effective = ring.effective
    contig = int(np.searchsorted(ring.offset, start, side="right") - 1)
    local = (np.arange(start, end) - ring.offset[contig]) % effective.contig_length[contig]
    line = effective.to_line(effective.contig_start[contig] + local) - effective.line_offset[contig]
    return [(effective.contigs[contig], int(base)) for base in line]


@settings(deadline=None, max_examples=60)
@given(calls_rows, gap_rows, st.integers(0, 99), st.sampled_from([CircularShift, Resampling]))
def test_placements_keep_lengths_and_contigs_and_avoid_gaps(rows, gaps, seed, null) -> None:
    effective = EffectiveGenome(SIZES, None, table(gaps, SIZES))
    ring = ring_of(effective, rows)
    taken = {(contig, base) for contig, start, end in gaps for base in range(start, end)}
    start, end = null(ring).draw(np.random.default_rng(seed))
    contig = np.searchsorted(ring.offset, start, side="right") - 1
    moved = sorted(zip(contig.tolist(), (end - start).tolist(), strict=True))
    assert moved == sorted(zip(ring.contig.tolist(), ring.length.tolist(), strict=True))
    for low, high in zip(start.tolist(), end.tolist(), strict=True):
        bases = genome_bases(ring, low, high)
        assert len(set(bases)) == high - low
        assert not taken & set(bases)


def test_shift_moves_all_calls_of_a_contig_by_one_distance(effective_of) -> None:
    ring = ring_of(effective_of({"a": 100}), [("a", 5, 10), ("a", 40, 42), ("a", 90, 99)])
    start, end = CircularShift(ring).draw(np.random.default_rng(4))
    steps = (start - ring.local) % 100
    assert len(set(steps.tolist())) == 1
    assert (end - start).tolist() == [5, 2, 9]


def test_shift_meets_every_distance_alike_often(effective_of) -> None:
    ring = ring_of(effective_of({"a": 8}), [("a", 0, 3)])
    null, rng = CircularShift(ring), np.random.default_rng(0)
    met = Counter(int(null.draw(rng)[0][0]) for _ in range(8000))
    assert sorted(met) == list(range(8))
    assert max(abs(count - 1000) for count in met.values()) < 5 * np.sqrt(1000 * 7 / 8)


def test_resampling_meets_every_place_that_fits_alike_often(effective_of) -> None:
    # segments of 4, 3, 9 and 1 bases; a call of 3 has 2 + 1 + 7 places
    effective = effective_of({"a": 30}, [("a", 2, 6), ("a", 8, 11), ("a", 15, 24), ("a", 28, 29)])
    ring = ring_of(effective, [("a", 2, 5)])
    null, rng = Resampling(ring), np.random.default_rng(0)
    met = Counter(genome_bases(ring, *map(int, map(np.squeeze, null.draw(rng))))[0][1] for _ in range(10_000))
    assert sorted(met) == [2, 3, 8, *range(15, 22)]
    assert max(abs(count - 1000) for count in met.values()) < 5 * np.sqrt(900)
    assert null.unplaceable == 0


def test_resampled_calls_never_lie_across_a_gap(effective_of) -> None:
    effective = effective_of({"a": 30}, [("a", 2, 6), ("a", 8, 11), ("a", 15, 24)])
    ring = ring_of(effective, [("a", 2, 5), ("a", 15, 24), ("a", 8, 10)])
    null, rng = Resampling(ring), np.random.default_rng(1)
    for _ in range(200):
        for low, high in zip(*(column.tolist() for column in null.draw(rng)), strict=True):
            bases = [base for _, base in genome_bases(ring, low, high)]
            assert bases == list(range(bases[0], bases[0] + high - low))


def test_call_that_fits_nowhere_is_counted_and_still_placed(effective_of) -> None:
    effective = effective_of({"a": 30}, [("a", 0, 5), ("a", 8, 13)])
    ring = ring_of(effective, [("a", 2, 11)])
    assert ring.length.tolist() == [6]
    null = Resampling(ring)
    assert null.unplaceable == 1
    for seed in range(50):
        start, end = null.draw(np.random.default_rng(seed))
        assert len(set(genome_bases(ring, int(start[0]), int(end[0])))) == 6


@settings(deadline=None, max_examples=60)
@given(calls_rows, calls_rows, calls_rows, gap_rows, st.integers(0, 99))
def test_measures_count_what_sets_of_bases_count(rows, one, other, gaps, seed) -> None:
    effective = EffectiveGenome(SIZES, None, table(gaps, SIZES))
    ring = ring_of(effective, rows)
    unions, sets = [], []
    for database in (one, other, []):
        placed = effective.map(make_elements(database, effective.contigs))
        unions.append(union_of(placed.start, placed.end))
        sets.append({(contig, base) for contig, start, end in database for base in range(start, end)})
    start, end = CircularShift(ring).draw(np.random.default_rng(seed))
    found = Measure([ring.union(union) for union in unions], ring.line_length)(start, end)
    under = [genome_bases(ring, low, high) for low, high in zip(start.tolist(), end.tolist(), strict=True)]
    for number, elements in enumerate(sets):
        shared = [len(elements & set(bases)) for bases in under]
        assert found[:, number].tolist() == [sum(count > 0 for count in shared), sum(shared)]


def test_coarse_look_never_changes_a_count() -> None:
    rng = np.random.default_rng(5)
    length = 3_000_000

    def many(number, longest):
        start = np.sort(rng.integers(0, length - longest, number))
        return start, start + rng.integers(1, longest, number)

    unions = [
        union_of(*many(number, longest)) for number, longest in ((3, 100), (800, 900), (40, 60_000), (2, 5))
    ]
    start, end = many(3000, 7000)
    found = Measure(unions, length)(start, end)
    for number, union in enumerate(unions):
        bases = Coverage(union).within_edges(interleaved(start, end))
        assert found[:, number].tolist() == [np.count_nonzero(bases), bases.sum()]


def test_more_databases_than_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="65 databases"):
        Measure([union_of(np.array([1]), np.array([2]))] * 65, 100)


def test_control_is_a_placement_with_the_same_lengths(effective_of) -> None:
    effective = effective_of({"a": 1000, "b": 500})
    ring = ring_of(effective, [("a", 5, 10), ("a", 40, 42), ("b", 90, 99)])
    control = control_ring(ring, Resampling(ring), seed=3)
    assert sorted(control.length.tolist()) == [2, 5, 9]
    assert sorted(control.contig.tolist()) == [0, 0, 1]
    again = control_ring(ring, Resampling(ring), seed=3)
    assert again.local.tolist() == control.local.tolist()
