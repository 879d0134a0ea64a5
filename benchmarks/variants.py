#!/usr/bin/env python3
"""Variants per second of score-variants beside the naive way, time outside of the model, memory.

The naive way computes, for each allele and each offset, a window of REF and one of ALT around the variant,
both on both strands, and shares nothing; it gets full batches all the same. Both use the same engine, one
after the other in one run. The windows that are computed are counted too, which does not depend on what
else the machine does; those of ALT cannot be shared, so that sharing gives a factor of 2 at most. The
memory is the peak of a process that scores synthetic records, or few records of many samples, with an
engine that answers at once, so that a million take minutes.

With --adaptive the command is run twice, with five offsets and with adaptive ones, nulls included: the ratio
of their times, and which gains, losses and candidates of five offsets the other finds.

With --passes the windows that a run of so many records computes are counted by what they are for: of REF, of
ALT, of null variants; with --adaptive those of adaptive offsets too, for which the model is computed. Both
strands are read, so that a window an allele is as many passes as one centred window of each allele on one.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dnabert_enhancer.engine import Engine, EngineSettings, Predictions, Target, distinct_windows
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.model import open_model
from dnabert_enhancer.sequence import decode_bases, encode_bases
from dnabert_enhancer.variants import (
    AlleleScorer,
    Annotations,
    BlockScorer,
    GenomeBases,
    SkipReason,
    VariantSettings,
    WindowPlan,
    place_allele,
)
from dnabert_enhancer.vcf import VcfReader, VcfRecord, header_with_fields, line_of

GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"
VCF = "variants/1000G_b37_chr20_1-2Mb.vcf.gz"
OFFSETS = 5
NAIVE_BATCH = 256
WIDE_RECORDS = 40
CALLED = ("Gain of function", "Loss of function")
LEAST_CHANGES = (0.02, 0.05)
CANDIDATE_P = 0.05
COMMAND = "from dnabert_enhancer.commands.cli import main; main(command='score-variants')"


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--records", type=int, default=2000, help="of the 1000 Genomes file (default 2000)")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument(
        "--processor-seconds", action="store_true", help="for a busy machine, with one thread"
    )
    parser.add_argument("--memory-records", type=int, nargs="+", default=[], help="such as 1000 1000000")
    parser.add_argument(
        "--memory-samples", type=int, nargs="+", default=[], help="columns of 40 records, such as 1000000"
    )
    parser.add_argument("--peak-of", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument(
        "--adaptive", action="store_true", help="compare --offsets adaptive with five offsets instead"
    )
    parser.add_argument("--passes", type=int, nargs="+", metavar="RECORDS", help="count windows by purpose")
    parser.add_argument("--model", help="for --adaptive; default: the packaged one")
    args = parser.parse_args()
    if args.passes:
        with tempfile.TemporaryDirectory() as folder:
            _print_passes(args, Path(folder))
        return
    if args.adaptive:
        with tempfile.TemporaryDirectory() as folder:
            _compare_adaptive(args, Path(folder))
        return
    if args.peak_of:
        _score_synthetic(*args.peak_of)
        return
    if args.records:
        with tempfile.TemporaryDirectory() as folder:
            _speed(args, Path(folder))
    wide = [(WIDE_RECORDS, samples) for samples in args.memory_samples]
    for records, samples in [*((number, 0) for number in args.memory_records), *wide]:
        peak = ["--peak-of", str(records), str(samples)]
        command = [sys.executable, __file__, "--shared-data", str(args.shared_data), *peak]
        # a process of its own for each, since peak memory is measured
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{records:>9,} records, {samples:>9,} samples: {done.stdout.strip()}")


def _speed(args: argparse.Namespace, folder: Path) -> None:
    part = folder / "part.vcf"
    records = _first_records(args.shared_data / VCF, args.records, part)
    settings = EngineSettings(backend="onnx", precision="float32", threads=args.threads)
    engine = Engine(open_model(), settings)
    engine.predict(np.random.default_rng(0).integers(0, 4, (64, engine.model.window_length), dtype=np.uint8))
    clock = _processor_seconds if args.processor_seconds else time.perf_counter
    began = clock()
    naive = _naive(engine, args.shared_data / GENOME, records)
    naive_seconds = clock() - began
    options = ["--backend", "onnx", "--threads", str(args.threads), "--null-variants", "0", "--quiet"]
    inputs = ["--vcf", str(part), "--genome", str(args.shared_data / GENOME)]
    began = clock()
    subprocess.run(  # the whole command is measured, its start and its files included
        [sys.executable, "-c", COMMAND, *inputs, *options, "--output-prefix", str(folder / "out")], check=True
    )
    seconds = clock() - began
    record = json.loads((folder / "out.run.json").read_text())
    scored = record["counts"]["scored"]
    ours, theirs = scored / seconds, naive / naive_seconds
    print(f"records {len(records):,}, alleles scored {scored:,}, offsets {OFFSETS}, both strands")
    print(f"score-variants, whole command   {ours:8.1f} alleles a second")
    print(f"naive, the model's calls alone  {theirs:8.1f} alleles a second")
    print(f"ratio                           {ours / theirs:8.2f}")
    print(f"share of the time in the model  {record['time']['model_share']:8.1%}")
    counted = _windows(part, args.shared_data / GENOME, _InstantEngine(engine.model, None), 0)
    asked, computed = counted.asked, counted.computed
    print(f"windows per allele               {computed / scored:8.2f} computed of {asked / scored:.0f}")
    print(f"ratio by windows                {asked / computed:8.2f}")


def _print_passes(args: argparse.Namespace, folder: Path) -> None:
    """Print windows an allele by what they are for, for each number of records."""
    model, genome, part = open_model(args.model), args.shared_data / GENOME, folder / "part.vcf"
    print("| records | offsets | REF, centre | REF, others | ALT | nulls | all | without nulls |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for number in args.passes:
        records = len(_first_records(args.shared_data / VCF, number, part))
        alone = _windows(part, genome, _InstantEngine(model, None), 0)
        whole = _windows(part, genome, _InstantEngine(model, None), VariantSettings().null_variants)
        nulls = whole.computed - alone.computed
        cells = [alone.centres, alone.references - alone.centres, alone.computed - alone.references, nulls]
        cells += [whole.computed, alone.computed]
        figures = " | ".join(f"{count / alone.scored:.2f}" for count in cells)
        print(f"| {records:,} | {OFFSETS} | {figures} |", flush=True)
        if args.adaptive:
            engine = _CountingEngine(Engine(model, EngineSettings(threads=args.threads).exact()))
            computed = _windows(part, genome, engine, 0, adaptive=True).computed
            nulls //= OFFSETS  # in the centre alone
            cells = [nulls, computed + nulls, computed]
            figures = " | ".join(f"{count / alone.scored:.2f}" for count in cells)
            print(f"| {records:,} | adaptive | | | | {figures} |", flush=True)


def _compare_adaptive(args: argparse.Namespace, folder: Path) -> None:
    """Print how fast adaptive offsets are, and what becomes of the calls."""
    import pandas as pd

    part = folder / "part.vcf"
    _first_records(args.shared_data / VCF, args.records, part)
    options = ["--vcf", str(part), "--genome", str(args.shared_data / GENOME), "--quiet"]
    options += ["--threads", str(args.threads), *(["--model", args.model] if args.model else [])]
    clock = _processor_seconds if args.processor_seconds else time.perf_counter
    seconds, tables = {}, {}
    for offsets in (str(OFFSETS), "adaptive"):
        prefix = folder / offsets
        began = clock()
        command = [*options, "--offsets", offsets, "--output-prefix", str(prefix)]
        subprocess.run([sys.executable, "-c", COMMAND, *command], check=True)
        seconds[offsets] = clock() - began
        tables[offsets] = pd.read_csv(f"{prefix}.tsv.gz", sep="\t", keep_default_na=False, na_values="NA")
    full, quick = tables.values()
    effect = "predicted_functional_effect"
    change = (full["alternative_probability"] - full["reference_probability"]).abs()
    called = full[effect].isin(CALLED)
    kept = called & (full[effect] == quick[effect])
    record = json.loads((folder / "adaptive.run.json").read_text())["counts"]
    scored, followed = record["scored"], record["at_all_offsets"]
    print(f"alleles scored {scored:,}, at all offsets {followed:,} ({followed / scored:.1%})")
    rates = {name: scored / spent for name, spent in seconds.items()}
    print(f"alleles a second: {rates[str(OFFSETS)]:.2f} with five offsets, {rates['adaptive']:.2f} adaptive")
    print(f"ratio {rates['adaptive'] / rates[str(OFFSETS)]:.2f}")
    for least in (0.0, *LEAST_CHANGES):
        chosen = called & (change >= least)
        print(f"gains and losses of {least:.2f} or more: {chosen.sum()}, found {(kept & chosen).sum()}")
    print(f"found, but none with five offsets: {(quick[effect].isin(CALLED) & ~kept).sum()}")
    candidates = [called & (table["p_value"] <= CANDIDATE_P) for table in (full, quick)]
    candidates[1] &= quick[effect].isin(CALLED)
    both = (candidates[0] & candidates[1]).sum()
    print(
        f"candidates (p at most {CANDIDATE_P}): {candidates[0].sum()} with five offsets and "
        f"{candidates[1].sum()} adaptive, {both} in both"
    )
    print(f"candidates that were not followed: {(candidates[0] & ~kept).sum()}")


def _processor_seconds() -> float:
    """Return the time of all processors, in this process and those that it ran."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _windows(
    vcf: Path, genome_path: Path, engine: _InstantEngine, null_variants: int, *, adaptive: bool = False
) -> _InstantEngine:
    """Return an engine that has counted the windows that scoring asks for, and those without equal ones."""
    plan = WindowPlan(engine.model.window_length, OFFSETS, adaptive)
    threshold = engine.model.card.threshold()
    scorer = AlleleScorer("enhancer", engine, Target.of_model(engine.model), plan, threshold, 0.1)
    with Genome(genome_path) as genome, VcfReader(vcf) as reader:
        settings = VariantSettings(null_variants=null_variants)
        run = BlockScorer(genome, genome.names, [scorer], settings, Annotations(), reader.source)
        for number, block in enumerate(reader.blocks()):
            run.score(number, block)
    engine.scored = run.counts["scored"]
    return engine


