"""The table of regions: a pandas DataFrame of intervals, made from BED files, arrays or users' tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_line_blocks
from dnabert_enhancer.genome.bed_reader import RegionReader
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.interval import STRANDS, Interval

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BYTES = 1 << 23


@dataclass(frozen=True, eq=False)
class RegionTable:
    """Regions in the order of their file.

    Attributes
    ----------
    frame : DataFrame
        One row per region, numbered from 0, with the columns

        - ``chrom``: categories of str; with a genome all its contigs in its order, else the file's in the
          order of their first use,
        - ``start``, ``end``: int64, 0-based and half-open, ``0 <= start <= end``,
        - ``name``: column 4, ``.`` where it is missing,
        - ``score``: column 5, float64, NaN where it is not a number,
        - ``strand``: categories ``+``, ``-`` and ``.``, the last where column 6 is anything else,
        - further columns that were asked for, as text, empty where they are missing,
        - ``rest``, where every row was asked for: columns 4 and on as they stand in the file, with tabs,
        - ``line``: int64, line of the file, from 1.

        Without details there are no names, scores and strands.
    source : str
        Name of the file.
    skipped : dict of str to int
        How many regions were left out, by reason.
    outside : list of DataFrame
        Those regions, where every row was asked for: ``chrom`` as given, ``start``, ``end``, ``rest``,
        ``line`` and ``reason``.
    rest_titles : tuple of str
        What the columns of ``rest`` are called; empty: what BED calls them.
    """

    frame: pd.DataFrame
    source: str = "regions"
    skipped: dict[str, int] = field(default_factory=dict)
    outside: list[pd.DataFrame] = field(default_factory=list)
    rest_titles: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def __iter__(self) -> Iterator[Interval]:
        names = [name for name in ("chrom", "start", "end", "strand") if name in self.frame]
        yield from map(Interval, *(self.frame[name].tolist() for name in names))


def region_frame(
    chrom: Any,
    start: NDArray[np.integer] | Iterable[int],
    end: NDArray[np.integer] | Iterable[int],
    contigs: Iterable[str] | None = None,
    **columns: Any,
) -> pd.DataFrame:
    """Return a table of regions made of arrays.

    Parameters
    ----------
    chrom : sequence of str, or integer array
        Names, or numbers of `contigs`.
    start, end : sequence of int
        0-based and half-open.
    contigs : iterable of str, optional
        The categories of ``chrom``; needed with numbers. Default: the names in the order of their first use.
    columns : sequence
        Further columns.
    """
    import pandas as pd

    names = list(dict.fromkeys(chrom)) if contigs is None else list(contigs)
    categories = pd.Index(names, dtype=object)
    is_code = isinstance(chrom, np.ndarray) and chrom.dtype.kind in "iu"
    chroms = (
        pd.Categorical.from_codes(chrom, categories)
        if is_code
        else pd.Categorical(list(chrom), categories=categories)
    )
    starts, ends = (np.asarray(column, dtype=np.int64) for column in (start, end))
    return pd.DataFrame({"chrom": chroms, "start": starts, "end": ends, **columns})


def frame_of_intervals(intervals: Iterable[Interval], contigs: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the table of some intervals, with their strands and lines from 1; see `region_frame`."""
    import pandas as pd

    rows = list(intervals)
    return region_frame(
        [row.contig for row in rows],
        [row.start for row in rows],
        [row.end for row in rows],
        contigs,
        strand=pd.Categorical([row.strand for row in rows], categories=STRANDS),
        line=np.arange(1, len(rows) + 1),
    )


