"""Make labelled windows from regions and a genome.

Positives are windows of --length around the regions, negatives are drawn from the same genome (or
shuffled, or given), and train, validation and test share neither a contig (or block) nor a 40-mer. The
folder holds train, validation and test.tsv.gz (chrom, start, end, strand, label, sequence, name),
dataset.json, gc.png and run.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.option_types import fraction, positive_integer, positive_number

if TYPE_CHECKING:
    from dnabert_enhancer.dataset import BuiltDataset, DatasetSettings

DEFAULT_SPLITS = "0.8,0.1,0.1"
DEFAULT_BLOCK = 500_000
RUN_FILE = "run.json"
PICTURE_FILE = "gc.png"
SMALLEST_LEAK = 12
LARGEST_LEAK = 62


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of make-dataset."""
    _add_files(parser.add_argument_group("input and output"))
    _add_windows(parser.add_argument_group("windows"))
    _add_negatives(parser.add_argument_group("negatives"))
    _add_splits(parser.add_argument_group("splits"))


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--regions",
        required=True,
        nargs="+",
        metavar="BED",
        help="positives: BED 3-12, narrowPeak or broadPeak",
    )
    group.add_argument("--genome", required=True, metavar="FASTA", help="the genome: plain, gzip or bgzip")
    group.add_argument(
        "--output-dir", required=True, metavar="DIR", help="folder of the data set, made when missing"
    )
    group.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="BED",
        help="regions that no window may touch, such as a blacklist",
    )
    group.add_argument(
        "--skip-outside",
        action="store_true",
        help="leave out (and count) regions outside the genome's contigs instead of stopping",
    )


