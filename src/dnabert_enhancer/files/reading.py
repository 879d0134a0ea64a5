"""Reads an input file of any compression: as bytes, as numbered lines, as blocks of lines."""

from __future__ import annotations

import codecs
import enum
import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files.streams import describe_source, is_stream, open_stream

DEFAULT_BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 29
"""The longest line of a text that is read, in bytes: twice human chromosome 1 on one line."""
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BUFFER_BYTES = 1 << 18
_PEEK_BYTES = 1 << 12
_GZIP_MAGIC = b"\x1f\x8b"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
}


class Compression(enum.Enum):
    """How the bytes of a file are packed."""

    NONE = "none"
    """Plain bytes."""
    GZIP = "gzip"
    """One or more gzip members; no random access."""
    BGZIP = "bgzip"
    """gzip members of at most 64 KiB with their size in the header (SAM specification, section 4.1)."""


def compression_of(path: str | os.PathLike[str]) -> Compression:
    """Return how a file is packed, judged by its first bytes and not by its name.

    Raises
    ------
    InputError
        When the file cannot be opened.
    """
    with _open_raw(path) as stream:
        return _compression(stream.read(18))


def open_binary(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file, a pipe, or ``-`` for the standard input, and return its decompressed bytes as a stream.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip, told apart by the first bytes. What a pipe gives is kept: each time that it is
        opened, it is read from its start.

    Returns
    -------
    BinaryIO
        A buffered stream. Reading raises `InputError` when the compressed data break off
        or are damaged.

    Raises
    ------
    InputError
        No such file, a folder, not readable, a foreign compression, or a bgzip file whose end is missing.
    """
    raw = _open_raw(path)
    source = describe_source(path)
    start = raw.peek(_PEEK_BYTES)
    for magic, what in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raw.close()
            raise InputError(
                f"the file is {what}", source=source, remedy="give it as plain text, gzip or bgzip"
            )
    packing = _compression(start)
    if packing is Compression.NONE:
        return cast(BinaryIO, raw)
    if packing is Compression.BGZIP:
        _check_bgzip_end(raw, source)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(raw, source), _BUFFER_BYTES))


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes as they lie on disk, in hexadecimal digits."""
    with _open_raw(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_of(path: str | os.PathLike[str]) -> int:
    """Return how many bytes a file has on disk, or a pipe gave."""
    with _open_raw(path) as stream:
        return stream.seek(0, os.SEEK_END)


class LineBlock(NamedTuple):
    r"""Whole lines in one piece.

    Attributes
    ----------
    first_line : int
        Number of the first line, from 1.
    content : bytes
        The lines, each ended by one ``\n`` whatever the file uses; the last line of a file is ended too.
    """

    first_line: int
    content: bytes


def read_line_blocks(
    path: str | os.PathLike[str],
    block_bytes: int = DEFAULT_BLOCK_BYTES,
    longest_line: int = LONGEST_LINE,
) -> Iterator[LineBlock]:
    """Yield a text file in blocks of whole lines.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip; ``-`` is the standard input.
    block_bytes : int
        About how many bytes a block holds; a line longer than that makes its block longer.
    longest_line : int
        The most bytes of a line.

    Raises
    ------
    InputError
        What `open_binary` refuses; UTF-16 or UTF-32; a zero byte (no text file); a line longer than
        `longest_line`; compressed data that break off, with the last whole line that was read.
    """
    source = describe_source(path)
    line = 1
    with open_binary(path) as stream:
        rest: list[bytes] = []
        rest_bytes = 0
        at_start = True
        while True:
            chunk, broken = _read_up_to(stream, block_bytes)
            if at_start:
                chunk = _without_mark(chunk, source)
                at_start = False
            if b"\0" in chunk:
                position = line + b"".join([*rest, chunk[: chunk.index(b"\0")]]).count(b"\n")
                raise _not_text(chunk, source, position)
            if not chunk:
                if broken is None:
                    break
                raise InputError(
                    broken.problem, source=source, location=f"after line {line - 1}", remedy=broken.remedy
                )
            cut = _last_line_end(chunk)
            if cut == 0:
                rest.append(chunk)
                rest_bytes += len(chunk)
                if rest_bytes > longest_line:
                    raise _too_long(source, line, longest_line)
                continue
            content = _with_plain_line_ends(b"".join([*rest, chunk[:cut]]))
            rest = [chunk[cut:]]
            rest_bytes = len(chunk) - cut
            yield LineBlock(line, content)
            line += content.count(b"\n")
        last = _with_plain_line_ends(b"".join(rest))
    if last:
        yield LineBlock(line, last if last.endswith(b"\n") else last + b"\n")


def read_text_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    r"""Yield the lines of a text file with their numbers.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip, by its first bytes; ``-`` is the standard input. A byte-order mark of UTF-8 is
        dropped.

    Yields
    ------
    tuple of int and str
        Line number from 1, and the line without its end (``\n``, ``\r\n`` or ``\r``).

    Raises
    ------
    InputError
        What `read_line_blocks` refuses, and bytes that are not UTF-8, with the line.
    """
    for block in read_line_blocks(path):
        number = block.first_line
        try:
            text = block.content.decode()
        except UnicodeDecodeError as error:
            place = number + block.content.count(b"\n", 0, error.start)
            raise InputError(
                f"the text is not UTF-8 (byte 0x{block.content[error.start]:02x})",
                source=describe_source(path),
                location=f"line {place}",
                remedy="save the file as UTF-8",
            ) from None
        for line in text[:-1].split("\n"):
            yield number, line
            number += 1


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a gzip stream; damage becomes an `InputError` that names the file."""

    def __init__(self, packed: io.BufferedReader, source: str) -> None:
        super().__init__()
        self._packed = packed
        self._unpacked = gzip.GzipFile(fileobj=packed, mode="rb")
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer
        try:
            part = self._unpacked.read1(len(buffer))
        except EOFError:
            problem = "the compressed data break off in the middle"
        except (zlib.error, gzip.BadGzipFile) as error:
            problem = f"the compressed data are damaged ({error})"
        else:
            buffer[: len(part)] = part
            return len(part)
        raise InputError(problem, source=self._source, remedy="download or make the file again")

    def close(self) -> None:
        if not self.closed:
            self._unpacked.close()
            self._packed.close()
        super().close()


def _open_raw(path: str | os.PathLike[str]) -> io.BufferedReader:
    name = os.fspath(path)
    source = describe_source(name) or "''"
    try:
        if is_stream(name):
            return open_stream(name)
        if stat.S_ISDIR(os.stat(name).st_mode):  # noqa: PTH116  an empty name is no folder
            raise InputError("this is a folder", source=source, remedy="give a file")
        return open(name, "rb")  # noqa: PTH123  closed by the caller
    except FileNotFoundError:
        raise InputError("no such file", source=source, remedy="check the path") from None
    except PermissionError:
        raise InputError("the file is not readable", source=source, remedy="check its permissions") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"the file cannot be opened ({reason})", source=source, remedy="check the path"
        ) from None


def _compression(start: bytes) -> Compression:
    if not start.startswith(_GZIP_MAGIC):
        return Compression.NONE
    has_size_field = len(start) >= 18 and start[3] & 4 and start[12:16] == b"BC\x02\x00"
    return Compression.BGZIP if has_size_field else Compression.GZIP


def _check_bgzip_end(raw: io.BufferedReader, source: str) -> None:
    """Refuse a bgzip file cut between two blocks, which a gzip reader takes for whole."""
    if not raw.seekable():
        return
    raw.seek(0, os.SEEK_END)
    size = raw.tell()
    raw.seek(max(0, size - len(_BGZF_END)))
    whole = raw.read() == _BGZF_END
    raw.seek(0)
    if not whole:
        raise InputError(
            "the file breaks off: the block that ends every bgzip file is missing",
            source=source,
            remedy="download or make the file again",
        )


def _read_up_to(stream: BinaryIO, size: int) -> tuple[bytes, InputError | None]:
    """Return what could be read, and why no more could be (to be raised when nothing is left)."""
    parts: list[bytes] = []
    missing = size
    while missing:
        try:
            part = cast(io.BufferedReader, stream).read1(missing)
        except InputError as error:
            return b"".join(parts), error
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts), None


def _without_mark(chunk: bytes, source: str) -> bytes:
    if chunk.startswith(_WIDE_MARKS):
        raise _not_text(chunk, source, 1)
    return chunk.removeprefix(codecs.BOM_UTF8)


def _not_text(chunk: bytes, source: str, line: int) -> InputError:
    wide = chunk.startswith(_WIDE_MARKS) or chunk[:4096].count(b"\0") * 3 > len(chunk[:4096])
    problem = "the text is UTF-16 or UTF-32" if wide else "this is not a text file (it holds a zero byte)"
    remedy = "save the file as UTF-8" if wide else "give a text file"
    return InputError(problem, source=source, location=f"line {line}", remedy=remedy)


def _too_long(source: str, line: int, longest: int) -> InputError:
    return InputError(
        f"the line is longer than {longest:,} bytes",
        source=source,
        location=f"line {line}",
        remedy="break it into lines (a FASTA by seqkit seq -w 60), or check that this is the right file",
    )


def _last_line_end(chunk: bytes) -> int:
    # a carriage return at the very end may still get its line feed
    return max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, len(chunk) - 1)) + 1


def _with_plain_line_ends(content: bytes) -> bytes:
    if b"\r" not in content:
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
