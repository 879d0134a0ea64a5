"""The k-mer ridge: the simple model that every enhancer model has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.evaluation.kmers import kmer_counts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Windows = NDArray[np.uint8] | Sequence[NDArray[np.uint8]]
"""Base codes, uint8[n, length], or a sequence of n arrays of differing length."""
DEFAULT_PENALTY = 3.0
SIGMOID_FOLDS = 3
_ROWS_AT_ONCE = 16_384
_TOLERANCE = 1e-6


@dataclass
class KmerRidge:
    """Ridge regression on log counts of k-mers, both strands counted together.

    Parameters
    ----------
    k : int
        Length of the k-mers.
    penalty : float
        Weight of the squared coefficients in the loss.

    Notes
    -----
    Features: ``x_j = log(1 + count_j)``, each row divided by its Euclidean length, so that windows of
    different lengths are comparable. Loss: ``sum_i (y_i - b - w.x_i)^2 + penalty * |w|^2``, with labels 0 and
    1 as they are, so a score estimates the probability of label 1 at the class balance of the training data;
    it may leave 0..1. Both the strand rule and the penalty are the better ones on the development parts of
    the GUE transcription-factor sets and of two enhancer benchmarks; the optimum is flat between penalties of
    1 and 10.
    """

    k: int = 6
    penalty: float = DEFAULT_PENALTY
    _weights: NDArray[np.float64] | None = field(default=None, init=False, repr=False)
    _intercept: NDArray[np.float64] | float = field(default=0.0, init=False, repr=False)

    def fit(self, codes: Windows, labels: ArrayLike) -> Self:
        """Fit the weights.

        Parameters
        ----------
        codes : uint8[n, length], or a sequence of n arrays
            Base codes of the windows.
        labels : array_like[n] or [n, targets]
            0 and 1, or measured values, or one column a target.

        Returns
        -------
        KmerRidge
            Itself.
        """
        return self._fit(self._features(codes), np.asarray(labels, dtype=np.float64))

    def _fit(self, features: csr_matrix, target: NDArray[np.float64]) -> Self:
        from sklearn.linear_model import Ridge

        solver = Ridge(alpha=self.penalty, solver="sparse_cg", tol=_TOLERANCE).fit(features, target)
        self._weights = np.asarray(solver.coef_, dtype=np.float64)
        self._intercept = solver.intercept_
        return self

    def predict(self, codes: Windows) -> NDArray[np.float64]:
        """Return the scores of windows.

        Parameters
        ----------
        codes : uint8[n, length], or a sequence of n arrays
            Base codes of the windows; views of a contig are read block by block.

        Returns
        -------
        float64[n] or float64[n, targets]
            The regression values; a window without a known k-mer gets the intercept.
        """
        if self._weights is None:
            raise RuntimeError("KmerRidge.predict before KmerRidge.fit")
        parts = [
            self._scores(self._features(codes[first : first + _ROWS_AT_ONCE]))
            for first in range(0, len(codes), _ROWS_AT_ONCE)
        ]
        shape = (0, *self._weights.shape[:-1])
        return np.concatenate(parts) if parts else np.zeros(shape)

    def _scores(self, features: csr_matrix) -> NDArray[np.float64]:
        assert self._weights is not None
        scores: NDArray[np.float64] = features @ self._weights.T + self._intercept
        return scores

    def probability(self, codes: Windows) -> NDArray[np.float64]:
        """Return the scores cut to 0..1; `predict` ranks better, since it has no ties at the ends."""
        return np.clip(self.predict(codes), 0.0, 1.0)

    def _features(self, codes: Windows) -> csr_matrix:
        return log_unit_rows(kmer_counts(codes, self.k))


def ridge_probabilities(
    train: Windows, labels: ArrayLike, windows: Windows, seed: int = 0
) -> NDArray[np.float64]:
    """Fit a 6-mer ridge on two classes and return calibrated probabilities.

    Parameters
    ----------
    train, labels : windows and array_like[m]
        What to fit on; labels 0 and 1.
    windows : windows
        What to score.
    seed : int
        Seed of the folds.

    Returns
    -------
    float64[n]
        The ridge's scores through Platt's sigmoid, which is fitted to the scores of held-out training rows in
        three folds; it keeps their order. With too few rows for folds, or where the held-out scores do not
        rise with the label, the scores cut to 0..1.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    label = np.asarray(labels, dtype=np.float64)
    ridge = KmerRidge()
    features = ridge._features(train)
    scores = ridge._fit(features, label).predict(windows)
    folds = min(SIGMOID_FOLDS, int(np.unique(label, return_counts=True)[1].min()))
    if folds < 2:
        return np.clip(scores, 0.0, 1.0)
    held_out = np.empty(len(label))
    for inside, outside in StratifiedKFold(folds, shuffle=True, random_state=seed).split(label, label):
        held_out[outside] = KmerRidge()._fit(features[inside], label[inside])._scores(features[outside])
    sigmoid = LogisticRegression(C=1e6).fit(held_out[:, None], label)
    if sigmoid.coef_[0, 0] <= 0:
        return np.clip(scores, 0.0, 1.0)
    probability: NDArray[np.float64] = sigmoid.predict_proba(scores[:, None])[:, 1]
    return probability


def log_unit_rows(counts: Any) -> csr_matrix:  # a scipy matrix: the library ships no types
    """Return ``log(1 + count)`` with every row scaled to Euclidean length 1; empty rows stay empty.

    Parameters
    ----------
    counts : scipy.sparse.csr_matrix, float[n, columns]
        Counts of k-mers.

    Returns
    -------
    scipy.sparse.csr_matrix, float64[n, columns]
        A new matrix.
    """
    from scipy.sparse import csr_matrix

    values = np.log1p(counts.data.astype(np.float64))
    entries = np.diff(counts.indptr)
    rows = np.repeat(np.arange(len(entries)), entries)
    length = np.sqrt(np.bincount(rows, weights=values**2, minlength=len(entries)))
    return csr_matrix((values / length[rows], counts.indices, counts.indptr), shape=counts.shape)
