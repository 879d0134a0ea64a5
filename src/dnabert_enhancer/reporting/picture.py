"""Pictures of the page: those that a run drew, and those that are drawn from its tables and track."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import drawing, figure_bytes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"
_MOST_CONTIGS = 30
_BINS = 50


class Picture(NamedTuple):
    """A picture.

    Attributes
    ----------
    title : str
    text : str
        What it shows, in words, for those who cannot see it.
    svg : bytes
    wide : bool
        Whether it takes the whole width.
    file : str
        Name of the file that the run wrote; none where the picture was drawn for the page.
    """

    title: str
    text: str
    svg: bytes
    wide: bool = False
    file: str = ""

    @property
    def address(self) -> str:
        """The picture as a ``data:`` address: an image, in which nothing is run."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"


def kept_picture(path: Path | None, title: str, text: str) -> list[Picture]:
    """Return the picture that a run wrote; none where it drew none."""
    if path is None:
        return []
    content = path.read_bytes()
    if b"<svg" not in content[:2000]:
        raise InputError("this is no SVG picture", source=path, remedy="run the command again")
    return [Picture(title, text, content, file=path.name)]


def score_histogram(
    counts: NDArray[np.float64], edges: NDArray[np.float64], threshold: float | None, unit: str, title: str
) -> Picture:
    """Return how often scores are in which range, on a logarithmic axis.

    Parameters
    ----------
    counts : float64 array, shape (bins,)
    edges : float64 array, shape (bins + 1,)
    threshold : float, optional
        Drawn as a line.
    unit : str
        What is counted.
    title : str
    """
    with drawing():
        figure = new_figure(5.2, 2.9)
        axes = figure.subplots()
        axes.stairs(counts, edges, fill=True, color=_BLUE, alpha=0.85)
        if counts.max(initial=0) > 0:
            axes.set_yscale("log")
        axes.set_xlabel("score")
        axes.set_ylabel(unit)
        if threshold is not None:
            axes.axvline(threshold, color=_ORANGE, linewidth=1.4)
            axes.annotate(
                f"threshold {threshold:.3g}",
                (threshold, 1),
                (4, -2),
                ("data", "axes fraction"),
                "offset points",
                va="top",
                color=_ORANGE,
                fontsize=8,
            )
        return _picture(figure, title, f"Histogram of scores by {unit}.")


