"""Plots: what they show, and that the same numbers give the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import (
    PLOTS,
    Estimate,
    Method,
    Subset,
    draw_plot,
    drawing,
    evaluate_methods,
    interval_text,
    write_figure,
)
from dnabert_enhancer.evaluation.metric_plots import wilson_interval

reference = late("sklearn.metrics")

RNG = np.random.default_rng(0)
LABELS = np.arange(300) % 2
METHODS = [
    Method("a model", "model", np.clip(0.3 * LABELS + 0.7 * RNG.random(300), 0, 1)),
    Method("RF", "baseline", RNG.random(300)),
]
EVERY = Subset("all", np.ones(300, dtype=bool))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.slow
def test_the_same_numbers_give_the_same_bytes(task: str, tmp_path: Path) -> None:
    outputs = {
        "binary": METHODS[0].outputs,
        "multiclass": RNG.dirichlet(np.ones(3), 300),
        "regression": RNG.random(300),
    }[task]
    labels = LABELS if task != "regression" else LABELS + RNG.random(300)
    results = evaluate_methods([Method("m", "model", outputs)], labels, task, [EVERY], resamples=5)
    for turn in ("first", "again"):
        with drawing():
            figures = {name: draw_plot(name, results, labels, task, ("x", "y", "z")) for name in PLOTS[task]}
            for name, figure in figures.items():
                for kind in ("png", "svg"):
                    write_figure(figure, tmp_path / f"{name}.{turn}.{kind}")
    for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        for name in PLOTS[task]:
            content = (tmp_path / f"{name}.first.{kind}").read_bytes()
            assert content.startswith(magic)
            assert content == (tmp_path / f"{name}.again.{kind}").read_bytes()
            assert b"dc:date" not in content


def test_curves_end_where_they_should_and_legends_name_methods() -> None:
    results = evaluate_methods(METHODS, LABELS, "binary", [EVERY], resamples=20)
    with drawing():
        figures = {
            name: draw_plot(name, results, LABELS, "binary", ("other", "enhancer"))
            for name in PLOTS["binary"]
        }
    axes = figures["roc"].axes[0]
    guess, *curves = axes.get_lines()
    assert np.ptp(guess.get_xdata()) == 1
    for curve in curves:
        assert (curve.get_xdata()[0], curve.get_ydata()[0]) == (0, 0)
        assert (curve.get_xdata()[-1], curve.get_ydata()[-1]) == (1, 1)
    assert axes.get_title(loc="left") == "150 positives, 150 negatives"
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts[0].startswith("a model 0.")
    assert texts[1].startswith("RF 0.")
    given, rare = figures["pr"].axes
    assert given.get_lines()[-1].get_ydata()[0] == pytest.approx(0.5)  # the share of positives
    assert rare.get_lines()[-1].get_ydata()[0] == pytest.approx(1 / 101)


def test_classes_are_drawn_one_against_the_rest() -> None:
    labels = np.arange(300) % 3
    outputs = RNG.dirichlet(np.ones(3), 300) + 0.3 * np.eye(3)[labels]
    outputs /= outputs.sum(axis=1, keepdims=True)
    results = evaluate_methods([Method("m", "model", outputs)], labels, "multiclass", [EVERY], resamples=0)
    with drawing():
        figures = {
            name: draw_plot(name, results, labels, "multiclass", ("brain", "heart", "liver"))
            for name in PLOTS["multiclass"]
        }
    legend = figures["roc"].axes[0].get_legend()
    area = reference.roc_auc_score(labels == 1, outputs[:, 1])
    assert legend.get_texts()[1].get_text() == f"heart (m) {area:.3f}"
    assert legend.get_title().get_text() == "AUROC"


def test_area_under_the_drawn_steps_is_the_average_precision() -> None:
    results = evaluate_methods(METHODS[:1], LABELS, "binary", [EVERY], resamples=0)
    with drawing():
        figure = draw_plot("pr", results, LABELS, "binary", ("other", "enhancer"))
    for axes, condition in zip(figure.axes, ("as given", "1:100"), strict=True):
        x, y = (np.asarray(values) for values in axes.get_lines()[0].get_data())
        expected = next(v.value for k, v in results[0].estimates.items() if k == (condition, "auprc"))
        assert (np.diff(x) * y[1:]).sum() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("share", "rows", "low", "high"),
    [(0.0, 10, 0.0, 0.2775), (0.5, 10, 0.2366, 0.7634), (0.1, 50, 0.0435, 0.2136)],
)
def test_wilson_interval(share: float, rows: float, low: float, high: float) -> None:
    found = wilson_interval(np.array([share]), np.array([rows]))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=1e-4)


def test_interval_text() -> None:
    assert interval_text(Estimate(0.84213, 0.8, 0.9)) == "0.842 (0.800–0.900)"
    assert interval_text(Estimate(0.5, float("nan"), float("nan"))) == "0.500"
