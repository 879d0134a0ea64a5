#!/usr/bin/env python3
"""Write docs/which-model.md from the catalogue; with --check, fail when it is not up to date."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from dnabert_enhancer.catalogue import Catalogue, CatalogueEntry

PAGE = Path(__file__).resolve().parent.parent / "docs" / "which-model.md"
HEAD = """# Which model should I use?

This page is made by `tools/model_choice.py` from the catalogue (`dnabert-enhancer models list`), where each
entry states its sources. Figures are those that the authors report, on their own test sets: they do not
compare models. "Seen" says whether this suite's tests read files of that layout;
`dnabert-enhancer models show NAME` says what was not seen.

- **Enhancers, now, without network:** `default`. It comes with the package, is calibrated and small;
  see [the packaged model](models.md).
- **The published DNABERT-Enhancer:** `dnabert-enhancer-350`: 12 layers; threshold and calibration not known.
- **Effects of variants on a transcription factor:** `deepvregulome/NAME`, one model per factor; CC-BY-NC-4.0,
  not for commercial use. `--tf-panel deepvregulome` takes all, `--convention deepvregulome` its windows.
- **A model of your own peaks:** `finetune --base-model dnabert-6`, or any other base model below.
- **Embeddings:** `predict --model dnabert-2 --embeddings FILE.npz`, of any model on this page
  ([how](howto/architectures.md#embeddings)).

```
dnabert-enhancer models get deepvregulome/CTCFL
dnabert-enhancer score-variants --vcf v.vcf --genome g.fa --tf CTCF=deepvregulome/CTCFL --output-prefix out
```

A model is downloaded when it is first named and kept in the folder `models` of the cache folder, so that
later runs need no network; `models get` does it ahead of time. Its licence is shown before the download and
recorded on its card, which also names what is unknown, such as calibration and threshold (0.5 by default);
[`models calibrate`](howto/calibrate.md) fits both on labelled sequences of yours.

## Models that predict

"""
HOURS = """
## How long it takes

{table}
On two cores of a processor with bfloat16 units. Measured were windows of 200 bp, each on both strands, a
second: {rates} (see [expected hours](pipeline-quickstart.md#expected-hours)). All else is calculated from
these: other windows by their length; a genome (hg38, {genome:,} bp) as windows a quarter of their length
apart and a shuffled one for every {null}, in bfloat16 for models of 12 layers; variants in float32 with
{own} windows each, and {nulls:,} null variants, for p-values, which take as many (none with
`--null-variants 0`). The windows of deepvregulome are two a variant, on one strand, without null
variants. A panel is {panel} models of 301 bp: with the default's windows; with deepvregulome's. Reading a
model comes on top, and more machines divide the hours. On a GPU nothing was measured for this page.
"""
PACKAGED_RATE, FLOAT32_RATE, BFLOAT16_RATE = 802, 3.15, 15.05
"""Windows of 200 bp a second, on both strands: the packaged model; 12 x 768 in float32 and in bfloat16."""
MEASURED_LENGTH = 200
HG38_BASES = 3_088_269_832
NULL_EVERY = 16
WINDOWS_A_VARIANT, VARIANTS, NULL_VARIANTS, PANEL = 10, 1000, 1000, 458
BASES = """
## Base models

Pre-trained only: they predict nothing before `finetune` has given them a head.
"""


def rows_of(entries: Iterable[CatalogueEntry]) -> Iterable[tuple[str, ...]]:
    """Yield the cells of a table's rows."""
    for entry in entries:
        window = "" if entry.window_length is None else f"{entry.window_length} bp"
        size = "" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:,.0f} MB"
        figures = ", ".join(f"{name} {value}" for name, value in entry.figures.items() if name != "peaks")
        seen = "seen" if entry.layout_seen else "not seen"
        yield f"`{entry.name}`", entry.predicts, window, entry.assembly, figures, entry.licence, size, seen


def table_of(rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    head = ("`--model`", "predicts", "windows", "trained on", "reported", "licence", "size", "layout")
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', ' ') for cell in line)} |\n" for line in lines)


def span(seconds: float) -> str:
    """Return seconds as a reader takes them in."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    unit, size = next((unit for unit in units if seconds >= 2 * unit[1]), units[-1])
    return f"{seconds / size:,.{int(seconds < 10 * size)}f} {unit}"


def hours_table() -> str:
    """Return a row a kind of model: a genome, variants, and a panel of such models over them."""
    lines = [
        (
            "model",
            "genome",
            f"{VARIANTS:,} variants",
            "the same, deepvregulome's windows",
            "a panel over them",
        ),
        ("---", *["---:"] * 4),
    ]
    windows = WINDOWS_A_VARIANT * (VARIANTS + NULL_VARIANTS)
    for name, length, scanned, scored in (
        ("`default`", 200, PACKAGED_RATE, PACKAGED_RATE),
        ("`dnabert-enhancer-201`", 201, BFLOAT16_RATE, FLOAT32_RATE),
        ("`dnabert-enhancer-350`", 350, BFLOAT16_RATE, FLOAT32_RATE),
        ("`deepvregulome/NAME`", 301, BFLOAT16_RATE, FLOAT32_RATE),
    ):
        share = MEASURED_LENGTH / length
        genome = HG38_BASES / (length // 4) * (1 + 1 / NULL_EVERY) / (scanned * share)
        variants = windows / (scored * share)
        cells = [span(genome), span(variants), "", ""]
        if length == 301:
            theirs = 2 * VARIANTS / (2 * scored * share)
            cells[2:] = span(theirs), f"{span(PANEL * variants)}; {span(PANEL * theirs)}"
        lines.append((name, *cells))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def hours() -> str:
    """Return what is said of time."""
    rates = (
        f"{PACKAGED_RATE} by the packaged model, {FLOAT32_RATE} by a BERT of 12 x 768 in float32, "
        f"{BFLOAT16_RATE} in bfloat16"
    )
    return HOURS.format(
        table=hours_table(),
        rates=rates,
        genome=HG38_BASES,
        null=NULL_EVERY,
        own=WINDOWS_A_VARIANT,
        nulls=NULL_VARIANTS,
        panel=PANEL,
    )


def family_row(entries: list[CatalogueEntry], name: str, predicts: str) -> tuple[str, ...]:
    """Return one row for many models of one family: the range of their figures."""
    (row,) = rows_of(entries[:1])
    ranges = []
    for figure in ("accuracy", "auroc"):
        values = sorted(entry.figures[figure] for entry in entries if figure in entry.figures)
        if values:
            middle = values[len(values) // 2]
            ranges.append(f"{figure} {values[0]} to {values[-1]}, median {middle}")
    return (f"`{name}`", f"{predicts} ({len(entries)} models)", *row[2:4], "; ".join(ranges), *row[5:])


def text() -> str:
    """Return the page."""
    known = list(Catalogue.load())
    deep = [entry for entry in known if entry.name.startswith("deepvregulome/")]
    named = [entry for entry in known if entry.type != "base" and entry not in deep and ":" not in entry.name]
    rows = [*rows_of(named)]
    for kind, what in (
        ("tf", "binding of a transcription factor"),
        ("histone", "a histone mark"),
        ("splice", "splice sites"),
    ):
        rows.append(family_row([entry for entry in deep if entry.type == kind], "deepvregulome/NAME", what))
    sources = sorted({entry.figures_source for entry in known if entry.figures_source})
    citations = sorted({entry.citation for entry in known if entry.citation})
    return (
        HEAD
        + table_of(rows)
        + f"\nFigures: {'; '.join(sources)}.\n"
        + hours()
        + BASES
        + "\n"
        + table_of(rows_of(entry for entry in known if entry.type == "base"))
        + "\nTo cite: "
        + "; ".join(citations)
        + ".\n"
    )


def main() -> None:
    """Write or compare the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        if PAGE.read_text(encoding="utf-8") != text():
            raise SystemExit(f"{PAGE.name} is not up to date; run tools/model_choice.py")
    else:
        PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
