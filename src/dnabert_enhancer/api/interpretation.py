"""Interpretation from Python: sequences or regions of a genome to the importance of their bases."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from dnabert_enhancer.api.inputs import GenomeInput, named_sequences, opened_genome, regions_of
from dnabert_enhancer.api.variant_inputs import variant_records
from dnabert_enhancer.api.variants import open_annotations
from dnabert_enhancer.engine import Engine
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.interpret import (
    FORMAT,
    Attention,
    Attributions,
    Effects,
    ExplainedVariants,
    Gradients,
    InterpretSettings,
    Landmark,
    MeanMethod,
    Method,
    Mutagenesis,
    NamedAllele,
    Sides,
    Stretch,
    explain_variants,
    shuffle_count,
    shuffled_stretches,
    stretches_of_regions,
    stretches_of_sequences,
    write_effects,
)
from dnabert_enhancer.model import Task
from dnabert_enhancer.scan import NamedSequence, shortest_sequence
from dnabert_enhancer.shards import ShardFile, find_shards
from dnabert_enhancer.variants import (
    Allele,
    Annotations,
    GenomeBases,
    MotifLibrary,
    RecordSource,
    SkipReason,
    named_regions,
    place_allele,
)
from dnabert_enhancer.vcf import VariantFormat

if TYPE_CHECKING:
    from dnabert_enhancer.api.inputs import RegionInput
    from dnabert_enhancer.api.model import Model, Progress
    from dnabert_enhancer.api.variant_inputs import VariantInput

_VARIANTS_AT_ONCE = 256


def interpret(
    model: Model,
    source: Any,  # see `Model.interpret`
    regions: RegionInput | None,
    settings: InterpretSettings,
    *,
    progress: Progress | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Attributions:
    """Return the importance of the bases of sequences or regions; see `Model.interpret`."""
    if settings.shard != (1, 1):
        raise InputError("a shard goes into a file", remedy="use interpret_shard, or leave `shard` out")
    # a nameless file: it goes with the process, however that ends
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the result's, as long as it is used
    notes = interpret_shard(model, file, source, regions, settings, progress=progress)
    return Attributions([ShardFile(file, FORMAT)], notes)


def interpret_shard(
    model: Model,
    target: str | os.PathLike[str] | IO[bytes],
    source: Any,  # see `Model.interpret`
    regions: RegionInput | None,
    settings: InterpretSettings,
    *,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write one shard of an interpretation, for `merge_attributions`; return what was left out, by reason.

    Parameters
    ----------
    target : path or binary file
        Where the numbers go.
    source, regions, settings, progress
        See `Model.interpret`; `settings.shard` says which part, from 1, of how many.
    """
    method = _method(model, settings)
    is_genome = isinstance(source, Genome) or regions is not None
    if is_genome and regions is None:
        raise InputError("a genome needs regions", remedy="say which regions, such as chr16:159,701-159,900")
    notes: dict[str, int] = {}
    with opened_genome(source) if is_genome else nullcontext() as genome:
        if genome is None:
            everything = list(_long_enough(model, source))
            number = len(everything)
            sequences = everything[slice(*_share(number, settings.shard))]
            lengths = [len(letters) for _, letters in sequences]
            stretches: Iterable[Stretch] = stretches_of_sequences(sequences, method.reach)
            again: Iterable[Stretch] = stretches_of_sequences(sequences, method.reach)
        else:
            frame, notes = regions_of(regions, genome, skip_outside=settings.skip_outside, details=True)
            assert frame is not None
            number = len(frame)
            frame = frame.iloc[slice(*_share(number, settings.shard))]
            lengths = (frame["end"] - frame["start"]).tolist()
            stretches = stretches_of_regions(frame, GenomeBases(genome), method.reach)
            again = stretches_of_regions(frame, GenomeBases(genome), method.reach)
        header = {
            "settings": _facts(model, settings, method.window_length),
            "contigs": {} if genome is None else genome.contig_sizes,
            "shard": list(settings.shard),
        }
        numbers = range(*_share(number, settings.shard))
        counts = [shuffle_count(settings.null, region, number) for region in numbers]
        shuffles = shuffled_stretches(zip(numbers, counts, again, strict=True), settings.seed)
        total = sum(length * (1 + count) for length, count in zip(lengths, counts, strict=True))
        with nullcontext() if progress is None else progress(total) as advance:
            # of shuffles the importance alone is kept
            null: Iterable[Effects] = ()
            if settings.null:
                null = _method(model, replace(settings, ism_deletions=None)).effects(shuffles, advance)
            write_effects(target, method.effects(stretches, advance), header, null)
    return notes


