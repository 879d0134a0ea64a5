"""The folder for things that can be made again: indexes, re-compressed genomes, measurements."""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files.outputs import write_through
from dnabert_enhancer.files.temporary import remove_leftovers, remove_quietly, temporary_folder

_log = logging.getLogger(__name__)
CACHE_VARIABLE = "DNABERT_ENHANCER_CACHE"
_FOLDER = "dnabert-enhancer"


def cache_directory() -> Path:
    """Return the cache folder, made on demand.

    ``$DNABERT_ENHANCER_CACHE``, else ``$XDG_CACHE_HOME/dnabert-enhancer``, else
    ``~/.cache/dnabert-enhancer``; where that cannot be written, a private temporary folder that goes with
    the process.
    """
    wanted = wanted_cache_directory()
    if wanted is not None:
        try:
            wanted.mkdir(parents=True, exist_ok=True)
            if os.access(wanted, os.W_OK | os.X_OK):
                return wanted
        except OSError:
            pass
    return _private_folder(wanted)


class CacheState(NamedTuple):
    """What is in the cache folder.

    Attributes
    ----------
    folder : Path or None
        Where it should be; None where there is no home.
    variable : str
        The environment variable that says so, empty for the default.
    is_usable : bool
        Whether it can be written, or made.
    files, size : int
        Files of finished entries, and their bytes.
    leftovers : int
        Files and folders that an interrupted run left; the next run that writes the same removes them.
    """

    folder: Path | None
    variable: str
    is_usable: bool
    files: int
    size: int
    leftovers: int


def cache_state() -> CacheState:
    """Return the state of the cache folder; nothing is made or changed."""
    folder = wanted_cache_directory()
    variable = next((name for name in (CACHE_VARIABLE, "XDG_CACHE_HOME") if os.environ.get(name)), "")
    if folder is None:
        return CacheState(None, variable, False, 0, 0, 0)
    exists = (place for place in (folder, *folder.parents) if place.exists())
    nearest = next(exists, Path("/"))
    is_usable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    files = size = leftovers = 0
    for root, folders, names in os.walk(folder):
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".")]
        leftovers += len(hidden)
        for name in names:
            if name.startswith("."):
                leftovers += 1
                continue
            with contextlib.suppress(OSError):
                size += (Path(root) / name).stat().st_size
                files += 1
    return CacheState(folder, variable, is_usable, files, size, leftovers)


def cached_folder(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, built when it is not there yet.

    Parameters
    ----------
    kind, key : str
        The folder is ``<cache>/<kind>/<key>``; the key stands for everything that its content depends on.
    build : callable
        Called with an empty folder that it fills with files.

    Returns
    -------
    Path
        A whole folder: it is built under another name and renamed. Two processes that build it at once both
        succeed and one result stays; what a killed process left is removed.

    Raises
    ------
    ResourceError
        No space left for the cache.
    """
    final = cache_directory() / kind / key
    if final.is_dir():
        return final
    temporary = final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(final)
        temporary = temporary_folder(final)
        build(temporary)
        for entry in temporary.iterdir():
            write_through(entry)
        _rename_unless_there(temporary, final)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ResourceError(
                "no space left in the cache folder",
                source=final.parent,
                remedy=f"set {CACHE_VARIABLE} to another folder",
            ) from None
        raise
    finally:
        if temporary != final:
            remove_quietly(temporary)
    return final


def _rename_unless_there(temporary: Path, final: Path) -> None:
    try:
        temporary.rename(final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def wanted_cache_directory() -> Path | None:
    """Return the cache folder that is asked for, whether or not it can be written; None without a home."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / _FOLDER
    try:
        return Path.home() / ".cache" / _FOLDER
    except RuntimeError:
        return None


@functools.cache
def _private_folder(wanted: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _log.warning(
        "the cache folder %s cannot be written; using %s for this run (set %s)",
        wanted,
        folder,
        CACHE_VARIABLE,
    )
    return folder
