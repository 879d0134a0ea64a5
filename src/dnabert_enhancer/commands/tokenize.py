"""Write sequences as DNABERT's k-mers or token ids.

A .tsv or .tsv.gz output is DNABERT's own training table (sequence, label; the k-mers divided by
blanks), a .parquet output holds name, label and input_ids. Input: FASTA, BED with --genome, or a data
set (a folder of make-dataset, DNABERT's table, CSV, or FASTA with --negatives).
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from dnabert_enhancer.dataset import NamedSequence, TokenReport

DNABERT_K = (3, 4, 5, 6)
_TABLE_ENDINGS = (".tsv", ".tsv.gz", ".txt", ".txt.gz")
_PARQUET_ENDING = ".parquet"
_FASTA_ENDINGS = (".fa", ".fasta", ".fna", ".fas", ".ffn")
_BED_ENDINGS = (".bed", ".narrowpeak", ".broadpeak")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of tokenize."""
    parser.add_argument(
        "--input", required=True, metavar="PATH", help="FASTA, BED or data set; - is standard input"
    )
    parser.add_argument(
        "--format",
        choices=("auto", "fasta", "bed", "dataset"),
        default="auto",
        help="what the input is; default: by its name, its first letter and --genome",
    )
    parser.add_argument("--k", required=True, type=int, choices=DNABERT_K, help="length of the k-mers")
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="ending in .tsv, .tsv.gz (bgzip) or .parquet"
    )
    parser.add_argument("--genome", metavar="FASTA", help="the genome of a BED input")
    parser.add_argument(
        "--negatives", metavar="FASTA", help="negatives (label 0) to a FASTA of positives (label 1)"
    )
    parser.add_argument(
        "--split", metavar="NAME", help="of a data set with several: train, validation or test"
    )
    parser.add_argument(
        "--label",
        type=int,
        default=0,
        metavar="N",
        help="label of all sequences of FASTA and BED; default: 0",
    )
    parser.add_argument("--sequence-column", metavar="NAME", help="of a table with unusual column names")
    parser.add_argument("--label-column", metavar="NAME", help="of a table with unusual column names")
    parser.add_argument(
        "--case-sensitive",
        action="store_true",
        help="lower-case (soft-masked) bases are unknown, as to DNABERT's own tokenizer; default: upper case",
    )


def run(args: argparse.Namespace) -> None:
    """Tokenize and report."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import write_kmer_table, write_token_ids
    from dnabert_enhancer.files import OutputSet

    record = RunRecord(args)
    prefix = _prefix(args.output)
    sequences = _sequences(args)
    with OutputSet() as outputs:
        if args.output.endswith(_PARQUET_ENDING):
            path = outputs.path(args.output)
            report = write_token_ids(sequences, path, args.k, case_sensitive=args.case_sensitive)
        else:
            stream = outputs.open_text(args.output)
            report = write_kmer_table(sequences, stream, args.k, case_sensitive=args.case_sensitive)
        for role in ("input", "genome", "negatives"):
            if getattr(args, role):
                record.add_input(role, getattr(args, role))
        for name, number in dataclasses.asdict(report).items():
            if name.startswith("left_out_"):
                record.skip(name.removeprefix("left_out_"), number)
            else:
                record.count(name, number)
        with outputs.open_text(f"{prefix}.run.json") as stream:
            stream.write(record.to_json())
    _print_report(report, args.output)


def _prefix(output: str) -> str:
    for ending in (*_TABLE_ENDINGS, _PARQUET_ENDING):
        if output.endswith(ending) and len(Path(output).name) > len(ending):
            return output.removesuffix(ending)
    raise InputError(
        f"the ending of {output!r} names no format",
        source="--output",
        remedy=f"end it in {', '.join((*_TABLE_ENDINGS, _PARQUET_ENDING))}",
    )


def _sequences(args: argparse.Namespace) -> Iterator[NamedSequence]:
    from dnabert_enhancer.dataset import dataset_sequences, fasta_sequences, region_sequences

    form = _form(args) if args.format == "auto" else args.format
    if form == "bed":
        if args.genome is None:
            raise InputError("a BED file has no bases", source=args.input, remedy="give --genome FASTA")
        return region_sequences(args.input, args.genome, args.label)
    if args.genome is not None:
        raise InputError(
            f"--genome goes with BED, and the input is read as {form}",
            source=args.input,
            remedy="leave --genome out, or give --format bed",
        )
    if form == "fasta":
        return fasta_sequences(args.input, args.label)
    return dataset_sequences(
        args.input,
        negatives=args.negatives,
        split=args.split,
        sequence_column=args.sequence_column,
        label_column=args.label_column,
    )


def _form(args: argparse.Namespace) -> str:
    from dnabert_enhancer.dataset import begins_as_fasta

    if args.negatives is not None:
        return "dataset"
    if args.genome is not None:
        return "bed"
    name = args.input.lower().removesuffix(".gz").removesuffix(".bgz")
    if name.endswith(_BED_ENDINGS):
        return "bed"
    if name.endswith(_FASTA_ENDINGS):
        return "fasta"
    return "fasta" if begins_as_fasta(args.input) else "dataset"


def _print_report(report: TokenReport, output: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=output, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    share = report.unknown_tokens / report.tokens
    rows = {
        "sequences": f"{report.sequences:,}",
        "tokens": f"{report.tokens:,}",
        "unknown tokens": f"{report.unknown_tokens:,} ({share:.2%})",
        "sequences with unknown tokens": f"{report.sequences_with_unknown:,}",
        "left out, shorter than k": f"{report.left_out_short:,}",
        "left out, all unknown": f"{report.left_out_unknown:,}",
        "longer than DNABERT reads": f"{report.longer_than_dnabert:,}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
