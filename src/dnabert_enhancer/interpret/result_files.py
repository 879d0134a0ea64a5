"""Files of an interpretation: arrays for TF-MoDISco, track, table of regions, table of substitutions."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import drawing, write_figure
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret.attributions import (
    COMPLETENESS_COLUMN,
    DELETION_COLUMNS,
    INCOMPLETE,
    REGION_COLUMNS,
    SUBSTITUTION_COLUMNS,
    Explained,
    deletion_rows,
    high_rows,
    substitution_rows,
)
from dnabert_enhancer.interpret.logos import variant_figure
from dnabert_enhancer.interpret.variants import VARIANT_COLUMNS, NamedAllele, Sides, skipped_row
from dnabert_enhancer.scan import BigWigWriter, Runs
from dnabert_enhancer.shards import ShardWriter
from dnabert_enhancer.variants import SkipReason

if TYPE_CHECKING:
    from dnabert_enhancer.interpret.attributions import Attributions

NO_VALUE = "NA"
LOGOS = 10
"""How many logos the command draws by default."""
ARRAYS_FORMAT = "dnabert-enhancer attribution arrays 1"


class AttributionFiles:
    """The files of an interpretation, opened at once so that a place that cannot be written shows early.

    ``PREFIX.attributions.npz``: ``one_hot`` (int8) and ``hypothetical`` (float32), both of shape (regions, 4,
    longest), 0 behind the end of shorter regions; ``name``, ``chrom``, ``start`` and ``end`` (0-based,
    half-open) of each. ``PREFIX.regions.tsv``: `REGION_COLUMNS`,
    of gradients also ``completeness_error``. ``PREFIX.bw``: the importance
    of each base, the mean where regions overlap.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    track : bool
        Whether to write ``PREFIX.bw``: sequences have no place in a genome.
    substitutions : bool
        Whether to write ``PREFIX.substitutions.tsv.gz``: `SUBSTITUTION_COLUMNS`.
    deletions : bool
        Whether to write ``PREFIX.deletions.tsv.gz``: `DELETION_COLUMNS`.
    high_attention : bool
        Whether to write ``PREFIX.high_attention.bed``: runs of high attention (0-based, half-open), with the
        name of their region and their mean attention.
    logos : int
        Of how many regions, those with the highest scores first, ``PREFIX.logo-1.png`` (150 dpi) and
        ``PREFIX.logo-1.svg`` and so on are drawn.
    """

    def __init__(
        self,
        out: OutputSet,
        prefix: str,
        *,
        track: bool,
        substitutions: bool = False,
        deletions: bool = False,
        high_attention: bool = False,
        logos: int = 0,
    ) -> None:
        self._out, self._prefix, self._logos = out, prefix, logos
        self._arrays = out.path(f"{prefix}.attributions.npz")
        self._regions = out.open_text(f"{prefix}.regions.tsv")
        self._track = out.path(f"{prefix}.bw") if track else None
        self._substitutions = out.open_text(f"{prefix}.substitutions.tsv.gz") if substitutions else None
        self._deletions = out.open_text(f"{prefix}.deletions.tsv.gz") if deletions else None
        self._high = out.open_text(f"{prefix}.high_attention.bed") if high_attention else None

    def write(self, found: Attributions) -> dict[str, int]:
        """Write everything; return how many regions and bases there were, and how many were explained."""
        counts = {"regions": len(found), "bases": 0, "bases_explained": 0, "regions_explained": 0}
        if found.has_completeness:
            counts["regions_above_completeness_limit"] = 0
        scores: list[float] = []
        columns = (*REGION_COLUMNS, *([COMPLETENESS_COLUMN] if found.has_completeness else []))
        self._regions.write("\t".join(columns) + "\n")
        if self._substitutions is not None:
            self._substitutions.write("\t".join(SUBSTITUTION_COLUMNS) + "\n")
        if self._deletions is not None:
            self._deletions.write("\t".join(DELETION_COLUMNS) + "\n")
        places: list[tuple[str, int, int]] = []
        names: list[str] = []
        for region in found:
            row = region.row()
            if found.has_completeness:
                row = (*row, region.completeness_error)
                counts["regions_above_completeness_limit"] += INCOMPLETE in row
            self._regions.write("\t".join(map(_text, row)) + "\n")
            if self._substitutions is not None:
                rows = substitution_rows(region).itertuples(index=False)
                self._substitutions.writelines("\t".join(map(_text, row)) + "\n" for row in rows)
            if self._deletions is not None:
                rows = deletion_rows(region).itertuples(index=False)
                self._deletions.writelines("\t".join(map(_text, row)) + "\n" for row in rows)
            if self._high is not None:
                self._high.writelines("\t".join(map(_text, row)) + "\n" for row in high_rows(found, region))
            places.append((region.contig, region.start, region.end))
            names.append(region.name)
            explained = row[REGION_COLUMNS.index("explained")]
            scores.append(region.score if explained else -np.inf)
            counts["bases"] += region.end - region.start
            counts["bases_explained"] += explained
            counts["regions_explained"] += explained > 0
        self._write_arrays(found, names, places)
        if self._track is not None:
            with BigWigWriter(self._track, sorted(found.contigs.items())) as track:
                for contig, runs in track_runs(found, places):
                    track.add(contig, runs)
        self._draw(found, scores)
        return counts

    def _draw(self, found: Attributions, scores: list[float]) -> None:
        highest = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
        shown = [number for number in highest[: self._logos] if scores[number] > -np.inf]
        for rank, number in enumerate(shown, start=1):
            with drawing():
                figure = found.plot(number)
                for kind in ("png", "svg"):
                    write_figure(figure, self._out.path(f"{self._prefix}.logo-{rank}.{kind}"))

    def _write_arrays(
        self, found: Attributions, names: list[str], places: list[tuple[str, int, int]]
    ) -> None:
        longest = max((end - start for _, start, end in places), default=0)
        shape = (len(names), 4, longest)
        with ShardWriter(self._arrays, ARRAYS_FORMAT) as writer:
            for name, kind in (("one_hot", "|i1"), ("hypothetical", "<f4")):
                writer.begin_array(name, shape, kind)
                for region in found:
                    values = getattr(region, name).T
                    writer.append_rows(np.pad(values, ((0, 0), (0, longest - values.shape[1])))[None])
            writer.add_array("name", np.array(names, dtype=np.str_))
            writer.add_array("chrom", np.array([contig for contig, _, _ in places], dtype=np.str_))
            writer.add_array("start", np.array([start for _, start, _ in places], dtype=np.int64))
            writer.add_array("end", np.array([end for _, _, end in places], dtype=np.int64))
            writer.finish({"settings": found.settings})


def track_runs(found: Attributions, places: list[tuple[str, int, int]]) -> Iterator[tuple[str, Runs]]:
    """Yield the importance along the genome in runs of one base, by contig name and position.

    Parameters
    ----------
    found : Attributions
    places : list of (str, int, int)
        Contig, start and end of each region, by its number.

    Yields
    ------
    str, Runs
        A contig and values of bases next to each other: the mean over the regions that cover a base and
        explain it. At most two regions' bases are held at a time, and those of all that overlap them.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    contig, start = "", 0
    total, count = np.zeros(0), np.zeros(0, dtype=np.int64)
    for number in order:
        region = found[number]
        if region.contig != contig or region.start >= start + len(total):
            yield from _runs(contig, start, total, count)
            contig, start = region.contig, region.start
            total, count = np.zeros(0), np.zeros(0, dtype=np.int64)
        elif region.start > start:
            settled = region.start - start
            yield from _runs(contig, start, total[:settled], count[:settled])
            start, total, count = region.start, total[settled:], count[settled:]
        missing = max(0, region.end - start - len(total))
        total, count = np.pad(total, (0, missing)), np.pad(count, (0, missing))
        _add(region, total, count)
    yield from _runs(contig, start, total, count)


