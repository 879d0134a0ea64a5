"""Deletions of a few bases from each base of a stretch on, placed as `score-variants` places them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import UNKNOWN_BASE, decode_bases
from dnabert_enhancer.variants import Allele, ContextLetters, place_allele


class Deletion(NamedTuple):
    """A deletion within a stretch.

    Attributes
    ----------
    row : int
        The first deleted base, counted from the start of the stretch.
    length : int
        In bp.
    allele : Allele
        Widened over all places at which the deletion can be written.
    """

    row: int
    length: int
    allele: Allele


def deletions(stretch: Stretch, first: int, last: int, longest: int, reach: int) -> Iterator[Deletion]:
    """Yield the deletions that begin at some bases of a stretch, by base, then by length.

    Parameters
    ----------
    stretch : Stretch
    first, last : int
        Which bases, 0-based and half-open, counted from the start of the stretch.
    longest : int
        In bp; deletions lie within the stretch.
    reach : int
        How many bp around an allele its windows can touch.

    Notes
    -----
    Left out are deletions of unknown bases, the one of the whole contig, and those in a tandem repeat that
    goes on beyond the bases that are known around the stretch.
    """
    context, bases = stretch.context, ContextLetters(stretch.context)
    low, high = context.start + reach, context.start + len(context.codes) - reach
    for start in range(stretch.start + first, stretch.start + last):
        for length in range(1, min(longest, stretch.end - start) + 1):
            end = start + length
            if context.part(end - 1, end)[0] >= UNKNOWN_BASE:
                break
            written = _written(stretch, start, end)
            if written is None:
                continue
            position, ref, alt = written
            allele = place_allele(bases, stretch.contig, position, ref, alt)
            if isinstance(allele, Allele) and low <= allele.start and allele.end <= high:
                yield Deletion(start - stretch.start, length, allele)


def _written(stretch: Stretch, start: int, end: int) -> tuple[int, bytes, bytes] | None:
    """Return a deletion as a VCF has it, POS, REF, ALT: with a base before it, or else the one after."""
    context = stretch.context
    if start > 0 and context.part(start - 1, start)[0] < UNKNOWN_BASE:
        letters = decode_bases(context.part(start - 1, end)).encode()
        return start, letters, letters[:1]
    if end < context.contig_length and context.part(end, end + 1)[0] < UNKNOWN_BASE:
        letters = decode_bases(context.part(start, end + 1)).encode()
        return start + 1, letters, letters[-1:]
    return None
