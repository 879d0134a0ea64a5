"""The nearest gene of a variant, and the regions that it lies in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import ContigNames, read_bed

_ATTRIBUTE = re.compile(r'(\w+)[ =]"?([^";]+)"?')
_GTF_COLUMNS = 9


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


class _Gene(NamedTuple):
    contig: str
    start: int
    end: int
    name: str
    strand: str


class GeneIndex:
    """Starts of transcription, sorted, by contig.

    Parameters
    ----------
    path : str or path
        BED with names and strands, or GTF or GFF3, of which the lines of type ``gene`` are read; plain or
        gzip.
    names : ContigNames
        Of the genome; genes on other contigs are left out.

    Raises
    ------
    InputError
        No gene; a line that cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], names: ContigNames) -> None:
        found: dict[str, list[tuple[int, str, str]]] = {}
        n_genes = 0
        for gene in _read_genes(path):
            n_genes += 1
            contig = names.resolve(gene.contig)
            if contig is not None:
                start = gene.end - 1 if gene.strand == "-" else gene.start
                found.setdefault(contig, []).append((max(start, gene.start), gene.name, gene.strand))
        if not n_genes:
            raise InputError(
                "no gene was found", source=path, remedy="give BED, or GTF or GFF3 with lines of type gene"
            )
        self.n_genes = sum(len(genes) for genes in found.values())
        self._genes = {contig: sorted(genes) for contig, genes in found.items()}
        self._starts = {
            contig: np.array([gene[0] for gene in genes], dtype=np.int64)
            for contig, genes in self._genes.items()
        }

    def nearest(self, contig: str, start: int, end: int) -> NearestGene | None:
        """Return the gene whose start of transcription is nearest to a stretch (0-based, half-open).

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
        found: dict[str, list[tuple[int, int, str]]] = {}
        for record in read_bed(path):
            contig = names.resolve(record.interval.contig)
            if contig is not None:
                label = record.name if record.name != "." else ""
                found.setdefault(contig, []).append((record.interval.start, record.interval.end, label))
        self._regions = {contig: sorted(regions) for contig, regions in found.items()}
        self._starts: dict[str, NDArray[np.int64]] = {}
        self._reach: dict[str, NDArray[np.int64]] = {}
        for contig, regions in self._regions.items():
            self._starts[contig] = np.array([region[0] for region in regions], dtype=np.int64)
            self._reach[contig] = np.maximum.accumulate(np.array([region[1] for region in regions]))

    def overlapping(self, contig: str, start: int, end: int) -> list[tuple[int, int, str]]:
        """Return start, end and name of the regions that share a base with a stretch, in order.

        An empty stretch, an insertion, counts as its place and the base before.
        """
        if contig not in self._starts:
            return []
        if end <= start:
            start, end = max(0, start - 1), start + 1
        first = int(np.searchsorted(self._reach[contig], start, side="right"))
        last = int(np.searchsorted(self._starts[contig], end, side="left"))
        return [region for region in self._regions[contig][first:last] if region[1] > start]


def _read_genes(path: str | os.PathLike[str]) -> Iterator[_Gene]:
    lines = read_text_lines(path)
    first = next((line for _, line in lines if line and not line.startswith(("#", "track", "browser"))), "")
    columns = first.split("\t")
    if len(columns) >= _GTF_COLUMNS and columns[3].isdigit() and columns[6] in ("+", "-", "."):
        yield from _gtf_genes(path, read_text_lines(path))
        return
    for record in read_bed(path):
        yield _Gene(
            record.interval.contig,
            record.interval.start,
            record.interval.end,
            record.name,
            record.interval.strand,
        )


def _gtf_genes(path: str | os.PathLike[str], lines: Iterable[tuple[int, str]]) -> Iterator[_Gene]:
    for number, line in lines:
        columns = line.split("\t")
        if line.startswith("#") or len(columns) < _GTF_COLUMNS or columns[2] != "gene":
            continue
        if not (columns[3].isdigit() and columns[4].isdigit()):
            raise InputError(
                f"{columns[3]}-{columns[4]} is no place",
                source=path,
                location=f"line {number}",
                remedy="GTF has 1-based starts and ends",
            )
        attributes = dict(_ATTRIBUTE.findall(columns[8]))
        name = next(
            (attributes[key] for key in ("gene_name", "Name", "gene_id", "ID") if key in attributes), "."
        )
        yield _Gene(columns[0], int(columns[3]) - 1, int(columns[4]), name, columns[6])
