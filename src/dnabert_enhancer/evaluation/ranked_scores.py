"""Areas under the ROC and the precision-recall curve, for many weightings of the same rows at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class RankSums(NamedTuple):
    """Weight above each distinct score of a positive; b weightings, g scores in descending order.

    Attributes
    ----------
    positive : float64[b, g]
        Weight of the positives with this score.
    positive_reached : float64[b, g]
        Weight of the positives with this score or a higher one.
    negative_above : float64[b, g]
        Weight of the negatives with a higher score.
    negative_reached : float64[b, g]
        Weight of the negatives with this score or a higher one.
    positives, negatives : float64[b]
        Total weights.
    """

    positive: NDArray[np.float64]
    positive_reached: NDArray[np.float64]
    negative_above: NDArray[np.float64]
    negative_reached: NDArray[np.float64]
    positives: NDArray[np.float64]
    negatives: NDArray[np.float64]


class Areas(NamedTuple):
    """Areas under the curves of one ranking.

    Attributes
    ----------
    auroc, average_precision : float
        See the functions of these names.
    """

    auroc: float
    average_precision: float


class Ranking:
    """Positives and negatives in descending order of their score; sorted once, used for every weighting.

    Parameters
    ----------
    positive : array_like of bool[n]
        Which rows are positives.
    scores : array_like[n]
        Higher means more likely positive; no NaN.
    """

    def __init__(self, positive: ArrayLike, scores: ArrayLike) -> None:
        is_positive = np.asarray(positive, dtype=bool)
        score = np.asarray(scores, dtype=np.float64)
        if np.isnan(score).any():
            raise ValueError("scores hold NaN")
        order = np.argsort(-score, kind="stable")
        self.positive_rows = order[is_positive[order]]
        self.negative_rows = order[~is_positive[order]]
        self.positive_scores = score[self.positive_rows]
        self.negative_scores = score[self.negative_rows]
        distinct, self._first = np.unique(-self.positive_scores, return_index=True)
        descending = -self.negative_scores
        self._above = np.searchsorted(descending, distinct, side="left")
        self._reached = np.searchsorted(descending, distinct, side="right")

    def split(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of positives and negatives, each by descending score.

        Parameters
        ----------
        weights : float64[b, n]
            One weighting a row.

        Returns
        -------
        float64[b, positives], float64[b, negatives]
        """
        return weights[:, self.positive_rows], weights[:, self.negative_rows]

    def sums(self, positive: NDArray[np.float64], negative: NDArray[np.float64]) -> RankSums:
        """Return the weight above each score, of weights as `split` returns them."""
        if positive.shape[1] in (0, len(self._first)):
            by_score = positive
        else:
            by_score = np.add.reduceat(positive, self._first, axis=1)
        running = np.zeros((len(negative), negative.shape[1] + 1))
        np.cumsum(negative, axis=1, out=running[:, 1:])
        return RankSums(
            positive=by_score,
            positive_reached=np.cumsum(by_score, axis=1),
            negative_above=running[:, self._above],
            negative_reached=running[:, self._reached],
            positives=positive.sum(axis=1),
            negatives=running[:, -1],
        )


def auroc(sums: RankSums) -> NDArray[np.float64]:
    """Return the area under the ROC curve; NaN where one class has no weight.

    Notes
    -----
    The probability that a positive scores higher than a negative, ties counted as half (Mann-Whitney):
    ``sum_g p_g (N - (a_g + r_g) / 2) / (P N)`` with p the weight of the positives, and a and r the weight of
    the negatives above and at or above score g. Weighting the negatives as a whole does not change it.
    """
    beaten = sums.negatives[:, None] - 0.5 * (sums.negative_above + sums.negative_reached)
    return _ratio(np.einsum("bg,bg->b", sums.positive, beaten), sums.positives * sums.negatives, np.nan)


def average_precision(sums: RankSums, negative_weight: float = 1.0) -> NDArray[np.float64]:
    """Return the area under the precision-recall curve as average precision; NaN without positives.

    Parameters
    ----------
    sums : RankSums
        b weightings.
    negative_weight : float
        Factor on the weight of every negative (another prevalence).

    Notes
    -----
    ``sum_g (R_g - R_(g-1)) P_g`` over descending thresholds, without interpolation, as scikit-learn's
    ``average_precision_score``.
    """
    called = sums.positive_reached + negative_weight * sums.negative_reached
    precision = _ratio(sums.positive_reached, called, 0.0)
    return _ratio(np.einsum("bg,bg->b", sums.positive, precision), sums.positives, np.nan)


def areas(positive: ArrayLike, scores: ArrayLike) -> Areas:
    """Return the areas of one ranking, each row counted once."""
    ranking = Ranking(positive, scores)
    sums = ranking.sums(*ranking.split(np.ones((1, len(np.asarray(scores))))))
    return Areas(float(auroc(sums)[0]), float(average_precision(sums)[0]))


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], undefined: float) -> NDArray[np.float64]:
    result = np.full(np.shape(above), undefined)
    np.divide(above, below, out=result, where=below > 0)
    return result
