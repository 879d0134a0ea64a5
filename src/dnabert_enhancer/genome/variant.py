"""A sequence variant as VCF states it: 1-based position, reference and alternative allele."""

from __future__ import annotations

from dataclasses import dataclass

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.interval import Interval


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative allele at one place.

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

    @property
    def start0(self) -> int:
        """0-based place of the first reference base."""
        return self.position - 1

    @property
    def end0(self) -> int:
        """0-based place after the last reference base."""
        return self.position - 1 + len(self.ref)

    @property
    def interval(self) -> Interval:
        """The reference bases, 0-based and half-open."""
        return Interval(self.contig, self.start0, self.end0)
