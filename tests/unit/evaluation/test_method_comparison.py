"""Methods on subsets, and their tables (evaluation/method_comparison, evaluation/metric_tables)."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import (
    AS_GIVEN,
    DEFINITIONS,
    Method,
    MetricKey,
    Result,
    Subset,
    binary_metrics,
    evaluate_methods,
    results_json,
    table_lines,
)

LABELS = np.tile([0, 1, 1, 0], 10)
SCORES = np.random.default_rng(0).random(40).astype(np.float32)
EVERY = Subset("all", np.ones(40, dtype=bool))
HALF = Subset("without duplicates", np.arange(40) < 20)


def judged() -> list[Result]:
    methods = [
        Method("a\tmodel", "model", SCORES, 0.3, "card", {"digest": "d"}),
        Method("RF", "baseline", 1 - SCORES),
    ]
    return evaluate_methods(methods, LABELS, "binary", [EVERY, HALF], resamples=30, seed=1)


def test_every_method_is_judged_on_every_subset_at_its_threshold() -> None:
    results = judged()
    assert [(r.method.name, r.subset.name) for r in results] == [
        ("a\tmodel", "all"),
        ("RF", "all"),
        ("a\tmodel", "without duplicates"),
        ("RF", "without duplicates"),
    ]
    expected = binary_metrics(LABELS[:20], SCORES[:20].astype(float), 0.3)
    for name, value in expected.items():
        assert results[2].estimates[MetricKey(AS_GIVEN, name)].value == pytest.approx(value)


def test_table_has_a_line_a_method_subset_and_prevalence_and_reads_back() -> None:
    results = judged()
    header, *lines = [line.rstrip("\n").split("\t") for line in table_lines(results, LABELS, "binary")]
    assert len(lines) == 2 * 2 * 4
    assert header[:8] == [
        "method", "kind", "subset", "prevalence", "rows", "positives", "negatives", "threshold",
    ]  # fmt: skip
    assert {len(line) for line in lines} == {len(header)}
    first = dict(zip(header, lines[0], strict=True))
    assert (first["method"], first["rows"], first["positives"], first["threshold"]) == (
        "a model",
        "40",
        "20",
        "0.3",
    )
    value, low, high = results[0].estimates[MetricKey(AS_GIVEN, "auprc")]
    assert [float(first[f"auprc{end}"]) for end in ("", "_low", "_high")] == [value, low, high]
    assert [line[3] for line in lines[:4]] == ["as given", "1:1", "1:10", "1:100"]


def test_json_has_definitions_and_null_for_what_is_not_defined() -> None:
    results = evaluate_methods([Method("m", "model", SCORES)], LABELS, "binary", [EVERY], resamples=0)
    content = json.loads(json.dumps(results_json(results, LABELS, "binary"), allow_nan=False))
    auroc = content["results"][0]["metrics"]["as given"]["auroc"]
    assert auroc["low"] is None
    assert auroc["value"] == pytest.approx(binary_metrics(LABELS, SCORES)["auroc"])
    assert set(content["definitions"]) <= set(DEFINITIONS)
    assert content["results"][0]["minus_first"]["1:100"]["mcc"]["value"] == 0


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_have_one_condition(task: str) -> None:
    outputs = np.random.default_rng(1).dirichlet(np.ones(3), 40) if task == "multiclass" else SCORES
    labels = LABELS if task == "multiclass" else LABELS + 0.5 * SCORES
    results = evaluate_methods([Method("m", "model", outputs)], labels, task, [EVERY], resamples=5)
    header, *lines = [line.split("\t") for line in table_lines(results, labels, task)]
    assert len(lines) == 1
    assert "positives" not in header
    json.dumps(results_json(results, labels, task), allow_nan=False)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(40, dtype=bool), "rows without duplicates: no rows are left"),
        (LABELS == 1, "rows without duplicates: all 20 labels are 1"),
    ],
)
def test_a_subset_of_one_class_is_refused(rows: np.ndarray, message: str) -> None:
    subset = Subset("without duplicates", rows)
    with pytest.raises(InputError, match=message):
        evaluate_methods([Method("m", "model", SCORES)], LABELS, "binary", [subset], resamples=0)