def _first_records(path: Path, count: int, part: Path) -> list[VcfRecord]:
    records: list[VcfRecord] = []
    with VcfReader(path) as reader, part.open("wb") as stream:
        stream.write(header_with_fields(reader.header, [], {}, []))
        for block in reader.blocks():
            records += block[: count - len(records)]
            if len(records) == count:
                break
        for record in records:
            stream.write(line_of(record) + b"\n")
    return records


def _naive(engine: Engine, genome_path: Path, records: list[VcfRecord]) -> int:
    """Score alleles, in batches of windows around each variant; return how many."""
    length = engine.model.window_length
    step = length // (OFFSETS + 1)
    windows: list[np.ndarray] = []
    with Genome(genome_path) as genome:
        bases = GenomeBases(genome)
        for record in records:
            contig = genome.own_name(record.contig)
            for alt in record.alts:
                if isinstance(place_allele(bases, contig, record.position, record.ref, alt), SkipReason):
                    continue
                start, end = record.position - 1, record.position - 1 + len(record.ref)
                here = bases.context(contig, start - length, end + 2 * length).codes
                there = np.concatenate([here[:length], encode_bases(alt), here[length + len(record.ref) :]])
                places = [length // 2 + (offset - OFFSETS // 2) * step for offset in range(OFFSETS)]
                windows += [allele[place : place + length] for place in places for allele in (here, there)]
    full = NAIVE_BATCH * OFFSETS * 2
    for first in range(0, len(windows), full):
        engine.predict(np.stack(windows[first : first + full]))
    return len(windows) // (OFFSETS * 2)


class _InstantEngine:
    """Answers at once, with the share of A, and counts the windows that an engine would compute."""

    def __init__(self, model: object, settings: object) -> None:
        self.model, self.settings = model, settings or EngineSettings()
        self.asked = self.computed = self.references = self.centres = self.scored = 0
        self.network = self

    def predict(self, windows: np.ndarray) -> Predictions:
        self.asked += len(windows)
        rows = distinct_windows(windows).rows
        offsets = rows % (2 * OFFSETS)  # of REF, then of ALT
        self.computed += len(rows)
        self.references += int((offsets < OFFSETS).sum())
        self.centres += int((offsets == OFFSETS // 2).sum())
        logit = (windows == 0).mean(axis=1).astype(np.float32)
        return Predictions(logit, 1 / (1 + np.exp(-logit)), np.stack([-logit, logit], axis=1))

    def description(self) -> dict[str, str]:
        return {"backend": "instant"}


class _CountingEngine(_InstantEngine):
    """Counts the windows that an engine computes; those of REF only where all offsets are asked for."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.model, engine.settings)
        self._engine = engine

    def predict(self, windows: np.ndarray) -> Predictions:
        super().predict(windows)
        return self._engine.predict(windows)


def _score_synthetic(number: int, samples: int) -> None:
    from dnabert_enhancer.api import variants as api_variants
    from dnabert_enhancer.commands import cli

    # a stand-in for this process
    api_variants._exact = lambda engine, _convention: _InstantEngine(engine.model, engine.settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bases = decode_bases(np.random.default_rng(0).integers(0, 4, 2_000_000).astype(np.uint8))
        (folder / "genome.fa").write_text(f">chr1\n{bases}\n")
        with (folder / "in.vcf").open("w") as stream:
            stream.writelines(_synthetic_lines(bases, number, samples))
        began = time.perf_counter()
        options = ["--vcf", f"{folder}/in.vcf", "--genome", f"{folder}/genome.fa", "--quiet"]
        try:
            cli.main(["score-variants", *options, "--output-prefix", f"{folder}/out"])
        except SystemExit as stopped:
            if stopped.code:
                raise
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seconds = time.perf_counter() - began
        print(f"peak {peak:.0f} MiB, {number / seconds:.0f} records a second without a model")


def _synthetic_lines(bases: str, number: int, samples: int) -> Iterator[str]:
    names = "".join(f"\tS{column}" for column in range(samples))
    calls = "\tGT" + "\t0|1" * samples if samples else ""
    yield "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    yield f"{chr(9) + 'FORMAT' if samples else ''}{names}\n"
    for row in range(number):
        place = 1000 + row * (len(bases) - 2000) // number
        alt = "ACGT"[("ACGT".index(bases[place]) + 1 + row % 3) % 4]
        yield f"chr1\t{place + 1}\t.\t{bases[place]}\t{alt}\t.\t.\tAC=1;AF=0.01{calls}\n"


if __name__ == "__main__":
    main()
