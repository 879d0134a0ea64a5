#!/usr/bin/env python3
"""Learning curves: the 6-mer ridge on 10, 30 and 100 % of a set's own training rows, on its test rows.

Prints a line a set: the main metric of its first view at each share, mean and range over draws of the rows.

Run: python benchmarks/learning_curve.py --shared-data DATA --work-dir WORK [--sets ienhancer2l,gue,lentimpra]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.sequence import encode_bases
from quality import SETS
from quality_table.kinds import QualitySet
from quality_table.measures import Scored, in_order, point_estimate

SHARES = (0.1, 0.3, 1.0)
DRAWS = 3
CHEAP = "ienhancer2l,davuluri,nhlf,lentimpra,gue,dhs_genome"


def main() -> None:
    """Print the curves and write them as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="gets learning-curve.json")
    parser.add_argument("--sets", default=CHEAP, help=f"sets of quality.py (default: {CHEAP})")
    parser.add_argument("--training-set", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    curves = {}
    print("| set | metric | " + " | ".join(f"{share:.0%} of the rows" for share in SHARES) + " |")
    print("|---|---|" + "---|" * len(SHARES))
    for name in args.sets.split(","):
        for item in SETS[name](args):
            points = curve(item)
            curves[item.name] = {"metric": item.shown[0], "points": points}
            cells = [
                f"{point['mean']:.3f} ({point['rows']:,} rows, {point['low']:.3f} to {point['high']:.3f})"
                for point in points
            ]
            print(f"| {item.title} | {item.shown[0]} | " + " | ".join(cells) + " |", flush=True)
    (args.work_dir / "learning-curve.json").write_text(json.dumps(curves, indent=1) + "\n")


def curve(item: QualitySet) -> list[dict[str, float]]:
    """Return for each share of the training rows their number, and mean and range of the metric."""
    assert item.train is not None
    codes = [encode_bases(text) for text in item.train.sequences]
    test = [encode_bases(text) for text in item.test]
    points = []
    for share in SHARES:
        size = round(share * len(codes))
        values = []
        for seed in range(DRAWS if share < 1 else 1):
            rows = np.sort(np.random.default_rng(seed).choice(len(codes), size, replace=False))
            ridge = KmerRidge().fit([codes[row] for row in rows], item.train.labels[rows])
            scores = item.of_rows(ridge.predict(test))
            values.append(point_estimate(item, Scored(scores, in_order(scores), None)))
        points.append({"rows": size, "mean": float(np.mean(values)), "low": min(values), "high": max(values)})
    return points


if __name__ == "__main__":
    main()
