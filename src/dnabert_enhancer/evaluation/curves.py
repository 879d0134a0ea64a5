"""ROC and precision-recall curves as points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Curve(NamedTuple):
    """A curve through points, one for each threshold, from the highest threshold to the lowest.

    Attributes
    ----------
    x, y : float64[m]
        False positive rate and recall for a ROC curve; recall and precision for a precision-recall curve.
    threshold : float64[m]
        The score at and above which rows are called; infinity for the first point, where nothing is called.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    threshold: NDArray[np.float64]


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> Curve:
    """Return false positive rate and recall at every distinct score, from (0, 0) to (1, 1).

    Parameters
    ----------
    labels : array_like[n]
        0 and 1, both present.
    scores : array_like[n]
        Higher means more likely positive.
    """
    called, wrongly, threshold = _counts(labels, scores)
    return Curve(wrongly / wrongly[-1], called / called[-1], threshold)


def precision_recall_curve(labels: ArrayLike, scores: ArrayLike, negative_weight: float = 1.0) -> Curve:
    """Return recall and precision at every distinct score; the first point has recall 0 and precision 1.

    Parameters
    ----------
    labels : array_like[n]
        0 and 1, with at least one 1.
    scores : array_like[n]
        Higher means more likely positive.
    negative_weight : float
        Weight of every negative, for another prevalence.
    """
    called, wrongly, threshold = _counts(labels, scores)
    wrongly *= negative_weight
    precision = np.ones(len(called))
    np.divide(called, called + wrongly, out=precision, where=called + wrongly > 0)
    return Curve(called / called[-1], precision, threshold)


def thinned(curve: Curve, points: int = 1000) -> Curve:
    """Return a curve with at most so many points, evenly spaced along it; both ends stay.

    Notes
    -----
    Length along the curve is measured in the unit square, so that steep parts keep their points.
    """
    if len(curve.x) <= points:
        return curve
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y)))])
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], points - 1)))
    kept = np.union1d(np.minimum(kept, len(length) - 1), [0, len(length) - 1])
    return Curve(curve.x[kept], curve.y[kept], curve.threshold[kept])


def _counts(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    label = np.asarray(labels, dtype=np.float64)
    score = np.asarray(scores, dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    called = np.concatenate([[0.0], np.cumsum(label[order])[last]])
    wrongly = np.concatenate([[0.0], np.cumsum(1 - label[order])[last]])
    return called, wrongly, np.concatenate([[np.inf], score[order][last]])
