"""Seconds for the bootstrap of all metrics and for the 6-mer ridge, on random data of the usual sizes.

Run: python benchmarks/evaluation.py [--rows 10000] [--resamples 1000] [--windows 200000]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from dnabert_enhancer.evaluation import (
    BinaryMetrics,
    KmerRidge,
    MetricSet,
    MulticlassMetrics,
    RegressionMetrics,
    estimate,
)


def seconds(action: Callable[[], object]) -> float:
    """Return the time that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--windows", type=int, default=200_000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, args.rows)
    scores = np.clip(0.2 * labels + 0.8 * rng.random(args.rows), 0, 1)
    metric_sets: dict[str, MetricSet] = {
        "two classes, 10 metrics, 4 prevalences": BinaryMetrics(labels, scores),
        "three classes, 7 metrics": MulticlassMetrics(
            rng.integers(0, 3, args.rows), rng.dirichlet(np.ones(3), args.rows)
        ),
        "measured values, 4 metrics": RegressionMetrics(scores, rng.random(args.rows)),
    }
    for name, metric_set in metric_sets.items():
        spent = seconds(lambda metric_set=metric_set: estimate(metric_set, args.resamples, 0))  # type: ignore[misc]  # a default bound early
        print(f"{args.resamples:,} resamples of {args.rows:,} rows, {name}: {spent:.1f} s")
    train = rng.integers(0, 4, (30_000, 200), dtype=np.uint8)
    ridge = KmerRidge()
    spent = seconds(lambda: ridge.fit(train, np.arange(len(train)) % 2))
    print(f"6-mer ridge fitted on {len(train):,} windows of 200 bp: {spent:.1f} s")
    contig = rng.integers(0, 4, 50 * args.windows + 150, dtype=np.uint8)
    views = np.lib.stride_tricks.sliding_window_view(contig, 200)[::50]
    spent = seconds(lambda: ridge.predict(views))
    rate = len(views) / spent
    print(f"6-mer ridge scores {len(views):,} windows of 200 bp: {spent:.1f} s, {rate:,.0f} a second")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
