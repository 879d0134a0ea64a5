"""The validation metrics of an epoch, by task: cheap ones, on probabilities before calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

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
    Binary: the decision is ``logit > 0``. Multi-class: the largest output. Average precision is
    scikit-learn's.
    """
    values = np.nan_to_num(np.asarray(outputs, dtype=np.float64), nan=0.0, posinf=1e30, neginf=-1e30)
    if task == "regression":
        return _regression_scores(values[:, 0], labels.astype(np.float64))
    from sklearn import metrics

    predicted = values.argmax(axis=1)
    scores = {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "mcc": float(metrics.matthews_corrcoef(labels, predicted)),
    }
    if task == "multiclass":
        return scores | {
            "macro_f1": float(metrics.f1_score(labels, predicted, average="macro", zero_division=0.0))
        }
    scores["f1"] = float(metrics.f1_score(labels, predicted, zero_division=0.0))
    if len(np.unique(labels)) == 2:
        logit = values[:, 1] - values[:, 0]
        scores["auroc"] = float(metrics.roc_auc_score(labels, logit))
        scores["auprc"] = float(metrics.average_precision_score(labels, logit))
    return scores


def _regression_scores(values: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    from scipy import stats

    errors = values - labels
    scores = {"rmse": float(np.sqrt(np.mean(errors**2)))}
    if labels.std() > 0:
        scores["r2"] = float(1.0 - np.mean(errors**2) / labels.var())
        varies = values.std() > 0
        scores["pearson"] = float(np.corrcoef(values, labels)[0, 1]) if varies else 0.0
        scores["spearman"] = float(stats.spearmanr(values, labels).statistic) if varies else 0.0
    return scores
