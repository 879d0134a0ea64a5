#!/usr/bin/env python3
"""score-variants --tf-panel beside the package deepvregulome 0.4.1: time and peak memory on the same files.

One random DNABERT-6 of full size (12 x 768), written by transformers, stands for each transcription factor;
the variants are substitutions of the 1000 Genomes file. The package is not in this project:

    pip download --no-deps deepvregulome==0.4.1
    unzip deepvregulome-0.4.1-py3-none-any.whl -d PACKAGE

It runs with its own defaults, in a process with the same number of threads; it pads 301 bp to 512 tokens and
reads the forward strand in one window, so that ``--strand forward --offsets 1`` is the same computation:
the largest difference of the probabilities is printed. Our default has five windows on both strands, for
which fewer variants can be taken. No null variants, which the package lacks. Each program is measured whole,
its start included: processor seconds (of all its processes), seconds by the clock, and its largest process.
Each of our models is a folder of its own, so that every network is loaded and computed.

With --other-src, the folder ``src`` of another version of the suite, a panel of small networks (one layer, 16
wide) is scored by both versions instead: what is around the networks is most of the work there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

import dnabert_enhancer as de
from child import Cost, run
from dnabert_enhancer.catalogue import read_panel
from dnabert_enhancer.vcf import VcfReader
from growth import write_input

GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"
VCF = "variants/1000G_b37_chr20_1-2Mb.vcf.gz"
VOCABULARY = "golden/deepvregulome_hub/models/CTCFL"
LAST_BASE = 2_100_000
SOURCE = Path(__file__).parents[1] / "src"
PEER = Path(__file__).parent / "original_deepvregulome.py"
COMMAND = "from dnabert_enhancer.commands.cli import main; main(command='score-variants')"


def main() -> None:
    """Score with both and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--deepvregulome", type=Path, help="folder of the unpacked wheel")
    work.add_argument("--other-src", type=Path, help="of another version")
    parser.add_argument("--variants", type=int, default=200, help="(default 200)")
    parser.add_argument("--models", type=int, default=20, help="(default 20)")
    parser.add_argument(
        "--default-variants", type=int, help="for our default's windows (default: as --variants)"
    )
    parser.add_argument("--threads", type=int, default=1, help="of both (default 1)")
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="our forward windows in bfloat16 too, on a processor made for it",
    )
    parser.add_argument("--write-models", nargs="+", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write_models:
        write_models(args.shared_data / VOCABULARY, args.folder, args.write_models)
        return
    with tempfile.TemporaryDirectory() as name:
        if args.other_src is not None:
            compare_versions(args, Path(name))
        else:
            compare(args, Path(name))


def compare_versions(args: argparse.Namespace, folder: Path) -> None:
    """Score a panel of small networks by this version and by another, and print what it took."""
    with ProcessPoolExecutor(1) as pool:  # so that its memory does not count
        panel = pool.submit(write_input, "write_panel", args.shared_data, folder, args.models).result()
    files = ["--genome", folder / "genome.fa", "--vcf", folder / "variants.vcf"]
    command = [sys.executable, "-c", COMMAND, *files]
    command += ["--model", folder / "model", "--tf-panel", panel, "--offsets", "1", "--null-variants", "200"]
    command += ["--threads", "1", "--device", "cpu", "--backend", "onnx", "--quiet", "--output-prefix"]
    costs = {}
    for name, source in {"other": args.other_src, "this": SOURCE}.items():
        costs[name] = run([*command, folder / name], environment={"PYTHONPATH": str(source)})
        cost = costs[name]
        print(
            f"{name} version, {args.models} networks: {cost.processor_seconds:.2f} s of the processor, "
            f"{cost.peak_bytes / 2**20:,.0f} MiB",
            flush=True,
        )
    print(f"ratio of the time {costs['other'].processor_seconds / costs['this'].processor_seconds:.2f}")
    for ending in ("tsv.gz", "vcf.gz", "tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz"):
        one, other = ((folder / f"{name}.{ending}").read_bytes() for name in costs)
        print(f"{ending}: {'the same bytes' if one == other else 'other bytes'}")


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Score the variants in each way and print what it took."""
    names = [member.name for member in read_panel("deepvregulome")[: args.models]]
    write = [
        sys.executable,
        __file__,
        "--shared-data",
        args.shared_data,
        "--deepvregulome",
        args.deepvregulome,
    ]
    # a process of its own: the peak of this one would be the least peak of those that it starts
    run([*write, "--folder", folder, "--write-models", *names], args.threads)
    variants = write_genome_and_variants(args, folder)
    some = min(args.default_variants or args.variants, args.variants)
    few = write_vcf(folder / "few.vcf", variants.head(some))
    whole = write_vcf(folder / "in.vcf", variants)
    print(f"{len(variants)} variants, {len(names)} models of 12 x 768, {args.threads} threads")
    peer = [sys.executable, PEER, args.deepvregulome, folder / "hub", folder / "genome.fa"]
    theirs = run([*peer, folder / "variants.tsv", folder / "theirs.tsv", *names], args.threads)
    shown("deepvregulome 0.4.1", theirs, len(variants))
    own = [
        sys.executable,
        "-c",
        COMMAND,
        "--genome",
        folder / "genome.fa",
        "--tf-panel",
        folder / "panel.tsv",
    ]
    own += ["--null-variants", "0", "--threads", args.threads, "--device", "cpu", "--quiet"]
    forward = ["--strand", "forward", "--offsets", "1"]
    ways = {"forward, one window": forward}
    if args.bfloat16:
        ways["the same in bfloat16"] = [*forward, "--precision", "bfloat16"]
        # a network's agreement with float32 is looked at once and remembered: not here
        agreement = [*own, *ways["the same in bfloat16"], "--vcf", few, "--output-prefix", folder / "first"]
        shown("bfloat16, its check first", run(agreement, args.threads), some)
    for title, options in {**ways, f"our default, {some} variants": []}.items():
        vcf, number = (whole, len(variants)) if options else (few, some)
        cost = run([*own, *options, "--vcf", vcf, "--output-prefix", folder / "ours"], args.threads)
        shown(title, cost, number)
        per_variant = theirs.processor_seconds / len(variants) / (cost.processor_seconds / number)
        memory = theirs.peak_bytes / cost.peak_bytes
        agrees = difference(folder) if options else None
        said = "" if agrees is None else f"; probabilities differ by {agrees:.1e} at most"
        print(f"    ratio a variant: time {per_variant:.2f}, memory {memory:.2f}{said}", flush=True)


def shown(title: str, cost: Cost, variants: int) -> None:
    """Print what a program took."""
    print(
        f"{title:<28} {cost.processor_seconds:8.1f} s of the processor "
        f"({cost.processor_seconds / variants:.2f} a variant), {cost.seconds:7.1f} s by the clock, "
        f"{cost.peak_bytes / 2**20:,.0f} MiB",
        flush=True,
    )


def write_models(vocabulary: Path, folder: Path, names: list[str]) -> None:
    """Write the model as deepvregulome's repository has it, and as ours, once for each name."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from dnabert_enhancer.model import import_checkpoint

    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(vocab_size=4101, num_labels=2))
    one = folder / "hub" / "models" / names[0]
    model.save_pretrained(one)
    for path in vocabulary.iterdir():
        if path.name in ("vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
            (one / path.name).write_bytes(path.read_bytes())
    ours = folder / "models" / names[0]
    import_checkpoint(one, ours, window_length=301)
    for name in names[1:]:
        one.with_name(name).symlink_to(one)
        ours.with_name(name).symlink_to(ours)
    lines = [f"{name}\t{ours.with_name(name)}\n" for name in names]
    (folder / "panel.tsv").write_text("name\tmodel\n" + "".join(lines))


def write_genome_and_variants(args: argparse.Namespace, folder: Path) -> pd.DataFrame:
    """Write the start of the contig as plain FASTA and the table of variants; return the table."""
    rows: list[tuple[str, int, str, str]] = []
    with VcfReader(args.shared_data / VCF) as reader, de.Genome(args.shared_data / GENOME) as genome:
        contig = next(iter(genome.contig_sizes))
        bases = genome.fetch(contig, 0, LAST_BASE).decode()
        for block in reader.blocks():
            for record in block:
                ref, alts = record.ref.decode(), [alt.decode() for alt in record.alts]
                if len(ref) == 1 and len(alts) == 1 and len(alts[0]) == 1:
                    rows.append((contig, record.position, ref, alts[0]))
    (folder / "genome.fa").write_text(f">{contig}\n{bases}\n")
    step = max(1, len(rows) // args.variants)
    table = pd.DataFrame(rows[::step][: args.variants], columns=["chrom", "pos", "ref", "alt"])
    table.to_csv(folder / "variants.tsv", sep="\t", index=False)
    return table


def write_vcf(path: Path, table: pd.DataFrame) -> Path:
    """Write the variants as a VCF."""
    lines = [f"{one.chrom}\t{one.pos}\t.\t{one.ref}\t{one.alt}\n" for one in table.itertuples()]
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    return path


def difference(folder: Path) -> float:
    """Return the largest difference of a probability between the two tables."""
    keys = ["chrom", "pos", "reference_nucleotide", "alternative_nucleotide", "transcription_factor"]
    ours = pd.read_csv(folder / "ours.tf-panel.tsv.gz", sep="\t", keep_default_na=False, na_values="NA")
    theirs = pd.read_csv(folder / "theirs.tsv", sep="\t")
    theirs = theirs.rename(columns=dict(zip(["chrom", "pos", "ref", "alt", "model"], keys, strict=True)))
    both = ours.merge(theirs, on=keys, validate="one_to_one")
    if len(both) != len(ours) or len(both) != len(theirs):
        sys.exit("the programs did not score the same variants")
    pairs = (("prob_ref", "reference_probability"), ("prob_alt", "alternative_probability"))
    return float(max(np.abs(both[one] - both[other]).max() for one, other in pairs))


if __name__ == "__main__":
    main()
