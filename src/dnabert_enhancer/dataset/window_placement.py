"""Regions of BED files to windows of one length on the contigs of a genome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.settings import Overlapping, WindowPlacement
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    Genome,
    Stretches,
    merge_intervals,
    overlaps_any,
    read_bed,
    read_intervals,
)

_SUMMIT_COLUMN = 9
_NO_SUMMIT = -1


@dataclass(frozen=True)
class Places:
    """Stretches of a genome with their names; one entry each.

    Parameters
    ----------
    contig : int32[n]
        Number of the contig in the genome's order.
    start, end : int64[n]
        0-based, half-open.
    strand : str array[n]
        ``+``, ``-`` or ``.``.
    name : object array[n]
        Name in the file, or ``""``.
    summit : int64[n]
        Peak position on the contig, -1 where the file names none.
    """

    contig: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strand: NDArray[np.str_]
    name: NDArray[np.object_]
    summit: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Places:
        """Return some of the places, in the order asked for."""
        return Places(
            self.contig[rows],
            self.start[rows],
            self.end[rows],
            self.strand[rows],
            self.name[rows],
            self.summit[rows],
        )

    def in_order(self) -> Places:
        """Return the places by contig, start and end."""
        return self.take(np.lexsort((self.end, self.start, self.contig)))


def read_places(
    paths: Sequence[Path | str], genome: Genome, *, skip_outside: bool, summits: bool = False
) -> tuple[Places, Counter[str]]:
    """Return the regions of BED files on the contigs of a genome, by contig and start, and what was skipped.

    Parameters
    ----------
    paths : sequence of path
        BED 3-12, narrowPeak or broadPeak.
    genome : Genome
        Contig names are bridged (``chr1`` and ``1``).
    skip_outside : bool
        Leave out and count regions on contigs that the genome lacks or beyond a contig's end.
    summits : bool
        Read the peak position of narrowPeak files.

    Raises
    ------
    InputError
        When a region is outside (unless skipped), or no region is left.
    """
    skipped: Counter[str] = Counter()
    parts = [_read_one(path, genome, skipped, skip_outside=skip_outside, summits=summits) for path in paths]
    places = joined(parts)
    if not len(places):
        outside = f" ({skipped.total():,} are outside)" if skipped.total() else ""
        raise InputError(
            f"no region lies in the genome{outside}",
            source=", ".join(str(path) for path in paths),
            remedy=f"check that the assembly is the one of {genome.path}",
        )
    return places.in_order(), skipped


def _read_one(
    path: Path | str, genome: Genome, skipped: Counter[str], *, skip_outside: bool, summits: bool
) -> Places:
    table = read_intervals(path, genome.contig_sizes, names=genome.names, skip_outside=skip_outside)
    skipped.update(table.skipped)
    names = ["" if name == "." else name.strip() for name in table.names]
    places = Places(
        table.contig_index,
        table.start,
        table.end,
        table.strands,
        np.array(names, dtype=object),
        np.full(len(table), _NO_SUMMIT, dtype=np.int64),
    )
    if summits:
        peak_of_line = _summits(path)
        lines = table.lines.tolist()
        places.summit[:] = [peak_of_line.get(line, _NO_SUMMIT) for line in lines]
    return places


def _summits(path: Path | str) -> dict[int, int]:
    summits = {}
    for record in read_bed(path):
        if len(record.fields) > _SUMMIT_COLUMN:
            text = record.fields[_SUMMIT_COLUMN].strip()
            offset = int(text) if text.lstrip("-").isdigit() else _NO_SUMMIT
            if 0 <= offset < record.interval.length:
                summits[record.line] = record.interval.start + offset
    return summits


def place_windows(regions: Places, length: int, placement: WindowPlacement) -> Places:
    """Return windows of one length for each region; they may reach beyond the contig.

    Parameters
    ----------
    regions : Places
    length : int
        In bp.
    placement : WindowPlacement
        Where the windows of a region lie.
    """
    if placement is WindowPlacement.TILE:
        counts = np.maximum(1, (regions.end - regions.start) // length)
        row = np.repeat(np.arange(len(regions)), counts)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        first = (regions.start + regions.end - counts * length) // 2
        starts = first[row] + place * length
        tiled = regions.take(row)
        return Places(tiled.contig, starts, starts + length, tiled.strand, tiled.name, tiled.summit)
    starts = (regions.start + regions.end - length) // 2
    if placement is WindowPlacement.SUMMIT:
        starts = np.where(regions.summit >= 0, regions.summit - length // 2, starts)
    return Places(
        regions.contig, starts, starts + length, regions.strand, regions.name, regions.summit
    ).in_order()


def merge_overlapping(regions: Places) -> Places:
    """Return regions of which none share a base: those that do become one, with the name of the first.

    Parameters
    ----------
    regions : Places
        In the order of contig and start.

    Notes
    -----
    The strand is kept where all merged regions have the same, the summit where there is only one region.
    """
    if not len(regions):
        return regions
    group = _groups(regions)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(first, append=len(regions))
    same_strand = np.logical_and.reduceat(regions.strand == regions.strand[first][group], first)
    return Places(
        regions.contig[first],
        regions.start[first],
        np.maximum.reduceat(regions.end, first),
        np.where(same_strand, regions.strand[first], "."),
        regions.name[first],
        np.where(size == 1, regions.summit[first], _NO_SUMMIT),
    )


def without_overlaps(windows: Places, overlapping: Overlapping) -> Places:
    """Return windows without those that the rule forbids.

    Parameters
    ----------
    windows : Places
        All of one length, in the order of contig and start.
    overlapping : Overlapping
        MERGE: of windows that share a base the first stays. KEEP: of windows at one place the first stays.
    """
    stays = np.ones(len(windows), dtype=bool)
    if overlapping is Overlapping.KEEP:
        stays[1:] = (np.diff(windows.start) != 0) | (np.diff(windows.contig) != 0)
        return windows.take(stays)
    contig, end = -1, -1
    places = zip(windows.contig.tolist(), windows.start.tolist(), windows.end.tolist(), strict=True)
    for row, (this, start, stop) in enumerate(places):
        if this == contig and start < end:
            stays[row] = False
        else:
            contig, end = this, stop
    return windows.take(stays)


def covered_by(*parts: Places) -> dict[int, Stretches]:
    """Return what the places cover together, by contig number."""
    places = joined(parts)
    covered = {}
    for contig in np.unique(places.contig).tolist():
        rows = places.contig == contig
        covered[contig] = merge_intervals(places.start[rows], places.end[rows])
    return covered


def touches(windows: Places, covered: Mapping[int, Stretches]) -> NDArray[np.bool_]:
    """Return whether each window shares a base with what is covered: ``bool[n]``."""
    touched = np.zeros(len(windows), dtype=bool)
    for contig, stretches in covered.items():
        rows = np.flatnonzero(windows.contig == contig)
        touched[rows] = overlaps_any(windows.start[rows], windows.end[rows], *stretches)
    return touched


def joined(parts: Sequence[Places]) -> Places:
    """Return places one after the other."""
    return Places(
        np.concatenate([part.contig for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.strand for part in parts]),
        np.concatenate([part.name for part in parts]),
        np.concatenate([part.summit for part in parts]),
    )


def _groups(places: Places) -> NDArray[np.intp]:
    """Return the number of the run of overlapping places to which each belongs."""
    # positions as they would be on one long axis, so that one running maximum serves all contigs
    axis = places.contig.astype(np.int64) * (int(places.end.max()) + 1)
    reach = np.maximum.accumulate(axis + places.end)
    starts_new = np.ones(len(places), dtype=bool)
    starts_new[1:] = (axis + places.start)[1:] >= reach[:-1]
    return np.cumsum(starts_new) - 1
