"""Compare predicted enhancers with public enhancer databases, each read in its own format.

A database is NAME=FILE and, after commas, any of preset= assembly= cell= class= min_score= base= and, for
tables, the columns chrom= start= end= name= score=; cell= and class= may be repeated. The layout of a known
database is built in (see --list-presets). Writes PREFIX.summary.tsv (one row per database), PREFIX.matrix.tsv
(agreement of all sets), PREFIX.per_call.tsv.gz, PREFIX.novel.bed.gz (calls in no database, best first),
plots (PNG and SVG) and PREFIX.run.json. docs/compare-db.md explains every number.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from dnabert_enhancer.commands.options import (
    Options,
    add_assembly_report,
    add_setting,
    positive_integer,
    whole_number,
)
from dnabert_enhancer.comparison import NULL_CHOICES, CompareSettings, fractions_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import assembly_name, is_assembly_name

EXAMPLES = (
    "compare-db --list-presets",
    "compare-db --calls scan.calls.bed.gz --scanned scan.scanned.bed \\\n"
    "    --database FANTOM5=F5.hg38.enhancers.bed.gz,preset=fantom5 \\\n"
    "    --assembly hg38 --genome-sizes hg38.chrom.sizes --output-prefix out/c",
    "compare-db --calls calls.bed.gz --databases databases.tsv --assembly hg38 \\\n"
    "    --genome-sizes sizes --min-fraction 0.05:0.95:0.05 --output-prefix out/c",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("calls and databases")
    group.add_argument(
        "--calls",
        nargs="+",
        required=True,
        metavar="BED",
        help="calls to judge, such as predict's .calls.bed.gz",
    )
    group.add_argument(
        "--database",
        nargs="+",
        action="extend",
        metavar="NAME=FILE[,key=value…]",
        help="a database and its file; may be given several times",
    )
    group.add_argument(
        "--databases", metavar="TSV", help="manifest with the columns name, file and any of the keys"
    )
    add_setting(
        group,
        CompareSettings,
        "score_column",
        "column of the calls to rank them by (default: 'maximum' where there is one, else column 5)",
        metavar="TITLE|N",
    )
    group.add_argument("--list-presets", action=_ListPresets, help="show the known databases, then stop")
    group = parser.add_argument_group("genome")
    group.add_argument(
        "--genome-sizes",
        required=True,
        metavar="FILE",
        help="contig lengths (chrom.sizes or .fai), or the genome's FASTA",
    )
    add_setting(
        group,
        CompareSettings,
        "assembly",
        "assembly of the calls: hg38, hg19 or any other name, such as mm39",
        required=True,
        type=_assembly,
        metavar="NAME",
    )
    add_assembly_report(group)
    group.add_argument(
        "--chain", nargs="+", metavar="FILE", help="chain files for databases of the other assembly"
    )
    group.add_argument(
        "--scanned", metavar="BED", help="what was scanned (predict writes it); only this counts"
    )
    group.add_argument("--gaps", metavar="BED", help="regions that do not count, such as assembly gaps")
    group.add_argument(
        "--genes",
        metavar="FILE[,key=value…]",
        help="genes (BED, GTF or GFF3) to name the nearest to each novel call",
    )
    group.add_argument(
        "--genome",
        metavar="FASTA",
        help="match GC in the re-sampling (and in a third control) with this sequence",
    )
    _add_statistics(parser)
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="start of the names of all outputs"
    )


def _add_statistics(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("statistics")
    add = partial(add_setting, group, CompareSettings)
    add(
        "min_fraction",
        "share of a call that one element must cover for calls_min_fraction; of a range such as "
        "0.05:0.95:0.05 every share is counted, into PREFIX.sweep.tsv and a picture",
        type=_fraction_or_range,
        metavar="SHARE|FIRST:LAST:STEP",
    )
    add("bin", "bin width of Fisher's test", type=positive_integer, metavar="BP")
    add("null", "circular shift, matched re-sampling, both or none", choices=NULL_CHOICES)
    add("permutations", "of each null", type=positive_integer, metavar="N")
    add("controls", "also judge random calls (and GC-matched ones with --genome), into PREFIX.controls.tsv")
    group.add_argument("--plots", action=argparse.BooleanOptionalAction, help="draw the plots (the default)")
    add("seed", "of the nulls", type=whole_number, metavar="N")
    add("threads", "default: the processors this process may use", type=positive_integer, metavar="N")


def check(options: Options) -> None:
    """Raise what is wrong with the options and with what is said of databases."""
    from dnabert_enhancer.comparison import parse_database

    options.settings(CompareSettings, assembly=options.get("assembly", "hg38"))
    for text in options.get("database", ()):
        # without a preset the file's head would be read, which may not be here
        parse_database(text if ",preset=" in text else f"{text},preset=bed", "hg38")


def run(options: Options) -> None:
    """Compare, write and show."""
    from dnabert_enhancer.api import compare, comparison_files
    from dnabert_enhancer.commands.compare_db_show import show_results
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.comparison import parse_database, read_manifest
    from dnabert_enhancer.files import OutputSet, check_output, keep_input

    prefix = options["output_prefix"]
    record = RunRecord(options)
    settings = options.settings(CompareSettings)
    databases = [*options.get("database", ())]
    if "databases" in options:
        databases += read_manifest(options["databases"], options["assembly"])
    for database in databases:
        keep_input(parse_database(database, "").path if isinstance(database, str) else database.path)
    plots = options.get("plots", True)
    for path in comparison_files(prefix, settings, plots=plots):
        check_output(path)
    comparison = compare(
        options["calls"],
        databases,
        options["genome_sizes"],
        settings,
        scanned=options.get("scanned"),
        gaps=options.get("gaps"),
        genes=options.get("genes"),
        chains=options.get("chain", ()),
        gc_genome=options.get("genome"),
        assembly_report=options.get("assembly_report"),
        progress=partial(progress_of, quiet=options.quiet),
    )
    for role in ("genome_sizes", "chain", "scanned", "gaps", "calls", "genes", "genome", "assembly_report"):
        given = options.get(role, ())
        for path in (given,) if isinstance(given, str) else given:
            is_genes = role == "genes"
            record.add_input(role, parse_database(f"genes={path}", "").path if is_genes else path)
    for result in comparison.results:
        record.add_input(f"database {result.database.name}", result.database.path)
    for name, number in comparison.counts.items():
        record.count(name, number)
    for reason, number in comparison.skipped.items():
        record.skip(reason, number)
    if comparison.gc_window is not None:
        record.set("gc_window_bp", comparison.gc_window)
    record.set("databases", {result.database.name: result.description() for result in comparison.results})
    record.set("calls_by_number_of_databases", comparison.calls_by_number_of_databases)
    with OutputSet() as outputs:
        comparison.write(prefix, plots=plots, outputs=outputs)
        with outputs.open_text(f"{prefix}.run.json") as stream:
            stream.write(record.to_json())
    show_results(comparison)


class _ListPresets(argparse.Action):
    """Prints the presets and stops, whatever other options there are."""

    def __init__(self, option_strings: Sequence[str], **options: Any) -> None:
        super().__init__(
            option_strings, dest=argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=options["help"]
        )

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from dnabert_enhancer.commands.compare_db_show import show_presets

        show_presets()
        parser.exit()


def _assembly(text: str) -> str:
    if not is_assembly_name(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of an assembly; give one such as hg38, hg19, mm39 or T2T-CHM13"
        )
    return assembly_name(text)


def _fraction_or_range(text: str) -> float | str:
    try:
        fractions = fractions_of(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(error.problem) from None
    return text if ":" in text else fractions[0]
