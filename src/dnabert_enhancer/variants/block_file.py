"""The file that a shard leaves, and a run in between: blocks of records with their scores, in order.

After a first line come the blocks, each with a head (number of the block, lengths and CRC-32 of its parts),
its numbers (NumPy arrays, as ``numpy.savez`` writes them) and its texts (JSON and the records' lines,
deflated). The end is a JSON trailer, its length and its CRC-32: a file that broke off has none.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

SCORES_SUFFIX = ".scores"
_MAGIC = b"dnabert-enhancer variant scores 1\n"
_HEAD = struct.Struct("<QQQII")
_END = struct.Struct("<QI16s")
_END_MARK = b"end of the scores"[:16]
_LEVEL = 1


class Block(NamedTuple):
    """Records with their scores.

    Attributes
    ----------
    number : int
        Place among the blocks of the whole input, from 0.
    numbers : mapping of str to array
    lines : list of bytes
        The records as they came; empty when only the numbers were read.
    texts : mapping
        JSON values beside them.
    """

    number: int
    numbers: Mapping[str, NDArray[Any]]
    lines: list[bytes]
    texts: Mapping[str, Any]


class BlockWriter:
    """Writes a block file to a binary stream, which is left open."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._stream.write(_MAGIC)

    def append(self, block: Block) -> None:
        """Add the next block."""
        content = io.BytesIO()
        arrays: dict[str, Any] = dict(block.numbers)  # typed for savez, whose own options are booleans
        np.savez(content, **arrays)
        numbers = content.getvalue()
        texts = json.dumps(block.texts, separators=(",", ":")).encode()
        packed = zlib.compress(
            b"".join([struct.pack("<Q", len(texts)), texts, b"\n".join(block.lines)]), _LEVEL
        )
        head = _HEAD.pack(block.number, len(numbers), len(packed), zlib.crc32(numbers), zlib.crc32(packed))
        self._stream.write(head + numbers + packed)

    def finish(self, trailer: Mapping[str, Any]) -> None:
        """Write the trailer; only now is the file whole."""
        content = json.dumps(trailer, indent=1).encode()
        self._stream.write(content + _END.pack(len(content), zlib.crc32(content), _END_MARK))
        self._stream.flush()


class BlockFile:
    """A block file, open for reading.

    Parameters
    ----------
    source : path or binary file
        What `BlockWriter` wrote.

    Raises
    ------
    InputError
        Not a block file, or one that broke off.
    """

    def __init__(self, source: str | os.PathLike[str] | IO[bytes]) -> None:
        if isinstance(source, (str, os.PathLike)):
            self.name = os.fspath(source)
            try:
                self._stream: IO[bytes] = open(source, "rb")  # noqa: PTH123, SIM115  closed by `close`
            except OSError as error:
                raise InputError(
                    f"the shard cannot be opened ({error.strerror})",
                    source=self.name,
                    remedy="check the path",
                ) from None
        else:
            self.name, self._stream = "the scores", source
        self._end, self.trailer = self._read_trailer()

    def blocks(self, *, with_text: bool = True) -> Iterator[Block]:
        """Yield the blocks in order; without their lines and texts when these are not wanted."""
        place = len(_MAGIC)
        while place < self._end:
            self._stream.seek(place)
            head = self._stream.read(_HEAD.size)
            if len(head) < _HEAD.size:
                raise self._damaged()
            number, n_numbers, n_text, numbers_sum, text_sum = _HEAD.unpack(head)
            numbers = self._part(n_numbers, numbers_sum)
            lines: list[bytes] = []
            texts: dict[str, Any] = {}
            if with_text:
                content = zlib.decompress(self._part(n_text, text_sum))
                size = struct.unpack_from("<Q", content)[0]
                texts = json.loads(content[8 : 8 + size])
                lines = content[8 + size :].split(b"\n") if len(content) > 8 + size else []
            place += _HEAD.size + n_numbers + n_text
            with np.load(io.BytesIO(numbers), allow_pickle=False) as arrays:
                yield Block(number, {name: arrays[name] for name in arrays.files}, lines, texts)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _part(self, size: int, checksum: int) -> bytes:
        content = self._stream.read(size)
        if len(content) != size or zlib.crc32(content) != checksum:
            raise self._damaged()
        return content

    def _read_trailer(self) -> tuple[int, dict[str, Any]]:
        self._stream.seek(0)
        if self._stream.read(len(_MAGIC)) != _MAGIC:
            raise InputError(
                "this is no file of variant scores", source=self.name, remedy="give what --shard wrote"
            )
        length = self._stream.seek(0, os.SEEK_END)
        if length < len(_MAGIC) + _END.size:
            raise self._damaged()
        self._stream.seek(length - _END.size)
        size, checksum, mark = _END.unpack(self._stream.read(_END.size))
        end = length - _END.size - size
        if mark != _END_MARK or end < len(_MAGIC):
            raise self._damaged()
        self._stream.seek(end)
        return end, json.loads(self._part(size, checksum))

    def _damaged(self) -> InputError:
        return InputError(
            "the scores are damaged or break off", source=self.name, remedy="run this shard again"
        )
