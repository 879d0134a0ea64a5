"""A part of a contig and a sequence variant, as values, and the way browsers and VCF write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from dnabert_enhancer.errors import InputError

STRANDS: Final = ("+", "-", ".")
_NUMBER = "[0-9][0-9,_]*"
_REGION = re.compile(rf"(?P<contig>\S+?):(?P<start>{_NUMBER})(?:\s*(?:-|–|\.\.)\s*(?P<end>{_NUMBER}))?")
_VARIANT = re.compile(r"(?P<contig>\S+)[:-](?P<position>[0-9][0-9,]*)[:-](?P<ref>[^\s:>]+)[:>-](?P<alt>\S+)")


@dataclass(frozen=True, slots=True)
class Interval:
    """A part of a contig.

    Parameters
    ----------
    contig : str
        Name of the contig.
    start : int
        First base, 0-based; not negative.
    end : int
        One past the last base, 0-based (half-open); at least `start`. Equal to it: the place between
        two bases.
    strand : str
        ``+``, ``-`` or ``.`` (unknown or both).

    Raises
    ------
    InputError
        When the contig has no name, the start is negative, the end is before the start, or the strand
        is another.

    Examples
    --------
    >>> Interval.parse("chr16:100,001-100,200")
    Interval(contig='chr16', start=100000, end=100200, strand='.')
    """

    contig: str
    start: int
    end: int
    strand: str = "."

    def __post_init__(self) -> None:
        if not self.contig:
            raise InputError("an interval needs the name of a contig")
        if self.start < 0:
            raise InputError(
                f"the start {self.start} is negative", remedy="coordinates are 0-based and half-open"
            )
        if self.end < self.start:
            raise InputError(
                f"the end {self.end} is before the start {self.start}",
                remedy="coordinates are 0-based and half-open, start first on both strands",
            )
        if self.strand not in STRANDS:
            raise InputError(f"the strand {self.strand!r} is unknown", remedy="use +, - or .")

    def __str__(self) -> str:
        """Return ``contig:start-end`` with the 0-based, half-open numbers."""
        return f"{self.contig}:{self.start}-{self.end}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the interval that a genome browser means by ``chr16:100,000-200,000``.

        Parameters
        ----------
        text : str
            Contig, first and last base; 1-based and inclusive, with or without thousands separators. One
            position (``chr16:100,000``) is one base.

        Raises
        ------
        InputError
            Text of another form, a start of 0, an end before the start.
        """
        match = _REGION.fullmatch(text.strip())
        if match is None:
            raise InputError(
                f"{text!r} is not a region", remedy="write it as chr16:100,000-200,000 (1-based, inclusive)"
            )
        start = int(re.sub("[,_]", "", match["start"]))
        end = start if match["end"] is None else int(re.sub("[,_]", "", match["end"]))
        if start < 1 or end < start:
            problem = "starts at base 0" if start < 1 else "ends before it starts"
            raise InputError(
                f"the region {text!r} {problem}",
                remedy="positions written as text are 1-based and inclusive; for 0-based ones use Interval",
            )
        return cls(match["contig"], start - 1, end)

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative allele at one position, as VCF states it.

    Parameters
    ----------
    contig : str
        Name of the contig.
    position : int
        POS of VCF: 1-based place of the first base of `ref`. 0 means the telomere before base 1 (VCF
        4.3, 1.6.1).
    ref : str
        Reference allele, at least one base.
    alt : str
        Alternative allele as in VCF: bases, or symbolic (``<DEL>``), spanning deletion (``*``), breakend.
    identifier : str
        ID of VCF, ``.`` when there is none.

    Raises
    ------
    InputError
        When the contig or an allele is empty or the position negative.

    Examples
    --------
    >>> Variant.parse("chr16:159710:T:C")
    Variant(contig='chr16', position=159710, ref='T', alt='C', identifier='.')
    """

    contig: str
    position: int
    ref: str
    alt: str
    identifier: str = "."

    def __post_init__(self) -> None:
        if not self.contig:
            raise InputError("a variant needs the name of a contig")
        if self.position < 0:
            raise InputError(
                f"the position {self.position} is negative", remedy="positions are 1-based as in VCF"
            )
        if not self.ref or not self.alt:
            raise InputError("a variant needs a reference and an alternative allele")

    def __str__(self) -> str:
        """Return ``contig:position:ref>alt`` with the 1-based position."""
        return f"{self.contig}:{self.position}:{self.ref}>{self.alt}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the variant written as ``chr16:159710:T:C``, ``chr16-159710-T-C`` or ``chr16:159710:T>C``.

        Parameters
        ----------
        text : str
            Contig, 1-based position, reference and alternative allele.

        Raises
        ------
        InputError
            Text of another form.
        """
        match = _VARIANT.fullmatch(text.strip())
        if match is None:
            raise InputError(
                f"{text!r} is not a variant",
                remedy="write contig, 1-based position, reference and alternative allele: chr16:159710:T:C",
            )
        return cls(match["contig"], int(match["position"].replace(",", "")), match["ref"], match["alt"])
