"""Writes bgzip, gzip in blocks that htslib reads from the middle, and its tabix indexes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from Bio.bgzf import BgzfWriter

TabixPreset = Literal["bed", "vcf"]
_SPACE_BYTES = 1 << 20
"""An index that failed with less than this left failed for want of space."""
_BUFFER_BYTES = 1 << 18
COMPRESSION_LEVEL = 4
"""Of zlib, of all that is written compressed: about four times as fast as the usual 6, for tables and VCFs
that are 4 to 7 % larger, and k-mers 27 %."""


def open_bgzip(path: Path, level: int = COMPRESSION_LEVEL) -> io.BufferedWriter:
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


def tabix_index(bgzip_path: str | os.PathLike[str], preset: TabixPreset = "bed") -> None:
    """Write the index of a sorted bgzip file beside it.

    Parameters
    ----------
    bgzip_path : str or path
        The file; the index is ``<file>.tbi``, or ``<file>.csi`` when a coordinate is beyond tabix's 2^29 - 1.
    preset : "bed" or "vcf"
        Which columns hold the place.

    Raises
    ------
    ValueError
        When the file is not sorted by contig and start: a fault of the program that wrote it.
    OSError
        No space left, with its number, which htslib does not tell.
    """
    import pysam

    path = os.fspath(bgzip_path)
    # what htslib says of an index that is tried and given up would stand on the error stream of a good run
    verbosity = pysam.set_verbosity(0)
    try:
        pysam.tabix_index(path, preset=preset, force=True)
    except OSError as error:
        _give_up(f"{path}.tbi")
        try:
            pysam.tabix_index(path, preset=preset, force=True, csi=True)
        except OSError:
            _give_up(f"{path}.csi")
            raise ValueError(
                f"{path} cannot be indexed ({error}); is it sorted and compressed with bgzip?"
            ) from error
    finally:
        pysam.set_verbosity(verbosity)


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


def _give_up(index: str) -> None:
    """Remove an index that was not finished; say so when it was for want of space."""
    probe = Path(f"{index}.space")
    try:
        probe.write_bytes(bytes(_SPACE_BYTES))
    finally:
        probe.unlink(missing_ok=True)
        Path(index).unlink(missing_ok=True)
