"""Reads the lengths of contigs from a ``chrom.sizes`` file or a ``.fai``."""

from __future__ import annotations

import os

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines


def read_contig_sizes(path: str | os.PathLike[str]) -> dict[str, int]:
    """Return contig lengths in base pairs, in the order of the file.

    Parameters
    ----------
    path : str or path
        Name and length in the first two columns (tabs or blanks); further columns, as a ``.fai`` has, and
        comments (``#``) are passed over.

    Raises
    ------
    InputError
        A missing or impossible length, a contig that comes again, no contig at all. With the line.
    """
    sizes: dict[str, int] = {}
    for number, line in read_text_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t") if "\t" in line else line.split()
        place = f"line {number}"
        length = columns[1].strip() if len(columns) > 1 else ""
        if not (length.isascii() and length.isdigit() and int(length)):
            raise InputError(
                f"the length {length!r} is not a positive whole number",
                source=path,
                location=place,
                remedy="give a contig and its length in base pairs",
            )
        name = columns[0].strip()
        if not name or name in sizes:
            problem = f"the contig {name!r} comes twice" if name else "a contig has no name"
            raise InputError(problem, source=path, location=place, remedy="give every contig once")
        sizes[name] = int(length)
    if not sizes:
        raise InputError("there is no contig in the file", source=path, remedy="give contigs with lengths")
    return sizes
