"""Opening inputs: compressions are told apart by content, and every unusable file gets one clear line."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import Compression, compression_of, open_binary, sha256_of

TEXT = b"".join(b"line %d\n" % number for number in range(50_000))


def bgzip(path: Path, content: bytes) -> Path:
    """Write with htslib, an implementation that is not ours."""
    with pysam.BGZFile(str(path), "wb") as stream:
        stream.write(content)
    return path


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        (lambda path: path.write_bytes(TEXT), Compression.NONE),
        (lambda path: path.write_bytes(gzip.compress(TEXT)), Compression.GZIP),
        (
            lambda path: path.write_bytes(gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
            Compression.GZIP,
        ),
        (lambda path: bgzip(path, TEXT), Compression.BGZIP),
    ],
    ids=["plain", "gzip", "gzip of two members", "bgzip"],
)
def test_every_packing_gives_the_same_bytes_whatever_the_name(tmp_path, pack, expected):
    path = tmp_path / "no ending that helps"
    pack(path)
    assert compression_of(path) is expected
    with open_binary(path) as stream:
        assert stream.read() == TEXT


def test_an_empty_file_is_plain_and_empty(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    assert compression_of(path) is Compression.NONE
    assert open_binary(path).read() == b""


def test_an_empty_bgzip_file_is_empty(tmp_path):
    assert open_binary(bgzip(tmp_path / "empty.gz", b"")).read() == b""


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("packing", ["gzip", "bgzip"])
def test_a_truncated_archive_is_an_error_and_not_a_short_file(tmp_path, packing, kept):
    path = tmp_path / "cut.gz"
    if packing == "gzip":
        path.write_bytes(gzip.compress(TEXT))
    else:
        bgzip(path, TEXT)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"cut\.gz: .*break"):
        open_binary(path).read()


def test_bgzip_cut_between_two_blocks_is_an_error(tmp_path):
    path = bgzip(tmp_path / "cut.gz", TEXT)
    first_block = int.from_bytes(path.read_bytes()[16:18], "little") + 1
    path.write_bytes(path.read_bytes()[:first_block])
    assert gzip.decompress(path.read_bytes()), "gzip alone takes it for whole"
    with pytest.raises(InputError, match="breaks off"):
        open_binary(path)


def test_a_damaged_byte_is_an_error(tmp_path):
    content = bytearray(gzip.compress(TEXT))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "damaged.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.gz: the compressed data (are damaged|break off)"):
        open_binary(tmp_path / "damaged.gz").read()


@pytest.mark.parametrize(
    ("content", "what"),
    [(bz2.compress(TEXT), "bzip2"), (b"PK\x03\x04rest", "ZIP"), (b"\xfd7zXZ\x00rest", "xz")],
)
def test_a_foreign_compression_is_named(tmp_path, content, what):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what):
        open_binary(path)


def test_what_is_no_file_is_named(tmp_path):
    cases = {
        "": "'': no such file",
        str(tmp_path / "missing.bed"): "missing.bed: no such file",
        str(tmp_path): "this is a folder",
        "a\0b": "cannot be opened",
        str(tmp_path / ("x" * 300)): "cannot be opened",
    }
    for path, message in cases.items():
        with pytest.raises(InputError) as caught:
            open_binary(path)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["with blank.txt", "-leading-dash", "$(touch pwned)", "quote'\".txt", "Ünïcode"]
)
def test_names_are_taken_literally(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"content")
    assert open_binary(name).read() == b"content"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_the_standard_input_is_unpacked_too():
    program = (
        "import sys; from dnabert_enhancer.files import open_binary; print(len(open_binary('-').read()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(TEXT), capture_output=True, check=True
    )
    assert int(run.stdout) == len(TEXT)


def test_a_closed_standard_input_is_one_line():
    program = "from dnabert_enhancer.files import open_binary; open_binary('-')"
    run = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, program],
        capture_output=True,
        check=False,
        text=True,
    )
    assert "standard input: it is closed" in run.stderr


def test_sha256_is_that_of_the_bytes_on_disk(tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(TEXT))
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_line_without_end_is_refused_at_a_stated_length(tmp_path: Path) -> None:
    """A gzip of zeros is a thousand times as long as its file; memory stays near the limit."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"ACGT\n")
        for _ in range(700):
            stream.write(b"A" * (1 << 20))
    code = (
        "import pathlib, sys\n"
        "from dnabert_enhancer.errors import InputError\n"
        "from dnabert_enhancer.files import read_text_lines\n"
        "try: list(read_text_lines(sys.argv[1]))\n"
        "except InputError as error: print(error)\n"
        # the peak of this program alone: getrusage also knows that of the process it was forked from
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(status.split('VmHWM:')[1].split()[0])\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    said, kilobytes = run.stdout.splitlines()
    assert said.startswith(f"{path}, line 2: the line is longer than 536,870,912 bytes; break it into lines")
    assert int(kilobytes) < 1_000_000
