"""Scores records in blocks: alleles, windows, models, null variants and annotation, into a shard file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.shards import ShardBlock, ShardWriter
from dnabert_enhancer.variants.allele_scorer import AlleleScorer, score_together
from dnabert_enhancer.variants.alleles import Allele, SkipReason
from dnabert_enhancer.variants.clinical import AskedAllele, clinical_findings
from dnabert_enhancer.variants.effect import NULL_STATISTIC, SCORES
from dnabert_enhancer.variants.null import draw_nulls, null_count, strata_of
from dnabert_enhancer.variants.parts import numbered_blocks
from dnabert_enhancer.variants.record_source import RecordSource
from dnabert_enhancer.variants.reference import GenomeBases, SequenceContext, SequenceSource
from dnabert_enhancer.variants.reference_check import ReferenceCheck
from dnabert_enhancer.variants.settings import VariantSettings
from dnabert_enhancer.variants.windows import WindowPlan, context_around
from dnabert_enhancer.vcf import RecordChecks, VcfRecord, line_of

if TYPE_CHECKING:
    from dnabert_enhancer.variants.clinical import ClinicalSource
    from dnabert_enhancer.variants.genes import GeneIndex, RegionIndex
    from dnabert_enhancer.variants.motifs import MotifLibrary
    from dnabert_enhancer.variants.phased import PhasedAlleles

SHARD_FORMAT = "dnabert-enhancer variant scores 4"
ALLELES = np.dtype([("skip", "u1"), ("stratum", "<i2"), ("window", "<i8")])
"""An allele of a block: `SkipReason.code` or 0; stratum of the null and start of the middle window (0-based),
-1 where it could not be placed."""


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
    clinical : sequence of ClinicalSource
    """

    genes: GeneIndex | None = None
    regions: RegionIndex | None = None
    tracks: Mapping[str, RegionIndex] = field(default_factory=dict)
    motifs: MotifLibrary | None = None
    clinical: Sequence[ClinicalSource] = ()


class _Entry(NamedTuple):
    """One entry of ALT: an allele with the genome around it, or why there is none."""

    context: SequenceContext | None
    allele: Allele | None
    reason: SkipReason | None


