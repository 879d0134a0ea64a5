"""Leakage between splits: k-mers shared on either strand, repeats left out by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.kmer_hash import canonical_hashes, known_kmers, window_sums
from dnabert_enhancer.dataset.leak_rule import LeakRule, counting_kmers
from dnabert_enhancer.sequence import canonical_sequence, encode_bases

__all__ = ["LeakReport", "LeakRule", "PairLeaks", "SharedKmers", "leaks_between", "shared_kmers"]

KEEP_ORDER = ("test", "validation", "train")
"""Of two splits that share a k-mer, the one named first keeps its sequences."""

_CHUNK_BASES = 1_000_000
_MOST_KEYS = 32_000_000
_FILTER_BITS = 27
_ALL_LOWER = 0.95
_LOWER_CASE = ord("a")


class PairLeaks(NamedTuple):
    """What a split shares with one that keeps its sequences: sequences to leave, distinct k-mers."""

    split: str
    kept: str
    sequences: int
    kmers: int


class LeakReport(NamedTuple):
    """Offenders by split (``bool[n]``, true where a sequence is given away) and the counts for each pair."""

    offenders: dict[str, NDArray[np.bool_]]
    pairs: list[PairLeaks]

    @property
    def total(self) -> int:
        """Number of sequences that offend."""
        return sum(int(flags.sum()) for flags in self.offenders.values())


class SharedKmers(NamedTuple):
    """Which sequences share a k-mer with the other set (``bool[n]``), and how many distinct k-mers."""

    sequences: NDArray[np.bool_]
    kmers: int


def leaks_between(splits: Mapping[str, Sequence[str]], rule: LeakRule | None = None) -> LeakReport:
    """Return the sequences that must leave so that no two splits share a k-mer.

    The test set stays whole; validation gives up what it shares with it, train what it shares with either.

    Parameters
    ----------
    splits : mapping of str to sequence of str
        Sequences by split, letter case as in the soft-masked genome.
    rule : LeakRule, optional
        Default: 40-mers, repeats ignored.

    Notes
    -----
    Memory is bounded: at most 32 million hashes of the keeping split are held at a time, larger sets are
    compared in several passes over ranges of the hash.
    """
    rule = rule or LeakRule()
    order = [name for name in KEEP_ORDER if name in splits]
    order += [name for name in splits if name not in KEEP_ORDER]
    offenders = {name: np.zeros(len(splits[name]), dtype=bool) for name in order}
    pairs = []
    for number, kept in enumerate(order):
        staying = _selected(splits[kept], ~offenders[kept])
        for other in order[number + 1 :]:
            shared = shared_kmers(splits[other], staying, rule)
            pairs.append(PairLeaks(other, kept, int(shared.sequences.sum()), shared.kmers))
            offenders[other] |= shared.sequences
    return LeakReport({name: offenders[name] for name in splits}, pairs)


def shared_kmers(
    sequences: Sequence[str], others: Sequence[str], rule: LeakRule | None = None
) -> SharedKmers:
    """Return which of the sequences share a k-mer, on either strand, with any of the others.

    Parameters
    ----------
    sequences, others : sequence of str
        The set whose offenders are sought, and the set that stays (held in memory as hashes: give the
        smaller).
    rule : LeakRule, optional
        Default: 40-mers, repeats ignored.
    """
    rule = rule or LeakRule()
    found = _equal_sequences(sequences, others)
    kmers = sum(max(0, len(other) - rule.k + 1) for other in others)
    passes = 1 << max(0, -(-kmers // _MOST_KEYS) - 1).bit_length()
    distinct = 0
    for part in range(passes):
        keys = _KeySet(_distinct_hashes(others, rule, passes, part))
        distinct += _mark(found, sequences, keys, rule)
    return SharedKmers(found, distinct)


class _KeySet:
    """A sorted set of hashes behind a table of their first bits: most absent ones cost one look-up."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys = keys
        bits = min(_FILTER_BITS, max(8, len(keys).bit_length() + 3))
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, dtype=bool)
        self._table[keys >> self._shift] = True

    def places_of_members(self, hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Return the places of the hashes that are in the set."""
        maybe = np.flatnonzero(self._table[hashes >> self._shift])
        wanted = hashes[maybe]
        places = np.searchsorted(self._keys, wanted)
        inside = places < len(self._keys)
        inside[inside] = self._keys[places[inside]] == wanted[inside]
        members: NDArray[np.intp] = maybe[inside]
        return members


class _Chunk(NamedTuple):
    """Some sequences as one piece: base codes, letters (None where case means nothing), row of each base."""

    codes: NDArray[np.uint8]
    letters: NDArray[np.uint8] | None
    rows: NDArray[np.intp]


def _distinct_hashes(sequences: Sequence[str], rule: LeakRule, passes: int, part: int) -> NDArray[np.uint64]:
    """Return the sorted hashes of the k-mers that count, those of one part of the range of hashes."""
    parts = [np.empty(0, dtype=np.uint64)]
    for chunk in _chunks(sequences, rule):
        hashes = canonical_hashes(chunk.codes, rule.k)
        known = known_kmers(chunk.codes, rule.k)
        if chunk.letters is not None:
            known &= window_sums(chunk.letters >= _LOWER_CASE, rule.k) <= rule.masked_share * rule.k
        if passes > 1:
            known &= (hashes >> np.uint64(64 - (passes - 1).bit_length())) == part
        parts.append(hashes[known])
    return _distinct(np.concatenate(parts))


def _mark(found: NDArray[np.bool_], sequences: Sequence[str], keys: _KeySet, rule: LeakRule) -> int:
    """Set the flag of each sequence that has a key, and return how many keys were met."""
    met = [np.empty(0, dtype=np.uint64)]
    for chunk in _chunks(sequences, rule):
        hashes = canonical_hashes(chunk.codes, rule.k)
        # the rule is looked at for members alone: they are few, and a tandem repeat is one in both sets
        members = keys.places_of_members(hashes)
        members = members[counting_kmers(chunk.codes, chunk.letters, members, rule)]
        found[chunk.rows[members]] = True
        met.append(_distinct(hashes[members]))
    return len(_distinct(np.concatenate(met)))


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the different hashes in rising order; sorts in place (far faster here than np.unique)."""
    hashes.sort()
    is_first = np.ones(len(hashes), dtype=bool)
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    return hashes[is_first]


def _chunks(sequences: Sequence[str], rule: LeakRule) -> Iterator[_Chunk]:
    case_matters = rule.ignore_repeats and _lower_share(sequences) <= _ALL_LOWER
    first = 0
    while first < len(sequences):
        bases = 0
        last = first
        while last < len(sequences) and bases < _CHUNK_BASES:
            bases += len(sequences[last]) + 1
            last += 1
        # a letter that is no base divides the sequences, so that no k-mer reaches over a border
        text = "-".join(sequences[first:last])
        letters = np.frombuffer(text.encode("latin-1", errors="replace"), dtype=np.uint8)
        lengths = [len(sequence) + 1 for sequence in sequences[first:last]]
        rows = np.repeat(np.arange(first, last), lengths)
        yield _Chunk(encode_bases(text), letters if case_matters else None, rows)
        first = last


def _equal_sequences(sequences: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    known = {_canonical_digest(sequence) for sequence in others}
    return np.fromiter(
        (_canonical_digest(sequence) in known for sequence in sequences), dtype=bool, count=len(sequences)
    )


def _canonical_digest(sequence: str) -> bytes:
    return hashlib.blake2b(canonical_sequence(sequence).encode(), digest_size=16).digest()


def _lower_share(sequences: Sequence[str]) -> float:
    sample = sequences[:: max(1, len(sequences) // 2000)]
    letters = sum(len(sequence) for sequence in sample)
    lower = sum(sum(map(sequence.count, "acgtn")) for sequence in sample)
    return lower / letters if letters else 0.0


def _selected(sequences: Sequence[str], flags: NDArray[np.bool_]) -> Sequence[str]:
    return [sequence for sequence, stays in zip(sequences, flags.tolist(), strict=True) if stays]
