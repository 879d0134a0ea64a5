"""What the ways of bringing a checkpoint share: facts about files, and their check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dnabert_enhancer.errors import ResourceError


@dataclass(frozen=True)
class FileFacts:
    """A file that a server offers.

    Parameters
    ----------
    name : str
        In its folder.
    size : int or None
        In bytes, where the server tells.
    digest : str or None
        ``sha256:…`` or ``md5:…``, where the server tells.
    """

    name: str
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Brought:
    """A checkpoint that was brought.

    Parameters
    ----------
    source : str
        Where from, with the commit in place of a branch.
    licence : str
        What the server says of it; may be empty.
    size_bytes : int
        Of its files; 0 where it is not known.
    files : tuple of FileFacts
        What travels.
    """

    source: str
    licence: str
    size_bytes: int
    files: tuple[FileFacts, ...]


Announce = Callable[[Brought], None]
"""Called with what is known before weights travel; raises to stop."""


def checked(path: Path, file: FileFacts, source: str) -> None:
    """Raise `ResourceError` where a file that was brought is not what the server said."""
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        raise _damaged(source, file, f"{size} bytes came, not {file.size}")
    if file.digest is not None:
        kind, _, wanted = file.digest.partition(":")
        found = digest_of(path, kind)
        if found != wanted:
            raise _damaged(source, file, f"its {kind} is {found}, not {wanted}")


def digest_of(path: Path, kind: str = "sha256") -> str:
    """Return the digest of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _damaged(source: str, file: FileFacts, what: str) -> ResourceError:
    return ResourceError(f"arrived damaged: {what}", source=f"{source}: {file.name}", remedy="try again")
