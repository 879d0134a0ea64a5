"""Effects of variants on enhancers and on the binding of transcription factors, from VCF to VCF.

Writes PREFIX.vcf.gz with its index (every record, in order, with our INFO fields), PREFIX.tsv.gz (one row an
allele and model), PREFIX.candidates.tsv (gains and losses of function, ranked) and PREFIX.run.json. A run
can be cut into shards (--shard I/N) that are put together with --merge; the files are those of one run, byte
for byte.
"""

from __future__ import annotations

import argparse
import re

from dnabert_enhancer.commands.engine_options import add_engine_arguments
from dnabert_enhancer.commands.option_types import (
    fraction,
    positive_integer,
    refuse_options,
    shard,
    whole_number,
)
from dnabert_enhancer.errors import InputError

DEFAULT_OFFSETS = 5
DEFAULT_MAX_UNKNOWN = 0.1
DEFAULT_NULL_VARIANTS = 1000
DEFAULT_SEED = 0

_SCORING = (
    "genome",
    "model",
    "label",
    "tf",
    "motifs",
    "genes",
    "regions",
    "annotate",
    "window_length",
    "offsets",
    "threshold",
    "min_change",
    "max_unknown",
    "null_variants",
    "seed",
    "shard",
    "strict",
    "phased",
    "sample",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument("--vcf", metavar="FILE", help="VCF or BCF, plain, gzip or bgzip; - is standard input")
    given.add_argument(
        "--merge", nargs="+", metavar="PREFIX", help="shards to put together, by their prefixes or names"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="what the names of all outputs begin with"
    )
    parser.add_argument("--genome", metavar="FASTA", help="reference genome, plain, gzip or bgzip")
    group = parser.add_argument_group("models and windows")
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), or hub:NAME@REVISION (default: the packaged one); "
        ":OUTPUT at the end takes one of its outputs that are probabilities, such as default:active_hepg2",
    )
    group.add_argument("--label", metavar="NAME", help="which output to report, of a model with several")
    group.add_argument(
        "--tf",
        action="append",
        type=_named,
        metavar="NAME=MODEL",
        help="a model of the binding of a transcription factor: directory, archive, or an output such as "
        "default:gue_tf0; can be repeated",
    )
    group.add_argument(
        "--window-length", type=positive_integer, metavar="BP", help="default: each model's own"
    )
    group.add_argument(
        "--offsets",
        type=positive_integer,
        metavar="N",
        help=f"windows an allele, at different offsets; odd (default {DEFAULT_OFFSETS})",
    )
    group.add_argument(
        "--max-unknown",
        type=fraction,
        metavar="SHARE",
        help=f"skip alleles with a larger share of N in their windows (default {DEFAULT_MAX_UNKNOWN})",
    )
    group.add_argument(
        "--phased",
        action="store_true",
        default=None,
        help="apply the alleles that a haplotype has within one window together",
    )
    group.add_argument(
        "--sample", metavar="NAME", help="whose haplotypes --phased reads (default: the first sample)"
    )
    _add_effect_arguments(parser)
    _add_annotation_arguments(parser)
    group = parser.add_argument_group("run")
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="score part I of N only, into PREFIX.shard-I-of-N.scores"
    )
    group.add_argument(
        "--strict", action="store_true", default=None, help="stop at the first allele that cannot be scored"
    )
    add_engine_arguments(parser)


def _add_effect_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("effects and their significance")
    group.add_argument(
        "--threshold", type=fraction, metavar="P", help="an enhancer from here on (default: the model card's)"
    )
    group.add_argument(
        "--min-change",
        type=fraction,
        metavar="P",
        help="least difference of the probabilities for a gain or loss of function (default 0)",
    )
    group.add_argument(
        "--null-variants",
        type=whole_number,
        metavar="N",
        help="least number of null variants in shuffled sequence, for p-values; 0: none "
        f"(default {DEFAULT_NULL_VARIANTS})",
    )
    group.add_argument(
        "--seed", type=whole_number, metavar="N", help=f"of the null variants (default {DEFAULT_SEED})"
    )


def _add_annotation_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("annotation")
    group.add_argument("--motifs", metavar="FILE", help="motifs in MEME format, such as HOCOMOCO or JASPAR")
    group.add_argument("--genes", metavar="FILE", help="genes as BED, GTF or GFF3")
    group.add_argument("--regions", metavar="BED", help="score the records in these regions only")
    group.add_argument(
        "--annotate",
        action="append",
        type=_named,
        metavar="NAME=BED",
        help="name the regions of a set that a record lies in; can be repeated",
    )


def run(args: argparse.Namespace) -> None:
    """Score variants or merge shards."""
    if not args.output_prefix or args.output_prefix.endswith("/"):
        raise InputError(
            f"--output-prefix {args.output_prefix!r} names no file",
            remedy="give a path with a name, such as out/variants",
        )
    if args.merge is not None:
        from dnabert_enhancer.commands.score_variants_merge import run_merge

        refuse_options(args, _SCORING, "--merge, whose shards are scored already")
        run_merge(args)
        return
    if args.genome is None:
        raise InputError("--vcf needs --genome", remedy="give the FASTA of the reference that the VCF is of")
    from dnabert_enhancer.commands.score_variants_run import run_score

    run_score(args)


def _named(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=PATH, with a name of letters, digits, _ . or -"
        )
    return match[1], match[2]
