"""Filters windows: inside a contig, off excluded regions, of known bases, not overlapping."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.composition import Composition, composition_by_contig
from dnabert_enhancer.dataset.settings import DatasetSettings, Overlapping, WindowPlacement
from dnabert_enhancer.dataset.window_placement import merge_overlapping, place_windows, without_overlaps
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, overlaps

if TYPE_CHECKING:
    import pandas as pd


class UsableWindows(NamedTuple):
    """Windows that passed all checks, with their composition."""

    frame: pd.DataFrame
    composition: Composition

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> UsableWindows:
        """Return some of the windows."""
        return UsableWindows(self.frame.iloc[rows].reset_index(drop=True), self.composition.take(rows))


def usable_windows(
    regions: pd.DataFrame,
    genome: Genome,
    settings: DatasetSettings,
    excluded: pd.DataFrame,
    skipped: Counter[str],
    what: str,
) -> UsableWindows:
    """Return the usable windows of regions, by contig and start.

    Parameters
    ----------
    regions : DataFrame
        By contig and start, as `window_placement.read_positions` returns it.
    genome : Genome
    settings : DatasetSettings
    excluded : DataFrame
        Regions that no window may touch.
    skipped : Counter
        Gets the number of windows that were left out, by reason.
    what : str
        ``positive`` or ``negative``: the beginning of each reason.

    Raises
    ------
    InputError
        When no window is left, with the reasons.
    """
    reasons: Counter[str] = Counter()
    merges = settings.overlapping == Overlapping.MERGE and settings.placement != WindowPlacement.SUMMIT
    merged = merge_overlapping(regions) if merges else regions
    reasons["merged_into_another"] = len(regions) - len(merged)
    windows = place_windows(merged, settings.length, WindowPlacement(settings.placement))
    sizes = np.array(list(genome.contig_sizes.values()), dtype=np.int64)
    inside = (windows["start"] >= 0) & (windows["end"] <= sizes[windows["chrom"].cat.codes])
    reasons["window_beyond_contig_end"] = int((~inside).sum())
    windows = windows[inside]
    touched = overlaps(windows, excluded)
    reasons["in_excluded_region"] = int(touched.sum())
    windows = windows[~touched]
    composition = composition_by_contig(genome, windows, settings.length)
    known = (composition.unknown <= settings.max_unknown) & ~np.isnan(composition.gc)
    reasons["of_unknown_bases"] = int((~known).sum())
    windows = windows[known]
    apart = without_overlaps(windows, Overlapping(settings.overlapping))
    reasons["overlaps_another"] = len(windows) - len(apart)
    skipped.update({f"{what}_{reason}": number for reason, number in reasons.items()})
    if not len(apart):
        why = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in reasons.items() if count)
        raise InputError(
            f"none of {len(regions):,} {what.replace('_', ' ')} regions gives a window of "
            f"{settings.length} bp ({why})",
            source=genome.path,
            remedy="check assembly and --length: contigs shorter than the window, or all N, give none",
        )
    composition = composition_by_contig(genome, apart, settings.length)
    return UsableWindows(apart, composition)
