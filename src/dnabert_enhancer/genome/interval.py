"""A part of a contig and a sequence variant, as values, and the way browsers and VCF write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames

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
        if start < 1:
            raise InputError(
                f"{text!r} starts at 0, but positions in such a string are 1-based",
                remedy=f"write {match['contig']}:1-{end}, or give Interval({match['contig']!r}, 0, {end}), "
                "which is 0-based",
            )
        if end < start:
            raise InputError(f"the end of {text!r} is before its start", remedy="exchange them")
        return cls(match["contig"], start - 1, end)

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start


def locate(
    region: str | Interval, contig_sizes: Mapping[str, int], names: ContigNames | None = None
) -> Interval:
    """Return a region under the genome's own name of its contig.

    Parameters
    ----------
    region : str or Interval
        Text as `Interval.parse` reads it, the name of a contig, which means the whole contig, or an interval.
    contig_sizes : mapping of str to int
        Contigs and lengths in base pairs.
    names : ContigNames, optional
        Finds contigs under other spellings; default: made of `contig_sizes`.

    Raises
    ------
    InputError
        Text of another form, an unknown contig, an end beyond the contig.
    """
    names = names or ContigNames(contig_sizes)
    if isinstance(region, str):
        whole = names.resolve(region.strip())
        if whole is not None:
            return Interval(whole, 0, contig_sizes[whole])
        region = Interval.parse(region)
    contig = names.resolve(region.contig)
    if contig is None:
        some = ", ".join([*contig_sizes][:5])
        raise InputError(f"there is no contig {region.contig!r}", remedy=f"the genome has {some}")
    if region.end > contig_sizes[contig]:
        raise InputError(
            f"{region} (counted from 0) ends beyond the {contig_sizes[contig]:,} bp of {contig}",
            remedy="check that the region is of this assembly",
        )
    return replace(region, contig=contig)


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
