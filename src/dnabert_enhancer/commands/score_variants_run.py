"""`score-variants --vcf`: opens what is asked for, scores, writes the results or a shard."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.engine_options import settings_from
from dnabert_enhancer.commands.progress import progress_of
from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.commands.score_variants import (
    DEFAULT_MAX_UNKNOWN,
    DEFAULT_NULL_VARIANTS,
    DEFAULT_OFFSETS,
    DEFAULT_SEED,
)
from dnabert_enhancer.commands.score_variants_assembly import warn_of_other_assembly
from dnabert_enhancer.commands.score_variants_output import finish
from dnabert_enhancer.engine import Engine, EngineSettings, Precision, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Genome, open_genome
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.scan import shortest_sequence
from dnabert_enhancer.shards import shard_path
from dnabert_enhancer.variants import (
    AlleleScorer,
    Annotations,
    BlockFile,
    GeneIndex,
    MotifLibrary,
    NullSettings,
    PhasedAlleles,
    RegionIndex,
    ResultFiles,
    ScoredBlocks,
    ScoringRun,
    WindowPlan,
    describe,
    score_records,
)
from dnabert_enhancer.vcf import RecordWatch, VcfReader, declared_lengths_differ

_log = logging.getLogger(__name__)


def run_score(args: argparse.Namespace) -> None:
    """Score a VCF: all of it into results, or one shard into a file of scores."""
    record = RunRecord(args)
    scorers = _scorers(args, record)
    with open_genome(args.genome) as genome, VcfReader(args.vcf) as reader, OutputSet() as out:
        job = _Job(args, record, genome, reader, scorers)
        if args.shard:
            final = shard_path(args.output_prefix, *args.shard)
            path = out.path(final)
            stream = out.open_text(final.removesuffix(".scores") + ".run.json")
            with path.open("r+b") as file:
                job.score(file)
            for name, number in job.run.counts.items():
                record.count(name, number)
        else:
            files = ResultFiles(out, args.output_prefix)
            # a nameless file: it goes with the process, however that ends
            with tempfile.TemporaryFile(dir=Path(args.output_prefix).resolve().parent) as spool:
                job.score(spool)
                finish(record, files, ScoredBlocks([BlockFile(spool)]))
            stream = out.open_text(f"{args.output_prefix}.run.json")
        record.set("engine", describe(scorers))
        stream.write(record.to_json())


class _Job:
    """One run over a VCF.

    Parameters
    ----------
    args : argparse.Namespace
    record : RunRecord
    genome : Genome
    reader : VcfReader
    scorers : list of AlleleScorer
    """

    def __init__(
        self,
        args: argparse.Namespace,
        record: RunRecord,
        genome: Genome,
        reader: VcfReader,
        scorers: list[AlleleScorer],
    ) -> None:
        self._args, self._record, self._genome, self._reader = args, record, genome, reader
        self._shard: tuple[int, int] = args.shard or (1, 1)
        self._digests = {
            "vcf": record.add_input("vcf", args.vcf) or reader.stream_digest,
            "genome": record.add_input("genome", args.genome),
        }
        self._watch = RecordWatch(reader.header, reader.notes)
        annotations = self._annotations()
        minimum = DEFAULT_NULL_VARIANTS if args.null_variants is None else args.null_variants
        nulls = NullSettings(minimum, DEFAULT_SEED if args.seed is None else args.seed)
        phased = PhasedAlleles(reader.header, args.sample, reader.source) if args.phased else None
        if args.sample is not None and phased is None:
            raise InputError("--sample belongs to --phased", remedy="give --phased too")
        self.run = ScoringRun(
            genome, genome.names, scorers, annotations, nulls, reader.source, bool(args.strict), phased
        )
        self._settings: dict[str, Any] = {
            "version": __version__,
            "digests": self._digests,
            "models": [scorer.settings() for scorer in scorers],
            "minimum_change": args.min_change or 0.0,
            "nulls": dataclasses.asdict(nulls),
            "phased": phased.sample if phased else None,
            "engine": dataclasses.asdict(_engine_settings(args)),
        }
        self._warn()

    def score(self, stream: IO[bytes]) -> None:
        """Score the records of the shard into a block file."""
        args = self._args
        blocks = self._watch.pass_on(self._reader.blocks(self.run.longest_gap))
        with progress_of("score", None, "records", quiet=args.quiet) as progress:
            score_records(self.run, blocks, stream, self._shard, self._trailer, progress)
        self._reader.notes.warn()
        self._record.set("scoring", self._settings)
        self._record.set("form", {what: note.times for what, note in self._reader.notes.found.items()})

    def _trailer(self) -> Mapping[str, Any]:
        header, genome = self._reader.header, self._genome
        sizes = {name: genome.contig_sizes.get(name) for name in self._watch.contigs}
        model_seconds = sum(scorer.model_seconds for scorer in self.run.scorers)
        notes = self.run.annotations
        return {
            "settings": self._settings,
            "header": header.to_json(),
            "contigs": sizes,
            "own_lines": [self._own_line()],
            "blocks": self._watch.blocks,
            "indexable": self._watch.is_indexable,
            "source": self._reader.source,
            "content": {
                "genes": notes.genes is not None,
                "tracks": bool(notes.tracks),
                "motifs": notes.motifs is not None,
            },
            "shard": list(self._shard),
            "seconds": {"model": model_seconds, "other": self.run.seconds - model_seconds},
            "engine": describe(self.run.scorers),
            "null_counts": self.run.counts["null_variants"],
        }

    def _own_line(self) -> str:
        model = self._settings["models"][0]
        made_by = f"{__version__}; model {model['model']}, digest {model['digest']}"
        return f"##dnabert_enhancer_score_variants={made_by}"

    def _annotations(self) -> Annotations:
        args, names = self._args, self._genome.names
        for role in ("genes", "regions", "motifs"):
            if getattr(args, role) is not None:
                self._digests[role] = self._record.add_input(role, getattr(args, role))
        tracks = {}
        for name, path in args.annotate or ():
            if name in tracks:
                raise InputError(f"--annotate {name} is given twice", remedy="give different names")
            tracks[name] = RegionIndex(path, names)
            self._digests[f"annotate {name}"] = self._record.add_input("annotate", path)
        return Annotations(
            GeneIndex(args.genes, names) if args.genes is not None else None,
            RegionIndex(args.regions, names) if args.regions is not None else None,
            tracks,
            MotifLibrary(args.motifs) if args.motifs is not None else None,
        )

    def _warn(self) -> None:
        header, genome = self._reader.header, self._genome
        differing = declared_lengths_differ(header, genome.contig_sizes, genome.names)
        if differing:
            name, (declared, own) = next(iter(differing.items()))
            more = f" (and {len(differing) - 1} more contigs)" if len(differing) > 1 else ""
            _log.warning(
                "%s: the header says that %s has %d bp, but it has %d in %s%s; is it of this assembly?",
                self._reader.source,
                name,
                declared,
                own,
                self._args.genome,
                more,
            )
        for scorer in self.run.scorers:
            warn_of_other_assembly(
                scorer.engine.model.card, genome.contig_sizes, header.assemblies(), self._args.genome
            )


def _scorers(args: argparse.Namespace, record: RunRecord) -> list[AlleleScorer]:
    models = [("enhancer", args.model), *(args.tf or ())]
    names = [name.replace("-", "_") for name, _ in models]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two models are called {name}", remedy="give --tf different names")
    scorers = [_scorer(args, name, open_model(spec)) for name, (_, spec) in zip(names, models, strict=True)]
    record.set("model", scorers[0].engine.model.description())
    record.set("tf_models", {scorer.name: scorer.engine.model.description() for scorer in scorers[1:]})
    return scorers


def _scorer(args: argparse.Namespace, name: str, model: EnhancerModel) -> AlleleScorer:
    length = args.window_length or model.window_length
    model.check_window(length)
    if length < shortest_sequence(model):
        raise InputError(
            f"--window-length {length} is shorter than a token of the model",
            remedy=f"give {shortest_sequence(model)} bp at least",
        )
    is_enhancer = name == "enhancer"
    threshold = args.threshold if is_enhancer and args.threshold is not None else model.card.threshold()
    return AlleleScorer(
        name,
        Engine(model, _engine_settings(args)),
        Target.of_model(model, args.label if is_enhancer else None),
        WindowPlan(length, args.offsets or DEFAULT_OFFSETS),
        threshold,
        DEFAULT_MAX_UNKNOWN if args.max_unknown is None else args.max_unknown,
    )


def _engine_settings(args: argparse.Namespace) -> EngineSettings:
    """Return the engine's settings; small differences are the result, so that auto means full precision."""
    settings = settings_from(args)
    if settings.precision == Precision.AUTO:
        return dataclasses.replace(settings, precision=Precision.FLOAT32)
    return settings
