"""Tables on the terminal, which fit its width, and as TSV where the output is a file or a pipe."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_GAP = 3
_LEAST_WORDS = 40
_ASK_FOR_A_TERMINAL = {"FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
"""Variables by which rich takes a pipe for a terminal."""


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table.

    On a terminal, columns that do not fit beside the others follow in a further table below, with the first
    column again; no number is cut or divided. Elsewhere it is TSV, under the title as a comment.

    Parameters
    ----------
    title : str
        What the rows are of.
    columns : sequence of str
        Titles; the first column names the rows.
    rows : sequence of sequence of str
        Cells; one may have several lines.
    """
    console = _terminal()
    if console is None:
        _write_tsv(title, columns, rows)
        return
    widths = [_width(columns[at], [row[at] for row in rows]) for at in range(len(columns))]
    left = list(range(1, len(columns)))
    while left:
        ends = itertools.accumulate((widths[at] + _GAP for at in left), initial=widths[0] + _GAP)
        fitting = max(1, sum(end <= console.width for end in ends) - 1)
        console.print(_table(title, columns, rows, left[:fitting], widths))
        left, title = left[fitting:], ""


def show_list(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], least: Sequence[str] = ()
) -> None:
    """Print things that are described in words, as by `show_table` but for a last column that is wrapped.

    Parameters
    ----------
    title : str
        What the rows are; may be empty.
    columns : sequence of str
        Titles; the last column holds the words.
    rows : sequence of sequence of str
        Cells; those of the last column may have several lines.
    least : sequence of str
        The columns that a terminal too narrow for all of them gets; default: all.
    """
    console = _terminal()
    if console is None:
        _write_tsv(title, columns, rows)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    taken = list(range(len(columns)))
    widths = [_width(columns[at], [row[at] for row in rows]) for at in taken]
    if sum(width + _GAP for width in widths[:-1]) + _LEAST_WORDS > console.width and least:
        taken = [columns.index(name) for name in least]
    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for at in taken:
        table.add_column(Text(columns[at]), no_wrap=at < len(columns) - 1, overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[at]) for at in taken))
    console.print(table)


def _terminal() -> Console | None:
    """Return the terminal; none where the output is a file or a pipe, for which rich is not imported."""
    if not sys.stdout.isatty() and not os.environ.keys() & _ASK_FOR_A_TERMINAL:
        return None
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else None


def _write_tsv(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [f"# {title}"] * bool(title) + ["\t".join(columns)]
    lines += ["\t".join(" ".join(cell.split()) for cell in row) for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")


def _width(title: str, cells: Sequence[str]) -> int:
    """Return the width of a column whose title may be divided at blanks, and whose cells may not."""
    return max(len(line) for text in (title.replace(" ", "\n"), *cells) for line in text.split("\n"))


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], taken: list[int], widths: list[int]
) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for at in (0, *taken):
        table.add_column(Text(columns[at]), justify="right" if at else "left", width=widths[at])
    for row in rows:
        table.add_row(*(Text(row[at]) for at in (0, *taken)))
    return table
