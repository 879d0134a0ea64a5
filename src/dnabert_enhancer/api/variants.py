"""Variant effects from Python: variants of any form through models, into a table."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.api.inputs import GenomeInput, opened_genome
from dnabert_enhancer.api.variant_inputs import variant_records
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, assemblies_in, recognised_assembly
from dnabert_enhancer.model import ModelCard
from dnabert_enhancer.shards import ShardFile
from dnabert_enhancer.variants import (
    SHARD_FORMAT,
    AlleleScorer,
    Annotations,
    BlockScorer,
    Convention,
    GeneIndex,
    MotifLibrary,
    PhasedAlleles,
    RecordSource,
    RegionIndex,
    ScoredVariants,
    VariantSettings,
    WindowPlan,
    describe,
    open_clinical,
    score_records,
)
from dnabert_enhancer.vcf import VcfHeader, declared_lengths_differ

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.api.model import Model
    from dnabert_enhancer.api.variant_inputs import VariantInput

    FileOrFiles = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_log = logging.getLogger(__name__)
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
    dbsnp: str | os.PathLike[str] | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the table of `Model.score_variants`, whole or in frames of `chunks` rows."""
    with (
        opened_genome(genome) as opened,
        variant_records(variants, settings.vcf_format, opened, dbsnp) as records,
        tempfile.TemporaryFile() as scores,
    ):
        scorer = block_scorer(model, opened, records, settings, tf, open_annotations(opened, **annotation))
        write_scores(scorer, records, scores)
        records.faults.warn()
        scored = ScoredVariants([ShardFile(scores, SHARD_FORMAT)])
        null = scored.null_report()
        for frame in scored.frames(chunks):
            frame.attrs["null"] = null
            yield frame


def pairs_of(files: Mapping[str, FileOrFiles]) -> Iterator[tuple[str, str | os.PathLike[str]]]:
    """Yield each file of a mapping, whose values may be several files, with its name."""
    for name, paths in files.items():
        for path in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
            yield name, path


