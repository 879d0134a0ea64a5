"""Tabix indexes of sorted bgzip files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

TabixPreset = Literal["bed", "vcf"]


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
    """
    import pysam

    path = os.fspath(bgzip_path)
    try:
        pysam.tabix_index(path, preset=preset, force=True)
    except OSError as error:
        _remove(f"{path}.tbi")
        try:
            pysam.tabix_index(path, preset=preset, force=True, csi=True)
        except OSError:
            _remove(f"{path}.csi")
            raise ValueError(
                f"{path} cannot be indexed ({error}); is it sorted and compressed with bgzip?"
            ) from error


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