def _add(region: Explained, total: NDArray[np.float64], count: NDArray[np.int64]) -> None:
    importance = region.importance
    known = ~np.isnan(importance)
    part = slice(0, len(importance))
    total[part][known] += importance[known]
    count[part][known] += 1


def _runs(
    contig: str, start: int, total: NDArray[np.float64], count: NDArray[np.int64]
) -> Iterator[tuple[str, Runs]]:
    bases = np.flatnonzero(count)
    if len(bases):
        values = (total[bases] / count[bases]).astype(np.float32)
        yield contig, Runs(start + bases, start + bases + 1, values)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return NO_VALUE
    if isinstance(value, float):
        return str(np.float32(value))
    return str(value)


class VariantFiles:
    """The files of explained variants, opened at once.

    ``PREFIX.variants.tsv``: `VARIANT_COLUMNS`, one row per allele in the order of the input.
    ``PREFIX.variant-1.png`` (150 dpi) and ``PREFIX.variant-1.svg`` and so on: those whose importance changes
    most, all bases taken together.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    logos : int
        How many are drawn.
    """

    def __init__(self, out: OutputSet, prefix: str, *, logos: int = LOGOS) -> None:
        self._out, self._prefix, self._logos = out, prefix, logos
        self._table = out.open_text(f"{prefix}.variants.tsv")
        self._table.write("\t".join(VARIANT_COLUMNS) + "\n")

    def write(
        self, found: Iterable[tuple[NamedAllele, Sides | SkipReason]], unit: str
    ) -> tuple[int, dict[str, int]]:
        """Write variants as they come; return how many were explained, and the others by their reason."""
        best: list[tuple[float, int, Sides]] = []
        explained = 0
        skipped: Counter[str] = Counter()
        for number, (variant, sides) in enumerate(found):
            if isinstance(sides, SkipReason):
                skipped[str(sides)] += 1
                row = skipped_row(variant, sides)
            else:
                explained += 1
                row = sides.row()
                # the earlier one of equals stays
                heapq.heappush(best, (row[VARIANT_COLUMNS.index("rewiring")], -number, sides))
                if len(best) > self._logos:
                    heapq.heappop(best)
            self._table.write("\t".join(map(_text, row)) + "\n")
        for rank, (_, _, sides) in enumerate(sorted(best, key=lambda item: (-item[0], -item[1])), start=1):
            with drawing():
                figure = variant_figure(sides, unit=unit)
                for kind in ("png", "svg"):
                    write_figure(figure, self._out.path(f"{self._prefix}.variant-{rank}.{kind}"))
        return explained, dict(sorted(skipped.items()))
