"""The model beside the 6-mer ridge: on the held-out contigs, on public sets, and along hg19 chr20."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from assemble import gc_matched
from genome_windows import HALF, Piece, unmarked, window_shares
from numpy.typing import NDArray
from sources import WINDOW, centred, davuluri_dev

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.evaluation import AS_GIVEN, BinaryMetrics, KmerRidge, MetricKey, paired_estimates
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.sequence import encode_bases, gc_fraction

CHR20 = Piece("reference/hg19_chr20_partial_fulllength.fa.gz", "chr20", "chr20", "hg19", 0)
"""For evaluation only."""
SCAN_STRIDE = 200
SCAN_TRACKS = ("dnase_k562", "dnase_gm12878", "fantom5", "proximal_enhancer_like")
METRICS = ("auroc", "auprc", "mcc", "f1", "accuracy", "brier", "ece")
RIDGE_METRICS = ("auroc", "auprc", "mcc")
RESAMPLES = 1000
PLACED_SOURCES = ("genome", "dhs_index", "dhs_organs")
DUPLICATES = 100


class ReportedSet(NamedTuple):
    """Windows with labels on which model and ridges are compared."""

    codes: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Predictor:
    """The model, the ridges and the share of G and C, asked for the same windows.

    Parameters
    ----------
    model : EnhancerModel
        With its calibration.
    ridges : dict of str to KmerRidge
        Fitted.
    threads : int
        Of the engine.
    """

    def __init__(self, model: EnhancerModel, ridges: dict[str, KmerRidge], threads: int) -> None:
        self._engine = Engine(model, EngineSettings(precision=Precision.FLOAT32, threads=threads))
        self._ridges = ridges
        self.threshold = model.card.threshold()

    def scores(self, codes: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        """Return by name what each says of windows: the model's probability, the ridges', the share of GC."""
        return {
            "model": np.asarray(self._engine.predict(codes).probability, dtype=np.float64),
            **{name: ridge.probability(codes) for name, ridge in self._ridges.items()},
            "gc_alone": gc_fraction(codes),
        }

    def compare(self, rows: ReportedSet) -> dict[str, Any]:
        """Return the metrics on a set; see `compared`."""
        return compared(rows.labels, self.scores(rows.codes), self.threshold)


def compared(
    labels: NDArray[np.int64],
    scores: dict[str, NDArray[np.float64]],
    threshold: float,
) -> dict[str, Any]:
    """Return metrics with 95 % intervals by name, and how much higher the model's AUROC is than each."""
    result: dict[str, Any] = {"rows": len(labels), "positives": int(labels.sum())}
    names = list(scores)
    methods = [
        BinaryMetrics(labels, scores[name], threshold if name == "model" else HALF, {}) for name in names
    ]
    found = paired_estimates(methods, RESAMPLES)
    for name, values, minus_model in zip(names, found.estimates, found.differences, strict=True):
        shown = METRICS if name == "model" else RIDGE_METRICS if name.startswith("ridge") else ("auroc",)
        result[name] = {metric: _rounded(values[MetricKey(AS_GIVEN, metric)]) for metric in shown}
        if name != "model":
            value, low, high = minus_model[MetricKey(AS_GIVEN, "auroc")]
            result[name]["model_minus_this_auroc"] = _rounded((-value, -high, -low))
    return result


def measure(
    model: EnhancerModel, regulatory: Dataset, enhancer: Dataset, data: Path, threads: int
) -> dict[str, Any]:
    """Return all that the card says about performance of the first output.

    Parameters
    ----------
    model : EnhancerModel
        As packaged.
    regulatory : Dataset
        Of the first output; the ridge is fitted on its training rows.
    enhancer : Dataset
        Whose sources have negatives of their own.
    data : Path
        The folder with the shared data.
    threads : int
        Of the engine.
    """
    labels = regulatory.frame("train")["label"].tolist()
    ridges = {"ridge": KmerRidge().fit(list(regulatory.encoded("train")), labels)}
    predictor = Predictor(model, ridges, threads)
    return {
        "validation": predictor.compare(_reported(regulatory.frame("validation"))),
        "held_out_contigs": predictor.compare(held_out(regulatory)),
        "by_source": {name: predictor.compare(rows) for name, rows in _by_source(enhancer).items()},
        "public_sets": {name: predictor.compare(rows) for name, rows in public_sets(data).items()},
        "hg19_chr20": scan(predictor, data),
    }


