"""Transcription factor motifs: the best match over each allele; which motifs an allele makes or breaks.

Scores and p-values are FIMO's and computed here. Looked at: lightmotif (as fast and the same numbers, but its
wheel holds GPL code), memelite (compiles with numba at each start), Bio.motifs (distributions take seconds a
motif) and MOODS (no wheels since 2020).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.meme import MemeMotif, read_meme
from dnabert_enhancer.variants.reference import SequenceContext
from dnabert_enhancer.variants.score_distribution import ScoreDistribution

REPORTED_P = 1e-4
_PSEUDOCOUNT = 0.1
LETTERS = 5
_MARGIN = 1e-3
"""Bits, many times the error of a matrix product: what comes so near is computed again, exactly."""
UNKNOWN_SCORE = -1e6
"""Score of an unknown base: no word that holds one matches."""
_CELLS = 1 << 22


class MotifMatch(NamedTuple):
    """The best match of a motif over each allele.

    Attributes
    ----------
    name : str
    ref_score, alt_score : float
        Bits: the log2 odds of the motif against the background; NaN where the motif does not fit.
    ref_p, alt_p : float
        Chance of a score as high at one place and strand of random sequence with the background's bases.
    ref_strand, alt_strand : str
        ``+`` or ``-``.
    """

    name: str
    ref_score: float
    alt_score: float
    ref_p: float
    alt_p: float
    ref_strand: str
    alt_strand: str

    @property
    def change(self) -> float:
        """Score of the alternative allele minus that of the reference."""
        return self.alt_score - self.ref_score

    def text(self) -> str:
        """Return the match as it stands in the outputs: fields separated by ``|``."""
        scores = f"{self.ref_score:.3f}|{self.alt_score:.3f}|{self.change:.3f}"
        return f"{self.name}|{self.ref_strand}|{self.alt_strand}|{scores}|{self.ref_p:.3g}|{self.alt_p:.3g}"


MOTIF_FORMAT = "name|ref_strand|alt_strand|ref_score|alt_score|change|ref_p|alt_p"


class ScoringMotif(NamedTuple):
    """A motif, ready for matching.

    Attributes
    ----------
    name : str
    forward, reverse : float32 array, shape (width * 5,)
        Scores of A, C, G, T and an unknown base in each column; of the motif and its reverse complement.
    distribution : ScoreDistribution
    threshold : float
        Lowest score that is reported.
    """

    name: str
    forward: NDArray[np.float32]
    reverse: NDArray[np.float32]
    distribution: ScoreDistribution
    threshold: float

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.forward) // LETTERS


class MotifGroup(NamedTuple):
    """Motifs of one width.

    Attributes
    ----------
    motifs : list of ScoringMotif
    tables : float32 array, shape (width * 5, motifs, 2)
        What their tables hold, both strands.
    thresholds : float32 array, shape (motifs,)
    """

    motifs: list[ScoringMotif]
    tables: NDArray[np.float32]
    thresholds: NDArray[np.float32]

    @property
    def width(self) -> int:
        """Number of columns of each."""
        return self.motifs[0].width


class _Layout(NamedTuple):
    """Alleles with flanks, one after the other in a single sequence; the reference first, then its other.

    Attributes
    ----------
    codes : uint8 array
    starts, lengths : int64 array, shape (pieces,)
        Where the allele itself starts in the sequence, and its length; pieces 2 n and 2 n + 1 are row n.
    """

    codes: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


class MotifLibrary:
    """Motifs of a MEME file, ready for matching.

    Parameters
    ----------
    path : str or path
        MEME format (minimal), plain or gzip: HOCOMOCO, JASPAR and others.

    Attributes
    ----------
    groups : list of MotifGroup
        The motifs of each width, the narrowest first.
    content : list of MemeMotif
        As they stand in the file.

    Raises
    ------
    InputError
        Not MEME, no motif, a motif that is empty or longer than 100 bp.

    Notes
    -----
    The score of a base b in column i is ``log2((p_ib n + 0.1 q_b) / (n + 0.1) / q_b)``, with n the number of
    sites (20 where the file does not say) and q the file's background; 0.1 is the pseudocount of MEME's FIMO.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        background, self.content = read_meme(path)
        motifs = [_prepared(motif, background) for motif in self.content]
        motifs.sort(key=lambda motif: motif.width)
        self.groups = [_group(list(some)) for _, some in groupby(motifs, key=lambda motif: motif.width)]
        self.flank = motifs[-1].width - 1

    def __len__(self) -> int:
        return sum(len(group.motifs) for group in self.groups)

    @property
    def motifs(self) -> list[ScoringMotif]:
        """All motifs, the narrowest first; those of a width in the order of the file."""
        return [motif for group in self.groups for motif in group.motifs]

    def matches(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> list[list[MotifMatch]]:
        """Return for each allele the motifs that reach p < 1e-4 on the reference or the alternative.

        Parameters
        ----------
        alleles : sequence of (SequenceContext, Allele)
            With the genome around.

        Returns
        -------
        list of list of MotifMatch
            Ordered by the size of the change, the largest first. Only matches that touch the allele count;
            for a deletion, those across the junction. Words with an unknown base match nothing.
        """
        found: list[list[MotifMatch]] = [[] for _ in alleles]
        if not alleles:
            return found
        layout = self._layout(alleles)
        for group in self.groups:
            for motif, rows in _candidates(group, _words(layout, group.width)):
                for row, match in _matches(motif, layout, rows):
                    found[row].append(match)
        for matches in found:
            matches.sort(key=lambda match: (-np.nan_to_num(abs(match.change)), match.name))
        return found

    def _layout(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> _Layout:
        pieces: list[NDArray[np.uint8]] = []
        starts, lengths, place = [], [], 0
        for context, allele in alleles:
            before = _part(context, allele.start - self.flank, allele.start)
            after = _part(context, allele.end, allele.end + self.flank)
            for codes in (allele.ref, allele.alt):
                starts.append(place + len(before))
                lengths.append(len(codes))
                pieces += [before, codes, after]
                place += len(before) + len(codes) + len(after)
        return _Layout(np.concatenate(pieces), np.array(starts, np.int64), np.array(lengths, np.int64))


def _part(context: SequenceContext, start: int, end: int) -> NDArray[np.uint8]:
    """Return the codes of a stretch, unknown where the context is narrower than a long motif."""
    first, last = max(start, context.start), min(end, context.start + len(context.codes))
    return np.pad(context.part(first, last), (first - start, end - last), constant_values=UNKNOWN_BASE)


class _Words(NamedTuple):
    """The words of a motif's length that touch an allele.

    Attributes
    ----------
    entries : int64 array, shape (width, words)
        Which entry of a motif's table each letter takes.
    pieces : int64 array
        The pieces of the layout that have words, ascending.
    firsts : int64 array
        The first word of each.
    """

    entries: NDArray[np.int64]
    pieces: NDArray[np.int64]
    firsts: NDArray[np.int64]


def _words(layout: _Layout, width: int) -> _Words:
    counts = layout.lengths + width - 1
    ends = np.cumsum(counts)
    first = layout.starts - width + 1
    places = np.arange(ends[-1]) + np.repeat(first - ends + counts, counts)
    columns = np.arange(width)[:, None]
    pieces = np.flatnonzero(counts)
    return _Words(layout.codes[places + columns] + LETTERS * columns, pieces, (ends - counts)[pieces])


def _candidates(group: MotifGroup, words: _Words) -> Iterator[tuple[ScoringMotif, NDArray[np.int64]]]:
    """Yield motifs and the rows of the alleles that they reach, or almost reach."""
    count = words.entries.shape[1]
    if not count:
        return
    letters = np.zeros((count, LETTERS * group.width), dtype=np.float32)
    letters[np.arange(count), words.entries] = 1
    step = max(1, _CELLS // count)
    for start in range(0, len(group.motifs), step):
        tables = group.tables[:, start : start + step]
        scores = letters @ tables.reshape(len(tables), -1)
        best = np.maximum.reduceat(scores, words.firsts).reshape(len(words.firsts), -1, 2).max(axis=2)
        reached = best >= group.thresholds[start : start + step] - _MARGIN
        for number in np.flatnonzero(reached.any(axis=0)).tolist():
            yield group.motifs[start + number], np.unique(words.pieces[reached[:, number]] // 2)


def _matches(
    motif: ScoringMotif, layout: _Layout, rows: NDArray[np.int64]
) -> Iterator[tuple[int, MotifMatch]]:
    """Yield those of the rows that a motif reaches, and its match."""
    pieces = np.stack([2 * rows, 2 * rows + 1], axis=1).ravel()
    words = _words(_Layout(layout.codes, layout.starts[pieces], layout.lengths[pieces]), motif.width)
    best = np.full((2, len(pieces)), np.nan, dtype=np.float32)
    for strand, table in enumerate((motif.forward, motif.reverse)):
        # added row by row, so that a sum does not depend on the other words
        scores = np.add.reduce(table[words.entries], axis=0)
        best[strand, words.pieces] = np.maximum.reduceat(scores, words.firsts)
    best[best < UNKNOWN_SCORE / 2] = np.nan
    highest = np.fmax(best[0], best[1])
    for place in np.unique(np.flatnonzero(highest >= motif.threshold) // 2).tolist():
        sides = (2 * place, 2 * place + 1)
        ref, alt = (float(highest[side]) for side in sides)
        ref_p, alt_p = (motif.distribution.p_value(score) for score in (ref, alt))
        strands = [_strand(best[0, side], best[1, side]) for side in sides]
        yield int(rows[place]), MotifMatch(motif.name, ref, alt, ref_p, alt_p, *strands)


def _strand(plus: np.float32, minus: np.float32) -> str:
    if np.isnan(plus):
        return "."
    return "+" if plus >= minus else "-"


def _prepared(motif: MemeMotif, background: NDArray[np.float64]) -> ScoringMotif:
    n = motif.n_sites
    share = (motif.shares * n + _PSEUDOCOUNT * background) / (n + _PSEUDOCOUNT)
    scores = np.log2(share / background).astype(np.float32)
    distribution = ScoreDistribution.of_matrix(scores, background.astype(np.float32).astype(np.float64))
    forward, reverse = (
        np.pad(matrix, ((0, 0), (0, 1)), constant_values=UNKNOWN_SCORE).ravel()
        for matrix in (scores, scores[::-1, ::-1])
    )
    return ScoringMotif(motif.name, forward, reverse, distribution, distribution.threshold(REPORTED_P))


def _group(motifs: list[ScoringMotif]) -> MotifGroup:
    tables = np.stack([np.stack([motif.forward, motif.reverse], axis=1) for motif in motifs], axis=1)
    return MotifGroup(motifs, tables, np.array([motif.threshold for motif in motifs], dtype=np.float32))
