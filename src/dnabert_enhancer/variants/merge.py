"""Shards of one run put together: every one exactly once, made with equal settings."""

from __future__ import annotations

from collections.abc import Sequence

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan import check_all_shards
from dnabert_enhancer.variants.block_file import BlockFile
from dnabert_enhancer.variants.results import ScoredBlocks

_EQUAL = ("settings", "header", "contigs", "own_lines", "blocks", "sorted", "content")


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
        detail = part
        if isinstance(ours, dict) and isinstance(theirs, dict):
            detail = next(key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key))
        raise InputError(
            f"its {detail} is not that of {reference.name}",
            source=file.name,
            remedy="run all shards with the same input and options (give --backend, --device and --precision "
            "by name on machines that differ)",
        )
