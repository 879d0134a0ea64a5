"""Human assemblies: lengths of the chromosomes, names, and which assembly contig lengths belong to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames

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
