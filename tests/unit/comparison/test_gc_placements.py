"""Re-sampling with GC: calls move to places with the GC they had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.comparison.conftest import make_elements, table

from dnabert_enhancer.comparison import EffectiveGenome
from dnabert_enhancer.comparison.enrichment import enrichments
from dnabert_enhancer.comparison.gc_placements import GcResampling, _nearest_filled
from dnabert_enhancer.comparison.random_placements import Resampling, Ring
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, union_of

ISLANDS = range(5_000, 200_000, 10_000)


@pytest.fixture
def genome(tmp_path: Path):
    """Return a genome of 40 % GC with islands of 80 %, 1,000 bp each, and 2,000 unknown bases."""
    rng = np.random.default_rng(0)
    letters = rng.choice(list("ACGT"), 200_000, p=[0.3, 0.2, 0.2, 0.3])
    for start in ISLANDS:
        letters[start : start + 1000] = rng.choice(list("ACGT"), 1000, p=[0.1, 0.4, 0.4, 0.1])
    letters[150_000:152_000] = "N"
    path = tmp_path / "g.fa"
    path.write_text(">a\n" + "".join(letters) + "\n")
    with Genome(path) as opened:
        yield opened


def test_calls_in_islands_stay_in_islands(genome) -> None:
    effective = EffectiveGenome(genome.contig_sizes)
    calls = effective.map(make_elements([("a", s + 300, s + 700) for s in list(ISLANDS)[:10]], ["a"]))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    null = GcResampling(ring, genome)
    assert (null.window, null.unplaceable) == (400, 0)
    in_islands = []
    for seed in range(20):
        start, end = null.draw(np.random.default_rng(seed))
        assert sorted((end - start).tolist()) == [400] * 10
        assert start.min() >= 0
        assert end.max() <= 200_000
        middle = (start + end) // 2
        in_islands.append(np.mean((middle - 5000) % 10_000 < 1000))
    assert np.mean(in_islands) > 0.9


def test_gc_matched_null_finds_no_enrichment_where_only_gc_makes_it(genome) -> None:
    effective = EffectiveGenome(genome.contig_sizes)
    calls = effective.map(make_elements([("a", s + 300, s + 700) for s in list(ISLANDS)[:10]], ["a"]))
    others = effective.map(make_elements([("a", s + 100, s + 900) for s in list(ISLANDS)[5:]], ["a"]))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    union = [union_of(others.start, others.end)]
    plain = enrichments(ring, Resampling(ring), union, permutations=99, seed=0)[0].calls
    matched = enrichments(ring, GcResampling(ring, genome), union, permutations=99, seed=0)[0].calls
    assert (plain.p, plain.fold > 4) == (0.01, True)
    assert matched.p > 0.2
    assert matched.fold < 1.5


def test_unknown_bases_are_no_place_to_go(genome) -> None:
    effective = EffectiveGenome(genome.contig_sizes)
    calls = effective.map(make_elements([("a", 100 * n, 100 * n + 50) for n in range(200)], ["a"]))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    start, end = GcResampling(ring, genome).draw(np.random.default_rng(1))
    inside = (start >= 150_050) & (end <= 151_950)
    assert not inside.any()


def test_genome_of_other_lengths_is_refused(genome) -> None:
    effective = EffectiveGenome({"a": 300_000})
    calls = effective.map(make_elements([("a", 10, 60)], ["a"]))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    with pytest.raises(InputError, match="has 200000 bp there, 300000 count"):
        GcResampling(ring, genome)


def test_genome_may_be_shorter_than_its_contig_where_nothing_counts(genome) -> None:
    sizes = {"a": 300_000}
    effective = EffectiveGenome(sizes, table([("a", 0, 120_000)], sizes))
    calls = effective.map(make_elements([("a", 119_900, 120_000), ("a", 10, 60)], ["a"]))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    start, end = GcResampling(ring, genome).draw(np.random.default_rng(1))
    assert sorted((end - start).tolist()) == [50, 100]
    assert end.max() <= 120_000


def test_class_without_windows_gives_way_to_the_nearest() -> None:
    assert _nearest_filled(np.array([0, 3, 0, 0, 2, 0])).tolist() == [1, 1, 1, 4, 4, 4]
    assert _nearest_filled(np.array([0, 0])).tolist() == [0, 1]
