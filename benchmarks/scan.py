#!/usr/bin/env python3
"""Scan of hg19 chr20: speed, memory, time outside the model; the track against annotation.

Beside the model's track stand those of a 6-mer ridge and of the share of GC, made from the same windows in
the same way. The mean of a track over each 200-bp bin (the grid of ChromHMM) ranks the bins; a bin belongs to
an annotation that covers a quarter of it. The ridge is fitted on the training split of the default model's
second stage, which training/default_model writes to WORK/data/enhancer.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyBigWig
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from dnabert_enhancer.dataset import read_dataset
from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import Genome, read_regions
from dnabert_enhancer.scan import MeanTrack
from dnabert_enhancer.sequence import encode_bases, gc_fraction, windows_at

CONTIG = "chr20"
GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"
REAL_BASES = ((0, 7_391_880), (9_995_000, 11_095_000))
SMALL = ((1_000_000, 3_000_000),)
BIN = 200
COVERED = 0.25
SAMPLING_SECONDS = 0.05
ENHANCER_STATES = range(9, 19)
ANNOTATION = "annotation/hg19"
CHROMHMM = "E116_GM12878_25state_imputed12marks.bed.gz"
PEAKS = {
    "P300 GM12878": "wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz",
    "P300 K562": "wgEncodeAwgTfbsBroadK562P300UniPk.narrowPeak.gz",
    "H3K27ac GM12878": "wgEncodeBroadHistoneGm12878H3k27acStdPk.broadPeak.gz",
    "DNase GM12878": "wgEncodeAwgDnaseUwdukeGm12878UniPk.narrowPeak.gz",
    "DNase K562": "wgEncodeAwgDnaseUwdukeK562UniPk.narrowPeak.gz",
}


class Scan(NamedTuple):
    """What one run of `predict` took and said; its peak memory is sampled, children included."""

    prefix: Path
    seconds: float
    peak_bytes: int
    record: dict[str, Any]


def main() -> None:
    """Run the scans and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="keeps the scans' results")
    parser.add_argument("--training-set", type=Path, help="data set to fit the ridge on (default: no ridge)")
    parser.add_argument("options", nargs="*", help="options for predict, after --: --model DIR --stride 50")
    args = parser.parse_args()
    genome = args.shared_data / GENOME
    scans = {
        name: scan(genome, regions, args.work_dir / name, args.options)
        for name, regions in {"2Mb": SMALL, "8Mb": REAL_BASES}.items()
    }
    print_costs(scans)
    tracks = {"model": scans["8Mb"].prefix.with_suffix(".bw")}
    rows = list(rankings(args, genome, scans["8Mb"], tracks["model"]))
    print_rankings(rows)
    result = {"scans": {name: costs(found) for name, found in scans.items()}, "rankings": rows}
    (args.work_dir / "scan.json").write_text(json.dumps(result, indent=2) + "\n")


