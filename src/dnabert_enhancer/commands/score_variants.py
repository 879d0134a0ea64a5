"""Effects of variants on enhancers and on the binding of transcription factors, from VCF to VCF.

Writes PREFIX.vcf.gz with its index (every record, in order, with our INFO fields), PREFIX.tsv.gz (one row per
allele and model), PREFIX.candidates.tsv (significant gains and losses of function, ranked) and
PREFIX.run.json. A run can be cut into shards (--shard I/N), and a panel into groups of models
(--panel-only), that --merge joins; the files are those of one run, byte for byte.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

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
    name_and_path,
    number_from_zero,
    positive_integer,
    shard,
    whole_number,
)
from dnabert_enhancer.commands.variant_source import (
    add_dbsnp,
    add_named_variants,
    check_named,
    digests_of,
    opened_variants,
    refuse_dbsnp,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import keep_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dnabert_enhancer.api import Model
    from dnabert_enhancer.catalogue import PanelMember
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.commands.variant_source import OpenVariants
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.genome import Genome
    from dnabert_enhancer.variants import (
        BlockScorer,
        PanelFiles,
        RecordSource,
        ResultFiles,
        ScoredVariants,
        VariantSettings,
    )

_log = logging.getLogger(__name__)
_ANNOTATION = ("genes", "regions", "motifs")
_NOT_OF_A_PANEL = ("model", "label", "tf", *_ANNOTATION, "annotate", "clinical", "threshold", "strict")
_SCORING = (
    *(
        "genome",
        "assembly_report",
        "dbsnp",
        "cut",
        "most_parts",
        *_NOT_OF_A_PANEL,
        "panel_only",
        "window_length",
        "convention",
        "offsets",
    ),
    *(
        "vcf_format",
        "min_change",
        "min_lor",
        "max_unknown",
        "null_variants",
        "significance",
        "seed",
        "shard",
        "allow_mismatches",
        "phased",
        "sample",
        "check",
    ),
)
_NOT_IN_A_PART = ("phased", "sample")
_NOT_TO_CUT = tuple(
    name
    for name in (*_SCORING, "tf_panel", "parquet", "max_skipped", "allow_empty", "strict")
    if name not in ("genome", "assembly_report", "dbsnp", "cut", "most_parts", "vcf_format", "check")
)
_MOST_PARTS = 1000
EXAMPLES = (
    "score-variants --vcf p.vcf.gz --genome hg38.fa.gz --output-prefix out/p",
    "score-variants --vcf p.vcf.gz --genome hg38.fa.gz \\\n"
    "    --tf CTCF=deepvregulome/CTCFL --output-prefix out/p",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from dnabert_enhancer.variants import Convention, VariantSettings
    from dnabert_enhancer.vcf import VariantFormat

    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument("--vcf", metavar="FILE", help="VCF or BCF, plain, gzip or bgzip; - is standard input")
    add_named_variants(given)
    given.add_argument(
        "--part", metavar="FILE", help="a part that --cut wrote, which is scored as that shard"
    )
    given.add_argument(
        "--merge", nargs="+", metavar="PREFIX", help="shards to join, by their prefixes or names"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="start of the names of all outputs"
    )
    add_dbsnp(parser)
    parser.add_argument("--genome", metavar="FASTA", help="reference genome, plain, gzip or bgzip")
    add_assembly_report(parser)
    add_setting(
        parser,
        VariantSettings,
        "vcf_format",
        "how --vcf is written: VCF (or BCF), or a list that becomes VCF: BED with alleles, ChromBPNet's, "
        "VEP's default, genomic HGVS, SPDI, an earlier run's candidates",
        choices=[*VariantFormat],
    )
    group = parser.add_argument_group("models and windows")
    add = partial(add_setting, group, VariantSettings)
    add_models(group, " that are probabilities, such as default:active_hepg2")
    group.add_argument("--label", metavar="NAME", help="which output to report, of a model with several")
    group.add_argument(
        "--tf",
        action="append",
        type=name_and_path,
        metavar="NAME=MODEL",
        help="a model of the binding of a transcription factor: directory, archive, or an output such as "
        "default:gue_tf0; can be repeated",
    )
    group.add_argument(
        "--tf-panel",
        metavar="PANEL",
        help="many models of TF binding, few at a time in memory: a table with the columns name, model "
        "and maybe regions (BED), a collection of models list such as deepvregulome, or some of it: "
        "deepvregulome:CTCFL,SP7 or deepvregulome:FILE; with --merge: whose scores are joined (default: "
        "those of the runs with --shard)",
    )
    group.add_argument(
        "--panel-only",
        action="store_true",
        help="score with the models of --tf-panel alone, into the folder PREFIX.tf-panel: runs of one "
        "--output-prefix and --shard, each with a group of the models, are joined by --merge --tf-panel",
    )
    group.add_argument(
        "--parquet",
        action="store_true",
        help="also write the matrix of --tf-panel as PREFIX.tf-panel.matrix.parquet, which needs pyarrow",
    )
    add("window_length", "default: each model's own", type=positive_integer, metavar="BP")
    add(
        "convention",
        "whose rules put alleles into windows; deepvregulome: those of deepvregulome 0.4.1, for its numbers; "
        "they set --window-length 301, --offsets 1, --max-unknown 1 and --strand forward, and refuse other "
        "values of these and --phased",
        choices=[*Convention],
    )
    add(
        "offsets",
        "windows per allele, at different offsets; odd; adaptive: the one in the centre first, and all five "
        "only where a gain or loss may depend on them",
        type=_offsets,
        metavar="N|adaptive",
    )
    add(
        "max_unknown",
        "skip alleles with a larger share of N in their windows",
        type=fraction,
        metavar="SHARE",
    )
    add("phased", "apply the alleles that a haplotype has within one window together")
    add("sample", "whose haplotypes --phased reads (default: the first sample)", metavar="NAME")
    group = parser.add_argument_group("effects and their significance")
    add = partial(add_setting, group, VariantSettings)
    add("threshold", "an enhancer at or above this (default: the model card's)", type=fraction, metavar="P")
    add(
        "min_change",
        "least difference of the probabilities for a gain or loss of function",
        type=fraction,
        metavar="P",
    )
    add("min_lor", "least |LogOddRatio| for the same", type=number_from_zero, metavar="LOR")
    add(
        "null_variants",
        "least number of null variants in shuffled sequence, for p-values; 0: none",
        type=whole_number,
        metavar="N",
    )
    add(
        "significance",
        "what gains and losses need to be in PREFIX.candidates.tsv: p:0.05, q:0.1 or the like, or none, for "
        "crossing the threshold alone (default p:0.05, without null variants none)",
        metavar="p:P|q:Q|none",
    )
    add("seed", "of the null variants", type=whole_number, metavar="N")
    group = parser.add_argument_group("annotation")
    group.add_argument("--motifs", metavar="FILE", help="motifs in MEME format, such as HOCOMOCO or JASPAR")
    group.add_argument("--regions", metavar="BED", help="score the records in these regions only")
    add_places(group)
    group.add_argument(
        "--clinical",
        action="append",
        type=name_and_path,
        metavar="NAME=FILE",
        help="what is known of the variants: clinvar=VCF (ClinVar, by allele), gwas=TSV (associations of the "
        "GWAS catalog, by rs number or position), eqtl=TSV (GTEx's significant pairs, by allele); can be "
        "repeated, such as for tissues",
    )
    group = parser.add_argument_group("run")
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="score part I of N only, into PREFIX.shard-I-of-N.scores"
    )
    group.add_argument(
        "--cut",
        type=positive_integer,
        metavar="N",
        help="score nothing: write the records into parts of N of them, PREFIX.part-*.records, for "
        "--part, so that no shard reads the others' and files are checked and digested once",
    )
    group.add_argument(
        "--most-parts",
        type=positive_integer,
        metavar="N",
        help="largest number of parts of --cut (default 1000)",
    )
    add = partial(add_setting, group, VariantSettings)
    add("strict", "stop at the first allele that cannot be scored")
    add("allow_mismatches", "go on where REF of more than a tenth of the records is not the genome's")
    group.add_argument(
        "--allow-empty", action="store_true", help="end well where not a single allele could be scored"
    )
    group.add_argument(
        "--max-skipped",
        type=fraction,
        metavar="SHARE",
        help="stop where a larger share of the alleles is not of this genome: on no contig of it, outside of "
        "one, or with another REF (default 1: never)",
    )
    add("check", "check all fields of the VCF against its header and the specification")
    add_engine_arguments(parser, exact=True)


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.variants import VariantSettings

    options.settings(VariantSettings).convention.check_given(options)
    options.settings(EngineSettings)
    if "vcf" in options:
        refuse_dbsnp(options)


def run(options: Options) -> None:
    """Score variants or merge shards."""
    if "merge" in options:
        options.refuse(_SCORING, "--merge, whose shards are scored already")
        _merge(options)
        return
    check_named(options)
    if "cut" in options:
        options.refuse(("part",), "--cut, which takes records that are not cut")
        _cut(options)
        return
    options.refuse(("most_parts",), "a run without --cut")
    if "part" in options:
        options = _of_part(options)
    if "panel_only" in options:
        _score_panel_alone(options)
    else:
        _score(options)


def _cut(options: Options) -> None:
    """Write the records into parts."""
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.variants import VariantSettings, cut_records

    options.refuse((*_NOT_TO_CUT, *_NOT_IN_A_PART), "--cut, which scores nothing")
    record = RunRecord(options)
    settings = options.settings(VariantSettings)
    with genome_of(options) as genome, OutputSet() as out:
        facts = {
            "digests": digests_of(options, record),
            "genome_bytes": Path(options["genome"]).stat().st_size,
        }
        with (
            opened_variants(options, record, settings, genome)() as reader,
            progress_of("read", None, "records", quiet=options.quiet) as progress,
        ):
            source = reader.source
            checks = cut_records(
                reader,
                out,
                options["output_prefix"],
                options["cut"],
                options.get("most_parts", _MOST_PARTS),
                facts,
                whole=settings.check,
                check=lambda found: genome.names.check_shared(
                    found.contigs, source, "records", "have no score"
                ),
                progress=progress,
            )
            reader.faults.warn()
            record.set("form", {kind: fault.times for kind, fault in reader.faults.found.items()})
        record.count("records", checks.records)
        record.count("blocks", checks.blocks)
        out.open_text(f"{options['output_prefix']}.cut.run.json").write(record.to_json())


def _of_part(options: Options) -> Options:
    """Return the options of the shard that a part is."""
    from dnabert_enhancer.variants import RecordPart

    options.refuse(("shard", "vcf_format", "dbsnp", "check", *_NOT_IN_A_PART), "--part, which is cut")
    with RecordPart(options["part"]) as part:
        return options.having(shard=part.shard)


def _score(options: Options) -> None:
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.shards import ShardFile, shard_path
    from dnabert_enhancer.variants import (
        SHARD_FORMAT,
        ResultFiles,
        ScoredVariants,
        VariantSettings,
        describe,
    )

    record = RunRecord(options)
    settings = options.settings(VariantSettings)
    settings.convention.check_given(options)
    prefix = options["output_prefix"]
    if "shard" in options:
        options.refuse(("parquet", "max_skipped"), "--shard, which writes scores alone; give it to --merge")
    panel = _panel(options) if "tf_panel" in options else []
    names = [member.name for member in panel]
    model, tf = _models(options, record)
    with ExitStack() as stack:
        genome = stack.enter_context(genome_of(options))
        variants = opened_variants(options, record, settings, genome)
        reader = stack.enter_context(variants())
        out = stack.enter_context(OutputSet())
        scorer, digests = _scorer(options, record, settings, model, tf, genome, reader)
        if "shard" in options:
            final = shard_path(prefix, *options["shard"])
            path = out.path(final)
            stream = out.open_text(final.removesuffix(".scores") + ".run.json")
            with path.open("r+b") as file:
                _write_scores(options, record, scorer, reader, file, digests, names)
            _score_panel(options, panel, settings, genome, digests, variants)
            for name, number in scorer.counts.items():
                record.count(name, number)
        else:
            files = ResultFiles(out, prefix, _panel_files(options, out, names))
            # a nameless file: it goes with the process, however that ends
            with tempfile.TemporaryFile(dir=Path(prefix).resolve().parent) as scores:
                _write_scores(options, record, scorer, reader, scores, digests, names)
                members = _score_panel(options, panel, settings, genome, digests, variants)
                scored = ScoredVariants([ShardFile(scores, SHARD_FORMAT)])
                _write_results(options, record, files, scored, members)
            stream = out.open_text(f"{prefix}.run.json")
        record.set("engine", describe(scorer.scorers))
        stream.write(record.to_json())
    if panel and "shard" not in options:
        for path in (path for paths in members.values() for path in paths):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # something else is in it
            Path(_panel_folder(prefix)).rmdir()


def _panel(options: Options) -> list[PanelMember]:
    """Return the models of the panel, whose files no output may replace."""
    from dnabert_enhancer.catalogue import read_panel
    from dnabert_enhancer.commands.inputs import named_files

    panel = read_panel(options["tf_panel"])
    for member in panel:
        for path in (*named_files(member.model), *((member.regions,) if member.regions else ())):
            keep_input(path)
    return panel


def _score_panel_alone(options: Options) -> None:
    from dnabert_enhancer.api import check_records
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.shards import ShardFile
    from dnabert_enhancer.variants import MEMBER_FORMAT, VariantSettings

    if "tf_panel" not in options or "shard" not in options:
        raise InputError(
            "--panel-only needs --tf-panel and --shard", remedy="give both; --shard 1/1 is all of the records"
        )
    options.refuse(
        (*_NOT_OF_A_PANEL, "parquet", "max_skipped"), "--panel-only, which has the models of the panel alone"
    )
    record = RunRecord(options)
    settings = options.settings(VariantSettings)
    settings.convention.check_given(options)
    panel = _panel(options)
    with genome_of(options) as genome, OutputSet() as out:
        digests = digests_of(options, record)
        variants = opened_variants(options, record, settings, genome)
        if "part" not in options:  # whose records were checked when they were cut
            with variants() as reader:
                check_records(reader, genome, settings)
        members = _score_panel(options, panel, settings, genome, digests, variants)
        files = [ShardFile(path, MEMBER_FORMAT) for paths in members.values() for path in paths]
        record.set("tf_panel", [file.header["settings"]["models"][0] for file in files])
        for file in files:
            file.close()
        first = str(members[panel[0].name][0])
        out.open_text(first.removesuffix(".scores") + ".run.json").write(record.to_json())


def _merge(options: Options) -> None:
    from dnabert_enhancer.catalogue import read_panel
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.shards import ShardFile, find_shards
    from dnabert_enhancer.variants import SHARD_FORMAT, ResultFiles, ScoredVariants

    record = RunRecord(options)
    paths = find_shards(options["merge"])
    for path in paths:
        record.add_input("shard", path)
    scored = ScoredVariants([ShardFile(path, SHARD_FORMAT) for path in paths])
    names: list[str] = scored.header["settings"]["panel"]
    if "tf_panel" in options:
        names = [member.name for member in read_panel(options["tf_panel"])]
    members = _members_beside(paths, names)
    with OutputSet() as out:
        files = ResultFiles(out, options["output_prefix"], _panel_files(options, out, names))
        _write_results(options, record, files, scored, members)
        record.set("scoring", scored.header["settings"] | {"panel": names})
        record.set("engine", scored.header["engine"])
        out.open_text(f"{options['output_prefix']}.run.json").write(record.to_json())
    scored.close()


def _panel_files(options: Options, out: OutputSet, names: list[str]) -> PanelFiles | None:
    from dnabert_enhancer.variants import PanelFiles

    if names:
        return PanelFiles(out, options["output_prefix"], names, parquet="parquet" in options)
    options.refuse(("parquet",), "a run without a panel")
    return None


def _panel_folder(prefix: str) -> str:
    """Return where the scores of a panel's models lie until the results are written, or shards are merged."""
    return f"{prefix}.tf-panel"


