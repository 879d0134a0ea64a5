"""Metrics of a prediction with several classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.evaluation.bins import CALIBRATION_BINS, bin_of
from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, MetricKey, checked
from dnabert_enhancer.evaluation.ranked_scores import Ranking, auroc

MULTICLASS_METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc", "macro_auroc", "ece")


class MulticlassMetrics:
    """All metrics of one prediction with several classes.

    Parameters
    ----------
    labels : array_like[n]
        Class of each row, from 0.
    probabilities : array_like[n, classes]
        Probability of each class; the called class is the one with the highest, the first of equals.

    Notes
    -----
    Macro averages are over the classes that occur in the labels, each class against the rest; precision,
    recall and F1 are 0 where their denominator is 0. MCC is the multi-class coefficient R_K (Gorodkin 2004),
    0 where its denominator is 0. ECE: gap between the probability of the called class and how often it is
    right, over 15 equal-width bins (Guo et al. 2017).
    """

    def __init__(self, labels: ArrayLike, probabilities: ArrayLike) -> None:
        from scipy.sparse import csr_matrix

        label = checked(labels, "labels").astype(np.int64)
        probability = checked(probabilities, "probabilities", length=len(label), columns=2)
        self._classes = probability.shape[1]
        if label.min() < 0 or label.max() >= self._classes:
            raise ValueError(f"labels must be 0 to {self._classes - 1}")
        self.strata: NDArray[np.int64] = label
        self._occurring = np.unique(label)
        called = probability.argmax(axis=1)
        rows = np.arange(len(label) + 1)
        cell = label * self._classes + called
        self._cell = csr_matrix((np.ones(len(label)), cell, rows), shape=(len(label), self._classes**2))
        self._rankings = [Ranking(label == group, probability[:, group]) for group in self._occurring]
        confidence = probability.max(axis=1)
        self._gap = ((called == label) - confidence)[:, None] * np.eye(CALIBRATION_BINS)[bin_of(confidence)]

    def evaluate(self, weights: NDArray[np.float64]) -> dict[MetricKey, NDArray[np.float64]]:
        """Return every metric for b weightings of the rows; see `metric_set.MetricSet`."""
        total = weights.sum(axis=1)
        confusion = (weights @ self._cell).reshape(len(weights), self._classes, self._classes)
        right = np.einsum("bcc->bc", confusion)
        labelled, called = confusion.sum(axis=2), confusion.sum(axis=1)
        values = {
            "accuracy": right.sum(axis=1) / total,
            "macro_precision": self._macro(right, called),
            "macro_recall": self._macro(right, labelled),
            "macro_f1": self._macro(2 * right, labelled + called),
            "mcc": correlation_of_classes(right, labelled, called, total),
            "macro_auroc": np.mean([self._area(ranking, weights) for ranking in self._rankings], axis=0),
            "ece": np.abs(weights @ self._gap).sum(axis=1) / total,
        }
        return {MetricKey(AS_GIVEN, name): values[name] for name in MULTICLASS_METRICS}

    def _macro(self, above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
        part = np.zeros(above.shape)
        np.divide(above, below, out=part, where=below > 0)
        mean: NDArray[np.float64] = part[:, self._occurring].mean(axis=1)
        return mean

    @staticmethod
    def _area(ranking: Ranking, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return auroc(ranking.sums(*ranking.split(weights)))


def correlation_of_classes(
    right: NDArray[np.float64],
    labelled: NDArray[np.float64],
    called: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return R_K = (c s - sum t p) / sqrt((s^2 - sum p^2)(s^2 - sum t^2)), t labelled and p called."""
    above = right.sum(axis=1) * total - (labelled * called).sum(axis=1)
    below = np.sqrt(total**2 - (called**2).sum(axis=1)) * np.sqrt(total**2 - (labelled**2).sum(axis=1))
    result = np.zeros(len(total))
    np.divide(above, below, out=result, where=below > 0)
    return result
