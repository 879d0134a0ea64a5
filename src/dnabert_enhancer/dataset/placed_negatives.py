"""Negatives as DNABERT-Enhancer's authors make them: each positive placed anew by bedtools shuffle's rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.background import free_regions
from dnabert_enhancer.dataset.composition import composition_by_contig
from dnabert_enhancer.dataset.dataset import SPLIT_NAMES
from dnabert_enhancer.dataset.negatives import Labelled, copies_wanted, labelled_windows
from dnabert_enhancer.dataset.settings import DatasetSettings, NegativeSource
from dnabert_enhancer.dataset.splits import SplitMap
from dnabert_enhancer.genome import Genome, region_frame

if TYPE_CHECKING:
    import pandas as pd


class Placed(NamedTuple):
    """Placed negatives, how many were wanted, how many found no place, how many fell on unknown bases."""

    windows: Labelled
    frame: pd.DataFrame
    wanted: int
    without_place: int
    of_unknown_bases: int


def placed_negatives(
    genome: Genome,
    positives: Labelled,
    split_map: SplitMap,
    excluded: pd.DataFrame,
    settings: DatasetSettings,
    ratio: float,
    rng: np.random.Generator,
) -> Placed:
    """Return each positive at a random place of its contig and split.

    Notes
    -----
    All places that touch no excluded region are alike likely, as ``bedtools shuffle -chrom -excl`` draws
    them: negatives may touch positives and each other. As the authors do, one that falls on too many unknown
    bases is left out and not drawn again. Where contigs are cut into blocks, which the authors do not, a
    negative stays in the blocks of its positive's split.
    """
    copies = copies_wanted(positives.split, ratio, rng)
    rows = np.repeat(np.arange(len(copies)), copies)
    contig, split = positives.contig[rows], positives.split[rows]
    start = np.full(len(rows), -1, dtype=np.int64)
    for number in np.unique(split).tolist():
        free = free_regions(split_map.units[SPLIT_NAMES[number]], excluded, settings.length)
        codes = free["chrom"].cat.codes.to_numpy()
        for code in np.unique(contig[split == number]).tolist():
            chosen = np.flatnonzero((contig == code) & (split == number))
            here = free[codes == code]
            start[chosen] = _draw(
                here["start"].to_numpy(), here["end"].to_numpy(), settings.length, len(chosen), rng
            )
    found = np.flatnonzero(start >= 0)
    windows = region_frame(
        contig[found],
        start[found],
        start[found] + settings.length,
        genome.contig_sizes,
        name="",
        strand=positives.strand[rows[found]],
    )
    composition = composition_by_contig(genome, windows, settings.length)
    known = (composition.unknown <= settings.max_unknown) & ~np.isnan(composition.gc)
    kept = windows[known].reset_index(drop=True)
    labelled = labelled_windows(
        genome, kept, split[found][known], settings, source=NegativeSource.BEDTOOLS_SHUFFLE
    )
    return Placed(labelled, kept, len(rows), len(rows) - len(found), int((~known).sum()))


def _draw(
    start: NDArray[np.int64], end: NDArray[np.int64], length: int, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return starts drawn from all that fit into some regions, -1 where there is none."""
    widths = end - start - length + 1
    before = np.concatenate([[0], np.cumsum(widths)])
    if not before[-1]:
        return np.full(count, -1, dtype=np.int64)
    drawn = rng.integers(0, before[-1], size=count)
    row = np.searchsorted(before, drawn, side="right") - 1
    return np.asarray(start[row] + drawn - before[row])
