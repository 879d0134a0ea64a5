"""Sets of genome windows: annotated ones of hg19 chr20, bins of GC, other regulatory DNA."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .genome_tables import chr20_windows, training_windows
from .kinds import CLASSES, FIRST, Labelled, QualitySet, View, within_gc
from .recipe import CHR20, HALF, PIECES, SCAN_STRIDE, gc_matched, share_in_regions, unmarked

TITLES = {
    "dnase_k562": "K562 DNase peaks",
    "dnase_gm12878": "GM12878 DNase peaks",
    "fantom5": "FANTOM5 enhancers",
    "proximal_enhancer_like": "proximal enhancer-like elements (pELS)",
    "ensembl": "Ensembl enhancers",
}
_OWN_OUTPUT = {name: name for name in ("dnase_k562", "dnase_gm12878")}
"""Outputs of the model for the very track; there is none for the others."""
SAMPLE = 3_000
"""Windows drawn from the scan, to stand for all of them."""
GC_EDGES = (0.0, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 1.0)
_GC_BINS = 25
_SCAN_RESAMPLES = 200
_TRAINING = (
    "The own baselines are fitted on windows of hg38 chr2 (from 0.6 Mb) and chr16, labelled in the same way."
)
_SCAN_ABOUT = (
    f"Windows of 200 bp every {SCAN_STRIDE} bp along the known 8.4 Mb, marked where half of a window lies in "
    "the annotation: against windows of the same GC that no annotation touches, and against all others "
    f"as they come (of {SAMPLE:,} windows drawn at random). Own baselines: fitted on windows of hg38 chr2 "
    "(from 0.6 Mb) and chr16, the marked against as many unmarked of the same GC."
)


def scan(data: Path, work: Path) -> Iterator[QualitySet]:
    """Yield for each track the windows of chr20, marked or not."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    gc, rest, drawn, pool = _gc(table), unmarked(table), _drawn(table), _pool(table)
    for track in TITLES:
        marked = (table[track] >= HALF).to_numpy()
        whole = np.flatnonzero(marked | drawn)
        yield _subset(
            QualitySet(
                f"chr20_{track}",
                f"hg19 chr20: {TITLES[track]}",
                _SCAN_ABOUT,
                CLASSES,
                _OWN_OUTPUT.get(track, FIRST),
                table["sequence"].tolist(),
                (
                    within_gc(marked, gc, np.flatnonzero(marked | pool)),
                    _matched_view("gc_matched", "GC-matched, 1:1", marked, rest, gc),
                    View("all", "as they come", whole, marked[whole].astype(float)),
                ),
                _matched_rows(train, (train[track] >= HALF).to_numpy()),
                resamples=_SCAN_RESAMPLES,
                baselines=False,
                shown=("auroc",),
            )
        )


def _drawn(table: pd.DataFrame) -> NDArray[np.bool_]:
    drawn = np.zeros(len(table), dtype=bool)
    drawn[np.random.default_rng(0).choice(len(table), SAMPLE, replace=False)] = True
    return drawn


