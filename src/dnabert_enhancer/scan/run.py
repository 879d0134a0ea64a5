"""A scan from end to end: plan it once, score a shard of it, know what its scores depend on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.engine import Engine
from dnabert_enhancer.scan.grid import ScanGrid
from dnabert_enhancer.scan.score import ScoreSettings, SequenceSource, score_blocks
from dnabert_enhancer.scan.scores import ENGINE_SETTINGS, ScoreHeader, ScoreWriter
from dnabert_enhancer.scan.target import Target


@dataclass(frozen=True)
class ScanPlan:
    """All that is decided before the first window is scored; equal for all shards of a scan.

    Parameters
    ----------
    grid : ScanGrid
    target : Target
        Which output of the model is reported.
    score_settings : ScoreSettings
    calls : mapping
        ``threshold`` and ``merge_gap`` for the second half.
    genome_digest : str
        SHA-256 of the genome's file.
    skipped : mapping of str to int
        What never came onto the grid, by reason.
    """

    grid: ScanGrid
    target: Target
    score_settings: ScoreSettings
    calls: Mapping[str, Any]  # JSON numbers
    genome_digest: str
    skipped: Mapping[str, int] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Return what the scores depend on beside the model and the engine, as JSON values."""
        return {
            "version": __version__,
            "task": str(self.target.task),
            "label": self.target.label,
            "genome_digest": self.genome_digest,
            "grid_digest": self.grid.digest,
            "window_length": self.grid.window_length,
            "stride": self.grid.stride,
            "block_windows": self.grid.block_windows,
            "max_unknown": self.score_settings.max_unknown,
            "null_fraction": self.score_settings.null_fraction,
            "seed": self.score_settings.seed,
        }


def score_shard(
    plan: ScanPlan,
    genome: SequenceSource,
    engine: Engine,
    file: str | os.PathLike[str] | IO[bytes],
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[int], None] | None = None,
) -> ScoreHeader:
    """Score one shard of a scan into a score file; return its header.

    Parameters
    ----------
    plan : ScanPlan
        Equal for all shards.
    genome : SequenceSource
    engine : Engine
    file : path or binary file
        Where the scores go; see `scores`.
    shard : tuple of (int, int)
        Which shard, from 1, of how many.
    progress : callable, optional
        Called with the number of windows done since the last call.
    """
    first, last = plan.grid.shard_windows(*shard)
    with ScoreWriter(file, last - first) as writer:
        tally = score_blocks(
            genome,
            plan.grid,
            plan.grid.shard_blocks(*shard),
            engine,
            plan.target,
            plan.score_settings,
            writer,
            progress,
        )
        if shard[0] == 1:
            tally.counts.update(plan.skipped)
        description = engine.description()
        model = {"model": engine.model.card.name, "model_digest": engine.model.digest}
        chosen = {name: description.get(name) for name in ENGINE_SETTINGS}
        header = ScoreHeader(
            settings=plan.settings() | model | chosen | {"strand": str(engine.settings.strand)},
            calls=dict(plan.calls),
            contigs=plan.grid.contigs,
            windows=(first, last),
            shard=shard,
            counts={name: number for name, number in sorted(tally.counts.items()) if number},
            engine=description,
            seconds={"model": tally.model_seconds, "other": tally.seconds - tally.model_seconds},
            largest=tally.largest,
        )
        writer.close(header, tally.scored_counts, tally.null_counts, plan.grid)
    return header
