"""Keeps what a pipe or the standard input gives, so that it can be looked into and read again like a file."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import tempfile
import threading
from typing import IO, NamedTuple

from dnabert_enhancer.errors import InputError, ResourceError

STANDARD_INPUT = "-"
_COPIED_BYTES = 1 << 20
_SHARE_OF_FREE_SPACE = 0.9
_LOCK = threading.RLock()


class _Kept(NamedTuple):
    """An open file with the whole content of a stream."""

    file: io.FileIO | IO[bytes]
    source: str


# for the life of the process: whoever opens a stream again gets the same bytes
_KEPT: dict[tuple[str, int, int], _Kept] = {}


def describe_source(path: str | os.PathLike[str]) -> str:
    """Return the name of an input for messages (``-`` is the standard input)."""
    return "standard input" if os.fspath(path) == STANDARD_INPUT else os.fspath(path)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether an input can be read only once: ``-``, a named pipe, ``<(…)`` of a shell, a terminal."""
    name = os.fspath(path)
    if name == STANDARD_INPUT:
        return True
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116  an empty name is no path
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def open_stream(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a stream from its start, each time anew.

    The first call reads the stream to its end into a nameless file of the folder for temporary files, which
    goes with the process.

    Parameters
    ----------
    path : str or path
        One for which `is_stream` holds.

    Raises
    ------
    InputError
        The standard input is closed, or the stream cannot be opened.
    ResourceError
        The folder for temporary files has no room for its content.
    """
    return io.BufferedReader(_FromStart(_kept(path).file))


def path_for_others(path: str | os.PathLike[str]) -> str:
    """Return a path under which another library can open an input: for a stream, that of its copy."""
    name = os.fspath(path)
    return f"/dev/fd/{_kept(name).file.fileno()}" if is_stream(name) else name


class _FromStart(io.RawIOBase):
    """The bytes of an open file from its start, whatever position others read at."""

    def __init__(self, file: io.FileIO | IO[bytes]) -> None:
        super().__init__()
        self._descriptor = file.fileno()
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: os.fstat(self._descriptor).st_size,
        }[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer
        part = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def _kept(path: str | os.PathLike[str]) -> _Kept:
    name = os.fspath(path)
    source = describe_source(name)
    try:
        status = os.fstat(0) if name == STANDARD_INPUT else os.stat(name)  # noqa: PTH116  as above
    except OSError as error:
        raise _not_opened(source, error) from None
    # the same pipe has several names: -, /dev/stdin, /dev/fd/0
    real = os.path.realpath("/dev/fd/0" if name == STANDARD_INPUT else name)
    key = (real, status.st_dev, status.st_ino)
    with _LOCK:
        if key not in _KEPT:
            _KEPT[key] = _Kept(_content_of(name, source, status), source)
        return _KEPT[key]


def _content_of(name: str, source: str, status: os.stat_result) -> io.FileIO | IO[bytes]:
    try:
        stream = io.FileIO(0, closefd=False) if name == STANDARD_INPUT else io.FileIO(name)
        if stat.S_ISREG(status.st_mode) and stream.tell() == 0:
            return stream  # `< file`: nothing to copy
    except OSError as error:
        raise _not_opened(source, error) from None
    folder = tempfile.gettempdir()
    room = int(shutil.disk_usage(folder).free * _SHARE_OF_FREE_SPACE)
    copy = tempfile.TemporaryFile()  # noqa: SIM115  kept until the process ends
    try:
        size = 0
        while part := stream.read(_COPIED_BYTES):
            size += len(part)
            if size > room:
                raise _no_room(source, folder, f"it gives more than the {room:,} bytes that are free there")
            copy.write(part)
        copy.flush()
    except OSError as error:
        if error.errno == errno.EBADF:
            raise _not_opened(source, error) from None
        raise _no_room(source, folder, str(error.strerror)) from None
    finally:
        stream.close()
    return copy


def _not_opened(source: str, error: OSError) -> InputError:
    if source == describe_source(STANDARD_INPUT):
        return InputError("it is closed", source=source, remedy="give a file or pipe the data in")
    return InputError(f"the pipe cannot be opened ({error.strerror})", source=source, remedy="check the path")


def _no_room(source: str, folder: str, reason: str) -> ResourceError:
    return ResourceError(
        f"the stream cannot be copied to {folder} ({reason})",
        source=source,
        remedy="set TMPDIR to a folder with space, or give a file",
    )
