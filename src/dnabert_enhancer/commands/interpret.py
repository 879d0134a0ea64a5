"""What in a sequence makes the model's score: the importance of every base.

In-silico mutagenesis: every base is replaced by each of the three others, and the importance of a base is
what its presence adds to the score (the logit; for a regression the value): minus the mean of the four
changes. With --method attention it is what the token that the classifier reads attends to, with --method
gradients what it adds to the score compared with shuffled sequence, by integrated gradients.

Writes PREFIX.regions.tsv (a row each: score, highest importance, strongest substitution),
PREFIX.attributions.npz (one_hot and hypothetical contributions, regions x 4 x length, the shape that
TF-MoDISco takes), with a genome PREFIX.bw (importance per base), and sequence logos of the regions with the
highest scores, PREFIX.logo-1.png and .svg and so on; with --ism-deletions PREFIX.deletions.tsv.gz (a row per
deletion); of attention PREFIX.high_attention.bed, its runs by DNABERT's rule; with --null
PREFIX.seqlets.bed.gz, runs of high importance with p-values from shuffled sequence; with --motifs
PREFIX.motif_enrichment.tsv and PREFIX.motif_matches.tsv (TOMTOM); with --discover PREFIX.motifs.meme, .tsv,
.png and .svg. --shard I/N and --merge share the work among machines; the files are those of one run.

With --vcf both alleles of each variant are explained: PREFIX.variants.tsv (one row per allele: scores, change
of the logit, how much the importance of the bases around changes, motifs created or broken, with --genes and
--annotate the nearest gene and the regions that it lies in) and pictures of
those that change most, PREFIX.variant-1.png and .svg and so on: reference, alternative and their difference.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.commands.options import (
    Options,
    add_assembly_report,
    add_engine_arguments,
    add_models,
    add_places,
    add_setting,
    annotations_of,
    fraction,
    genome_of,
    models_of,
    positive_integer,
    shard,
    whole_number,
)
from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from dnabert_enhancer.api import Model
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.interpret import AttributionFiles, Attributions, SeqletFiles

_log = logging.getLogger(__name__)
_VARIANTS = ("flank", "vcf_format", "genes", "annotate")
_SCORING = (
    "model",
    "label",
    "window_length",
    "offsets",
    "ism_deletions",
    "max_unknown",
    "method",
    "layers",
    "heads",
    "rollout",
    "times_minimum",
    "shortest_run",
    "null",
    "baselines",
    "steps",
    "completeness_limit",
    "seed",
    "shard",
    "skip_outside",
    "assembly_report",
)
EXAMPLES = (
    "interpret --genome hg38.fa.gz --regions top.bed --output-prefix out/top",
    "interpret --genome hg38.fa.gz --vcf p.vcf --motifs jaspar.meme \\\n    --output-prefix out/p",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from dnabert_enhancer.interpret import LOGOS, Discovery, InterpretSettings, Method
    from dnabert_enhancer.variants import VariantSettings
    from dnabert_enhancer.vcf import VariantFormat

    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument("--fasta", metavar="FILE", help="sequences, plain or gzip; - is standard input")
    given.add_argument(
        "--genome", metavar="FASTA", help="genome: plain, gzip or bgzip; with --regions or --vcf"
    )
    given.add_argument("--merge", nargs="+", metavar="PREFIX", help="shards to put together")
    places = parser.add_argument_group("with --genome, one of").add_mutually_exclusive_group()
    places.add_argument("--regions", metavar="BED", help="what to explain; names are kept")
    places.add_argument("--vcf", metavar="FILE", help="variants whose alleles are explained side by side")
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="start of the names of all outputs"
    )
    add_assembly_report(parser)
    group = parser.add_argument_group("model and windows")
    add_models(group, ", such as default:lentimpra_hepg2", "explained")
    group.add_argument("--label", metavar="NAME", help="which output to explain, of a model with several")
    add = partial(add_setting, group, InterpretSettings)
    add("method", "how the importance is found", choices=[*Method])
    for name, default in (("layers", "the last"), ("heads", "all")):
        said = f"of attention, from 1, averaged (default: {default})"
        add(name, said, nargs="+", type=positive_integer, metavar="N")
    add("rollout", "of attention: through all layers, the mean of the heads of each")
    add(
        "times_minimum",
        "high attention: above so many times the smallest of the region, and above the mean",
        type=float,
        metavar="X",
    )
    add("shortest_run", "high attention: so many bases at least", type=positive_integer, metavar="BP")
    add("baselines", "gradients: shuffles of each window to compare with", type=positive_integer, metavar="N")
    add("steps", "gradients: taken between a window and each shuffle", type=positive_integer, metavar="N")
    add(
        "completeness_limit",
        "gradients: refuse regions whose attributions miss the difference of the scores by more than this "
        "share of their absolute sum",
        type=float,
        metavar="SHARE",
    )
    add("window_length", "default: the model's own", type=positive_integer, metavar="BP")
    add(
        "offsets",
        "windows around each substitution, as score-variants places them; odd (default: all substitutions "
        "are made in the windows that tile the region, which is faster)",
        type=positive_integer,
        metavar="N",
    )
    add(
        "ism_deletions",
        "also delete 1 to N bp (at most 10) from each base on, in the windows of score-variants: as many as "
        "--offsets says, by default one; writes PREFIX.deletions.tsv.gz (default: substitutions only)",
        type=positive_integer,
        metavar="N",
    )
    add(
        "max_unknown",
        "skip windows with a larger share of N and the like",
        type=fraction,
        metavar="SHARE",
    )
    add(
        "null",
        "explain N shuffles of the regions, too, in all, for seqlets with p-values; 0: none",
        type=whole_number,
        metavar="N",
    )
    add("seed", "of the shuffles, those of gradients too", type=whole_number, metavar="N")
    add("skip_outside", "leave out (and count) regions outside the genome's contigs instead of stopping")
    group = parser.add_argument_group("variants")
    add_setting(
        group,
        InterpretSettings,
        "flank",
        "how many bases on each side of a variant are explained",
        type=whole_number,
        metavar="BP",
    )
    add_setting(
        group,
        VariantSettings,
        "vcf_format",
        "of --vcf, where it is a list in another format, such as candidates of score-variants",
        choices=[*VariantFormat],
    )
    add_places(group)
    group = parser.add_argument_group("motifs")
    group.add_argument(
        "--motifs",
        metavar="MEME",
        help="name the motifs of each seqlet (--null), those enriched in them over quiet runs, and those "
        "like motifs that --discover finds; with --vcf the motifs that an allele creates or breaks",
    )
    group.add_argument(
        "--discover",
        nargs="?",
        const=Discovery.KMERS,
        choices=[*Discovery],
        help="find motifs without a database, as MEME, table and picture: kmers (--discover alone), words "
        "of the seqlets (--null); modisco, TF-MoDISco on the importance of all bases (needs modisco-lite)",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "--substitutions", action="store_true", help="also write PREFIX.substitutions.tsv.gz, a row each"
    )
    group.add_argument(
        "--logos",
        type=whole_number,
        metavar="N",
        help=f"draw the N regions with the highest scores, or variants that change most (default {LOGOS})",
    )
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="explain part I of N only, into PREFIX.shard-I-of-N.scores"
    )
    add_engine_arguments(parser, exact=True)


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.interpret import InterpretSettings

    options.settings(EngineSettings)
    options.settings(InterpretSettings)


def run(options: Options) -> None:
    """Explain sequences or regions, or merge shards."""
    from dnabert_enhancer.api import merge_attributions
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.shards import find_shards

    prefix = options["output_prefix"]
    placed = "regions" in options or "vcf" in options
    if ("genome" in options) != placed:
        remedy = "give --regions or --vcf too" if "genome" in options else "give --genome too"
        raise InputError("--genome goes with --regions or --vcf", remedy=remedy)
    if "vcf" in options:
        options.refuse(
            ("shard", "substitutions", "ism_deletions", "skip_outside", "null", "seed", "discover"),
            "variants",
        )
    else:
        options.refuse(_VARIANTS, "sequences and regions; it belongs to --vcf")
    record = RunRecord(options)
    if "motifs" in options:
        record.add_input("motifs", options["motifs"])
    with OutputSet() as out:
        if "merge" in options:
            options.refuse(_SCORING, "--merge, whose shards are explained already")
            paths = find_shards(options["merge"])
            for path in paths:
                record.add_input("shard", path)
            with contextlib.closing(merge_attributions(paths)) as found:
                files = _files(
                    options,
                    out,
                    track=bool(found.contigs),
                    deletions=found.has_deletions,
                    high_attention=found.is_attention,
                )
                _write(found, files, _seqlet_files(options, out, found.has_seqlets), record)
        elif "shard" in options:
            options.refuse(("substitutions", "logos", "motifs", "discover"), "--shard; give it with --merge")
            prefix = _explain_shard(options, out, record)
        elif "vcf" in options:
            _explain_variants(options, out, record)
        else:
            _explain(options, out, record)
        out.open_text(f"{prefix}.run.json").write(record.to_json())


def _explain(options: Options, out: OutputSet, record: RunRecord) -> None:
    from dnabert_enhancer.commands.run_record import progress_of
    from dnabert_enhancer.interpret import InterpretSettings, Method

    settings = options.settings(InterpretSettings)
    is_attention = settings.method is Method.ATTENTION
    seqlets = _seqlet_files(options, out, settings.null > 0)
    files = _files(
        options,
        out,
        track="genome" in options,
        deletions=settings.ism_deletions is not None,
        high_attention=is_attention,
    )
    model = _load(options, record)
    found = model.interpret(
        *_source(options, record),
        settings,
        progress=partial(progress_of, "interpret", unit="bases", quiet=options.quiet),
        folder=Path(options["output_prefix"]).resolve().parent,
    )
    record.set("engine", model.engine.description())
    with contextlib.closing(found):
        _write(found, files, seqlets, record)


def _explain_shard(options: Options, out: OutputSet, record: RunRecord) -> str:
    """Write the shard's file; return its name without the ending."""
    from dnabert_enhancer.api import interpret_shard
    from dnabert_enhancer.commands.run_record import progress_of
    from dnabert_enhancer.interpret import InterpretSettings
    from dnabert_enhancer.shards import SHARD_SUFFIX, shard_path

    settings = options.settings(InterpretSettings)
    path = shard_path(options["output_prefix"], *options["shard"])
    target = out.path(path)
    model = _load(options, record)
    progress = partial(progress_of, "interpret", unit="bases", quiet=options.quiet)
    notes = interpret_shard(model, target, *_source(options, record), settings, progress=progress)
    for reason, number in notes.items():
        record.skip(reason, number)
    record.set("engine", model.engine.description())
    return path.removesuffix(SHARD_SUFFIX)


