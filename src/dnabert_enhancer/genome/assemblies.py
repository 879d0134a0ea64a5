"""Contig lengths: those of the human assemblies, of a file, and which assembly given ones belong to."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.human import LENGTHS
from dnabert_enhancer.genome.names import check_name

ASSEMBLIES: dict[str, dict[str, int]] = {
    name: {f"chr{chromosome.upper()}": size for chromosome, size in LENGTHS[name].items()}
    for name in ("hg19", "hg38")
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
    "chm13": "t2t-chm13",
    "chm13v2.0": "t2t-chm13",
    "hs1": "t2t-chm13",
    "grcm38": "mm10",
    "grcm39": "mm39",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def assembly_name(text: str) -> str:
    """Return the name used here for an assembly, in small letters: ``GRCh38`` and ``b38`` are ``hg38``."""
    plain = text.strip().casefold()
    return _OTHER_NAMES.get(plain, plain)


def is_assembly_name(text: str) -> bool:
    """Return whether a text can name an assembly, known here or not: ``hg38``, ``mm39``, ``T2T-CHM13``."""
    return _NAME.fullmatch(assembly_name(text)) is not None


def assemblies_in(text: str) -> list[str]:
    """Return the known assemblies that a text names, by our names: ``/data/GRCh38.p14.fa`` has hg38."""
    names = (assembly_name(word) for word in _WORD.findall(text))
    return list(dict.fromkeys(name for name in names if name in ASSEMBLIES))


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


def read_contig_sizes(path: str | os.PathLike[str]) -> dict[str, int]:
    """Return contig lengths in base pairs, in the order of the file.

    Parameters
    ----------
    path : str or path
        Name and length in the first two columns (tabs or blanks); further columns, as a ``.fai`` has, and
        comments (``#``) are passed over.

    Raises
    ------
    InputError
        A missing or impossible length, a contig that comes again, no contig at all. With the line.
    """
    sizes: dict[str, int] = {}
    for number, line in read_text_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t") if "\t" in line else line.split()
        place = f"line {number}"
        length = columns[1].strip() if len(columns) > 1 else ""
        if not (length.isascii() and length.isdigit() and len(length) <= 18 and int(length)):
            raise InputError(
                f"the length {length!r} is not a positive whole number",
                source=path,
                location=place,
                remedy="give a contig and its length in base pairs",
            )
        name = columns[0].strip()
        check_name(name, path, place)
        if not name or name in sizes:
            problem = f"the contig {name!r} occurs twice" if name else "a contig has no name"
            raise InputError(problem, source=path, location=place, remedy="give every contig once")
        sizes[name] = int(length)
    if not sizes:
        raise InputError("there is no contig in the file", source=path, remedy="give contigs with lengths")
    return sizes
