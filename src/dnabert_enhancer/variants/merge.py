"""Shards of one run put together: every one exactly once, made with equal settings."""

from __future__ import annotations

from collections.abc import Sequence

from dnabert_enhancer.errors import InputError
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
    of = {file.trailer["shard"][1] for file in ordered}
    if len(of) > 1:
        counts = " and of ".join(map(str, sorted(of)))
        raise InputError(
            f"shards of different runs: of {counts}",
            source=ordered[0].name,
            remedy="merge the shards of one run",
        )
    (count,) = of
    seen: dict[int, BlockFile] = {}
    for file in ordered:
        number = file.trailer["shard"][0]
        if number in seen:
            raise InputError(
                f"shard {number} of {count} is also in {seen[number].name}",
                source=file.name,
                remedy="give every shard once",
            )
        seen[number] = file
    missing = [str(number) for number in range(1, count + 1) if number not in seen]
    if missing:
        raise InputError(
            f"of {count} shards {len(missing)} are missing: {', '.join(missing[:10])}",
            source=ordered[0].name,
            remedy="run `score-variants --shard` for them",
        )
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