def _score_panel(
    options: Options,
    panel: list[PanelMember],
    settings: VariantSettings,
    genome: Genome,
    digests: dict[str, str],
    variants: OpenVariants,
) -> dict[str, list[Path]]:
    from dnabert_enhancer.api import score_members
    from dnabert_enhancer.commands.run_record import progress_of
    from dnabert_enhancer.engine import EngineSettings

    return score_members(
        panel,
        variants,
        genome,
        settings,
        _panel_folder(options["output_prefix"]),
        engine=options.settings(EngineSettings),
        digests=digests,
        progress=lambda name: progress_of(f"score with {name}", None, "records", quiet=options.quiet),
    )


def _members_beside(paths: list[Path], names: list[str]) -> dict[str, list[Path]]:
    """Return the scores of a panel's models, which lie in the folder beside the shards."""
    from dnabert_enhancer.api import find_member

    found: dict[str, list[Path]] = {}
    for path in paths:
        prefix, _, shard = str(path).rpartition(".shard-")
        for name in names:
            found.setdefault(name, []).append(find_member(_panel_folder(prefix), name, shard))
    return found


def _models(options: Options, record: RunRecord) -> tuple[Model, dict[str, Model]]:
    from dnabert_enhancer.api import load_model
    from dnabert_enhancer.engine import EngineSettings

    engine = options.settings(EngineSettings)
    model = load_model(models_of(options), label=options.get("label"), engine=engine)
    tf: dict[str, Model] = {}
    for name, spec in options.get("tf", ()):
        if name in tf:
            raise InputError(f"two models are called {name}", remedy="give --tf different names")
        try:
            tf[name] = load_model(spec, engine=engine)
        except InputError as error:
            if "has several outputs" not in error.problem:
                raise
            raise InputError(
                f"{error.problem}, and --tf takes models of one output or two classes",
                source=f"--tf {name}={spec}",
                remedy="score with it in a run of its own, as --model",
            ) from None
    record.set("model", model.opened.description())
    record.set("tf_models", {name.replace("-", "_"): one.opened.description() for name, one in tf.items()})
    return model, tf


