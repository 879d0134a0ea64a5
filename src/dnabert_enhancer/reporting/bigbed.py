"""Tables of places as bigBed: items with a colour, and every column of the table among their details."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyBigWig

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.reporting.annotation import Annotation
from dnabert_enhancer.reporting.table import NO_VALUE, number, read_rows

PACKAGE = "pybigtools"
_BED = (
    ("string", "chrom", "contig (chromosome)"),
    ("uint", "chromStart", "first base, counted from 0"),
    ("uint", "chromEnd", "the base after the last one, counted from 0"),
    ("string", "name", "name of the item"),
    ("uint", "score", "0 to 1000, for shading"),
    ("char[1]", "strand", "+, - or ."),
    ("uint", "thickStart", "where the thick part begins"),
    ("uint", "thickEnd", "where it ends"),
    ("uint", "reserved", "colour"),
)
_LONGEST_STRING, _LONGEST_NAME = 255, 100
_PALE, _BLUE, _GREEN = (204, 227, 240), (0, 114, 178), (0, 158, 115)
_ORANGE, _PURPLE, _GREY = (213, 94, 0), (204, 121, 167), (110, 110, 110)


class _Look(NamedTuple):
    """How an item is drawn: its name, a score of 0 to 1000, the thick part (default: all) and a colour."""

    name: str
    score: int
    colour: tuple[int, int, int]
    thick: tuple[int, int] | None = None


class Field(NamedTuple):
    """A field of a bigBed: its type of autoSql, its name there, and what it holds."""

    kind: str
    name: str
    meaning: str


def write_bigbed(path: Path, annotation: Annotation, contigs: Mapping[str, int]) -> list[Field]:
    """Write a table as bigBed 9+, and return its fields beyond BED; of no rows write nothing.

    Parameters
    ----------
    path : Path
    annotation : Annotation
        A table. The fields beyond BED are its columns, in their order, less those that BED has or that
        have no value at all.
    contigs : mapping of str to int
        Lengths in bp of all contigs of the table.

    Raises
    ------
    InputError
        A row that is not on its contig, or whose contig has no known length.
    ResourceError
        pybigtools is missing, or there is no space left.
    """
    columns, rows = _placed_rows(annotation, contigs)
    if not rows:
        return []
    place = annotation.place
    assert place is not None
    left_out = {*place[:3], *_IN_BED.get(annotation.name, ())}
    at = [
        column
        for column, name in enumerate(columns)
        if name not in left_out and any(cells[column] not in NO_VALUE for *_, cells in rows)
    ]
    fields = _fields(at, columns, [cells for *_, cells in rows], annotation.meanings)

    looks = _looks(annotation, columns, rows)

    def items() -> Iterator[tuple[str, int, int, str]]:
        for (contig, start, end, cells), drawn in zip(rows, looks, strict=True):
            low, high = drawn.thick or (start, end)
            strand = cells[columns.index("strand")] if "strand" in left_out else "."
            name = drawn.name if len(drawn.name) <= _LONGEST_NAME else f"{drawn.name[: _LONGEST_NAME - 1]}…"
            colour = ",".join(map(str, drawn.colour))
            bed = (name, str(drawn.score), strand, str(low), str(high), colour)
            yield contig, start, end, "\t".join([*bed, *(cells[column] for column in at)])

    used = sorted({contig for contig, *_ in rows})
    _written(path, {name: contigs[name] for name in used}, items(), _auto_sql(annotation, fields))
    _check(path, len(rows))
    return fields


def _placed_rows(
    annotation: Annotation, contigs: Mapping[str, int]
) -> tuple[list[str], list[tuple[str, int, int, list[str]]]]:
    """Return the columns, and each row with its place, in the order of contigs' names and starts."""
    lines = read_rows(annotation.path)
    _, columns = next(lines)
    place = annotation.place
    assert place is not None
    missing = [name for name in place[:3] if name not in columns]
    remedy = "run the command again"
    if missing:
        raise InputError(f"the table has no column {missing[0]!r}", source=annotation.path, remedy=remedy)
    at = [columns.index(name) for name in place[:3]]
    rows = []
    for line, cells in lines:
        contig, low, high = (cells[column] for column in at)
        where = f"line {line}"
        if contig not in contigs:
            raise InputError(
                f"no run says how long the contig {contig!r} is",
                source=annotation.path,
                location=where,
                remedy="give the scan too, or --assembly",
            )
        if not (low.isdecimal() and high.isdecimal() and int(low) < int(high) <= contigs[contig]):
            raise InputError(
                f"{contig}:{low}-{high} is no place on the contig, which is {contigs[contig]:,} bases long",
                source=annotation.path,
                location=where,
                remedy=remedy,
            )
        rows.append((contig, int(low), int(high), cells))
    return columns, sorted(rows, key=lambda row: row[:3])


