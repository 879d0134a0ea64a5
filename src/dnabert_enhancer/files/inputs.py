"""What a run reads, which none of its outputs may replace."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files.streams import STANDARD_INPUT

_Identity = tuple[int, int]
_BESIDE = (".fai", ".gzi", ".gaps.bed", ".tbi", ".csi")
_RECORD = "run.json"
_CLOCK_SECONDS = 2.0
# of the command that runs: device and inode, which links and other spellings of a path share, and the name
_INPUTS: list[dict[_Identity, str]] = []


@contextlib.contextmanager
def inputs_kept(paths: Iterable[str | os.PathLike[str]]) -> Iterator[None]:
    """Refuse, inside the block, outputs that would replace a file that the run reads.

    Parameters
    ----------
    paths : iterable of path
        What is known to be read; `keep_input` adds to it. Those that do not exist are passed over.
    """
    _INPUTS.append({})
    try:
        for path in paths:
            keep_input(path)
        yield
    finally:
        _INPUTS.pop()


def keep_input(path: str | os.PathLike[str]) -> None:
    """Add a file to what `inputs_kept` keeps; without that, nothing happens.

    Its index and the record of the run that made it are kept, too; of a folder only that it is one.
    """
    if not _INPUTS:
        return
    name = os.fspath(path)
    if "\0" in name:
        return
    shown = Path("/dev/stdin" if name == STANDARD_INPUT else name)
    _keep(shown, name)
    if (real := Path(os.path.realpath(shown))) != shown:
        _keep(real, name)


def check_no_input(final: str | os.PathLike[str]) -> None:
    """Raise `InputError` where writing to a path would replace an input.

    Parameters
    ----------
    final : path
        A file or a folder; ``/dev/stdout`` is the file that the standard output goes to.
    """
    identity = _identity(final) if _INPUTS else None
    found = None if identity is None else _INPUTS[-1].get(identity)
    if found is not None:
        raise InputError(
            f"the output would replace an input of this run ({found})",
            source=final,
            remedy="give the output another name",
        )


def _keep(path: Path, name: str) -> None:
    _keep_one(path, name)
    if os.path.isfile(path):  # noqa: PTH113  a text that is too long is none
        for one in (*(path.with_name(path.name + ending) for ending in _BESIDE), *_records_of(path)):
            _keep_one(one, f"{one}, which belongs to {name}")


def _keep_one(path: Path, name: str) -> None:
    if (identity := _identity(path)) is not None:
        _INPUTS[-1].setdefault(identity, name)


def _records_of(path: Path) -> Iterator[Path]:
    """Yield the records of runs that may have made a file: PREFIX.run.json, or run.json of its folder."""
    words = path.name.split(".")
    for record in (*(f"{'.'.join(words[:n])}.{_RECORD}" for n in range(1, len(words))), _RECORD):
        place = path.with_name(record)
        if os.path.isfile(place) and _has_made(place, path):  # noqa: PTH113  as above
            yield place


def _has_made(record: Path, path: Path) -> bool:
    """Return whether the run of a record made a file: it is as old as the run, which did not read it."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        read = any(Path(entry["path"]).name == path.name for entry in content["inputs"])
        began = datetime.fromisoformat(content["started"]).timestamp()
        made = path.stat().st_mtime
        return not read and began - _CLOCK_SECONDS <= made <= record.stat().st_mtime + _CLOCK_SECONDS
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False  # not a record of ours


def _identity(path: str | os.PathLike[str]) -> _Identity | None:
    """Return what is the same for all names of a file or folder; None of what is neither, or not there."""
    try:
        status = os.stat(path)  # noqa: PTH116  an empty name is no path
    except (OSError, ValueError):
        return None
    is_kept = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    # some file systems of users' programs (FUSE) give no inodes
    return (status.st_dev, status.st_ino or hash(os.path.realpath(path))) if is_kept else None
