"""Scores of a scan: written and read back; shards that fit are merged, others are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan import ScanGrid, ScoreHeader, Scores, ScoreWriter, plan_grid
from dnabert_enhancer.scan.scores import SCORE_BINS
from dnabert_enhancer.shards import shard_path

GRID, _ = plan_grid({"a": 500}, 20, 7, block_windows=16)
SETTINGS: dict[str, Any] = {
    "window_length": 20,
    "stride": 7,
    "block_windows": 16,
    "model_digest": "aa",
    "backend": "onnx",
    "device": "cpu",
    "precision": "float32",
}


def shard(
    folder: Path,
    index: int,
    of: int = 3,
    *,
    name: str = "p",
    settings: dict[str, Any] | None = None,
    windows: tuple[int, int] | None = None,
    scored: int = 1,
    threshold: float = 0.5,
) -> Path:
    first, last = windows or GRID.shard_windows(index, of)
    path = Path(shard_path(str(folder / name), index, of))
    writer = ScoreWriter(path, last - first)
    values = np.arange(first, last, dtype=np.float32)
    writer.append(values, values / 1000)
    counts = np.zeros(SCORE_BINS, np.int64)
    counts[index] = scored
    header = ScoreHeader(
        settings=SETTINGS | (settings or {}),
        calls={"threshold": threshold, "merge_gap": 0},
        contigs=GRID.contigs,
        windows=(first, last),
        shard=(index, of),
        counts={"windows": last - first, "scored": scored},
        seconds={"model": 1.0, "other": 0.5},
        largest=index / 10,
    )
    writer.close(header, counts, counts * 2, GRID)
    return path


def merged(*paths: Path) -> Scores:
    return Scores(paths)


def test_shards_in_any_order_give_all_windows_once(tmp_path: Path) -> None:
    scores = merged(*(shard(tmp_path, index) for index in (3, 1, 2)))
    ranks = [block[:, 0] for _, block in scores.blocks()]
    assert np.concatenate(ranks).tolist() == list(range(GRID.n_windows))
    assert [first for first, _ in scores.blocks()][:2] == [0, 16]
    assert scores.scored_counts[1:4].tolist() == [1, 1, 1]
    assert scores.null_counts.sum() == 6
    assert scores.largest == pytest.approx(0.3)
    assert scores.total("counts") == {"windows": GRID.n_windows, "scored": 3}
    assert scores.total("seconds") == {"model": 3.0, "other": 1.5}
    assert scores.n_shards == 3
    scores.close()


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    paths = [shard(tmp_path, index, 12) for index in range(1, 13) if index not in (2, 11)]
    with pytest.raises(InputError, match="of 12 shards 2 are missing: 2, 11"):
        merged(*paths)


def test_a_shard_given_twice_is_named(tmp_path: Path) -> None:
    again = shard(tmp_path, 2, name="again")
    with pytest.raises(InputError, match="shard 2 of 3 is also in") as caught:
        merged(*(shard(tmp_path, index) for index in (1, 2, 3)), again)
    assert str(again) in str(caught.value) or "p.shard-2" in str(caught.value)


def test_shards_of_different_numbers_do_not_mix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of 2 and of 3"):
        merged(shard(tmp_path, 1, 2), shard(tmp_path, 2, 3), shard(tmp_path, 3, 3))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("model_digest", "bb"), ("backend", "torch"), ("precision", "int8"), ("device", "cuda"), ("stride", 8)],
)
def test_shards_made_differently_are_refused_with_both_values(
    setting: str, value: object, tmp_path: Path
) -> None:
    paths = [shard(tmp_path, 1), shard(tmp_path, 2, settings={setting: value}), shard(tmp_path, 3)]
    with pytest.raises(InputError) as caught:
        merged(*paths)
    text = str(caught.value)
    assert f"{setting.replace('_', ' ')} is {str(value)!r}, but {str(SETTINGS[setting])!r} in" in text
    assert "p.shard-2-of-3.scores" in text


def test_shards_with_other_thresholds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"threshold is '0.7', but '0.5' in"):
        merged(shard(tmp_path, 1), shard(tmp_path, 2, threshold=0.7), shard(tmp_path, 3))


def test_a_shard_in_which_nothing_was_scored_need_not_know_the_engine(tmp_path: Path) -> None:
    nothing = {"backend": None, "device": None, "precision": None}
    scores = merged(shard(tmp_path, 1, settings=nothing, scored=0), shard(tmp_path, 2), shard(tmp_path, 3))
    assert scores.settings["backend"] == "onnx"


def test_windows_that_do_not_follow_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not follow window"):
        merged(shard(tmp_path, 1), shard(tmp_path, 2, windows=(20, 40)), shard(tmp_path, 3))
    with pytest.raises(InputError, match="but the scan has"):
        merged(shard(tmp_path, 1, 1, windows=(0, 30), name="short"))


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(InputError, match="no scores to merge"):
        Scores([])


FILE_GRID, _ = plan_grid({"a": 500, "b": 90}, 20, 7, block_windows=16)
HEADER = ScoreHeader(
    settings={"window_length": 20, "stride": 7, "block_windows": 16, "model": "m"},
    calls={"threshold": 0.5, "merge_gap": 0},
    contigs=FILE_GRID.contigs,
    windows=(0, FILE_GRID.n_windows),
    shard=(1, 1),
    counts={"windows": 40, "scored": 39},
    engine={"backend": "onnx"},
    seconds={"model": 1.5, "other": 0.25},
    largest=0.9,
)


def write(target: Path, grid: ScanGrid = FILE_GRID, header: ScoreHeader = HEADER) -> np.ndarray:
    scores = np.random.default_rng(1).random((40, 2), dtype=np.float32)
    scores[3] = np.nan
    writer = ScoreWriter(target, 40)
    writer.append(scores[:25, 0], scores[:25, 1])
    writer.append(scores[25:, 0], scores[25:, 1])
    counts = np.zeros(SCORE_BINS, np.int64)
    counts[7] = 39
    writer.close(header, counts, counts[::-1].copy(), grid)
    return scores


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = write(tmp_path / "x.scores")
    scores = Scores([tmp_path / "x.scores"])
    assert scores.headers == [HEADER]
    blocks = [block for _, block in scores.blocks()]
    assert [len(block) for block in blocks] == [16, 16, 8]
    np.testing.assert_array_equal(np.concatenate(blocks), written)
    assert (scores.scored_counts[7], scores.scored_counts.sum()) == (39, 39)
    assert (scores.null_counts[SCORE_BINS - 8], scores.null_counts.sum()) == (39, 39)
    assert scores.grid.digest == FILE_GRID.digest
    scores.close()


def test_a_header_of_another_program_is_refused(tmp_path: Path) -> None:
    writer = ScoreWriter(tmp_path / "x.scores", 0)
    writer.finish({"settings": {}, "other": 1})
    with pytest.raises(InputError, match="not a whole file of scores"):
        Scores([tmp_path / "x.scores"])


def test_a_flipped_bit_in_the_scores_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.scores"
    write(path)
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="the shard file is damaged"):
        list(Scores([path]).blocks())
