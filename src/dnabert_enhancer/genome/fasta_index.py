"""Finds or makes what random access to a FASTA needs: an index beside it, or an entry of the cache."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import logging
import os
import shutil
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import (
    Compression,
    cached_folder,
    compression_of,
    is_stream,
    let_go,
    open_bgzip,
    remove_leftovers,
    remove_quietly,
    temporary_file,
)
from dnabert_enhancer.genome.fasta import (
    FastaCheck,
    NotIndexableError,
    check_fasta,
    chunks_of,
    read_fasta,
    split_header,
)

_log = logging.getLogger(__name__)
_CACHE_KIND = "genomes"
_CACHE_LAYOUT = "1"
_LINE_BASES = 60
_COPY_LEVEL = 1
_CHECKED_CONTIGS = 200
_HEADER_BYTES = 4096
_BLOCK_BYTES = 1 << 16
_ENOUGH_BYTES = 1 << 24
_LARGEST = 1 << 62  # places in a file
_CANNOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)


class IndexEntry(NamedTuple):
    """One line of a ``.fai``: where the bases of a contig lie.

    Attributes
    ----------
    name : str
    length : int
        In bases.
    offset : int
        Byte of the first base in the uncompressed file.
    line_bases, line_width : int
        Bases and bytes of every line but the last.
    """

    name: str
    length: int
    offset: int
    line_bases: int
    line_width: int


class BlockStart(NamedTuple):
    """Where a block of bgzip starts, in bytes of the compressed and of the uncompressed file."""

    compressed: int
    uncompressed: int


class IndexedFasta(NamedTuple):
    """A FASTA that can be read from the middle.

    Attributes
    ----------
    fasta : Path
        Plain or bgzip: the file itself, or a copy in the cache.
    fai : Path
        Its index.
    gzi : Path or None
        The index of its blocks when it is bgzip.
    """

    fasta: Path
    fai: Path
    gzi: Path | None


def indexed_fasta(path: str | os.PathLike[str], *, check: bool = False) -> IndexedFasta:
    """Return a FASTA with its index.

    An index beside the file is used when it is not older and fits; where there is none it is made
    there; where it is stale, or the folder cannot be written, it is made in the cache. Plain gzip, and
    lines of differing length, become a bgzip copy in the cache. An entry of the cache belongs to path,
    size and time of the file.

    Parameters
    ----------
    path : path
    check : bool
        Check every letter and name also of a file that has its index beside it, which may be by others; when
        an index is made, they are checked in any case.

    Raises
    ------
    InputError
        What `check_fasta` and `read_fasta` refuse, and the standard input.
    """
    check_genome_path(path)
    fasta = Path(os.path.abspath(path))  # noqa: PTH100  a link's index lies beside the link
    packing = compression_of(path)
    if packing is Compression.GZIP:
        return _from_cache(fasta, "copy", lambda folder: _copy_as_bgzip(fasta, folder))
    beside = _beside(fasta, packing)
    is_there = beside.fai.exists()
    try:
        if is_there and _fits(beside):
            if check:
                check_fasta(fasta)
            return beside
        if is_there:
            _log.warning(
                "the index %s is older than its FASTA or does not fit it: rebuilt in the cache",
                beside.fai,
            )
        elif _make_beside(beside):
            return beside
        return _from_cache(fasta, "index", lambda folder: _index_in(folder, fasta, packing))
    except NotIndexableError:
        return _from_cache(fasta, "copy", lambda folder: _copy_evenly(fasta, folder))


def check_genome_path(path: str | os.PathLike[str]) -> None:
    """Refuse what cannot be read from the middle, and a file that is missing.

    Raises
    ------
    InputError
        The standard input, a pipe, a missing or unreadable file, a folder.
    """
    if os.fspath(path) == "-":
        raise InputError("a genome cannot be read from standard input", remedy="give a file")
    if is_stream(path):
        raise InputError("a genome cannot be read from a pipe", source=path, remedy="give a file")
    compression_of(path)


def _beside(fasta: Path, packing: Compression) -> IndexedFasta:
    blocks = Path(f"{fasta}.gzi") if packing is Compression.BGZIP else None
    return IndexedFasta(fasta, Path(f"{fasta}.fai"), blocks)


def _is_writable(folder: Path) -> bool:
    # a folder that nobody may write stays as it is, also when the superuser runs this
    return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK | os.X_OK)


def _make_beside(wanted: IndexedFasta) -> bool:
    """Write the indexes beside the FASTA; False when the folder cannot be written."""
    if not _is_writable(wanted.fasta.parent):
        return False
    for path in wanted[1:]:
        if path is not None:
            remove_leftovers(path)
    made: dict[Path, Path] = {}
    try:
        check_fasta(wanted.fasta)
        for path in (wanted.gzi, wanted.fai):
            if path is not None:
                made[path] = temporary_file(path)
        _write_indexes(wanted.fasta, made[wanted.fai], None if wanted.gzi is None else made[wanted.gzi])
        for path, temporary in made.items():
            temporary.replace(path)
            let_go(temporary)
    except NotIndexableError:
        if shutil.disk_usage(wanted.fasta.parent).free < _ENOUGH_BYTES:
            return False
        raise
    except OSError as error:
        if error.errno in _CANNOT_WRITE:
            return False
        raise
    finally:
        for temporary in made.values():
            remove_quietly(temporary)
    return True


def _from_cache(fasta: Path, what: str, build: Callable[[Path], None]) -> IndexedFasta:
    status = fasta.stat()
    identity = f"{_CACHE_LAYOUT}\0{what}\0{os.path.realpath(fasta)}\0{status.st_size}\0{status.st_mtime_ns}"
    key = hashlib.sha256(identity.encode(errors="surrogateescape")).hexdigest()[:32]
    _log.info("using the cache for the %s of %s (made once)", what, fasta)
    for _ in range(2):
        folder = cached_folder(_CACHE_KIND, key, build)
        copy = folder / "genome.fa.gz"
        gzi = folder / "genome.gzi"
        found = IndexedFasta(
            copy if copy.exists() else fasta,
            folder / "genome.fai",
            gzi if gzi.exists() else None,
        )
        if _matches(found):
            return found
        shutil.rmtree(folder, ignore_errors=True)
    raise InputError(
        "the FASTA changes while it is read", source=fasta, remedy="start again when it is complete"
    )


def _index_in(folder: Path, fasta: Path, packing: Compression) -> None:
    """Fill a folder of the cache with the indexes of a FASTA."""
    check_fasta(fasta)
    gzi = folder / "genome.gzi" if packing is Compression.BGZIP else None
    _write_indexes(fasta, folder / "genome.fai", gzi)


def _write_indexes(fasta: Path, fai: Path, gzi: Path | None) -> None:
    """Write the indexes by htslib; `NotIndexableError` where lines differ in length or the disk is full."""
    import pysam

    blocks = () if gzi is None else ("--gzi-idx", str(gzi))
    try:
        with silent_htslib():
            pysam.faidx(str(fasta), "--fai-idx", str(fai), *blocks)
    except pysam.SamtoolsError:
        raise NotIndexableError from None


def _copy_as_bgzip(fasta: Path, folder: Path) -> None:
    """Pack a gzip FASTA anew in one pass; its memory does not grow with the contigs."""
    check = FastaCheck(os.fspath(fasta))
    copy = folder / "genome.fa.gz"
    try:
        with open_bgzip(copy, _COPY_LEVEL) as packed:
            for chunk in chunks_of(fasta):
                check.feed(chunk)
                packed.write(chunk)
        check.finish()
        _write_indexes(copy, folder / "genome.fai", folder / "genome.gzi")
    except NotIndexableError:
        _copy_evenly(fasta, folder)


def _copy_evenly(fasta: Path, folder: Path) -> None:
    """Write a FASTA anew with lines of equal length."""
    copy = folder / "genome.fa.gz"
    with open_bgzip(copy, _COPY_LEVEL) as packed:
        for record in read_fasta(fasta):
            letters = record.sequence.encode("ascii")
            packed.write(f">{record.name}\n".encode())
            for start in range(0, len(letters), _LINE_BASES):
                packed.write(letters[start : start + _LINE_BASES] + b"\n")
    try:
        _write_indexes(copy, folder / "genome.fai", folder / "genome.gzi")
    except NotIndexableError:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None


@contextlib.contextmanager
def silent_htslib() -> Iterator[None]:
    """Keep htslib from writing to the standard error; what fails is told by our own error."""
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(verbosity)


def _fits(beside: IndexedFasta) -> bool:
    """Return whether indexes are not older than their FASTA and belong to it."""
    made = beside.fasta.stat().st_mtime_ns
    try:
        is_fresh = all(part.stat().st_mtime_ns >= made for part in beside[1:] if part is not None)
    except OSError:
        return False
    return is_fresh and _matches(beside)


def _matches(found: IndexedFasta) -> bool:
    """Return whether the headers and ends of (some of) the contigs lie where the index says."""
    entries = _read_index(found.fai)
    if not entries:
        return False
    try:
        if found.gzi is None:
            with found.fasta.open("rb") as stream:

                def read_plain(offset: int, size: int) -> bytes:
                    stream.seek(offset)
                    return stream.read(size)

                return _headers_and_ends_match(entries, read_plain)
        starts = _read_block_index(found.gzi)
        if starts is None or not _is_complete(starts, entries[-1], found.fasta.stat().st_size):
            return False
        return _headers_and_ends_match(
            entries, lambda offset, size: _read_from_middle(found.fasta, starts, offset, size)
        )
    except (OSError, EOFError, zlib.error):
        return False


def _is_complete(starts: list[BlockStart], last: IndexEntry, size: int) -> bool:
    """Return whether no block is missing: each holds at most 64 KiB, the last contig ends in the last."""
    known = [BlockStart(0, 0), *starts]
    steps = [after.uncompressed - before.uncompressed for before, after in pairwise(known)]
    return (
        all(0 < step <= _BLOCK_BYTES for step in steps)
        and _last_base(last) - known[-1].uncompressed < _BLOCK_BYTES
        and known[-1].compressed < size
    )


def _last_base(entry: IndexEntry) -> int:
    full_lines, rest = divmod(entry.length - 1, entry.line_bases or 1)
    return entry.offset + full_lines * entry.line_width + rest


def _headers_and_ends_match(entries: list[IndexEntry], read: Callable[[int, int], bytes]) -> bool:
    step = -(-len(entries) // _CHECKED_CONTIGS)
    for entry in [*entries[:-1:step], entries[-1]]:
        if not (entry.length > 0 < entry.line_bases <= entry.line_width):
            return False
        before = min(_HEADER_BYTES, entry.offset)
        header = read(entry.offset - before, before).rstrip(b"\r\n").rpartition(b"\n")[2]
        if not header.startswith(b">") or split_header(header[1:].decode(errors="replace"))[0] != entry.name:
            return False
        end = read(_last_base(entry), 2)
        if not end or end[:1].isspace() or not (len(end) == 1 or end[1:].isspace()):
            return False
    after = read(_last_base(entries[-1]) + 1, _HEADER_BYTES)
    return not after.strip()


def _read_index(path: Path) -> list[IndexEntry] | None:
    """Return the entries of a ``.fai``, or None when it is not one."""
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n")]
        entries = [IndexEntry(row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows]
    except (OSError, ValueError, IndexError):
        return None
    fits = all(min(entry[1:]) >= 0 and max(_last_base(entry), *entry[1:]) < _LARGEST for entry in entries)
    return entries if fits else None


def _read_block_index(path: Path) -> list[BlockStart] | None:
    """Return the entries of a ``.gzi``, or None when it is not one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) % 16 != 8 or struct.unpack_from("<Q", content)[0] != len(content) // 16:
        return None
    return [BlockStart(*pair) for pair in struct.iter_unpack("<QQ", content[8:])]


def _read_from_middle(path: Path, starts: list[BlockStart], offset: int, size: int) -> bytes:
    """Return bytes of the uncompressed content from an offset on, fewer at its end."""
    block = bisect_right(starts, offset, key=lambda start: start.uncompressed)
    start = starts[block - 1] if block else BlockStart(0, 0)
    if offset - start.uncompressed >= _BLOCK_BYTES:
        return b""
    with path.open("rb") as stream:
        stream.seek(start.compressed)
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            unpacked.read(offset - start.uncompressed)
            return unpacked.read(size)
