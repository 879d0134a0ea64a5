"""What is explained: named stretches of a genome, or whole sequences, with the bases around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.scan import NamedSequence
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases
from dnabert_enhancer.variants import GenomeBases, SequenceContext

if TYPE_CHECKING:
    import pandas as pd


class Stretch(NamedTuple):
    """Bases to explain.

    Attributes
    ----------
    name : str
        Of the region or sequence.
    contig : str
        The genome's name; of a sequence its own.
    start, end : int
        0-based and half-open.
    context : SequenceContext
        The bases, with as many around them as any window can touch.
    """

    name: str
    contig: str
    start: int
    end: int
    context: SequenceContext

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Base codes of the stretch itself."""
        return self.context.part(self.start, self.end)


def stretches_of_sequences(sequences: Iterable[NamedSequence], reach: int) -> Iterator[Stretch]:
    """Yield each sequence as a whole.

    Parameters
    ----------
    sequences : iterable of NamedSequence
    reach : int
        How many bp around a sequence its windows can touch; unknown.
    """
    for name, letters in sequences:
        codes = encode_bases(letters)
        around = np.pad(codes, reach, constant_values=UNKNOWN_BASE)
        yield Stretch(name, name, 0, len(codes), SequenceContext(around, -reach, len(codes)))


def stretches_of_regions(regions: pd.DataFrame, bases: GenomeBases, reach: int) -> Iterator[Stretch]:
    """Yield regions of a genome, in the order of their table.

    Parameters
    ----------
    regions : DataFrame
        A table of regions (see `genome.read_regions`); ``name`` is kept, or made of the place.
    bases : GenomeBases
    reach : int
        How many bp around a region its windows can touch; unknown beyond the contig.
    """
    names = regions["name"].tolist() if "name" in regions else ["."] * len(regions)
    places = zip(
        names,
        regions["chrom"].astype(str).tolist(),
        regions["start"].tolist(),
        regions["end"].tolist(),
        strict=True,
    )
    for name, contig, start, end in places:
        named = name if name not in (".", "") else f"{contig}:{start + 1}-{end}"
        yield Stretch(named, contig, start, end, bases.context(contig, start - reach, end + reach))
