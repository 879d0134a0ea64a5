"""Sequences that another split gives away: shared k-mers on either strand, repeats left out by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.kmer_hash import canonical_hashes, known_kmers, window_sums
from dnabert_enhancer.sequence import encode_bases

KEEP_ORDER = ("test", "validation", "train")
"""Of two splits that share a k-mer, the one named first keeps its sequences."""

_CHUNK_BASES = 4_000_000
_MOST_KEYS = 32_000_000
_FILTER_BITS = 27
_COMPLEMENT = str.maketrans("ACGTUacgtu", "TGCAATGCAA")


@dataclass(frozen=True)
class LeakRule:
    """Which shared k-mers give a sequence away.

    Parameters
    ----------
    k : int
        Length of the k-mers, in bp.
    ignore_repeats : bool
        Leave out k-mers of repeats: those soft-masked (lower case) for more than `masked_share` of
        their bases, and tandem repeats, where for some period of 1 to `longest_period` bp at least
        `tandem_share` of the bases equal the base one period before. Sequences that are lower case as a
        whole (more than 95 % of all letters) count as not masked. Sequences that are equal as a whole
        (either strand) are leaks whether masked or not.

    Notes
    -----
    Young interspersed repeats share 40-mers all over a genome without telling anything about an element,
    and counting them would empty a training set of repeats. Measured on 200-bp windows, even against odd
    megabases: of 8.4 Mb of hg19 chr20 (5 % soft-masked there, far less than RepeatMasker finds) 11.8 % of
    the windows share a 40-mer with the other side, 10.1 % by the rule; of 6.7 Mb of hg38 (12 % soft-masked)
    9.8 % and 7.4 %. A masked share of 0.25 or 0.75 instead of 0.5 changes nothing there. Leaving out
    40-mers by the number of their copies does not help: 78 % of the shared ones occur at most five times.
    So the rule is as good as the mask of the genome, and what is not masked counts as a leak.
    """

    k: int = 40
    ignore_repeats: bool = True
    masked_share: float = 0.5
    longest_period: int = 6
    tandem_share: float = 0.8

    def describe(self) -> str:
        """Return the rule as a sentence, for dataset.json."""
        text = f"no {self.k}-mer (either strand) in two splits"
        if not self.ignore_repeats:
            return f"{text}, repeats included"
        return (
            f"{text}, except k-mers soft-masked for more than {self.masked_share:.0%} and tandem repeats "
            f"(period 1 to {self.longest_period}, {self.tandem_share:.0%} equal to the base one period "
            "before); no equal sequences"
        )


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
    distinct = 0
    for passes, part in _hash_ranges(others, rule):
        keys = _distinct_hashes(others, rule, passes, part)
        if len(keys):
            distinct += _mark(found, sequences, _KeySet(keys), rule, passes, part)
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
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        members: NDArray[np.intp] = maybe[self._keys[places] == wanted]
        return members


class _Hashed(NamedTuple):
    """Hashes of a chunk's k-mers that count, and the row (in the whole set) of each."""

    hashes: NDArray[np.uint64]
    rows: NDArray[np.intp]


def _hash_ranges(sequences: Sequence[str], rule: LeakRule) -> Iterator[tuple[int, int]]:
    kmers = sum(max(0, len(sequence) - rule.k + 1) for sequence in sequences)
    passes = 1
    while kmers > passes * _MOST_KEYS:
        passes *= 2
    for part in range(passes):
        yield passes, part


def _distinct_hashes(sequences: Sequence[str], rule: LeakRule, passes: int, part: int) -> NDArray[np.uint64]:
    parts = [chunk.hashes for chunk in _hashed_chunks(sequences, rule, passes, part)]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint64)


def _mark(
    found: NDArray[np.bool_], sequences: Sequence[str], keys: _KeySet, rule: LeakRule, passes: int, part: int
) -> int:
    """Set the flag of each sequence that has a key, and return how many different keys were met."""
    met: list[NDArray[np.uint64]] = []
    for chunk in _hashed_chunks(sequences, rule, passes, part):
        members = keys.places_of_members(chunk.hashes)
        found[chunk.rows[members]] = True
        met.append(np.unique(chunk.hashes[members]))
    return len(np.unique(np.concatenate(met))) if met else 0


def _hashed_chunks(sequences: Sequence[str], rule: LeakRule, passes: int, part: int) -> Iterator[_Hashed]:
    ignore_case = not rule.ignore_repeats or _lower_share(sequences) > 0.95
    first = 0
    while first < len(sequences):
        bases = 0
        last = first
        while last < len(sequences) and bases < _CHUNK_BASES:
            bases += len(sequences[last]) + 1
            last += 1
        yield _hash_chunk(sequences[first:last], first, rule, ignore_case, passes, part)
        first = last


def _hash_chunk(
    sequences: Sequence[str], first_row: int, rule: LeakRule, ignore_case: bool, passes: int, part: int
) -> _Hashed:
    # a letter that is no base divides the sequences, so no k-mer reaches over a border
    text = "-".join(sequences)
    codes = encode_bases(text)
    counts = known_kmers(codes, rule.k)
    if rule.ignore_repeats:
        counts &= ~tandem_kmers(codes, rule)
        if not ignore_case:
            letters = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
            counts &= window_sums(letters >= ord("a"), rule.k) <= rule.masked_share * rule.k
    hashes = canonical_hashes(codes, rule.k)
    if passes > 1:
        counts &= (hashes >> np.uint64(64 - passes.bit_length() + 1)) == part
    lengths = np.fromiter((len(sequence) + 1 for sequence in sequences), dtype=np.intp, count=len(sequences))
    rows = np.repeat(np.arange(first_row, first_row + len(sequences)), lengths)[: len(hashes)]
    return _Hashed(hashes[counts], rows[counts])


def tandem_kmers(codes: NDArray[np.uint8], rule: LeakRule) -> NDArray[np.bool_]:
    """Return for each place whether its k-mer is a tandem repeat by the rule: ``bool[n - k + 1]``."""
    tandem = np.zeros(max(0, len(codes) - rule.k + 1), dtype=bool)
    for period in range(1, rule.longest_period + 1):
        if period >= rule.k:
            break
        equal = window_sums(codes[period:] == codes[:-period], rule.k - period)
        tandem |= equal >= rule.tandem_share * (rule.k - period)
    return tandem


def _equal_sequences(sequences: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    known = {_canonical_digest(sequence) for sequence in others}
    return np.fromiter(
        (_canonical_digest(sequence) in known for sequence in sequences), dtype=bool, count=len(sequences)
    )


def _canonical_digest(sequence: str) -> bytes:
    forward = sequence.upper().replace("U", "T")
    reverse = forward.translate(_COMPLEMENT)[::-1]
    return hashlib.blake2b(min(forward, reverse).encode(), digest_size=16).digest()


def _lower_share(sequences: Sequence[str]) -> float:
    sample = sequences[:: max(1, len(sequences) // 2000)]
    letters = sum(len(sequence) for sequence in sample)
    lower = sum(sum(map(sequence.count, "acgtn")) for sequence in sample)
    return lower / letters if letters else 0.0


def _selected(sequences: Sequence[str], flags: NDArray[np.bool_]) -> Sequence[str]:
    return [sequence for sequence, stays in zip(sequences, flags.tolist(), strict=True) if stays]
