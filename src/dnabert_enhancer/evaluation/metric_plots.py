"""Plots of an evaluation: ROC, precision-recall, calibration, and measured against predicted values."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation.binary import binary_metrics
from dnabert_enhancer.evaluation.bins import CALIBRATION_BINS, Reliability, reliability
from dnabert_enhancer.evaluation.curves import precision_recall_curve, roc_curve, thinned
from dnabert_enhancer.evaluation.method_comparison import ALL_ROWS_SUBSET, Result
from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, Estimate, MetricKey
from dnabert_enhancer.files import cache_directory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOTS = {
    "binary": ("roc", "pr", "calibration"),
    "multiclass": ("roc", "pr", "calibration"),
    "regression": ("scatter",),
}
"""Names of the plots, by the kind of labels."""
RARE = 100.0
"""Negatives for each positive in the right-hand panel of the precision-recall plot."""
FEWEST_ROWS_IN_BIN = 5
"""Bins with fewer rows are left out of the calibration plot."""
COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#6A3D9A",
    "#8C6D31",
    "#4D4D4D",
    "#9E9E9E",
)
"""The palette of Okabe and Ito, which colour-blind readers can tell apart, and four more."""
_STYLE: dict[Any, Any] = {  # matplotlib names its settings by a type of its own
    "svg.hashsalt": "dnabert-enhancer",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "figure.dpi": 160,
}


class Line(NamedTuple):
    """One line of a plot.

    Attributes
    ----------
    name : str
        Its name in the legend.
    labels : int64[n]
        0 and 1.
    scores : float64[n]
        Probability of label 1.
    strong : bool
        Drawn strongly (a model) or lightly (a baseline).
    captions : dict of str to str
        What the legend adds to the name, by plot: ``roc``, ``pr``, ``calibration``.
    """

    name: str
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    strong: bool
    captions: dict[str, str]


def draw_plot(
    name: str, results: Sequence[Result], labels: NDArray[Any], task: str, label_names: Sequence[str]
) -> Figure:
    """Draw a plot of one subset; to be called inside `drawing`.

    Parameters
    ----------
    name : str
        One of ``PLOTS[task]``.
    results : sequence of Result
        Of one subset, one entry per method.
    labels : int[n] or float[n]
        Labels of all rows.
    task : {"binary", "multiclass", "regression"}
        What the labels are. With several classes, ROC and precision-recall curves show each class of the
        first method against the rest, and the calibration curve the probability of the called class of each
        method.
    label_names : sequence of str
        Names of the classes.
    """
    rows = results[0].subset.rows
    inside = labels[rows]
    where = "" if results[0].subset.name == ALL_ROWS_SUBSET else f", {results[0].subset.name}"
    title = f"{len(inside):,} sequences{where}"
    if task == "regression":
        return _scatter(results[0], inside, title)
    if task == "multiclass" and name != "calibration":
        return _FIGURES[name](_class_lines(results[0], inside, label_names), title)
    strong = [result.method.kind == "model" for result in results]
    if not any(strong):
        strong[0] = True
    line = _binary_line if task == "binary" else _called_line
    if task == "binary":
        title = f"{int(inside.sum()):,} positives, {int((1 - inside).sum()):,} negatives{where}"
    lines = [line(result, inside, is_strong) for result, is_strong in zip(results, strong, strict=True)]
    return _FIGURES[name](lines, title)


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


def roc_figure(lines: Sequence[Line], title: str) -> Figure:
    """Return the ROC curves, with the diagonal of guessing."""
    figure = new_figure(5.2, 5.4)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#7F7F7F", linewidth=0.8, linestyle=(0, (4, 3)))

    def draw(line: Line, style: dict[str, Any]) -> None:
        curve = thinned(roc_curve(line.labels, line.scores))
        axes.plot(curve.x, curve.y, **style)

    _draw_all(lines, "roc", draw)
    _unit_square(axes, "false positive rate", "true positive rate (recall)")
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", title=_legend_title("AUROC", lines, "roc"), alignment="left")
    return figure


def precision_recall_figure(lines: Sequence[Line], title: str) -> Figure:
    """Return precision-recall curves at the prevalence of the rows and at one positive in 101."""
    figure = new_figure(9.6, 5.3 + 0.08 * len(lines))
    given, rare = figure.subplots(1, 2)
    positives, negatives = int(lines[0].labels.sum()), int((1 - lines[0].labels).sum())
    weights = {given: 1.0, rare: RARE * positives / negatives}

    def draw(line: Line, style: dict[str, Any]) -> None:
        for axes, weight in weights.items():
            own = weight if axes is given else RARE * line.labels.sum() / (1 - line.labels).sum()
            curve = thinned(precision_recall_curve(line.labels, line.scores, float(own)))
            # steps enclose the average precision; nothing is known left of the first call
            height = np.concatenate([curve.y[1:2], curve.y[1:]])
            label = style["label"] if axes is given else None
            axes.plot(curve.x, height, drawstyle="steps-pre", **(style | {"label": label}))

    _draw_all(lines, "pr", draw)
    for axes, weight in weights.items():
        if axes is rare or len({int(line.labels.sum()) for line in lines}) == 1:
            share = positives / (positives + weight * negatives)
            axes.axhline(share, color="#7F7F7F", linewidth=0.8, linestyle=(0, (4, 3)))
        _unit_square(axes, "recall", "precision")
    given.set_title(title, loc="left")
    rare.set_title(f"negatives weighted to 1:{RARE:.0f}, as in a genome", loc="left")
    rare.set_yscale("log")
    rare.set_ylim(0.005, 1.0)
    rare.set_aspect("auto")
    rare.set_box_aspect(1)
    rare.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    _legend_below(figure, _legend_title("AUPRC", lines, "pr"), min(3, len(lines)))
    return figure


def calibration_figure(lines: Sequence[Line], title: str) -> Figure:
    """Return observed shares against predicted probabilities, above histograms of the probabilities."""
    figure = new_figure(5.2, 6.8 + 0.1 * len(lines))
    axes, counts = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    axes.plot([0, 1], [0, 1], color="#7F7F7F", linewidth=0.8, linestyle=(0, (4, 3)))
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)

    def draw(line: Line, style: dict[str, Any]) -> None:
        table = reliability(line.labels, line.scores)
        table = Reliability(*(part[table.weight >= FEWEST_ROWS_IN_BIN] for part in table))
        axes.plot(
            table.mean_probability, table.observed, marker="o", markersize=4 if line.strong else 2.5, **style
        )
        if line.strong:
            low, high = wilson_interval(table.observed, table.weight)
            axes.vlines(table.mean_probability, low, high, color=style["color"], linewidth=1.0, alpha=0.6)
        rows, _ = np.histogram(line.scores, edges)
        counts.stairs(rows / len(line.scores), edges, color=style["color"], linewidth=style["linewidth"])

    _draw_all(lines, "calibration", draw)
    _unit_square(axes, "", f"share of positives in bins of {FEWEST_ROWS_IN_BIN} rows or more")
    counts.set_xlabel("predicted probability")
    counts.set_ylabel("share of rows")
    axes.set_title(title, loc="left")
    _legend_below(figure, _legend_title("ECE", lines, "calibration"), min(2, len(lines)))
    return figure


_FIGURES: dict[str, Callable[[Sequence[Line], str], Figure]] = {
    "roc": roc_figure,
    "pr": precision_recall_figure,
    "calibration": calibration_figure,
}


def scatter_figure(
    measured: NDArray[np.float64], predicted: NDArray[np.float64], title: str, caption: str
) -> Figure:
    """Return measured against predicted values, with the identity."""
    figure = new_figure(5.2, 5.4)
    axes = figure.subplots()
    low, high = float(min(measured.min(), predicted.min())), float(max(measured.max(), predicted.max()))
    axes.plot([low, high], [low, high], color="#7F7F7F", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.scatter(predicted, measured, s=6, color=COLOURS[0], alpha=0.35, linewidths=0, rasterized=True)
    axes.set_xlabel("predicted value")
    axes.set_ylabel("measured value")
    axes.set_title(title, loc="left")
    axes.text(0.02, 0.98, caption, transform=axes.transAxes, va="top")
    return figure


def wilson_interval(
    share: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's 95 % interval of shares observed among so many rows."""
    z2 = 1.959963984540054**2
    centre = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = np.sqrt(z2 * (share * (1 - share) / rows + z2 / (4 * rows**2))) / (1 + z2 / rows)
    return centre - half, centre + half


