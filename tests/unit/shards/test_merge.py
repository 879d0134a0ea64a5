"""Shards of a run: found by prefix, and refused when one is missing, doubled or made differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.shards import check_all_shards, check_equal, find_shards, shard_path


def shard(folder: Path, index: int, of: int = 3, *, name: str = "p") -> Path:
    path = Path(shard_path(str(folder / name), index, of))
    path.touch()
    return path


def test_prefixes_and_names_find_the_same_files(tmp_path: Path) -> None:
    paths = [shard(tmp_path, index) for index in (1, 2, 3)]
    shard(tmp_path, 1, name="p.shard")
    shard(tmp_path, 1, name="pp")
    (tmp_path / "p.shard-1-of-3.run.json").write_text("{}")
    assert find_shards([tmp_path / "p"]) == paths
    assert find_shards([*paths, tmp_path / "p"]) == paths
    assert find_shards([tmp_path / "p", tmp_path / "pp"])[3:] == [tmp_path / "pp.shard-1-of-3.scores"]


def test_a_prefix_with_odd_letters_is_taken_as_it_is(tmp_path: Path) -> None:
    path = shard(tmp_path, 1, 1, name="-a b*[$(x)]'q'")
    assert find_shards([str(tmp_path / "-a b*[$(x)]'q'")]) == [path]


@pytest.mark.parametrize("prefix", ["nothing", "no/such/folder/x"])
def test_a_prefix_without_shards_is_named(prefix: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"no shards are named .*{prefix}.shard-I-of-N.scores"):
        find_shards([str(tmp_path / prefix)])


@pytest.mark.parametrize(
    ("shards", "message"),
    [
        ([(1, 3), (3, 3)], "of 3 shards 1 are missing: 2"),
        ([(1, 2), (2, 2), (2, 2)], "shard 2 of 2 is also in s1"),
        ([(1, 2), (2, 3)], "of 2 and of 3"),
        ([(12, 12)], r"1, 2, 3, 4, 5, 6, 7, 8, 9, 10 \.\.\."),
    ],
)
def test_incomplete_sets_are_refused(shards: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_all_shards([(f"s{number}", pair) for number, pair in enumerate(shards)])


def test_a_complete_set_passes_in_any_order() -> None:
    check_all_shards([("b", (2, 2)), ("a", (1, 2))])


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ({"a_b": 1}, {"a_b": 2}, "a b is '1', but '2' in two"),
        ({"a": {"x": {"y": 1}}}, {"a": {"x": {"y": 3}}}, "a: x: y is '1', but '3' in two"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a 2 is '2', but '3' in two"),
        ({"a": [1]}, {"a": [1, 3]}, "a differ from those in two"),
        ({}, {"a": 3}, "a is 'None', but '3' in two"),
    ],
)
def test_the_first_difference_is_named(ours: dict[str, Any], theirs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_equal("one", ours, "two", theirs)


def test_equal_facts_pass() -> None:
    check_equal("one", {"a": [1, {"b": 2}]}, "two", {"a": [1, {"b": 2}]})