def _looks(
    annotation: Annotation, columns: Sequence[str], rows: Sequence[tuple[str, int, int, list[str]]]
) -> list[_Look]:
    """Return how each row is drawn."""
    look, looks = _LOOKS[annotation.name], []
    for contig, start, _, cells in rows:
        try:
            looks.append(look(dict(zip(columns, cells, strict=True))))
        except ValueError as error:
            raise InputError(
                f"a number is expected: {error}",
                source=annotation.path,
                location=f"{contig}:{start}",
                remedy="run the command again",
            ) from None
    return looks


def _fields(
    at: Sequence[int], columns: Sequence[str], rows: Sequence[Sequence[str]], meanings: Mapping[str, str]
) -> list[Field]:
    taken = {name for _, name, _ in _BED}
    fields = []
    for column in at:
        name = re.sub(r"\W", "_", columns[column], flags=re.ASCII)
        if not name[:1].isalpha() or name in taken:
            name = f"table_{name}"
        taken.add(name)
        kind = _type_of([row[column] for row in rows])
        fields.append(Field(kind, name, meanings.get(columns[column], columns[column])))
    return fields


def _type_of(cells: Sequence[str]) -> str:
    """Return autoSql's type of a column; one with a cell without a value is text."""
    for kind, form in (("int", r"[+-]?\d{1,9}"), ("double", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")):
        if all(re.fullmatch(form, cell, re.ASCII) for cell in cells):
            return kind
    return "lstring" if max(len(cell.encode()) for cell in cells) > _LONGEST_STRING else "string"


def _auto_sql(annotation: Annotation, fields: Sequence[Field]) -> str:
    lines = [f'{kind} {name}; "{_quoted(told)}"' for kind, name, told in (*_BED, *fields)]
    return "\n".join([f"table {annotation.name}", f'"{_quoted(annotation.told)}"', "(", *lines, ")", ""])


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def _written(
    path: Path, contigs: dict[str, int], items: Iterator[tuple[str, int, int, str]], auto_sql: str
) -> None:
    try:
        import pybigtools
    except ImportError:
        raise ResourceError(
            f"bigBed files need the package {PACKAGE}",
            source="--track-hub",
            remedy="pip install '.[report]' in a clone of the suite",
        ) from None
    pybigtools.open(str(path), "w").write(contigs, items, auto_sql)


def _check(path: Path, rows: int) -> None:
    """Raise a `ResourceError` where a bigBed has not so many items: its writer prints errors and goes on."""
    found = 0
    try:
        with pyBigWig.open(str(path)) as made:
            for contig, length in made.chroms().items():
                found += len(made.entries(contig, 0, length, False) or ())
    except RuntimeError:
        found = 0
    if found != rows:
        raise ResourceError(
            f"the bigBed could not be written: {found:,} of {rows:,} items are in it",
            source=path.name,
            remedy="free some space",
        )


def _call(row: dict[str, str]) -> _Look:
    share = min(1.0, max(0.0, number(row.get("maximum", "")) or 0.0))
    share = share if share == share else 0.0
    red, green, blue = (round(pale + share * (full - pale)) for pale, full in zip(_PALE, _BLUE, strict=True))
    summit = row.get("summit", "")
    thick = (int(summit), int(summit) + 1) if summit.isdecimal() else None
    return _Look(row.get("name", "call"), round(1000 * share), (red, green, blue), thick)


def _novel(row: dict[str, str]) -> _Look:
    return _Look(row.get("name", "call"), 1000, _PURPLE)


def _candidate(row: dict[str, str]) -> _Look:
    effects = [row.get(f"{model}predicted_functional_effect", "") for model in ("", "tf_")]
    colours = {"Gain of function": _GREEN, "Loss of function": _ORANGE}
    colour = next((colours[effect] for effect in effects if effect in colours), _GREY)
    name = row.get("dbsnp_id", "")
    if name in NO_VALUE:
        name = f"{row.get('reference_nucleotide', '')}>{row.get('alternative_nucleotide', '')}"
    change = abs(
        number(row.get("alternative_probability", "")) - number(row.get("reference_probability", ""))
    )
    return _Look(name, min(1000, round(1000 * change)) if change == change else 0, colour)


_LOOKS: dict[str, Callable[[dict[str, str]], _Look]] = {
    "calls": _call,
    "novel": _novel,
    "candidates": _candidate,
}
"""How the rows of a table are drawn, by the name of the annotation."""
_IN_BED = {"calls": ("name", "score", "strand"), "novel": ("name", "strand")}
"""Columns of a table that are columns of BED, with the same content."""
