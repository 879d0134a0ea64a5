"""A folder that takes the place of another whole: at any moment one of the two is there, never a mix."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files.inputs import check_no_input
from dnabert_enhancer.files.outputs import uninterrupted
from dnabert_enhancer.files.temporary import remove_leftovers, remove_quietly, temporary_folder

_AT_FDCWD = -100
_EXCHANGE = 2


@contextlib.contextmanager
def replaced_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new folder that becomes `folder` when the block ends well.

    Parameters
    ----------
    folder : str or path
        What it becomes. Files and folders of an older one that the new one lacks go on in the new one; a link
        stays a link, to the new folder.

    Yields
    ------
    Path
        An empty folder beside it, or `folder` itself where that can't be renamed: a mounted volume, or the
        folder in which the program was started.

    Raises
    ------
    InputError
        The place cannot be written; a file of the new folder would replace an input (see `inputs_kept`).

    Notes
    -----
    Linux exchanges the names of two folders in one step (``renameat2``); elsewhere the older one is renamed
    out of the way first. A block that fails or is killed leaves the older folder as it was; what a killed
    one left beside it is removed by the next.
    """
    target = Path(os.path.realpath(folder))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        if target.is_dir() and (os.path.ismount(target) or target.samefile(os.curdir)):
            yield target
            return
        new = temporary_folder(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"the folder cannot be written ({error.strerror})", source=target, remedy="choose another place"
        ) from None
    try:
        yield new
        for path in new.rglob("*"):
            check_no_input(target / path.relative_to(new))
        _keep_others(target, new)
        with uninterrupted():
            _take_place(new, target)
    finally:
        remove_quietly(new)


def _keep_others(old: Path, new: Path) -> None:
    """Give the new folder the files of the old one that it lacks, as further names of the same files."""
    if not old.is_dir():
        return
    for parent, _, names in os.walk(old):
        place = new / Path(parent).relative_to(old)
        place.mkdir(exist_ok=True)
        for name in names:
            if not (place / name).exists() and not name.startswith(".tmp-"):
                os.link(Path(parent) / name, place / name, follow_symlinks=False)


def _take_place(new: Path, target: Path) -> None:
    """Rename a folder to a name that another may have, which then has the other name."""
    if not target.exists():
        new.rename(target)
        return
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    paths = os.fsencode(new), os.fsencode(target)
    if rename is not None and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _EXCHANGE) == 0:
        return
    aside = temporary_folder(target)
    target.rename(aside)
    new.rename(target)
    remove_quietly(aside)
