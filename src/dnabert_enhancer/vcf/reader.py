"""Reads VCF of any version and packing, and BCF: a header, then the records in blocks, as they are.

pysam is left to BCF: it refuses or rewrites much of what real VCF files hold (undeclared fields, headers of
other writers), and takes every sample apart. Here a line is split at its first eight tabs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import (
    Compression,
    compression_of,
    describe_source,
    open_binary,
    path_for_others,
    read_line_blocks,
)
from dnabert_enhancer.vcf.foreign_formats import LOOKED_AT, refuse_foreign_formats
from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import FIXED_COLUMNS, VcfRecord, parse_record
from dnabert_enhancer.vcf.validate import VcfFaults, check_header

BLOCK_RECORDS = 1024
_BLOCK_BYTES = 1 << 24
_BCF_MAGIC = b"BCF\x02"


class VcfReader:
    """A VCF or BCF, read once from start to end; a context manager.

    Parameters
    ----------
    path : str or path
        Plain, gzip, bgzip or BCF, by its first bytes; ``-`` is the standard input. Pipes are read too.

    Attributes
    ----------
    header : VcfHeader
    faults : VcfFaults
        Of the header and of the lines read so far.

    Raises
    ------
    InputError
        What `files.open_binary` refuses; what is not a VCF.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self.source = describe_source(path)
        self.faults = VcfFaults(self.source)
        with contextlib.closing(open_binary(self._path)) as stream:
            self._is_bcf = stream.read(len(_BCF_MAGIC)) == _BCF_MAGIC
            self._check_last_line()
        self._lines: Iterator[tuple[int, bytes]] = self._bcf_lines() if self._is_bcf else self._text_lines()
        self.header = self._read_header()

    def __enter__(self) -> VcfReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines = iter(())

    def blocks(self, gap: int = 0, records: int = BLOCK_RECORDS) -> Iterator[list[VcfRecord]]:
        """Yield the records in blocks; see `blocks_of`."""
        parsed = (parse_record(line, number, self.source) for number, line in self._data_lines())
        return blocks_of(parsed, gap, records)

    def _data_lines(self) -> Iterator[tuple[int, bytes]]:
        for number, line in self._lines:
            if not line:
                self.faults.add("an empty line is left out", number)
            elif line.startswith(b"#"):
                self.faults.add("a header line among the records is left out", number, line)
            else:
                yield number, line

    def _read_header(self) -> VcfHeader:
        meta: list[bytes] = []
        for number, line in self._lines:
            if line.startswith(b"##"):
                meta.append(line)
            elif line.startswith(b"#"):
                if not _is_called_vcf(meta, line):
                    self._refuse_foreign_formats([])
                return check_header(VcfHeader(meta, line), self.faults, number)
            elif line.strip():
                self._refuse_foreign_formats([(number, line)])
                self.faults.add("the line with the names of the columns is missing and is added", number)
                samples = max(0, line.count(b"\t") - 8)
                names = [b"FORMAT", *(b"SAMPLE%d" % (i + 1) for i in range(samples))] if samples else []
                columns = b"\t".join([VcfHeader().columns, *names])
                return check_header(VcfHeader(meta, columns), self.faults, number)
            else:
                self.faults.add("an empty line is left out", number)
        if not meta:
            raise InputError("the file is empty", source=self.source, remedy="give a VCF")
        self.faults.add("the line with the names of the columns is missing and is added", len(meta))
        return check_header(VcfHeader(meta), self.faults, len(meta))

    def _refuse_foreign_formats(self, read: list[tuple[int, bytes]]) -> None:
        """Look at the first records, of which some may be read already, and put them back."""
        read += itertools.islice(self._lines, LOOKED_AT - len(read))
        self._lines = itertools.chain(read, self._lines)
        records = [(number, line) for number, line in read if line.strip() and not line.startswith(b"#")]
        refuse_foreign_formats(records, self.source)

    def _check_last_line(self) -> None:
        """Count it as a fault when the last line of a plain file has no end."""
        if compression_of(self._path) is not Compression.NONE:
            return
        with contextlib.closing(open_binary(self._path)) as stream:
            if stream.seekable() and stream.seek(0, os.SEEK_END) > 0:
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) not in (b"\n", b"\r"):
                    self.faults.add("the last line has no line end; one is written", 0)

    def _text_lines(self) -> Iterator[tuple[int, bytes]]:
        for block in read_line_blocks(self._path):
            number = block.first_line
            for line in block.content[:-1].split(b"\n"):
                yield number, line
                number += 1

    def _bcf_lines(self) -> Iterator[tuple[int, bytes]]:
        import pysam

        verbosity = pysam.set_verbosity(0)
        try:
            with pysam.VariantFile(path_for_others(self._path)) as file:
                lines = str(file.header).encode("utf-8", errors="surrogateescape").splitlines()
                yield from enumerate(lines, start=1)
                for number, record in enumerate(file, start=1):
                    yield number, str(record).rstrip("\n").encode("utf-8", errors="surrogateescape")
        except (OSError, ValueError) as error:
            raise InputError(
                f"the BCF cannot be read ({error})", source=self.source, remedy="check it with bcftools"
            ) from None
        finally:
            pysam.set_verbosity(verbosity)


def blocks_of(
    records: Iterable[VcfRecord], gap: int = 0, size: int = BLOCK_RECORDS
) -> Iterator[list[VcfRecord]]:
    """Yield records in blocks; where a block ends depends on the records only.

    Parameters
    ----------
    records : iterable of VcfRecord
    gap : int
        A block ends only where the next record is at least so many bp behind the end of all before it; one
        that finds no such place ends when it is eight times full.
    size : int
        From how many records on a block is full.
    """
    block: list[VcfRecord] = []
    n_bytes = furthest = 0
    for record in records:
        same_contig = bool(block) and record.contig == block[-1].contig
        if len(block) >= size or n_bytes >= _BLOCK_BYTES:
            far = not same_contig or record.position - furthest >= gap
            if not gap or far or len(block) >= 8 * size or n_bytes >= 8 * _BLOCK_BYTES:
                yield block
                block, n_bytes, same_contig = [], 0, False
        end = record.position + len(record.ref)
        furthest = max(furthest, end) if same_contig else end
        block.append(record)
        n_bytes += sum(map(len, record.columns)) + 7 + len(record.rest) + bool(record.rest)
    if block:
        yield block


def _is_called_vcf(meta: list[bytes], columns: bytes) -> bool:
    """Return whether ``##fileformat=VCF`` or the names of the columns say that a file is a VCF."""
    names = columns.lstrip(b"#").split()[:5]
    return names == list(FIXED_COLUMNS[:5]) or any(line.startswith(b"##fileformat=VCF") for line in meta)
