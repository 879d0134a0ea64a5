"""Motifs found in the seqlets themselves: words that are rarer in shuffles of the regions, merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import false_discovery_rates, hypergeometric_tail
from dnabert_enhancer.interpret.seqlets import Seqlet
from dnabert_enhancer.sequence import BASES, UNKNOWN_BASE, dinucleotide_shuffle, reverse_complement

WORD_LENGTH = 6
SHUFFLES = 10
"""Of each region, for the counts to compare with."""
HIGHEST_Q = 0.05
_MARGIN = 1
_FARTHEST = 6
_LEAST_BITS = 0.25
_WORDS = 4**WORD_LENGTH
_POWERS = 4 ** np.arange(WORD_LENGTH - 1, -1, -1, dtype=np.int64)

RegionWords = tuple[NDArray[np.uint8], Sequence[Seqlet]]


class FoundMotif(NamedTuple):
    """A motif of the regions themselves.

    Attributes
    ----------
    name : str
        The most frequent letters.
    shares : float64 array, shape (width, 4)
        Of A, C, G and T in each column.
    n_sites : int
        Places in seqlets that have one of its words; of TF-MoDISco its seqlets.
    words : tuple of str
        The smallest p first; each in the strand of the motif. None of TF-MoDISco.
    p, q : float
        Of the first word; NaN of TF-MoDISco.
    effect : {"raises", "lowers"}
        What it does to the score.
    """

    name: str
    shares: NDArray[np.float64]
    n_sites: int
    words: tuple[str, ...]
    p: float
    q: float
    effect: str = "raises"


class Discovered(NamedTuple):
    """What was found.

    Attributes
    ----------
    motifs : list of FoundMotif
        The smallest p first; of TF-MoDISco those that raise the score first, of these the one with the most
        seqlets.
    enough : bool
        Of TF-MoDISco: whether there were more than 100 seqlets of a sign; it clusters no fewer.
    """

    motifs: list[FoundMotif]
    enough: bool = True


class _Member(NamedTuple):
    """A word of a motif: its codes in the motif's strand, and its offset to the first word."""

    codes: tuple[int, ...]
    offset: int


def discover_motifs(
    regions: Iterable[RegionWords], again: Iterable[RegionWords], seed: int
) -> list[FoundMotif]:
    """Return the motifs of the seqlets above 0, the smallest p first.

    Parameters
    ----------
    regions, again : iterable of (uint8 array, sequence of Seqlet)
        Base codes of each region and its seqlets; the same twice, so that they need not be kept.
    seed : int
        Of the shuffles.

    Notes
    -----
    After DNABERT's motif analysis (Ji et al. 2021, Bioinformatics 37:2112), with words of 6 bases: those of
    the seqlets (a base beyond each end included), both strands as one, are candidates. For each the
    hypergeometric test asks whether more of the regions than of 10 dinucleotide shuffles of each have it
    anywhere; q over the candidates by Benjamini and Hochberg. Of the words of q < 0.05 the one of the
    smallest p begins a motif, which takes all others that share 5 bases at its end with one that it has, in
    either strand, up to 6 bases from the first; then the next word begins one. Its columns count the letters
    at the places in seqlets that have its words, of places that overlap the one with the most; columns of
    less than 0.25 bits at its ends are cut off.
    """
    is_candidate = np.zeros(_WORDS, dtype=bool)
    with_word = np.zeros((2, _WORDS), dtype=np.int64)
    number = 0
    for codes, seqlets in regions:
        for _, words in _words_of_runs(codes, seqlets):
            is_candidate[_canonical(words)] = True
        _count(with_word[0], codes)
        rng = np.random.default_rng([seed, number])
        for shuffle in dinucleotide_shuffle(np.repeat(codes[None], SHUFFLES, axis=0), rng):
            _count(with_word[1], shuffle)
        number += 1
    candidates = np.flatnonzero(is_candidate)
    if not len(candidates):
        return []
    high, low = with_word[:, candidates]
    p = hypergeometric_tail(high, high + low, number, number * (1 + SHUFFLES))
    q = false_discovery_rates(p)
    chosen = [place for place in np.lexsort((candidates, p)).tolist() if q[place] < HIGHEST_Q]
    motifs = _merged(candidates[chosen].tolist())
    value = {number: (float(p[place]), float(q[place])) for place, number in enumerate(candidates.tolist())}
    counts = _columns(motifs, again)
    return [
        _motif(members, columns, *value[_canonical_of(members[0])])
        for members, columns in zip(motifs, counts, strict=True)
        if columns.any()
    ]


def numbered(motifs: Sequence[FoundMotif]) -> list[tuple[str, FoundMotif]]:
    """Return motifs with the names that all files give them: their rank, from 1, before their own."""
    return [(f"{number}-{motif.name}", motif) for number, motif in enumerate(motifs, start=1)]


def consensus(shares: NDArray[np.float64]) -> str:
    """Return the most frequent letter of each column."""
    return "".join(BASES[base] for base in shares.argmax(axis=1).tolist())


