"""Sequence logos of the importance of bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.evaluation import drawing, new_figure
from dnabert_enhancer.interpret.discovery import FoundMotif, information, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from numpy.typing import NDArray

    from dnabert_enhancer.interpret.attributions import Explained
    from dnabert_enhancer.interpret.tomtom import SimilarMotif
    from dnabert_enhancer.interpret.variants import Landmark, Sides

BASES_IN_A_ROW = 100
MOTIFS_DRAWN = 30
MOST_LETTERS = 1000
COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}
"""Of Okabe and Ito's palette, told apart by colour-blind readers too."""
_GREY = "#7F7F7F"
_MOTIFS_TOLD = 3
_LETTER_WIDTH = 0.95
_WIDEST = "E"
"""A letter is stretched to the width of a column, one narrower than this no more than this one."""
MOST_LANES = 8
"""Rows of genes and regions below a variant; what would need more is left out of the picture."""


def importance_figure(region: Explained, *, title: str | None = None, unit: str = "logit") -> Figure:
    """Return the logo of a region: the height of a letter is the importance of the base.

    Letters below the line lower the score. Rows hold 100 bases; a region of more than 1,000 bases is drawn as
    bars in one row. Bases without an importance are left empty.

    Parameters
    ----------
    region : Explained
    title : str, optional
        Default: the name of the region.
    unit : str
        Of the importance.
    """
    length = region.end - region.start
    heights = region.one_hot * np.nan_to_num(region.importance)[:, None]
    rows = 1 if length > MOST_LETTERS else max(1, -(-length // BASES_IN_A_ROW))
    in_row = length if length > MOST_LETTERS else BASES_IN_A_ROW
    low, high = min(0.0, float(heights.min(initial=0))), max(0.0, float(heights.max(initial=0)))
    margin = 0.06 * (high - low) or 1.0
    with drawing():
        figure = new_figure(11, 0.6 + 1.25 * rows)
        panels = figure.subplots(rows, 1, squeeze=False)[:, 0]
        for row, axes in enumerate(panels):
            axes.set_axisbelow(True)
            first, last = row * in_row, min(length, (row + 1) * in_row)
            if length > MOST_LETTERS:
                axes.bar(
                    region.start + 1 + np.arange(length), heights.sum(axis=1), width=1.0, color=COLOURS["C"]
                )
            elif heights[first:last].any():
                draw_letters(axes, heights[first:last], region.start + first + 1)
            axes.set(
                xlim=(region.start + first + 0.5, region.start + first + in_row + 0.5),
                ylim=(low - margin, high + margin),
            )
            axes.axhline(0, color=_GREY, linewidth=0.6)
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].set_title(region.name if title is None else title, loc="left")
        panels[-1].set_xlabel(f"{region.contig} (bp, from 1)")
        figure.supylabel(f"importance ({unit})", fontsize="medium")
    return figure


def variant_figure(sides: Sides, *, title: str | None = None, unit: str = "logit") -> Figure:
    """Return the logos of both alleles of a variant and their difference, one below the other.

    Columns are those of the alignment: inserted bases stand where the reference has a gap. The allele is
    shaded. In the difference a bar above the line is a base that matters more, or for more, in the
    alternative. Below are the genes and regions around, where `sides` has any.

    Parameters
    ----------
    sides : Sides
    title : str, optional
        Default: the name of the variant, the change of the logit, and the motifs whose match changes most.
    unit : str
        Of the importance.
    """
    letters = [
        np.where((columns >= 0)[:, None], (side.one_hot * _known(side)[:, None])[columns], 0.0)
        for side, columns in ((sides.ref, sides.ref_columns), (sides.alt, sides.alt_columns))
    ]
    difference = sides.difference
    width = len(difference)
    low = min(0.0, *(float(values.min(initial=0)) for values in letters), float(difference.min()))
    high = max(0.0, *(float(values.max(initial=0)) for values in letters), float(difference.max()))
    margin = 0.06 * (high - low) or 1.0
    places = np.flatnonzero(_changed(sides))
    with drawing():
        lanes = _lanes(sides)
        ratios = [4.0] * 3 + [0.9 * len(lanes)] * bool(lanes)
        figure = new_figure(max(4.5, 0.1 * width + 1), 4.6 + 0.28 * len(lanes))
        every = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        panels = every[:3]
        for axes, heights, name in zip(panels, (*letters, None), ("REF", "ALT", "ALT - REF"), strict=True):
            axes.set_axisbelow(True)
            if heights is None:
                colours = np.where(difference >= 0, COLOURS["C"], COLOURS["T"])
                axes.bar(np.arange(width), difference, width=0.9, color=colours)
            elif heights.any():
                draw_letters(axes, heights, 0)
            axes.axhline(0, color=_GREY, linewidth=0.6)
            if len(places):
                axes.axvspan(places[0] - 0.5, places[-1] + 0.5, color="#F0E442", alpha=0.35, zorder=0)
            axes.set(ylabel=name, xlim=(-0.5, width - 0.5), ylim=(low - margin, high + margin))
            axes.spines[["top", "right"]].set_visible(False)
        if lanes:
            _draw_landmarks(every[-1], lanes, sides)
        _mark_places(every[-1], sides)
        panels[0].set_title(_variant_title(sides) if title is None else title, loc="left", fontsize="medium")
        every[-1].set_xlabel(f"{sides.variant.chrom} (bp, from 1)")
        figure.supylabel(f"importance ({unit})", fontsize="medium")
    return figure


def motif_figure(motifs: Sequence[FoundMotif], best: Sequence[SimilarMotif] | None = None) -> Figure:
    """Return the logos of the first 30 motifs: a column is as high as the bits that it says.

    Parameters
    ----------
    motifs : sequence of FoundMotif
        At least one.
    best : sequence of SimilarMotif, optional
        The motif of a database that resembles each most, for the titles.
    """
    shown = numbered(motifs)[:MOTIFS_DRAWN]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    with drawing():
        figure = new_figure(4.6 * columns, 1.9 * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        widest = max(len(motif.shares) for _, motif in shown)
        for place, (axes, (name, motif)) in enumerate(zip(panels, shown, strict=False)):
            axes.grid(visible=False)
            draw_letters(axes, motif.shares * information(motif.shares)[:, None], 1)
            axes.set(xlim=(0.5, widest + 0.5), ylim=(0, 2), yticks=(0, 1, 2))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
            axes.spines[["top", "right"]].set_visible(False)
            sites = f"{motif.n_sites} site{'s' * (motif.n_sites != 1)}"
            title = f"{name if len(name) <= 30 else name[:29] + '…'}   {sites}"
            title += ", lowers the score" if motif.effect == "lowers" else ""
            if best is not None:
                match = best[place]
                title += f"\n{match.target} ({match.orientation}), q = {match.q:.2g}"
            axes.set_title(title, loc="left", fontsize="medium")
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        figure.supylabel("bits", fontsize="medium")
    return figure


def _known(side: Explained) -> NDArray[np.float32]:
    return np.asarray(np.nan_to_num(side.importance))


def _changed(sides: Sides) -> NDArray[np.bool_]:
    """Return the columns in which the alleles differ."""
    ref, alt = (
        np.where(columns >= 0, side.codes[columns], 255)
        for side, columns in ((sides.ref, sides.ref_columns), (sides.alt, sides.alt_columns))
    )
    return np.asarray(ref != alt)


def _mark_places(axes: Axes, sides: Sides) -> None:
    """Put round places of the genome under their columns."""
    own = np.flatnonzero(sides.ref_columns >= 0)
    positions = sides.positions[own] + 1
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500) if len(own) / size <= 8 or size == 500)
    chosen = positions % step == 0
    axes.set_xticks(own[chosen], [f"{position:,}" for position in positions[chosen]])


