"""Random access to a reference genome."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.fasta_index import check_genome_path, indexed_fasta, silent_htslib

if TYPE_CHECKING:
    import pysam


class Genome:
    """The contigs of a FASTA, read from anywhere.

    The file is opened, and indexed where it has no index, when something is first asked of it. It may be used
    as a context manager, which closes it at the end.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip. The index is made beside it where there is none; in the cache where that folder
        cannot be written, the index is older than the FASTA, or the file cannot be indexed as it is.

    Attributes
    ----------
    path : Path
        The file as it was given.

    Raises
    ------
    InputError
        The file is missing; from the first use on: what is wrong with it, with its line.

    Notes
    -----
    Not to be shared between threads or forked processes: each opens its own.

    Examples
    --------
    >>> genome = Genome("hg38.fa.gz")  # doctest: +SKIP
    >>> genome.fetch("chr16", 100_000, 100_004)  # doctest: +SKIP
    b'ACGT'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InputError(
                f"a genome is opened by its path, not by {type(path).__name__}", remedy="give a FASTA file"
            )
        check_genome_path(path)
        self.path = Path(path)
        self._fasta: pysam.FastaFile | None = None

    def __repr__(self) -> str:
        return f"Genome({os.fspath(self.path)!r})"

    def __enter__(self) -> Self:
        self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def contig_sizes(self) -> dict[str, int]:
        """Length of every contig in base pairs, in the order of the file."""
        fasta = self._opened()
        return dict(zip(fasta.references, fasta.lengths, strict=True))

    @cached_property
    def names(self) -> ContigNames:
        """Finds a contig under another spelling of its name."""
        return ContigNames(self.contig_sizes)

    def close(self) -> None:
        """Close the file; it is opened again when something more is asked of it."""
        if self._fasta is not None:
            self._fasta.close()
            self._fasta = None

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
            An unknown contig, or a part that is not within it.
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
            with silent_htslib():
                bases: str = self._opened().fetch(name, start, stop)
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

    def _opened(self) -> pysam.FastaFile:
        import pysam

        if self._fasta is None:
            found = indexed_fasta(self.path)
            try:
                with silent_htslib():
                    self._fasta = pysam.FastaFile(
                        os.fspath(found.fasta),
                        filepath_index=os.fspath(found.fai),
                        filepath_index_compressed=None if found.gzi is None else os.fspath(found.gzi),
                    )
            except (OSError, ValueError) as error:
                raise InputError(
                    f"the FASTA cannot be opened ({error})", source=self.path, remedy="make its index again"
                ) from None
        return self._fasta

    def _some_names(self) -> str:
        names = list(self.contig_sizes)
        shown = ", ".join(names[:5])
        return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} others"
