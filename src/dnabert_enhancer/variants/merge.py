"""Shards of one run put together: every one exactly once, made with equal settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.shards import check_all_shards
from dnabert_enhancer.variants.block_file import BlockFile
from dnabert_enhancer.variants.results import ScoredBlocks

_EQUAL = ("settings", "header", "contigs", "own_lines", "blocks", "indexable", "content")


def check_shards(files: Sequence[BlockFile]) -> ScoredBlocks:
    """Return the blocks of all shards.

    Parameters
    ----------
    files : sequence of BlockFile
        In any order.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their scores depend on.
    """
    if not files:
        raise InputError("there are no scores to merge", remedy="give what --shard wrote")
    ordered = sorted(files, key=lambda file: file.trailer["shard"])
    check_all_shards([(file.name, file.trailer["shard"]) for file in ordered])
    for file in ordered[1:]:
        _check_equal(file, ordered[0])
    return ScoredBlocks(ordered)


def _check_equal(file: BlockFile, reference: BlockFile) -> None:
    for part in _EQUAL:
        ours, theirs = file.trailer[part], reference.trailer[part]
        if ours == theirs:
            continue
        raise InputError(
            f"{_first_difference(part.replace('_', ' '), ours, theirs)} in {reference.name}",
            source=file.name,
            remedy="run all shards with the same input and options (give --backend, --device and --precision "
            "by name on machines that differ)",
        )


def _first_difference(name: str, ours: Any, theirs: Any) -> str:  # any JSON values
    """Return where two JSON values differ first, and how."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        key = next(key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key))
        return _first_difference(f"{name}: {key}", ours.get(key), theirs.get(key))
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        place = next(place for place, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
        return _first_difference(f"{name} {place + 1}", ours[place], theirs[place])
    if isinstance(ours, (dict, list)) or isinstance(theirs, (dict, list)):
        return f"{name} differ from those"
    return f"{name} is {str(ours)[:40]!r}, but {str(theirs)[:40]!r}"
