"""Which pictures an evaluation gives: drawn from its results, by the kind of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation.binary import binary_metrics
from dnabert_enhancer.evaluation.method_comparison import ALL_ROWS_SUBSET, Result
from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, Estimate, MetricKey
from dnabert_enhancer.evaluation.plots import (
    Line,
    calibration_figure,
    precision_recall_figure,
    roc_figure,
    scatter_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = {
    "binary": ("roc", "pr", "calibration"),
    "multiclass": ("roc", "pr", "calibration"),
    "regression": ("scatter",),
}
"""The names of the pictures by the kind of labels."""


def draw_pictures(
    results: Sequence[Result], labels: NDArray[Any], task: str, label_names: Sequence[str]
) -> dict[str, Figure]:
    """Draw the pictures of one subset.

    Parameters
    ----------
    results : sequence of Result
        Of one subset, one entry a method.
    labels : int[n] or float[n]
        Labels of all rows.
    task : {"binary", "multiclass", "regression"}
        What the labels are. With several classes, ROC and precision-recall curves show each class of the
        first method against the rest, and the calibration curve the probability of the called class of each
        method.
    label_names : sequence of str
        Names of the classes.

    Returns
    -------
    dict of str to Figure
        By the names of `PICTURES`; to be called inside `figures.drawing`.
    """
    rows = results[0].subset.rows
    inside = labels[rows]
    where = "" if results[0].subset.name == ALL_ROWS_SUBSET else f", {results[0].subset.name}"
    models = [result.method.kind == "model" for result in results]
    if not any(models):
        models[0] = True
    if task == "regression":
        return {"scatter": _scatter(results[0], inside, f"{len(inside):,} sequences{where}")}
    if task == "binary":
        title = f"{int(inside.sum()):,} positives, {int((1 - inside).sum()):,} negatives{where}"
        by_class = called = [
            _binary_line(result, inside, strong) for result, strong in zip(results, models, strict=True)
        ]
    else:
        title = f"{len(inside):,} sequences{where}"
        by_class = _class_lines(results[0], inside, label_names)
        called = [
            _called_line(result, inside, strong) for result, strong in zip(results, models, strict=True)
        ]
    return {
        "roc": roc_figure(by_class, title),
        "pr": precision_recall_figure(by_class, title),
        "calibration": calibration_figure(called, title),
    }


def _binary_line(result: Result, labels: NDArray[np.int64], strong: bool) -> Line:
    captions = {
        picture: interval_text(result.estimates[MetricKey(AS_GIVEN, metric)])
        for picture, metric in (("roc", "auroc"), ("pr", "auprc"), ("calibration", "ece"))
    }
    scores = np.asarray(result.method.outputs, dtype=np.float64)[result.subset.rows]
    return Line(result.method.name, labels, scores, strong, captions)


def _class_lines(result: Result, labels: NDArray[np.int64], label_names: Sequence[str]) -> list[Line]:
    scores = np.asarray(result.method.outputs, dtype=np.float64)[result.subset.rows]
    lines = []
    for group in np.unique(labels):
        own = (labels == group).astype(np.int64)
        values = binary_metrics(own, scores[:, group])
        captions = {"roc": f"{values['auroc']:.3f}", "pr": f"{values['auprc']:.3f}"}
        name = f"{label_names[group]} ({result.method.name})"
        lines.append(Line(name, own, scores[:, group], True, captions))
    return lines


def _called_line(result: Result, labels: NDArray[np.int64], strong: bool) -> Line:
    scores = np.asarray(result.method.outputs, dtype=np.float64)[result.subset.rows]
    right = (scores.argmax(axis=1) == labels).astype(np.int64)
    caption = {"calibration": interval_text(result.estimates[MetricKey(AS_GIVEN, "ece")])}
    return Line(result.method.name, right, scores.max(axis=1), strong, caption)


def _scatter(result: Result, labels: NDArray[np.float64], title: str) -> Figure:
    predicted = np.asarray(result.method.outputs, dtype=np.float64)[result.subset.rows]
    caption = "\n".join(
        [result.method.name]
        + [
            f"{name} {interval_text(result.estimates[MetricKey(AS_GIVEN, metric)])}"
            for name, metric in (("Pearson r", "pearson"), ("Spearman rho", "spearman"))
        ]
    )
    return scatter_figure(labels, predicted, title, caption)


def interval_text(estimate: Estimate, digits: int = 3) -> str:
    """Return an estimate as text: ``0.842 (0.821-0.860)``, without limits where there are none."""
    value = f"{estimate.value:.{digits}f}"
    if np.isnan(estimate.low):
        return value
    return f"{value} ({estimate.low:.{digits}f}–{estimate.high:.{digits}f})"
