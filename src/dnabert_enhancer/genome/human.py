"""Human assemblies: lengths of the chromosomes, and NCBI's accessions of them with their versions."""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

CHROMOSOMES: Final = (*map(str, range(1, 23)), "x", "y")
MITOCHONDRION: Final = "mt"
_LENGTHS: Final = {
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
    "T2T-CHM13": (
        "248387328 242696752 201105948 193574945 182045439 172126628 160567428 146259331 150617247 134758134"
        " 135127769 133324548 113566686 101161492 99753195 96330374 84276897 80542538 61707364 66210255"
        " 45090682 51324926 154259566 62460029"
    ),
}
LENGTHS: Final[dict[str, dict[str, int]]] = {
    name: dict(zip(CHROMOSOMES, map(int, lengths.split()), strict=True)) for name, lengths in _LENGTHS.items()
}
"""Lengths in bp by assembly and chromosome (``1`` to ``22``, ``x``, ``y``), by NCBI's assembly reports
GCF_000001405.25, GCF_000001405.40 and GCF_009914755.1."""

_HG38_VERSIONS: Final = (
    11,
    12,
    12,
    12,
    10,
    12,
    14,
    11,
    12,
    11,
    10,
    12,
    11,
    9,
    10,
    10,
    11,
    10,
    10,
    11,
    9,
    11,
    11,
    10,
)
MITOCHONDRIA: Final = {
    "nc_012920": ("rCRS", 16569),
    "j01415": ("rCRS", 16569),
    "nc_001807": ("hg19's chrM", 16571),
    "cp068254": ("CHM13's", 16569),
}
"""Mitochondrial genomes by accession: what they are, and their lengths in bp."""
_ACCESSION: Final = re.compile(r"(nc_\d{6}|(?:cm|cp)\d{6}|j01415)(?:\.(\d+))?")


class Accession(NamedTuple):
    """An accession of a human chromosome.

    Attributes
    ----------
    chromosome : str
        ``1`` to ``22``, ``x``, ``y`` or ``mt``.
    assembly : str or None
        That its version belongs to: a key of `LENGTHS`, ``another`` for other versions; None without a
        version, and for the mitochondrion.
    """

    chromosome: str
    assembly: str | None


def human_accession(name: str) -> Accession | None:
    """Return what an accession stands for, or None when it is of no human chromosome.

    Parameters
    ----------
    name : str
        In small letters, such as ``nc_000016.10``, ``cm000678.2`` or ``nc_060940.1``, or without a version.
    """
    found = _ACCESSION.fullmatch(name)
    if found is None:
        return None
    base, version = found.groups()
    if base in MITOCHONDRIA:
        return Accession(MITOCHONDRION, None)
    versions = _versions().get(base)
    if versions is None:
        return None
    chromosome, by_version = versions
    return Accession(chromosome, None if version is None else by_version.get(int(version), "another"))


@functools.cache
def _versions() -> dict[str, tuple[str, dict[int, str]]]:
    """Return chromosome, and assembly by version, of each accession."""
    found = {}
    for number, (name, hg38) in enumerate(zip(CHROMOSOMES, _HG38_VERSIONS, strict=True)):
        found[f"nc_{number + 1:06}"] = (name, {hg38 - 1: "hg19", hg38: "hg38"})
        found[f"cm{663 + number:06}"] = (name, {1: "hg19", 2: "hg38"})
        found[f"nc_{60925 + number:06}"] = (name, {1: "T2T-CHM13"})
        # the Y chromosome is of another sample, and its number of another series
        number_of_genbank = 86569 if name == "y" else 68277 - number
        found[f"cp{number_of_genbank:06}"] = (name, dict.fromkeys((1, 2), "T2T-CHM13"))
    return found
