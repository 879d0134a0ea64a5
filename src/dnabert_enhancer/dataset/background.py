"""Matched negatives: windows of the same genome, like the positives in composition, away from them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.composition import Composition, composition_of
from dnabert_enhancer.dataset.dataset import SPLIT_NAMES
from dnabert_enhancer.dataset.matching import NOT_MATCHED, match_windows
from dnabert_enhancer.dataset.settings import DatasetSettings
from dnabert_enhancer.dataset.splits import SplitMap
from dnabert_enhancer.genome import Genome, subtract

if TYPE_CHECKING:
    import pandas as pd

LOGGER = logging.getLogger(__name__)

_FIRST_CANDIDATES = 50_000
_CANDIDATES_PER_TARGET = 50
_GROWTH = 8
_MOST_CANDIDATES = 4_000_000
_WORTHWHILE = 0.01


class Targets(NamedTuple):
    """Windows that want a negative each: contig number, place of the split in `SPLIT_NAMES`, composition."""

    contig: NDArray[np.int32]
    split: NDArray[np.int8]
    composition: Composition


class Matches(NamedTuple):
    """The negative of each target: contig number, `NOT_MATCHED` where there is none, start, composition."""

    contig: NDArray[np.int32]
    start: NDArray[np.int64]
    composition: Composition


class BackgroundSampler:
    """Draws windows of a genome that are like given ones.

    Parameters
    ----------
    genome : Genome
    split_map : SplitMap
        A negative lies in the split of its positive.
    forbidden : DataFrame
        Regions that no negative may touch.
    settings : DatasetSettings
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        genome: Genome,
        split_map: SplitMap,
        forbidden: pd.DataFrame,
        settings: DatasetSettings,
        rng: np.random.Generator,
    ) -> None:
        self._genome = genome
        self._contigs = list(genome.contig_sizes)
        self._split_map = split_map
        self._free = {
            SPLIT_NAMES.index(split): free_regions(units, forbidden, settings.length)
            for split, units in split_map.units.items()
        }
        self._settings = settings
        self._rng = rng
        self._taken: dict[int, NDArray[np.int64]] = {}

    def match(self, targets: Targets) -> Matches:
        """Return a negative for each target: on its own contig, else on another of its split."""
        count = len(targets.contig)
        matches = Matches(
            np.full(count, NOT_MATCHED, dtype=np.int32),
            np.zeros(count, dtype=np.int64),
            Composition(*(np.full(count, np.nan) for _ in range(3))),
        )
        groups = np.unique(np.stack([targets.contig, targets.split.astype(np.int32)], axis=1), axis=0)
        for contig, split in groups.tolist():
            rows = np.flatnonzero((targets.contig == contig) & (targets.split == split))
            LOGGER.info(
                "%s: %d windows to be matched (%s)", self._contigs[contig], len(rows), SPLIT_NAMES[split]
            )
            self._fill(matches, targets, rows, contig, split)
        for split in np.unique(targets.split).tolist():
            others = self._split_map.units[SPLIT_NAMES[split]]["chrom"].cat.codes.unique()
            for contig in self._rng.permutation(others).tolist():
                rows = np.flatnonzero((targets.split == split) & (matches.contig == NOT_MATCHED))
                rows = rows[targets.contig[rows] != contig]
                if len(rows):
                    self._fill(matches, targets, rows, contig, split)
        return matches

    def _fill(
        self, matches: Matches, targets: Targets, rows: NDArray[np.intp], contig: int, split: int
    ) -> None:
        """Match rows with windows of one contig, with more and more candidates while that helps."""
        free = self._free[split]
        free = free[free["chrom"].cat.codes == contig]
        places = int((free["end"] - free["start"] - self._settings.length + 1).sum())
        size = max(_FIRST_CANDIDATES, _CANDIDATES_PER_TARGET * len(rows))
        while len(rows) and places:
            size = min(size, _MOST_CANDIDATES)
            found = self._round(matches, targets, rows, contig, free, size)
            LOGGER.debug(
                "%s: %d of %d matched among %d candidates",
                self._contigs[contig],
                found,
                len(rows),
                min(size, places),
            )
            if size >= places or (size == _MOST_CANDIDATES and found < _WORTHWHILE * len(rows)):
                return
            rows = rows[matches.contig[rows] == NOT_MATCHED]
            size *= _GROWTH

    def _round(
        self,
        matches: Matches,
        targets: Targets,
        rows: NDArray[np.intp],
        contig: int,
        free: pd.DataFrame,
        size: int,
    ) -> int:
        settings = self._settings
        starts = draw_starts(free, settings.length, size, self._rng)
        composition = composition_of(self._genome, self._contigs[contig], starts, settings.length)
        usable = (composition.unknown <= settings.max_unknown) & ~np.isnan(composition.gc)
        if not usable.all():
            starts, composition = starts[usable], composition.take(usable)
        taken = self._taken.get(contig, np.empty(0, dtype=np.int64))
        chosen = match_windows(
            targets.composition.take(rows),
            composition,
            starts,
            length=settings.length,
            gc_tolerance=settings.gc_tolerance,
            repeat_tolerance=settings.repeat_tolerance,
            taken=taken,
            rng=self._rng,
        )
        matched = chosen != NOT_MATCHED
        where, which = rows[matched], chosen[matched]
        matches.contig[where] = contig
        matches.start[where] = starts[which]
        for written, read in zip(matches.composition, composition, strict=True):
            written[where] = read[which]
        self._taken[contig] = np.concatenate([taken, starts[which]])
        return len(where)


def free_regions(units: pd.DataFrame, forbidden: pd.DataFrame, length: int) -> pd.DataFrame:
    """Return the parts of `units` that share no base with `forbidden` and hold a window of `length` bp."""
    free = subtract(units, forbidden)
    return free[free["end"] - free["start"] >= length]


def draw_starts(free: pd.DataFrame, length: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return about `count` different window starts, evenly drawn from all that fit.

    Returns
    -------
    int64[m]
        Rising; all that fit when there are no more than `count`, else a few less where one was drawn twice.
    """
    start = free["start"].to_numpy()
    widths = free["end"].to_numpy() - start - length + 1
    before = np.concatenate([[0], np.cumsum(widths)])
    total = int(before[-1])
    if total <= count:
        drawn = np.arange(total)
    else:
        drawn = rng.integers(0, total, size=count)
        drawn.sort()
        drawn = drawn[np.append(True, drawn[1:] != drawn[:-1])]
    # rising, so those of a region lie side by side
    drawn += np.repeat(start - before[:-1], np.diff(np.searchsorted(drawn, before)))
    return drawn
