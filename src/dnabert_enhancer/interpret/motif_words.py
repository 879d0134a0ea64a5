"""Motifs of seqlets: the best match of each, and which motifs are in more seqlets than in quiet runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import false_discovery_rates, hypergeometric_tail
from dnabert_enhancer.interpret.seqlets import Seqlet
from dnabert_enhancer.sequence import BASES
from dnabert_enhancer.variants import REPORTED_P, MotifLibrary, RunMatches, run_matches

ENRICHMENT_COLUMNS = (
    "motif",
    "seqlets_with",
    "seqlets",
    "quiet_with",
    "quiet",
    "odds_ratio",
    "p",
    "q",
)
_GC = [BASES.index("C"), BASES.index("G")]


class SeqletMotif(NamedTuple):
    """The motif that matches a seqlet best.

    Attributes
    ----------
    name : str
    start, end : int
        Of the word that matches, 0-based and half-open, within the region.
    strand : str
        ``+`` or ``-``.
    p : float
        Chance of such a match among as many words; see `variants.RunMatches`.
    q : float
        Over the motifs of the file, for this seqlet.
    """

    name: str
    start: int
    end: int
    strand: str
    p: float
    q: float


def best_motifs(matches: RunMatches) -> list[SeqletMotif | None]:
    """Return the motif of the smallest p in each run, the first of equal ones; none where none fits.

    Notes
    -----
    q as TOMTOM gives it for one query: Benjamini and Hochberg over the motifs that fit,
    ``min over k of p_(k) m / k``.
    """
    found: list[SeqletMotif | None] = []
    for run, p in enumerate(matches.p):
        fits = np.sort(p[~np.isnan(p)])
        if not len(fits):
            found.append(None)
            continue
        best = int(np.nanargmin(p))
        q = float(min(1.0, (fits * len(fits) / np.arange(1, len(fits) + 1)).min()))
        start = int(matches.start[run, best])
        strand = "-" if matches.is_reverse[run, best] else "+"
        end = start + int(matches.widths[best])
        found.append(SeqletMotif(matches.names[best], start, end, strand, float(p[best]), q))
    return found


def quiet_runs(
    importance: NDArray[np.float32], codes: NDArray[np.uint8], seqlets: Sequence[Seqlet]
) -> list[tuple[int, int] | None]:
    """Return a run of low importance of the same region for each seqlet that raises the score.

    Parameters
    ----------
    importance : float32 array, shape (length,)
    codes : uint8 array, shape (length,)
    seqlets : sequence of Seqlet
        All of the region.

    Returns
    -------
    list of (int, int) or None
        Start and end, for the seqlets above 0 in order: as long, of known bases, apart from all seqlets and
        other such runs, in the quieter half of the runs that are (by the sum of the absolute importance); of
        these the one with the most similar count of G and C, then the quietest, then the first. None where
        there is none.
    """
    size = np.concatenate([[0.0], np.cumsum(np.nan_to_num(np.abs(importance)), dtype=np.float64)])
    is_gc = np.concatenate([[0], np.cumsum(np.isin(codes, _GC))])
    taken = np.isnan(importance)
    for seqlet in seqlets:
        taken[seqlet.start : seqlet.end] = True
    found: list[tuple[int, int] | None] = []
    for seqlet in seqlets:
        if seqlet.sum <= 0:
            continue
        length = seqlet.end - seqlet.start
        not_free = np.concatenate([[0], np.cumsum(taken)])
        starts = np.flatnonzero(not_free[length:] == not_free[:-length])
        if not len(starts):
            found.append(None)
            continue
        sizes = size[starts + length] - size[starts]
        quieter = sizes <= np.median(sizes)
        starts, sizes = starts[quieter], sizes[quieter]
        gc = is_gc[starts + length] - is_gc[starts]
        unlike = np.abs(gc - (is_gc[seqlet.end] - is_gc[seqlet.start]))
        start = int(starts[np.lexsort((starts, sizes, unlike))[0]])
        taken[start : start + length] = True
        found.append((start, start + length))
    return found


class MotifEnrichment:
    """Counts motifs in seqlets and in quiet runs, region by region.

    Parameters
    ----------
    library : MotifLibrary
    """

    def __init__(self, library: MotifLibrary) -> None:
        self._library = library
        motifs = library.motifs
        self._names = [motif.name for motif in motifs]
        self._with = np.zeros((2, len(motifs)), dtype=np.int64)
        self._pairs = 0

    def add(
        self,
        importance: NDArray[np.float32],
        codes: NDArray[np.uint8],
        seqlets: Sequence[Seqlet],
        matches: RunMatches,
    ) -> None:
        """Count the motifs of a region.

        Parameters
        ----------
        importance, codes, seqlets
            See `quiet_runs`.
        matches : RunMatches
            Of the seqlets.
        """
        quiet = quiet_runs(importance, codes, seqlets)
        above = [number for number, seqlet in enumerate(seqlets) if seqlet.sum > 0]
        pairs = [(number, run) for number, run in zip(above, quiet, strict=True) if run is not None]
        if not pairs:
            return
        low = run_matches(self._library, codes, [run for _, run in pairs])
        high_p = matches.word_p[[number for number, _ in pairs]]
        for row, word_p in enumerate((high_p, low.word_p)):
            self._with[row] += (np.nan_to_num(word_p, nan=1.0) <= REPORTED_P).sum(axis=0)
        self._pairs += len(pairs)

    def rows(self) -> list[tuple[str, int, int, int, int, float, float, float]]:
        """Return the values of `ENRICHMENT_COLUMNS` of each motif, the smallest p first, then by name.

        Notes
        -----
        Fisher's exact test, one-sided: the chance, when as many runs have the motif, that so many of them or
        more are seqlets (Fisher 1922, J R Stat Soc 85:87). q over the motifs: Benjamini and Hochberg.
        """
        high, low = self._with
        n = self._pairs
        p = hypergeometric_tail(high, high + low, n, 2 * n) if n else np.ones(len(high))
        q = false_discovery_rates(p)
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = (high * (n - low)) / (low * (n - high))
        rows = zip(
            self._names, high.tolist(), low.tolist(), odds.tolist(), p.tolist(), q.tolist(), strict=True
        )
        return sorted(
            ((name, a, n, b, n, ratio, one, over) for name, a, b, ratio, one, over in rows),
            key=lambda row: (row[6], row[0]),
        )
