"""How common a score is: the packaged model's background, and what each of its thresholds finds and calls.

    python benchmarks/thresholds.py --shared-data ../shared/data --output DIR [--whole]
    python benchmarks/thresholds.py --shared-data ../shared/data --nulls

Makes the background of the packaged model anew, into DIR/model (its card is the one in the package), from
2,000 bp of every 8,000 of hg19 chr20, on which the model was not trained. Prints the table of
docs/thresholds.md: of each threshold the share of known enhancers whose highest window reaches it, of
promoters and CTCF sites, and of the background's windows. With --whole also the share of windows and bases
that `strict` calls in hg38 chr20:60,001-1,000,000, every 50 bp. With --nulls it prints the other table of
the page instead: the q-values of calls in FANTOM5 enhancers by a null of shuffled windows and by one of
windows of the genome outside what FANTOM5 and ENCODE mark.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import dnabert_enhancer as de
from dnabert_enhancer.genome import Genome, read_regions
from dnabert_enhancer.model import percentiles

HG19, HG38 = "hg19_chr20_partial_fulllength.fa.gz", "hg38_4chr_prefixes.fa.gz"
PIECES = (60_000, 7_391_880), (9_995_000, 11_095_000)
UNSEEN = {"chr1": 1_000_000, "chr20": 1_000_000}
ELEMENTS = {
    "FANTOM5 enhancers": "annotation/F5.hg38.enhancers.bed.gz",
    "cCRE, proximal enhancer-like": "databases/*pELS*",
    "cCRE, promoter-like": "annotation/cCREv4_PLS*",
    "cCRE, CTCF": "annotation/cCREv4_CA-CTCF*",
}
MOST = 300
SMALL_Q = (0.1, 0.2, 0.3)
THRESHOLDS = ("default", "strict", "top:10%", "top:5%", "top:1%", "top:0.1%")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared-data", type=Path, required=True)
    parser.add_argument("--output", type=Path, help="folder for the model with its background")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--nulls", action="store_true", help="q-values by both nulls instead")
    args = parser.parse_args()
    if args.nulls:
        print_nulls(args.shared_data)
        return
    if args.output is None:
        parser.error("--output is missing")
    reference = args.shared_data / "reference"
    args.output.mkdir(parents=True, exist_ok=True)
    engine = de.EngineSettings(threads=1)
    bed = args.output / "chr20_2kb_of_every_8kb.bed"
    starts = [start for first, last in PIECES for start in range(first, last - 2000, 8000)]
    bed.write_text("".join(f"chr20\t{start}\t{start + 2000}\n" for start in starts))
    model = de.add_background("default", reference / HG19, args.output / "model", bed, engine=engine)
    background = model.background
    assert background is not None
    print(f"background: {background.windows} windows of {background.window_length} bp, {background.source}")
    scores = {name: model.threshold(de.SequenceSettings(threshold=name)) for name in THRESHOLDS}
    rows = {name: _maxima(model, reference / HG38, args.shared_data, file) for name, file in ELEMENTS.items()}
    logits = np.array([np.log(score / (1 - score)) for score in scores.values()])
    logits *= model.opened.card.calibration.temperature
    shares = 100 - percentiles(logits, background.quantiles)
    titles = ["threshold", "score", "background called", *(f"{name} ({len(rows[name])})" for name in rows)]
    print("| " + " | ".join(titles) + " |\n| " + " | ".join(["---"] * len(titles)) + " |")
    for (name, score), share in zip(scores.items(), shares.tolist(), strict=True):
        found = [f"{100 * np.mean(maxima >= score):.1f} %" for maxima in rows.values()]
        print("| " + " | ".join([f"`{name}`", f"{score:.3f}", f"{share:.2f} %", *found]) + " |", flush=True)
    if args.whole:
        place = "chr20:60,001-1,000,000"
        scan = model.scan(reference / HG38, place, threshold="strict", null=False)
        windows, calls = scan.windows, scan.calls
        above = 100 * float((windows["probability"] >= scan.threshold).mean())
        bases = 100 * float(
            (calls["end"] - calls["start"]).sum() / (scan.regions["end"] - scan.regions["start"]).sum()
        )
        print(
            f"strict in hg38 {place}: {above:.1f} % of {len(windows)} windows, {bases:.1f} % of bases, "
            f"{len(calls)} calls"
        )


def print_nulls(data: Path) -> None:
    """Print how many calls in FANTOM5 enhancers have small q-values by either null."""
    fantom5, *others = (next(iter(sorted(data.glob(pattern)))) for pattern in ELEMENTS.values())
    model = de.load_model(engine=de.EngineSettings(threads=1))
    with Genome(data / "reference" / HG38) as genome:
        found = read_regions(fantom5, genome.contig_sizes, skip_outside=True, details=False).frame
        regions = found[["chrom", "start", "end"]].astype({"chrom": str})
        nulls: dict[str, dict[str, Any]] = {
            "shuffled windows": {"null": "shuffle"},
            "windows of the genome": {"null": "genome", "null_exclude": others},
        }
        titles = ["null", "calls", *(f"q <= {limit}" for limit in SMALL_Q), "smallest q"]
        print(f"{model.name}, {model.label}: {len(regions)} FANTOM5 enhancers of {HG38}")
        print("| " + " | ".join(titles) + " |\n| " + " | ".join(["---"] * len(titles)) + " |")
        for name, how in nulls.items():
            q = model.scan(genome, regions, **how).calls["q_value"]
            cells = [name, len(q), *(int((q <= limit).sum()) for limit in SMALL_Q), f"{q.min():.3f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def _maxima(model: de.Model, genome: Path, folder: Path, pattern: str) -> np.ndarray:
    """Return the highest score of each element in what the model was not trained on, at most 300 of them."""
    (path,) = sorted(folder.glob(pattern))
    frame = read_regions(path, details=False).frame
    limit = frame["chrom"].map(UNSEEN).astype(float)
    frame = frame[frame["end"] <= limit]
    if len(frame) > MOST:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, MOST).astype(int)]
    with Genome(genome) as opened:
        found = model.scan(opened, frame[["chrom", "start", "end"]].astype({"chrom": str}), null=False)
    maxima = found.region_scores["maximum"].to_numpy()
    return maxima[~np.isnan(maxima)]


if __name__ == "__main__":
    main()
