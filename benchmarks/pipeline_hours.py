#!/usr/bin/env python3
"""Expected hours of a whole-genome scan by the pipeline, from measured windows per second; prints a table.

    python benchmarks/pipeline_hours.py --rate "packaged model, 2 cores=1219" --rate "BERT-base=30.1/2"

A rate is windows per second, shuffled ones counted, each scored on both strands; RATE/2 when it was measured
on one strand. With --write the table goes into docs/pipeline-quickstart.md.
"""

from __future__ import annotations

import argparse
import re
from fractions import Fraction
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "pipeline-quickstart.md"
WINDOW, STRIDES = 200, (50, 100, 200)
NULL_SHARE = Fraction(1, 16)
GENOMES = {
    # sums of UCSC's hg38.chrom.sizes; the 5 % of them that are N cost nothing, so the hours are upper bounds
    "human (hg38, chr1-22, X, Y)": 3_088_269_832,
    "human chromosome 20 (hg38)": 64_444_167,
    "100 Mb, as of a small genome": 100_000_000,
}
MACHINES = {"1 machine": 1, "10 at once": 10, "60 at once": 60}


def main() -> None:
    """Print or write the table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rate", action="append", required=True, metavar="NAME=WINDOWS_A_SECOND")
    parser.add_argument("--write", action="store_true", help="into the page between its marks")
    args = parser.parse_args()
    rates = dict(map(rate_of, args.rate))
    text = table(rates)
    if args.write:
        page = PAGE.read_text()
        fresh = re.sub(
            r"(<!-- hours -->\n).*?(<!-- end of hours -->)",
            lambda found: f"{found[1]}{text}{found[2]}",
            page,
            flags=re.DOTALL,
        )
        PAGE.write_text(fresh)
    else:
        print(text, end="")


def rate_of(text: str) -> tuple[str, float]:
    """Return name and windows per second of NAME=NUMBER or NAME=NUMBER/2."""
    name, _, value = text.rpartition("=")
    number, _, divisor = value.partition("/")
    return name, float(number) / float(divisor or 1)


def table(rates: dict[str, float]) -> str:
    """Return a row a genome and rate, a column a stride and number of machines."""
    columns = [f"stride {stride}" for stride in STRIDES] + [
        f"stride {STRIDES[0]}, {name}" for name, number in MACHINES.items() if number > 1
    ]
    lines = [
        "| genome | model and machine | windows/s | " + " | ".join(columns) + " |",
        "| --- | --- | ---: |" + " ---: |" * len(columns),
    ]
    for genome, bases in GENOMES.items():
        for name, rate in rates.items():
            spans = [hours(bases, stride, rate) for stride in STRIDES]
            spans += [spans[0] / number for number in MACHINES.values() if number > 1]
            lines.append(f"| {genome} | {name} | {rate:,.4g} | " + " | ".join(map(shown, spans)) + " |")
    return "\n".join(lines) + "\n"


def hours(bases: int, stride: int, rate: float) -> float:
    """Return the hours of the windows of a genome and of their shuffled null."""
    return float(bases / stride * (1 + NULL_SHARE) / rate / 3600)


def shown(span: float) -> str:
    """Return a time as people say it."""
    if span < 1 / 60:
        return f"{span * 3600:.0f} s"
    if span < 1:
        return f"{span * 60:.0f} min"
    return f"{span:.1f} h" if span < 48 else f"{span / 24:.1f} d"


if __name__ == "__main__":
    main()
