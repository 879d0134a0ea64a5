"""The first output: regulatory DNA of any kind, told from the genome, half of it with the same GC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from arrays import SPLITS
from assemble import gc_matched, like_genome, write_dataset
from damping import ridge
from numpy.typing import NDArray

FIRST = "regulatory_element"
POSITIVE_TRACKS = ("dnase_k562", "dnase_gm12878", "fantom5", "ensembl", "proximal_enhancer_like")
ALL_TRACKS = (*POSITIVE_TRACKS, "h3k27ac_gm12878", "chromhmm_enhancer", "promoter_like", "ctcf")
POSITIVE_SOURCES = ("dhs_index", "dhs_organs", "ensembl_regulatory")
"""Sources of which every sequence is a regulatory element, and which have no negatives of their own."""
GENOME = "genome"
"""Source of the windows of the reference pieces, here and in the data set."""
GENOME_LIKE = 1.0
"""Windows with the GC of the whole genome for each positive, beside one with the same GC."""
OUTLIERS = 0.001
"""Share of the answers of version 6 at each end that are cut off: among them are logits of 20."""
WINDOW = 200
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


class RegulatoryRows(NamedTuple):
    """Windows of a split: places among those of 200 bp, int64[n]; labels, int64[n]; sources, str[n]."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]


def regulatory_rows(arrays: Mapping[str, NDArray[Any]], split: str, seed: int) -> RegulatoryRows:
    """Return the rows of a split with which the first output is fitted, calibrated or judged.

    Notes
    -----
    Positive: DNase sites of the DHS index (of any number of biosamples), Ensembl's enhancers and open
    chromatin, and windows of the genome that lie by half in a DNase peak of K562 or GM12878, in an enhancer
    of FANTOM5 or Ensembl, or in a proximal enhancer-like element. Negative: windows of the genome that no
    track touches, as many in each bin of GC, and `GENOME_LIKE` times as many with the GC of the genome.
    """
    names = arrays["tasks"].tolist()
    targets, sources = arrays[f"targets_{WINDOW}"], arrays[f"source_{WINDOW}"].astype(str)
    codes = arrays[f"codes_{WINDOW}"]
    here = arrays[f"split_{WINDOW}"] == split
    in_genome = np.char.startswith(sources, GENOME)
    marked = (targets[:, [names.index(name) for name in POSITIVE_TRACKS]] == 1).any(axis=1)
    untouched = (targets[:, [names.index(name) for name in ALL_TRACKS]] == 0).all(axis=1)
    positive = here & ((in_genome & marked) | np.isin(sources, POSITIVE_SOURCES))
    negative = here & in_genome & untouched
    gc = np.isin(codes, (1, 2)).mean(axis=1)
    known = np.flatnonzero(positive | negative)
    matched = known[gc_matched(positive[known].astype(np.int64), gc[known], seed)]
    rest = np.setdiff1d(np.flatnonzero(negative), matched)
    wanted = min(len(rest), round(GENOME_LIKE * len(matched) / 2))
    spread = like_genome(rest, gc, wanted, np.random.default_rng(seed))
    rows = np.sort(np.concatenate([matched, spread]))
    return RegulatoryRows(
        rows, positive[rows].astype(np.int64), np.where(in_genome[rows], GENOME, sources[rows])
    )


def write_regulatory(arrays: Mapping[str, NDArray[Any]], folder: Path, seed: int) -> Path:
    """Write the rows of all splits as a data set without places; names are ``SOURCE:ROW``."""
    frames = {}
    for split in SPLITS:
        found = regulatory_rows(arrays, split, seed)
        texts = _LETTERS[arrays[f"codes_{WINDOW}"][found.rows]]
        frames[split] = pd.DataFrame(
            {
                "source": found.sources,
                "name": found.rows.astype(str),
                "chrom": "",
                "start": -1,
                "label": found.labels,
                "sequence": [text.tobytes().decode() for text in texts],
            }
        )
    return write_dataset(folder, frames, ("other", FIRST), {"seed": seed})


def first_row(
    features: NDArray[np.float64], answers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return weights and bias of the first output, a linear function of what the classifier reads.

    Parameters
    ----------
    features : float64[n, hidden]
        Of the training rows of `regulatory_rows`.
    answers : float64[n]
        Logits of the first output of version 6.
    """
    return ridge(features, np.clip(answers, *np.quantile(answers, (OUTLIERS, 1 - OUTLIERS))))
