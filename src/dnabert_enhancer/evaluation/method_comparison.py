"""Several methods judged on the same rows, on all of them and on subsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.binary import BinaryMetrics
from dnabert_enhancer.evaluation.metric_set import (
    DEFAULT_RESAMPLES,
    Difference,
    Estimate,
    MetricKey,
    MetricSet,
    paired_estimates,
)
from dnabert_enhancer.evaluation.multiclass import MulticlassMetrics
from dnabert_enhancer.evaluation.regression import RegressionMetrics

ALL_ROWS_SUBSET = "all"


@dataclass(frozen=True)
class Method:
    """What a method says about n rows.

    Parameters
    ----------
    name : str
        As tables show it.
    kind : {"model", "baseline"}
        Where it comes from.
    outputs : float[n] or float[n, classes]
        Probability of label 1, probabilities of the classes, or predicted values.
    threshold : float
        Decision threshold on the probability, for two classes.
    threshold_source : str
        Where the threshold comes from.
    details : mapping
        JSON values that say more: digest, rows it was fitted on.
    deviation : float, as outputs, optional
        Of a mean of models: their standard deviation.
    """

    name: str
    kind: str
    outputs: NDArray[np.floating[Any]]
    threshold: float = 0.5
    threshold_source: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    deviation: NDArray[np.floating[Any]] | None = None


class Subset(NamedTuple):
    """Some of the rows.

    Attributes
    ----------
    name : str
        As tables show it.
    rows : bool[n]
        Which rows belong to it.
    """

    name: str
    rows: NDArray[np.bool_]


class Result(NamedTuple):
    """The metrics of a method on a subset.

    Attributes
    ----------
    method : Method
    subset : Subset
    estimates : dict of MetricKey to Estimate
        Values with their 95 % intervals.
    differences : dict of MetricKey to Estimate
        This method minus the first one, over the same resamples.
    against : dict of str to dict of MetricKey to Difference
        This method minus each one before it, by its name.
    """

    method: Method
    subset: Subset
    estimates: dict[MetricKey, Estimate]
    differences: dict[MetricKey, Estimate]
    against: dict[str, dict[MetricKey, Difference]]


def evaluate_methods(
    methods: Sequence[Method],
    labels: NDArray[Any],
    task: str,
    subsets: Sequence[Subset],
    *,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
) -> list[Result]:
    """Judge methods on the same rows.

    Parameters
    ----------
    methods : sequence of Method
        The first is the one that the others are compared with.
    labels : int[n] or float[n]
        Class numbers, or measured values.
    task : {"binary", "multiclass", "regression"}
        What the labels are.
    subsets : sequence of Subset
        Which rows to report.
    resamples, seed : int
        Of the bootstrap; see `metric_set.paired_estimates`.

    Returns
    -------
    list of Result
        Subset by subset, the methods in their order.

    Raises
    ------
    InputError
        A subset with fewer than two rows, or with one class where there should be more.
    """
    results = []
    for subset in subsets:
        check_rows(labels[subset.rows], task, subset.name)
        metric_sets = [_metrics_of(method, labels, task, subset.rows) for method in methods]
        compared = paired_estimates(metric_sets, resamples, seed)
        results += [
            Result(
                method,
                subset,
                compared.estimates[row],
                compared.differences[row],
                dict(zip((other.name for other in methods[:row]), compared.against[row], strict=True)),
            )
            for row, method in enumerate(methods)
        ]
    return results


def check_rows(labels: NDArray[Any], task: str, where: str, source: str | None = None) -> None:
    """Raise `InputError` where rows cannot be judged: fewer than two, or all of one class or value."""
    if len(labels) >= 2 and len(np.unique(labels)) >= 2:
        return
    what = "value" if task == "regression" else "class"
    found = f"all {len(labels)} labels are {labels[0]}" if len(labels) else "no rows are left"
    raise InputError(
        f"{found}; metrics need more than one {what}",
        source=source,
        location=None if where == ALL_ROWS_SUBSET else f"rows {where}",
        remedy="give labelled sequences of both classes (a FASTA of others goes to --negatives)",
    )


def _metrics_of(method: Method, labels: NDArray[Any], task: str, rows: NDArray[np.bool_]) -> MetricSet:
    outputs = np.asarray(method.outputs, dtype=np.float64)[rows]
    if task == "binary":
        return BinaryMetrics(labels[rows], outputs, method.threshold)
    if task == "multiclass":
        return MulticlassMetrics(labels[rows], outputs)
    return RegressionMetrics(labels[rows], outputs)