def _lanes(sides: Sides) -> list[list[Landmark]]:
    """Return the landmarks in rows: each row holds some of one track that do not overlap."""
    lanes: list[list[Landmark]] = []
    for mark in sorted(sides.landmarks, key=lambda mark: mark.track != "genes"):
        free = (lane for lane in lanes if lane[0].track == mark.track and lane[-1].end <= mark.start)
        lane = next(free, None)
        if lane is None:
            lanes.append([mark])
        else:
            lane.append(mark)
    return lanes[:MOST_LANES]


def _draw_landmarks(axes: Axes, lanes: list[list[Landmark]], sides: Sides) -> None:
    """Draw each landmark over the columns that it has, and its name on it."""
    for row, lane in enumerate(lanes):
        for mark in lane:
            inside = np.flatnonzero((sides.positions >= mark.start) & (sides.positions < mark.end))
            if not len(inside):  # a region of no base
                continue
            first, last = int(inside[0]), int(inside[-1])
            colour = COLOURS["G"] if mark.track == "genes" else COLOURS["A"]
            axes.barh(row, last - first + 1, left=first - 0.5, height=0.8, color=colour, alpha=0.55)
            room = max(3, last - first)  # a letter is about as wide as a column
            name = mark.name if len(mark.name) <= room else mark.name[: room - 1] + "…"
            axes.text((first + last) / 2, row, name, ha="center", va="center", fontsize="x-small")
    axes.set(ylim=(len(lanes) - 0.5, -0.5))
    axes.set_yticks(range(len(lanes)), [_short_name(lane[0].track) for lane in lanes], fontsize="x-small")
    axes.grid(visible=False)
    axes.spines[["top", "right"]].set_visible(False)


