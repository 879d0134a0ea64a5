"""The effective genome (what was scanned, without gaps) on one line, and elements mapped onto it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.coverage import Coverage
from dnabert_enhancer.comparison.elements import Elements
from dnabert_enhancer.genome import ContigNames, Spans, difference_of, union_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class MappedElements:
    """Elements within the effective genome, sorted by place.

    Attributes
    ----------
    elements : Elements
        Those with at least one base that counts; contigs as in the `EffectiveGenome`.
    line_start, line_end : int64 array, shape (elements,)
        Whole elements on the genome's line, where contigs lie further apart than any is long.
    start, end : int64 array, shape (elements,)
        Their bases that count, on the effective line. As an interval of the genome holds a run of the bases
        that count, it is one interval here; two share a base here exactly when they share one that counts.
    """

    elements: Elements
    line_start: NDArray[np.int64]
    line_end: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)


class EffectiveGenome:
    """Bases of a genome that count.

    Parameters
    ----------
    sizes : mapping of str to int
        Contig lengths in base pairs.
    scanned : DataFrame, optional
        What was scanned: ``chrom`` (whose categories are the contigs of `sizes`), ``start``, ``end``;
        default: everything.
    gaps : DataFrame, optional
        What does not count, such as assembly gaps.

    Attributes
    ----------
    contigs : list of str
    line_offset : int64 array, shape (contigs,)
        Where each contig begins on the genome's line.
    segments : Spans
        What counts, on the genome's line.
    segment_start : int64 array, shape (segments,)
        Where each segment begins on the effective line.
    contig_start, contig_length : int64 array, shape (contigs,)
        Where each contig's part of the effective line begins, and how long it is. One place is left free
        between contigs, so that nothing touches across them.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        scanned: pd.DataFrame | None = None,
        gaps: pd.DataFrame | None = None,
    ) -> None:
        self.contigs = list(sizes)
        self.sizes = np.array(list(sizes.values()), dtype=np.int64)
        steps = self.sizes + self.sizes.max()
        self.line_offset = np.cumsum(steps) - steps
        if scanned is None:
            kept = Spans(self.line_offset, self.line_offset + self.sizes)
        else:
            kept = self._on_line(scanned)
        if gaps is not None:
            taken = self._on_line(gaps)
            kept = difference_of(kept.start, kept.end, taken.start, taken.end)
        self.segments = kept
        self._coverage = Coverage(kept)
        lengths = kept.end - kept.start
        self.segment_contig = np.searchsorted(self.line_offset, kept.start, side="right") - 1
        self.segment_start = np.cumsum(lengths) - lengths + self.segment_contig
        before = self._coverage.before(self.line_offset)
        self.contig_start = before + np.arange(len(self.contigs))
        self.contig_length = self._coverage.before(self.line_offset + self.sizes) - before

    @property
    def bases(self) -> int:
        """Bases that count."""
        return self._coverage.bases

    def on_line(self, elements: Elements) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where elements, in the contigs of the effective genome, lie on the genome's line."""
        start = self.line_offset[elements.contig_index] + elements.start
        return start, start + (elements.end - elements.start)

    def map(self, elements: Elements) -> MappedElements:
        """Lay elements out on the effective line.

        Parameters
        ----------
        elements : Elements
            In the contigs of the effective genome, within their ends.

        Returns
        -------
        MappedElements
            ``counts`` of its elements gets ``not_scanned`` (no base counts) and ``partly_scanned``.
        """
        elements = elements.sorted()
        line_start, line_end = self.on_line(elements)
        start = self._coverage.before(line_start) + elements.contig_index
        end = self._coverage.before(line_end) + elements.contig_index
        inside = end > start
        partly = int((inside & (end - start < elements.end - elements.start)).sum())
        if not inside.all():
            elements = elements.take(inside, dropped="not_scanned")
            line_start, line_end, start, end = (a[inside] for a in (line_start, line_end, start, end))
        if partly:
            elements = Elements(elements.frame, elements.counts + Counter(partly_scanned=partly))
        return MappedElements(elements, line_start, line_end, start, end)

    def to_line(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where bases of the effective line lie on the genome's line."""
        segment = np.searchsorted(self.segment_start, places, side="right") - 1
        return np.asarray(self.segments.start[segment] + places - self.segment_start[segment])

    def _on_line(self, regions: pd.DataFrame) -> Spans:
        offset = self.line_offset[regions["chrom"].cat.codes]
        return union_of(offset + regions["start"].to_numpy(), offset + regions["end"].to_numpy())


def into_genome(elements: Elements, sizes: Mapping[str, int], names: ContigNames) -> Elements:
    """Return elements under the genome's contig names, without those that it cannot hold.

    ``counts`` gets ``contig_not_in_genome`` and ``beyond_contig_end`` for what was left out, and
    ``contig_renamed`` for elements whose file names their contig in another way.
    """
    own = {name: number for number, name in enumerate(sizes)}
    found = [names.resolve(contig) for contig in elements.contigs]
    numbers = np.array([-1 if name is None else own[name] for name in found], dtype=np.int32)
    renamed = np.array(
        [name is not None and name != contig for name, contig in zip(found, elements.contigs, strict=True)],
        dtype=bool,
    )
    index = numbers[elements.contig_index]
    changed = int(renamed[elements.contig_index].sum())
    moved = elements.on_contigs(list(sizes), index)
    moved = moved.take(index >= 0, dropped="contig_not_in_genome")
    lengths = np.array(list(sizes.values()), dtype=np.int64)
    moved = moved.take(moved.end <= lengths[moved.contig_index], dropped="beyond_contig_end")
    if changed:
        moved.counts["contig_renamed"] += changed
    return moved