def _scorer(
    options: Options,
    record: RunRecord,
    settings: VariantSettings,
    model: Model,
    tf: dict[str, Model],
    genome: Genome,
    reader: RecordSource,
) -> tuple[BlockScorer, dict[str, str]]:
    """Return what scores the records, and the SHA-256 of the input files."""
    from dnabert_enhancer.api import block_scorer, open_annotations

    digests = digests_of(options, record)
    paths = {role: options[role] for role in _ANNOTATION if role in options}
    digests |= {role: record.add_input(role, path) for role, path in paths.items()}
    tracks = annotations_of(options)
    for name, path in tracks.items():
        digests[f"annotate {name}"] = record.add_input("annotate", path)
    clinical = options.get("clinical", ())
    for number, (name, path) in enumerate(clinical, start=1):
        digests[f"clinical {number} {name}"] = record.add_input("clinical", path)
    annotations = open_annotations(genome, **paths, annotate=tracks, clinical=clinical)
    return block_scorer(model, genome, reader, settings, tf, annotations), digests


def _write_scores(
    options: Options,
    record: RunRecord,
    scorer: BlockScorer,
    reader: RecordSource,
    stream: IO[bytes],
    digests: dict[str, str],
    panel: list[str],
) -> None:
    from dnabert_enhancer.api import write_scores
    from dnabert_enhancer.commands.run_record import progress_of

    with progress_of("score", None, "records", quiet=options.quiet) as progress:
        record.set("scoring", write_scores(scorer, reader, stream, digests, progress, panel))
    reader.faults.warn()
    record.set("form", {kind: fault.times for kind, fault in reader.faults.found.items()})


