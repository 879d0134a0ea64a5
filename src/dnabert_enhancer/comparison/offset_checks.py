"""Checks elements for 1-based starts and for coordinates of another assembly."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.effective_genome import MappedElements
from dnabert_enhancer.comparison.elements import Elements
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ASSEMBLIES, ContigNames

_FEWEST = 20
_NEARLY_ALL = 0.95
_FEWEST_SHARED_ENDS = 10
_STRAY_ALLOWED = 0.001


def sign_of_one_base(elements: Elements) -> str | None:
    """Return why starts that were read as 0-based look 1-based, or None.

    Notes
    -----
    Fixed-width and grid-aligned elements show it: read with the wrong base, lengths are one short of a
    multiple of ten, or starts are one past it while ends are on it. Elements of a single base come out
    empty. Lengths without a pattern say nothing.
    """
    zero = elements.counts["zero_length"]
    if zero > 0.01 * (len(elements) + zero) and zero >= 3:
        return f"{zero} elements have their start equal to their end, as single bases have in 1-based tables"
    if len(elements) < _FEWEST:
        return None
    short = (elements.end - elements.start + 1) % 10 == 0
    if short.mean() >= _NEARLY_ALL:
        return f"{short.mean():.0%} of the lengths are one short of a multiple of ten"
    late = (elements.start % 10 == 1) & (elements.end % 10 == 0)
    if late.mean() >= _NEARLY_ALL:
        return f"{late.mean():.0%} of the starts are one past a multiple of ten, with ends on one"
    return None


def sign_of_shifted_start(calls: MappedElements, database: MappedElements) -> str | None:
    """Return why two sets look as if only one of them were 0-based, or None: same ends, starts one apart."""
    _, ours, theirs = np.intersect1d(calls.line_end, database.line_end, return_indices=True)
    if len(ours) < _FEWEST_SHARED_ENDS:
        return None
    step = database.line_start[theirs] - calls.line_start[ours]
    for apart, which in ((1, "the database"), (-1, "the calls")):
        share = float((step == apart).mean())
        if share >= 0.5:
            return f"{share:.0%} of {len(ours)} equal ends have starts one base apart: {which} may be 1-based"
    return None


def beyond_ends(elements: Elements, sizes: Mapping[str, int]) -> NDArray[np.bool_]:
    """Return which elements end beyond their contig, shape (elements,); unknown contigs have no end."""
    names = ContigNames(sizes)
    lengths = [sizes.get(names.resolve(contig) or "", np.iinfo(np.int64).max) for contig in elements.contigs]
    return np.asarray(elements.end > np.array(lengths, dtype=np.int64)[elements.contig_index])


def within_assembly(elements: Elements, assembly: str, source: str | os.PathLike[str]) -> Elements:
    """Return the elements that can be of an assembly; refuse a file that is of another.

    A few elements past the ends of chromosomes (at most 0.1 %) are dropped and counted as
    ``beyond_contig_end`` when no other assembly would hold all.

    Raises
    ------
    InputError
        Elements lie past the ends of chromosomes: names the first, and the assembly in which all fit.
    """
    if assembly not in ASSEMBLIES:
        return elements
    beyond = beyond_ends(elements, ASSEMBLIES[assembly])
    if not beyond.any():
        return elements
    number, first = int(beyond.sum()), int(beyond.argmax())
    contig = elements.contigs[elements.contig_index[first]]
    names = ContigNames(ASSEMBLIES[assembly])
    length = ASSEMBLIES[assembly][names.resolve(contig) or contig]
    others = [name for name, known in ASSEMBLIES.items() if not beyond_ends(elements, known).any()]
    if not others and number <= _STRAY_ALLOWED * len(elements):
        return elements.take(~beyond, dropped="beyond_contig_end")
    hint = f"; all fit {others[0]}" if others else ""
    raise InputError(
        f"{number} of {len(elements)} elements end beyond their chromosome of {assembly} "
        f"({contig}:{elements.start[first]}-{elements.end[first]}, it has {length} bp){hint}",
        source=source,
        location=f"line {elements.frame['line'].iloc[first]}",
        remedy=f"say assembly={others[0]}" if others else "check the assembly and the 0- or 1-based start",
    )
