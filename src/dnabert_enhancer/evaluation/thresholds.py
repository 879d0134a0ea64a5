"""Choosing a decision threshold on validation rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dnabert_enhancer.evaluation.binary import confusion_metrics
from dnabert_enhancer.evaluation.ranked_scores import Ranking


def threshold_of_best_mcc(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the threshold with the highest Matthews correlation coefficient.

    Parameters
    ----------
    labels : array_like[n]
        0 and 1, both present.
    probabilities : array_like[n]
        Probability of label 1.

    Returns
    -------
    float
        Half way between the lowest probability that is called and the highest that is not; of several
        thresholds with the same coefficient the one nearest to 0.5.
    """
    label = np.asarray(labels, dtype=bool)
    probability = np.asarray(probabilities, dtype=np.float64)
    if label.all() or not label.any():
        raise ValueError("a threshold needs rows of both classes")
    ranking = Ranking(label, probability)
    sums = ranking.sums(*ranking.split(np.ones((1, len(label)))))
    called, wrongly = sums.positive_reached[0], sums.negative_reached[0]
    values = confusion_metrics(called, wrongly, called[-1] - called, sums.negatives[0] - wrongly)["mcc"]
    lowest_called = np.unique(ranking.positive_scores)[::-1]
    ascending = np.unique(probability)
    before = np.searchsorted(ascending, lowest_called) - 1
    below = np.where(before >= 0, ascending[np.maximum(before, 0)], 0.0)
    candidates = (lowest_called + below) / 2
    best = np.flatnonzero(values >= values.max() - 1e-12)
    return float(candidates[best[np.argmin(np.abs(candidates[best] - 0.5))]])