def held_out(regulatory: Dataset) -> ReportedSet:
    """Return the test rows of the first output that surely have a place: contigs 11 and 17."""
    frame = regulatory.frame("test")
    sources = frame["name"].str.split(":").str[0]
    return _reported(frame[sources.isin(PLACED_SOURCES)])


def _by_source(dataset: Dataset) -> dict[str, ReportedSet]:
    """Return the test rows of each source with both classes; DNase sites beside GC-matched genome windows."""
    frame = dataset.frame("test")
    sources = frame["name"].str.split(":").str[0]
    result = {}
    for name in sorted(set(sources)):
        part = frame[sources == name]
        if name == "dhs_index":
            part = pd.concat([part, frame[(sources == "genome") & (frame["label"] == 0)]])
            part = part[_matched_rows(part)]
        if part["label"].nunique() == 2:
            result[name] = _reported(part)
    return result


def _matched_rows(frame: pd.DataFrame) -> NDArray[np.bool_]:
    labels = frame["label"].to_numpy()
    gc = np.array([gc_fraction(encode_bases(text)[None])[0] for text in frame["sequence"]])
    return gc_matched(labels, gc)


def public_sets(data: Path) -> dict[str, ReportedSet]:
    """Return the public test sets: none of their sequences shares a 40-mer with the training rows."""
    folder = data / "enhancers/ienhancer2L"
    texts = {
        kind: [
            centred(item.sequence)
            for item in read_fasta(folder / f"layer1_test_{kind}.fa", unique_names=False)
        ]
        for kind in ("enhancers", "nonenhancers")
    }
    strong = {
        item.sequence.upper()
        for item in read_fasta(folder / "layer2_test_strong_enhancers.fa", unique_names=False)
    }
    unique = [text for text in texts["enhancers"] if text not in strong]
    sequences, labels = davuluri_dev(data)
    return {
        "ienhancer2l_independent": _pair(texts["enhancers"], texts["nonenhancers"]),
        f"ienhancer2l_independent_without_{DUPLICATES}_duplicates": _pair(unique, texts["nonenhancers"]),
        "davuluri_dev": ReportedSet(_codes(sequences), np.array(labels)),
    }


def scan(predictor: Predictor, data: Path) -> dict[str, Any]:
    """Return metrics of windows along the known part of hg19 chr20 that lie in a track, against others.

    Notes
    -----
    A window counts as marked where half of it lies in the track; the others are as many that no track
    touches, with the same GC.
    """
    table = window_shares(data, CHR20, SCAN_STRIDE)
    table = table[table["blacklist"] == 0].reset_index(drop=True)
    rest, gc = unmarked(table), gc_fraction(_codes(table["sequence"].tolist()))
    result: dict[str, Any] = {"windows": len(table), "stride": SCAN_STRIDE, "tracks": {}}
    for track in SCAN_TRACKS:
        marked = (table[track] >= HALF).to_numpy()
        known = np.flatnonzero(marked | rest)
        kept = known[gc_matched(marked[known].astype(np.int64), gc[known])]
        rows = ReportedSet(_codes(table["sequence"].iloc[kept].tolist()), marked[kept].astype(np.int64))
        result["tracks"][track] = {"gc_matched": predictor.compare(rows)}
    return result


def _pair(positives: Sequence[str], negatives: Sequence[str]) -> ReportedSet:
    labels = np.repeat([1, 0], [len(positives), len(negatives)])
    return ReportedSet(_codes([*positives, *negatives]), labels)


def _reported(frame: pd.DataFrame) -> ReportedSet:
    return ReportedSet(_codes(frame["sequence"].tolist()), frame["label"].to_numpy(dtype=np.int64))


def _codes(sequences: Sequence[str]) -> NDArray[np.uint8]:
    return encode_bases("".join(sequences)).reshape(len(sequences), WINDOW)


def _rounded(values: Sequence[float]) -> list[float]:
    """Return value, lower and upper limit with four digits."""
    return [round(float(value), 4) for value in values]
