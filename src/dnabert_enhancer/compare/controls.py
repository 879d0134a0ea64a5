"""Random calls as negative controls: they must come out unenriched, or the null is wrong."""

from __future__ import annotations

import numpy as np

from dnabert_enhancer.compare.nulls import Placement, Ring


def control_ring(ring: Ring, placement: Placement, seed: int) -> Ring:
    """Return one random placement of the calls, as calls of its own.

    Parameters
    ----------
    ring : Ring
        The calls.
    placement : Placement
        `nulls.Resampling` or `gc.GcResampling`; calls that it laid over the end of a contig are left out.
    seed : int
        Of the placement; another stream than that of the permutations.
    """
    start, end = placement.draw(np.random.default_rng([seed, *b"control"]))
    contig = np.searchsorted(ring.offset, start, side="right") - 1
    local, length = start - ring.offset[contig], end - start
    kept = local + length <= ring.space.contig_length[contig]
    places = (ring.space.contig_start[contig] + local)[kept]
    return Ring(ring.space, contig[kept].astype(np.int32), places, places + length[kept])
