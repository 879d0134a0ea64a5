"""Reads motifs in MEME's minimal format, as HOCOMOCO and JASPAR give them.

Biopython's reader rounds the shares to whole counts, which shifts the scores of motifs of few sites.
"""

from __future__ import annotations

import math
import os
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.sequence import BASES

_WIDTH = re.compile(r"\bw=\s*(\d+)")
_SITES = re.compile(r"\bnsites=\s*([\d.eE+]+)")
_LENGTH = re.compile(r"\balength=\s*(\d+)")
DEFAULT_SITES = 20.0
"""MEME's own number of sites for a motif that does not say."""
_LONGEST = 100


class MemeMotif(NamedTuple):
    """A motif.

    Attributes
    ----------
    name : str
    shares : float64 array, shape (width, 4)
        Of A, C, G and T in each column; rows sum to 1.
    n_sites : float
    """

    name: str
    shares: NDArray[np.float64]
    n_sites: float


class MemeFile(NamedTuple):
    """The content of a file.

    Attributes
    ----------
    background : float64 array, shape (4,)
        Of A, C, G and T; 1/4 each where the file has none.
    motifs : list of MemeMotif
    """

    background: NDArray[np.float64]
    motifs: list[MemeMotif]


def read_meme(path: str | os.PathLike[str]) -> MemeFile:
    """Read the motifs of a file.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip.

    Raises
    ------
    InputError
        Not MEME, another alphabet, no motif, a column that is none; with the line.
    """
    lines = [(number, line.strip()) for number, line in read_text_lines(path)]
    if not any(line.startswith("MEME version") for _, line in lines):
        raise InputError("this is not a MEME file", source=path, remedy="give motifs in minimal MEME format")
    background = np.full(4, 0.25)
    motifs: list[MemeMotif] = []
    place, name = 0, ""
    while place < len(lines):
        number, line = lines[place]
        place += 1
        if line.startswith("ALPHABET") and not re.search(r"ACGT|DNA", line, re.IGNORECASE):
            raise InputError(f"{line!r} is not DNA's", source=path, location=f"line {number}")
        if line.startswith("Background letter frequencies"):
            background, place = _background(lines, place, background)
        elif line.startswith("MOTIF"):
            name = [*line.split(), "?"][1]
        elif line.startswith("letter-probability matrix") and name:
            motif, place = _motif(name, line, number, lines, place, path)
            motifs.append(motif)
    if not motifs:
        raise InputError("there is no motif", source=path, remedy="give motifs in minimal MEME format")
    return MemeFile(background, motifs)


def _background(
    lines: list[tuple[int, str]], place: int, default: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    words: list[str] = []
    while place < len(lines) and len(words) < 8 and lines[place][1]:
        words += lines[place][1].split()
        place += 1
    found = dict(zip(words[::2], words[1::2], strict=False))
    try:
        shares = np.array([float(found[base]) for base in BASES])
    except (KeyError, ValueError):
        return default, place
    return (shares / shares.sum() if (np.isfinite(shares) & (shares > 0)).all() else default), place


def _motif(
    name: str,
    head: str,
    number: int,
    lines: list[tuple[int, str]],
    place: int,
    path: str | os.PathLike[str],
) -> tuple[MemeMotif, int]:
    width, length = _WIDTH.search(head), _LENGTH.search(head)
    if length is not None and length[1] != "4":
        raise InputError(
            f"the motif {name} has {length[1]} letters",
            source=path,
            location=f"line {number}",
            remedy="DNA has 4",
        )
    rows: list[list[float]] = []
    columns = None if width is None else int(width[1][:9])
    while place < len(lines) and (columns is None or len(rows) < columns):
        at, line = lines[place]
        if columns is None and not (line and (line[0].isdigit() or line[0] == ".")):
            break
        place += 1
        if not line:
            continue
        try:
            row = [float(word) for word in line.split()]
        except ValueError:
            row = []
        if len(row) != 4 or min(row) < 0 or not 0.5 < sum(row) < 1.5:
            raise InputError(
                f"{line[:40]!r} is not a column of the motif {name}",
                source=path,
                location=f"line {at}",
                remedy="a column is the shares of A, C, G and T",
            )
        rows.append(row)
    if columns is not None and len(rows) < columns:
        raise InputError(
            f"the motif {name} ends after {len(rows)} of its {columns} columns",
            source=path,
            location=f"line {number}",
            remedy="download the file again",
        )
    if not 1 <= len(rows) <= _LONGEST:
        raise InputError(
            f"the motif {name} has {len(rows)} columns",
            source=path,
            location=f"line {number}",
            remedy=f"1 to {_LONGEST} are read",
        )
    shares = np.array(rows)
    sites = _SITES.search(head)
    try:
        n_sites = float(sites[1]) if sites else 0.0
    except ValueError:
        n_sites = math.nan
    if not math.isfinite(n_sites):
        raise InputError(
            f"the motif {name} has nsites= {sites[1][:40] if sites else ''}",
            source=path,
            location=f"line {number}",
            remedy="give a number of sites",
        )
    return MemeMotif(name, shares / shares.sum(axis=1, keepdims=True), n_sites or DEFAULT_SITES), place
