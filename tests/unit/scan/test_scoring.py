"""Scoring windows: what reaches the engine, what is skipped, what is counted."""

from __future__ import annotations

import io

import numpy as np
import pytest

from dnabert_enhancer.engine import Target
from dnabert_enhancer.scan import ScanGrid, ScoreSettings, plan_grid
from dnabert_enhancer.scan.scores import FORMAT, ScoreHeader, ScoreWriter, count_scores
from dnabert_enhancer.scan.scoring import ScoreTally, score_blocks
from dnabert_enhancer.sequence import decode_bases, encode_bases
from dnabert_enhancer.shards import ShardFile

LENGTH = 20


def random_bases(n: int, seed: int = 0) -> str:
    return decode_bases(np.random.default_rng(seed).integers(0, 4, n).astype(np.uint8))


def scored(
    genome, grid: ScanGrid, engine, target: Target, settings: ScoreSettings, blocks: range | None = None
) -> tuple[np.ndarray, ScoreTally]:
    """Return float32[n, 2] of the blocks, and the tally."""
    chosen = range(grid.n_blocks) if blocks is None else blocks
    n = sum(grid.block(block)[1] - grid.block(block)[0] for block in chosen)
    file = io.BytesIO()
    writer = ScoreWriter(file, n)
    tally = score_blocks(genome, grid, chosen, engine, target, settings, writer)
    writer.close(ScoreHeader({}, {}, grid.contigs, (0, n)), tally.scored_counts, tally.null_counts, grid)
    parts = list(ShardFile(file, FORMAT).rows("scores", 1000))
    return np.concatenate([np.zeros((0, 2), np.float32), *parts]), tally


def test_every_window_is_scored_in_order_and_nothing_else(engine, memory_genome, target) -> None:
    genome = memory_genome({"a": random_bases(90), "b": random_bases(53, 1)})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 7, block_windows=4)
    found, tally = scored(genome, grid, engine, target, ScoreSettings())
    windows = [
        genome.contigs[piece.contig][start : start + LENGTH]
        for piece in grid.pieces(0, grid.n_windows)
        for start in piece.starts
    ]
    assert [decode_bases(window) for window in engine.given] == windows
    expected = [10 * (sum(base in "CG" for base in window) / LENGTH - 0.5) for window in windows]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], 1 / (1 + np.exp(-np.array(expected))), atol=1e-6)
    assert dict(tally.counts) | {"too_many_unknown_bases": 0} == {
        "windows": len(windows),
        "scored": len(windows),
        "too_many_unknown_bases": 0,
    }
    assert (tally.scored_counts == count_scores(found[:, 0])).all()


@pytest.mark.parametrize(("max_unknown", "skipped"), [(0.0, 4), (0.1, 3), (0.49, 3), (0.5, 2), (1.0, 0)])
def test_windows_with_too_many_unknown_bases_are_skipped_never_scored_as_zero(
    max_unknown: float, skipped: int, engine, memory_genome, target
) -> None:
    # of the 20 bases of the windows at 30, 40, 50 and 60, so many are unknown: 10, 20, 12, 2
    bases = random_bases(100)
    genome = memory_genome({"a": bases[:40] + "N" * 20 + "RY" + bases[62:]})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 10)
    found, tally = scored(genome, grid, engine, target, ScoreSettings(max_unknown=max_unknown))
    assert tally.counts["too_many_unknown_bases"] == skipped
    assert np.count_nonzero(np.isnan(found[:, 1])) == skipped
    assert len(engine.given) == grid.n_windows - skipped
    assert np.isnan(found[4, 1]) == (max_unknown < 1)


def test_the_null_is_the_shuffled_windows_of_the_block_whatever_the_shard(
    engine, memory_genome, target
) -> None:
    genome = memory_genome({"a": random_bases(400)})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 5, block_windows=16)
    settings = ScoreSettings(null_fraction=0.5, seed=4)
    _, whole = scored(genome, grid, engine, target, settings)
    parts = [scored(genome, grid, engine, target, settings, grid.shard_blocks(i, 3))[1] for i in (3, 1, 2)]
    assert (whole.null_counts == sum(part.null_counts for part in parts)).all()
    assert whole.null_counts.sum() == whole.counts["null_windows"]
    assert 0.3 * grid.n_windows < whole.counts["null_windows"] < 0.7 * grid.n_windows


def test_shuffled_windows_keep_their_dinucleotides(engine, memory_genome, target) -> None:
    genome = memory_genome({"a": random_bases(200)})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, LENGTH)
    scored(genome, grid, engine, target, ScoreSettings(null_fraction=1.0))
    real, null = engine.given[: grid.n_windows], engine.given[grid.n_windows :]
    assert len(null) == len(real)
    assert any((left != right).any() for left, right in zip(real, null, strict=True))
    for left, right in zip(real, null, strict=True):
        pairs = [np.sort(window[:-1] * 4 + window[1:]).tolist() for window in (left, right)]
        assert pairs[0] == pairs[1]


def test_other_seeds_give_other_nulls(engine, memory_genome, target) -> None:
    genome = memory_genome({"a": random_bases(2000)})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 5)
    counts = [
        scored(genome, grid, engine, target, ScoreSettings(null_fraction=0.3, seed=seed))[1].counts[
            "null_windows"
        ]
        for seed in range(4)
    ]
    assert len(set(counts)) > 1


def test_a_contig_is_never_read_whole(engine, memory_genome, target) -> None:
    genome = memory_genome({"a": "N" * 2_000_000})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 10)
    _, tally = scored(genome, grid, engine, target, ScoreSettings())
    assert genome.longest <= 1 << 17
    assert tally.counts["too_many_unknown_bases"] == grid.n_windows
    assert engine.given == []


def test_neighbouring_regions_share_one_reading(engine, memory_genome, target) -> None:
    class Counting(memory_genome):
        fetches = 0

        def fetch(self, contig: str, start: int, end: int) -> bytes:
            type(self).fetches += 1
            return super().fetch(contig, start, end)

    genome = Counting({"a": random_bases(60_000)})
    grid, _ = plan_grid(genome.contig_sizes, LENGTH, 30)
    small = ScanGrid(
        grid.contigs,
        np.zeros(100, np.int32),
        np.arange(100, dtype=np.int64) * 500,
        np.arange(100, dtype=np.int64) * 500 + LENGTH,
        LENGTH,
        30,
    )
    scored(genome, small, engine, target, ScoreSettings())
    assert Counting.fetches == 1
    assert (engine.given[7] == encode_bases(genome.contigs["a"][3500 : 3500 + LENGTH])).all()
