"""The index of a bgzip file (``.gzi``): where its blocks lie, and reading from the middle."""

from __future__ import annotations

import gzip
import struct
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.errors import InputError

_HEADER_BYTES = 18


class BlockStart(NamedTuple):
    """Where a block starts, in bytes of the compressed and of the uncompressed file."""

    compressed: int
    uncompressed: int


def index_bgzip(path: Path) -> list[BlockStart]:
    """Return the starts of a bgzip file's blocks without empty ones and the first, which is always (0, 0).

    Notes
    -----
    Every block says its size in the header and the size of its content in its last four bytes (SAM
    specification, section 4.1), so nothing needs to be unpacked.
    """
    starts: list[BlockStart] = []
    compressed = uncompressed = 0
    size = path.stat().st_size
    with path.open("rb") as stream:
        while compressed < size:
            stream.seek(compressed)
            header = stream.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES or header[:4] != b"\x1f\x8b\x08\x04" or header[12:14] != b"BC":
                raise InputError(
                    "a block of the bgzip file is damaged", source=path, location=f"byte {compressed}"
                )
            block_bytes = struct.unpack("<H", header[16:18])[0] + 1
            stream.seek(compressed + block_bytes - 4)
            content_bytes = struct.unpack("<I", stream.read(4))[0]
            if compressed and content_bytes:
                starts.append(BlockStart(compressed, uncompressed))
            uncompressed += content_bytes
            compressed += block_bytes
    return starts


def write_bgzip_index(starts: list[BlockStart], path: Path) -> None:
    """Write a ``.gzi``: the number of entries, then the pairs, as 64-bit little-endian numbers (htslib)."""
    flat = [number for start in starts for number in start]
    path.write_bytes(struct.pack(f"<{1 + len(flat)}Q", len(starts), *flat))


def read_bgzip_index(path: Path) -> list[BlockStart] | None:
    """Return the entries of a ``.gzi``, or None when it is not one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) % 16 != 8 or struct.unpack_from("<Q", content)[0] != len(content) // 16:
        return None
    return [BlockStart(*pair) for pair in struct.iter_unpack("<QQ", content[8:])]


def read_from_middle(path: Path, starts: list[BlockStart], offset: int, size: int) -> bytes:
    """Return bytes of the uncompressed content from an offset on, fewer at its end."""
    block = bisect_right(starts, offset, key=lambda start: start.uncompressed)
    start = starts[block - 1] if block else BlockStart(0, 0)
    with path.open("rb") as stream:
        stream.seek(start.compressed)
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            unpacked.read(offset - start.uncompressed)
            return unpacked.read(size)
