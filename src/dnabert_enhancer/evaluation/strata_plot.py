"""A picture of how good methods are in groups of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.evaluation.metric_plots import COLOURS, new_figure
from dnabert_enhancer.evaluation.metric_set import DEFINITIONS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SHOWN_METRIC = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "pearson"}
_TITLES = {"chromosome": "chromosome", "gc": "GC", "tss": "nearest start of transcription"}
_SPREAD = 0.6


def strata_figure(frame: pd.DataFrame, task: str) -> Figure:
    """Return the metric of each method in each group with its interval, a panel for each way of grouping.

    Parameters
    ----------
    frame : DataFrame
        As `strata.strata_frame` returns it.
    task : str
        What the labels are: AUROC of two classes, the macro AUROC of several, Pearson's r of values.
    """
    metric = SHOWN_METRIC[task]
    ways = list(dict.fromkeys(frame["by"]))
    methods = list(dict.fromkeys(frame["method"]))
    widths = [max(3, frame.loc[frame["by"] == way, "group"].nunique()) for way in ways]
    figure = new_figure(1.6 + 0.5 * sum(widths), 4.4)
    panels = figure.subplots(1, len(ways), width_ratios=widths, sharey=True, squeeze=False)[0]
    for axes, way in zip(panels, ways, strict=True):
        part = frame[frame["by"] == way]
        groups = part.drop_duplicates("group")
        for number, method in enumerate(methods):
            rows = part[part["method"] == method]
            shift = ((number + 0.5) / len(methods) - 0.5) * _SPREAD
            colour = COLOURS[number % len(COLOURS)]
            at, value = np.arange(len(rows)) + shift, rows[metric].to_numpy(dtype=float)
            axes.vlines(at, rows[f"{metric}_low"], rows[f"{metric}_high"], color=colour, linewidth=1.2)
            axes.plot(at, value, marker="o", markersize=4, linestyle="", color=colour, label=method)
        labels = [
            f"{group}\n({count:,})" for group, count in zip(groups["group"], groups["rows"], strict=True)
        ]
        axes.set_xticks(np.arange(len(groups)), labels, rotation=45, ha="right")
        axes.set_title(_TITLES[way], loc="left")
        axes.grid(visible=False, axis="x")
    panels[0].set_ylabel(DEFINITIONS[metric].title)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=2)
    return figure
