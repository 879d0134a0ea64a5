"""Write sequences as DNABERT's k-mers or token ids.

A .tsv or .tsv.gz output is DNABERT's own training table (sequence, label; the k-mers divided by
blanks), a .parquet output holds name, label and input_ids. Input: FASTA, BED with --genome, or a data
set (a folder of make-dataset, DNABERT's table, CSV, or FASTA with --negatives).
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import Options, add_assembly_report, add_setting
from dnabert_enhancer.dataset import INPUT_FORMATS, TokenizeSettings
from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from dnabert_enhancer.dataset import TokenReport

DNABERT_K = (3, 4, 5, 6)
_TABLE_ENDINGS = (".tsv", ".tsv.gz", ".txt", ".txt.gz")
_PARQUET_ENDING = ".parquet"
EXAMPLES = (
    "tokenize --input sequences.fa --k 6 --output sequences.tsv.gz",
    "tokenize --input peaks.bed --genome hg38.fa.gz --k 6 --output peaks.parquet",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of tokenize."""
    parser.add_argument(
        "--input", required=True, metavar="PATH", help="FASTA, BED or data set; - is standard input"
    )
    add_setting(
        parser,
        TokenizeSettings,
        "format",
        "what the input is; auto: by its name, its first letter and --genome",
        choices=INPUT_FORMATS,
    )
    parser.add_argument("--k", required=True, type=int, choices=DNABERT_K, help="length of the k-mers")
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="ending in .tsv, .tsv.gz (bgzip) or .parquet"
    )
    add_setting(parser, TokenizeSettings, "genome", "the genome of a BED input", metavar="FASTA")
    add_assembly_report(parser)
    add_setting(
        parser,
        TokenizeSettings,
        "negatives",
        "negatives (label 0) to a FASTA of positives (label 1)",
        metavar="FASTA",
    )
    add_setting(
        parser,
        TokenizeSettings,
        "split",
        "of a data set with several: train, validation or test",
        metavar="NAME",
    )
    add_setting(
        parser, TokenizeSettings, "label", "label of all sequences of FASTA and BED", type=int, metavar="N"
    )
    for name in ("sequence_column", "label_column"):
        add_setting(parser, TokenizeSettings, name, "of a table with unusual column names", metavar="NAME")
    add_setting(
        parser,
        TokenizeSettings,
        "positive_label",
        "which of two classes of a data set is the positive one (label 1); default: "
        "recognised by their names",
        metavar="NAME",
    )
    add_setting(
        parser,
        TokenizeSettings,
        "keep_letters",
        "take letters as they are, as DNABERT's own tokenizer does, to which lower case (soft-masked bases) "
        "and U are unknown; default: upper case, and U as T",
    )


def run(options: Options) -> None:
    """Tokenize and report."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import sequences_to_tokenize, write_kmer_table, write_token_ids
    from dnabert_enhancer.files import OutputSet

    record = RunRecord(options)
    output, k = options["output"], options["k"]
    prefix = _prefix(output)
    settings = options.settings(TokenizeSettings)
    sequences = sequences_to_tokenize(options["input"], settings)
    with OutputSet() as outputs:
        if output.endswith(_PARQUET_ENDING):
            path = outputs.path(output)
            report = write_token_ids(sequences, path, k, keep_letters=settings.keep_letters)
        else:
            stream = outputs.open_text(output)
            report = write_kmer_table(sequences, stream, k, keep_letters=settings.keep_letters)
        for role in ("input", "genome", "assembly_report", "negatives"):
            if options.get(role):
                record.add_input(role, options[role])
        for name, number in dataclasses.asdict(report).items():
            if name.startswith("left_out_"):
                record.skip(name.removeprefix("left_out_"), number)
            else:
                record.count(name, number)
        with outputs.open_text(f"{prefix}.run.json") as stream:
            stream.write(record.to_json())
    _print_report(report, output)


def _prefix(output: str) -> str:
    for ending in (*_TABLE_ENDINGS, _PARQUET_ENDING):
        if output.endswith(ending) and len(Path(output).name) > len(ending):
            return output.removesuffix(ending)
    raise InputError(
        f"the extension of {output!r} names no format",
        source="--output",
        remedy=f"end it in {', '.join((*_TABLE_ENDINGS, _PARQUET_ENDING))}",
    )


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
