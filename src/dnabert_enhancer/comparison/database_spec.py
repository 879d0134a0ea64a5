"""What users say about a database: ``NAME=FILE,preset=…,assembly=…,cell=…``, or a row of a manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dnabert_enhancer.comparison.element_reader import Selection
from dnabert_enhancer.comparison.elements import Elements
from dnabert_enhancer.comparison.preset import Preset, plain_title
from dnabert_enhancer.comparison.presets import PRESETS
from dnabert_enhancer.comparison.row_reader import head_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import csv_rows, is_stream, read_text_lines, sha256_of, size_of
from dnabert_enhancer.genome import assembly_name

KEYS = ("preset", "assembly", "cell", "class", "min_score", "base", "chrom", "start", "end", "name", "score")
"""What can be said about a database besides its name and file."""
_COLUMNS = ("chrom", "start", "end", "name", "score")
_REPEATED = ("cell", "class")
_LONGEST_NAME = 80
_PEAK_ENDINGS = {
    ".narrowpeak": "narrowpeak",
    ".broadpeak": "broadpeak",
    ".gtf": "gtf",
    ".gff": "gtf",
    ".gff3": "gtf",
}


@dataclass(frozen=True)
class Database:
    """One database to compare with.

    Parameters
    ----------
    name : str
        What the user calls it.
    path : str
        Its file.
    preset : Preset
        How the file is read.
    assembly : str
        What the file is in.
    selection : Selection
        Which of its elements.
    guessed : bool
        The preset was recognised and not named.
    elements : Elements, optional
        What is compared where a table was given instead of a file.
    """

    name: str
    path: str
    preset: Preset
    assembly: str
    selection: Selection = field(default_factory=Selection)
    guessed: bool = False
    elements: Elements | None = None


def parse_database(text: str, assembly: str) -> Database:
    """Return the database that a value of ``--database`` names.

    Parameters
    ----------
    text : str
        ``NAME=FILE`` and, after commas, any of `KEYS` with ``=`` and a value; ``cell`` and ``class`` may come
        several times. The file may hold commas as long as no key follows them.
    assembly : str
        Of the calls: that of a file whose preset has no home assembly.
    """
    name, sign, rest = text.partition("=")
    pieces = re.split(rf",(?=(?:{'|'.join(KEYS)})=)", rest)
    if not sign or not pieces[0]:
        raise InputError(
            f"{text!r} does not name a database", source="--database", remedy="give NAME=FILE[,preset=…]"
        )
    said: list[tuple[str, str]] = []
    for piece in pieces[1:]:
        key, _, value = piece.partition("=")
        said.append((key, value))
    unknown = re.search(r",(\w+)=", pieces[0])
    if unknown and not Path(pieces[0]).exists():
        raise InputError(
            f"{unknown[1]!r} is not a key of a database",
            source="--database",
            location=name,
            remedy=f"the keys are {', '.join(KEYS)}",
        )
    return _database(name, pieces[0], said, assembly, "--database")


def read_manifest(path: str | os.PathLike[str], assembly: str) -> list[Database]:
    """Return the databases of a manifest.

    Parameters
    ----------
    path : str or path
        Tab-separated with titles: ``name``, ``file`` (relative to the manifest; to the current folder where
        that is a pipe) and any of the keys of `KEYS` except ``name``, whose column of the file's element
        names is titled ``name_column``; several cells or classes are separated by ``|``. Empty fields say
        nothing.
    assembly : str
        See `parse_database`.
    """
    rows = [
        (number, line) for number, line in read_text_lines(path) if line.strip() and not line.startswith("#")
    ]
    titles = [plain_title(text) for text in rows[0][1].split("\t")] if rows else []
    set_keys = [key for key in KEYS if key != "name"]
    allowed = {"name", "file", "name_column", *set_keys}
    odd = [title for title in titles if title not in allowed]
    if "name" not in titles or "file" not in titles or odd:
        problem = f"the column {odd[0]!r} is unknown" if odd else "the titles 'name' and 'file' are missing"
        raise InputError(
            problem,
            source=path,
            location=f"line {rows[0][0]}" if rows else None,
            remedy=f"the titles, between tabs, are name, file, name_column, {', '.join(set_keys)}",
        )
    databases = []
    for number, line in rows[1:]:
        [(_, fields)] = csv_rows([line], "\t")
        row = dict(zip(titles, (text.strip() for text in fields), strict=False))
        if not row.get("name") or not row.get("file"):
            raise InputError(
                "the name or the file is empty", source=path, location=f"line {number}", remedy="fill it in"
            )
        said = [
            (key.removesuffix("_column"), part.strip())
            for key, value in row.items()
            if key not in ("name", "file") and value
            for part in (value.split("|") if key in _REPEATED else [value])
        ]
        file = row["file"] if is_stream(path) else str(Path(path).parent / row["file"])
        databases.append(_database(row["name"], file, said, assembly, f"{path}, line {number}"))
    if not databases:
        raise InputError("the manifest has no rows", source=path, remedy="give one row per database")
    return databases


def check_different(databases: Sequence[Database]) -> None:
    """Refuse two databases with one name, or one file with one selection under two names."""
    names: dict[str, Database] = {}
    contents: dict[object, Database] = {}
    sizes = [-1 if database.elements is not None else size_of(database.path) for database in databases]
    for database, size in zip(databases, sizes, strict=True):
        if database.name.casefold() in names:
            raise InputError(
                f"the name {database.name!r} is given to two databases",
                source="--database",
                remedy="give each its own",
            )
        names[database.name.casefold()] = database
        if database.elements is not None:
            continue
        content = sha256_of(database.path) if sizes.count(size) > 1 else (size, database.path)
        said = (database.preset.name, repr(database.selection), content)
        if said in contents:
            raise InputError(
                f"{contents[said].name} and {database.name} are the same database",
                source=database.path,
                remedy="leave one out, or select different cells or classes",
            )
        contents[said] = database


def guessed_preset(path: str | os.PathLike[str]) -> Preset:
    """Return the preset whose column titles a file has, or that its name ends like; else ``bed``."""
    lines = head_of(path, 20)
    if any(line.startswith(">") for line in lines[:1]):
        return PRESETS["vista"]
    for line in lines:
        header = {plain_title(text) for text in line.split("\t")}
        for preset in PRESETS.values():
            for layout in preset.layouts:
                # two titles of its own tell more than chrom, start, end alone
                own = layout.titles - {"chrom", "chr", "start", "end"}
                if layout.titles and len(own) >= 2 and layout.titles <= header:
                    return preset
    plain = os.fspath(path).casefold().removesuffix(".gz").removesuffix(".bgz")
    return PRESETS[next((name for end, name in _PEAK_ENDINGS.items() if plain.endswith(end)), "bed")]


def _database(name: str, path: str, said: Iterable[tuple[str, str]], assembly: str, source: str) -> Database:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"{name[:_LONGEST_NAME]!r} cannot name a database",
            source=source,
            remedy=f"use 1 to {_LONGEST_NAME} printable characters",
        )
    values: dict[str, list[str]] = {}
    for key, value in said:
        if not value or (key in values and key not in _REPEATED):
            problem = f"{key}= has no value" if not value else f"{key}= is given twice"
            raise InputError(problem, source=source, location=name, remedy="give it once, with a value")
        values.setdefault(key, []).append(value)
    one = {key: found[0] for key, found in values.items()}
    guessed = "preset" not in one
    preset = guessed_preset(path) if guessed else _preset(one["preset"], source, name)
    home = assembly_name(one.get("assembly", preset.assembly or assembly))
    selection = Selection(
        cells=tuple(values.get("cell", ())),
        kinds=tuple(values.get("class", ())),
        min_score=_number(one, "min_score", source, name),
        base=_base(one, source, name),
        columns={key: one[key] for key in _COLUMNS if key in one},
    )
    return Database(name, path, preset, home, selection, guessed)


def _preset(text: str, source: str, name: str) -> Preset:
    if text.casefold() not in PRESETS:
        raise InputError(
            f"there is no preset {text!r}",
            source=source,
            location=name,
            remedy=f"the presets are {', '.join(PRESETS)} (--list-presets says more)",
        )
    return PRESETS[text.casefold()]


def _number(one: Mapping[str, str], key: str, source: str, name: str) -> float | None:
    if key not in one:
        return None
    try:
        number = float(one[key])
    except ValueError:
        number = float("nan")
    if number != number:
        raise InputError(
            f"{key}={one[key]} is not a number", source=source, location=name, remedy="give a number"
        )
    return number


def _base(one: Mapping[str, str], source: str, name: str) -> int | None:
    if "base" not in one:
        return None
    if one["base"] not in ("0", "1"):
        raise InputError(
            f"base={one['base']} is neither 0 nor 1",
            source=source,
            location=name,
            remedy="0: 0-based and half-open as BED; 1: 1-based and closed as GFF and VCF",
        )
    return int(one["base"])