def _explain_variants(options: Options, out: OutputSet, record: RunRecord) -> None:
    from dnabert_enhancer.api import explained_variants, importance_unit
    from dnabert_enhancer.commands.run_record import progress_of
    from dnabert_enhancer.interpret import LOGOS, InterpretSettings, VariantFiles
    from dnabert_enhancer.variants import VariantSettings

    settings = options.settings(InterpretSettings)
    vcf_format = options.settings(VariantSettings, shard=(1, 1)).vcf_format
    files = VariantFiles(out, options["output_prefix"], logos=options.get("logos", LOGOS))
    model = _load(options, record)
    for role in ("genome", "assembly_report", "vcf", "genes"):
        if role in options:
            record.add_input(role, options[role])
    annotations = annotations_of(options)
    for path in annotations.values():
        record.add_input("annotate", path)
    with progress_of("interpret", None, "variants", quiet=options.quiet) as advance:
        found = explained_variants(
            model,
            Path(options["vcf"]),
            genome_of(options),
            settings,
            motifs=options.get("motifs"),
            genes=options.get("genes"),
            annotate=annotations,
            vcf_format=vcf_format,
            progress=advance,
        )
        explained, skipped = files.write(found, importance_unit(model))
    record.count("variants_explained", explained)
    for reason, number in skipped.items():
        record.skip(reason, number)
        _log.info("%d skipped: %s", number, reason.replace("_", " "))
    record.set("engine", model.engine.description())
    _log.info("%d variants explained", explained)


