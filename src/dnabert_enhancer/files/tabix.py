"""Tabix indexes of sorted bgzip files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

TabixPreset = Literal["bed", "vcf"]
_ROOM_BYTES = 1 << 20
"""An index that failed with less than this left failed for want of space."""


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


def _give_up(index: str) -> None:
    """Remove an index that was not finished; say so when it was for want of space."""
    probe = Path(f"{index}.space")
    try:
        probe.write_bytes(bytes(_ROOM_BYTES))
    finally:
        probe.unlink(missing_ok=True)
        Path(index).unlink(missing_ok=True)
