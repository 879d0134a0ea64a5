"""Transcription factor motifs: the best match over each allele; which motifs an allele makes or breaks.

The matching is lightmotif's: its SIMD kernel scores 240 kb in a third of a millisecond, its distributions
of scores answer for p-values at once, and it ships wheels for all Pythons that are supported. Looked at:
Bio.motifs (scores in C, but its distributions take seconds a motif) and MOODS (no wheels since 2020).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import BASES, decode_bases
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.meme import MemeMotif, read_meme
from dnabert_enhancer.variants.reference import SequenceContext

if TYPE_CHECKING:
    from lightmotif.lib import ScoringMatrix, StripedSequence

REPORTED_P = 1e-4
_PSEUDOCOUNT = 0.1


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


class _Motif(NamedTuple):
    name: str
    width: int
    forward: ScoringMatrix
    reverse: ScoringMatrix
    threshold: float


class _Layout(NamedTuple):
    """Alleles with flanks, one after the other in a single sequence.

    Attributes
    ----------
    sequence : str
    starts, lengths : int64 array, shape (pieces,)
        Where the allele itself starts in the sequence, and its length.
    """

    sequence: str
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


class MotifLibrary:
    """Motifs of a MEME file, ready for matching.

    Parameters
    ----------
    path : str or path
        MEME format (minimal), plain or gzip: HOCOMOCO, JASPAR and others.

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
        content = read_meme(path)
        self._motifs = [_prepared(motif, content.background) for motif in content.motifs]
        self.flank = max(motif.width for motif in self._motifs) - 1

    def __len__(self) -> int:
        return len(self._motifs)

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
            for a deletion, those across the junction.
        """
        from lightmotif.lib import stripe

        found: list[list[MotifMatch]] = [[] for _ in alleles]
        if not alleles:
            return found
        layout = self._layout(alleles)
        striped = stripe(layout.sequence)
        for motif in self._motifs:
            if len(layout.sequence) < motif.width:
                continue
            forward, reverse = (_scores(matrix, striped) for matrix in (motif.forward, motif.reverse))
            hits = np.flatnonzero(np.maximum(forward, reverse) >= motif.threshold)
            if not len(hits):
                continue
            first = layout.starts - motif.width + 1
            last = layout.starts + layout.lengths
            piece = np.minimum(np.searchsorted(last, hits, side="right"), len(last) - 1)
            touching = (hits >= first[piece]) & (hits < last[piece])
            for row in np.unique(piece[touching] // 2).tolist():
                sides = [
                    _best(forward, reverse, int(first[side]), int(last[side]))
                    for side in (2 * row, 2 * row + 1)
                ]
                found[row].append(_match(motif, sides[0], sides[1]))
        for matches in found:
            matches.sort(key=lambda match: (-abs(match.change), match.name))
        return found

    def _layout(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> _Layout:
        pieces: list[str] = []
        starts, lengths, place = [], [], 0
        for context, allele in alleles:
            before = decode_bases(context.part(allele.start - self.flank, allele.start))
            after = decode_bases(context.part(allele.end, allele.end + self.flank))
            for codes in (allele.ref, allele.alt):
                middle = decode_bases(codes)
                starts.append(place + len(before))
                lengths.append(len(middle))
                pieces.append(before + middle + after)
                place += len(pieces[-1])
        return _Layout("".join(pieces), np.array(starts, np.int64), np.array(lengths, np.int64))


def _prepared(motif: MemeMotif, background: NDArray[np.float64]) -> _Motif:
    from lightmotif.lib import ScoringMatrix

    n = motif.n_sites
    share = (motif.shares * n + _PSEUDOCOUNT * background) / (n + _PSEUDOCOUNT)
    scores = np.log2(share / background)
    matrix = ScoringMatrix(
        {base: column.tolist() for base, column in zip(BASES, scores.T, strict=True)},
        dict(zip(BASES, background.tolist(), strict=True)),
    )
    threshold = float(matrix.score(REPORTED_P))
    return _Motif(motif.name, len(motif.shares), matrix, matrix.reverse_complement(), threshold)


def _scores(matrix: ScoringMatrix, striped: StripedSequence) -> NDArray[np.float32]:
    scores = matrix.calculate(striped)
    return np.asarray(scores, dtype=np.float32).ravel()[: len(scores)]


def _best(
    forward: NDArray[np.float32], reverse: NDArray[np.float32], first: int, last: int
) -> tuple[float, str]:
    """Return the highest score that starts in a range, and its strand."""
    if first >= last:
        return float("nan"), "."
    plus, minus = float(forward[first:last].max()), float(reverse[first:last].max())
    return (plus, "+") if plus >= minus else (minus, "-")


def _match(motif: _Motif, ref: tuple[float, str], alt: tuple[float, str]) -> MotifMatch:
    p = [float("nan") if np.isnan(score) else float(motif.forward.pvalue(score)) for score, _ in (ref, alt)]
    return MotifMatch(motif.name, ref[0], alt[0], p[0], p[1], ref[1], alt[1])