class BlockScorer:
    """Scores blocks of records.

    Parameters
    ----------
    genome : SequenceSource
    names : ContigNames
        The genome's.
    scorers : sequence of AlleleScorer
        The enhancer model first, then the TFs.
    settings : VariantSettings
    annotations : Annotations
    source : str
        Name of the VCF, for messages.
    phased : PhasedAlleles, optional
        Applies the alleles of a haplotype together.

    Attributes
    ----------
    references : ReferenceCheck
        Whether the records are of the genome's assembly.
    counts : Counter
        Records, alleles, scored, null_variants, joined.
    seconds : float
        Spent in `score`, models included.
    """

    def __init__(
        self,
        genome: SequenceSource,
        names: ContigNames,
        scorers: Sequence[AlleleScorer],
        settings: VariantSettings,
        annotations: Annotations,
        source: str,
        phased: PhasedAlleles | None = None,
    ) -> None:
        self.genome, self.names, self.scorers = genome, names, scorers
        self.settings, self.annotations = settings, annotations
        self.source, self.phased = source, phased
        self.counts: Counter[str] = Counter()
        self.seconds = 0.0
        self._bases = GenomeBases(genome)
        self.references = ReferenceCheck(genome)
        self._rules = scorers[0].rules
        self._widest: WindowPlan = max((scorer.plan for scorer in scorers), key=lambda plan: plan.length)

    @property
    def has_ensemble(self) -> bool:
        """Whether one of the models is the mean of several."""
        return any(scorer.is_ensemble for scorer in self.scorers)

    @property
    def is_adaptive(self) -> bool:
        """Whether alleles are followed over the offsets only where it can matter."""
        return self.scorers[0].plan.adaptive

    @property
    def longest_gap(self) -> int:
        """Records so near, in bp, must be in one block: 0 unless haplotypes are read."""
        return self._widest.length if self.phased is not None else 0

    def score(self, number: int, records: Sequence[VcfRecord]) -> ShardBlock:
        """Return a block of records with their scores.

        Returns
        -------
        ShardBlock
            Arrays ``alts`` (entries of ALT, uint32[records]), ``alleles`` (`ALLELES`[alleles]), ``scores``
            (`SCORES`[alleles, models], NaN without a score), ``null_strata`` (int16[null]) and
            ``null_statistics`` (float32[null, models]); where a model is an ensemble ``deviations``
            (float32[alleles, models], see `Scored`) and where offsets are adaptive ``offsets``
            (uint8[alleles, models]) and ``centre`` (float32[alleles, models], of which the p-values are);
            what `Annotations` found as JSON; the records' lines.
        """
        began = time.perf_counter()
        entries = [self._entries(record) for record in records]
        flat = [entry for group in entries for entry in group]
        if self.phased is not None:
            groups = [[entry.allele for entry in group] for group in entries]
            joined = self.phased.join(self._bases, records, groups, self._widest.length)
            for row, allele in joined.items():
                flat[row] = _Entry(context_around(self._bases, allele, self._widest), allele, None)
            self.counts["joined"] += len(joined)
        rows, pairs = [], []
        for row, entry in enumerate(flat):
            if entry.context is not None and entry.allele is not None:
                rows.append(row)
                pairs.append((entry.context, entry.allele))
        scores = np.full((len(flat), len(self.scorers)), np.nan, dtype=SCORES)
        deviations = np.full(scores.shape, np.nan, dtype=np.float32)
        offsets = np.zeros(scores.shape, dtype=np.uint8)
        centre = np.full(scores.shape, np.nan, dtype=np.float32)
        reasons = [entry.reason for entry in flat]
        for column, found in enumerate(score_together(self.scorers, pairs)):
            scores[rows, column] = found.scores
            deviations[rows, column] = found.deviation
            offsets[rows, column], centre[rows, column] = found.offsets, found.centre
            if column == 0:
                for row, reason in zip(rows, found.reasons, strict=True):
                    reasons[row] = reason
        if self.settings.strict:
            self._refuse_skipped(records, entries, reasons)
        scored = [pair for pair, row in zip(pairs, rows, strict=True) if reasons[row] is None]
        alleles = np.zeros(len(flat), dtype=ALLELES)
        alleles["stratum"] = alleles["window"] = -1
        alleles["skip"] = [0 if reason is None else reason.code for reason in reasons]
        alleles["stratum"][rows] = strata_of(pairs, self._widest.length)
        alleles["window"][rows] = [
            self._rules.middle(context, allele, self.scorers[0].plan) for context, allele in pairs
        ]
        arrays = {
            "alts": np.array([len(group) for group in entries], dtype=np.uint32),
            "alleles": alleles,
            "scores": scores,
            **self._null(number, scored),
        }
        if self.has_ensemble:
            arrays["deviations"] = deviations
        if self.is_adaptive:
            arrays["offsets"], arrays["centre"] = offsets, centre
        self.counts["records"] += len(records)
        self.counts["alleles"] += len(flat)
        self.counts["scored"] += len(scored)
        self.counts["null_variants"] += len(arrays["null_strata"])
        lines = b"\n".join(map(line_of, records))
        annotated = self._annotated(records, pairs, rows, len(flat))
        if self.annotations.clinical:
            annotated["clinical"] = self._clinical(records, entries)
        self.seconds += time.perf_counter() - began
        return ShardBlock(number, arrays, annotated, {"records": lines})

    def _entries(self, record: VcfRecord) -> list[_Entry]:
        contig = self.names.resolve(record.contig)
        if self.annotations.regions is not None and not self._in_regions(contig, record):
            return [_Entry(None, None, SkipReason.OUTSIDE_REGIONS) for _ in record.alts]
        entries = [self._entry(contig, record, alt) for alt in record.alts]
        differs = any(entry.reason is SkipReason.REF_MISMATCH for entry in entries)
        if contig is not None and (differs or any(entry.allele for entry in entries)):
            self.references.add(contig, record, agrees=not differs)
        return entries

    def _entry(self, contig: str | None, record: VcfRecord, alt: bytes) -> _Entry:
        if contig is None:
            return _Entry(None, None, SkipReason.CONTIG_NOT_IN_GENOME)
        found = self._rules.place(self._bases, contig, record.position, record.ref, alt)
        if isinstance(found, SkipReason):
            return _Entry(None, None, found)
        return _Entry(context_around(self._bases, found, self._widest), found, None)

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

    def _null(self, number: int, scored: Sequence[tuple[SequenceContext, Allele]]) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng([self.settings.seed, number])
        count = null_count(self.settings.null_variants, number, len(scored))
        drawn = draw_nulls(scored, count, self._widest, rng)
        pairs = [(null.context, null.allele) for null in drawn]
        scored_nulls = score_together(self.scorers, pairs, centre_only=True)
        statistics = [found.scores[NULL_STATISTIC] for found in scored_nulls]
        return {
            "null_strata": np.array([null.stratum for null in drawn], dtype=np.int16),
            "null_statistics": np.stack(statistics, axis=1),
        }

    def _annotated(
        self,
        records: Sequence[VcfRecord],
        pairs: Sequence[tuple[SequenceContext, Allele]],
        rows: Sequence[int],
        n_alleles: int,
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
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
                found["genes"] = [contig and notes.genes.nearest(contig, *place) for contig, *place in places]
            if notes.regions is not None:
                found["regions"] = [_first_region(notes.regions, contig, place) for contig, *place in places]
            if notes.tracks or notes.regions is not None:
                found["classes"] = [_classes(notes, contig, place) for contig, *place in places]
            if notes.tracks:
                found["tracks"] = [named_regions(notes.tracks, contig, place) for contig, *place in places]
        if notes.motifs is not None:
            motifs: list[list[str]] = [[] for _ in range(n_alleles)]
            for row, matches in zip(rows, notes.motifs.matches(pairs), strict=True):
                motifs[row] = [match.text() for match in matches]
            found["motifs"] = motifs
        return found

    def _clinical(
        self, records: Sequence[VcfRecord], entries: Sequence[Sequence[_Entry]]
    ) -> list[list[list[str]] | None]:
        return [
            clinical_findings(
                self.annotations.clinical,
                AskedAllele(self._bases, self.names.resolve(record.contig), record, entry.allele),
            )
            for record, group in zip(records, entries, strict=True)
            for entry in group
        ]


def score_records(
    scorer: BlockScorer,
    records: RecordSource,
    stream: IO[bytes],
    facts: Callable[[], Mapping[str, Any]],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Score the records of a shard into a shard file.

    Parameters
    ----------
    scorer : BlockScorer
    records : RecordSource
        All records of the input, of which every N-th block is this shard's, or a `RecordPart`.
    stream : binary file
    facts : callable
        Returns, when all is scored, what the file's header says besides: ``settings`` (what scores depend
        on), ``own_lines`` (further lines of the VCF's header), ``engine``.
    progress : callable, optional
        Called with the number of records done since its last call.

    Raises
    ------
    InputError
        Records, but none on a contig of the genome; more than half of 1,000 with another REF.
    """
    settings, sizes, notes = scorer.settings, scorer.genome.contig_sizes, scorer.annotations
    checks = RecordChecks(records.header, records.faults, whole=settings.check)
    with ShardWriter(stream, SHARD_FORMAT) as writer:
        for number, block, own in numbered_blocks(records, settings.shard, checks, scorer.longest_gap):
            if own:
                writer.add_block(scorer.score(number, block))
                if not settings.allow_mismatches:
                    scorer.references.stop_early(records.header, records.source)
            if progress is not None:
                progress(len(block))
        scorer.names.check_shared(checks.contigs, records.source, "records", "have no score")
        model_seconds = sum(model.model_seconds for model in scorer.scorers)
        writer.finish(
            {
                **facts(),
                "header": records.header.to_json(),
                "contigs": {name: sizes.get(name) for name in checks.contigs},
                "blocks": checks.blocks,
                "indexable": checks.is_indexable,
                "source": records.source,
                "references": None if settings.allow_mismatches else scorer.references.tally(records.header),
                "content": {
                    "genes": notes.genes is not None,
                    "classes": bool(notes.tracks) or notes.regions is not None,
                    "tracks": bool(notes.tracks),
                    "motifs": notes.motifs is not None,
                    "clinical": bool(notes.clinical),
                    "deviations": scorer.has_ensemble,
                    "offsets": scorer.is_adaptive,
                },
                "shard": list(settings.shard),
                "seconds": {"model": model_seconds, "other": scorer.seconds - model_seconds},
                "null_counts": scorer.counts["null_variants"],
            }
        )


def _first_region(regions: RegionIndex, contig: str | None, place: Sequence[int]) -> list[int] | None:
    found = regions.overlapping(contig, place[0], place[1]) if contig else []
    return [found[0][0], found[0][1]] if found else None


def _classes(notes: Annotations, contig: str | None, place: Sequence[int]) -> list[str]:
    """Return the names of the sets that a place lies in, or without sets that of its region."""
    if contig is None:
        return []
    if notes.tracks:
        return [name for name, regions in notes.tracks.items() if regions.overlapping(contig, *place)]
    found = notes.regions.overlapping(contig, *place) if notes.regions is not None else []
    return [found[0][2]] if found and found[0][2] else []


def named_regions(tracks: Mapping[str, RegionIndex], contig: str | None, place: Sequence[int]) -> list[str]:
    """Return the regions that a place (0-based start, end) lies in, as ``TRACK:NAME``."""
    if contig is None:
        return []
    return [
        f"{track}:{label or f'{start}-{end}'}"
        for track, regions in tracks.items()
        for start, end, label in regions.overlapping(contig, place[0], place[1])
    ]
