"""Places as genome browsers write them, ``chr16:100,001-200,000``: from 1, the last base included."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.interval import Interval

_LOCUS = re.compile(r"(?P<contig>[^\s]+):(?P<start>\d[\d,]*)-(?P<end>\d[\d,]*)")


def is_locus(text: str) -> bool:
    """Tell whether a text has the form ``CONTIG:START-END``."""
    return _LOCUS.fullmatch(text.strip()) is not None


def parse_locus(text: str, contig_sizes: Mapping[str, int], names: ContigNames | None = None) -> Interval:
    """Return the interval that a text names.

    Parameters
    ----------
    text : str
        ``CONTIG:START-END`` with positions from 1 and the last base included, as genome browsers write it;
        commas within the numbers are allowed. The name of a contig alone is the whole contig.
    contig_sizes : mapping of str to int
        Contigs and lengths in bp.
    names : ContigNames, optional
        Finds contigs under other spellings; default: made of `contig_sizes`.

    Returns
    -------
    Interval
        0-based, half-open, under the genome's own name of the contig.

    Raises
    ------
    InputError
        Another form, an unknown contig, or a place outside of it.
    """
    names = names or ContigNames(contig_sizes)
    match = _LOCUS.fullmatch(text.strip())
    contig = names.resolve(match["contig"] if match else text.strip())
    if contig is None:
        if match is None:
            raise InputError(
                f"{text!r} is neither a region nor a contig",
                remedy="write CONTIG:START-END, such as chr16:1-1,000",
            )
        some = ", ".join(list(contig_sizes)[:5])
        raise InputError(f"there is no contig {match['contig']!r}", remedy=f"the genome has {some}")
    if match is None:
        return Interval(contig, 0, contig_sizes[contig])
    start, end = (int(match[name].replace(",", "")) for name in ("start", "end"))
    if start < 1:
        raise InputError(
            f"{text!r} starts at 0, but positions in such a text count from 1",
            remedy=f"write {contig}:1-{end}, or give Interval({contig!r}, 0, {end}), which counts from 0",
        )
    if end < start:
        raise InputError(f"the end of {text!r} is before its start")
    return within_contig(Interval(contig, start - 1, end), contig_sizes)


def within_contig(interval: Interval, contig_sizes: Mapping[str, int]) -> Interval:
    """Return the interval; raises `InputError` where it ends beyond its contig."""
    size = contig_sizes[interval.contig]
    if interval.end > size:
        raise InputError(
            f"{interval} (0-based) ends beyond the {size:,} bp of {interval.contig}",
            remedy="check that the region is of this assembly",
        )
    return interval
