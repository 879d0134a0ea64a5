"""Enhancer probability of sequences (--fasta, --tsv), or a scan of a genome (--genome) with track and calls.

Sequences give PREFIX.predictions.tsv, a row each: name, length, windows scored and skipped, maximum and mean
of their scores, summit (0-based centre of the highest window), label at the threshold, and why nothing was
scored.

A scan gives PREFIX.bw (per-base mean of the windows that cover it), PREFIX.scanned.bed (what was scored) and
PREFIX.calls.bed.gz: windows at or above the threshold, merged where they overlap or touch, with chrom, start,
end, name, score (1000 times the maximum), strand, summit, mean, maximum and q_value, which is the false
discovery rate among windows as high or higher, against shuffled windows. It can be cut into shards
(--shard I/N) that --merge puts together; the files are those of one run, byte for byte.
"""

from __future__ import annotations

import argparse

from dnabert_enhancer.commands.engine_options import add_engine_arguments
from dnabert_enhancer.commands.option_types import (
    fraction,
    positive_integer,
    refuse_options,
    shard,
    whole_number,
)
from dnabert_enhancer.errors import InputError

DEFAULT_MAX_UNKNOWN = 0.1
DEFAULT_SEED = 0

_SCORING = ("model", "label", "window_length", "stride", "max_unknown")
_GRID = ("regions", "skip_outside", "contigs", "shard", "null", "null_fraction", "seed")
_CALLING = ("merge_gap", "bedgraph")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--fasta", metavar="FILE", help="sequences to score, plain or gzip; - is standard input"
    )
    given.add_argument(
        "--tsv",
        metavar="FILE",
        help="table with a column 'sequence' (letters or DNABERT's k-mers) and maybe 'name'",
    )
    given.add_argument("--genome", metavar="FASTA", help="genome to scan, plain, gzip or bgzip")
    given.add_argument(
        "--merge", nargs="+", metavar="PREFIX", help="shards to put together, by their prefixes or names"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="what the names of all outputs begin with"
    )
    group = parser.add_argument_group("model and windows")
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), or hub:NAME@REVISION (default: the packaged one); "
        ":OUTPUT at the end takes one of its outputs, such as default:lentimpra_hepg2",
    )
    group.add_argument("--label", metavar="NAME", help="which output to report, of a model with several")
    group.add_argument(
        "--threshold",
        type=_threshold,
        metavar="P",
        help="positive from here on: a number, or the name of one of the card's thresholds, such as strict "
        "(default: the card's default)",
    )
    group.add_argument(
        "--window-length", type=positive_integer, metavar="BP", help="default: the model's own"
    )
    group.add_argument(
        "--stride",
        type=positive_integer,
        metavar="BP",
        help="step between windows (default: a quarter of a window)",
    )
    group.add_argument(
        "--max-unknown",
        type=fraction,
        metavar="SHARE",
        help=f"skip windows with a larger share of N and the like (default {DEFAULT_MAX_UNKNOWN})",
    )
    group.add_argument(
        "--windows", action="store_true", default=None, help="also write PREFIX.windows.tsv.gz"
    )
    _add_scan_arguments(parser)
    add_engine_arguments(parser)


def _add_scan_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("scan")
    group.add_argument("--regions", metavar="BED", help="scan these only; those that overlap are merged")
    group.add_argument(
        "--skip-outside",
        action="store_true",
        default=None,
        help="leave out (and count) regions outside the genome's contigs instead of stopping",
    )
    group.add_argument("--contigs", nargs="+", action="extend", metavar="NAME", help="scan these only")
    group.add_argument(
        "--merge-gap",
        type=whole_number,
        metavar="BP",
        help="called windows with at most so many bases between them are one call (default 0: touching)",
    )
    group.add_argument(
        "--null",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="score shuffled windows too, for q-values (the default); --no-null is faster",
    )
    group.add_argument(
        "--null-fraction",
        type=fraction,
        metavar="SHARE",
        help="share of windows to shuffle (default 1/16, and more where that is less than 10,000 windows)",
    )
    group.add_argument(
        "--seed", type=whole_number, metavar="N", help=f"of the shuffles (default {DEFAULT_SEED})"
    )
    group.add_argument("--bedgraph", action="store_true", default=None, help="also write PREFIX.bedgraph.gz")
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="score part I of N only, into PREFIX.shard-I-of-N.scores"
    )


def run(args: argparse.Namespace) -> None:
    """Score sequences, scan a genome or merge shards."""
    if not args.output_prefix or args.output_prefix.endswith("/"):
        raise InputError(
            f"--output-prefix {args.output_prefix!r} names no file",
            remedy="give a path with a name, such as out/scan",
        )
    if args.genome is not None:
        from dnabert_enhancer.commands.predict_scan import run_scan

        run_scan(args)
    elif args.merge is not None:
        from dnabert_enhancer.commands.predict_scan import run_merge

        refuse_options(args, _SCORING + _GRID, "--merge, whose shards are scored already")
        run_merge(args)
    else:
        from dnabert_enhancer.commands.predict_sequences import run_sequences

        refuse_options(args, _GRID + _CALLING, "sequences; it belongs to --genome")
        run_sequences(args)


def _threshold(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
