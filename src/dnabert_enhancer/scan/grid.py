"""Which windows a scan looks at: regions tiled by a stride, numbered from 0, cut into fixed blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import merge, region_frame

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.genome import Gaps

BLOCK_WINDOWS = 4096
_PIECE_BASES = 1 << 22


class GridNotes(NamedTuple):
    """What the planning did to the regions.

    Attributes
    ----------
    regions_merged : int
        Regions that overlap or touch another one and became part of it.
    regions_widened : int
        Regions shorter than the window, widened to it around their centre.
    too_short : int
        Contigs shorter than the window (with regions: regions on such contigs); no window lies on them.
    """

    regions_merged: int
    regions_widened: int
    too_short: int


class Piece(NamedTuple):
    """Consecutive windows of one span: 0-based ascending starts, and the number of the first window."""

    contig: str
    first: int
    starts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScanGrid:
    """The numbered windows of a scan.

    Spans are disjoint, sorted by contig name (in byte order, as ``sort -k1,1 -k2,2n`` does) and start. A span
    is tiled from its start by `stride`; where the stride does not divide it, one more window lies flush with
    its end. Window numbers run through all spans, so that the same input always gives the same numbers.

    Parameters
    ----------
    contigs : tuple of (str, int)
        All contigs of the genome with their lengths, sorted by name.
    contig_index : int32[m]
        Contig of each span, as an index into `contigs`.
    start, end : int64[m]
        0-based, half-open; every span is at least `window_length` long.
    window_length, stride : int
        In bp.
    block_windows : int
        How many windows make a block; the engine is given one block at a time.
    """

    contigs: tuple[tuple[str, int], ...]
    contig_index: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    window_length: int
    stride: int
    block_windows: int = BLOCK_WINDOWS
    first_window: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        beyond_first = self.end - self.start - self.window_length
        counts = -(-beyond_first // self.stride) + 1
        object.__setattr__(self, "first_window", np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that makes the grid: equal grids have equal digests."""
        digest = hashlib.sha256(
            json.dumps([self.contigs, self.window_length, self.stride, self.block_windows]).encode()
        )
        for part in (self.contig_index, self.start, self.end):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    @property
    def n_windows(self) -> int:
        """How many windows there are."""
        return int(self.first_window[-1])

    @property
    def n_blocks(self) -> int:
        """How many blocks there are; the last may be shorter than the others."""
        return -(-self.n_windows // self.block_windows)

    def block(self, number: int) -> tuple[int, int]:
        """Return the first window of a block, and the one after its last."""
        first = number * self.block_windows
        return first, min(first + self.block_windows, self.n_windows)

    def work(self, gaps: Gaps) -> NDArray[np.int64]:
        """Return the known bases of the spans before the first window of each block, and those of all.

        Parameters
        ----------
        gaps : Gaps
            Of the genome.

        Returns
        -------
        int64[n_blocks + 1]
        """
        first = np.arange(self.n_blocks, dtype=np.int64) * self.block_windows
        span = np.searchsorted(self.first_window, first, side="right") - 1
        start = self._known_before(gaps, self.contig_index, self.start)
        known = self._known_before(gaps, self.contig_index, self.end) - start
        before = np.concatenate([[0], np.cumsum(known, dtype=np.int64)])
        within = self._known_before(gaps, *self.places_of(first)) - start[span]
        return np.concatenate([before[span] + within, before[-1:]])

    def shard_blocks(self, index: int, of: int, work: NDArray[np.int64] | None = None) -> range:
        """Return the blocks of shard `index` (from 1) of `of`: runs of blocks, as even as they can be.

        Parameters
        ----------
        index, of : int
        work : int64[n_blocks + 1], optional
            What the blocks before each one cost together, and all; default: every block the same.
        """
        if work is None or work[-1] == 0:
            return range((index - 1) * self.n_blocks // of, index * self.n_blocks // of)
        # the first block at which a shard's part of the work is done; the last shard ends with the last block
        edges = [int(np.searchsorted(work, int(work[-1]) * part / of)) for part in (index - 1, index)]
        return range(0 if index == 1 else edges[0], self.n_blocks if index == of else edges[1])

    def windows_of(self, blocks: range) -> tuple[int, int]:
        """Return the number of the first window of a run of blocks, and of the one after its last."""
        first, last = blocks.start * self.block_windows, blocks.stop * self.block_windows
        return min(first, self.n_windows), min(last, self.n_windows)

    def shard_windows(self, index: int, of: int) -> tuple[int, int]:
        """Return the number of the first window of a shard, and of the one after its last."""
        return self.windows_of(self.shard_blocks(index, of))

    def _known_before(
        self, gaps: Gaps, contig_index: NDArray[np.int32], positions: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        known = np.zeros(len(positions), dtype=np.int64)
        for contig in np.unique(contig_index):
            there = contig_index == contig
            known[there] = gaps.known_before(self.contigs[contig][0], positions[there])
        return known

    def places(self, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return contig (index into `contigs`) and 0-based start of windows ``first`` to ``last - 1``."""
        return self.places_of(np.arange(first, last, dtype=np.int64))

    def places_of(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return contig (index into `contigs`) and 0-based start of windows by their numbers."""
        span = np.searchsorted(self.first_window, numbers, side="right") - 1
        starts = self.start[span] + (numbers - self.first_window[span]) * self.stride
        return self.contig_index[span], np.minimum(starts, self.end[span] - self.window_length)

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Yield the windows ``first`` to ``last - 1`` by spans, at most 4 Mb (or one window) at a time."""
        if first >= last:
            return
        span = int(np.searchsorted(self.first_window, first, side="right")) - 1
        while first < last:
            span_end = int(self.first_window[span + 1])
            stop = min(last, span_end, first + max(1, _PIECE_BASES // self.stride))
            contig_index, starts = self.places(first, stop)
            yield Piece(self.contigs[contig_index[0]][0], first, starts)
            first = stop
            span += first == span_end


def plan_grid(
    contig_sizes: Mapping[str, int],
    window_length: int,
    stride: int,
    regions: pd.DataFrame | None = None,
    contigs: Sequence[str] | None = None,
    block_windows: int = BLOCK_WINDOWS,
) -> tuple[ScanGrid, GridNotes]:
    """Lay the grid of a scan.

    Regions that overlap or touch are merged; one that is shorter than the window is widened to it around its
    centre, moved inwards at the ends of the contig.

    Parameters
    ----------
    contig_sizes : mapping of str to int
        Names and lengths of the genome's contigs.
    window_length, stride : int
        In bp, at least 1.
    regions : DataFrame, optional
        What to scan, as a table of regions (see `genome.read_regions`); default: whole contigs.
    contigs : sequence of str, optional
        Scan only these (exact names).
    block_windows : int
        How many windows make a block.

    Raises
    ------
    InputError
        When no window fits.
    """
    if window_length < 1 or stride < 1:
        raise InputError(f"window length {window_length} and stride {stride} must be at least 1")
    ordered = tuple(sorted(contig_sizes.items()))
    sizes = np.array([size for _, size in ordered], dtype=np.int64)
    chosen = np.array([contigs is None or name in set(contigs) for name, _ in ordered], dtype=bool)
    if regions is None:
        index = np.flatnonzero(chosen)
        start, end, n_merged = np.zeros(len(index), dtype=np.int64), sizes[index], 0
    else:
        names = [name for name, _ in ordered]
        placed = regions.assign(chrom=regions["chrom"].cat.set_categories(names))
        placed = placed[chosen[placed["chrom"].cat.codes] & (placed["end"] > placed["start"])]
        index, start, end = _merged(placed)
        n_merged = len(placed) - len(index)
    fits = sizes[index] >= window_length
    n_short = int(np.count_nonzero(~fits))
    index, start, end = index[fits], start[fits], end[fits]
    narrow = end - start < window_length
    if narrow.any():
        middle = (start + end - window_length) // 2
        start = np.where(narrow, np.clip(middle, 0, sizes[index] - window_length), start)
        end = np.where(narrow, start + window_length, end)
        index, start, end = _merged(region_frame(index, start, end, [name for name, _ in ordered]))
    if len(index) == 0:
        if n_short == 0:
            raise InputError("there are no regions to scan", remedy="give others, or leave --regions out")
        raise InputError(
            f"no window of {window_length} bp fits: all requested contigs are shorter",
            remedy="give longer sequences, or a model with a shorter window",
        )
    grid = ScanGrid(ordered, index.astype(np.int32), start, end, window_length, stride, block_windows)
    return grid, GridNotes(n_merged, int(np.count_nonzero(narrow)), n_short)


def _merged(regions: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return contig code, start and end of the union of regions, in order."""
    union = merge(regions)
    codes = union["chrom"].cat.codes.to_numpy().astype(np.int64)
    return codes, union["start"].to_numpy(), union["end"].to_numpy()
