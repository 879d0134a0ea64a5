"""What users give to the API (texts, tables, arrays, paths, keywords) in the forms that the library reads."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    LEAVE_OUT,
    Genome,
    Interval,
    RegionTable,
    foreign_letter_error,
    foreign_letters,
    frame_of_intervals,
    locate,
    place_regions,
    read_fasta,
    read_regions,
    warn_of_gaps,
)
from dnabert_enhancer.scan import NamedSequence
from dnabert_enhancer.sequence import UNKNOWN_BASE, decode_bases, table_rows

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import DataclassInstance

    RegionInput = str | os.PathLike[str] | Interval | pd.DataFrame | Iterable[str | Interval]

GenomeInput = Genome | str | os.PathLike[str]
_NOT_SEQUENCES = (
    "give a list of strings such as ['ACGT'], uint8 base codes (A 0, C 1, G 2, T 3, other 4), or a path"
)
_Settings = TypeVar("_Settings", bound="DataclassInstance")


def opened_genome(genome: GenomeInput) -> AbstractContextManager[Genome]:
    """Return a context that gives a genome: the user's own, which stays open, or one of a path."""
    return nullcontext(genome) if isinstance(genome, Genome) else Genome(genome)


def named_sequences(sequences: Any) -> Iterator[NamedSequence]:  # see `Model.predict`
    """Yield the sequences that `Model.predict` was given, with names.

    Raises
    ------
    InputError
        What is no DNA: the sequence and what to give instead.
    """
    if isinstance(sequences, (str, os.PathLike)):
        yield from _of_path(sequences)
    elif hasattr(sequences, "iloc"):
        yield from _of_frame(sequences)
    elif isinstance(sequences, Mapping):
        for name, sequence in sequences.items():
            yield NamedSequence(str(name), _letters(sequence, str(name)))
    elif isinstance(sequences, np.ndarray) and sequences.ndim != 2:
        shape = f"{sequences.dtype} of shape {sequences.shape}"
        remedy = (
            "one-hot arrays become codes by argmax over the bases" if sequences.ndim == 3 else _NOT_SEQUENCES
        )
        raise InputError(
            f"an array of sequences has the shape (sequences, length), not {shape}", remedy=remedy
        )
    elif isinstance(sequences, (bytes, bytearray)) or not isinstance(sequences, Iterable):
        raise InputError(f"{type(sequences).__name__} is not a list of sequences", remedy=_NOT_SEQUENCES)
    else:
        for number, item in enumerate(sequences, start=1):
            if isinstance(item, NamedSequence):
                yield item
            else:
                yield NamedSequence(f"sequence{number}", _letters(item, f"number {number}"))


def fasta_sequences(path: str | os.PathLike[str]) -> Iterator[NamedSequence]:
    """Yield the sequences of a FASTA, plain or gzip; ``-`` is standard input; names may come again."""
    for record in read_fasta(path, unique_names=False):
        yield NamedSequence(record.name, record.sequence)


def table_sequences(path: str | os.PathLike[str]) -> Iterator[NamedSequence]:
    """Yield the sequences of a TSV or CSV with a column 'sequence' and optionally 'name'."""
    for row in table_rows(os.fspath(path), labelled=False):
        yield NamedSequence(row.name, row.sequence)


def regions_of(
    regions: Any,  # see `Model.scan`
    genome: Genome,
    *,
    skip_outside: bool = False,
    details: bool = False,
) -> tuple[pd.DataFrame | None, dict[str, int]]:
    """Return the regions that `Model.scan` was given, and how many were left out, by reason.

    With `details` a BED's names, scores and strands are read too.

    Raises
    ------
    InputError
        A region that is not in the genome (unless `skip_outside`), or what is no region.
    """
    table = region_table(regions, genome, skip_outside=skip_outside, details=details)
    return (None, {}) if table is None else (table.frame, table.skipped)


def region_table(
    regions: Any,  # see `Model.scan`
    genome: Genome,
    *,
    skip_outside: bool = False,
    details: bool = False,
    every_row: bool = False,
) -> RegionTable | None:
    """Return the same as a table; with `every_row` those left out and all columns too."""
    if regions is None:
        return None
    sizes, names = genome.contig_sizes, genome.names
    if isinstance(regions, str) and not Path(regions).exists():
        # a text that is neither a file nor of the form of a path names a position
        is_name = ":" in regions or names.resolve(regions) is not None
        is_path = "/" in regions or ("." in regions and not is_name)
        regions = Path(regions) if is_path or regions == "-" else [regions]
    if isinstance(regions, (str, os.PathLike)):
        table = read_regions(
            regions, sizes, names=names, skip_outside=skip_outside, details=details, every_row=every_row
        )
        warn_of_gaps(table.frame, genome, table.source, str(genome.path))
        return table
    if hasattr(regions, "iloc"):
        require_columns(regions, ["chrom", "start", "end"], "the table of regions")
        table = place_regions(regions, sizes, names=names, skip_outside=skip_outside, every_row=every_row)
        warn_of_gaps(table.frame, genome, table.source, str(genome.path))
        return table
    found: list[Interval] = []
    lines: list[int] = []
    outside: list[tuple[str, int, int, int, str]] = []
    for line, item in enumerate(_items(regions), start=1):
        try:
            found.append(locate(item, sizes, names))
            lines.append(line)
        except InputError as fault:
            if isinstance(item, Interval):
                place = item
            else:
                place = Interval.parse(item) if ":" in item else Interval(item, 0, 0)
            if not skip_outside:
                if ":" not in str(item):
                    raise
                raise InputError(fault.problem, remedy=f"{fault.remedy}; {LEAVE_OUT}") from None
            reason = "beyond_contig_end" if names.resolve(place.contig) else "contig_not_in_genome"
            outside.append((place.contig, place.start, place.end, line, reason))
    frame = frame_of_intervals(found, sizes)
    table = RegionTable(frame, skipped=dict(Counter(row[-1] for row in outside)))
    if every_row:
        import pandas as pd

        rows = pd.DataFrame(outside, columns=["chrom", "start", "end", "line", "reason"])
        table = dataclasses.replace(table, frame=frame.assign(line=lines), outside=[rows] if outside else [])
    return table


