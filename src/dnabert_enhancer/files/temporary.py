"""Temporary files and folders beside their place, each locked by the process that writes it.

The lock is the kernel's (`fcntl.flock`): it ends with the process however that ends, and holds between
containers that share a host name and numbers of processes. What is not locked was left by a dead process.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

_NAME_BYTES = 255 - 64
_ATTEMPTS = 100
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY
# open descriptors by path: they hold the locks
_HELD: dict[Path, int] = {}
# the process that made what is not yet renamed or removed
_MADE: dict[Path, int] = {}


def temporary_file(target: Path) -> Path:
    """Return a new, empty, hidden file beside a target, with the same ending, since writers go by that.

    Raises
    ------
    OSError
        It cannot be made.
    """

    def make(path: Path) -> int:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)

    return _locked(target, make)


def temporary_folder(target: Path, mode: int = 0o777) -> Path:
    """Return a new, empty, hidden folder beside a target; see `temporary_file`."""

    def make(path: Path) -> int:
        path.mkdir(mode)
        return os.open(path, _FOLDER_FLAGS)

    return _locked(target, make)


def move_into(temporary: Path, made: Path) -> None:
    """Move what a library wrote under another name into a temporary file, which keeps its lock."""
    shutil.copyfile(made, temporary)
    made.unlink()


def let_go(temporary: Path) -> None:
    """Give up the lock of what was renamed or removed."""
    _MADE.pop(temporary, None)
    descriptor = _HELD.pop(temporary, None)
    if descriptor is not None:
        os.close(descriptor)


def remove_leftovers(target: Path) -> None:
    """Remove what dead processes left beside a target; what cannot be locked stays.

    What others write beside a temporary file, such as its index, has its number and shares its lock.
    """
    pattern = re.compile(rf"(\.tmp-[0-9a-f]{{16}}-){re.escape(_fitting(target.name))}")
    with contextlib.suppress(OSError):
        there = [entry for entry in target.parent.iterdir() if entry.name.startswith(".tmp-")]
        for entry in there:
            if match := pattern.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _remove_unless_locked(entry, [one for one in there if one.name.startswith(match[1])])


def remove_quietly(path: Path) -> None:
    """Remove a file or a folder, and its lock, and go on when that fails."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    let_go(path)


def _locked(target: Path, make: Callable[[Path], int]) -> Path:
    left = _ATTEMPTS
    while True:
        left -= 1
        path = target.with_name(f".tmp-{secrets.token_hex(8)}-{_fitting(target.name)}")
        try:
            _MADE[path] = os.getpid()
            descriptor = _HELD[path] = make(path)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return path
        except (BlockingIOError, FileNotFoundError):
            # a folder such as /proc is there and never takes a file
            if not left or not target.parent.is_dir():
                let_go(path)
                raise
        except OSError:
            if path in _HELD:
                return path  # a file system without locks: its leftovers stay
            let_go(path)
            raise
        let_go(path)  # another process took it for a leftover before it was locked


def _remove_unless_locked(entry: Path, of_one_number: list[Path]) -> None:
    with contextlib.ExitStack() as stack:
        for path in of_one_number:
            is_folder = path.is_dir() and not path.is_symlink()
            descriptor = os.open(path, _FOLDER_FLAGS if is_folder else os.O_RDWR | os.O_NOFOLLOW)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove_quietly(entry)


@atexit.register
def _remove_all() -> None:
    """Remove what an interrupted run forgot; a forked process leaves its parent's alone."""
    for path, process in list(_MADE.items()):
        if process == os.getpid():
            remove_quietly(path)


def _fitting(name: str) -> str:
    encoded = name.encode(errors="surrogateescape")
    return name if len(encoded) <= _NAME_BYTES else encoded[-_NAME_BYTES:].decode(errors="ignore")
