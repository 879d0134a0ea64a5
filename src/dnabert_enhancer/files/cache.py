"""The folder for things that can be made again: indexes, re-compressed genomes, measurements."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import shutil
import tempfile
from pathlib import Path

_log = logging.getLogger(__name__)
CACHE_VARIABLE = "DNABERT_ENHANCER_CACHE"
_FOLDER = "dnabert-enhancer"


def cache_directory() -> Path:
    """Return the cache folder, made on demand.

    ``$DNABERT_ENHANCER_CACHE``, else ``$XDG_CACHE_HOME/dnabert-enhancer``, else
    ``~/.cache/dnabert-enhancer``; where that cannot be written, a private temporary folder that goes with
    the process.
    """
    wanted = _wanted_folder()
    if wanted is not None:
        try:
            wanted.mkdir(parents=True, exist_ok=True)
            if os.access(wanted, os.W_OK | os.X_OK):
                return wanted
        except OSError:
            pass
    return _private_folder(wanted)


def process_is_gone(process: int) -> bool:
    """Return whether no process of this machine has the given number any more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _wanted_folder() -> Path | None:
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
