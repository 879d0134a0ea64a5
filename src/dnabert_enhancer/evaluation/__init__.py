"""Metrics with confidence intervals, calibration, and the baselines a model has to beat."""

from __future__ import annotations

from dnabert_enhancer.evaluation.baselines import BASELINES, RIDGE_NAME, predict_baseline
from dnabert_enhancer.evaluation.binary import (
    BINARY_METRICS,
    PREVALENCES,
    BinaryMetrics,
    binary_metrics,
    threshold_of_best_mcc,
)
from dnabert_enhancer.evaluation.bins import (
    CALIBRATION_BINS,
    Reliability,
    expected_calibration_error,
    reliability,
)
from dnabert_enhancer.evaluation.calibration_fit import CalibrationReport, fit_calibration
from dnabert_enhancer.evaluation.calibration_rows import CalibrationRows, calibration_rows, few_rows
from dnabert_enhancer.evaluation.curves import Curve, precision_recall_curve, roc_curve
from dnabert_enhancer.evaluation.duplicates import known_rows, read_sequences
from dnabert_enhancer.evaluation.judged_rows import JudgedRows, judged_rows
from dnabert_enhancer.evaluation.judgement import (
    Judgement,
    judge,
    judged_scores,
    rounded,
    split_metrics,
)
from dnabert_enhancer.evaluation.kmers import kmer_counts
from dnabert_enhancer.evaluation.lengths import other_lengths
from dnabert_enhancer.evaluation.many_tests import false_discovery_rates, hypergeometric_tail
from dnabert_enhancer.evaluation.method_comparison import (
    ALL_ROWS_SUBSET,
    Method,
    Result,
    Subset,
    check_rows,
    evaluate_methods,
)
from dnabert_enhancer.evaluation.metric_plots import (
    PLOTS,
    Line,
    calibration_figure,
    draw_plot,
    drawing,
    figure_bytes,
    interval_text,
    new_figure,
    write_figure,
)
from dnabert_enhancer.evaluation.metric_set import (
    AS_GIVEN,
    DEFINITIONS,
    Comparison,
    Definition,
    Difference,
    Estimate,
    MetricKey,
    MetricSet,
    estimate,
    paired_estimates,
)
from dnabert_enhancer.evaluation.metric_tables import (
    differences_frame,
    frame_lines,
    metric_names,
    metrics_frame,
    prediction_lines,
    predictions_frame,
    results_json,
    table_lines,
)
from dnabert_enhancer.evaluation.multiclass import (
    MULTICLASS_METRICS,
    MulticlassMetrics,
    correlation_of_classes,
)
from dnabert_enhancer.evaluation.predictors import (
    Labelled,
    ModelScores,
    baseline_method,
    check_same_labels,
    judged_windows,
    mean_method,
    model_method,
    model_scores,
)
from dnabert_enhancer.evaluation.ranked_scores import Areas, areas
from dnabert_enhancer.evaluation.regression import REGRESSION_METRICS, RegressionMetrics, mid_ranks
from dnabert_enhancer.evaluation.ridge import KmerRidge
from dnabert_enhancer.evaluation.settings import (
    BASELINE_OPTIONS,
    CROPS,
    DEFAULT_THRESHOLDS,
    STRATA,
    CalibrationSettings,
    EvaluationSettings,
)
from dnabert_enhancer.evaluation.strata import Stratum, judge_strata, strata_frame, strata_of
from dnabert_enhancer.evaluation.strata_plot import strata_figure

__all__ = [
    "ALL_ROWS_SUBSET",
    "AS_GIVEN",
    "BASELINES",
    "BASELINE_OPTIONS",
    "BINARY_METRICS",
    "CALIBRATION_BINS",
    "CROPS",
    "DEFAULT_THRESHOLDS",
    "DEFINITIONS",
    "MULTICLASS_METRICS",
    "PLOTS",
    "PREVALENCES",
    "REGRESSION_METRICS",
    "RIDGE_NAME",
    "STRATA",
    "Areas",
    "BinaryMetrics",
    "CalibrationReport",
    "CalibrationRows",
    "CalibrationSettings",
    "Comparison",
    "Curve",
    "Definition",
    "Difference",
    "Estimate",
    "EvaluationSettings",
    "JudgedRows",
    "Judgement",
    "KmerRidge",
    "Labelled",
    "Line",
    "Method",
    "MetricKey",
    "MetricSet",
    "ModelScores",
    "MulticlassMetrics",
    "RegressionMetrics",
    "Reliability",
    "Result",
    "Stratum",
    "Subset",
    "areas",
    "baseline_method",
    "binary_metrics",
    "calibration_figure",
    "calibration_rows",
    "check_rows",
    "check_same_labels",
    "correlation_of_classes",
    "differences_frame",
    "draw_plot",
    "drawing",
    "estimate",
    "evaluate_methods",
    "expected_calibration_error",
    "false_discovery_rates",
    "few_rows",
    "figure_bytes",
    "fit_calibration",
    "frame_lines",
    "hypergeometric_tail",
    "interval_text",
    "judge",
    "judge_strata",
    "judged_rows",
    "judged_scores",
    "judged_windows",
    "kmer_counts",
    "known_rows",
    "mean_method",
    "metric_names",
    "metrics_frame",
    "mid_ranks",
    "model_method",
    "model_scores",
    "new_figure",
    "other_lengths",
    "paired_estimates",
    "precision_recall_curve",
    "predict_baseline",
    "prediction_lines",
    "predictions_frame",
    "read_sequences",
    "reliability",
    "results_json",
    "roc_curve",
    "rounded",
    "split_metrics",
    "strata_figure",
    "strata_frame",
    "strata_of",
    "table_lines",
    "threshold_of_best_mcc",
    "write_figure",
]
