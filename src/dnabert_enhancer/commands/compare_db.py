"""Compare predicted enhancers with public enhancer databases, each read in its own format.

A database is NAME=FILE and, after commas, any of preset= assembly= cell= class= min_score= base= and, for
tables, the columns chrom= start= end= name= score=; cell= and class= may come several times. What a file of a
known database looks like need not be said (see --list-presets). Writes PREFIX.summary.tsv (a row a database),
PREFIX.matrix.tsv (agreement of all sets), PREFIX.per_call.tsv.gz, PREFIX.novel.bed.gz (calls in no
database, best first), plots (PNG and SVG) and PREFIX.run.json. docs/compare-db.md explains every number.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from dnabert_enhancer.commands.option_types import fraction, positive_integer

ASSEMBLIES = ("hg38", "hg19")
NULL_CHOICES = ("circular", "resample", "both", "none")
DEFAULT_PERMUTATIONS = 1000
DEFAULT_BIN = 200
DEFAULT_MIN_FRACTION = 0.5
DEFAULT_SEED = 0


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
        default=[],
        metavar="NAME=FILE[,key=value…]",
        help="a database and its file; may come many times",
    )
    group.add_argument(
        "--databases", metavar="TSV", help="manifest with the columns name, file and any of the keys"
    )
    group.add_argument(
        "--score-column",
        metavar="TITLE|N",
        help="column of the calls to rank them by (default: 'maximum' where there is one, else column 5)",
    )
    group.add_argument("--list-presets", action=_ListPresets, help="show the known databases, then stop")
    group = parser.add_argument_group("genome")
    group.add_argument(
        "--genome-sizes",
        required=True,
        metavar="FILE",
        help="contig lengths (chrom.sizes or .fai), or the genome's FASTA",
    )
    group.add_argument(
        "--assembly", required=True, type=_assembly, metavar="hg38|hg19", help="what the calls are in"
    )
    group.add_argument(
        "--chain",
        nargs="+",
        default=[],
        metavar="FILE",
        help="chain files for databases of the other assembly",
    )
    group.add_argument(
        "--scanned", metavar="BED", help="what was scanned (predict writes it); only this counts"
    )
    group.add_argument("--gaps", metavar="BED", help="what does not count, such as assembly gaps")
    group.add_argument(
        "--genes",
        metavar="FILE[,key=value…]",
        help="genes (BED or GTF) to name the nearest to each novel call",
    )
    group.add_argument(
        "--genome",
        metavar="FASTA",
        help="match GC in the re-sampling (and in a third control) with this sequence",
    )
    _add_statistics(parser)
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="what the names of all outputs begin with"
    )


def _add_statistics(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("statistics")
    group.add_argument(
        "--min-fraction",
        type=_positive_fraction,
        default=DEFAULT_MIN_FRACTION,
        metavar="SHARE",
        help=f"of a call that one element must cover for calls_min_fraction (default {DEFAULT_MIN_FRACTION})",
    )
    group.add_argument(
        "--bin",
        type=positive_integer,
        default=DEFAULT_BIN,
        metavar="BP",
        help=f"bin of Fisher's test (default {DEFAULT_BIN})",
    )
    group.add_argument(
        "--null",
        choices=NULL_CHOICES,
        default="both",
        help="circular shift, matched re-sampling, both (default) or none",
    )
    group.add_argument(
        "--permutations",
        type=positive_integer,
        default=DEFAULT_PERMUTATIONS,
        metavar="N",
        help=f"of each null (default {DEFAULT_PERMUTATIONS})",
    )
    group.add_argument(
        "--controls",
        action="store_true",
        help="also judge random calls (and GC-matched ones with --genome), into PREFIX.controls.tsv",
    )
    group.add_argument(
        "--plots", action=argparse.BooleanOptionalAction, default=True, help="draw the plots (the default)"
    )
    group.add_argument(
        "--seed", type=_seed, default=DEFAULT_SEED, metavar="N", help=f"of the nulls (default {DEFAULT_SEED})"
    )
    group.add_argument(
        "--threads", type=positive_integer, metavar="N", help="default: the processors this process may use"
    )


def run(args: argparse.Namespace) -> None:
    """Compare, write and show."""
    from dnabert_enhancer.commands.compare_db_run import run_comparison

    run_comparison(args)


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
    from dnabert_enhancer.compare import assembly_name

    name = assembly_name(text)
    if name not in ASSEMBLIES:
        raise argparse.ArgumentTypeError(f"{text!r} is neither hg38 (GRCh38) nor hg19 (GRCh37)")
    return name


def _positive_fraction(text: str) -> float:
    number = fraction(text)
    if not number:
        raise argparse.ArgumentTypeError("0 is not above 0")
    return number


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)