def _load(options: Options, record: RunRecord) -> Model:
    from dnabert_enhancer.api import load_model
    from dnabert_enhancer.engine import EngineSettings

    engine = options.settings(EngineSettings).exact()
    model = load_model(models_of(options), label=options.get("label"), engine=engine)
    record.set("model", model.opened.description())
    return model


def _source(options: Options, record: RunRecord) -> tuple[Any, Path | None]:  # what `Model.interpret` takes
    from dnabert_enhancer.api import fasta_sequences

    if "genome" in options:
        record.add_input("genome", options["genome"])
        record.add_input("regions", options["regions"])
        if "assembly_report" in options:
            record.add_input("assembly_report", options["assembly_report"])
        return genome_of(options), Path(options["regions"])
    record.add_input("sequences", options["fasta"])
    return fasta_sequences(options["fasta"]), None


def _files(
    options: Options, out: OutputSet, *, track: bool, deletions: bool, high_attention: bool
) -> AttributionFiles:
    from dnabert_enhancer.interpret import LOGOS, AttributionFiles

    if high_attention:
        options.refuse(("substitutions",), "attention")
    return AttributionFiles(
        out,
        options["output_prefix"],
        track=track,
        substitutions="substitutions" in options,
        deletions=deletions,
        high_attention=high_attention,
        logos=options.get("logos", LOGOS),
    )


