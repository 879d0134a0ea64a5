"""Files that are closed while many others are read, for more of them than a process may have open."""

from __future__ import annotations

import errno
import io
import os
from collections import OrderedDict
from typing import ClassVar

MOST_OPEN = 128
"""So many stay open, those that were read last; most systems allow a process 1,024, of any kind."""


class IdleFile(io.RawIOBase):
    """A file for reading, opened anew where it is read again after `MOST_OPEN` others.

    Parameters
    ----------
    path : str
        It must keep its content.

    Raises
    ------
    OSError
        What opening it raises, here or later.
    """

    _open: ClassVar[OrderedDict[IdleFile, io.FileIO]] = OrderedDict()

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path, self._place = path, 0
        self._size = os.fstat(self._stream().fileno()).st_size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, counted from the start, from here or from the end."""
        place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), self._path)
        self._place = place
        return place

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or those that are left."""
        wanted = max(0, self._size - self._place) if size is None or size < 0 else size
        stream, parts = self._stream(), []
        while wanted and (part := os.pread(stream.fileno(), wanted, self._place)):
            parts.append(part)
            self._place += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close it for good."""
        if (stream := self._open.pop(self, None)) is not None:
            stream.close()
        super().close()

    def _stream(self) -> io.FileIO:
        if self.closed:
            raise ValueError("a closed file is read")
        stream = self._open.pop(self, None)
        if stream is None:
            while len(self._open) >= MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            stream = io.FileIO(self._path)
        self._open[self] = stream
        return stream
