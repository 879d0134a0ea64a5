"""First half of a run: records in blocks through the models, into a block file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.variants.allele_scorer import N_NUMBERS, AlleleScorer
from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.block_file import Block, BlockWriter
from dnabert_enhancer.variants.effect import EffectStatistic
from dnabert_enhancer.variants.genes import GeneIndex, RegionIndex
from dnabert_enhancer.variants.motifs import MotifLibrary
from dnabert_enhancer.variants.null import NullSettings, draw_nulls, strata_of
from dnabert_enhancer.variants.phased import PhasedAlleles
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.variants.reference import GenomeBases, SequenceSource, Stretch
from dnabert_enhancer.variants.windows import WindowPlan, around, middle_window
from dnabert_enhancer.vcf import VcfRecord

REASONS = tuple(SkipReason)
NULL_STATISTIC = 2 + tuple(EffectStatistic).index(EffectStatistic.LOGIT_DIFFERENCE)
"""Column of an allele's numbers of which the p-values are."""


@dataclass(frozen=True)
class Annotations:
    """What is looked up beside the models.

    Parameters
    ----------
    genes : GeneIndex, optional
    regions : RegionIndex, optional
        Records outside are not scored.
    tracks : mapping of str to RegionIndex
        Regions to name, by the name of their set.
    motifs : MotifLibrary, optional
    """

    genes: GeneIndex | None = None
    regions: RegionIndex | None = None
    tracks: Mapping[str, RegionIndex] = field(default_factory=dict)
    motifs: MotifLibrary | None = None


class _Entry(NamedTuple):
    """One entry of ALT: an allele with the genome around it, or why there is none."""

    stretch: Stretch | None
    allele: Allele | None
    reason: SkipReason | None


