"""What each metric is called and how it is computed, as tables and files show it."""

from __future__ import annotations

from typing import NamedTuple

from dnabert_enhancer.evaluation.bins import CALIBRATION_BINS


class Definition(NamedTuple):
    """The title of a metric's column and its formula."""

    title: str
    formula: str


DEFINITIONS: dict[str, Definition] = {
    "accuracy": Definition("accuracy", "share of rows whose called class is their label"),
    "precision": Definition("precision", "TP / (TP + FP); 0 when nothing is called"),
    "recall": Definition("recall", "TP / (TP + FN)"),
    "specificity": Definition("specificity", "TN / (TN + FP)"),
    "f1": Definition("F1", "2 TP / (2 TP + FP + FN)"),
    "mcc": Definition("MCC", "Matthews correlation coefficient; 0 when one class only is called"),
    "auroc": Definition("AUROC", "area under the ROC curve, ties counted as half"),
    "auprc": Definition("AUPRC", "average precision, sum of (R_i - R_(i-1)) P_i"),
    "brier": Definition("Brier", "mean (probability - label)^2"),
    "ece": Definition(
        "ECE",
        f"sum of share of rows x |observed - mean probability| over {CALIBRATION_BINS} equal-width bins",
    ),
    "macro_precision": Definition("macro precision", "mean precision of the classes that occur"),
    "macro_recall": Definition("macro recall", "mean recall of the classes that occur"),
    "macro_f1": Definition("macro F1", "mean F1 of the classes that occur"),
    "macro_auroc": Definition("macro AUROC", "mean one-against-rest AUROC of the classes that occur"),
    "pearson": Definition("Pearson r", "Pearson correlation of measured and predicted values"),
    "spearman": Definition("Spearman rho", "Pearson correlation of their mid-ranks"),
    "rmse": Definition("RMSE", "sqrt(mean (measured - predicted)^2)"),
    "r2": Definition("R2", "1 - sum (measured - predicted)^2 / sum (measured - mean)^2"),
}
