"""Reads the elements of a database by its preset: row by row, or by columns at once where that does."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np

from dnabert_enhancer.comparison.elements import NO_NAME, Elements
from dnabert_enhancer.comparison.preset import Layout, Preset
from dnabert_enhancer.comparison.row_parser import LARGEST_PLACE, RowParser, Selection
from dnabert_enhancer.comparison.row_reader import read_table
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_regions


def read_elements(
    path: str | os.PathLike[str], preset: Preset, selection: Selection | None = None
) -> Elements:
    """Read the elements of one file, in its own contig names and assembly.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip.
    preset : Preset
        How the file looks.
    selection : Selection, optional
        Which elements; default: all.

    Returns
    -------
    Elements
        0-based and half-open, in the order of the file. ``counts`` holds ``rows`` and, where there are any,
        ``filtered_by_preset``, ``filtered_by_cell``, ``filtered_by_class``, ``filtered_by_score``,
        ``without_place`` (NA), ``zero_length`` and ``unusable_row``.

    Raises
    ------
    InputError
        What `row_reader.read_table` refuses; no element at all; a filter that matches nothing,
        with what there is; rows whose place cannot be used.
    """
    chosen = selection or Selection()
    table = read_table(path, preset, chosen.columns)
    if (quickly := _read_quickly(path, preset, table.layout, chosen)) is not None:
        return quickly
    parser = RowParser(path, preset, table.layout, chosen)
    for row in table.rows:
        parser.take(row)
    return parser.finish()


def _read_quickly(
    path: str | os.PathLike[str], preset: Preset, layout: Layout, selection: Selection
) -> Elements | None:
    """Read a plain BED by columns at once; None where that does not do: filters, other columns, bad rows."""
    places = (layout.chrom, layout.start, layout.end, layout.name or 3, layout.score or 4)
    base = preset.base if selection.base is None else selection.base
    is_special = preset.quoted or preset.fasta or len(preset.encodings) > 1 or layout.places or layout.keep
    is_filtered = selection.cells or selection.kinds or selection.min_score is not None
    if places != (0, 1, 2, 3, 4) or base or is_special or is_filtered or layout.name_pattern:
        return None
    try:
        frame = read_regions(path, titles=False).frame
    except InputError:
        return None
    if not len(frame) or frame["end"].max() > LARGEST_PLACE:
        return None
    if layout.name is None:
        frame["name"] = NO_NAME
    if layout.score is None:
        frame["score"] = np.nan
    elements = Elements(frame.drop(columns="strand"), Counter(rows=len(frame)))
    if (elements.end > elements.start).all():
        return elements
    kept = elements.take(elements.end > elements.start, dropped="zero_length")
    return kept if len(kept) else None


__all__ = ["Selection", "read_elements"]
