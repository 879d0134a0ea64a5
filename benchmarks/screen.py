#!/usr/bin/env python3
"""What a screen saves and loses: a scan of real sequence with and without it, by two models.

Windows of the reference, drawn by the seed, are scored by the large model and embedded by the cheap one: as
many for the screen as are asked for, the others to judge it. Printed are the bound on the calls lost, the
share that was lost, the share that is computed, and, with the processor seconds of a window of either, how
many times less work a scan is; the sample is paid once, whatever the scan's size, and is named beside.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from dnabert_enhancer.engine import Engine, EngineSettings, Target
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.model import Pooling, open_model
from dnabert_enhancer.scan import fit_screen
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases

GENOME = "reference/hg19_chr20_partial_fulllength.fa.gz"


def main() -> None:
    """Score, fit, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--model", required=True, help="the large model's directory")
    parser.add_argument("--cheap", help="directory of the cheap one; default: the packaged one")
    parser.add_argument("--threshold", type=float, help="default: the large model's card's")
    parser.add_argument("--sample", type=int, default=6000, help="windows for the screen (default 6000)")
    parser.add_argument("--windows", type=int, default=3000, help="windows to judge it by (default 3000)")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    settings = EngineSettings(precision="float32", threads=args.threads, strand="forward")
    large, cheap = open_model(args.model), open_model(args.cheap) if args.cheap else open_model()
    target = Target.of_model(large)
    threshold = target.threshold(large, args.threshold)
    windows = _windows(args.shared_data / GENOME, args.sample + args.windows, large.window_length)
    began = time.process_time()
    found = target.scores(Engine(large, settings).predict(windows))
    embedded = time.process_time()
    embeddings = Engine(cheap, settings).embed(windows, Pooling.MEAN)
    each = [seconds / len(windows) for seconds in (embedded - began, time.process_time() - embedded)]
    called = found.score >= np.float32(threshold)
    first = slice(None, args.sample)
    screen = fit_screen(lambda rows: rows, embeddings[first], found.rank[first], called[first])
    passes, judged = screen.passes(screen.estimates(embeddings[args.sample :])), called[args.sample :]
    print(f"{large.card.name} screened by {cheap.card.name}; threshold {threshold:.3g}")
    print(f"calls {judged.mean():.2%} of windows; made of {screen.facts['calls_of_the_cutoff']} calls")
    print(f"bound on the calls lost {screen.facts['most_calls_lost']:.2%}")
    print(f"lost {(judged & ~passes).sum()} of {judged.sum()}; computed {passes.mean():.1%} of windows")
    print(f"processor milliseconds a window: {each[0] * 1e3:.2f} large, {each[1] * 1e3:.2f} cheap")
    print(f"times less work, the sample apart: {each[0] / (each[1] + passes.mean() * each[0]):.2f}")


def _windows(path: Path, count: int, length: int) -> np.ndarray:
    """Return windows without unknown bases, at random places of the first contig."""
    rng = np.random.default_rng(0)
    rows: list[np.ndarray] = []
    with Genome(path) as genome:
        contig, size = next(iter(genome.contig_sizes.items()))
        while len(rows) < count:
            start = int(rng.integers(size - length))
            codes = encode_bases(genome.fetch(contig, start, start + length))
            if (codes < UNKNOWN_BASE).all():
                rows.append(codes)
    return np.stack(rows)


if __name__ == "__main__":
    main()
