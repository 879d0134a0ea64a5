"""Whether regions lie where the genome has no known bases: a sign that they are of another assembly."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dnabert_enhancer.genome.assemblies import ASSEMBLIES, recognised_assembly
from dnabert_enhancer.genome.contig_names import ContigNames

if TYPE_CHECKING:
    import pandas as pd

    class _Genome(Protocol):
        @property
        def contig_sizes(self) -> Mapping[str, int]: ...
        def fetch(self, contig: str, start: int, end: int) -> bytes: ...


_log = logging.getLogger(__name__)
_GAP = 1000
"""Bases on each side of a region's middle that must be N, so that a masked repeat is no gap."""
_FEWEST_REGIONS = 3
_LEAST_SHARE = 1e-4
_MOST_REGIONS = 200_000
_PLACES = 1000
_MOST_UNKNOWN = 0.25
"""Of a genome with more N than any assembly (a part of one, or hard-masked) nothing can be told."""
_MOST_COVERED = 0.1
"""Regions that cover more than this are tiles or a mask, which reach into gaps by themselves."""


def warn_of_gaps(regions: pd.DataFrame, genome: _Genome, source: str, path: str) -> None:
    """Log a warning where regions lie in the genome's gaps, which peaks of its own assembly cannot.

    Parameters
    ----------
    regions : DataFrame
        ``chrom``, ``start``, ``end``, within the genome.
    genome : Genome
    source, path : str
        Names of the regions and of the genome, for the message.
    """
    sizes = genome.contig_sizes
    total = int(sum(sizes.values()))
    if len(regions) < _FEWEST_REGIONS or (regions["end"] - regions["start"]).sum() > _MOST_COVERED * total:
        return
    chosen = regions.iloc[:: -(-len(regions) // _MOST_REGIONS)]
    middles = ((chosen["start"] + chosen["end"]) // 2).tolist()
    places = list(zip(chosen["chrom"].astype(str).tolist(), middles, strict=True))
    inside = [place for place in places if _is_gap(genome, sizes, *place)]
    if len(inside) < max(_FEWEST_REGIONS, _LEAST_SHARE * len(places)):
        return
    if _share_of_gaps(genome, sizes, total) > _MOST_UNKNOWN:
        return
    contig, middle = inside[0]
    other = _other_assembly(regions, sizes)
    _log.warning(
        "%s: %d of %d regions lie in gaps of %s (runs of N), such as at %s:%d, where peaks of this assembly "
        "cannot be; %s, or give the genome that they are of",
        source,
        len(inside),
        len(places),
        path,
        contig,
        middle + 1,
        f"they are probably of {other}: lift them over" if other else "lift them over",
    )


def _is_gap(genome: _Genome, sizes: Mapping[str, int], contig: str, middle: int) -> bool:
    if genome.fetch(contig, middle, min(middle + 1, sizes[contig])).upper() != b"N":
        return False
    letters = genome.fetch(contig, max(0, middle - _GAP), min(middle + _GAP, sizes[contig]))
    return not letters.upper().strip(b"N")


def _share_of_gaps(genome: _Genome, sizes: Mapping[str, int], total: int) -> float:
    """Return the share of evenly spread places that lie in gaps."""
    names, ends = list(sizes), np.cumsum(list(sizes.values()))
    found = 0
    for place in np.linspace(0, total - 1, _PLACES).astype(np.int64).tolist():
        row = int(np.searchsorted(ends, place, side="right"))
        found += _is_gap(genome, sizes, names[row], int(place - ends[row] + sizes[names[row]]))
    return found / _PLACES


def _other_assembly(regions: pd.DataFrame, sizes: Mapping[str, int]) -> str | None:
    """Return the other human assembly where the genome is one and all regions are within the other's ends."""
    own = recognised_assembly(sizes)
    if own is None:
        return None
    for name, known in ASSEMBLIES.items():
        if name == own:
            continue
        names = ContigNames(known)
        ends = regions.groupby("chrom", observed=True)["end"].max()
        if all(end <= known.get(names.resolve(str(contig)) or "", end) for contig, end in ends.items()):
            return name
    return None
