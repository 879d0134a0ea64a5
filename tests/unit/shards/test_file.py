"""Shard files: what is written is read back, equal content has equal bytes, what is not whole is refused."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter

FORMAT = "test scores 1"
ROWS = np.random.default_rng(1).random((40, 2), dtype=np.float32)
BLOCKS = [
    ShardBlock(
        number,
        {"scores": np.full((number + 1, 3), number, np.float32), "none": np.zeros(0, np.int64)},
        {"genes": [None, ["HBA1", "+", 7]]},
        {"lines": b"a\tb\n\xff"},
    )
    for number in (0, 1, 1_000_000)
]


def write(target: Path | io.BytesIO) -> None:
    with ShardWriter(target, FORMAT) as writer:
        writer.begin_array("scores", (40, 2), "<f4")
        writer.append_rows(ROWS[:25])
        writer.append_rows(ROWS[25:])
        writer.add_array("counts", np.arange(5), compress=True)
        for block in BLOCKS:
            writer.add_block(block)
        writer.finish({"shard": (1, 2)})


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "x.scores")
    file = ShardFile(tmp_path / "x.scores", FORMAT)
    assert file.header == {"shard": [1, 2]}
    pieces = list(file.rows("scores", 16))
    assert [len(piece) for piece in pieces] == [16, 16, 8]
    np.testing.assert_array_equal(np.concatenate(pieces), ROWS)
    assert file.array("counts").tolist() == [0, 1, 2, 3, 4]
    for found, block in zip(file.blocks(), BLOCKS, strict=True):
        assert (found.number, found.json, found.texts) == (block.number, block.json, block.texts)
        assert list(found.arrays) == ["scores", "none"]
        np.testing.assert_array_equal(found.arrays["scores"], block.arrays["scores"])
    assert [(block.json, block.texts) for block in file.blocks(with_texts=False)] == [({}, {})] * 3
    file.close()


def test_a_nameless_temporary_file_serves_as_well() -> None:
    with tempfile.TemporaryFile() as stream:
        with ShardWriter(stream, FORMAT) as writer:
            writer.add_array("x", np.arange(3))
            writer.finish({})
        assert ShardFile(stream, FORMAT).array("x").tolist() == [0, 1, 2]


def test_numpy_alone_can_read_it(tmp_path: Path) -> None:
    write(tmp_path / "x.scores")
    np.testing.assert_array_equal(np.load(tmp_path / "x.scores")["scores"], ROWS)
    with zipfile.ZipFile(tmp_path / "x.scores") as archive:
        assert archive.namelist()[-1] == "header.json"
        assert json.loads(archive.read("header.json"))["format"] == FORMAT


def test_equal_content_gives_equal_bytes() -> None:
    one, two = io.BytesIO(), io.BytesIO()
    write(one)
    write(two)
    assert one.getvalue() == two.getvalue()


def test_a_writer_that_got_too_few_rows_says_so(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "x", FORMAT)
    writer.begin_array("scores", (5,), "<f4")
    writer.append_rows(np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="1 rows were announced"):
        writer.finish({})


def test_an_array_without_rows_is_whole(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "x", FORMAT)
    writer.begin_array("scores", (0, 2), "<f4")
    writer.finish({})
    assert list(ShardFile(tmp_path / "x", FORMAT).rows("scores", 16)) == []


def test_a_writer_left_by_an_error_leaves_no_whole_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ShardWriter(tmp_path / "x", FORMAT) as writer:
        writer.begin_array("scores", (5,), "<f4")
        raise ZeroDivisionError
    with pytest.raises(InputError, match="not a whole shard file"):
        ShardFile(tmp_path / "x", FORMAT)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _text(path: Path) -> None:
    path.write_text("chr1\t0\t100\n")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", '{"format": "something else"}')


def _missing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [_cut, _text, _empty, _other_zip, _missing, _folder])
def test_what_is_no_whole_shard_file_is_named(damage: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "x.scores"
    write(path)
    damage(path)
    with pytest.raises(InputError) as caught:
        ShardFile(path, FORMAT)
    assert str(caught.value).startswith(str(path))


def test_a_file_of_another_format_is_named_with_both(tmp_path: Path) -> None:
    write(tmp_path / "x.scores")
    with pytest.raises(InputError, match="holds 'test scores 1', not 'other 2'"):
        ShardFile(tmp_path / "x.scores", "other 2")


@pytest.mark.slow
def test_a_flipped_byte_anywhere_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "x.scores"
    write(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), 300).tolist():
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            file = ShardFile(path, FORMAT)
            np.testing.assert_array_equal(np.concatenate(list(file.rows("scores", 7))), ROWS)
            for found, block in zip(file.blocks(), BLOCKS, strict=True):
                np.testing.assert_array_equal(found.arrays["scores"], block.arrays["scores"])
