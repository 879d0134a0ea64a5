"""Alleles checked against the genome, trimmed, indels widened over all their places; or why there is none."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import encode_bases, reverse_complement
from dnabert_enhancer.variants.reference import Letters
from dnabert_enhancer.vcf import shared_ends

_CERTAIN = re.compile(rb"[ACGTU]+")
_NUCLEOTIDES = re.compile(rb"[ACGTUNRYSWKMBDHV]+")
_FIRST_STEP = 64
# bit sets of A 1, C 2, G 4, T 8
_BASE_SETS = dict(
    zip(b"ACGTURYSWKMBDHVN", (1, 2, 4, 8, 8, 5, 10, 6, 9, 12, 3, 14, 13, 11, 7, 15), strict=True)
)


class SkipReason(enum.StrEnum):
    """What keeps an allele from being scored."""

    MISSING_ALT = "missing_alt"
    """ALT is ``.``: there is no allele."""
    SYMBOLIC = "symbolic"
    """ALT is symbolic, such as ``<DEL>`` or ``<*>``."""
    SPANNING_DELETION = "spanning_deletion"
    """ALT is ``*``: the bases are missing by a deletion of another record."""
    BREAKEND = "breakend"
    """ALT joins distant places, such as ``G]17:198982]`` or ``.TGCA``."""
    AMBIGUOUS_ALT = "ambiguous_alt"
    """ALT holds N or another IUPAC code that stands for several bases."""
    INVALID_ALLELE = "invalid_allele"
    """REF or ALT has something that is not a nucleotide code."""
    CONTIG_NOT_IN_GENOME = "contig_not_in_genome"
    """The genome has no such contig, under any spelling."""
    OUTSIDE_CONTIG = "outside_contig"
    """The position is before or beyond the contig."""
    REF_MISMATCH = "ref_mismatch"
    """REF is not what the genome has there."""
    LONGER_THAN_WINDOW = "longer_than_window"
    """What differs between the alleles is longer than the model's window."""
    TOO_MANY_UNKNOWN = "too_many_unknown_bases"
    """More of the windows' bases are unknown (N, or beyond the contig) than allowed."""
    OUTSIDE_REGIONS = "outside_regions"
    """The record lies in none of the regions that were asked for."""

    @property
    def code(self) -> int:
        """Number of the reason in arrays, from 1; 0 stands for an allele that has a score."""
        return 1 + tuple(SkipReason).index(self)

    @property
    def is_defect(self) -> bool:
        """Whether a strict run stops for it: the allele should have had a score."""
        return self not in (SkipReason.MISSING_ALT, SkipReason.OUTSIDE_REGIONS)

    @property
    def is_misplaced(self) -> bool:
        """Whether the record is not of this genome: its contig, place or REF is not there."""
        return self in (SkipReason.CONTIG_NOT_IN_GENOME, SkipReason.OUTSIDE_CONTIG, SkipReason.REF_MISMATCH)


class Allele(NamedTuple):
    """An alternative allele placed on the genome.

    Attributes
    ----------
    contig : str
        The genome's name.
    start, end : int
        The reference bases that are replaced, 0-based and half-open. For a pure insertion or deletion that
        can be written at several places, all of them: the same whichever was given.
    alt : uint8 array
        Codes of what stands there instead.
    ref : uint8 array
        Codes of the reference bases.
    trimmed_ref, trimmed_alt : bytes
        What differs, without the bases that both alleles share at their ends; one of them may be empty.
    """

    contig: str
    start: int
    end: int
    alt: NDArray[np.uint8]
    ref: NDArray[np.uint8]
    trimmed_ref: bytes
    trimmed_alt: bytes

    @property
    def length_change(self) -> int:
        """How many bp the alternative allele is longer (negative: shorter)."""
        return len(self.alt) - (self.end - self.start)


def allele_text_problem(ref: bytes, alt: bytes) -> SkipReason | None:
    """Return why the text of an allele cannot be placed, or None.

    Parameters
    ----------
    ref, alt : bytes
        REF and one entry of ALT, upper case.
    """
    if _CERTAIN.fullmatch(alt) and _NUCLEOTIDES.fullmatch(ref):
        return None
    if alt in (b".", b""):
        return SkipReason.MISSING_ALT if alt else SkipReason.INVALID_ALLELE
    if alt == b"*":
        return SkipReason.SPANNING_DELETION
    if b"[" in alt or b"]" in alt or alt.startswith(b".") or alt.endswith(b"."):
        return SkipReason.BREAKEND
    if alt.startswith(b"<") and alt.endswith(b">"):
        return SkipReason.SYMBOLIC
    if not _NUCLEOTIDES.fullmatch(ref) or not _NUCLEOTIDES.fullmatch(alt):
        return SkipReason.INVALID_ALLELE
    return SkipReason.AMBIGUOUS_ALT


def letters_agree(given: bytes, genome: bytes) -> bool:
    """Return whether REF can be what the genome has: each pair of IUPAC codes shares a base.

    Parameters
    ----------
    given, genome : bytes
        Upper case. N of either agrees with all.
    """
    if given == genome:
        return True
    return len(given) == len(genome) and all(
        one == other or _BASE_SETS.get(one, 0) & _BASE_SETS.get(other, 0)
        for one, other in zip(given, genome, strict=True)
    )


