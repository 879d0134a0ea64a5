"""Tables of runs: the best rows of a file of any length, as they stand in it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines

NO_VALUE = ("NA", "", ".")
LONGEST_CELL = 200
"""Longer texts, such as alleles of thousands of bases, are cut in the page."""


class Place(NamedTuple):
    """Which columns say where a row is.

    Attributes
    ----------
    contig, start, end : str
        Names of columns; `end` may be `start`.
    base : int
        0: half-open; 1: the first base is 1, and the end is inclusive.
    """

    contig: str
    start: str
    end: str
    base: int


REGION, POSITION = Place("chrom", "start", "end", 0), Place("chrom", "pos", "pos", 1)


@dataclass(frozen=True)
class Table:
    """What the page shows of a file.

    Attributes
    ----------
    title, file : str
        What it is; the name of the file with all rows.
    columns : sequence of str
    rows : list of list of str
        The best ones, in their order.
    total : int
        Rows of the file.
    order : str
        By what rows are the best.
    meanings : mapping
        What columns hold, in plain words.
    hidden : sequence of str
        Columns that are shown only when asked for, beside those without a value.
    place : Place, optional
    """

    title: str
    file: str
    columns: Sequence[str]
    rows: list[list[str]]
    total: int
    order: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    hidden: Sequence[str] = ()
    place: Place | None = None

    def column(self, name: str) -> list[str]:
        """Return the cells of a column."""
        at = list(self.columns).index(name)
        return [row[at] for row in self.rows]

    def data(self) -> dict[str, Any]:
        """Return what the page's script needs, as JSON values.

        Cells are texts, or numbers where a column holds nothing else; None stands for no value.
        """
        shown = [[None if cell in NO_VALUE else cell for cell in row] for row in self.rows]
        numeric = [_is_numeric(row[at] for row in shown) for at in range(len(self.columns))]
        place = None
        if self.place is not None and {*self.place[:3]} <= {*self.columns}:
            at = [list(self.columns).index(name) for name in self.place[:3]]
            place = [*at, self.place.base]
        return {
            "file": self.file,
            "columns": [
                {
                    "name": name,
                    "meaning": self.meanings.get(name, ""),
                    "number": numeric[at],
                    "shown": name not in self.hidden and any(row[at] is not None for row in shown),
                }
                for at, name in enumerate(self.columns)
            ],
            "rows": [[_cut(cell) for cell in row] for row in shown],
            "place": place,
        }


def titles_of(path: Path) -> list[str]:
    """Return the titles of a table; see `read_rows`."""
    return next(read_rows(path))[1]


def preamble_of(path: Path) -> str:
    """Return what the first line of a table says of it after ``# ``; nothing where it begins with titles."""
    first = next((text for _, text in read_text_lines(path)), "")
    return first[2:] if first.startswith("# ") else ""


def read_rows(path: Path, titles: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table with their lines, the titles first; a ``#`` before them is dropped.

    Lines before the titles that begin with ``# `` are left out; see `preamble_of`.

    Parameters
    ----------
    path : Path
    titles : sequence of str
        Of a file that has none, such as a BED.

    Raises
    ------
    InputError
        No titles, or a row of another length.
    """
    columns = len(titles)
    if titles:
        yield 0, list(titles)
    for line, text in read_text_lines(path):
        if not columns and text.startswith("# "):
            continue
        cells = text.split("\t")
        if not columns:
            columns, cells[0] = len(cells), cells[0].removeprefix("#")
        elif len(cells) != columns:
            raise InputError(
                f"the row has {len(cells)} columns, the titles are {columns}",
                source=path,
                location=f"line {line}",
                remedy="run the command again",
            )
        yield line, cells
    if not columns:
        raise InputError("the table has no titles", source=path, remedy="run the command again")


def best_rows(
    path: Path,
    title: str,
    rows: int,
    size: Callable[[dict[str, str]], float] | None = None,
    *,
    watch: Callable[[dict[str, str]], None] | None = None,
    needed: Sequence[str] = (),
    titles: Sequence[str] = (),
    **more: Any,  # further fields of `Table`
) -> Table:
    """Return the table of a file with the rows of the largest size, in memory of these alone.

    Parameters
    ----------
    path : Path
    title : str
    rows : int
        How many are kept at most.
    size : callable, optional
        Takes a row by its titles; NaN counts as the smallest. Default: the first rows are the best.
    watch : callable, optional
        Called with every row of the file.
    needed : sequence of str
        Columns that `size` and `watch` read; an `InputError` names one that is missing.
    titles : sequence of str
        Of a file that has none.
    **more
        Further fields of the `Table`.
    """
    lines = read_rows(path, titles)
    _, columns = next(lines)
    for name in needed:
        if name not in columns:
            raise InputError(f"the table has no column {name!r}", source=path, remedy="run the command again")
    total = 0

    def sized() -> Iterator[tuple[float, int, list[str]]]:
        nonlocal total
        for line, cells in lines:
            total += 1
            row = dict(zip(columns, cells, strict=True))
            try:
                if watch is not None:
                    watch(row)
                value = 0.0 if size is None else size(row)
            except ValueError as error:
                raise InputError(
                    f"a number is expected: {error}",
                    source=path,
                    location=f"line {line}",
                    remedy="run the command again",
                ) from None
            yield (-math.inf if math.isnan(value) else value), -total, cells

    best = heapq.nlargest(rows, sized())
    return Table(title, path.name, columns, [cells for *_, cells in best], total, **more)


def number(text: str) -> float:
    """Return the number of a cell, NaN where it has no value."""
    return math.nan if text in NO_VALUE else float(text)


def _is_numeric(cells: Iterator[str | None]) -> bool:
    known = [cell for cell in cells if cell is not None]
    try:
        return bool(known) and all(math.isfinite(float(cell)) or cell[-3:] == "inf" for cell in known)
    except ValueError:
        return False


def _cut(cell: str | None) -> str | None:
    if cell is None or len(cell) <= LONGEST_CELL:
        return cell
    return f"{cell[:LONGEST_CELL]}… ({len(cell):,} characters)"