def _pool(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the unmarked windows that are compared within bins of GC: those drawn, and those matched."""
    rest, gc, pool = unmarked(table), _gc(table), _drawn(table)
    for track in TITLES:
        marked = (table[track] >= HALF).to_numpy()
        pool[_matched_view("", "", marked, rest, gc).rows] = True
    return pool & rest


def cohn(data: Path, work: Path, folder: Path) -> QualitySet:
    """Return windows of chr20 in positives of Genomic Benchmarks' human_enhancers_cohn, and unmarked ones.

    Parameters
    ----------
    data, work : Path
    folder : Path
        datasets/human_enhancers_cohn of github.com/ML-Bioinfo-CEITEC/genomic_benchmarks: regions of GRCh38,
        0-based, in train/positive.csv.gz and test/positive.csv.gz.
    """
    parts = [pd.read_csv(folder / split / "positive.csv.gz") for split in ("train", "test")]
    regions = pd.concat(parts).rename(columns={"start": 1, "end": 2})
    table, train = chr20_windows(data, work), training_windows(data, work)
    positive = _half_in(data, table, regions)
    return _subset(
        QualitySet(
            "chr20_cohn",
            "hg19 chr20: Cohn enhancers of Genomic Benchmarks",
            "Windows of 200 bp half in a positive (500 bp; Cohn et al. 2018) of either split of "
            f"human_enhancers_cohn, against windows that no annotation marks. {_TRAINING}",
            CLASSES,
            FIRST,
            table["sequence"].tolist(),
            (within_gc(positive, _gc(table), np.flatnonzero(positive | _pool(table))),),
            _matched_rows(train, _half_in(data, train, regions)),
            resamples=_SCAN_RESAMPLES,
            baselines=False,
            shown=("auroc",),
        )
    )


def _half_in(data: Path, table: pd.DataFrame, regions: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which windows lie half in a region of GRCh38 (columns region, 1 and 2)."""
    inside = np.zeros(len(table))
    for piece in (CHR20, *PIECES):
        rows = np.flatnonzero(table["chrom"] == piece.chrom)
        if len(rows):
            known = regions[regions["region"] == piece.chrom]
            inside[rows] = share_in_regions(data, piece, table["start"].to_numpy()[rows], known)
    return inside >= HALF


def matched_negatives(data: Path, work: Path) -> QualitySet:
    """Return active enhancers of chr20 against windows of the same GC that nothing marks."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    positive, gc = _enhancers(table), _gc(table)
    return _subset(
        QualitySet(
            "gc_matched",
            "hg19 chr20: active enhancers",
            "Positive: half of the window in a GM12878 ChromHMM enhancer state and half in a GM12878 DNase "
            "peak, no base in a promoter-like element. Negative: windows that no annotation touches. "
            f"{_TRAINING}",
            CLASSES,
            FIRST,
            table["sequence"].tolist(),
            (within_gc(positive, gc, np.flatnonzero(positive | _pool(table))),),
            _matched_rows(train, _enhancers(train)),
        )
    )


def gc_bins(data: Path, work: Path) -> QualitySet:
    """Return open windows of chr20 against unmarked ones, bin by bin of GC."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    opened, rest, gc = _open(table), _pool(table), _gc(table)
    views = [within_gc(opened, gc, np.flatnonzero(opened | rest))]
    for low, high in itertools.pairwise(GC_EDGES):
        rows = np.flatnonzero((opened | rest) & (gc >= low) & (gc < high))
        title = f"GC {low:.0%} to {high:.0%}" if low else f"GC below {high:.0%}"
        views.append(
            View(f"gc_{round(100 * low)}_{round(100 * high)}", title, rows, opened[rows].astype(float))
        )
    kept = train[_open(train) | unmarked(train)]
    return _subset(
        QualitySet(
            "gc_bins",
            "hg19 chr20: open in GM12878 or K562",
            "Windows half in a DNase peak of GM12878 or K562 against windows that no annotation touches, "
            "also bin by bin of GC. "
            f"{_TRAINING}",
            CLASSES,
            FIRST,
            table["sequence"].tolist(),
            views,
            Labelled(kept["sequence"].tolist(), _open(kept).astype(float)),
            resamples=_SCAN_RESAMPLES,
            baselines=False,
            shown=("auroc",),
        )
    )


def other_elements(data: Path, work: Path) -> Iterator[QualitySet]:
    """Yield enhancers of chr20 against promoters, and against CpG islands."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    gc = _gc(table)
    others = {
        "promoter_like": ("versus_promoter", "promoters (ENCODE promoter-like elements)", _promoters),
        "cpg_island": (
            "versus_cpg_island",
            "CpG islands (without an enhancer state or a FANTOM5 or Ensembl enhancer)",
            _islands,
        ),
    }
    for name, (output, title, chosen) in others.items():
        positive, negative = _enhancers(table), chosen(table)
        rows = np.flatnonzero(positive | negative)
        kept = train[_enhancers(train) | chosen(train)]
        yield _subset(
            QualitySet(
                f"enhancer_or_{name}",
                f"Enhancer or not: against {title}, hg19 chr20",
                "Positive: as in the GC-matched set. Half of a negative window lies in such an element. "
                f"Below 0.5 means that the others score higher. {_TRAINING}",
                CLASSES,
                output,
                table["sequence"].tolist(),
                (
                    View("all", "as they come", rows, positive[rows].astype(float)),
                    _matched_view("gc_matched", "GC-matched, 1:1", positive, negative, gc),
                ),
                Labelled(kept["sequence"].tolist(), _enhancers(kept).astype(float)),
            )
        )


def _enhancers(table: pd.DataFrame) -> NDArray[np.bool_]:
    chosen = (
        (table["chromhmm_enhancer"] >= HALF)
        & (table["dnase_gm12878"] >= HALF)
        & (table["promoter_like"] == 0)
    )
    return chosen.to_numpy()


def _promoters(table: pd.DataFrame) -> NDArray[np.bool_]:
    return (table["promoter_like"] >= HALF).to_numpy()


def _islands(table: pd.DataFrame) -> NDArray[np.bool_]:
    enhancer = table[["chromhmm_enhancer", "fantom5", "ensembl"]].max(axis=1)
    return ((table["cpg_island"] >= HALF) & (enhancer == 0)).to_numpy()


def _open(table: pd.DataFrame) -> NDArray[np.bool_]:
    return (table[["dnase_gm12878", "dnase_k562"]].max(axis=1) >= HALF).to_numpy()


def _gc(table: pd.DataFrame) -> NDArray[np.float64]:
    return (table["sequence"].str.count("[GC]") / table["sequence"].str.len()).to_numpy()


def _matched_view(
    name: str,
    title: str,
    positive: NDArray[np.bool_],
    negative: NDArray[np.bool_],
    gc: NDArray[np.float64],
) -> View:
    """Return positives with a negative each from the same bin of GC; bins with too few lose some."""
    known = np.flatnonzero(positive | negative)
    rows = known[gc_matched(positive[known].astype(np.int64), gc[known])]
    return View(name, title, rows, positive[rows].astype(float))


def _matched_rows(table: pd.DataFrame, positive: NDArray[np.bool_]) -> Labelled:
    view = _matched_view("", "", positive, unmarked(table), _gc(table))
    return Labelled(table["sequence"].iloc[view.rows].tolist(), view.labels)


def _subset(item: QualitySet) -> QualitySet:
    """Return the set with only the sequences that its views need."""
    used = np.unique(np.concatenate([view.rows for view in item.views]))
    views = [dataclasses.replace(view, rows=np.searchsorted(used, view.rows)) for view in item.views]
    return dataclasses.replace(item, test=[item.test[row] for row in used], views=views)
