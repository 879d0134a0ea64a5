"""Hidden names beside a target for what is being written, and the removal of what dead processes left."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
from pathlib import Path

_HOST = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())[:24]
_NAME_BYTES = 255 - 64


def temporary_beside(target: Path) -> Path:
    """Return an unused hidden path beside a target, with the same ending, since writers go by that."""
    return target.with_name(f".tmp-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}-{_fitting(target.name)}")


def remove_leftovers(target: Path) -> None:
    """Remove what dead processes of this machine left beside a target under `temporary_beside`'s names."""
    pattern = re.compile(rf"\.tmp-{re.escape(_HOST)}-(\d+)-[0-9a-f]{{8}}-{re.escape(_fitting(target.name))}")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            match = pattern.fullmatch(entry.name)
            if match and _is_gone(int(match.group(1))):
                remove_quietly(Path(entry.path))


def remove_quietly(path: Path) -> None:
    """Remove a file or a folder, and go on when that fails."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_through(path: Path) -> None:
    """Wait until a file is on the disk: a full disk may say so only now."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _fitting(name: str) -> str:
    encoded = name.encode(errors="surrogateescape")
    return name if len(encoded) <= _NAME_BYTES else encoded[-_NAME_BYTES:].decode(errors="ignore")


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False
