"""Random placements of the calls that keep lengths, contigs, gaps and what was scanned."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.effective_genome import EffectiveGenome
from dnabert_enhancer.genome import Spans


class Placement(Protocol):
    """A way to place the calls at random."""

    name: str

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return one placement of all calls: start and end on the `Ring`'s line, about sorted by start."""


class Ring:
    """The effective line with each contig closed to a ring: after its end, its beginning comes once more.

    Parameters
    ----------
    effective : EffectiveGenome
        What counts.
    contig : int array, shape (calls,)
        Contig of each call.
    start, end : int64 array, shape (calls,)
        Calls on the effective line, sorted.

    Attributes
    ----------
    contig : int array, shape (calls,)
    local : int64 array, shape (calls,)
        Start of each call from the beginning of its contig's part.
    length : int64 array, shape (calls,)
        Bases of each call that count.
    offset : int64 array, shape (contigs,)
        Where each contig begins on the ring's line; as many of its first bases as the longest call has are
        repeated at its end.
    line_length : int
        Of the ring's line.
    """

    def __init__(
        self,
        effective: EffectiveGenome,
        contig: NDArray[np.int32],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> None:
        self.effective = effective
        self.contig = contig
        self.local = start - effective.contig_start[contig]
        self.length = end - start
        self._repeated = np.zeros(len(effective.contigs), dtype=np.int64)
        np.maximum.at(self._repeated, contig, self.length)
        steps = effective.contig_length + self._repeated + 1
        self.offset = np.cumsum(steps) - steps
        self.line_length = int(steps.sum())

    def union(self, union: Spans) -> Spans:
        """Return a union of the effective line on the ring's line."""
        effective = self.effective
        contig = np.searchsorted(effective.contig_start, union.start, side="right") - 1
        shift = self.offset[contig] - effective.contig_start[contig]
        start, end = union.start + shift, union.end + shift
        length = effective.contig_length[contig]
        local_end = np.minimum(union.end - effective.contig_start[contig], self._repeated[contig])
        again = union.start - effective.contig_start[contig] < self._repeated[contig]
        start = np.concatenate((start, (start + length)[again]))
        end = np.concatenate((end, (self.offset[contig] + length + local_end)[again]))
        order = np.argsort(start, kind="stable")
        return Spans(start[order], end[order])


class CircularShift:
    """All calls of a contig are moved by the same random distance, around its end to its beginning.

    Notes
    -----
    Keeps the number, lengths, order and clustering of the calls, and the database as it is; only their
    relation is broken. Ring permutation after Chanda 2013 (Genome Biol Evol 5:1402) and regioneR's
    ``circularRandomizeRegions`` (Gel 2016, Bioinformatics 32:289), here within what was scanned, so that a
    moved call never lies in a gap; one that reaches over a gap continues behind it.
    """

    name = "circular"

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return one placement; see `Placement`."""
        ring = self._ring
        lengths = np.maximum(ring.effective.contig_length, 1)
        shift = (rng.random(len(lengths)) * lengths).astype(np.int64)
        moved = ring.local + shift[ring.contig]
        length = lengths[ring.contig]
        moved -= np.where(moved >= length, length, 0)
        start = ring.offset[ring.contig] + moved
        return start, start + ring.length


class Resampling:
    """Each call is placed anew on its contig, anywhere it fits wholly between gaps, all places alike likely.

    Notes
    -----
    Keeps lengths and contigs as ``bedtools shuffle -chrom -incl`` does; calls may overlap, and their
    clustering is lost, which makes this null narrower than `CircularShift`. On a contig with segments of
    lengths g a call of length L has sum(max(g - L + 1, 0)) places; one of them is drawn. A call longer than
    every segment of its contig (`unplaceable`) is placed as by a circular shift of its own.
    """

    name = "resample"

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        effective = ring.effective
        lengths = effective.segments.end - effective.segments.start
        # by contig, the longest segment first: those that a call fits into come before those it does not
        order = np.lexsort((-lengths, effective.segment_contig))
        self._segment_length = lengths[order]
        self._segment_place = (effective.segment_start - effective.contig_start[effective.segment_contig])[
            order
        ]
        contigs = np.arange(len(effective.contigs))
        first = np.searchsorted(effective.segment_contig, contigs, side="left")
        number = np.searchsorted(effective.segment_contig, contigs, side="right") - first
        running = np.concatenate(([0], np.cumsum(self._segment_length)))
        self._first = first[ring.contig]
        self._fitting = self._count_fitting(first, number)
        self._sum_before = running
        self._places = (
            running[self._first + self._fitting] - running[self._first] - self._fitting * (ring.length - 1)
        )
        self.unplaceable = int((self._fitting == 0).sum())
        self._rounds = int(self._fitting.max(initial=0)).bit_length()

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return one placement; see `Placement`."""
        ring = self._ring
        around = ring.effective.contig_length[ring.contig]
        choices = np.where(self._fitting > 0, self._places, around)
        drawn = (rng.random(len(choices)) * choices).astype(np.int64)
        segment = self._segment_of(drawn)
        local = drawn - self._places_before(segment) + self._segment_place[self._first + segment]
        start = ring.offset[ring.contig] + np.where(self._fitting > 0, local, drawn)
        order = np.argsort(start)
        start = start[order]
        return start, start + ring.length[order]

    def _count_fitting(self, first: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many segments of its contig each call fits into."""
        ring = self._ring
        fitting = np.zeros(len(ring.length), dtype=np.int64)
        for contig in np.unique(ring.contig).tolist():
            here = np.flatnonzero(ring.contig == contig)
            lengths = self._segment_length[first[contig] : first[contig] + number[contig]]
            fitting[here] = np.searchsorted(-lengths, -ring.length[here], side="right")
        return fitting

    def _places_before(self, segment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of each call in the segments before one, shape (calls,)."""
        bases = self._sum_before[self._first + segment] - self._sum_before[self._first]
        return np.asarray(bases - segment * (self._ring.length - 1))

    def _segment_of(self, drawn: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the segment in which each drawn place lies, by halving."""
        low = np.zeros(len(drawn), dtype=np.int64)
        high = np.maximum(self._fitting - 1, 0)
        for _ in range(self._rounds if self._fitting.max(initial=0) > 1 else 0):
            middle = (low + high + 1) // 2
            before = self._places_before(middle) <= drawn
            low = np.where(before, middle, low)
            high = np.where(before, high, middle - 1)
        return low


def control_ring(ring: Ring, placement: Placement, seed: int) -> Ring:
    """Return one random placement of the calls, as calls of its own.

    Parameters
    ----------
    ring : Ring
        The calls.
    placement : Placement
        `Resampling` or `gc_placements.GcResampling`; calls that it laid over the end of a
        contig are left out.
    seed : int
        Of the placement; another stream than that of the permutations.
    """
    start, end = placement.draw(np.random.default_rng([seed, *b"control"]))
    contig = np.searchsorted(ring.offset, start, side="right") - 1
    local, length = start - ring.offset[contig], end - start
    kept = local + length <= ring.effective.contig_length[contig]
    places = (ring.effective.contig_start[contig] + local)[kept]
    return Ring(ring.effective, contig[kept].astype(np.int32), places, places + length[kept])