def _write_results(
    options: Options,
    record: RunRecord,
    files: ResultFiles,
    scored: ScoredVariants,
    members: dict[str, list[Path]],
) -> None:
    """Write the results; note counts and shares of time."""
    from dnabert_enhancer.api import open_panel

    began = time.perf_counter()
    if members:
        with open_panel(members) as panel:
            found = files.write(scored, panel)
            record.set("tf_panel", panel.settings)
    else:
        found = files.write(scored)
    for name, number in found.counts.items():
        record.count(name, number)
    if not found.counts["scored"] and not options.get("allow_empty"):
        _refuse_empty(found.skipped, scored.header["source"])
    _refuse_misplaced(found.skipped, found.counts["alleles"], options, scored.header["source"])
    for reason, number in found.skipped.items():
        record.skip(reason, number)
        _log.info("%d alleles have no score: %s", number, reason.replace("_", " "))
    if found.replaced:
        _log.info("INFO fields of an earlier scoring are replaced: %s", ", ".join(found.replaced))
    record.set("null", found.null)
    record.set("indexed", found.indexed)
    seconds = scored.total_seconds()
    seconds["other"] += time.perf_counter() - began
    total = sum(seconds.values())
    shares = {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
    record.set("time", shares | {"model_share": round(seconds["model"] / total, 4) if total else 0.0})
    _log.info(
        "%d records, %d alleles scored; %d gains and %d losses of function, %d candidates",
        *(found.counts[name] for name in ("records", "scored", "gain", "loss", "candidates")),
    )


def _refuse_empty(skipped: Mapping[str, int], source: str) -> None:
    """Raise `InputError` where alleles were to be scored and none could be."""
    from dnabert_enhancer.variants import SkipReason

    defects = [
        f"{number} {SkipReason(reason)}" for reason, number in skipped.items() if SkipReason(reason).is_defect
    ]
    if defects:
        raise InputError(
            f"not a single allele could be scored: {', '.join(defects)}",
            source=source,
            remedy="give the genome that the variants are of, or write files without scores by --allow-empty",
        )


def _offsets(text: str) -> int | str:
    """Return a number of windows, or the word for as many as are needed."""
    from dnabert_enhancer.variants import ADAPTIVE

    return ADAPTIVE if text == ADAPTIVE else positive_integer(text)


def _refuse_misplaced(skipped: Mapping[str, int], alleles: int, options: Options, source: str) -> None:
    """Raise `InputError` where a larger share than ``--max-skipped`` is not of the genome."""
    from dnabert_enhancer.variants import SkipReason

    found = {reason: number for reason, number in skipped.items() if SkipReason(reason).is_misplaced}
    number, limit = sum(found.values()), options.get("max_skipped", 1.0)
    if number > limit * alleles:
        reasons = ", ".join(f"{times:,} {reason.replace('_', ' ')}" for reason, times in found.items())
        raise InputError(
            f"{number:,} of {alleles:,} alleles ({number / alleles:.1%}) are not of this genome: {reasons}; "
            f"--max-skipped allows {limit:.1%}",
            source=source,
            remedy="give the genome that the variants are of, or allow a larger share",
        )