def information(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bits that each column says, float64[width]: 2 less its entropy (Schneider 1986)."""
    return np.asarray(2 + np.where(shares > 0, shares * np.log2(np.maximum(shares, 1e-300)), 0.0).sum(axis=1))


def meme_text(motifs: Sequence[FoundMotif]) -> str:
    """Return motifs as a file in MEME's minimal format."""
    lines = ["MEME version 4", "", f"ALPHABET= {''.join(BASES)}", "", "strands: + -", ""]
    for name, motif in numbered(motifs):
        width = len(motif.shares)
        lines.append(f"MOTIF {name} {','.join(motif.words)}".rstrip())
        value = "" if np.isnan(motif.q) else f" E= {motif.q:.3g}"
        lines.append(f"letter-probability matrix: alength= 4 w= {width} nsites= {motif.n_sites}{value}")
        lines += [" ".join(f"{share:.6f}" for share in column) for column in motif.shares.tolist()]
        lines.append("")
    return "\n".join(lines) + "\n"


def _word_numbers(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the number of the word at each place, -1 for one with an unknown base."""
    if len(codes) < WORD_LENGTH:
        return np.zeros(0, dtype=np.int64)
    words = np.lib.stride_tricks.sliding_window_view(codes, WORD_LENGTH)
    return np.where((words < UNKNOWN_BASE).all(axis=1), words.astype(np.int64) @ _POWERS, -1)


def _canonical(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the smaller number of each known word and its reverse complement."""
    known = words[words >= 0]
    letters = known[:, None] // _POWERS % 4
    return np.asarray(np.minimum(known, (3 - letters[:, ::-1]) @ _POWERS))


def _count(counts: NDArray[np.int64], codes: NDArray[np.uint8]) -> None:
    counts[np.unique(_canonical(_word_numbers(codes)))] += 1


def _words_of_runs(
    codes: NDArray[np.uint8], seqlets: Sequence[Seqlet]
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the place of the first word of each seqlet above 0, and its words."""
    for seqlet in seqlets:
        if seqlet.sum > 0:
            first = max(0, seqlet.start - _MARGIN)
            yield first, _word_numbers(codes[first : seqlet.end + _MARGIN])


def _turned(codes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(3 - code for code in reversed(codes))


def _merged(numbers: list[int]) -> list[list[_Member]]:
    """Return the words of each motif, by their rank, the first word first."""
    rank = {number: place for place, number in enumerate(numbers)}
    motifs = []
    for number in numbers:
        if number not in rank:
            continue
        members = [(rank.pop(number), _Member(_letters(number), 0))]
        for _, member in members:  # grows as words are found next to those that it has
            neighbours = [
                (letters, member.offset + step)
                for base in range(4)
                for letters, step in (((*member.codes[1:], base), 1), ((base, *member.codes[:-1]), -1))
            ]
            for letters, offset in neighbours:
                place = rank.get(_canonical_of(_Member(letters, offset)))
                if place is not None and abs(offset) <= _FARTHEST:
                    del rank[numbers[place]]
                    members.append((place, _Member(letters, offset)))
        motifs.append([member for _, member in sorted(members)])
    return motifs


def _canonical_of(member: _Member) -> int:
    return min(_number(member.codes), _number(_turned(member.codes)))


def _letters(number: int) -> tuple[int, ...]:
    return tuple((number // _POWERS % 4).tolist())


def _number(codes: tuple[int, ...]) -> int:
    return int(np.array(codes) @ _POWERS)


def _columns(motifs: list[list[_Member]], regions: Iterable[RegionWords]) -> list[NDArray[np.int64]]:
    """Return the count of each base in each column of each motif, int64[width, 4]."""
    lows = [min(member.offset for member in members) for members in motifs]
    widths = [
        max(member.offset for member in members) + WORD_LENGTH - low
        for members, low in zip(motifs, lows, strict=True)
    ]
    counts = [np.zeros((width, 4), dtype=np.int64) for width in widths]
    # word: motif, its offset from the motif's first column, and whether the motif is turned
    found: dict[int, list[tuple[int, int, bool]]] = {}
    for number, members in enumerate(motifs):
        for member in members:
            forward, reverse = _number(member.codes), _number(_turned(member.codes))
            column = member.offset - lows[number]
            found.setdefault(forward, []).append((number, column, False))
            if reverse != forward:
                behind = widths[number] - WORD_LENGTH - column
                found.setdefault(reverse, []).append((number, behind, True))
    for codes, seqlets in regions:
        sites = Counter(
            (number, first + place - column, is_turned)
            for first, words in _words_of_runs(codes, seqlets)
            for place, word in enumerate(words.tolist())
            for number, column, is_turned in found.get(word, ())
        )
        taken: dict[int, list[int]] = {}
        # of places that overlap the one with the most words, of these the first
        for number, start, is_turned in sorted(sites, key=lambda one: (-sites[one], one)):
            if any(abs(start - other) < widths[number] for other in taken.setdefault(number, [])):
                continue
            taken[number].append(start)
            site = codes[max(0, start) : start + widths[number]]
            if start < 0 or len(site) < widths[number] or (site >= UNKNOWN_BASE).any():
                continue
            letters = reverse_complement(site[None])[0] if is_turned else site
            counts[number][np.arange(widths[number]), letters] += 1
    return counts


def _motif(members: list[_Member], counts: NDArray[np.int64], p: float, q: float) -> FoundMotif:
    n_sites = int(counts[0].sum())
    shares = counts / n_sites
    said = np.flatnonzero(information(shares) >= _LEAST_BITS)
    if len(said):
        shares = shares[said[0] : said[-1] + 1]
    words = tuple("".join(BASES[code] for code in member.codes) for member in members)
    return FoundMotif(consensus(shares), shares, n_sites, words, p, q)
