"""Pictures of a comparison: UpSet, enrichment, distances, agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.database_results import DatabaseResult
from dnabert_enhancer.comparison.result_tables import NULLS
from dnabert_enhancer.evaluation import false_discovery_rates, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#7F7F7F"
_NULL_STYLE = {
    "circular": (_BLUE, "o", "circular shift"),
    "resample": (_ORANGE, "s", "matched re-sampling"),
}
_COLOURS = (_BLUE, _ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#8C6D31", "#4D4D4D")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)))  # matplotlib's dash patterns are of two types
_MOST_INTERSECTIONS = 30
_MOST_SETS = 25
_LONGEST_LABEL = 32


def upset_figure(results: Sequence[DatabaseResult]) -> Figure:
    """Return how many calls are in which combination of databases (Lex 2014, IEEE TVCG 20:1983).

    The largest combinations come first, at most 30 of them and of the 25 databases with most calls; calls in
    no database are drawn in orange.
    """
    shown = sorted(results, key=lambda result: -result.overlap.calls_hit)[:_MOST_SETS]
    inside = np.array([result.hits.elements > 0 for result in shown], dtype=bool)
    combinations = Counter(map(tuple, inside.T.tolist())) if inside.size else Counter()
    largest = combinations.most_common(_MOST_INTERSECTIONS)
    sets, columns = len(shown), max(1, len(largest))
    figure = new_figure(3.4 + 0.28 * columns, 2.6 + 0.26 * sets)
    grid = figure.add_gridspec(2, 2, height_ratios=(2.2, 0.26 * sets), width_ratios=(1.1, 0.28 * columns))
    bars, dots = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    totals = figure.add_subplot(grid[1, 0])
    at = np.arange(len(largest))
    numbers = [count for _, count in largest]
    colours = ["#333333" if any(members) else _ORANGE for members, _ in largest]
    bars.bar(at, numbers, color=colours, width=0.7)
    for x, number in enumerate(numbers):
        turn = 90 if number > 999 else 0
        bars.annotate(
            f"{number:,}",
            (x, number),
            (0, 2),
            "data",
            "offset points",
            ha="center",
            fontsize=6,
            rotation=turn,
        )
    bars.set_ylabel("calls")
    bars.margins(y=0.22)
    bars.set_xlim(-0.6, columns - 0.4)
    bars.set_xticks([])
    bars.yaxis.set_major_formatter(_thousands)
    bars.grid(visible=False, axis="x")
    left = len(combinations) - len(largest)
    some = f" (the {len(largest)} largest of {len(combinations)} combinations)" if left else ""
    bars.set_title(f"calls by databases{some}", loc="left")
    for row in range(0, sets, 2):
        dots.axhspan(row - 0.5, row + 0.5, color="#F4F4F4", linewidth=0)
    for x, (members, _) in enumerate(largest):
        rows = np.flatnonzero(members)
        dots.scatter(np.full(sets, x), np.arange(sets), s=14, color="#D9D9D9", linewidths=0)
        dots.scatter(np.full(len(rows), x), rows, s=18, color="#333333", linewidths=0)
        if len(rows) > 1:
            dots.vlines(x, rows.min(), rows.max(), color="#333333", linewidth=1.2)
    dots.set_xlim(-0.6, columns - 0.4)
    for axes in (dots, totals):
        axes.set_ylim(sets - 0.5, -0.5)
        axes.grid(visible=False)
    dots.set_xticks([])
    dots.set_yticks(np.arange(sets), [])
    dots.tick_params(length=0)
    totals.barh(np.arange(sets), [result.overlap.calls_hit for result in shown], color=_BLUE, height=0.6)
    totals.invert_xaxis()
    totals.xaxis.set_major_formatter(_thousands)
    totals.set_yticks(np.arange(sets), [label_of(result.database.name) for result in shown])
    totals.tick_params(axis="x", labelrotation=45)
    totals.set_xlabel("calls in it")
    if not largest:
        _say(bars, "no calls")
        bars.set_yticks([])
        totals.set_xticks([])
    return figure


def enrichment_figure(results: Sequence[DatabaseResult]) -> Figure:
    """Return the folds with their intervals under each null, most enriched databases first.

    An interval without an upper limit, or down to 0, ends in an arrow.
    """
    tested = [result for result in results if result.nulls]
    nulls = [null for null in NULLS if any(null in result.nulls for result in tested)]
    tested.sort(key=lambda result: -_finite(result.nulls[nulls[0]].calls.fold))
    figure = new_figure(6.4, 1.4 + 0.36 * max(1, len(tested)))
    axes = figure.subplots()
    axes.axvline(1, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    ends = [
        limit
        for result in tested
        for found in (test.calls for test in result.nulls.values())
        for limit in (found.fold_low, found.fold, found.fold_high)
        if np.isfinite(limit) and limit > 0
    ]
    least, most = (min(ends) / 1.3, max(ends) * 1.3) if ends else (1.0, 1.0)
    for number, null in enumerate(nulls):
        colour, marker, label = _NULL_STYLE[null]
        q_values = false_discovery_rates([result.nulls[null].calls.p for result in tested]).tolist()
        shift = (number - (len(nulls) - 1) / 2) * 0.28
        for row, result in enumerate(tested):
            found = result.nulls[null].calls
            low, fold, high = found.fold_low, found.fold, found.fold_high
            if not fold > 0 or not np.isfinite(fold):
                continue
            for is_limit, end, arrow in ((low > 0, least, "<"), (np.isfinite(high), most, ">")):
                if not is_limit:
                    axes.plot(end, row + shift, marker=arrow, markersize=4, color=colour, linestyle="")
            low, high = (low if low > 0 else least), (high if np.isfinite(high) else most)
            axes.hlines(row + shift, low, high, color=colour, linewidth=1.6)
            filled = colour if q_values[row] <= 0.05 else "white"
            axes.plot(fold, row + shift, marker=marker, markersize=5, color=colour, markerfacecolor=filled)
        axes.plot([], [], marker=marker, color=colour, linewidth=1.6, markersize=5, label=label)
    axes.set_xscale("log")
    _plain_log_ticks(axes)
    if not tested:
        _say(axes, "nothing to test: no calls, or no database with an element")
    axes.set_yticks(np.arange(len(tested)), [label_of(result.database.name) for result in tested])
    axes.set_ylim(max(1, len(tested)) - 0.5, -0.5)
    axes.set_xlabel("calls in the database, observed / expected (95 % of the null); filled: q ≤ 0.05")
    if nulls:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def distance_figure(results: Sequence[DatabaseResult]) -> Figure:
    """Return which share of the calls has an element of each database within a distance."""
    figure = new_figure(7.4, 4.6)
    axes = figure.subplots()
    for number, result in enumerate(results):
        known = np.sort(result.distance[result.distance >= 0])
        if not len(known):
            continue
        share = np.arange(1, len(known) + 1) / len(result.distance)
        keep = np.unique(np.linspace(0, len(known) - 1, min(len(known), 2000)).astype(int))
        label = label_of(result.database.name)
        axes.step(np.maximum(known[keep], 1), share[keep], where="post", label=label, **_line_style(number))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: _bases(value))
    axes.set_xlabel("distance to the nearest element (in it: at the left edge)")
    axes.set_ylabel("share of calls")
    axes.set_ylim(0, 1.01)
    if axes.lines:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        _say(axes, "no calls, or no element on a contig with calls")
    return figure


def sweep_figure(results: Sequence[DatabaseResult], fractions: Sequence[float]) -> Figure:
    """Return which share of the calls, and of the elements, one partner covers for at least a share."""
    figure = new_figure(9.6, 4.2)
    panels = figure.subplots(1, 2)
    sides = ("calls", "elements")
    for axes, side, partner in zip(panels, sides, sides[::-1], strict=True):
        for number, result in enumerate(results):
            counts, total = getattr(result.sweep, side), getattr(result.overlap, side)
            if total:
                label = label_of(result.database.name)
                axes.plot(fractions, counts / total, marker=".", label=label, **_line_style(number))
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f"least share of a length that one of the {partner} covers")
        axes.set_title(f"share of {side}", loc="left")
        if not axes.lines:
            _say(axes, f"no {side}")
    if panels[0].lines:
        panels[1].legend(*panels[0].get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def agreement_figure(
    names: Sequence[str], jaccard: NDArray[np.float64], share: NDArray[np.float64]
) -> Figure:
    """Return two heat maps of all sets: Jaccard, and the share of the row's elements in the column's set."""
    side = 2.2 + 0.42 * len(names)
    figure = new_figure(2 * side, side + 0.3)
    labels = [label_of(name) for name in names]
    titles = ("Jaccard of bases", "share of the row's elements\nin the column's set")
    for axes, matrix, title in zip(figure.subplots(1, 2), (jaccard, share), titles, strict=True):
        off = matrix[~np.eye(len(names), dtype=bool)]
        top = (float(np.nanmax(off)) if np.isfinite(off).any() else 0.0) or 1.0
        image = axes.imshow(matrix, cmap="Blues", vmin=0, vmax=top)
        axes.set_xticks(np.arange(len(names)), labels, rotation=45, ha="right")
        axes.set_yticks(np.arange(len(names)), labels)
        axes.grid(visible=False)
        axes.set_title(title, loc="left")
        if len(names) <= _MOST_SETS:
            for row, column in np.ndindex(matrix.shape):
                value = matrix[row, column]
                dark = np.isfinite(value) and value > 0.6 * top
                text, colour = _short(float(value)), "white" if dark else "#333333"
                axes.text(column, row, text, ha="center", va="center", fontsize=6, color=colour)
        figure.colorbar(image, ax=axes, shrink=0.7)
    return figure


def label_of(name: str) -> str:
    """Return a name as a label: not longer than fits, and no mathematics in dollar signs."""
    short = name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
    return short.replace("$", r"\$")


def _say(axes: Axes, text: str) -> None:
    """Write in the middle of an empty picture why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=_GREY, wrap=True)


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"


def _plain_log_ticks(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator

    low, high = axes.get_xlim()
    few = high / max(low, 1e-9) > 100
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if few else (1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _line_style(number: int) -> dict[str, Any]:
    """Return a colour, colour-blind safe, and after each round through the colours another dash."""
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _DASHES[number // len(_COLOURS) % len(_DASHES)],
    }


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.2f}" if value >= 0.0995 or value == 0 else f"{value:.3f}"


def _bases(value: float) -> str:
    for unit, name in ((1e6, " Mb"), (1e3, " kb")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g} bp"


def _finite(value: float) -> float:
    return value if np.isfinite(value) else -1.0