def place_allele(bases: Letters, contig: str, position: int, ref: bytes, alt: bytes) -> Allele | SkipReason:
    """Place one alternative allele on the genome.

    Parameters
    ----------
    bases : Letters
        Of a genome, such as `GenomeBases`.
    contig : str
        The genome's own name.
    position : int
        POS of VCF, 1-based.
    ref, alt : bytes
        REF and one entry of ALT, upper case.

    Returns
    -------
    Allele or SkipReason

    Notes
    -----
    Bases that both alleles share at their ends are cut off. A pure insertion or deletion in a repeat can be
    written at several places; it is widened over all of them, as NCBI's SPDI does (Holmes et al. 2020,
    Bioinformatics 36:1902), so that the windows do not depend on how it was aligned. REF is put in where the
    genome is unknown.
    """
    problem = allele_text_problem(ref, alt)
    if problem is not None:
        return problem
    start, length = position - 1, bases.contig_length(contig)
    if start < 0 or start + len(ref) > length:
        return SkipReason.OUTSIDE_CONTIG
    genome = bases.letters(contig, start, start + len(ref))
    if not letters_agree(ref, genome):
        return SkipReason.REF_MISMATCH
    certain = _merged(genome, ref)
    alt = alt.replace(b"U", b"T")
    if certain == alt:
        codes = encode_bases(certain)
        return Allele(contig, start, start + len(ref), codes, codes, certain, alt)
    first, last = shared_ends(certain, alt)
    start += first
    certain, alt = certain[first : len(certain) - last], alt[first : len(alt) - last]
    if certain and alt:
        return Allele(
            contig, start, start + len(certain), encode_bases(alt), encode_bases(certain), certain, alt
        )
    return _widened(bases, contig, start, certain, alt)


def tie_break(left: NDArray[np.uint8], right: NDArray[np.uint8], allele: Allele) -> int:
    """Return which of two equally central places to take, so that the other strand gives the same windows.

    Parameters
    ----------
    left : uint8 array
        Codes before the allele, in reading order; the last is next to it.
    right : uint8 array
        Codes after it, as many.
    allele : Allele
        Decides where the flanks are each other's reverse complement.

    Returns
    -------
    int
        0 or 1: the order of the bases to the right and of those to the left, each read outwards on its
        strand. It is the same when the alleles are exchanged.
    """
    outward = reverse_complement(left)
    differs = np.flatnonzero(outward != right)
    if len(differs):
        return int(right[differs[0]] < outward[differs[0]])
    here = sorted(codes.tobytes() for codes in (allele.ref, allele.alt))
    there = sorted(reverse_complement(codes).tobytes() for codes in (allele.ref, allele.alt))
    return int(here < there)


def _merged(genome: bytes, ref: bytes) -> bytes:
    """Return the genome's letters, and those of REF where the genome is not certain."""
    genome, ref = genome.replace(b"U", b"T"), ref.replace(b"U", b"T")
    if _CERTAIN.fullmatch(genome):
        return genome
    return bytes(own if own in b"ACGT" else given for own, given in zip(genome, ref, strict=True))


def _widened(bases: Letters, contig: str, start: int, deleted: bytes, inserted: bytes) -> Allele:
    """Return a pure insertion or deletion spread over all places at which it can be written."""
    unit = deleted or inserted
    end = start + len(deleted)
    left = bases.letters(contig, start - _repeated_before(bases, contig, start, unit), start)
    right = bases.letters(contig, end, end + _repeated_after(bases, contig, end, unit))
    ref, alt = left + deleted + right, left + inserted + right
    return Allele(
        contig,
        start - len(left),
        end + len(right),
        encode_bases(alt),
        encode_bases(ref),
        deleted,
        inserted,
    )


def _repeated_before(bases: Letters, contig: str, start: int, unit: bytes) -> int:
    """Return how many bases before a place go on with the repeat of which `unit` is the next copy."""
    found, step = 0, _FIRST_STEP
    while found < start:
        low = max(0, start - found - step)
        letters = bases.letters(contig, low, start - found)[::-1]
        same = _same_bases(letters, unit[::-1], found)
        found += same
        if same < len(letters):
            break
        step *= 2
    return found


def _repeated_after(bases: Letters, contig: str, end: int, unit: bytes) -> int:
    """Return how many bases from a place on go on with the repeat of which `unit` is the last copy."""
    found, step, length = 0, _FIRST_STEP, bases.contig_length(contig)
    while end + found < length:
        letters = bases.letters(contig, end + found, min(length, end + found + step))
        same = _same_bases(letters, unit, found)
        found += same
        if same < len(letters):
            break
        step *= 2
    return found


def _same_bases(letters: bytes, unit: bytes, phase: int) -> int:
    """Return how many bases agree with copies of `unit` from `phase` on; unknown bases agree with nothing."""
    turn = phase % len(unit)
    copies = (unit[turn:] + unit * (len(letters) // len(unit) + 1))[: len(letters)]
    if copies == letters and _CERTAIN.fullmatch(letters):
        return len(letters)
    pairs = zip(letters, copies, strict=True)
    return next(
        (place for place, (own, other) in enumerate(pairs) if own != other or own not in b"ACGTU"),
        len(letters),
    )
