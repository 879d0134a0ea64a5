"""Reads text by lines or by blocks of lines: UTF-8, any line end, numbered from 1."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files.reading import describe_source, open_binary

DEFAULT_BLOCK_BYTES = 1 << 20
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
    path: str | os.PathLike[str], block_bytes: int = DEFAULT_BLOCK_BYTES
) -> Iterator[LineBlock]:
    """Yield a text file in blocks of whole lines.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip; ``-`` is the standard input.
    block_bytes : int
        About how many bytes a block holds; a line longer than that makes its block longer.

    Raises
    ------
    InputError
        What `open_binary` refuses; UTF-16 or UTF-32; a zero byte (no text file); compressed data that break
        off, with the last whole line that was read.
    """
    source = describe_source(path)
    line = 1
    with open_binary(path) as stream:
        rest: list[bytes] = []
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
                continue
            content = _with_plain_line_ends(b"".join([*rest, chunk[:cut]]))
            rest = [chunk[cut:]]
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


def _last_line_end(chunk: bytes) -> int:
    # a carriage return at the very end may still get its line feed
    return max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, len(chunk) - 1)) + 1


def _with_plain_line_ends(content: bytes) -> bytes:
    if b"\r" not in content:
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
