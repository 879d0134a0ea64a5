"""Matched re-sampling that also keeps the share of G and C around each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.effective_genome import EffectiveGenome
from dnabert_enhancer.comparison.random_placements import Ring
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases

if TYPE_CHECKING:
    from dnabert_enhancer.genome import Genome

BIN = 0.02
"""Width of a GC class."""
_MOST_UNKNOWN = 0.1
_SHORTEST_WINDOW, _LONGEST_WINDOW = 100, 2000
_CLASSES = round(1 / BIN) + 1
_BLOCK = 10
_AT_ONCE = 1_000_000 * _BLOCK


class GcResampling:
    """Each call is placed anew on its contig, at a place where the window around it has the same GC.

    Parameters
    ----------
    ring : Ring
        The calls.
    genome : Genome
        The sequence of the effective genome's contigs.

    Notes
    -----
    A window as long as the median call (100 to 2,000 bp, in tens) slides over what counts in half steps; its
    GC share among known bases falls into classes of 2 %. Each call, classed by the window around its own
    centre, moves to the centre of a random window of the same contig and class, give or take a quarter
    window; a class without windows gives way to the nearest that has some. Matching of GC after Heger 2013
    (GAT, Bioinformatics 29:2046).
    """

    name = "resample"

    def __init__(self, ring: Ring, genome: Genome) -> None:
        self._ring = ring
        effective = ring.effective
        median = int(np.median(ring.length)) if len(ring.length) else _SHORTEST_WINDOW
        self.window = min(max(median, _SHORTEST_WINDOW), _LONGEST_WINDOW) // _BLOCK * _BLOCK
        self._step = max(1, self.window // 2)
        centres: list[NDArray[np.int64]] = []
        segments: list[NDArray[np.int64]] = []
        self._first = np.zeros(len(ring.length), dtype=np.int64)
        self._number = np.zeros(len(ring.length), dtype=np.int64)
        total = 0
        for contig in np.unique(ring.contig).tolist():
            here = np.flatnonzero(ring.contig == contig)
            found = _Windows(effective, genome, contig, self.window, self._step)
            order = np.argsort(found.classes, kind="stable")
            counts = np.bincount(found.classes, minlength=_CLASSES)
            of_call = _nearest_filled(counts)[found.class_at(ring.local[here] + ring.length[here] // 2)]
            self._first[here] = total + (np.cumsum(counts) - counts)[of_call]
            self._number[here] = counts[of_call]
            centres.append(found.centres[order])
            segments.append(found.segments[order])
            total += len(order)
        self._centre = np.concatenate([*centres, np.empty(0, dtype=np.int64)])
        self._segment = np.concatenate([*segments, np.empty(0, dtype=np.int64)])
        self.unplaceable = int((self._number == 0).sum())

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return one placement; see `random_placements.Placement`."""
        ring, effective = self._ring, self._ring.effective
        drawn = rng.random(len(ring.length))
        jitter = ((rng.random(len(drawn)) - 0.5) * self._step).astype(np.int64)
        chosen = np.minimum(self._first + (drawn * self._number).astype(np.int64), len(self._centre) - 1)
        if len(self._centre):
            segment = self._segment[chosen]
            low = effective.segment_start[segment] - effective.contig_start[ring.contig]
            high = low + (effective.segments.end - effective.segments.start)[segment] - ring.length
            local = np.clip(self._centre[chosen] + jitter - ring.length // 2, low, np.maximum(high, low))
            local = np.minimum(local, effective.contig_length[ring.contig] - ring.length)
        else:
            local = np.zeros(len(drawn), dtype=np.int64)
        around = (drawn * effective.contig_length[ring.contig]).astype(np.int64)
        start = ring.offset[ring.contig] + np.where(self._number > 0, local, around)
        order = np.argsort(start)
        start = start[order]
        return start, start + ring.length[order]


class _Windows:
    """Windows of one contig: centres on its part of the effective line, segments and GC classes."""

    def __init__(
        self, effective: EffectiveGenome, genome: Genome, contig: int, window: int, step: int
    ) -> None:
        mine = np.flatnonzero(effective.segment_contig == contig)
        self._size = int(effective.segments.end[mine[-1]] - effective.line_offset[contig])
        self._known, self._strong = _running_counts(effective.contigs[contig], self._size, genome)
        self._space, self._contig, self._window = effective, contig, window
        starts = effective.segments.start[mine] - effective.line_offset[contig]
        lengths = effective.segments.end[mine] - effective.segments.start[mine]
        numbers = np.maximum(0, (lengths - window) // step + 1)
        row = np.repeat(np.arange(len(mine)), numbers)
        within = (np.arange(len(row)) - np.repeat(np.cumsum(numbers) - numbers, numbers)) * step
        classes, usable = self._classes(starts[row] + within)
        place = effective.segment_start[mine][row] - effective.contig_start[contig] + within + window // 2
        self.centres, self.segments, self.classes = place[usable], mine[row][usable], classes[usable]

    def class_at(self, local: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the GC class of the window around places of the contig's part of the effective line."""
        effective, contig = self._space, self._contig
        line = effective.to_line(effective.contig_start[contig] + local) - effective.line_offset[contig]
        last = max(0, self._size - self._window)
        return self._classes(np.clip(line - self._window // 2, 0, last))[0]

    def _classes(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        first = starts // _BLOCK
        last = np.minimum(first + self._window // _BLOCK, len(self._known) - 1)
        known = self._known[last] - self._known[first]
        share = (self._strong[last] - self._strong[first]) / np.maximum(known, 1)
        usable = known >= (1 - _MOST_UNKNOWN) * self._window
        return np.asarray(np.round(share / BIN), dtype=np.int64), np.asarray(usable)


def _running_counts(contig: str, size: int, genome: Genome) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the known bases, and those that are G or C, before each tenth base of a contig's beginning."""
    name = genome.names.resolve(contig)
    if name is None or genome.contig_sizes[name] < size:
        there = "is not in it" if name is None else f"has {genome.contig_sizes[name]} bp there, {size} count"
        raise InputError(
            f"the contig {contig} {there}",
            source=genome.path,
            remedy="give the genome of the calls, or restrict what counts with --scanned",
        )
    known, strong = [np.zeros(1, dtype=np.int64)], [np.zeros(1, dtype=np.int64)]
    for start in range(0, size, _AT_ONCE):
        codes = encode_bases(genome.fetch(name, start, min(start + _AT_ONCE, size)))
        edges = np.arange(0, len(codes), _BLOCK)
        known.append(np.add.reduceat(codes < UNKNOWN_BASE, edges, dtype=np.int64))
        strong.append(np.add.reduceat((codes == 1) | (codes == 2), edges, dtype=np.int64))
    return np.cumsum(np.concatenate(known)), np.cumsum(np.concatenate(strong))


def _nearest_filled(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each class the nearest one with windows, itself when none has any."""
    classes = np.arange(len(counts))
    filled = np.flatnonzero(counts)
    if not len(filled):
        return classes
    return np.asarray(filled[np.abs(classes[:, None] - filled[None, :]).argmin(axis=1)])
