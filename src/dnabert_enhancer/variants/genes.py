"""The nearest gene of a variant, and the regions that it lies in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome import ContigNames, read_genes, read_regions, transcription_starts

if TYPE_CHECKING:
    import pandas as pd


class NearestGene(NamedTuple):
    """A gene near a variant.

    Attributes
    ----------
    name : str
    strand : str
        ``+``, ``-`` or ``.``.
    distance : int
        From the variant to the gene's start of transcription in bp, as ``bedtools closest -D ref`` has it: 0
        at that base, positive where it lies at higher coordinates.
    """

    name: str
    strand: str
    distance: int


class GeneIndex:
    """Starts of transcription, sorted, by contig.

    Parameters
    ----------
    path : str or path
        See `genome.read_genes`.
    names : ContigNames
        Of the genome; genes on other contigs are left out.

    Attributes
    ----------
    bodies : RegionIndex
        The genes from end to end.

    Raises
    ------
    InputError
        No gene; none on a contig of the genome; a line that cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], names: ContigNames) -> None:
        genes = read_genes(path, names)
        self.bodies = RegionIndex.of_frame(genes)
        columns = (genes["chrom"], transcription_starts(genes), genes["name"], genes["strand"])
        found: dict[str, list[tuple[int, str, str]]] = {}
        for contig, *gene in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(contig, []).append(tuple(gene))
        self.n_genes = sum(map(len, found.values()))
        self._genes = {contig: sorted(rows) for contig, rows in found.items()}
        self._starts = {
            contig: np.array([row[0] for row in rows], dtype=np.int64) for contig, rows in self._genes.items()
        }

    def nearest(self, contig: str, start: int, end: int) -> NearestGene | None:
        """Return the gene whose start of transcription is nearest to an interval (0-based, half-open).

        Of two at the same distance the one at lower coordinates; None on a contig without genes.
        """
        starts = self._starts.get(contig)
        if starts is None:
            return None
        end = max(end, start + 1)
        right = int(np.searchsorted(starts, start))
        candidates = []
        if right > 0:
            left = int(np.searchsorted(starts, starts[right - 1]))
            candidates.append((start - int(starts[left]), 0, left))
        if right < len(starts):
            candidates.append((max(0, int(starts[right]) - end + 1), 1, right))
        size, side, row = min(candidates)
        _, name, strand = self._genes[contig][row]
        return NearestGene(name, strand, size if side else -size)


class RegionIndex:
    """Regions by contig, for the names of those that a variant lies in.

    Parameters
    ----------
    path : str or path
        BED.
    names : ContigNames
        Of the genome.
    """

    def __init__(self, path: str | os.PathLike[str], names: ContigNames) -> None:
        self._index(read_regions(path, names=names).frame)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> RegionIndex:
        """Return the index of a table with the columns chrom, start, end and name."""
        index = cls.__new__(cls)
        index._index(frame)
        return index

    def _index(self, frame: pd.DataFrame) -> None:
        frame = frame.assign(name=frame["name"].where(frame["name"] != ".", ""))
        self._regions: dict[str, list[tuple[int, int, str]]] = {}
        self._starts: dict[str, NDArray[np.int64]] = {}
        self._reach: dict[str, NDArray[np.int64]] = {}
        for chrom, rows in frame.sort_values(["start", "end", "name"]).groupby("chrom", observed=True):
            contig = str(chrom)
            columns = (rows["start"].tolist(), rows["end"].tolist(), rows["name"].tolist())
            self._regions[contig] = list(zip(*columns, strict=True))
            self._starts[contig] = rows["start"].to_numpy()
            self._reach[contig] = np.maximum.accumulate(rows["end"].to_numpy())

    def overlapping(self, contig: str, start: int, end: int) -> list[tuple[int, int, str]]:
        """Return start, end and name of the regions that share a base with an interval, in order.

        An empty one, an insertion, counts as its position and the base before.
        """
        if contig not in self._starts:
            return []
        if end <= start:
            start, end = max(0, start - 1), start + 1
        first = int(np.searchsorted(self._reach[contig], start, side="right"))
        last = int(np.searchsorted(self._starts[contig], end, side="left"))
        return [region for region in self._regions[contig][first:last] if region[1] > start]
