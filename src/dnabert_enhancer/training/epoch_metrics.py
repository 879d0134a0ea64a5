"""The validation metrics of an epoch, by task: cheap ones, on probabilities before calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import areas, correlation_of_classes, mid_ranks

DEFAULT_METRIC = {"binary": "auroc", "multiclass": "mcc", "regression": "pearson"}
"""What decides which epoch is kept."""
METRICS = {
    "binary": ("auroc", "auprc", "mcc", "f1", "accuracy", "loss"),
    "multiclass": ("mcc", "macro_f1", "accuracy", "loss"),
    "regression": ("pearson", "spearman", "r2", "rmse", "loss"),
}
SCORE_ORDER = (
    *("accuracy", "mcc", "f1", "macro_f1", "auroc", "auprc"),
    *("rmse", "r2", "pearson", "spearman"),
)
"""Their order in tables."""
SMALLER_IS_BETTER = ("loss", "rmse")


def chosen_metric(task: str, name: str) -> str:
    """Return the metric that decides, the task's default for an empty name.

    Raises
    ------
    InputError
        When the task has no such metric.
    """
    if not name:
        return DEFAULT_METRIC[task]
    if name not in METRICS[task]:
        raise InputError(f"a {task} task has no metric {name!r}", remedy=f"one of {', '.join(METRICS[task])}")
    return name


def epoch_scores(outputs: NDArray[np.floating], labels: NDArray[np.generic], task: str) -> dict[str, float]:
    """Return the metrics of a task but the loss; those that are not defined are left out.

    Parameters
    ----------
    outputs : float[n, m]
        Logits by class, or the value of a regression in the units of the labels.
    labels : int[n] or float[n]
        The truth.
    task : {"binary", "multiclass", "regression"}
        What the outputs mean.

    Notes
    -----
    Binary: the decision is ``logit > 0``. Multi-class: the largest output; macro F1 is the mean over the
    classes that are among the labels or called.
    """
    values = np.nan_to_num(np.asarray(outputs, dtype=np.float64), nan=0.0, posinf=1e30, neginf=-1e30)
    if task == "regression":
        return _regression_scores(values[:, 0], labels.astype(np.float64))
    classes = values.shape[1]
    cell = labels.astype(np.int64) * classes + values.argmax(axis=1)
    confusion = np.bincount(cell, minlength=classes**2).reshape(classes, classes).astype(np.float64)
    right, labelled, called = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    correlation = correlation_of_classes(right[None], labelled[None], called[None], np.array([len(labels)]))
    scores = {"accuracy": float(right.sum() / len(labels)), "mcc": float(correlation[0])}
    f1 = 2 * right / np.maximum(labelled + called, 1)
    if task == "multiclass":
        return scores | {"macro_f1": float(f1[labelled + called > 0].mean())}
    scores["f1"] = float(f1[1])
    if labelled.all():
        scores["auroc"], scores["auprc"] = areas(labels == 1, values[:, 1] - values[:, 0])
    return scores


def _regression_scores(values: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    errors = values - labels
    scores = {"rmse": float(np.sqrt(np.mean(errors**2)))}
    if labels.std() > 0:
        scores["r2"] = float(1.0 - np.mean(errors**2) / labels.var())
        varies = values.std() > 0
        scores["pearson"] = float(np.corrcoef(values, labels)[0, 1]) if varies else 0.0
        scores["spearman"] = float(np.corrcoef(_ranks(values), _ranks(labels))[0, 1]) if varies else 0.0
    return scores


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    ranks: NDArray[np.float64] = mid_ranks(values, np.ones((1, len(values))))[0]
    return ranks
