"""Knows the lengths of the human chromosomes, and so notices what is of another assembly."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.compare.elements import Elements
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames

_CHROMOSOMES = tuple(f"chr{name}" for name in [*range(1, 23), "X", "Y"])
_LENGTHS = {
    "hg19": (
        "249250621 243199373 198022430 191154276 180915260 171115067 159138663 146364022 141213431 135534747"
        " 135006516 133851895 115169878 107349540 102531392 90354753 81195210 78077248 59128983 63025520"
        " 48129895 51304566 155270560 59373566"
    ),
    "hg38": (
        "248956422 242193529 198295559 190214555 181538259 170805979 159345973 145138636 138394717 133797422"
        " 135086622 133275309 114364328 107043718 101991189 90338345 83257441 80373285 58617616 64444167"
        " 46709983 50818468 156040895 57227415"
    ),
}
ASSEMBLIES: dict[str, dict[str, int]] = {
    name: dict(zip(_CHROMOSOMES, map(int, lengths.split()), strict=True))
    for name, lengths in _LENGTHS.items()
}
"""Lengths of the chromosomes in base pairs (Genome Reference Consortium, GRCh37 and GRCh38)."""
_OTHER_NAMES = {
    "grch37": "hg19",
    "b37": "hg19",
    "hs37d5": "hg19",
    "37": "hg19",
    "grch38": "hg38",
    "b38": "hg38",
    "hs38": "hg38",
    "38": "hg38",
}
_STRAY_ALLOWED = 0.001


def assembly_name(text: str) -> str:
    """Return the name used here for an assembly: ``GRCh38`` and ``b38`` are ``hg38``."""
    plain = text.strip().casefold()
    return _OTHER_NAMES.get(plain, plain)


def recognised_assembly(sizes: Mapping[str, int]) -> str | None:
    """Return the assembly to which most of the contig lengths belong, or None when no length tells."""
    votes: Counter[str] = Counter()
    for assembly, known in ASSEMBLIES.items():
        names = ContigNames(known)
        votes[assembly] = sum(known.get(names.resolve(name) or "") == size for name, size in sizes.items())
    (best, count), (_, other) = votes.most_common(2)
    return best if count > other else None


def check_genome_sizes(sizes: Mapping[str, int], assembly: str, source: str | os.PathLike[str]) -> None:
    """Refuse contig lengths that are those of another assembly than the one named."""
    found = recognised_assembly(sizes)
    if found is not None and found != assembly:
        raise InputError(
            f"the contig lengths are those of {found}, but the calls are said to be {assembly}",
            source=source,
            remedy=f"give --assembly {found}, or the contig lengths of {assembly}",
        )


def beyond_ends(elements: Elements, sizes: Mapping[str, int]) -> NDArray[np.bool_]:
    """Return which elements end beyond their contig, shape (elements,); unknown contigs have no end."""
    names = ContigNames(sizes)
    lengths = [sizes.get(names.resolve(contig) or "", np.iinfo(np.int64).max) for contig in elements.contigs]
    return np.asarray(elements.end > np.array(lengths, dtype=np.int64)[elements.contig_index])


def within_assembly(elements: Elements, assembly: str, source: str | os.PathLike[str]) -> Elements:
    """Return the elements that can be of an assembly; refuse a file that is of another.

    A few elements past the ends of chromosomes (at most 0.1 %) are dropped and counted as
    ``beyond_contig_end`` when no other assembly would hold all.

    Raises
    ------
    InputError
        Elements lie past the ends of chromosomes: names the first, and the assembly in which all fit.
    """
    if assembly not in ASSEMBLIES:
        return elements
    beyond = beyond_ends(elements, ASSEMBLIES[assembly])
    if not beyond.any():
        return elements
    number, first = int(beyond.sum()), int(beyond.argmax())
    contig = elements.contigs[elements.contig_index[first]]
    names = ContigNames(ASSEMBLIES[assembly])
    length = ASSEMBLIES[assembly][names.resolve(contig) or contig]
    others = [name for name, known in ASSEMBLIES.items() if not beyond_ends(elements, known).any()]
    if not others and number <= _STRAY_ALLOWED * len(elements):
        return elements.take(~beyond, dropped="beyond_contig_end")
    hint = f"; all fit {others[0]}" if others else ""
    raise InputError(
        f"{number} of {len(elements)} elements end beyond their chromosome of {assembly} "
        f"({contig}:{elements.start[first]}-{elements.end[first]}, it has {length} bp){hint}",
        source=source,
        location=f"line {elements.rows[first]}",
        remedy=f"say assembly={others[0]}" if others else "check the assembly and the 0- or 1-based start",
    )
