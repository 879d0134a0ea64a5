"""Metrics with confidence intervals, calibration, and the baselines a model has to beat."""

from __future__ import annotations

from dnabert_enhancer.evaluation.binary import BINARY_METRICS, PREVALENCES, BinaryPanel, binary_metrics
from dnabert_enhancer.evaluation.bins import (
    CALIBRATION_BINS,
    Reliability,
    expected_calibration_error,
    reliability,
)
from dnabert_enhancer.evaluation.calibration import CalibrationReport, fit_calibration
from dnabert_enhancer.evaluation.kmers import kmer_counts
from dnabert_enhancer.evaluation.multiclass import MULTICLASS_METRICS, MulticlassPanel
from dnabert_enhancer.evaluation.panel import (
    AS_GIVEN,
    Comparison,
    Estimate,
    MetricKey,
    Panel,
    compare,
    estimate,
)
from dnabert_enhancer.evaluation.regression import REGRESSION_METRICS, RegressionPanel
from dnabert_enhancer.evaluation.ridge import KmerRidge
from dnabert_enhancer.evaluation.thresholds import threshold_of_best_mcc

__all__ = [
    "AS_GIVEN",
    "BINARY_METRICS",
    "CALIBRATION_BINS",
    "MULTICLASS_METRICS",
    "PREVALENCES",
    "REGRESSION_METRICS",
    "BinaryPanel",
    "CalibrationReport",
    "Comparison",
    "Estimate",
    "KmerRidge",
    "MetricKey",
    "MulticlassPanel",
    "Panel",
    "RegressionPanel",
    "Reliability",
    "binary_metrics",
    "compare",
    "estimate",
    "expected_calibration_error",
    "fit_calibration",
    "kmer_counts",
    "reliability",
    "threshold_of_best_mcc",
]
