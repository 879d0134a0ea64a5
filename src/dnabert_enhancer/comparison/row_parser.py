"""Turns the rows of a database's file into elements: places, names, numbers, and the filters on them."""

from __future__ import annotations

import difflib
import logging
import os
import re
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dnabert_enhancer.comparison.elements import Elements, element_frame
from dnabert_enhancer.comparison.preset import Layout, Preset
from dnabert_enhancer.comparison.row_reader import Row
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import check_name

_log = logging.getLogger(__name__)
_NO_PLACE = frozenset({"", "na", "nan", "null", "none", "-", "--", "."})
_BAD_ROWS_ALLOWED = 0.01
_SHOWN_CHOICES = 20
LARGEST_PLACE = 10**12


@dataclass(frozen=True)
class Selection:
    """Which elements of a file are wanted, and what the user says about its columns.

    Parameters
    ----------
    cells, kinds : tuple of str
        Cell types and classes, any of them; empty: all. Case does not count.
    min_score : float, optional
        Elements with a lower score, or none, are left out.
    base : 0 or 1, optional
        Of the start; default: the preset's.
    columns : mapping of str to str
        See `row_reader.read_table`.
    strict : bool
        A row without a usable place is an error; otherwise up to 1 % of such rows are left out and counted.
    may_be_empty : bool
        A file without a row, titles and comments apart, holds no elements; otherwise it is an error.
    """

    cells: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    min_score: float | None = None
    base: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    may_be_empty: bool = False


class RowParser:
    """Collects the elements of one file, row by row.

    Parameters
    ----------
    path : str or path
        The file, for messages.
    preset : Preset
    layout : Layout
        The preset's layout that fits, with all columns by position.
    selection : Selection
        What is wanted.
    """

    def __init__(
        self, path: str | os.PathLike[str], preset: Preset, layout: Layout, selection: Selection
    ) -> None:
        self._path, self._layout, self._selection = path, layout, selection
        self._base = preset.base if selection.base is None else selection.base
        self._place = _place_of(layout)
        self._keep = [(at, re.compile(pattern, re.IGNORECASE)) for at, pattern in layout.keep.items()]
        self._name_pattern = re.compile(layout.name_pattern) if layout.name_pattern else None
        self._cell_pattern = re.compile(layout.cell_pattern) if layout.cell_pattern else None
        self._wanted = {
            "cell": frozenset(text.strip().casefold() for text in selection.cells),
            "class": frozenset(text.strip().casefold() for text in selection.kinds),
        }
        self._there: dict[str, Counter[str]] = {"cell": Counter(), "class": Counter()}
        self._contigs: dict[str, int] = {}
        self._index, self._start, self._end = array("i"), array("q"), array("q")
        self._rows, self._scores = array("q"), array("d")
        self._names: list[str] = []
        self._counts: Counter[str] = Counter()
        self._first_bad: InputError | None = None
        has_groups = _groups(layout)
        if self._wanted["cell"] and layout.cell is None and "cell" not in has_groups:
            raise self._no_column("cell", preset)
        if self._wanted["class"] and layout.kind is None and "kind" not in has_groups:
            raise self._no_column("class", preset)
        self._has_names = layout.name is not None or "name" in has_groups
        self._is_filtered = bool(self._keep or any(self._wanted.values()))

    def take(self, row: Row) -> None:
        """Read one row."""
        number, fields = row
        self._counts["rows"] += 1
        try:
            contig, start_text, end_text, groups = self._place(fields)
            if self._is_filtered and not self._passes(fields, groups):
                return
            start, end = int(start_text) - self._base, int(end_text)
        except (IndexError, ValueError):
            odd = self._odd_place(number, fields)
            if odd is None:
                return
            contig, start, end, groups = odd
        if not 0 <= start <= end <= LARGEST_PLACE or not contig:
            self._bad(number, _what_is_wrong(contig, start + self._base, end, self._base))
            return
        score = self._score(fields)
        if self._selection.min_score is not None and not score >= self._selection.min_score:
            self._counts["filtered_by_score"] += 1
            return
        if start == end:
            self._counts["zero_length"] += 1
            return
        name = self._name(fields, groups) if self._has_names else ""
        if contig not in self._contigs:
            check_name(contig, self._path, f"line {number}")
        check_name(name, self._path, f"line {number}")
        self._index.append(self._contigs.setdefault(contig, len(self._contigs)))
        self._start.append(start)
        self._end.append(end)
        self._rows.append(number)
        self._scores.append(score)
        if self._has_names:
            self._names.append(name)

    def finish(self) -> Elements:
        """Return the elements, or say why there is none."""
        bad, rows = self._counts["unusable_row"], self._counts["rows"]
        if self._first_bad is not None and bad > _BAD_ROWS_ALLOWED * rows:
            raise self._first_bad
        if self._first_bad is not None:
            _log.warning("%s: %d of %d rows left out, the first: %s", self._path, bad, rows, self._first_bad)
        if not len(self._start) and (rows or not self._selection.may_be_empty):
            raise self._nothing_left()
        columns = (self._index, self._start, self._end, self._names, self._scores, self._rows)
        return Elements(element_frame(list(self._contigs), *columns), +self._counts)

    def _passes(self, fields: Sequence[str], groups: Mapping[str, str | None]) -> bool:
        for at, pattern in self._keep:
            if not pattern.fullmatch(fields[_position(at)].strip()):
                self._counts["filtered_by_preset"] += 1
                return False
        for what, column, texts in (
            ("cell", self._layout.cell, self._cells),
            ("class", self._layout.kind, _kinds),
        ):
            if not self._wanted[what]:
                continue
            group = groups.get("kind" if what == "class" else what)
            text = (group or "") if column is None else fields[_position(column)]
            found = texts(text)
            self._there[what].update(found)
            if not any(name.casefold() in self._wanted[what] for name in found):
                self._counts[f"filtered_by_{what}"] += 1
                return False
        return True

    def _cells(self, text: str) -> list[str]:
        if self._cell_pattern is None:
            return [text.strip()]
        return [found.strip() for found in self._cell_pattern.findall(text)] or [text.strip()]

    def _score(self, fields: Sequence[str]) -> float:
        column = self._layout.score
        if not isinstance(column, int) or column >= len(fields):
            return float("nan")
        try:
            return float(fields[column])
        except ValueError:
            return float("nan")

    def _name(self, fields: Sequence[str], groups: Mapping[str, str | None]) -> str:
        column = self._layout.name
        if column is None:
            return " ".join((groups.get("name") or ".").split())
        text = fields[column] if isinstance(column, int) and column < len(fields) else ""
        if self._name_pattern is not None and (found := self._name_pattern.search(text)):
            text = found[1]
        return " ".join(text.split()) or "."

    def _odd_place(
        self, number: int, fields: Sequence[str]
    ) -> tuple[str, int, int, Mapping[str, str | None]] | None:
        """Look again at a row whose start and end are not plain numbers; None when it is left out."""
        try:
            contig, start_text, end_text, groups = self._place(fields)
        except (IndexError, ValueError) as error:
            if self._layout.places is not None and not isinstance(error, IndexError):
                self._counts["filtered_by_preset"] += 1
            else:
                self._bad(number, f"{len(fields)} columns, too few for a place")
            return None
        if any(text.strip().casefold() in _NO_PLACE for text in (contig, start_text, end_text)):
            self._counts["without_place"] += 1
            return None
        start, end = _whole(start_text), _whole(end_text)
        if start is None or end is None:
            which, text = ("start", start_text) if start is None else ("end", end_text)
            self._bad(number, f"the {which} {text.strip()!r} is not a whole number")
            return None
        return contig, start - self._base, end, groups

    def _bad(self, number: int, problem: str) -> None:
        self._counts["unusable_row"] += 1
        error = InputError(
            problem,
            source=self._path,
            location=f"line {number}",
            remedy="correct the file, or name another preset (--list-presets)",
        )
        if self._selection.strict:
            raise error
        self._first_bad = self._first_bad or error

    def _no_column(self, what: str, preset: Preset) -> InputError:
        return InputError(
            f"the preset {preset.name} has no column for {what}, which {what}= asks for",
            source=self._path,
            remedy=f"leave {what}= out, or name the column with preset=table",
        )

    def _nothing_left(self) -> InputError:
        for what, wanted in self._wanted.items():
            there = self._there[what]
            if wanted and there and self._counts[f"filtered_by_{what}"]:
                names = " or ".join(self._selection.cells if what == "cell" else self._selection.kinds)
                return InputError(
                    f"{what}={names} matches none of {self._counts['rows']} rows; {_choices(there, wanted)}",
                    source=self._path,
                    remedy="name one of those",
                )
        counted = ", ".join(f"{count} {code}" for code, count in self._counts.items() if code != "rows")
        detail = f" ({self._counts['rows']} rows: {counted})" if counted else ""
        return InputError(
            f"there is no element in the file{detail}",
            source=self._path,
            remedy="check the file and its preset",
        )


