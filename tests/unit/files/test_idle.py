"""Files that are closed while others are read: the bytes of a plain file, and never too many of them open."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.files import IdleFile
from dnabert_enhancer.files.idle import MOST_OPEN
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_reads_as_a_plain_file_does(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(range(200)))
    with (tmp_path / "x").open("rb") as plain, IdleFile(tmp_path / "x") as file:
        for offset, whence, size in [
            (0, 0, 7),
            (-3, 1, 10),
            (-5, 2, 100),
            (190, 0, -1),
            (300, 0, 4),
            (0, 0, None),
        ]:
            assert file.seek(offset, whence) == plain.seek(offset, whence)
            assert file.read(size) == plain.read(size)
            assert file.tell() == plain.tell()
        with pytest.raises(OSError, match="Invalid argument"):
            file.seek(-201, 2)
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_more_shards_than_a_process_may_open_are_read_in_turn(tmp_path: Path) -> None:
    """As a panel of hundreds of models in hundreds of parts is, block after block."""
    paths = [tmp_path / f"{number}.scores" for number in range(2 * MOST_OPEN)]
    for number, path in enumerate(paths):
        with ShardWriter(path, "test") as writer:
            for block in range(2):
                writer.add_block(ShardBlock(block, {"scores": np.array([number, block])}))
            writer.finish({"number": number})
    before = open_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + MOST_OPEN + 20, hard))
    try:
        files = [ShardFile(path, "test") for path in paths]
        assert [file.header["number"] for file in files] == [*range(2 * MOST_OPEN)]
        for block in range(2):
            found = [file.block(block).arrays["scores"].tolist() for file in files]
            assert found == [[number, block] for number in range(2 * MOST_OPEN)]
        assert open_files() <= before + MOST_OPEN + 1
        for file in files:
            file.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert open_files() <= before


def test_a_file_that_is_no_shard_is_not_kept_open(tmp_path: Path) -> None:
    (tmp_path / "x.scores").write_bytes(b"no archive" * 10)
    before = open_files()
    for _ in range(3):
        with pytest.raises(Exception, match="not a whole shard file"):
            ShardFile(tmp_path / "x.scores", "test")
    assert open_files() == before