def explained_variants(
    model: Model,
    variants: VariantInput,
    genome: GenomeInput,
    settings: InterpretSettings,
    *,
    motifs: str | os.PathLike[str] | None = None,
    genes: str | os.PathLike[str] | None = None,
    annotate: Mapping[str, str | os.PathLike[str]] | None = None,
    vcf_format: VariantFormat = VariantFormat.VCF,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[NamedAllele, Sides | SkipReason]]:
    """Yield each alternative allele with both its sides explained, or why it is not, in order.

    Parameters
    ----------
    variants, genome
        As `Model.score_variants` takes them.
    motifs : path, optional
        MEME file; motifs that match one of the alleles are named.
    genes : path, optional
        BED, GTF or GFF3; the nearest start of transcription is told, and genes around are drawn.
    annotate : mapping of str to path, optional
        Regions to name and draw, by the name of their set.
    vcf_format : VariantFormat
        Of a file, or of the texts of a list.
    progress : callable, optional
        Called with the number of alleles done since its last call.
    """
    if settings.shard != (1, 1):
        raise InputError("variants are not explained in shards", remedy="give a part of the VCF instead")
    if settings.method is not Method.ISM:
        raise InputError(
            "variants are explained by in-silico mutagenesis", remedy=f"leave --method {settings.method} out"
        )
    if settings.ism_deletions is not None:
        raise InputError("deletions are of sequences and regions", remedy="leave --ism-deletions out")
    mutagenesis = _mutagenesis(model, settings)
    with opened_genome(genome) as opened, variant_records(variants, vcf_format, opened) as records:
        notes = open_annotations(opened, genes=genes, annotate=annotate, motifs=motifs)
        bases = GenomeBases(opened)
        alleles = _alleles(records, opened, bases)
        found = explain_variants(mutagenesis, alleles, bases, settings.flank, progress)
        if notes.motifs is not None:
            found = _with_motifs(found, notes.motifs, bases)
        for variant, sides in found:
            yield variant, _with_places(sides, notes) if isinstance(sides, Sides) else sides
        records.faults.warn()


def interpret_variants(
    model: Model, variants: VariantInput, genome: GenomeInput, settings: InterpretSettings, **more: Any
) -> ExplainedVariants:
    """Return variants with both alleles explained; see `Model.interpret_variants`."""
    found = list(explained_variants(model, variants, genome, settings, **more))
    return ExplainedVariants(found, importance_unit(model))


def _with_places(sides: Sides, notes: Annotations) -> Sides:
    """Add the nearest gene, and the genes and regions around."""
    assert isinstance(sides.variant.placed, Allele)
    contig, start, end = sides.variant.placed[:3]
    tracks = dict(notes.tracks) if notes.genes is None else {"genes": notes.genes.bodies, **notes.tracks}
    return sides._replace(
        gene=None if notes.genes is None else notes.genes.nearest(contig, start, end),
        annotations=tuple(named_regions(notes.tracks, contig, (start, end))),
        landmarks=tuple(
            Landmark(track, name, first, last)
            for track, regions in tracks.items()
            for first, last, name in regions.overlapping(contig, sides.ref.start, sides.ref.end)
        ),
    )


def _with_motifs(
    found: Iterator[tuple[NamedAllele, Sides | SkipReason]], library: MotifLibrary, bases: GenomeBases
) -> Iterator[tuple[NamedAllele, Sides | SkipReason]]:
    """Add the motifs that match one of the alleles, to many variants at a time, as matching is quickest."""
    while block := list(itertools.islice(found, _VARIANTS_AT_ONCE)):
        alleles = [variant.placed for variant, _ in block if isinstance(variant.placed, Allele)]
        reach = library.flank
        around = [
            (bases.context(item.contig, item.start - reach, item.end + reach), item) for item in alleles
        ]
        matches = iter(library.matches(around))
        for variant, sides in block:
            named = next(matches) if isinstance(variant.placed, Allele) else []
            yield variant, sides._replace(motifs=tuple(named)) if isinstance(sides, Sides) else sides


