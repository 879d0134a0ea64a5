"""The gapped k-mer support vector machine, where gkmsvm-lite is installed."""

from __future__ import annotations

import importlib.util

import numpy as np

from .kinds import Labelled, Scores

MOST_TRAINING = 1_000
MOST_SCORED = 1_000
"""The time of fitting grows with the square of the rows, that of scoring with rows times support vectors."""
WORD, INFORMATIVE, MISMATCHES = 11, 7, 3
"""LS-GKM's own settings: words of 11 bp with 7 informative positions, at most 3 mismatches."""
VERSION = "1"


def can_run(scored: int) -> bool:
    """Return whether the package is there and the sequences are few enough."""
    return importlib.util.find_spec("gkmsvm") is not None and scored <= MOST_SCORED


def scores(train: Labelled, is_classes: bool, test: list[str]) -> Scores:
    """Return the decision values of test sequences."""
    from gkmsvm import one_hot_encode, train_gkmsvm, train_gkmsvr

    rows = np.arange(len(train.sequences))
    if len(rows) > MOST_TRAINING:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_TRAINING, replace=False))
    texts = [train.sequences[row] for row in rows]
    labels = train.labels[rows]
    settings = {"l": WORD, "k": INFORMATIVE, "d": MISMATCHES, "device": "cpu"}
    if is_classes:
        chosen = [[text for text, label in zip(texts, labels, strict=True) if label == k] for k in (1, 0)]
        model = train_gkmsvm(*chosen, **settings)
    else:
        model = train_gkmsvr(texts, labels, **settings)
    return np.array([float(np.ravel(model(one_hot_encode(text)[None]))[0]) for text in test])
