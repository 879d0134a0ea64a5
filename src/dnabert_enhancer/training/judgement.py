"""Calibration, thresholds and metrics of a trained model, from its outputs on the validation split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import (
    BinaryMetrics,
    CalibrationReport,
    MetricSet,
    MulticlassMetrics,
    RegressionMetrics,
    fit_calibration,
    threshold_of_best_mcc,
)
from dnabert_enhancer.model import Calibration, Threshold

HALF = 0.5


class Judgement(NamedTuple):
    """Calibration and thresholds of a trained model, from the validation split.

    Attributes
    ----------
    calibration : Calibration
        From logits to probabilities.
    report : CalibrationReport or None
        ECE and log loss before and after; None for a regression or where no calibration could be fitted.
    thresholds : dict of str to Threshold
        ``default`` and ``max-mcc``; empty but for a binary task.
    """

    calibration: Calibration
    report: CalibrationReport | None
    thresholds: dict[str, Threshold]

    def summary(self) -> str:
        """Return a line for the log."""
        if self.report is None:
            return "no calibration"
        line = (
            f"calibration: {self.report.kind}, ECE {self.report.ece_before:.4f} before, "
            f"{self.report.ece_after:.4f} after (held-out folds of the validation split)"
        )
        if "default" not in self.thresholds:
            return line
        default = self.thresholds["default"]
        return f"{line}; threshold {default.value:.4g}: {default.source}"


def judge(outputs: NDArray[np.floating], labels: NDArray[Any], task: str, threshold: str) -> Judgement:
    """Fit calibration and thresholds on the validation split.

    Parameters
    ----------
    outputs : float[n, m]
        The model's outputs, averaged over the strands.
    labels : int64[n] or float[n]
        The truth.
    task : {"binary", "multiclass", "regression"}
        What the outputs mean.
    threshold : {"0.5", "max-mcc"}
        Which becomes the default.

    Notes
    -----
    A binary model all whose calibrated validation probabilities lie on one side of 0.5 (a rare class)
    would call all or nothing: its default is the threshold of the best MCC whatever was asked, and its
    source says so.
    """
    if task == "regression" or len(np.unique(labels)) < 2:
        return Judgement(Calibration(), None, {})
    if task == "multiclass":
        calibration, report = fit_calibration(outputs, labels)
        return Judgement(calibration, report, {})
    logits = outputs[:, 1] - outputs[:, 0]
    calibration, report = fit_calibration(logits, labels)
    probability = calibration.apply(logits).astype(np.float64)
    best = Threshold(
        float(np.clip(threshold_of_best_mcc(labels, probability), 0.0, 1.0)),
        f"largest MCC on the {len(labels)} validation sequences",
    )
    half = Threshold(HALF, "one half of the calibrated probability")
    default = half if threshold == "0.5" else best
    if threshold == "0.5" and len(np.unique(probability >= HALF)) == 1:
        default = Threshold(
            best.value, f"{best.source}, since no calibrated probability is on the other side of 0.5"
        )
    return Judgement(calibration, report, {"default": default, "max-mcc": best})


def split_metrics(
    outputs: NDArray[np.floating], labels: NDArray[Any], task: str, judgement: Judgement
) -> dict[str, float]:
    """Return the metrics of a split with calibrated probabilities, a binary one's at the model's threshold.

    Notes
    -----
    Those of the command evaluate; what is not defined (such as AUROC of one class) is left out.
    """
    metric_set: MetricSet
    if task == "regression":
        metric_set = RegressionMetrics(labels, outputs[:, 0].astype(np.float64))
    elif task == "multiclass":
        metric_set = MulticlassMetrics(
            labels, judgement.calibration.apply_classes(outputs).astype(np.float64)
        )
    else:
        probability = judgement.calibration.apply(outputs[:, 1] - outputs[:, 0]).astype(np.float64)
        threshold = judgement.thresholds["default"].value if judgement.thresholds else HALF
        metric_set = BinaryMetrics(labels, probability, threshold, {})
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = metric_set.evaluate(np.ones((1, len(labels))))
    values = {key.metric: float(value[0]) for key, value in scores.items()}
    return {"n": len(labels), **{name: value for name, value in values.items() if np.isfinite(value)}}


def rounded(values: Mapping[str, Any], digits: int = 6) -> dict[str, Any]:  # JSON values
    """Return JSON values with floats of so many significant digits, NaN as None, at any depth."""
    return {name: _round(value, digits) for name, value in values.items()}


def _round(value: Any, digits: int) -> Any:  # any JSON value
    if isinstance(value, Mapping):
        return rounded(value, digits)
    if isinstance(value, (list, tuple)):
        return [_round(item, digits) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{digits}g}") if np.isfinite(value) else None
    return value