def require_columns(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Raise `InputError` for columns that a table lacks, naming them and those that are there."""
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        there = ", ".join(map(str, frame.columns[:12])) or "none"
        raise InputError(
            f"{what} lacks the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}; it has {there}",
            remedy="rename its columns with DataFrame.rename",
        )


def _of_path(path: str | os.PathLike[str]) -> Iterator[NamedSequence]:
    text = os.fspath(path)
    if (
        text != "-"
        and not Path(text).exists()
        and text
        and not foreign_letters(text.encode("utf-8", "replace"))
    ):
        raise InputError(
            "a single string is taken as the name of a file",
            source=f"{text[:30]!r}",
            remedy="give a list: ['ACGT']",
        )
    from dnabert_enhancer.files import read_text_lines

    first = next((line for _, line in read_text_lines(text) if line.strip()), "")
    yield from fasta_sequences(text) if first.startswith((">", ";")) else table_sequences(text)


def _of_frame(frame: pd.DataFrame) -> Iterator[NamedSequence]:
    require_columns(frame, ["sequence"], "the table of sequences")
    names = frame["name"] if "name" in frame.columns else [f"sequence{n + 1}" for n in range(len(frame))]
    for name, sequence in zip(names, frame["sequence"], strict=True):
        yield NamedSequence(str(name), _letters(sequence, str(name)))


def _letters(sequence: object, name: str) -> str:
    if isinstance(sequence, np.ndarray):
        if sequence.dtype != np.uint8 or sequence.ndim != 1 or (sequence > UNKNOWN_BASE).any():
            raise InputError(
                f"{sequence.dtype} of shape {sequence.shape} is not an array of base codes",
                source="sequences",
                location=name,
                remedy="give uint8 codes: A 0, C 1, G 2, T 3, other 4",
            )
        return decode_bases(sequence)
    if not isinstance(sequence, str):
        remedy = "decode them: sequence.decode()" if isinstance(sequence, bytes) else _NOT_SEQUENCES
        raise InputError(
            f"{type(sequence).__name__} is not a sequence", source="sequences", location=name, remedy=remedy
        )
    content = sequence.encode("latin-1", "replace")
    if foreign_letters(content):
        error = foreign_letter_error(content, "sequences", 0)
        raise InputError(error.problem, source="sequences", location=name, remedy=error.remedy)
    return sequence


def _items(regions: Any) -> Iterator[str | Interval]:
    is_one = isinstance(regions, (str, Interval)) or not isinstance(regions, Iterable)
    for item in [regions] if is_one else regions:
        if not isinstance(item, (str, Interval)):
            raise InputError(
                f"{item!r} is not a region",
                remedy="give strings such as 'chr16:1-1,000', which are 1-based as in browsers, "
                "or Interval('chr16', 0, 1000), which is 0-based",
            )
        yield item


def with_keywords(
    kind: type[_Settings],
    settings: _Settings | None,
    keywords: Mapping[str, Any],  # the fields' types
) -> _Settings:
    """Return settings with some fields replaced.

    Parameters
    ----------
    kind : dataclass
        The settings' class, whose defaults hold where `settings` is None.
    settings : instance of `kind`, optional
    keywords : mapping
        Values by the names of fields.

    Raises
    ------
    InputError
        Settings of another class; a keyword that is no field, with the fields nearest to it; one that the
        settings' convention has another value for.
    """
    if settings is None:
        settings = kind()
    if not isinstance(settings, kind):
        raise InputError(
            f"settings are a {type(settings).__name__}, not {kind.__name__}",
            remedy=f"give {kind.__name__}(...)",
        )
    names = [field.name for field in dataclasses.fields(kind)]
    for name in keywords:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3) or names
            raise InputError(
                f"{kind.__name__} has no field {name!r}", remedy=f"did you mean {', '.join(near)}?"
            )
    changed = dataclasses.replace(settings, **keywords)
    convention = getattr(changed, "convention", None)  # of variants; it decides some of the fields
    if convention is not None:
        convention.check_given(keywords)
    return changed
