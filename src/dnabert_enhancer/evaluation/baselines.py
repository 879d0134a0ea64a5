"""The simple methods that a model is compared with, fitted on the same training rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.kmers import kmer_counts
from dnabert_enhancer.evaluation.ridge import KmerRidge, Windows, ridge_probabilities

LOGGER = logging.getLogger(__name__)

BASELINE_K = 5
MOST_TRAINING_ROWS = 10_000
"""Rows that the methods of the original paper are fitted on at most: the time of some grows with the
square."""

_Estimator = Any  # scikit-learn ships no types


class Recipe(NamedTuple):
    """How a baseline is made: for classes and for measured values, from a seed and a number of jobs.

    A method that cannot predict measured values has no `regressor`.
    """

    summary: str
    classifier: Callable[[int, int], _Estimator]
    regressor: Callable[[int, int], _Estimator] | None


class BaselinePrediction(NamedTuple):
    """What a baseline says about the rows it has not seen.

    Attributes
    ----------
    outputs : float64[n] or float64[n, classes]
        Probability of label 1, probabilities of the classes, or predicted values.
    training_rows : int
        Rows it was fitted on.
    seconds : float
        Time for fitting and predicting.
    """

    outputs: NDArray[np.float64]
    training_rows: int
    seconds: float


def _forest(seed: int, jobs: int) -> _Estimator:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=300, n_jobs=jobs, random_state=seed)


def _forest_regressor(seed: int, jobs: int) -> _Estimator:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=300, max_features="sqrt", n_jobs=jobs, random_state=seed)


def _neighbours(_seed: int, jobs: int) -> _Estimator:
    from sklearn.neighbors import KNeighborsClassifier

    return _scaled(KNeighborsClassifier(n_neighbors=15, n_jobs=jobs))


def _neighbours_regressor(_seed: int, jobs: int) -> _Estimator:
    from sklearn.neighbors import KNeighborsRegressor

    return _scaled(KNeighborsRegressor(n_neighbors=15, n_jobs=jobs))


def _support_vectors(_seed: int, jobs: int) -> _Estimator:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    return CalibratedClassifierCV(_scaled(SVC()), method="sigmoid", cv=3, ensemble=False, n_jobs=jobs)


def _support_vectors_regressor(_seed: int, _jobs: int) -> _Estimator:
    from sklearn.svm import SVR

    return _scaled(SVR())


def _bayes(_seed: int, _jobs: int) -> _Estimator:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def _boosting(seed: int, _jobs: int) -> _Estimator:
    from sklearn.ensemble import AdaBoostClassifier

    return AdaBoostClassifier(n_estimators=100, random_state=seed)


def _boosting_regressor(seed: int, _jobs: int) -> _Estimator:
    from sklearn.ensemble import AdaBoostRegressor

    return AdaBoostRegressor(n_estimators=100, random_state=seed)


def _perceptron(seed: int, _jobs: int) -> _Estimator:
    from sklearn.neural_network import MLPClassifier

    return _scaled(MLPClassifier(hidden_layer_sizes=(100,), early_stopping=True, random_state=seed))


def _perceptron_regressor(seed: int, _jobs: int) -> _Estimator:
    from sklearn.neural_network import MLPRegressor

    return _scaled(MLPRegressor(hidden_layer_sizes=(100,), early_stopping=True, random_state=seed))


PAPER_BASELINES: dict[str, Recipe] = {
    "RF": Recipe("random forest of 300 trees", _forest, _forest_regressor),
    "KNN": Recipe("15 nearest neighbours", _neighbours, _neighbours_regressor),
    "SVC": Recipe(
        "support vectors, radial kernel, Platt's sigmoid", _support_vectors, _support_vectors_regressor
    ),
    "GNB": Recipe("Gaussian naive Bayes", _bayes, None),
    "AdaBoost": Recipe("100 boosted stumps", _boosting, _boosting_regressor),
    "MLP": Recipe("perceptron with 100 hidden units", _perceptron, _perceptron_regressor),
}
RIDGE_NAME = "6-mer ridge"
BASELINES = (RIDGE_NAME, *PAPER_BASELINES)
"""Names of all baselines, in the order of tables."""


def predict_baseline(
    name: str,
    train: Windows,
    train_labels: ArrayLike,
    windows: Windows,
    *,
    task: str = "binary",
    classes: int = 2,
    seed: int = 0,
    jobs: int = 1,
) -> BaselinePrediction | None:
    """Fit a baseline and predict with it.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    train, train_labels : windows and array_like[m]
        Base codes (``uint8[m, length]`` or a list of arrays) and labels to fit on.
    windows : windows
        Base codes to predict.
    task : {"binary", "multiclass", "regression"}
        What the labels are.
    classes : int
        Number of classes.
    seed : int
        Seed of the methods that draw, and of the training sample.
    jobs : int
        Processors to use at most.

    Returns
    -------
    BaselinePrediction or None
        None where the method does not exist for the task.

    Raises
    ------
    InputError
        When the training labels of a classifier are all the same.

    Notes
    -----
    Features of the paper's methods: counts of canonical 5-mers as ``log(1 + count)``, standardised for KNN,
    SVC and MLP; at most 10,000 training rows, a stratified sample, since the time of some grows with the
    square of the rows. The ridge takes all rows; its scores are cut to 0..1 (and scaled to sum 1 with several
    classes).
    """
    started = time.monotonic()
    labels = np.asarray(train_labels)
    if task != "regression" and len(np.unique(labels)) < 2:
        raise InputError(
            f"all {len(labels)} training labels are the same; the baselines need both classes",
            remedy="give a training split with both, or leave --baselines out",
        )
    if name == RIDGE_NAME:
        outputs = _ridge(train, labels, windows, task, classes, seed)
        return BaselinePrediction(outputs, len(labels), time.monotonic() - started)
    make = PAPER_BASELINES[name].regressor if task == "regression" else PAPER_BASELINES[name].classifier
    if make is None:
        return None
    rows = _sample(labels, task, seed)
    estimator = make(seed, jobs)
    estimator.fit(_dense(_rows_of(train, rows)), labels[rows])
    features = _dense(windows)
    if task == "regression":
        outputs = np.asarray(estimator.predict(features), dtype=np.float64)
    else:
        given = np.asarray(estimator.predict_proba(features), dtype=np.float64)
        outputs = np.zeros((len(given), classes))
        outputs[:, np.asarray(estimator.classes_, dtype=np.int64)] = given
        if task == "binary":
            outputs = outputs[:, 1]
    seconds = time.monotonic() - started
    LOGGER.debug("%s fitted on %d rows in %.1f s", name, len(rows), seconds)
    return BaselinePrediction(outputs, len(rows), seconds)


def _ridge(
    train: Windows, labels: NDArray[Any], windows: Windows, task: str, classes: int, seed: int
) -> NDArray[np.float64]:
    if task == "binary":
        return ridge_probabilities(train, labels, windows, seed)
    if task == "regression":
        return KmerRidge().fit(train, labels).predict(windows)
    scores = KmerRidge().fit(train, np.eye(classes)[labels]).probability(windows) + 1e-9
    shares: NDArray[np.float64] = scores / scores.sum(axis=1, keepdims=True)
    return shares


def _sample(labels: NDArray[Any], task: str, seed: int) -> NDArray[np.int64]:
    """Return at most `MOST_TRAINING_ROWS` rows, every class with its share, in their order."""
    if len(labels) <= MOST_TRAINING_ROWS:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    group = np.zeros(len(labels), dtype=np.int64) if task == "regression" else labels
    chosen = []
    for value in np.unique(group):
        rows = np.flatnonzero(group == value)
        share = max(1, round(len(rows) * MOST_TRAINING_ROWS / len(labels)))
        chosen.append(rng.choice(rows, share, replace=False))
    return np.sort(np.concatenate(chosen))


def _rows_of(windows: Windows, rows: NDArray[np.int64]) -> Windows:
    """Return some of the windows, as an array where they are one."""
    return windows[rows] if isinstance(windows, np.ndarray) else [windows[row] for row in rows]


def _dense(windows: Windows) -> NDArray[np.float32]:
    counts: NDArray[np.float32] = np.log1p(kmer_counts(windows, BASELINE_K).toarray())
    return counts


def _scaled(estimator: _Estimator) -> _Estimator:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)
