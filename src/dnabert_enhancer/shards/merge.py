"""Shards of one run: names of their files, and checks that each is there once, made with equal settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import is_stream
from dnabert_enhancer.shards.file import SHARD_SUFFIX

_SHARD_NAME = re.compile(r"\.shard-(\d+)-of-(\d+)\.scores")


def shard_path(prefix: str, index: int, of: int) -> str:
    """Return the name of a shard's file: ``PREFIX.shard-I-of-N.scores``."""
    return f"{prefix}.shard-{index}-of-{of}{SHARD_SUFFIX}"


def find_shards(prefixes: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the shards' files that prefixes, or names of files, stand for.

    Raises
    ------
    InputError
        When a prefix has no shards.
    """
    found: list[Path] = []
    for given in prefixes:
        prefix = os.fspath(given)
        path = Path(prefix)
        if _SHARD_NAME.search(path.name) or path.suffix == SHARD_SUFFIX or is_stream(prefix):
            matches = [path]
        else:
            folder = path.parent
            names = sorted(folder.iterdir()) if folder.is_dir() else []
            matches = [
                entry
                for entry in names
                if entry.name.startswith(path.name) and _SHARD_NAME.fullmatch(entry.name[len(path.name) :])
            ]
        if not matches:
            raise InputError(
                f"no shards are named {prefix}.shard-I-of-N{SHARD_SUFFIX}",
                source=prefix,
                remedy="give the --output-prefix that the runs with --shard had",
            )
        found += [match for match in matches if match not in found]
    return found


def check_all_shards(shards: Sequence[tuple[str, Sequence[int]]]) -> None:
    """Check that all shards of one run are there, each once.

    Parameters
    ----------
    shards : sequence of (name, (number, count))
        Name of the file for messages, and which shard it holds, from 1; at least one.

    Raises
    ------
    InputError
        Shards of runs cut differently, a shard twice, or one missing.
    """
    counts = sorted({count for _, (_, count) in shards})
    if len(counts) > 1:
        raise InputError(
            f"shards of different runs: of {' and of '.join(map(str, counts))}",
            source=shards[0][0],
            remedy="merge the shards of one run",
        )
    seen: dict[int, str] = {}
    for name, (number, _) in shards:
        if number in seen:
            raise InputError(
                f"shard {number} of {counts[0]} is also in {seen[number]}",
                source=name,
                remedy="give every shard once",
            )
        seen[number] = name
    missing = [str(number) for number in range(1, counts[0] + 1) if number not in seen]
    if missing:
        raise InputError(
            f"of {counts[0]} shards {len(missing)} are missing: {', '.join(missing[:10])}"
            + (" ..." if len(missing) > 10 else ""),
            source=shards[0][0],
            remedy="run the same command with --shard for them",
        )


def check_equal(
    name: str, facts: Mapping[str, Any], reference_name: str, reference: Mapping[str, Any]
) -> None:
    """Check that two shards agree in all that their scores depend on.

    Parameters
    ----------
    name, reference_name : str
        The files, for the message.
    facts, reference : mapping of str to JSON value
        What must be equal, such as parts of the headers.

    Raises
    ------
    InputError
        Names the first difference, the two values and the files.
    """
    if facts == reference:
        return
    raise InputError(
        f"{_first_difference('', dict(facts), dict(reference))} in {reference_name}",
        source=name,
        remedy="run all shards with the same input and options (give --backend, --device and --precision "
        "by name on machines that differ)",
    )


def _first_difference(name: str, ours: Any, theirs: Any) -> str:  # any JSON values
    if isinstance(ours, dict) and isinstance(theirs, dict):
        key = next(key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key))
        path = f"{name}: {key}" if name else key.replace("_", " ")
        return _first_difference(path, ours.get(key), theirs.get(key))
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        place = next(place for place, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
        return _first_difference(f"{name} {place + 1}", ours[place], theirs[place])
    if isinstance(ours, (dict, list)) or isinstance(theirs, (dict, list)):
        return f"{name} differ from those"
    return f"{name} is {str(ours)[:40]!r}, but {str(theirs)[:40]!r}"