def scan(genome: Path, regions: tuple[tuple[int, int], ...], folder: Path, options: list[str]) -> Scan:
    """Run `predict` in a process of its own, since its peak memory is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    bed = folder / "regions.bed"
    bed.write_text("".join(f"{CONTIG}\t{start}\t{end}\n" for start, end in regions))
    prefix = folder / "scan"
    command = [sys.executable, "-m", "dnabert_enhancer", "predict", "--genome", str(genome)]
    command += ["--regions", str(bed), "--output-prefix", str(prefix), "--windows", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(process.pid))
        time.sleep(SAMPLING_SECONDS)
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    record = json.loads(prefix.with_suffix(".run.json").read_text())
    return Scan(prefix, seconds, peak, record)


def resident_bytes(process: int) -> int:
    """Return the memory that a process and its children have now (Linux)."""
    folder = Path(f"/proc/{process}")
    try:
        pages = int((folder / "statm").read_text().split()[1])
        children = (folder / f"task/{process}/children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() + sum(resident_bytes(int(child)) for child in children)


def costs(found: Scan) -> dict[str, Any]:
    """Return what a scan took, as JSON values."""
    counts, engine = found.record["counts"], found.record["engine"]
    return {
        "windows": counts["scored"],
        "null_windows": counts.get("null_windows", 0),
        "seconds": round(found.seconds, 2),
        "windows_per_second": round(counts["scored"] / found.seconds, 1),
        "predictions_per_second": round(
            (counts["scored"] + counts.get("null_windows", 0)) / found.seconds, 1
        ),
        "share_outside_model": found.record["time"]["other_share"],
        "peak_megabytes": round(found.peak_bytes / 1e6, 1),
        "calls": counts["calls"],
        "engine": {name: engine.get(name) for name in ("backend", "device", "precision", "threads")},
    }


def print_costs(scans: dict[str, Scan]) -> None:
    """Print a line a scan."""
    print("| scan | windows | seconds | windows/s | outside the model | peak memory | calls | engine |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, found in scans.items():
        row = costs(found)
        engine = " ".join(str(value) for value in row["engine"].values())
        print(
            f"| {name} | {row['windows']:,} + {row['null_windows']:,} shuffled | {row['seconds']} "
            f"| {row['windows_per_second']} | {row['share_outside_model']:.1%} | {row['peak_megabytes']} MB "
            f"| {row['calls']:,} | {engine} threads |"
        )
    print()


def rankings(args: argparse.Namespace, genome: Path, found: Scan, bigwig: Path) -> Iterator[dict[str, Any]]:
    """Yield AUROC and AUPRC of each track against each annotation."""
    with pyBigWig.open(str(bigwig)) as track:
        size = track.chroms()[CONTIG]
        n_bins = size // BIN
        model = np.array(track.values(CONTIG, 0, n_bins * BIN, numpy=True)).reshape(n_bins, BIN).mean(axis=1)
    inside = ~np.isnan(model)
    starts, length = window_starts(found)
    with Genome(genome) as opened:
        codes = encode_bases(opened.fetch(CONTIG))
    windows = windows_at(codes, starts, length)
    tracks = {"model": model, "GC": binned(starts, gc_fraction(windows), length, n_bins)}
    if args.training_set:
        rows = read_dataset(args.training_set).frame("train")
        ridge = KmerRidge().fit([encode_bases(text) for text in rows["sequence"]], rows["label"].to_numpy())
        tracks["6-mer ridge"] = binned(starts, ridge.predict(windows), length, n_bins)
    for name, mask in annotations(args.shared_data / ANNOTATION, size).items():
        positive = mask[: n_bins * BIN].reshape(n_bins, BIN).mean(axis=1)[inside] >= COVERED
        row: dict[str, Any] = {"annotation": name, "bins": int(inside.sum()), "positive": int(positive.sum())}
        for track_name, values in tracks.items():
            row[f"{track_name} AUROC"] = round(float(roc_auc_score(positive, values[inside])), 4)
            row[f"{track_name} AUPRC"] = round(float(average_precision_score(positive, values[inside])), 4)
        yield row


def window_starts(found: Scan) -> tuple[NDArray[np.int64], int]:
    """Return the starts of the windows that were scored, and their length."""
    lines = (
        text for _, text in read_text_lines(f"{found.prefix}.windows.tsv.gz") if not text.startswith("#")
    )
    starts = np.array([int(text.split("\t", 2)[1]) for text in lines], dtype=np.int64)
    return starts, int(found.record["scan"]["window_length"])


def binned(
    starts: NDArray[np.int64], scores: NDArray[np.floating[Any]], length: int, n_bins: int
) -> NDArray[np.float64]:
    """Return the mean over each bin of the track of window scores."""
    track = MeanTrack(length, float(np.abs(scores).max()))
    values = np.full(n_bins * BIN, np.nan)
    for runs in (track.add(starts, scores), track.finish()):
        for start, end, value in zip(*runs, strict=True):
            values[start:end] = value
    return values.reshape(n_bins, BIN).mean(axis=1)


def annotations(folder: Path, size: int) -> dict[str, NDArray[np.bool_]]:
    """Return for each annotation which bases of the contig it covers."""
    states = read_regions(folder / CHROMHMM).frame
    numbers = states["name"].str.split("_").str[0].astype(int)
    tables = {"ChromHMM enhancer states": states[numbers.isin(ENHANCER_STATES)]}
    tables |= {name: read_regions(folder / file).frame for name, file in PEAKS.items()}
    masks = {}
    for name, frame in tables.items():
        masks[name] = np.zeros(size, dtype=bool)
        rows = frame[frame["chrom"] == CONTIG]
        for start, end in zip(rows["start"], rows["end"], strict=True):
            masks[name][start:end] = True
    return masks


def print_rankings(rows: list[dict[str, Any]]) -> None:
    """Print a line an annotation."""
    columns = list(rows[0])
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(row[column]) for column in columns) + " |")


if __name__ == "__main__":
    main()
