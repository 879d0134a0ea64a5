"""Results and predictions as rows of tables and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation.judged_rows import JudgedRows
from dnabert_enhancer.evaluation.method_comparison import Result
from dnabert_enhancer.evaluation.metric_set import DEFINITIONS, Estimate

if TYPE_CHECKING:
    import pandas as pd

MISSING = "NA"
_COORDINATES = ("name", "chrom", "start", "end", "strand")


def metric_names(results: Sequence[Result]) -> list[str]:
    """Return the metrics of the results, in their order."""
    return list(dict.fromkeys(key.metric for result in results for key in result.estimates))


def conditions_of(result: Result) -> list[str]:
    """Return the prevalences of a result, the rows as given first."""
    return list(dict.fromkeys(key.condition for key in result.estimates))


def table_lines(
    results: Sequence[Result], labels: NDArray[Any], task: str, positive_label: str = ""
) -> Iterator[str]:
    """Yield the results as tab-separated text, the header first.

    One line per method, subset and prevalence. Columns: ``method kind subset prevalence rows``, for two
    classes ``positives negatives threshold positive_label``, then for each metric its value, ``_low`` and
    ``_high`` (95 % interval). ``NA`` stands for what is not defined. Numbers have all the digits of a double.
    """
    names = metric_names(results)
    counts = ["positives", "negatives", "threshold", "positive_label"] if task == "binary" else []
    columns = [column for name in names for column in (name, f"{name}_low", f"{name}_high")]
    yield "\t".join(["method", "kind", "subset", "prevalence", "rows", *counts, *columns]) + "\n"
    for result in results:
        inside = labels[result.subset.rows]
        about = []
        if task == "binary":
            positives = int(inside.sum())
            about = [str(positives), str(len(inside) - positives), _number(result.method.threshold)]
            about.append(positive_label)
        for condition in conditions_of(result):
            values = {
                key.metric: value for key, value in result.estimates.items() if key.condition == condition
            }
            cells = [_number(part) for name in names for part in values[name]]
            named = [result.method.name, result.method.kind, result.subset.name, condition, str(len(inside))]
            yield "\t".join([*(cell.replace("\t", " ") for cell in (*named, *about)), *cells]) + "\n"


def results_json(results: Sequence[Result], labels: NDArray[Any], task: str) -> dict[str, Any]:
    """Return the results as JSON values: definitions, results, and differences from the first method.

    Parameters
    ----------
    results : sequence of Result
        As `method_comparison.evaluate_methods` gives them.
    labels : int[n] or float[n]
        Labels of all rows.
    task : str
        What the labels are.
    """
    names = metric_names(results)
    return {
        "task": task,
        "confidence": 0.95,
        "definitions": {name: DEFINITIONS[name].formula for name in names},
        "results": [_result_json(result, labels, task) for result in results],
    }


def metrics_frame(results: Sequence[Result]) -> pd.DataFrame:
    """Return one row per method, subset, prevalence and metric, with value and 95 % interval.

    Columns: ``method``, ``kind`` (model or baseline), ``subset``, ``prevalence`` (as given, or negatives
    weighted to so many a positive), ``metric``, ``value``, ``low``, ``high`` (NaN where not defined) and
    ``rows``, the number of rows in the subset.
    """
    import pandas as pd

    rows = [
        (
            result.method.name,
            result.method.kind,
            result.subset.name,
            key.condition,
            key.metric,
            *found,
            int(result.subset.rows.sum()),
        )
        for result in results
        for key, found in result.estimates.items()
    ]
    columns = ["method", "kind", "subset", "prevalence", "metric", "value", "low", "high", "rows"]
    return pd.DataFrame(rows, columns=columns)


def differences_frame(results: Sequence[Result]) -> pd.DataFrame:
    """Return one row per pair of methods, subset, prevalence and metric: the method minus the other one.

    Columns: ``method``, ``minus``, ``subset``, ``prevalence``, ``metric``, ``difference``, ``low``, ``high``
    (95 % interval) and ``p``, by the paired bootstrap; see `metric_set.paired_estimates`.
    """
    import pandas as pd

    rows = [
        (result.method.name, other, result.subset.name, key.condition, key.metric, *found)
        for result in results
        for other, differences in result.against.items()
        for key, found in differences.items()
    ]
    columns = [*("method", "minus", "subset", "prevalence", "metric"), *("difference", "low", "high", "p")]
    return pd.DataFrame(rows, columns=columns)


def frame_lines(frame: pd.DataFrame) -> Iterator[str]:
    """Yield a table of results as tab-separated text, the header first; numbers as `table_lines` has them."""
    yield "\t".join(frame.columns) + "\n"
    for row in frame.itertuples(index=False):
        cells = (_number(cell) if isinstance(cell, float) else str(cell).replace("\t", " ") for cell in row)
        yield "\t".join(cells) + "\n"


def predictions_frame(
    results: Sequence[Result], judged: JudgedRows, logits: Mapping[str, NDArray[np.float32]]
) -> pd.DataFrame:
    """Return one row per sequence: where it is, its label, whether it is a duplicate, what each method says.

    Parameters
    ----------
    results : sequence of Result
    judged : JudgedRows
    logits : mapping of str to float32[n]
        Logits before calibration by method, for two classes.
    """
    data = judged.data
    columns: dict[str, Any] = {name: judged.frame[name].tolist() for name in _COORDINATES}
    columns["label"] = data.labels
    if data.task != "regression":
        columns["label_name"] = [data.label_names[label] for label in data.labels.tolist()]
    for subset in judged.subsets[1:]:
        columns["duplicate"] = (~subset.rows).astype(np.int64)
    for method in {id(result.method): result.method for result in results}.values():
        value = "value" if data.task == "regression" else "probability"
        for ending, numbers in (("", method.outputs), ("_sd", method.deviation)):
            if numbers is None:
                continue
            scores = np.asarray(numbers)
            if scores.ndim == 1:
                columns[f"{method.name}: {value}{ending}"] = scores
                continue
            for number in range(scores.shape[1]):
                label = data.label_names[number] if number < len(data.label_names) else str(number)
                columns[f"{method.name}: {label}{ending}"] = scores[:, number]
        if method.name in logits:
            columns[f"{method.name}: logit"] = logits[method.name]
    import pandas as pd

    frame = pd.DataFrame(columns)
    return frame.astype({"start": "Int64", "end": "Int64"})


def prediction_lines(predictions: pd.DataFrame) -> Iterator[str]:
    """Yield predictions as tab-separated text, the header first; numbers keep all their digits."""
    yield "\t".join(name.replace("\t", " ") for name in predictions.columns) + "\n"
    columns = [_texts(predictions[name]) for name in predictions.columns]
    for row in zip(*columns, strict=True):
        yield "\t".join(row) + "\n"


def _texts(column: pd.Series[Any]) -> list[str]:
    if column.dtype == np.float32:
        return [str(value) for value in column.to_numpy()]
    missing = column.isna().tolist()
    return ["." if gone else str(value) for value, gone in zip(column.tolist(), missing, strict=True)]


def _result_json(result: Result, labels: NDArray[Any], task: str) -> dict[str, Any]:
    inside = labels[result.subset.rows]
    content: dict[str, Any] = {
        "method": result.method.name,
        "kind": result.method.kind,
        "subset": result.subset.name,
        "rows": len(inside),
        "details": dict(result.method.details),
    }
    if task == "binary":
        content["positives"] = int(inside.sum())
        content["negatives"] = int((1 - inside).sum())
        content["threshold"] = {"value": result.method.threshold, "source": result.method.threshold_source}
    elif task == "multiclass":
        classes, sizes = np.unique(inside, return_counts=True)
        content["class_sizes"] = {str(name): int(size) for name, size in zip(classes, sizes, strict=True)}
    for part, estimates in (("metrics", result.estimates), ("minus_first", result.differences)):
        content[part] = {
            condition: {
                key.metric: _estimate_json(value)
                for key, value in estimates.items()
                if key.condition == condition
            }
            for condition in conditions_of(result)
        }
    return content


def _estimate_json(estimate: Estimate) -> dict[str, float | None]:
    return {name: None if math.isnan(part) else part for name, part in estimate._asdict().items()}


def _number(value: float) -> str:
    return MISSING if math.isnan(value) else repr(float(value))
