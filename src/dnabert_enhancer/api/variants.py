"""Variant effects from Python: variants of any form through models, into a table."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.api.assembly_check import warn_of_other_assembly, warn_of_other_lengths
from dnabert_enhancer.api.inputs import GenomeInput, opened_genome, require_columns
from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames, Genome, Variant
from dnabert_enhancer.scan import shortest_sequence
from dnabert_enhancer.shards import ShardFile
from dnabert_enhancer.variants import (
    SHARD_FORMAT,
    AlleleScorer,
    Annotations,
    BlockScorer,
    GeneIndex,
    MotifLibrary,
    PhasedAlleles,
    RecordSource,
    RegionIndex,
    ScoredVariants,
    VariantSettings,
    WindowPlan,
    describe,
    letters_agree,
    score_records,
)
from dnabert_enhancer.vcf import VcfFaults, VcfHeader, VcfReader, VcfRecord, blocks_of, raw

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.api.model import Model

    VariantInput = str | os.PathLike[str] | pd.DataFrame | Variant | Iterable[str | Variant]

_COLUMNS = ("chrom", "pos", "ref", "alt")
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def score_variants(
    model: Model,
    variants: VariantInput,
    genome: GenomeInput,
    settings: VariantSettings,
    *,
    tf: Mapping[str, Model],
    annotation: Mapping[str, Any],  # see `open_annotations`
    chunks: int | None,
) -> Iterator[pd.DataFrame]:
    """Yield the table of `Model.score_variants`, whole or in frames of `chunks` rows."""
    with (
        opened_genome(genome) as opened,
        variant_records(variants) as records,
        tempfile.TemporaryFile() as scores,
    ):
        scorer = block_scorer(
            model, opened, records, settings, tf, open_annotations(opened.names, **annotation)
        )
        write_scores(scorer, records, scores)
        records.faults.warn()
        if isinstance(records, VariantTable):
            records.check_references(scorer)
        yield from ScoredVariants([ShardFile(scores, SHARD_FORMAT)]).frames(chunks)


class VariantTable:
    """Variants in memory, as records of a VCF.

    Parameters
    ----------
    variants : iterable of Variant
    """

    def __init__(self, variants: Iterable[Variant]) -> None:
        self.source = "variants"
        self.header = VcfHeader([b"##fileformat=VCFv4.2"])
        self.faults = VcfFaults(self.source)
        self._records = [_record(variant, number) for number, variant in enumerate(variants, start=1)]

    def blocks(self, gap: int = 0) -> Iterator[list[VcfRecord]]:
        """Yield the records in blocks; see `vcf.blocks_of`."""
        return blocks_of(self._records, gap)

    def check_references(self, scorer: BlockScorer) -> None:
        """Raise `InputError` when REF of several variants differs from the genome, and of none agrees."""
        known = [record for record in self._records if scorer.names.resolve(record.contig)]
        if len(known) < 2 or any(_agrees(scorer, record, 0) for record in known):
            return
        shifted = all(_agrees(scorer, record, 1) for record in known)
        raise InputError(
            f"the reference allele differs from the genome in all {len(known)} variants",
            source=self.source,
            remedy="positions count from 1, as in VCF; these fit when 1 is added"
            if shifted
            else "positions count from 1, as in VCF; give the genome of the same assembly",
        )


@contextlib.contextmanager
def variant_records(variants: VariantInput) -> Iterator[RecordSource]:
    """Give the records of what `Model.score_variants` was given.

    Raises
    ------
    InputError
        What is not a variant; a table without its columns, or with positions that are not whole numbers.
    """
    if isinstance(variants, os.PathLike) or (isinstance(variants, str) and not _is_variant(variants)):
        with VcfReader(variants) as reader:
            yield reader
    elif hasattr(variants, "iloc"):
        yield VariantTable(_rows_of_frame(variants))
    else:
        items = [variants] if isinstance(variants, (str, Variant)) else variants
        yield VariantTable(_variant(item) for item in items)


def open_annotations(
    names: ContigNames,
    *,
    genes: str | os.PathLike[str] | None = None,
    regions: str | os.PathLike[str] | None = None,
    annotate: Mapping[str, str | os.PathLike[str]] | None = None,
    motifs: str | os.PathLike[str] | None = None,
) -> Annotations:
    """Read the files that annotate variants; see `Model.score_variants`."""
    return Annotations(
        None if genes is None else GeneIndex(genes, names),
        None if regions is None else RegionIndex(regions, names),
        {name: RegionIndex(path, names) for name, path in (annotate or {}).items()},
        None if motifs is None else MotifLibrary(motifs),
    )


def block_scorer(
    model: Model,
    genome: Genome,
    records: RecordSource,
    settings: VariantSettings,
    tf: Mapping[str, Model],
    annotations: Annotations,
) -> BlockScorer:
    """Return what scores the records, the enhancer model first; other assemblies are warned of.

    Raises
    ------
    InputError
        Settings that do not suit a model; two models of one name.
    """
    models = {"enhancer": model}
    for name, other in tf.items():
        if not _MODEL_NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot name a model",
                remedy="use letters, digits, _ . and -",
            )
        own = name.replace("-", "_")
        if own in models:
            raise InputError(f"two models are called {own}", remedy="give --tf different names")
        models[own] = other
    scorers = [_allele_scorer(name, one, settings) for name, one in models.items()]
    phased = PhasedAlleles(records.header, settings.sample, records.source) if settings.phased else None
    warn_of_other_lengths(records.header, records.source, genome)
    for one in models.values():
        card, declared = one.opened.card, records.header.assemblies()
        warn_of_other_assembly(card, genome.contig_sizes, declared, str(genome.path))
    return BlockScorer(genome, genome.names, scorers, settings, annotations, records.source, phased)


def write_scores(
    scorer: BlockScorer,
    records: RecordSource,
    stream: IO[bytes],
    digests: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Score records into a shard file; return what the scores depend on.

    Parameters
    ----------
    scorer : BlockScorer
    records : RecordSource
    stream : binary file
    digests : mapping of str to str, optional
        SHA-256 of the input files; shards of different inputs are not put together.
    progress : callable, optional
        Called with the number of records done since its last call.
    """
    settings = scorer.settings
    facts: dict[str, Any] = {
        "version": __version__,
        "digests": dict(digests or {}),
        "models": [model.settings() for model in scorer.scorers],
        "minimum_change": settings.min_change,
        "nulls": {"minimum": settings.null_variants, "seed": settings.seed},
        "phased": scorer.phased.sample if scorer.phased else None,
        "engine": dataclasses.asdict(scorer.scorers[0].engine.settings),
    }
    made_by = f"{__version__}; model {facts['models'][0]['model']}, digest {facts['models'][0]['digest']}"
    own_line = f"##dnabert_enhancer_score_variants={made_by}"

    def header() -> dict[str, Any]:
        return {"settings": facts, "own_lines": [own_line], "engine": describe(scorer.scorers)}

    score_records(scorer, records, stream, header, progress)
    return facts


