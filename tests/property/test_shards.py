"""A scan cut into any number of shards gives the bytes of one run; a stand-in for the model keeps it fast."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnabert_enhancer.engine import Predictions, Target
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import place_regions
from dnabert_enhancer.scan import (
    RegionRows,
    ResultFiles,
    ResultSettings,
    ScanPlan,
    Scores,
    ScoreSettings,
    plan_grid,
    score_shard,
    write_results,
)

ENDINGS = (
    "bw",
    "calls.bed.gz",
    "calls.bed.gz.tbi",
    "scanned.bed",
    "regions.tsv",
    "windows.tsv.gz",
    "windows.tsv.gz.tbi",
    "bedgraph.gz",
    "bedgraph.gz.tbi",
)
LENGTH = 12


class StandIn:
    """An engine whose logit is a fixed random weight for every base and place."""

    model = SimpleNamespace(card=SimpleNamespace(name="stand-in"), digest="0", members=("stand-in",))
    settings = SimpleNamespace(strand="both")
    weights = np.random.default_rng(0).normal(0, 0.5, (LENGTH, 5)).astype(np.float32)

    def predict(self, windows: np.ndarray) -> Predictions:
        logit = self.weights[np.arange(LENGTH), windows].sum(axis=1)
        probability = (1 / (1 + np.exp(-logit))).astype(np.float32)
        return Predictions(logit, probability, np.stack([logit, logit], axis=1))

    def description(self) -> dict[str, Any]:
        return {"backend": "stand-in", "device": "cpu", "precision": "float32"}


class RandomGenome:
    """Contigs of random bases with runs of N."""

    def __init__(self, sizes: list[int], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.contigs = {}
        for number, size in enumerate(sizes):
            bases = rng.choice(np.frombuffer(b"ACGT", "u1"), size)
            for start in rng.integers(0, size, 2):
                bases[start : start + int(rng.integers(0, 40))] = ord("N")
            self.contigs[f"chr{number + 1}"] = bases.tobytes()
        self.contigs["chrX"] = b"ACGTACGTACGTACGTAC"

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        return self.contigs[contig][start:end]


def results(folder: Path, scores: Scores) -> dict[str, bytes]:
    chosen = ResultSettings(0.6, 3)
    with OutputSet() as out:
        write_results(
            ResultFiles(out, str(folder / "p"), windows=True, bedgraph=True, regions=True), scores, chosen
        )
    return {ending: (folder / f"p.{ending}").read_bytes() for ending in ENDINGS}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(LENGTH, 400), min_size=1, max_size=12),
    stride=st.integers(1, 20),
    of=st.integers(1, 9),
    order=st.randoms(use_true_random=False),
    seed=st.integers(0, 100),
)
@pytest.mark.slow
def test_any_number_of_shards_in_any_order_gives_the_bytes_of_one_run(
    sizes: list[int], stride: int, of: int, order: Any, seed: int, tmp_path: Path
) -> None:
    genome = RandomGenome(sizes, seed)
    contig_sizes = {name: len(bases) for name, bases in genome.contigs.items()}
    rng = np.random.default_rng(seed)
    chroms = rng.choice([*contig_sizes], 30)
    places = [sorted(rng.integers(0, contig_sizes[chrom] + 1, 2).tolist()) for chrom in chroms]
    # the first contig whole: one region at least has a window
    start, end = ([0, *column] for column in zip(*places, strict=True))
    frame = pd.DataFrame({"chrom": ["chr1", *chroms], "start": start, "end": [sizes[0], *end[1:]]})
    table = place_regions(frame, contig_sizes, every_row=True)
    grid, _ = plan_grid(contig_sizes, LENGTH, stride, table.frame, block_windows=16)
    target, calls = Target("binary", "e", 1), {"threshold": 0.6, "merge_gap": 3}
    rows = RegionRows.of_table(table, grid)
    plan = ScanPlan(grid, target, ScoreSettings(0.1, 0.5, seed), calls, "g", "not e", rows)
    engine: Any = StandIn()
    score_shard(plan, genome, engine, str(tmp_path / "whole.scores"))
    whole = results(tmp_path, Scores([tmp_path / "whole.scores"]))

    numbers = list(range(1, of + 1))
    order.shuffle(numbers)
    for number in numbers:
        score_shard(plan, genome, engine, str(tmp_path / f"{number}.scores"), (number, of))
    merged = results(tmp_path, Scores([tmp_path / f"{number}.scores" for number in numbers]))
    assert {name: merged[name] == content for name, content in whole.items()} == dict.fromkeys(ENDINGS, True)