def _place_of(
    layout: Layout,
) -> Callable[[Sequence[str]], tuple[str, str, str, Mapping[str, str | None]]]:
    """Return the function that finds contig, start, end and named groups in a row's fields."""
    nothing: dict[str, str | None] = {}
    if layout.places is None:
        chrom, first, last = _position(layout.chrom), _position(layout.start), _position(layout.end)

        def by_column(fields: Sequence[str]) -> tuple[str, str, str, Mapping[str, str | None]]:
            return fields[chrom].strip(), fields[first], fields[last], nothing

        return by_column
    pattern = re.compile(layout.places, re.IGNORECASE)

    def by_pattern(fields: Sequence[str]) -> tuple[str, str, str, Mapping[str, str | None]]:
        found = pattern.fullmatch(fields[0].strip())
        if found is None:
            raise ValueError("the text has no coordinates")
        return found["chrom"], found["start"], found["end"], found.groupdict()

    return by_pattern


def _groups(layout: Layout) -> frozenset[str]:
    return frozenset() if layout.places is None else frozenset(re.compile(layout.places).groupindex)


def _position(column: int | str) -> int:
    assert isinstance(column, int)
    return column


def _kinds(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def _whole(text: str) -> int | None:
    """Return a number that R or a spreadsheet wrote as ``1e+05`` or ``100000.0``."""
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if abs(number) < LARGEST_PLACE and number == int(number) else None


def _what_is_wrong(contig: str, start: int, end: int, base: int) -> str:
    if not contig:
        return "the contig is empty"
    if start - base < 0:
        return f"the start {start} is before the contig's first base ({base} in this preset)"
    if end > LARGEST_PLACE:
        return f"the end {end} is beyond any contig"
    return f"the end {end} is before the start {start}"


def _choices(there: Counter[str], wanted: frozenset[str]) -> str:
    """Return what a filter could have named: near ones first, then the most frequent."""
    by_plain = {name.casefold(): name for name in there}
    near = [match for text in sorted(wanted) for match in difflib.get_close_matches(text, by_plain, 3, 0.5)]
    order = dict.fromkeys([by_plain[text] for text in near] + [name for name, _ in there.most_common()])
    shown = [f"{name!r} ({there[name]})" for name in list(order)[:_SHOWN_CHOICES]]
    more = f" and {len(order) - _SHOWN_CHOICES} others" if len(order) > _SHOWN_CHOICES else ""
    return "there are " + ", ".join(shown) + more
