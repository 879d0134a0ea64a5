"""Sets of genome windows: the hg19 chr20 scan, GC-matched negatives, bins of GC, other regulatory DNA."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .genome_tables import chr20_windows, training_windows
from .kinds import CLASSES, FIRST, Labelled, QualitySet, View, whole_view, within_gc
from .recipe import HALF, SCAN_STRIDE, gc_matched, unmarked

TITLES = {
    "dnase_k562": "K562 DNase peaks",
    "dnase_gm12878": "GM12878 DNase peaks",
    "fantom5": "FANTOM5 enhancers",
    "proximal_enhancer_like": "proximal enhancer-like elements (pELS)",
    "ensembl": "Ensembl enhancers",
    "p300_gm12878": "GM12878 P300",
    "h3k27ac_gm12878": "GM12878 H3K27ac",
    "chromhmm_enhancer": "GM12878 ChromHMM enhancer states",
}
_OWN_OUTPUT = {name: name for name in ("dnase_gm12878", "dnase_k562", "h3k27ac_gm12878", "chromhmm_enhancer")}
"""Outputs of the model for the very track; there is none for the others."""
RATIOS = (1, 10)
GC_EDGES = (0.0, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 1.0)
_GC_BINS = 25
_SCAN_RESAMPLES = 200
_TRAINING = (
    "The own baselines are fitted on windows of hg38 chr2 (from 0.6 Mb) and chr16, labelled in the same way."
)


def scan(data: Path, work: Path) -> Iterator[QualitySet]:
    """Yield for each track the windows of chr20, marked or not."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    sequences, gc, rest = table["sequence"].tolist(), _gc(table), unmarked(table)
    for track in TITLES:
        marked = (table[track] >= HALF).to_numpy()
        yield QualitySet(
            f"chr20_{track}",
            f"hg19 chr20 scan: {TITLES[track]}",
            f"Windows of 200 bp every {SCAN_STRIDE} bp along the known 8.4 Mb, marked where half of a window "
            "lies in the annotation: against windows of the same GC that no annotation touches (all of them, "
            "or as many as there are marked ones), and against all others. The own baselines are fitted on "
            "windows of hg38 chr2 (from 0.6 Mb) and chr16, the marked against as many unmarked of the same "
            "GC.",
            CLASSES,
            _OWN_OUTPUT.get(track, FIRST),
            sequences,
            (
                within_gc(marked, gc, np.flatnonzero(marked | rest)),
                _matched_view("gc_matched", "GC-matched, 1:1", marked, rest, gc, 1),
                whole_view(marked, "all windows as they come"),
            ),
            _matched_rows(train, (train[track] >= HALF).to_numpy(), unmarked(train), 1),
            resamples=_SCAN_RESAMPLES,
            baselines=False,
        )


def matched_negatives(data: Path, work: Path) -> QualitySet:
    """Return active enhancers of chr20 against windows of the same GC that nothing marks."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    positive, rest, gc = _enhancers(table), unmarked(table), _gc(table)
    views = [within_gc(positive, gc, np.flatnonzero(positive | rest))] + [
        _matched_view(f"1_to_{ratio}", f"1:{ratio}", positive, rest, gc, ratio, ratio == RATIOS[-1])
        for ratio in RATIOS
    ]
    return _subset(
        QualitySet(
            "gc_matched",
            "Enhancers against GC-matched genome, hg19 chr20",
            "Positive: half of the window in a GM12878 ChromHMM enhancer state and half in a GM12878 DNase "
            "peak, no base in a promoter-like element. Negative: windows that no annotation touches, with "
            "the same GC in 25 bins. There are not 100 such windows for each enhancer: 1:100 is the 1:10 "
            f"sample with its negatives weighted. {_TRAINING}",
            CLASSES,
            FIRST,
            table["sequence"].tolist(),
            views,
            _matched_rows(train, _enhancers(train), unmarked(train), RATIOS[-1]),
            shown=("auroc", "auprc", "auprc 1:1", "auprc 1:10", "auprc 1:100", "precision 1:100", "recall"),
        )
    )


def gc_bins(data: Path, work: Path) -> QualitySet:
    """Return open windows of chr20 against unmarked ones, within bins of GC."""
    table, train = chr20_windows(data, work), training_windows(data, work)
    opened, rest, gc = _open(table), unmarked(table), _gc(table)
    views = []
    for low, high in itertools.pairwise(GC_EDGES):
        rows = np.flatnonzero((opened | rest) & (gc >= low) & (gc < high))
        title = f"GC {low:.0%} to {high:.0%}" if low else f"GC below {high:.0%}"
        views.append(
            View(f"gc_{round(100 * low)}_{round(100 * high)}", title, rows, opened[rows].astype(float))
        )
    known = np.flatnonzero(opened | rest)
    views.append(View("all", "all of these windows", known, opened[known].astype(float)))
    kept = train[_open(train) | unmarked(train)]
    return QualitySet(
        "gc_bins",
        "Does it only see GC? Open windows within bins of GC, hg19 chr20",
        "Windows half in a DNase peak of GM12878 or K562 against windows that no annotation touches. Within "
        f"a bin GC tells next to nothing. {_TRAINING}",
        CLASSES,
        FIRST,
        table["sequence"].tolist(),
        views,
        Labelled(kept["sequence"].tolist(), _open(kept).astype(float)),
        resamples=_SCAN_RESAMPLES,
        baselines=False,
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
                    _matched_view("gc_matched", "GC-matched, 1:1", positive, negative, gc, 1),
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
    ratio: int,
    at_prevalences: bool = False,
) -> View:
    """Return positives with `ratio` negatives each from the same bin of GC; bins with too few lose some."""
    if ratio == 1:
        known = np.flatnonzero(positive | negative)
        rows = known[gc_matched(positive[known].astype(np.int64), gc[known])]
    else:
        rng = np.random.default_rng(0)
        bins = np.minimum((gc * _GC_BINS).astype(np.int64), _GC_BINS - 1)
        parts = []
        for number in np.unique(bins[positive]):
            here = bins == number
            ours, theirs = np.flatnonzero(positive & here), np.flatnonzero(negative & ~positive & here)
            size = min(len(ours), len(theirs) // ratio)
            parts += [rng.choice(ours, size, replace=False), rng.choice(theirs, ratio * size, replace=False)]
        rows = np.sort(np.concatenate(parts))
    return View(name, title, rows, positive[rows].astype(float), at_prevalences)


def _matched_rows(
    table: pd.DataFrame, positive: NDArray[np.bool_], negative: NDArray[np.bool_], ratio: int
) -> Labelled:
    view = _matched_view("", "", positive, negative, _gc(table), ratio)
    return Labelled(table["sequence"].iloc[view.rows].tolist(), view.labels)


def _subset(item: QualitySet) -> QualitySet:
    """Return the set with only the sequences that its views need."""
    used = np.unique(np.concatenate([view.rows for view in item.views]))
    views = [dataclasses.replace(view, rows=np.searchsorted(used, view.rows)) for view in item.views]
    return dataclasses.replace(item, test=[item.test[row] for row in used], views=views)