def _seqlet_files(options: Options, out: OutputSet, has_seqlets: bool) -> SeqletFiles | None:
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.interpret import FEWEST_TARGETS, Discovery, SeqletFiles
    from dnabert_enhancer.variants import MotifLibrary

    way = Discovery(options["discover"]) if "discover" in options else None
    if not has_seqlets and way is not Discovery.MODISCO:
        for name, does in (("motifs", "names"), ("discover", "takes")):
            if name in options:
                raise InputError(f"--{name} {does} seqlets, and there are none", remedy="give --null 100 too")
        return None
    library = MotifLibrary(options["motifs"]) if "motifs" in options else None
    if library is not None and len(library) < FEWEST_TARGETS:
        _log.warning("%d motifs are few: p in motif_matches.tsv depends on which they are", len(library))
    return SeqletFiles(
        out,
        options["output_prefix"],
        library,
        discover=way,
        seqlets=has_seqlets,
        threads=options.settings(EngineSettings).used_threads,
    )


def _write(
    found: Attributions, files: AttributionFiles, seqlets: SeqletFiles | None, record: RunRecord
) -> None:
    counts = {**files.write(found), **(seqlets.write(found) if seqlets else {})}
    for name, number in counts.items():
        record.count(name, number)
    if counts.get("seqlets_of_shuffles") == 0:
        _log.warning("the shuffles have no seqlets, so that no p-value can be below 1: give a larger --null")
    if "too_few_seqlets_for_modisco" in counts:
        _log.warning(
            "TF-MoDISco found no more than 100 seqlets of a sign, too few for motifs: give more regions"
        )
    for reason, number in found.notes.items():
        record.skip(reason, number)
    refused = counts.get("regions_above_completeness_limit", 0)
    if refused:
        _log.warning("%d regions are not explained: see completeness_error; more --steps lower it", refused)
    record.set("interpretation", found.settings)
    _log.info(
        "%d regions, %d of %d bases explained", counts["regions"], counts["bases_explained"], counts["bases"]
    )
