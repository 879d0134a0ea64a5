"""Results of a scan from its scores, block by block: runs of the track, calls, and what was scanned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.scan.calls import Call, CallBuilder, UnionBuilder
from dnabert_enhancer.scan.scores import Scores
from dnabert_enhancer.scan.tracks import MeanTrack, Runs

CALL_COLUMNS = ("chrom", "start", "end", "name", "score", "strand", "summit", "mean", "maximum", "q_value")
WINDOW_COLUMNS = ("chrom", "start", "end", "logit", "probability", "q_value")
VALUE_COLUMNS = ("chrom", "start", "end", "value", "q_value")


@dataclass(frozen=True)
class ResultSettings:
    """How scores become results.

    Parameters
    ----------
    threshold : float
        Windows that score at least this are called.
    merge_gap : int
        Called windows with at most this many bases between them become one call.
    """

    threshold: float
    merge_gap: int = 0


class ContigWindows(NamedTuple):
    """Scored windows of one contig: 0-based starts, ascending; ranks (logits) and scores (probabilities)."""

    contig: str
    starts: NDArray[np.int64]
    ranks: NDArray[np.float32]
    scores: NDArray[np.float32]


class ResultPart(NamedTuple):
    """Results of one contig that nothing later in the scan can change.

    Attributes
    ----------
    contig : str
    runs : Runs
        Of the track: per base the mean of the windows that cover it.
    calls : list of Call
    scanned : list of (int, int)
        0-based start and end of what scored windows cover.
    windows : ContigWindows or None
        Windows that were scored.
    """

    contig: str
    runs: Runs
    calls: list[Call]
    scanned: list[tuple[int, int]]
    windows: ContigWindows | None = None


def result_parts(scores: Scores, settings: ResultSettings) -> Iterator[ResultPart]:
    """Yield the results of a whole scan, in the order of the genome, a block of windows at a time."""
    length = scores.grid.window_length
    track = MeanTrack(length, max(scores.largest, 1.0))
    caller = CallBuilder(length, settings.threshold, settings.merge_gap)
    union = UnionBuilder(length)
    contig = ""
    for part in scored_windows(scores):
        if contig and part.contig != contig:
            yield ResultPart(contig, track.finish(), caller.finish(), union.finish())
        contig = part.contig
        runs, calls = track.add(part.starts, part.scores), caller.add(part.starts, part.ranks, part.scores)
        yield ResultPart(contig, runs, calls, union.add(part.starts), part)
    if contig:
        yield ResultPart(contig, track.finish(), caller.finish(), union.finish())


class ResultCounts(NamedTuple):
    """What was written: calls, bases in calls, bases scanned."""

    calls: int
    called_bases: int
    scanned_bases: int


def scored_windows(scores: Scores) -> Iterator[ContigWindows]:
    """Yield the windows that were scored, in order, by blocks and contigs."""
    grid = scores.grid
    for first, block in scores.blocks():
        contig_index, starts = grid.places(first, first + len(block))
        scored = np.flatnonzero(~np.isnan(block[:, 1]))
        if len(scored) == 0:
            continue
        contig_index, starts, block = contig_index[scored], starts[scored], block[scored]
        edges = np.flatnonzero(np.diff(contig_index)) + 1
        for part in np.split(np.arange(len(scored)), edges):
            name = grid.contigs[contig_index[part[0]]][0]
            yield ContigWindows(name, starts[part], block[part, 0], block[part, 1])
