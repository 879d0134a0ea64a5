"""GC content of both classes: histograms for dataset.json, and their plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 50


class GcProfile(NamedTuple):
    """Histograms of GC fraction: ``edges`` (51, from 0 to 1), by class 50 counts, mean and deviation."""

    edges: NDArray[np.float64]
    counts: dict[str, NDArray[np.int64]]
    moments: dict[str, tuple[float, float]]

    def as_json(self) -> dict[str, Any]:  # JSON values
        """Return the profile for dataset.json."""
        return {
            "bin_edges": [round(float(edge), 4) for edge in self.edges],
            "classes": {
                name: {
                    "counts": counts.tolist(),
                    "mean": round(self.moments[name][0], 6),
                    "standard_deviation": round(self.moments[name][1], 6),
                }
                for name, counts in self.counts.items()
            },
        }


def gc_profile(fractions: Mapping[str, NDArray[np.float64]]) -> GcProfile:
    """Return the histograms of GC fractions by class; NaN (no known base) is left out."""
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    counts = {}
    moments = {}
    for name, values in fractions.items():
        known = values[~np.isnan(values)]
        counts[name] = np.histogram(known, bins=edges)[0].astype(np.int64)
        moments[name] = (
            (float(known.mean()), float(known.std())) if len(known) else (float("nan"), float("nan"))
        )
    return GcProfile(edges, counts, moments)


def gc_of_sequences(sequences: Sequence[str]) -> NDArray[np.float64]:
    """Return the GC fraction of the known bases of each sequence: ``float64[n]``, NaN where none is."""
    strong = np.array([_count(sequence, "GCgc") for sequence in sequences], dtype=np.float64)
    known = strong + np.array([_count(sequence, "ATUatu") for sequence in sequences], dtype=np.float64)
    fractions = np.full(len(strong), np.nan)
    np.divide(strong, known, out=fractions, where=known > 0)
    return fractions


def gc_figure(profile: GcProfile, title: str) -> Figure:
    """Return the histograms as a plot: one outline a class, as share of its windows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    # blue and vermilion of Okabe and Ito, told apart by all readers
    for (name, counts), colour in zip(
        profile.counts.items(), ("#0072B2", "#D55E00", "#009E73", "#CC79A7"), strict=False
    ):
        total = int(counts.sum())
        mean, deviation = profile.moments[name]
        axes.stairs(
            counts / max(1, total),
            profile.edges,
            fill=True,
            facecolor=(*_rgb(colour), 0.25),
            edgecolor=colour,
            linewidth=1.4,
            label=f"{name}: {total:,} windows, mean {mean:.3f}, s.d. {deviation:.3f}",
        )
    axes.set_xlabel("GC fraction of the window")
    axes.set_ylabel("share of the class")
    axes.set_xlim(*_shown(profile))
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, fontsize=11)
    figure.legend(loc="outside lower center", frameon=False, fontsize=9)
    return figure


def _shown(profile: GcProfile) -> tuple[float, float]:
    held = np.flatnonzero(sum(counts for counts in profile.counts.values()))
    if not len(held):
        return 0.0, 1.0
    return max(0.0, float(profile.edges[held[0]]) - 0.04), min(1.0, float(profile.edges[held[-1] + 1]) + 0.04)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _count(sequence: str, letters: str) -> int:
    return sum(sequence.count(letter) for letter in letters)