def bars(values: Mapping[str, int], what: str, title: str) -> Picture:
    """Return counts as bars, in the order given; further ones than 30 are taken together."""
    shown = dict(list(values.items())[:_MOST_CONTIGS])
    left = list(values.items())[_MOST_CONTIGS:]
    if left:
        shown[f"{len(left):,} others"] = sum(number for _, number in left)
    with drawing():
        figure = new_figure(5.2, 1.0 + 0.19 * max(1, len(shown)))
        axes = figure.subplots()
        at = np.arange(len(shown))
        axes.barh(at, list(shown.values()), color=_BLUE, height=0.7)
        axes.set_yticks(at, [_plain(name) for name in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(what)
        for row, number in enumerate(shown.values()):
            axes.annotate(f"{number:,}", (number, row), (3, 0), "data", "offset points", va="center", size=7)
        axes.margins(x=0.12)
        return _picture(figure, title, f"Bars: {what} of {len(values):,} contigs.")


def allele_scatter(
    ref: Sequence[float], alt: Sequence[float], effect: Sequence[str], threshold: float | None, title: str
) -> Picture:
    """Return the probabilities of both alleles, gains and losses of function in colour and shape."""
    kinds = {"Gain of function": (_GREEN, "^"), "Loss of function": (_ORANGE, "v"), "No change": (_GREY, "o")}
    with drawing():
        figure = new_figure(4.2, 4.0)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.7)
        if threshold is not None:
            axes.axhline(threshold, color=_GREY, linewidth=0.7, linestyle=(0, (4, 3)))
            axes.axvline(threshold, color=_GREY, linewidth=0.7, linestyle=(0, (4, 3)))
        for kind, (colour, marker) in reversed(kinds.items()):
            rows = [at for at, name in enumerate(effect) if name == kind]
            if rows:
                x, y = [ref[at] for at in rows], [alt[at] for at in rows]
                label = f"{kind.lower()} ({len(rows):,})"
                axes.scatter(x, y, s=14, color=colour, marker=marker, label=label, alpha=0.8, linewidths=0)
        known = [value for value in (*ref, *alt, threshold) if value is not None and value == value]
        low, high = max(0.0, min(known) - 0.03), min(1.0, max(known) + 0.03)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_xlabel("probability with the reference")
        axes.set_ylabel("probability with the allele")
        if set(effect) & set(kinds):
            axes.legend(loc="upper left")
        return _picture(figure, title, "Each mark is an allele; above the diagonal it raises the score.")


def losses(epochs: Sequence[float], lines: Mapping[str, Sequence[float]], title: str) -> Picture:
    """Return the course of a training: a line for each loss."""
    styles = ((_BLUE, "-"), (_ORANGE, (0, (4, 1.5))))
    with drawing():
        figure = new_figure(5.2, 2.9)
        axes = figure.subplots()
        for (name, values), (colour, style) in zip(lines.items(), styles, strict=False):
            axes.plot(epochs, values, color=colour, linestyle=style, marker="o", markersize=3, label=name)
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.legend()
        return _picture(figure, title, f"Lines by epoch: {', '.join(lines)}.")


def search_marks(
    tried: Mapping[str, Sequence[float]], reached: Sequence[float], best: int, metric: str
) -> Picture:
    """Return what each trial of a search came to, by each value that was searched.

    Parameters
    ----------
    tried : mapping of str to sequence of float
        The values of each trial, by what they are; an axis that spans a factor of 10 is logarithmic.
    reached : sequence of float
        The metric of each trial; NaN, a cross below all others, of one that was not completed.
    best : int
        Place of the best trial.
    metric : str
        What was reached.
    """
    complete = [at for at, value in enumerate(reached) if value == value]
    unfinished = [at for at, value in enumerate(reached) if value != value]
    known = [reached[at] for at in complete]
    below = min(known) - 0.12 * (max(known) - min(known) or 0.1)
    with drawing():
        figure = new_figure(0.6 + 2.6 * len(tried), 2.7)
        panels = figure.subplots(1, len(tried), sharey=True, squeeze=False)[0]
        for axes, (name, values) in zip(panels, tried.items(), strict=True):
            x = [values[at] for at in complete]
            axes.scatter(x, known, s=18, color=_BLUE, alpha=0.7, linewidths=0)
            axes.scatter([values[best]], [reached[best]], s=60, color=_ORANGE, marker="*", zorder=3)
            x = [values[at] for at in unfinished]
            axes.scatter(x, [below] * len(x), s=18, color=_GREY, marker="x", linewidths=1)
            if 0 < 10 * min(values) <= max(values):
                axes.set_xscale("log")
            else:
                axes.locator_params(axis="x", nbins=4)
            axes.set_xlabel(name)
        panels[0].set_ylabel(metric)
        crosses = ", crosses were not completed" if unfinished else ""
        title = f"{metric} of the trials: the star is the best{crosses}"
        return _picture(figure, title, f"Each dot is a trial, by its {', '.join(tried)}.")


def histogram_of(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts and edges of 50 bins from 0 to 1, or from the smallest to the largest value beyond."""
    known = values[np.isfinite(values)]
    low = min(0.0, float(known.min(initial=0.0)))
    high = max(1.0, float(known.max(initial=1.0)))
    counts, edges = np.histogram(known, bins=_BINS, range=(low, high))
    return counts.astype(np.float64), edges


def _picture(figure: Figure, title: str, text: str) -> Picture:
    return Picture(title, text, figure_bytes(figure, "svg"))


def _plain(name: str) -> str:
    """Return a name that matplotlib takes as it is: a dollar sign would begin a formula."""
    return name.replace("$", r"\$") if len(name) <= 24 else f"{name[:23]}…".replace("$", r"\$")
