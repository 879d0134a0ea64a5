"""The first output: regulatory DNA of any kind, told from the genome, half of it with the same GC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from assemble import gc_matched, like_genome, write_dataset
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

FIRST = "regulatory_element"
POSITIVE_TRACKS = ("dnase_k562", "dnase_gm12878", "fantom5", "ensembl", "proximal_enhancer_like")
POSITIVE_SOURCES = ("dhs_index", "dhs_organs", "ensembl_regulatory")
"""Sources of which every sequence is a regulatory element, and which have no negatives of their own."""
GENOME = "genome"
"""Source of the windows of the reference pieces, here and in the data set."""
GENOME_LIKE = 1.0
"""Windows with the GC of the whole genome for each positive, beside one with the same GC."""
STRENGTH = 0.003
"""Inverse of the penalty on standardised features; of those tried the best on the validation split."""
WINDOW = 200


class RegulatoryRows(NamedTuple):
    """Windows of a split: places in the arrays, int64[n]; labels, int64[n]; sources; split."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]


def regulatory_rows(arrays: Mapping[str, NDArray[Any]], split: str, seed: int) -> RegulatoryRows:
    """Return the rows of a split with which the first output is fitted, calibrated or judged.

    Positive: DNase sites of the DHS index (of any number of biosamples), Ensembl's enhancers and open
    chromatin, and windows of the genome that lie by half in a DNase peak of K562 or GM12878, in an enhancer
    of FANTOM5 or Ensembl, or in a proximal enhancer-like element. Negative: windows of the genome that no
    track touches, as many in each bin of GC, and `GENOME_LIKE` times as many with the GC of the genome.
    """
    names = arrays["tasks"].tolist()
    targets, sources = arrays[f"targets_{WINDOW}"], arrays[f"source_{WINDOW}"].astype(str)
    tracks = targets[:, [names.index(name) for name in TRACKS]]
    here = arrays[f"split_{WINDOW}"] == split
    in_genome = np.char.startswith(sources, GENOME)
    marked = targets[:, [names.index(name) for name in POSITIVE_TRACKS]] == 1
    positive = here & ((in_genome & marked.any(axis=1)) | np.isin(sources, POSITIVE_SOURCES))
    negative = here & in_genome & (tracks == 0).all(axis=1)
    gc = gc_of(arrays[f"codes_{WINDOW}"])
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(positive | negative)
    matched = known[gc_matched(positive[known].astype(np.int64), gc[known], seed)]
    rest = np.setdiff1d(np.flatnonzero(negative), matched)
    spread = like_genome(rest, gc, min(len(rest), round(GENOME_LIKE * len(matched) / 2)), rng)
    rows = np.sort(np.concatenate([matched, spread]))
    names_of = np.where(in_genome[rows], GENOME, sources[rows])
    return RegulatoryRows(rows, positive[rows].astype(np.int64), names_of)


def write_regulatory(arrays: Mapping[str, NDArray[Any]], folder: Path, seed: int) -> Path:
    """Write the rows of all splits as a data set, places unknown; names are ``SOURCE:ROW``."""
    frames = {}
    for split in SPLITS:
        rows = regulatory_rows(arrays, split, seed)
        frames[split] = pd.DataFrame(
            {
                "source": rows.sources,
                "name": rows.rows.astype(str),
                "chrom": "",
                "start": -1,
                "label": rows.labels,
                "sequence": [_LETTERS[codes].tobytes().decode() for codes in arrays[f"codes_{WINDOW}"][rows.rows]],
            }
        )
    return write_dataset(folder, frames, ("other", FIRST), {"seed": seed})


def fit_row(
    features: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of a penalised logistic regression on what the classifier reads."""
    centre, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000).fit((features - centre) / deviation, labels)
    weight = np.ravel(fitted.coef_) / deviation
    return weight, float(fitted.intercept_[0]) - float(weight @ centre)