@dataclass
class ScoringRun:
    """Scores blocks of records.

    Parameters
    ----------
    genome : SequenceSource
    names : ContigNames
        The genome's.
    scorers : sequence of AlleleScorer
        The enhancer model first, then the TFs.
    annotations : Annotations
    nulls : NullSettings
    source : str
        Name of the VCF, for messages.
    strict : bool
        The first allele that cannot be scored is an error.
    phased : PhasedAlleles, optional
        Applies the alleles of a haplotype together.
    """

    genome: SequenceSource
    names: ContigNames
    scorers: Sequence[AlleleScorer]
    annotations: Annotations
    nulls: NullSettings
    source: str
    strict: bool = False
    phased: PhasedAlleles | None = None
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._bases = GenomeBases(self.genome)
        self._widest: WindowPlan = max((scorer.plan for scorer in self.scorers), key=lambda plan: plan.length)

    @property
    def longest_gap(self) -> int:
        """Records so near, in bp, must be in one block: 0 unless haplotypes are read."""
        return self._widest.length if self.phased is not None else 0

    def score(self, number: int, records: Sequence[VcfRecord]) -> Block:
        """Return a block of records with their scores."""
        began = time.perf_counter()
        entries = [self._entries(record) for record in records]
        flat = [entry for group in entries for entry in group]
        if self.phased is not None:
            groups = [[entry.allele for entry in group] for group in entries]
            joined = self.phased.join(self._bases, records, groups, self._widest.length)
            for row, allele in joined.items():
                flat[row] = _Entry(around(self._bases, allele, self._widest), allele, None)
            self.counts["joined"] += len(joined)
        rows = [row for row, entry in enumerate(flat) if entry.allele is not None]
        placed = [(flat[row].stretch, flat[row].allele) for row in rows]
        pairs = [
            (stretch, allele) for stretch, allele in placed if stretch is not None and allele is not None
        ]
        scores = np.full((len(flat), len(self.scorers), N_NUMBERS), np.nan, dtype=np.float32)
        reasons = [entry.reason for entry in flat]
        for column, scorer in enumerate(self.scorers):
            found = scorer.score(pairs)
            scores[rows, column] = found.numbers
            if column == 0:
                for row, reason in zip(rows, found.reasons, strict=True):
                    reasons[row] = reason
        if self.strict:
            self._refuse_skipped(records, entries, reasons)
        scored = [pair for pair, row in zip(pairs, rows, strict=True) if reasons[row] is None]
        strata = np.full(len(flat), -1, dtype=np.int16)
        windows = np.full(len(flat), -1, dtype=np.int64)
        strata[rows] = strata_of(pairs, self._widest.length)
        for row, (stretch, allele) in zip(rows, pairs, strict=True):
            windows[row] = middle_window(stretch, allele, self.scorers[0].plan)
        numbers: dict[str, NDArray[Any]] = {
            "alts": np.array([len(group) for group in entries], dtype=np.uint32),
            "reasons": np.array(
                [0 if reason is None else 1 + REASONS.index(reason) for reason in reasons], np.uint8
            ),
            "strata": strata,
            "windows": windows,
            "scores": scores,
            **self._null(number, scored),
        }
        texts = self._texts(records, pairs, rows, len(flat))
        self.counts["records"] += len(records)
        self.counts["alleles"] += len(flat)
        self.counts["scored"] += len(scored)
        self.counts["null_variants"] += len(numbers["null_strata"])
        lines = [
            b"\t".join([*record.columns, record.rest] if record.rest else record.columns)
            for record in records
        ]
        self.seconds += time.perf_counter() - began
        return Block(number, numbers, lines, texts)

    def _entries(self, record: VcfRecord) -> list[_Entry]:
        contig = self.names.resolve(record.contig)
        if self.annotations.regions is not None and not self._in_regions(contig, record):
            return [_Entry(None, None, SkipReason.OUTSIDE_REGIONS) for _ in record.alts]
        return [self._entry(contig, record, alt) for alt in record.alts]

    def _entry(self, contig: str | None, record: VcfRecord, alt: bytes) -> _Entry:
        if contig is None:
            return _Entry(None, None, SkipReason.CONTIG_NOT_IN_GENOME)
        found = place_allele(self._bases, contig, record.position, record.ref, alt)
        if isinstance(found, SkipReason):
            return _Entry(None, None, found)
        return _Entry(around(self._bases, found, self._widest), found, None)

    def _in_regions(self, contig: str | None, record: VcfRecord) -> bool:
        regions = self.annotations.regions
        start = record.position - 1
        return contig is not None and bool(
            regions is None or regions.overlapping(contig, start, start + len(record.ref))
        )

    def _refuse_skipped(
        self,
        records: Sequence[VcfRecord],
        entries: Sequence[Sequence[_Entry]],
        reasons: Sequence[SkipReason | None],
    ) -> None:
        row = 0
        for record, group in zip(records, entries, strict=True):
            for alt in range(len(group)):
                reason = reasons[row]
                row += 1
                if reason is not None and reason.is_defect:
                    shown = f"{record.ref[:20].decode('latin-1')}>{record.alts[alt][:20].decode('latin-1')}"
                    raise InputError(
                        f"{record.contig}:{record.position} {shown} cannot be scored: {reason}",
                        source=self.source,
                        location=f"line {record.line}",
                        remedy="correct the record, or leave --strict out",
                    )

    def _null(self, number: int, scored: Sequence[tuple[Stretch, Allele]]) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng([self.nulls.seed, number])
        drawn = draw_nulls(scored, self.nulls.count(number, len(scored)), self._widest, rng)
        pairs = [(null.stretch, null.allele) for null in drawn]
        statistics = [scorer.score(pairs).numbers[:, NULL_STATISTIC] for scorer in self.scorers]
        return {
            "null_strata": np.array([null.stratum for null in drawn], dtype=np.int16),
            "null_statistics": np.stack(statistics, axis=1),
        }

    def _texts(
        self,
        records: Sequence[VcfRecord],
        pairs: Sequence[tuple[Stretch, Allele]],
        rows: Sequence[int],
        n_alleles: int,
    ) -> dict[str, Any]:
        texts: dict[str, Any] = {}
        notes = self.annotations
        if notes.genes is not None or notes.tracks or notes.regions is not None:
            places = [
                (
                    self.names.resolve(record.contig),
                    record.position - 1,
                    record.position - 1 + len(record.ref),
                )
                for record in records
            ]
            if notes.genes is not None:
                texts["genes"] = [contig and notes.genes.nearest(contig, *place) for contig, *place in places]
            if notes.regions is not None:
                texts["regions"] = [_first_region(notes.regions, contig, place) for contig, *place in places]
            if notes.tracks:
                texts["tracks"] = [_named_regions(notes.tracks, contig, place) for contig, *place in places]
        if notes.motifs is not None:
            found = notes.motifs.matches(pairs)
            motifs: list[list[str]] = [[] for _ in range(n_alleles)]
            for row, matches in zip(rows, found, strict=True):
                motifs[row] = [match.text() for match in matches]
            texts["motifs"] = motifs
        return texts


def score_records(
    run: ScoringRun,
    blocks: Iterable[Sequence[VcfRecord]],
    stream: IO[bytes],
    shard: tuple[int, int],
    trailer: Callable[[], Mapping[str, Any]],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Score the blocks of a shard into a block file.

    Parameters
    ----------
    run : ScoringRun
    blocks : iterable of sequences of VcfRecord
        All blocks of the input; every N-th is this shard's.
    stream : binary file
    shard : tuple of (int, int)
        Which shard, from 1, of how many.
    trailer : callable
        Returns the trailer, when all is scored.
    progress : callable, optional
        Called with the number of records done since its last call.
    """
    writer = BlockWriter(stream)
    for number, records in enumerate(blocks):
        if number % shard[1] == shard[0] - 1:
            writer.append(run.score(number, records))
        if progress is not None:
            progress(len(records))
    writer.finish(trailer())


def _first_region(regions: RegionIndex, contig: str | None, place: Sequence[int]) -> list[int] | None:
    found = regions.overlapping(contig, place[0], place[1]) if contig else []
    return [found[0][0], found[0][1]] if found else None


def _named_regions(tracks: Mapping[str, RegionIndex], contig: str | None, place: Sequence[int]) -> list[str]:
    if contig is None:
        return []
    return [
        f"{track}:{label or f'{start}-{end}'}"
        for track, regions in tracks.items()
        for start, end, label in regions.overlapping(contig, place[0], place[1])
    ]
