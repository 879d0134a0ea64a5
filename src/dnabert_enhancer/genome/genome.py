"""Random access to a reference genome."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.indexed_fasta import indexed_fasta

if TYPE_CHECKING:
    import pysam


class Genome:
    """The contigs of a FASTA, read from anywhere; a context manager. Made by `open_genome`.

    Attributes
    ----------
    path : Path
        The file as it was given.
    contig_sizes : dict of str to int
        Length of every contig in base pairs, in the order of the file.
    names : ContigNames
        Finds a contig under another spelling of its name.

    Notes
    -----
    Not to be shared between threads or forked processes: each opens its own.
    """

    def __init__(self, path: Path, fasta: pysam.FastaFile) -> None:
        self.path = path
        self._fasta = fasta
        self.contig_sizes: dict[str, int] = dict(zip(fasta.references, fasta.lengths, strict=True))
        self.names = ContigNames(self.contig_sizes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be fetched afterwards."""
        self._fasta.close()

    def fetch(self, contig: str, start: int = 0, end: int | None = None) -> bytes:
        """Return bases in the file's own case.

        Parameters
        ----------
        contig : str
            The genome's own name, or one that `names` resolves.
        start, end : int
            0-based and half-open; default: the whole contig.

        Raises
        ------
        InputError
            An unknown contig, or a stretch that is not within it.
        """
        name = self.own_name(contig)
        size = self.contig_sizes[name]
        stop = size if end is None else end
        if not 0 <= start <= stop <= size:
            raise InputError(
                f"{start}-{stop} is not within the {size} bp of {name}",
                source=self.path,
                remedy="coordinates are 0-based and half-open",
            )
        if start == stop:
            return b""
        try:
            with _silent_htslib():
                bases: str = self._fasta.fetch(name, start, stop)
        except (OSError, ValueError):
            bases = ""
        if len(bases) != stop - start:
            raise InputError(
                "bases cannot be read",
                source=self.path,
                location=f"{name}:{start}-{stop}",
                remedy="check the file and remove its index",
            )
        return bases.encode("latin-1")

    def own_name(self, contig: str) -> str:
        """Return the genome's own name of a contig.

        Raises
        ------
        InputError
            When it has no such contig.
        """
        name = self.names.resolve(contig)
        if name is None:
            raise InputError(
                f"there is no contig {contig!r}",
                source=self.path,
                remedy=f"the genome has {self._some_names()}",
            )
        return name

    def _some_names(self) -> str:
        names = list(self.contig_sizes)
        shown = ", ".join(names[:5])
        return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} others"


def open_genome(path: str | os.PathLike[str]) -> Genome:
    """Open a FASTA for random access.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip. The index is made beside it where there is none; in the cache where that folder
        cannot be written, the index is older than the FASTA, or the file cannot be indexed as it is.

    Raises
    ------
    InputError
        What is wrong with the file, with its line.
    """
    import pysam

    found = indexed_fasta(path)
    try:
        with _silent_htslib():
            fasta = pysam.FastaFile(
                os.fspath(found.fasta),
                filepath_index=os.fspath(found.fai),
                filepath_index_compressed=None if found.gzi is None else os.fspath(found.gzi),
            )
    except (OSError, ValueError) as error:
        raise InputError(
            f"the FASTA cannot be opened ({error})", source=path, remedy="make its index again"
        ) from None
    return Genome(Path(path), fasta)


@contextlib.contextmanager
def _silent_htslib() -> Iterator[None]:
    """Keep htslib from writing to the standard error; what fails is told by our own error."""
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(verbosity)
