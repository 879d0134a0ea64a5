"""dataset/composition and dataset/gc_profile against counting letters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.dataset import composition
from dnabert_enhancer.dataset.composition import composition_by_contig, composition_of, sequences_of
from dnabert_enhancer.dataset.gc_profile import gc_of_sequences, gc_profile
from dnabert_enhancer.genome import Genome, region_frame


@pytest.mark.parametrize("block", [500, 4_000_000])
def test_shares_are_those_of_the_letters(
    random_genome: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "_BLOCK_BASES", block)
    starts = np.array([39_850, 0, 17, 4000, 199, 0, 12_345])
    with Genome(random_genome) as genome:
        found = composition_of(genome, "chr2", starts, 150)
        sequences = sequences_of(genome, "chr2", starts, 150)
        expected = [genome.fetch("chr2", start, start + 150).decode() for start in starts.tolist()]
    assert sequences == expected
    assert found.gc.tolist() == [sum(map(text.upper().count, "GC")) / 150 for text in expected]
    assert found.masked.tolist() == [sum(map(text.count, "acgt")) / 150 for text in expected]
    assert found.unknown.tolist() == [0.0] * 7
    assert gc_of_sequences(sequences) == pytest.approx(found.gc)


def test_gc_is_of_the_known_bases(write: Callable[[str, str], Path]) -> None:
    with Genome(write("g.fa", ">c\nGGCANNnnRAat\n")) as genome:
        found = composition_of(genome, "c", np.array([0, 4, 2]), 8)
    assert found.gc.tolist() == [3 / 4, 0.0, 1 / 3]
    assert found.unknown.tolist() == pytest.approx([4 / 8, 5 / 8, 5 / 8])
    assert found.masked.tolist() == [2 / 8, 4 / 8, 2 / 8]


def test_windows_of_several_contigs_keep_their_rows(random_genome: Path) -> None:
    start = np.array([5, 6, 8])
    with Genome(random_genome) as genome:
        windows = region_frame(np.array([2, 0, 2]), start, start + 50, genome.contig_sizes)
        found = composition_by_contig(genome, windows, 50)
        assert found.gc[1] == composition_of(genome, "chr1", start[1:2], 50).gc[0]
        assert found.gc[2] == composition_of(genome, "chr3", start[2:], 50).gc[0]


def test_gc_profile_counts_in_fifty_bins() -> None:
    profile = gc_profile(
        {"positives": np.array([0.0, 0.5, 0.51, np.nan, 1.0]), "negatives": np.array([np.nan])}
    )
    assert profile.counts["positives"][[0, 25, 49]].tolist() == [1, 2, 1]
    assert profile.counts["positives"].sum() == 4
    assert profile.moments["positives"][0] == pytest.approx(2.01 / 4)
    assert profile.as_json()["classes"]["negatives"]["counts"] == [0] * 50
