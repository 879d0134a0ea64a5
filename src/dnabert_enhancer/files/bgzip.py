"""Writes bgzip: gzip in blocks, which tabix and htslib read from the middle."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from Bio.bgzf import BgzfWriter

_BUFFER_BYTES = 1 << 18


def open_bgzip(path: Path, level: int = 6) -> io.BufferedWriter:
    """Open a bgzip file for writing bytes.

    Parameters
    ----------
    path : Path
    level : int
        Of compression, 1 (fast) to 9.

    Returns
    -------
    io.BufferedWriter
        The same content gives the same bytes. Errors of the disk arrive as `OSError` with their number, which
        is why Biopython writes here and not htslib.
    """
    return io.BufferedWriter(cast(io.RawIOBase, _Blocks(path, level)), _BUFFER_BYTES)


class _Blocks(io.RawIOBase):
    """A bgzip file as a raw stream."""

    def __init__(self, path: Path, level: int) -> None:
        from Bio.bgzf import BgzfWriter

        super().__init__()
        self.name = str(path)  # what a text stream over this one says as its name
        self._file = path.open("wb")
        self._writer: BgzfWriter | None = BgzfWriter(fileobj=self._file, compresslevel=level)

    def writable(self) -> bool:
        return True

    def write(self, part: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer
        content = bytes(part)
        if self._writer is not None:
            self._writer.write(content)
        return len(content)

    def close(self) -> None:
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.close()
        finally:
            self._file.close()
            super().close()
