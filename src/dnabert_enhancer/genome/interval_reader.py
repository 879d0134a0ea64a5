"""Reads the intervals of a BED file as columns: ten million lines in seconds, every fault with its line."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import LineBlock, read_line_blocks
from dnabert_enhancer.genome.bed import parse_bed_line
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.interval_columns import Columns, find_columns
from dnabert_enhancer.genome.interval_table import IntervalTable, empty_column

_BLOCK_BYTES = 1 << 22
_FAR = np.iinfo(np.int64).max


def read_intervals(
    path: str | os.PathLike[str],
    genome_sizes: Mapping[str, int] | None = None,
    *,
    names: ContigNames | None = None,
    skip_outside: bool = False,
    details: bool = True,
) -> IntervalTable:
    """Read the intervals of a BED file.

    Parameters
    ----------
    path : str or path
        As for `read_bed`.
    genome_sizes : mapping of str to int, optional
        Contig lengths in base pairs, to check against. With it the table's contigs are the genome's, in its
        order and under its names; without it they are the file's, in the order of their first use.
    names : ContigNames, optional
        Finds the genome's contigs under other spellings; default: made of `genome_sizes`.
    skip_outside : bool
        False (default): an unknown contig or an end beyond its contig is an error. True: such intervals are
        left out and counted in the table's `skipped` as ``contig_not_in_genome`` and ``beyond_contig_end``.
    details : bool
        False: leave names and scores unread, which halves the memory (about 29 bytes an interval stay).

    Raises
    ------
    InputError
        What `read_bed` refuses, an unknown contig, an end beyond its contig: the first such line, with the
        number of further lines that are wrong.
    """
    source = "standard input" if os.fspath(path) == "-" else os.fspath(path)
    reader = _Reader(source, genome_sizes, names, skip_outside=skip_outside, details=details)
    for block in read_line_blocks(path, _BLOCK_BYTES):
        reader.take(block)
    return reader.finish()


class _Reader:
    """Collects the rows of the blocks and the faults of all lines."""

    def __init__(
        self,
        source: str,
        sizes: Mapping[str, int] | None,
        names: ContigNames | None,
        *,
        skip_outside: bool,
        details: bool,
    ) -> None:
        self._source = source
        self._names = names if names is not None or sizes is None else ContigNames(sizes)
        self._own_contigs = None if sizes is None else {name: number for number, name in enumerate(sizes)}
        # the last is for the index -1 of an unknown contig
        self._sizes = np.array([0] if sizes is None else [*sizes.values(), 0], dtype=np.int64)
        self._skip_outside = skip_outside
        self._details = details
        self._skipped = {"contig_not_in_genome": 0, "beyond_contig_end": 0}
        self._contigs: dict[str, int] = {}
        self._parts: list[IntervalTable] = []
        self._first_error: InputError | None = None
        self._error_count = 0
        self._first_error_line = _FAR

    def take(self, block: LineBlock) -> None:
        """Read one block."""
        places = find_columns(block.content)
        if not places.is_plain.all():
            places = find_columns(self._with_plain_lines(block, places))
        kept = np.flatnonzero(places.is_interval)
        contig_index, found = self._contig_numbers(places, kept)
        table = IntervalTable(
            [],
            contig_index,
            places.start[kept],
            places.end[kept],
            block.first_line + kept,
            places.strand_index[kept],
            places.column(3, kept) if self._details else empty_column(len(kept)),
            places.column(4, kept) if self._details else empty_column(len(kept)),
        )
        self._parts.append(table if self._own_contigs is None else self._inside(table, found))

    def finish(self) -> IntervalTable:
        """Return the table, or raise the first fault."""
        if self._first_error is not None:
            error, others = self._first_error, self._error_count - 1
            if not others:
                raise error
            more = "1 more line is wrong" if others == 1 else f"{others} more lines are wrong"
            raise InputError(
                f"{error.problem} ({more})", source=error.source, location=error.location, remedy=error.remedy
            )
        contigs = self._contigs if self._own_contigs is None else self._own_contigs
        skipped = {reason: count for reason, count in self._skipped.items() if count}
        return IntervalTable.joined(self._parts, list(contigs), skipped)

    def _with_plain_lines(self, block: LineBlock, places: Columns) -> bytes:
        """Return the block with every unusual line written as a plain one, or as a comment."""
        lines = block.content[:-1].split(b"\n")
        for row in np.flatnonzero(~places.is_plain).tolist():
            number = block.first_line + row
            try:
                fields = parse_bed_line(self._decoded(lines[row], number), self._source, number)
            except InputError as error:
                self._note(error, number, 1)
                fields = None
            if fields is None:
                lines[row] = b"#"
            else:
                first = (fields.chrom, str(fields.start), str(fields.end))
                lines[row] = "\t".join((*first, *fields.columns[3:])).encode()
        return b"\n".join(lines) + b"\n"

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"the text is not UTF-8 (byte 0x{line[error.start]:02x})",
                source=self._source,
                location=f"line {number}",
                remedy="save the file as UTF-8",
            ) from None

    def _contig_numbers(self, places: Columns, rows: NDArray[np.intp]) -> tuple[NDArray[np.int32], list[str]]:
        """Return the number of each row's contig (-1 - i for the i-th unknown one) and the names met here."""
        first_rows, inverse = places.distinct_contigs(rows)
        met = places.column(0, first_rows).unpacked()
        numbers = np.empty(len(met), dtype=np.int32)
        for position, name in enumerate(met):
            own = name if self._names is None else self._names.resolve(name)
            if self._own_contigs is None:
                numbers[position] = self._contigs.setdefault(own or name, len(self._contigs))
            else:
                numbers[position] = (
                    -1 - position if own is None else self._own_contigs.get(own, -1 - position)
                )
        return numbers[inverse], met

    def _inside(self, table: IntervalTable, met: list[str]) -> IntervalTable:
        """Return the rows that lie within the genome; note or count the others."""
        unknown = table.contig_index < 0
        beyond = ~unknown & (table.end > self._sizes[np.maximum(table.contig_index, 0)])
        outside = unknown | beyond
        if not outside.any():
            return table
        if self._skip_outside:
            self._skipped["contig_not_in_genome"] += int(unknown.sum())
            self._skipped["beyond_contig_end"] += int(beyond.sum())
        else:
            row = int(outside.argmax())
            self._note(self._outside_error(table, row, met), int(table.lines[row]), int(outside.sum()))
        return table.take(~outside)

    def _outside_error(self, table: IntervalTable, row: int, met: list[str]) -> InputError:
        own = list(self._own_contigs or ())
        number = int(table.contig_index[row])
        if number < 0:
            problem = f"there is no contig {met[-1 - number]!r} in the genome"
            remedy = (
                "the genome has " + ", ".join(own[:3]) + (f" and {len(own) - 3} others" if own[3:] else "")
            )
        else:
            problem = f"the end {table.end[row]} is beyond {own[number]} ({self._sizes[number]} bp)"
            remedy = "check that the file and the genome are of the same assembly"
        return InputError(problem, source=self._source, location=f"line {table.lines[row]}", remedy=remedy)

    def _note(self, error: InputError, line: int, count: int) -> None:
        self._error_count += count
        if line < self._first_error_line:
            self._first_error_line = line
            self._first_error = error
