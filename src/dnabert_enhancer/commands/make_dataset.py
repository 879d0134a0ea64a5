"""Make labelled windows from regions and a genome.

Positives are windows of --length around the regions, negatives are drawn from the same genome (or
shuffled, or given), and train, validation and test share neither a contig (or block) nor a 40-mer. The
folder holds train, validation and test.tsv.gz (chrom, start, end, strand, label, sequence, name),
dataset.json, gc.png and run.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.commands.options import (
    Options,
    add_assembly_report,
    add_setting,
    fraction,
    genome_of,
    positive_integer,
    positive_number,
)
from dnabert_enhancer.commands.tables import show_table
from dnabert_enhancer.dataset import (
    DatasetSettings,
    LeakRepeats,
    OnLeak,
    Overlapping,
    SplitBy,
    WindowPlacement,
)

if TYPE_CHECKING:
    from dnabert_enhancer.dataset import BuiltDataset

RUN_FILE = "run.json"
EXAMPLES = (
    "make-dataset --regions peaks.bed --genome hg38.fa.gz --output-dir data",
    "make-dataset --regions peaks.bed --genome hg38.fa.gz --length 350 \\\n"
    "    --exclude blacklist.bed --split-by contig --output-dir data350",
    "make-dataset --regions peaks.bed --genome hg38.fa.gz --output-dir authors \\\n"
    "    --exclude blacklist.bed --negatives bedtools-shuffle",
)


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
    add_assembly_report(group)
    group.add_argument(
        "--output-dir", required=True, metavar="DIR", help="folder of the data set, made when missing"
    )
    _add(group, "exclude", "regions that no window may touch, such as a blacklist", nargs="+", metavar="BED")
    _add(
        group,
        "skip_outside",
        "leave out (and count) regions outside the genome's contigs instead of stopping",
    )


def _add_windows(group: argparse._ArgumentGroup) -> None:
    _add(group, "positive_label", "name of the regions' class, the positive one (label 1)", metavar="NAME")
    _add(group, "length", "of every window", type=positive_integer, metavar="BP")
    _add(
        group,
        "placement",
        "one window around the middle of each region, around the summit of a narrowPeak, "
        "or as many windows side by side as fit into a long region",
        choices=tuple(WindowPlacement),
    )
    _add(
        group,
        "overlapping",
        "regions that overlap become one, and of windows that overlap the first is kept; "
        "or each region has its own",
        choices=tuple(Overlapping),
    )
    _add(
        group,
        "max_unknown",
        "leave out windows with a larger share of letters other than A, C, G, T",
        type=fraction,
        metavar="SHARE",
    )
    _add(group, "stranded", "read regions of the minus strand as their reverse complement")


def _add_negatives(group: argparse._ArgumentGroup) -> None:
    _add(
        group,
        "negatives",
        "matched: windows of the same contig like the positives in GC and repeats, off all regions; "
        "shuffled: the positives, dinucleotides kept; bedtools-shuffle: each positive anew at any place of "
        "its contig off --exclude, as the authors of DNABERT-Enhancer do; or BED files (./matched for one so "
        "named)",
        nargs="+",
        metavar="matched|shuffled|bedtools-shuffle|BED",
    )
    _add(
        group,
        "negatives_from",
        "take this share of the negatives from the regions of a BED, such as "
        "promoters=pls.bed,share=0.2; can be repeated, and --negatives gives the others",
        nargs="+",
        action="extend",
        metavar="NAME=BED,share=S",
    )
    _add(
        group,
        "ratio",
        "negatives per positive; default: 1, and all regions of BED files",
        type=positive_number,
        metavar="R",
    )
    _add(
        group,
        "gc_tolerance",
        "largest GC difference of a matched negative to its positive",
        type=positive_number,
        metavar="SHARE",
    )
    _add(
        group,
        "repeat_tolerance",
        "the same for the soft-masked (lower-case) share",
        type=positive_number,
        metavar="SHARE",
    )
    _add(group, "allow_fewer", "continue when there are fewer negatives than asked for")


def _add_splits(group: argparse._ArgumentGroup) -> None:
    _add(
        group,
        "splits",
        "contig<TAB>split (or contig, start, end, split) in each line; or fractions of the positives "
        "for train, validation, test, to which whole contigs are assigned",
        metavar="FILE|FRACTIONS",
    )
    _add(
        group,
        "split_by",
        "with fractions: assign whole contigs, or blocks of --block-size where there are too few contigs",
        choices=tuple(SplitBy),
    )
    _add(group, "block_size", "length of the blocks", type=positive_integer, metavar="BP")
    _add(
        group,
        "on_leak",
        "windows that share a k-mer with another split: leave out (of train first, never of test), or stop",
        choices=tuple(OnLeak),
    )
    _add(group, "leak_k", "length of these k-mers", type=positive_integer, metavar="K")
    _add(
        group,
        "leak_repeats",
        "k-mers soft-masked for more than half, and tandem repeats: do not count, or count",
        choices=tuple(LeakRepeats),
    )
    _add(group, "seed", "of all random choices", type=int, metavar="N")


def _add(group: argparse._ArgumentGroup, field: str, help: str, **declared: Any) -> None:  # as add_argument
    add_setting(group, DatasetSettings, field, help, **declared)


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    options.settings(DatasetSettings)


def run(options: Options) -> None:
    """Build the data set and write its folder."""
    from dnabert_enhancer.api import make_dataset
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import GC_PLOT, check_folder
    from dnabert_enhancer.files import OutputSet, check_output, replaced_folder

    record = RunRecord(options)
    settings = options.settings(DatasetSettings)
    folder = Path(options["output_dir"])
    check_folder(folder)
    check_output(folder / GC_PLOT)
    dataset = make_dataset(options["regions"], genome_of(options), settings=settings)
    inputs = {
        "regions": options["regions"],
        "genome": [options["genome"]],
        "assembly_report": [options["assembly_report"]] if "assembly_report" in options else [],
        "exclude": settings.exclude_files,
        "negatives": settings.negative_files,
        **{f"negatives {source.name}": [source.path] for source in settings.named_negatives},
    }
    for role, paths in inputs.items():
        for path in paths:
            record.add_input(role, path)
    for name, number in dataset.counts.items():
        record.count(name, number)
    for reason, number in dataset.skipped.items():
        record.skip(reason, number)
    record.set("dataset_digest", dataset.digest)
    record.set("positive_label", dataset.positive_label)
    check_folder(folder, tuple(dataset.splits))
    with replaced_folder(folder) as new, OutputSet() as outputs:
        dataset.write(new, outputs)
        with outputs.open_text(new / RUN_FILE) as stream:
            stream.write(record.to_json())
    _print_summary(dataset, folder)


def _print_summary(dataset: BuiltDataset, folder: Path) -> None:
    negative, positive = dataset.label_names
    removed = dataset.metadata["leaks"]["removed"]
    rows = []
    for split in dataset.splits:
        counts = (dataset.counts[f"{split}_positives"], dataset.counts[f"{split}_negatives"], removed[split])
        rows.append((split, *(f"{count:,}" for count in counts)))
    columns = ("split", f"positives ({positive})", f"negatives ({negative})", "removed as leaks")
    show_table(f"{folder}: windows of {dataset.metadata['length']} bp", columns, rows)
    for reason, number in dataset.skipped.items():
        if not reason.startswith("leak_"):
            sys.stdout.write(f"left out: {number:,} {reason.replace('_', ' ')}\n")
