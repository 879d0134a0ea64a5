"""Small labelled sequences that a tiny model learns in seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset import Dataset

MOTIF = "TGACTCAGCA"


def sequences_with_motif(labels: np.ndarray, length: int, seed: int) -> list[str]:
    """Return random sequences; those of label 1 hold the motif three times."""
    rng = np.random.default_rng(seed)
    texts = []
    for label in labels:
        letters = rng.choice(list("ACGT"), length)
        if label:
            for start in (2, length // 2 - 5, length - 12):
                letters[start : start + len(MOTIF)] = list(MOTIF)
        texts.append("".join(letters))
    return texts


def dataset_of(train: int = 192, validation: int = 64, length: int = 40, seed: int = 0) -> Dataset:
    """Return a data set with two classes, told apart by a motif."""
    splits = {}
    for name, rows in (("train", train), ("validation", validation)):
        labels = np.arange(rows) % 2
        splits[name] = pd.DataFrame(
            {
                "sequence": sequences_with_motif(labels, length, seed + len(splits)),
                "label": labels,
                "name": [f"{name}{row}" for row in range(rows)],
            }
        )
        for column in ("chrom", "start", "end"):
            splits[name][column] = pd.NA
        splits[name]["strand"] = "."
    return Dataset(splits, "binary", ("other", "enhancer"), source="made.tsv")


@pytest.fixture(scope="module")
def motif_dataset() -> Dataset:
    """Return 192 training and 64 validation sequences of 40 bp."""
    return dataset_of()