def _add_windows(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--length", type=positive_integer, default=200, metavar="BP", help="default: 200")
    group.add_argument(
        "--placement",
        choices=("centre", "summit", "tile"),
        default="centre",
        help="one window around the middle of each region (default), around the summit of a narrowPeak, "
        "or as many windows side by side as a long region holds",
    )
    group.add_argument(
        "--overlapping",
        choices=("merge", "keep"),
        default="merge",
        help="regions that overlap become one, and of windows that overlap the first stays (default); "
        "or each region has its own",
    )
    group.add_argument(
        "--max-unknown",
        type=fraction,
        default=0.1,
        metavar="SHARE",
        help="leave out windows with a larger share of letters other than A, C, G, T; default: 0.1",
    )
    group.add_argument(
        "--stranded",
        action="store_true",
        help="read regions of the minus strand as their reverse complement",
    )


def _add_negatives(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--negatives",
        nargs="+",
        default=["matched"],
        metavar="matched|shuffled|BED",
        help="matched: windows of the same contig like the positives in GC and repeats, off all regions "
        "(default); shuffled: the positives, dinucleotides kept; or BED files (./matched for one so named)",
    )
    group.add_argument(
        "--ratio",
        type=positive_number,
        metavar="R",
        help="negatives for each positive; default: 1, and all regions of BED files",
    )
    group.add_argument(
        "--gc-tolerance",
        type=positive_number,
        default=0.02,
        metavar="SHARE",
        help="largest GC difference of a matched negative to its positive; default: 0.02",
    )
    group.add_argument(
        "--repeat-tolerance",
        type=positive_number,
        default=0.1,
        metavar="SHARE",
        help="the same for the soft-masked (lower-case) share; default: 0.1",
    )
    group.add_argument(
        "--allow-fewer", action="store_true", help="go on when there are fewer negatives than asked for"
    )


def _add_splits(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--splits",
        default=DEFAULT_SPLITS,
        metavar="FILE|FRACTIONS",
        help="contig<TAB>split (or contig, start, end, split) in each line; or fractions of the positives "
        f"for train, validation, test, to which whole contigs are assigned; default: {DEFAULT_SPLITS}",
    )
    group.add_argument(
        "--split-by",
        choices=("contig", "block"),
        default="contig",
        help="with fractions: assign whole contigs (default), or blocks of --block-size where there are "
        "too few contigs",
    )
    group.add_argument(
        "--block-size",
        type=positive_integer,
        default=DEFAULT_BLOCK,
        metavar="BP",
        help=f"default: {DEFAULT_BLOCK:,}",
    )
    group.add_argument(
        "--on-leak",
        choices=("remove", "refuse"),
        default="remove",
        help="windows that share a k-mer with another split: leave out (of train first, never of test; "
        "default), or stop",
    )
    group.add_argument(
        "--leak-k", type=leak_length, default=40, metavar="K", help="length of these k-mers; default: 40"
    )
    group.add_argument(
        "--leak-repeats",
        choices=("ignore", "count"),
        default="ignore",
        help="k-mers soft-masked for more than half, and tandem repeats: do not count (default) or count",
    )
    group.add_argument("--seed", type=int, default=1, metavar="N", help="of all random choices; default: 1")


def leak_length(text: str) -> int:
    """Return a k-mer length that the leak check can read."""
    k = positive_integer(text)
    if not SMALLEST_LEAK <= k <= LARGEST_LEAK:
        raise argparse.ArgumentTypeError(f"{text!r} is not from {SMALLEST_LEAK} to {LARGEST_LEAK}")
    return k


def run(args: argparse.Namespace) -> None:
    """Build the data set and write its folder."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import build_dataset, check_folder, draw_gc_profile, write_dataset
    from dnabert_enhancer.files import OutputSet

    record = RunRecord(args)
    given = [] if args.negatives in (["matched"], ["shuffled"]) else args.negatives
    folder = Path(args.output_dir)
    check_folder(folder)
    with OutputSet() as outputs:
        # asked for before the work, so that a folder that cannot be written is found out at once
        picture = outputs.path(folder / PICTURE_FILE)
        built = build_dataset(
            args.regions,
            args.genome,
            _settings(args),
            exclude=args.exclude,
            negatives=given,
            splits=args.splits,
            block_size=args.block_size if args.split_by == "block" else None,
        )
        draw_gc_profile(built.profile, picture, "GC content of positives and negatives")
        write_dataset(built.dataset, folder, outputs)
        inputs = {
            "regions": args.regions,
            "genome": [args.genome],
            "exclude": args.exclude,
            "negatives": given,
        }
        for role, paths in inputs.items():
            for path in paths:
                record.add_input(role, path)
        for name, number in built.counts.items():
            record.count(name, number)
        for reason, number in built.skipped.items():
            record.skip(reason, number)
        record.set("dataset_digest", built.dataset.digest)
        with outputs.open_text(folder / RUN_FILE) as stream:
            stream.write(record.to_json())
    _print_summary(built, folder)


def _settings(args: argparse.Namespace) -> DatasetSettings:
    from dnabert_enhancer.dataset import (
        DatasetSettings,
        LeakRule,
        NegativeSource,
        OnLeak,
        Overlapping,
        WindowPlacement,
    )

    word = args.negatives[0] if len(args.negatives) == 1 else None
    source = NegativeSource(word) if word in ("matched", "shuffled") else NegativeSource.GIVEN
    return DatasetSettings(
        length=args.length,
        placement=WindowPlacement(args.placement),
        overlapping=Overlapping(args.overlapping),
        negatives=source,
        ratio=args.ratio,
        gc_tolerance=args.gc_tolerance,
        repeat_tolerance=args.repeat_tolerance,
        most_unknown=args.max_unknown,
        stranded=args.stranded,
        skip_outside=args.skip_outside,
        allow_fewer=args.allow_fewer,
        on_leak=OnLeak(args.on_leak),
        leak_rule=LeakRule(k=args.leak_k, ignore_repeats=args.leak_repeats == "ignore"),
        seed=args.seed,
    )


def _print_summary(built: BuiltDataset, folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{folder}: windows of {built.dataset.metadata['length']} bp", title_justify="left")
    for column in ("split", "positives", "negatives", "removed as leaks"):
        table.add_column(column, justify="left" if column == "split" else "right")
    removed = built.dataset.metadata["leaks"]["removed"]
    for split in built.dataset.splits:
        counts = (built.counts[f"{split}_positives"], built.counts[f"{split}_negatives"], removed[split])
        table.add_row(split, *(f"{count:,}" for count in counts))
    console = Console()
    console.print(table)
    for reason, number in built.skipped.items():
        if not reason.startswith("leak_"):
            console.print(f"left out: {number:,} {reason.replace('_', ' ')}", highlight=False, markup=False)