@contextmanager
def drawing() -> Iterator[None]:
    """Give matplotlib a folder that it may write and the style of our pictures, for figures made inside."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_directory() / "matplotlib"))
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        yield


def write_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG or SVG, by the ending; the same figure gives the same bytes."""
    Path(path).write_bytes(figure_bytes(figure, Path(path).suffix.removeprefix(".")))


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``png`` or ``svg``; the same figure gives the same bytes."""
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    content = io.BytesIO()
    # tight: long names in a legend or title widen the picture instead of being cut
    figure.savefig(content, format=kind, metadata=metadata, bbox_inches="tight", pad_inches=0.08)
    return content.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches that belongs to no window system."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_all(lines: Sequence[Line], picture: str, draw: Callable[[Line, dict[str, Any]], None]) -> None:
    for number, line in enumerate(lines):
        style = {
            "color": COLOURS[number % len(COLOURS)],
            "linewidth": 2.0 if line.strong else 1.0,
            "alpha": 1.0 if line.strong else 0.8,
            "label": " ".join((line.name, line.captions.get(picture, ""))).strip(),
            "zorder": 3 if line.strong else 2,
        }
        draw(line, style)


def _legend_title(metric: str, lines: Sequence[Line], picture: str) -> str:
    intervals = any("–" in line.captions.get(picture, "") for line in lines)
    return f"{metric} (95 % interval)" if intervals else metric


def _legend_below(figure: Figure, title: str, columns: int) -> None:
    figure.legend(loc="outside lower left", title=title, alignment="left", ncols=columns)


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
