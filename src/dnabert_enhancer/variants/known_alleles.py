"""Alleles that a database knows, found by what they change, however they are written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import Compression, compression_of
from dnabert_enhancer.genome import Genome, assemblies_in, recognised_assembly
from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.reference import Letters
from dnabert_enhancer.vcf import VcfHeader, VcfReader, VcfRecord, parse_record, shared_ends

_ENCODING = "latin-1"
"""Of lines that pysam gives as text: any byte survives it."""


class KnownAllele(NamedTuple):
    """An allele of a database.

    Attributes
    ----------
    position : int
        POS of VCF, 1-based.
    ref, alt : bytes
        Upper case.
    content : bytes
        What the database says of it, without line ends.
    """

    position: int
    ref: bytes
    alt: bytes
    content: bytes

    @property
    def start(self) -> int:
        """The first base that differs, 0-based."""
        return self.position - 1 + shared_ends(self.ref, self.alt)[0]


Content = Callable[[VcfRecord], bytes]
"""What is kept of a record."""


class KnownAlleles:
    """Alleles of a database.

    Parameters
    ----------
    near : callable
        Returns those that may lie in a stretch of a contig of the genome, 0-based and half-open.
    """

    def __init__(self, near: Callable[[str, int, int], Iterable[KnownAllele]]) -> None:
        self._near = near

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, KnownAllele]]) -> KnownAlleles:
        """Return those of a table, by the genome's contigs; all are kept in memory."""
        return cls(_Memory(rows).near)

    @classmethod
    def of_vcf(
        cls, path: str | os.PathLike[str], genome: Genome, content: Content, lost: str
    ) -> KnownAlleles:
        """Return those of a VCF: by its index where one lies beside it, else kept in memory.

        Parameters
        ----------
        path : str or path
        genome : Genome
        content : callable
        lost : str
            For messages: what becomes of records on contigs that the genome lacks.

        Raises
        ------
        InputError
            What is not VCF; no record on a contig of the genome; a header that names another assembly.
        """
        with VcfReader(path) as reader:
            refuse_other_assembly(reader.header, genome, reader.source)
            if is_indexed(path):
                return cls(_Indexed(Path(path), genome, content, lost).near)
            counts: dict[str, int] = {}
            kept = _Memory(_counted(reader, genome, content, counts))
            genome.names.check_shared(counts, reader.source, "records", lost)
            return cls(kept.near)

    def of(self, bases: Letters, allele: Allele) -> list[KnownAllele]:
        """Return the entries for an allele of the genome, in the order of the database."""
        own = (allele.start, allele.end, allele.alt.tobytes())
        found = []
        for known in self._near(allele.contig, max(0, allele.start - 1), allele.end + 1):
            placed = place_allele(bases, allele.contig, known.position, known.ref, known.alt)
            if isinstance(placed, Allele) and (placed.start, placed.end, placed.alt.tobytes()) == own:
                found.append(known)
        return found


def refuse_other_assembly(header: VcfHeader, genome: Genome, source: str) -> None:
    """Raise `InputError` where a header names one assembly and the genome's lengths are of another."""
    named = [name for text in header.assemblies() for name in assemblies_in(text)]
    own = recognised_assembly(genome.contig_sizes)
    if named and own is not None and own not in named:
        raise InputError(
            f"the header says {named[0]}, but {genome.path} is {own}",
            source=source,
            remedy=f"give the file for {own}",
        )


def _alleles(record: VcfRecord, content: bytes) -> Iterator[KnownAllele]:
    for alt in record.alts:
        yield KnownAllele(record.position, record.ref, alt, content)


def _counted(
    reader: VcfReader, genome: Genome, content: Content, counts: dict[str, int]
) -> Iterator[tuple[str, KnownAllele]]:
    """Yield the alleles on contigs of the genome, and count the records of each contig."""
    for block in reader.blocks():
        for record in block:
            counts[record.contig] = counts.get(record.contig, 0) + 1
            own = genome.names.resolve(record.contig)
            if own is not None:
                for known in _alleles(record, content(record)):
                    yield own, known


def is_indexed(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is bgzip and has an index beside it."""
    is_beside = any(Path(f"{os.fspath(path)}{ending}").is_file() for ending in (".tbi", ".csi"))
    return is_beside and compression_of(path) is Compression.BGZIP


class _Memory:
    """Alleles in memory, each as one text, sorted by what they change."""

    def __init__(self, rows: Iterable[tuple[str, KnownAllele]]) -> None:
        found: dict[str, list[tuple[int, bytes]]] = {}
        for contig, known in rows:
            text = b"\t".join((b"%d" % known.position, known.ref, known.alt, known.content))
            found.setdefault(contig, []).append((known.start, text))
        self._starts: dict[str, NDArray[np.int64]] = {}
        self._texts: dict[str, list[bytes]] = {}
        for contig, alleles in found.items():
            alleles.sort(key=lambda row: row[0])
            self._starts[contig] = np.array([start for start, _ in alleles], dtype=np.int64)
            self._texts[contig] = [text for _, text in alleles]

    def near(self, contig: str, start: int, end: int) -> Iterator[KnownAllele]:
        """Yield the alleles whose first difference lies in a stretch."""
        if contig not in self._starts:
            return
        first, last = np.searchsorted(self._starts[contig], (start, end)).tolist()
        for text in self._texts[contig][first:last]:
            position, ref, alt, content = text.split(b"\t", 3)
            yield KnownAllele(int(position), ref, alt, content)


class _Indexed:
    """A bgzipped VCF with an index, read where it is asked."""

    def __init__(self, path: Path, genome: Genome, content: Content, lost: str) -> None:
        import pysam

        self._source, self._content = str(path), content
        try:
            self._file = pysam.TabixFile(self._source, encoding=_ENCODING)
        except (OSError, ValueError) as error:
            raise InputError(
                f"the index cannot be read ({error})", source=self._source, remedy="index it with tabix"
            ) from None
        contigs = list(self._file.contigs)
        self._contigs = {own: name for name in contigs if (own := genome.names.resolve(name)) is not None}
        if contigs and not self._contigs:
            genome.names.check_shared(dict.fromkeys(contigs, 1), self._source, "records", lost)

    def near(self, contig: str, start: int, end: int) -> Iterator[KnownAllele]:
        """Yield the alleles of records that reach into a stretch."""
        if contig not in self._contigs:
            return
        for line in self._file.fetch(self._contigs[contig], start, end):
            record = parse_record(line.encode(_ENCODING), 0, self._source)
            yield from _alleles(record, self._content(record))
