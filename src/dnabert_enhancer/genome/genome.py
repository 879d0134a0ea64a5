"""Random access to a reference genome."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.assembly_report import ReportedSequence, read_assembly_report
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.fasta_index import check_genome_path, indexed_fasta, silent_htslib
from dnabert_enhancer.genome.interval import Interval
from dnabert_enhancer.genome.names import check_name

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
    assembly_report : str or path, optional
        NCBI's report of the assembly (``*_assembly_report.txt``): further names of the contigs, for all files
        that are read with this genome.

    Attributes
    ----------
    path : Path
        The file as it was given.
    report : sequence of ReportedSequence
        Of the assembly report; empty without one.

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

    def __init__(
        self, path: str | os.PathLike[str], assembly_report: str | os.PathLike[str] | None = None
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InputError(
                f"a genome is opened by its path, not by {type(path).__name__}", remedy="give a FASTA file"
            )
        check_genome_path(path)
        self.path = Path(path)
        self.report: Sequence[ReportedSequence] = (
            () if assembly_report is None else read_assembly_report(assembly_report)
        )
        self._report_source = assembly_report
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
        for name in fasta.references:
            check_name(name, self.path)
        return dict(zip(fasta.references, fasta.lengths, strict=True))

    @cached_property
    def names(self) -> ContigNames:
        """Finds a contig under another spelling of its name."""
        names = ContigNames(self.contig_sizes, self.report)
        if self.report and not names.is_reported:
            raise InputError(
                f"the report names none of the contigs of the genome, which has {self._some_names()}",
                source=self._report_source,
                remedy="give NCBI's report of the genome's assembly",
            )
        return names

    def close(self) -> None:
        """Close the file; it is opened again when something more is asked of it."""
        if self._fasta is not None:
            self._fasta.close()
            self._fasta = None

    def fetch(self, contig: str | Interval, start: int = 0, end: int | None = None) -> bytes:
        """Return bases of the forward strand in the file's own case.

        Parameters
        ----------
        contig : str or Interval
            The genome's own name, or one that `names` resolves; or an interval, whose strand is passed over.
        start, end : int
            0-based and half-open; default: the whole contig, or the whole interval.

        Raises
        ------
        InputError
            An unknown contig, or a part that is not within it.
        """
        if isinstance(contig, Interval):
            if start or end is not None:
                raise InputError(
                    "an interval and further positions cannot be fetched together",
                    source=self.path,
                    remedy="give an Interval, or a contig with start and end",
                )
            start, end, contig = contig.start, contig.end, contig.contig
        if not isinstance(contig, str):
            raise InputError(
                f"{type(contig).__name__} is not a contig",
                source=self.path,
                remedy="give its name with start and end, or an Interval",
            )
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
