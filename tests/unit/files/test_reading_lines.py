"""reading: lines of text with any line end, numbered from 1, in blocks or one by one; foreign encodings."""

from __future__ import annotations

import gzip

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_line_blocks, read_text_lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\r", ["a", "b"]),
        (b"a\r\n\r\nb\n\nc", ["a", "", "b", "", "c"]),
        (b"\xef\xbb\xbfa\nb\n", ["a", "b"]),
        ("ä\tβ\n".encode(), ["ä\tβ"]),
        ("a\x0bb\x1cc\u2028d\n".encode(), ["a\x0bb\x1cc\u2028d"]),
    ],
    ids=[
        "empty",
        "no end",
        "unix",
        "last without end",
        "windows",
        "old mac",
        "mixed",
        "mark",
        "utf-8",
        "other breaks",
    ],
)
def test_lines_are_numbered_and_freed_of_their_ends(tmp_path, content, lines):
    path = tmp_path / "text"
    path.write_bytes(content)
    assert list(read_text_lines(path)) == list(enumerate(lines, start=1))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_blocks_hold_whole_lines_whatever_their_size(tmp_path, size):
    content = b"one\r\ntwo\r\n\r\nfour is longer than the others\rfive\nsix"
    path = tmp_path / "text"
    path.write_bytes(content)
    blocks = list(read_line_blocks(path, size))
    assert (
        b"".join(block.content for block in blocks)
        == b"one\ntwo\n\nfour is longer than the others\nfive\nsix\n"
    )
    number = 1
    for block in blocks:
        assert block.first_line == number
        assert block.content.endswith(b"\n")
        number += block.content.count(b"\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_named(tmp_path, encoding):
    path = tmp_path / "wide.bed"
    path.write_text("chr1\t10\t20\n" * 3, encoding=encoding)
    with pytest.raises(InputError) as caught:
        list(read_text_lines(path))
    assert str(caught.value) == f"{path}, line 1: the text is UTF-16 or UTF-32; save the file as UTF-8"


def test_a_zero_byte_is_found_with_its_line(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(b"a long enough line of text\n" * 10 + b"x\0y\n")
    with pytest.raises(InputError, match="line 11: this is not a text file"):
        list(read_text_lines(path))


def test_other_than_utf8_is_found_with_its_line(tmp_path):
    path = tmp_path / "latin"
    path.write_bytes(b"a\nb\nM\xfcller\n")
    with pytest.raises(InputError, match=r"line 3: the text is not UTF-8 \(byte 0xfc\)"):
        list(read_text_lines(path))


def test_a_truncated_archive_says_after_which_line(tmp_path):
    lines = b"".join(b"%d\n" % (number * number) for number in range(100_000))
    packed = gzip.compress(lines)
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[: len(packed) // 2])
    read = []
    with pytest.raises(InputError, match=r"after line (\d+): the compressed data break off") as caught:
        read.extend(read_text_lines(path))
    assert int(str(caught.value).split("after line ")[1].split(":")[0]) > 10_000