def _allele_scorer(name: str, model: Model, settings: VariantSettings) -> AlleleScorer:
    length = settings.window_length or model.window_length
    model.opened.check_window(length)
    shortest = shortest_sequence(model.opened)
    if length < shortest:
        raise InputError(
            f"--window-length {length} is shorter than a token of the model",
            remedy=f"give {shortest} bp at least",
        )
    threshold = settings.threshold if name == "enhancer" else None
    return AlleleScorer(
        name,
        _exact(model.engine),
        model.target,
        WindowPlan(length, settings.offsets),
        model.opened.card.threshold() if threshold is None else threshold,
        settings.max_unknown,
    )


def _exact(engine: Engine) -> Engine:
    """Return an engine of full precision where none was asked for, since small differences are the result."""
    settings: EngineSettings = engine.settings
    if settings.precision != Precision.AUTO:
        return engine
    return Engine(engine.model, dataclasses.replace(settings, precision=Precision.FLOAT32))


def _rows_of_frame(frame: Any) -> Iterator[Variant]:  # a DataFrame
    if "pos" not in frame.columns and {"start", "end"} <= set(frame.columns):
        raise InputError(
            "the table of variants has start and end, but no pos",
            remedy="pos counts from 1, as in VCF; with a 0-based start: table['pos'] = table['start'] + 1",
        )
    require_columns(frame, _COLUMNS, "the table of variants")
    if frame["pos"].dtype.kind not in "iu":
        raise InputError(
            f"the column pos of the table of variants holds {frame['pos'].dtype}, not whole numbers",
            remedy="give 1-based positions",
        )
    identifiers = frame["id"].astype(str) if "id" in frame.columns else ["."] * len(frame)
    columns = [frame[name].tolist() for name in _COLUMNS]
    for number, (contig, position, ref, alt, identifier) in enumerate(
        zip(*columns, identifiers, strict=True)
    ):
        if not isinstance(ref, str) or not isinstance(alt, str):
            raise InputError(
                f"{ref if not isinstance(ref, str) else alt!r} is not an allele",
                source="variants",
                location=f"row {number}",
                remedy="give letters; an allele without bases is written with the base before, as in VCF",
            )
        with _at(f"row {number}"):
            yield Variant(str(contig), position, ref, alt, identifier)


def _variant(item: object) -> Variant:
    if isinstance(item, Variant):
        return item
    if not isinstance(item, str):
        raise InputError(
            f"{type(item).__name__} {str(item)[:40]!r} is not a variant",
            source="variants",
            remedy="give texts such as 'chr16:159710:T:C' (1-based), Variant(...), a DataFrame with the "
            f"columns {', '.join(_COLUMNS)}, or the path of a VCF",
        )
    return Variant.parse(item)


def _is_variant(text: str) -> bool:
    if text == "-" or Path(text).exists():
        return False
    try:
        Variant.parse(text)
    except InputError:
        return False
    return True


def _record(variant: Variant, number: int) -> VcfRecord:
    for name, value in (("contig", variant.contig), ("id", variant.identifier)):
        if re.search(r"[\t\n\r]", value):
            raise InputError(
                f"the {name} {value!r} has a tab or a line end",
                source="variants",
                location=f"variant {number}",
            )
    texts = (variant.contig, str(variant.position), variant.identifier, variant.ref, variant.alt)
    return VcfRecord([*map(raw, texts), b".", b".", b"."], b"", variant.contig, variant.position, number)


def _agrees(scorer: BlockScorer, record: VcfRecord, shift: int) -> bool:
    contig = str(scorer.names.resolve(record.contig))
    start = record.position - 1 + shift
    end = start + len(record.ref)
    if start < 0 or end > scorer.genome.contig_sizes[contig]:
        return False
    return letters_agree(record.ref, scorer.genome.fetch(contig, start, end).upper())


@contextlib.contextmanager
def _at(location: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(error.problem, source="variants", location=location, remedy=error.remedy) from None
