#!/usr/bin/env python3
r"""Expected hours of scans, variants and panels by the pipeline, from windows per second; prints two tables.

    python benchmarks/pipeline_hours.py --rate "packaged model (ONNX Runtime float32), 2 cores=802" \
        --rate "BERT-base (torch bfloat16), 2 cores=30.1/2" --gpu A100=312/19.5

A rate is windows per second of 200 bp, shuffled ones counted, each scored on both strands; RATE/2 when it was
measured on one strand. Variants are computed in float32: their table has the rates whose names say so.
--gpu adds a BERT-base on a card whose maker names so many TFLOP/s in bfloat16 and in float32, of which 40 %
are reached: a calculation, and so the rows say. With --write the tables go into docs/pipeline-quickstart.md.
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
SNVS, WINDOWS_OF_AN_SNV = 1_000_000, 10
"""Both alleles at five offsets; neighbours share some, and null variants come on top (1,000 of a run)."""
PANEL_MODELS, PANEL_SNVS, PANEL_WINDOW = 458, 1_000, 301
"""DeepVRegulome's models, BERT-base each; a window costs as many times more as it is longer."""
REACHED = 0.4
"""Share of a card's TFLOP/s that a BERT is assumed to reach."""
MACHINES = {"1 machine": 1, "10 at once": 10, "60 at once": 60}


def main() -> None:
    """Print or write the table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rate", action="append", required=True, metavar="NAME=WINDOWS_A_SECOND")
    parser.add_argument("--gpu", action="append", default=[], metavar="NAME=TFLOPS/TFLOPS_OF_FLOAT32")
    parser.add_argument("--write", action="store_true", help="into the page between its marks")
    args = parser.parse_args()
    rates = dict(map(rate_of, args.rate))
    cards = [card.rpartition("=") for card in args.gpu]
    for precision, place in (("bfloat16", 0), ("float32", 1)):
        for name, _, figures in cards:
            rate = rate_of_card(float(figures.split("/")[place]))
            rates[f"BERT-base (torch {precision}), one {name}, calculated"] = rate
    texts = {"hours": table(rates), "hours of variants": variant_table(rates)}
    page = PAGE.read_text()
    for mark, text in texts.items():
        page = re.sub(
            rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)",
            lambda found, text=text: f"{found[1]}{text}{found[2]}",
            page,
            flags=re.DOTALL,
        )
    if args.write:
        PAGE.write_text(page)
    else:
        print("\n".join(texts.values()), end="")


def rate_of(text: str) -> tuple[str, float]:
    """Return name and windows per second of NAME=NUMBER or NAME=NUMBER/2."""
    name, _, value = text.rpartition("=")
    number, _, divisor = value.partition("/")
    return name, float(number) / float(divisor or 1)


def rate_of_card(teraflops: float) -> float:
    """Return windows per second of a BERT-base on a card, both strands."""
    layers, width, inner, tokens = 12, 768, 3072, WINDOW - 6 + 1 + 2
    of_token = layers * (4 * width * width + 2 * width * inner + 2 * tokens * width)
    return REACHED * teraflops * 1e12 / (2 * 2 * tokens * of_token)


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


def variant_table(rates: dict[str, float]) -> str:
    """Return rows for a million variants at each rate of float32, and for a panel at those of a BERT-base."""
    lines = [
        "| what | model and machine | 1 machine | 10 at once | 60 at once |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    panel = WINDOWS_OF_AN_SNV * PANEL_SNVS * PANEL_MODELS * PANEL_WINDOW / WINDOW
    for what, windows, named in (
        (f"{SNVS:,} SNVs", WINDOWS_OF_AN_SNV * SNVS, ""),
        (f"{PANEL_SNVS:,} SNVs with a panel of {PANEL_MODELS} models", panel, "BERT-base"),
    ):
        for name, rate in rates.items():
            if "float32" in name and named in name:
                spans = (shown(windows / rate / 3600 / number) for number in MACHINES.values())
                lines.append(f"| {what} | {name} | {' | '.join(spans)} |")
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
