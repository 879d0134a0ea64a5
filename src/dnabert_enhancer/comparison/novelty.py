"""Calls that no database holds, and the gene nearest to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.effective_genome import EffectiveGenome, MappedElements
from dnabert_enhancer.comparison.elements import NO_NAME, Elements
from dnabert_enhancer.comparison.overlap import Hits
from dnabert_enhancer.genome import nearest_of


@dataclass(frozen=True, eq=False)
class Novel:
    """Calls in no database, best first.

    Attributes
    ----------
    calls : int64 array, shape (novel,)
        Numbers of the calls, by falling score; equal ones, and those without score (last), by place.
    gene : list of str
        Name of the nearest gene, ``.`` where there is none on the contig or no genes were given.
    gene_distance : int64 array, shape (novel,)
        To the gene's body: 0 within, else 1 plus the bases between; -1 for none.
    """

    calls: NDArray[np.int64]
    gene: list[str]
    gene_distance: NDArray[np.int64]


def databases_with(hits: Sequence[Hits], calls: int) -> NDArray[np.int64]:
    """Return in how many databases each call is, shape (calls,)."""
    found = np.zeros(calls, dtype=np.int64)
    for one in hits:
        found += one.elements > 0
    return found


def novel_calls(
    effective: EffectiveGenome, calls: MappedElements, hits: Sequence[Hits], genes: Elements | None
) -> Novel:
    """Return the calls that share no base with any database, ranked, with their nearest genes.

    Parameters
    ----------
    effective : EffectiveGenome
        What counts.
    calls : MappedElements
        All calls.
    hits : sequence of Hits
        One a database.
    genes : Elements, optional
        Gene bodies in the contigs of the effective genome.
    """
    novel = np.flatnonzero(databases_with(hits, len(calls)) == 0)
    scores = calls.elements.scores[novel]
    order = np.argsort(np.where(np.isnan(scores), np.inf, -scores), kind="stable")
    novel = novel[order]
    if genes is None or not len(genes):
        return Novel(novel, ["."] * len(novel), np.full(len(novel), -1, dtype=np.int64))
    which, distance = nearest_within_contig(
        effective, calls.line_start[novel], calls.line_end[novel], *effective.on_line(genes)
    )
    names = np.append(genes.names, NO_NAME)[which].tolist()
    return Novel(novel, names, distance)


def nearest_within_contig(
    effective: EffectiveGenome,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    other_start: NDArray[np.int64],
    other_end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `genome.nearest_of` on the genome's line, without neighbours on other contigs (-1 instead)."""
    which, distance = nearest_of(start, end, other_start, other_end)
    # contigs lie further apart than any of them is long
    elsewhere = distance > int(effective.sizes.max())
    return np.where(elsewhere, -1, which), np.where(elsewhere, -1, distance)
