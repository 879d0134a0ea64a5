"""What a pipe gives is kept, and read from its start as often as it is opened."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_enhancer.files import (
    Compression,
    compression_of,
    is_stream,
    path_for_others,
    read_text_lines,
    sha256_of,
    size_of,
)

LINES = "".join(f"line {number}\n" for number in range(1, 30_001))


def named_pipe(path: Path, content: bytes) -> Path:
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
    return path


def test_every_reader_gets_the_whole(tmp_path: Path) -> None:
    pipe, file = named_pipe(tmp_path / "pipe", LINES.encode()), tmp_path / "file"
    file.write_text(LINES)
    assert next(read_text_lines(pipe)) == (1, "line 1")
    assert compression_of(pipe) is Compression.NONE
    assert list(read_text_lines(pipe)) == list(read_text_lines(file))
    assert (size_of(pipe), sha256_of(pipe)) == (size_of(file), sha256_of(file))
    assert Path(path_for_others(pipe)).read_text() == LINES
    assert path_for_others(file) == str(file)


def test_two_readers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    pipe = named_pipe(tmp_path / "pipe", LINES.encode())
    first, second = read_text_lines(pipe), read_text_lines(pipe)
    assert [next(first), next(second), next(first)] == [(1, "line 1"), (1, "line 1"), (2, "line 2")]
    assert sum(1 for _ in first) == 29_998
    assert sum(1 for _ in second) == 29_999


def test_what_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert all(map(is_stream, ("-", tmp_path / "pipe", "/dev/null")))
    assert not any(map(is_stream, ("", "a\0b", tmp_path, tmp_path / "none", __file__)))


READ_TWICE = """
import sys
from dnabert_enhancer.files import read_text_lines
print(*(sum(1 for _ in read_text_lines(path)) for path in sys.argv[1:]))
"""


@pytest.mark.parametrize("before", ["", "read line;"])
def test_standard_input_that_is_a_file_is_read_from_where_it_stands(before: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one\ntwo\nthree\n")
    command = f"({before} {sys.executable} -c '{READ_TWICE}' - -) < file"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = "2 2" if before else "3 3"
    assert done.stdout.split() == expected.split()


def test_no_room_for_the_copy_is_said_in_a_line(mount_disk: Callable[[str], Path]) -> None:
    code = (
        "from dnabert_enhancer.errors import ResourceError\n"
        "from dnabert_enhancer.files import open_binary\n"
        "try: open_binary('-')\n"
        "except ResourceError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"A" * (1 << 22),
        capture_output=True,
        check=True,
        env=os.environ | {"TMPDIR": str(mount_disk("size=1m"))},
    )
    said = done.stdout.decode()
    assert said.startswith("standard input: the stream cannot be copied to ")
    assert "TMPDIR" in said