def _short_name(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"


def _variant_title(sides: Sides) -> str:
    name = sides.variant.name
    text = f"{name if len(name) <= 60 else name[:59] + '…'}   change {sides.change:+.3f}"
    told = [f"{match.name} {match.change:+.1f} bits" for match in sides.motifs[:_MOTIFS_TOLD]]
    return text + ("\n" + ",  ".join(told) if told else "")


def draw_letters(axes: Axes, heights: np.ndarray, first: int) -> None:
    """Draw letters with the given heights.

    Parameters
    ----------
    axes : Axes
    heights : float array, shape (bases, 4)
        Of A, C, G and T; those below 0 stand below the line.
    first : int
        Where on the axis the first base is.
    """
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba
    from matplotlib.transforms import Affine2D

    shapes = {base: _letter(base) for base in COLOURS}
    paths, colours = [], []
    for column, values in enumerate(heights.tolist(), first):
        letters = sorted(zip(COLOURS, values, strict=True), key=lambda letter: letter[1])
        floor = sum(value for _, value in letters if value < 0)
        for base, value in letters:
            if not value:
                continue
            place = Affine2D().scale(1, abs(value)).translate(column, floor)
            paths.append(place.transform_path(shapes[base]))
            colours.append(to_rgba(COLOURS[base]))
            floor += abs(value)
    axes.add_collection(PathCollection(paths, facecolors=colours, linewidths=0, zorder=0), autolim=False)
    for spine in axes.spines.values():
        spine.set(color="black", linewidth=1.0)


def _letter(base: str) -> Path:
    """Return the outline of a letter, 1 high from 0 upwards, as wide as a column whose middle is 0."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    font = FontProperties(family="sans", weight="bold")
    shape, widest = (TextPath((0, 0), letter, size=1, prop=font) for letter in (base, _WIDEST))
    box = shape.get_extents()
    stretch = _LETTER_WIDTH / max(box.width, widest.get_extents().width)
    middle = Affine2D().translate(-(box.x0 + box.x1) / 2, -box.y0).scale(stretch, 1 / box.height)
    return middle.transform_path(shape)
