"""Score files: what is written is read back, and what broke off is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan import ScanGrid, plan_grid
from dnabert_enhancer.scan.nulls import SCORE_BINS
from dnabert_enhancer.scan.score_file import ScoreFile, ScoreHeader, ScoreWriter

GRID, _ = plan_grid({"a": 500, "b": 90}, 20, 7, block_windows=16)
HEADER = ScoreHeader(
    settings={"window_length": 20, "stride": 7, "block_windows": 16, "model": "m"},
    calls={"threshold": 0.5, "merge_gap": 0},
    contigs=GRID.contigs,
    windows=(0, 40),
    shard=(1, 2),
    counts={"windows": 40, "scored": 39},
    engine={"backend": "onnx"},
    seconds={"model": 1.5, "other": 0.25},
    largest=0.9,
)


def write(target: Path | io.BytesIO, grid: ScanGrid = GRID, header: ScoreHeader = HEADER) -> np.ndarray:
    scores = np.random.default_rng(1).random((40, 2), dtype=np.float32)
    scores[3] = np.nan
    writer = ScoreWriter(target, 40)
    writer.append(scores[:25, 0], scores[:25, 1])
    writer.append(scores[25:, 0], scores[25:, 1])
    counts = np.zeros(SCORE_BINS, np.int64)
    counts[7] = 39
    writer.finish(header, counts, counts[::-1].copy(), grid)
    return scores


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    scores = write(tmp_path / "x.scores")
    file = ScoreFile(tmp_path / "x.scores")
    assert file.header == HEADER
    blocks = list(file.blocks(16))
    assert [len(block) for block in blocks] == [16, 16, 8]
    np.testing.assert_array_equal(np.concatenate(blocks), scores)
    assert (file.scored_counts[7], file.scored_counts.sum()) == (39, 39)
    assert (file.null_counts[SCORE_BINS - 8], file.null_counts.sum()) == (39, 39)
    assert file.grid().digest == GRID.digest
    file.close()


def test_numpy_alone_can_read_it(tmp_path: Path) -> None:
    scores = write(tmp_path / "x.scores")
    content = np.load(tmp_path / "x.scores")
    np.testing.assert_array_equal(content["scores"], scores)
    with zipfile.ZipFile(tmp_path / "x.scores") as archive:
        assert json.loads(archive.read("header.json"))["format"] == "dnabert-enhancer scores 1"


def test_equal_content_gives_equal_bytes() -> None:
    one, two = io.BytesIO(), io.BytesIO()
    write(one)
    write(two)
    assert one.getvalue() == two.getvalue()


def test_a_writer_that_got_too_few_windows_says_so(tmp_path: Path) -> None:
    writer = ScoreWriter(tmp_path / "x", 5)
    writer.append(np.zeros(4, np.float32), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="1 windows were announced"):
        writer.finish(HEADER, np.zeros(SCORE_BINS, np.int64), np.zeros(SCORE_BINS, np.int64), GRID)


def test_a_file_without_windows_is_whole(tmp_path: Path) -> None:
    writer = ScoreWriter(tmp_path / "x", 0)
    writer.finish(HEADER, np.zeros(SCORE_BINS, np.int64), np.zeros(SCORE_BINS, np.int64), GRID)
    assert list(ScoreFile(tmp_path / "x").blocks(16)) == []


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
def test_what_is_no_whole_score_file_is_named(damage, tmp_path: Path) -> None:
    path = tmp_path / "x.scores"
    write(path)
    damage(path)
    with pytest.raises(InputError) as caught:
        ScoreFile(path)
    assert str(caught.value).startswith(str(path))


def test_a_flipped_bit_in_the_scores_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.scores"
    write(path)
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="the scores are damaged"):
        list(ScoreFile(path).blocks(16))
