"""Places in a genome, given as intervals or as browsers write them, under the genome's own contig names."""

from __future__ import annotations

from collections.abc import Mapping

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.interval import Interval


def locate(
    region: str | Interval, contig_sizes: Mapping[str, int], names: ContigNames | None = None
) -> Interval:
    """Return a region as an interval of a genome.

    Parameters
    ----------
    region : str or Interval
        A text as `Interval.parse` reads it (``chr16:100,001-200,000``, from 1, last base included), or the
        name of a contig for all of it; or an interval (0-based, half-open).
    contig_sizes : mapping of str to int
        Contigs and lengths in bp.
    names : ContigNames, optional
        Finds contigs under other spellings; default: made of `contig_sizes`.

    Raises
    ------
    InputError
        Another text, an unknown contig, or a place outside of it.
    """
    names = names or ContigNames(contig_sizes)
    if isinstance(region, str):
        whole = names.resolve(region.strip())
        if whole is not None:
            return Interval(whole, 0, contig_sizes[whole])
        region = Interval.parse(region)
    contig = names.resolve(region.contig)
    if contig is None:
        some = ", ".join(list(contig_sizes)[:5])
        raise InputError(f"there is no contig {region.contig!r}", remedy=f"the genome has {some}")
    if region.end > contig_sizes[contig]:
        raise InputError(
            f"{region} (counted from 0) ends beyond the {contig_sizes[contig]:,} bp of {contig}",
            remedy="check that the region is of this assembly",
        )
    return Interval(contig, region.start, region.end, region.strand)