def _alleles(records: RecordSource, genome: Genome, bases: GenomeBases) -> Iterator[NamedAllele]:
    contigs: Counter[str] = Counter()
    for block in records.blocks():
        for record in block:
            contigs[record.contig] += 1
            contig = genome.names.resolve(record.contig)
            for alt in record.alts:
                placed: Allele | SkipReason = SkipReason.CONTIG_NOT_IN_GENOME
                if contig is not None:
                    placed = place_allele(bases, contig, record.position, record.ref, alt)
                texts = (record.identifier, record.ref.decode("latin-1"), alt.decode("latin-1"))
                yield NamedAllele(record.contig, record.position, *texts, placed)
    genome.names.check_shared(contigs, records.source, "records", "are not explained")


def merge_attributions(prefixes: Sequence[str | os.PathLike[str]]) -> Attributions:
    """Put the shards of one interpretation together.

    Parameters
    ----------
    prefixes : sequence of str or path
        Prefixes of the shards (``PREFIX.shard-I-of-N.scores``), or names of their files.

    Returns
    -------
    Attributions
        As of one run.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their numbers depend on.
    """
    return Attributions([ShardFile(path, FORMAT) for path in find_shards(prefixes)])


def _exact(model: Model) -> Engine:
    """Return an engine of full precision where none was asked for: importance is of small differences."""
    settings = model.engine.settings.exact()
    return model.engine if settings == model.engine.settings else model.engine.with_settings(settings)


def _mutagenesis(model: Model, settings: InterpretSettings) -> Mutagenesis:
    window = settings.window_length or model.window_length
    model.opened.check_window(window)
    return Mutagenesis(
        _exact(model),
        model.target,
        window,
        settings.offsets,
        settings.max_unknown,
        settings.ism_deletions or 0,
    )


def _method(model: Model, settings: InterpretSettings) -> Mutagenesis | Attention | Gradients | MeanMethod:
    """Return what finds the importance."""
    if settings.method is Method.ISM:
        return _mutagenesis(model, settings)
    if len(model.members) > 1:
        each = [_window_method(member, settings) for member in model.members]
        return MeanMethod(_exact(model), model.target, each)
    return _window_method(model, settings)


def _window_method(model: Model, settings: InterpretSettings) -> Attention | Gradients:
    """Return the method that one model is asked for, other than mutagenesis."""
    window = settings.window_length or model.window_length
    model.opened.check_window(window)
    if settings.method is Method.GRADIENTS:
        return Gradients(
            _exact(model),
            model.target,
            window,
            settings.baselines,
            settings.steps,
            settings.seed,
            settings.completeness_limit,
            settings.max_unknown,
        )
    return Attention(
        _exact(model),
        model.target,
        window,
        settings.layers,
        settings.heads,
        settings.max_unknown,
        settings.rollout,
    )


def importance_unit(model: Model) -> str:
    """Return what importance is measured in: the logit, or the value of a regression."""
    return model.label if model.target.task == Task.REGRESSION else "logit"


def _facts(model: Model, settings: InterpretSettings, window: int) -> dict[str, Any]:
    """Return what the numbers depend on, as JSON values."""
    is_attention = settings.method is Method.ATTENTION
    of_attention = {
        "layers": list(settings.layers),
        "heads": list(settings.heads),
        "rollout": settings.rollout,
        "times_minimum": settings.times_minimum,
        "shortest_run": settings.shortest_run,
    }
    of_gradients = {
        "baselines": settings.baselines,
        "steps": settings.steps,
        "completeness_limit": settings.completeness_limit,
        "seed": settings.seed,
    }
    return {
        "method": str(settings.method),
        **(of_attention if is_attention else {}),
        **(of_gradients if settings.method is Method.GRADIENTS else {}),
        "model": model.name,
        "model_digest": model.digest,
        "label": model.label,
        "unit": "attention" if is_attention else importance_unit(model),
        "window_length": window,
        "offsets": settings.offsets,
        **({} if settings.ism_deletions is None else {"ism_deletions": settings.ism_deletions}),
        "max_unknown": settings.max_unknown,
        **({"null": settings.null, "seed": settings.seed} if settings.null else {}),
        "strand": str(model.engine.settings.strand),
        "precision": _exact(model).settings.precision,
    }


def _long_enough(model: Model, source: Any) -> Iterator[NamedSequence]:
    shortest = shortest_sequence(model.opened)
    for sequence in named_sequences(source):
        if len(sequence.sequence) < shortest:
            raise InputError(
                f"{len(sequence.sequence)} bp, shorter than a token of the model",
                source="sequences",
                location=sequence.name,
                remedy=f"give sequences of {shortest} bp or more",
            )
        yield sequence


def _share(number: int, shard: tuple[int, int]) -> tuple[int, int]:
    index, of = shard
    return (index - 1) * number // of, index * number // of