def place_regions(
    frame: pd.DataFrame,
    genome_sizes: Mapping[str, int],
    *,
    names: ContigNames | None = None,
    skip_outside: bool | None = None,
    every_row: bool = False,
) -> RegionTable:
    """Return a user's table of regions on the contigs of a genome.

    Parameters
    ----------
    frame : DataFrame
        Columns ``chrom``, ``start`` and ``end``, 0-based and half-open; others are kept.
    genome_sizes, names, skip_outside
        As for `read_regions`.
    every_row : bool
        As for `read_regions`; further columns become texts in ``rest``, and ``line`` is the row, from 0.

    Raises
    ------
    InputError
        Positions that are not whole numbers, a negative start, an end before its start, a region outside of
        the genome: the first such row, counted from 0, with the number of further ones.
    """
    for column in ("start", "end"):
        if frame[column].dtype.kind not in "iu":
            raise InputError(
                f"the column {column} of the table of regions holds {frame[column].dtype}, not whole numbers",
                remedy="give 0-based, half-open positions",
            )
    reader = RegionReader(
        "regions",
        genome_sizes,
        names,
        skip_outside=skip_outside,
        details=False,
        further=None,
        every_row=every_row,
        unit="row",
    )
    start, end = (frame[column].to_numpy(dtype=np.int64) for column in ("start", "end"))
    if (end < start).any():
        row = int((end < start).argmax())
        raise InputError(
            f"the end {end[row]} is before the start {start[row]}",
            source="regions",
            location=f"row {row}",
            remedy="coordinates are 0-based and half-open, start first on both strands",
        )
    reader.take_columns(frame["chrom"].astype(str).to_numpy(dtype=object), start, end)
    placed, skipped = reader.finish()
    others = [column for column in frame if column not in ("chrom", "start", "end")]
    if not every_row:
        kept = frame[others].iloc[placed["line"]].reset_index(drop=True)
        return RegionTable(placed[["chrom", "start", "end"]].join(kept), "regions", skipped)
    texts = frame[others].astype("string").fillna(".").replace(r"[\t\r\n]", " ", regex=True)
    joined = ["\t".join(row) for row in texts.itertuples(index=False)] if others else [""] * len(frame)
    rest = np.array([*joined, None], dtype=object)[:-1]
    table = placed[["chrom", "start", "end", "line"]].assign(rest=rest[placed["line"]])
    outside = [part.assign(rest=rest[part["line"]]) for part in reader.outside]
    return RegionTable(table, "regions", skipped, outside, tuple(map(str, others)))


def read_regions(
    path: str | os.PathLike[str],
    genome_sizes: Mapping[str, int] | None = None,
    *,
    names: ContigNames | None = None,
    skip_outside: bool | None = None,
    details: bool = True,
    further: Mapping[str, int] | None = None,
    titles: bool = True,
    every_row: bool = False,
) -> RegionTable:
    """Read the regions of a BED file, or of a table that says by titles or format where its regions are.

    Parameters
    ----------
    path : str or path
        BED of 3 to 12 columns, narrowPeak or broadPeak; plain, gzip or bgzip; ``-`` is the standard input.
        Columns are separated by tabs, or by blanks in a line without tabs. Blank lines, comments (``#``),
        ``track`` and ``browser`` lines and a title line (``chrom start end``) are passed over. A file without
        any interval is no error.

        Below a title line with a column ``length`` or ``width`` (MACS' xls, tables of Bioconductor's GRanges)
        that column says whether positions are 0-based and half-open or 1-based and inclusive. HOMER's peaks,
        SAF, GFF3, GTF and Picard's interval lists are 1-based and inclusive, tables of UCSC's Table Browser
        0-based and half-open. All rows of a GFF are regions, named by ``ID`` or ``gene_id``.
    genome_sizes : mapping of str to int, optional
        Contig lengths in base pairs, to check against. With it the categories of ``chrom`` are the genome's
        contigs, in its order and under its names.
    names : ContigNames, optional
        Finds the genome's contigs under other spellings; default: made of `genome_sizes`.
    skip_outside : bool, optional
        False: an unknown contig, an end beyond its contig or a negative start is an error, whose remedy names
        the option. None (default): the same, for callers without such an option. True: such regions are left
        out and counted in the table's `skipped` as ``contig_not_in_genome``, ``beyond_contig_end`` and
        ``negative_start``.
    details : bool
        False: leave names, scores and strands unread, which takes a third of the time.
    further : mapping of str to int, optional
        Further columns to keep as text, by name, with their number in the file from 0.
    titles : bool
        False: every file is BED, whatever its titles or its rows say.
    every_row : bool
        Also keep columns 4 and on as they stand, and the regions that are left out.

    Raises
    ------
    InputError
        Titles that leave open whether positions are 0-based or 1-based; fewer than three columns, a position
        that is not a whole number, a negative start, an end before its start, a length that start and end do
        not have, text that is not UTF-8, an unknown contig, an end beyond its contig: the first such line,
        with the number of further lines that are wrong.
    """
    source = describe_source(path)
    reader = RegionReader(
        source,
        genome_sizes,
        names,
        skip_outside=skip_outside,
        details=details,
        further=further,
        titles=titles,
        every_row=every_row,
    )
    for block in read_line_blocks(path, _BLOCK_BYTES):
        reader.take(block)
    frame, skipped = reader.finish()
    return RegionTable(frame, source, skipped, reader.outside)
