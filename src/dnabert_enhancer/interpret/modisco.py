"""Motifs of the attributions by TF-MoDISco, of the package modisco-lite (the extra ``discovery``)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.interpret.discovery import Discovered, FoundMotif, consensus

_PROGRAM = Path(__file__).with_name("modisco_program.py")
_SHORTEST = 41
"""Bases of a region in which a seqlet of 21 with flanks of 10 on each side has a place."""
_TRIM = 0.3


def check_modisco() -> None:
    """Raise `InputError` where modisco-lite is not installed."""
    if find_spec("modiscolite") is None:
        raise InputError(
            "TF-MoDISco needs the package modisco-lite",
            remedy="pip install '.[discovery]' in a clone of the suite, or take --discover kmers",
        )


def modisco_motifs(
    one_hot: NDArray[np.int8], hypothetical: NDArray[np.float32], threads: int = 1
) -> Discovered:
    """Return the motifs of attributions.

    Parameters
    ----------
    one_hot, hypothetical : array, shape (regions, 4, longest)
        See `Attributions.arrays`.
    threads : int
        The result does not depend on them.

    Raises
    ------
    InputError
        modisco-lite is not installed.
    ResourceError
        It failed.

    Notes
    -----
    Shrikumar et al. 2018 (arXiv:1811.00416), with modisco-lite's settings: seqlets of 21 bases of high
    importance against a Laplacian null, clustered by the similarity of their contributions. Columns at the
    ends whose absolute contributions sum to less than 30 % of those of the best column are cut off, as
    modisco-lite's report does it.
    """
    check_modisco()
    if one_hot.shape[2] < _SHORTEST or not np.any(hypothetical):
        return Discovered([], False)
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder, "arrays.npz"), Path(folder, "patterns.npz")
        np.savez(given, one_hot=one_hot, hypothetical=hypothetical)
        # numba takes its number of threads once, before it starts
        environment = {
            **os.environ,
            "NUMBA_NUM_THREADS": str(threads),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = subprocess.run(
            [sys.executable, "-P", os.fspath(_PROGRAM), os.fspath(given), os.fspath(result)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = [*done.stderr.strip().splitlines(), f"exit code {done.returncode}"][-2:][0]
            raise ResourceError(f"TF-MoDISco stopped: {said}", remedy="give more regions or more memory")
        with np.load(result) as found:
            return _motifs(dict(found))


def _motifs(found: dict[str, NDArray[Any]]) -> Discovered:
    motifs = []
    for number, width in enumerate(found["width"].tolist()):
        size = np.abs(found["contributions"][number, :width]).sum(axis=1)
        high = np.flatnonzero(size >= _TRIM * size.max())
        shares = found["letters"][number, high[0] : high[-1] + 1].astype(np.float64)
        shares /= shares.sum(axis=1, keepdims=True)
        effect = "raises" if found["sign"][number] > 0 else "lowers"
        sites = int(found["seqlets"][number])
        motifs.append(FoundMotif(consensus(shares), shares, sites, (), np.nan, np.nan, effect))
    return Discovered(motifs, bool(found["enough"]))