def open_annotations(
    genome: Genome,
    *,
    genes: str | os.PathLike[str] | None = None,
    regions: str | os.PathLike[str] | None = None,
    annotate: Mapping[str, str | os.PathLike[str]] | None = None,
    motifs: str | os.PathLike[str] | None = None,
    clinical: Iterable[tuple[str, str | os.PathLike[str]]] = (),
) -> Annotations:
    """Read the files that annotate variants; see `Model.score_variants`."""
    names = genome.names
    return Annotations(
        None if genes is None else GeneIndex(genes, names),
        None if regions is None else RegionIndex(regions, names),
        {name: RegionIndex(path, names) for name, path in (annotate or {}).items()},
        None if motifs is None else MotifLibrary(motifs),
        open_clinical(clinical, genome),
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
    scorers = share_networks([allele_scorer(name, one, settings) for name, one in models.items()])
    phased = PhasedAlleles(records.header, settings.sample, records.source) if settings.phased else None
    _warn_of_other_lengths(records.header, records.source, genome)
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
    panel: Sequence[str] = (),
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
    panel : sequence of str
        Names of the models of a panel that is run besides.
    """
    facts = {**shared_facts(scorer, digests), "panel": list(panel)}
    made_by = f"{__version__}; model {facts['models'][0]['model']}, digest {facts['models'][0]['digest']}"
    if scorer.settings.convention != Convention.SUITE:
        made_by += f"; convention {scorer.settings.convention}"
    own_lines = [f"##dnabert_enhancer_score_variants={made_by}"]
    own_lines += [
        f"##dnabert_enhancer_ensemble={model['name']}; model {member['name']}, digest {member['digest']}"
        for model in facts["models"]
        for member in model.get("members", ())
    ]

    def header() -> dict[str, Any]:
        return {"settings": facts, "own_lines": own_lines, "engine": describe(scorer.scorers)}

    score_records(scorer, records, stream, header, progress)
    return facts


def shared_facts(scorer: BlockScorer, digests: Mapping[str, str] | None) -> dict[str, Any]:
    """Return what scores depend on, as JSON values."""
    settings = scorer.settings
    return {
        "version": __version__,
        "digests": dict(digests or {}),
        "convention": str(settings.convention),
        "models": [model.settings() for model in scorer.scorers],
        "minimum_change": settings.min_change,
        "minimum_lor": settings.min_lor,
        "significance": str(settings.candidate_level),
        "nulls": {"minimum": settings.null_variants, "seed": settings.seed},
        "phased": scorer.phased.sample if scorer.phased else None,
        "engine": dataclasses.asdict(scorer.scorers[0].engine.settings),
    }


def allele_scorer(name: str, model: Model, settings: VariantSettings) -> AlleleScorer:
    """Return what scores alleles with a model; `name` is ``enhancer``, or that of a TF."""
    length = settings.window_length or model.window_length
    model.opened.check_window(length)
    shortest = model.opened.card.k or 1
    if length < shortest:
        raise InputError(
            f"--window-length {length} is shorter than a token of the model",
            remedy=f"give {shortest} bp or more",
        )
    threshold = settings.threshold if name == "enhancer" else None
    return AlleleScorer(
        name,
        _exact(model.engine, settings.convention),
        model.target,
        WindowPlan.of_option(length, settings.offsets),
        model.opened.card.threshold() if threshold is None else threshold,
        settings.max_unknown,
        settings.convention.rules,
    )


def share_networks(scorers: list[AlleleScorer]) -> list[AlleleScorer]:
    """Return the scorers with one network for all outputs of the same weights: loaded and computed once."""
    firsts: dict[tuple[str, EngineSettings], Engine] = {}
    for scorer in scorers:
        engine = scorer.engine
        if isinstance(engine, Engine) and not scorer.is_ensemble:
            first = firsts.setdefault((engine.model.network_digest, engine.settings), engine)
            if first is not engine:
                scorer.engine = first.of_output(engine.model)
    return scorers


def _exact(engine: Engine, convention: Convention) -> Engine:
    """Return an engine of full precision where none was asked for, since small differences are the result.

    It reads the strand that the convention asks for.
    """
    settings: EngineSettings = engine.settings
    strand = convention.rules.fixed.get("strand", settings.strand)
    changed = dataclasses.replace(settings.exact(), strand=strand)
    return engine if changed == settings else engine.with_settings(changed)


def _warn_of_other_lengths(header: VcfHeader, source: str, genome: Genome) -> None:
    """Log a warning when the VCF's header declares other lengths of contigs than the genome's."""
    differing = declared_lengths_differ(header, genome.contig_sizes, genome.names)
    if differing:
        name, (declared, own) = next(iter(differing.items()))
        more = f" (and {len(differing) - 1} more contigs)" if len(differing) > 1 else ""
        _log.warning(
            "%s: the header says that %s has %d bp, but it has %d in %s%s; is it of this assembly?",
            source,
            name,
            declared,
            own,
            genome.path,
            more,
        )


def warn_of_other_assembly(
    card: ModelCard, sizes: Mapping[str, int], declared: Sequence[str], genome: str
) -> None:
    """Log a warning when the card names assemblies (``training.assembly``) and the genome is none of them.

    Parameters
    ----------
    card : ModelCard
        The entry is a text, such as ``hg38`` or ``GRCh37, GRCh38``, or a list of them.
    sizes : mapping of str to int
        Lengths of the genome's contigs; they decide where they tell.
    declared : sequence of str
        What the VCF's header says about the assembly: names, or paths that hold one.
    genome : str
        For the message.
    """
    named = card.training.get("assembly")
    texts = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    of_model = [name for text in map(str, texts) for name in assemblies_in(text) or [text] if name]
    of_genome = recognised_assembly(sizes) or next(
        (name for text in declared for name in assemblies_in(text)), None
    )
    if of_model and of_genome is not None and of_genome not in of_model:
        _log.warning(
            "the model %s is of %s, but %s is %s: probabilities may be slightly off",
            card.name,
            " and ".join(of_model),
            genome,
            of_genome,
        )
