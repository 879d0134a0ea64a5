"""Finds a contig by the name that another file gives it (``chr1`` and ``1``, ``chrM`` and ``MT``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PREFIX = re.compile(r"^(?:(?:chromosome|chrom|chr)[_ ]?(?=.)|ch(?=(?:\d+|x|y|mt?)$))")
_MITOCHONDRION = frozenset({"m", "mt"})
_ACCESSION = re.compile(r"^(?:\w+?_)?([a-z]{2}\d{6})(?:[v.]\d+)?(?:_(?:alt|random|fix))?$")
_REFSEQ = re.compile(r"^(nc_\d{6})(?:\.\d+)?$")
_CHROMOSOMES = (*map(str, range(1, 23)), "x", "y")


def _human_accessions() -> dict[str, str]:
    """Return the chromosome of each accession, without its version, of the human assemblies.

    RefSeq and GenBank numbers of GRCh37 and GRCh38 (which differ in the version only) and of T2T-CHM13v2.0,
    by NCBI's assembly reports GCF_000001405 and GCF_009914755.
    """
    found = {"nc_012920": "mt", "nc_001807": "mt", "cp068254": "mt", "cp086569": "y"}
    for number, name in enumerate(_CHROMOSOMES):
        found[f"nc_{number + 1:06}"] = name
        found[f"cm{663 + number:06}"] = name
        found[f"nc_{60925 + number:06}"] = name
        if name != "y":
            found[f"cp{68277 - number:06}"] = name
    return found


_HUMAN = _human_accessions()


class ContigNames:
    """The contig names of one genome, and how other files may spell them.

    Parameters
    ----------
    names : iterable of str
        The genome's own names.

    Notes
    -----
    A name is found exactly; else by its plain form, which ignores case, drops ``chr`` (also ``chrom``,
    ``chromosome``, and ``ch`` before a number, X, Y or M), writes the mitochondrion ``M`` as ``MT``,
    and takes from the names of unplaced and alternative contigs their accession without version, so
    that UCSC's ``chr1_KI270706v1_random`` or ``chrUn_gl000220`` is Ensembl's ``KI270706.1`` or
    ``GL000220.1``. RefSeq's and GenBank's accessions of the human chromosomes (``NC_000016.10``,
    ``CM000678.2``, T2T's ``NC_060940.1``) are those chromosomes, whatever the version. A plain form that two
    contigs share finds neither of them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._exact = frozenset(self._names)
        self._plain: dict[str, str | None] = {}
        for name in self._names:
            plain = _plain_form(name)
            self._plain[plain] = None if plain in self._plain else name

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._exact

    def resolve(self, name: str) -> str | None:
        """Return the genome's own name for a contig, or None when it has no such contig."""
        return name if name in self._exact else self._plain.get(_plain_form(name))


def _plain_form(name: str) -> str:
    plain = _PREFIX.sub("", name.casefold())
    if plain in _MITOCHONDRION:
        return "mt"
    match = _REFSEQ.match(plain) or _ACCESSION.match(plain)
    return _HUMAN.get(match.group(1), match.group(1)) if match else plain
