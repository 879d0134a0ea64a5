"""Why an allele has no score: one code each, as it stands in the VCF, the table and the run record."""

from __future__ import annotations

import enum


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
    """REF or ALT holds something that is no nucleotide code."""
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
    def is_defect(self) -> bool:
        """Whether a strict run stops for it: the allele should have had a score."""
        return self not in (SkipReason.MISSING_ALT, SkipReason.OUTSIDE_REGIONS)
