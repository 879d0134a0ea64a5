"""Reads blocks of a BED file into the columns of a table: by pandas, and line by line where that refuses."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import LineBlock
from dnabert_enhancer.genome.bed import (
    LARGEST_POSITION,
    BedLine,
    categories_of,
    check_not_vcf,
    column_as_text,
    has_signed_number,
    number_or_nan,
    parse_bed_block,
    parse_bed_line,
)
from dnabert_enhancer.genome.bed_converter import BedConverter, bed_converter
from dnabert_enhancer.genome.contig_names import RENAME, ContigNames
from dnabert_enhancer.genome.interval import STRANDS
from dnabert_enhancer.genome.names import may_hold_control

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)
LEAVE_OUT: Final = "--skip-outside (skip_outside=True in Python) leaves out what is outside the genome"
_NAME, _SCORE, _STRAND = 3, 4, 5
_REST: Final = "rest"
_NO_STRAND = STRANDS.index(".")
_BLANKS: Final = rb"[ \v\f\x1c-\x1f]+"


class RegionReader:
    """Collects the rows of BED blocks on the contigs of a genome, and the faults of all lines.

    Parameters
    ----------
    source : str
        Name of the file, for errors.
    sizes, names, skip_outside, details, further
        As for `regions.read_regions`.
    titles, every_row : bool
        As for `regions.read_regions`.
    unit : str
        What errors call a row: ``line``, counted from 1, or ``row``, from 0.

    Attributes
    ----------
    outside : list of DataFrame
        With `every_row` the rows that were left out: ``chrom`` as given, ``start``, ``end``, ``rest``,
        ``line`` and ``reason``.
    """

    def __init__(
        self,
        source: str,
        sizes: Mapping[str, int] | None,
        names: ContigNames | None,
        *,
        skip_outside: bool | None,
        details: bool,
        further: Mapping[str, int] | None,
        titles: bool = False,
        every_row: bool = False,
        unit: str = "line",
    ) -> None:
        self._source = source
        self._names = names if names is not None or sizes is None else ContigNames(sizes)
        self._sizes = sizes
        # the last is for the code -1 of an unknown contig
        self._ends = np.array([0] if sizes is None else [*sizes.values(), 0], dtype=np.int64)
        self._skip_outside = skip_outside
        self._unit = unit
        self._may_have_titles = titles
        self._converter: BedConverter | None = None
        self._texts = {"name": _NAME, "score": _SCORE} if details else {}
        self._further = dict(further or {})
        self._every_row = every_row
        self.outside: list[pd.DataFrame] = []
        self._skipped = {"contig_not_in_genome": 0, "beyond_contig_end": 0, "negative_start": 0}
        self._contigs: Counter[str] = Counter()
        self._codes: dict[str, int] = {} if sizes is None else {name: code for code, name in enumerate(sizes)}
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._first_fault: InputError | None = None
        self._first_fault_line = 0
        self._fault_count = 0

    def take(self, block: LineBlock) -> None:
        """Read one block."""
        content, first_line, start = block.content, block.first_line, 0
        while start < len(content):  # header lines, so that pandas can read what follows
            end = content.index(b"\n", start)
            if not self._is_header(content[start:end], first_line):
                self._may_have_titles = False
                break
            start, first_line = end + 1, first_line + 1
        content = content[start:]
        if content.endswith(b"\n\n") or not content.endswith(b"\n"):
            content = content.rstrip(b"\n") + b"\n"
        if self._converter is not None:
            content = self._as_bed(content, first_line, self._converter)
        if content == b"\n":
            return
        columns = self._read_at_once(content)
        if columns is None:
            columns = self._read_by_line(content, first_line)
        else:
            columns["line"] = np.arange(first_line, first_line + len(columns["start"]))
        if len(columns["start"]):
            self._parts.append(self._on_contigs(columns))

    def take_columns(
        self, chrom: NDArray[np.object_], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> None:
        """Take rows that have been read; their lines are counted from 0."""
        import pandas as pd

        codes, met = pd.factorize(chrom)
        columns: dict[str, NDArray[Any]] = {
            "chrom": self._contig_codes(met.tolist(), codes),
            "start": start,
            "end": end,
            "strand": np.full(len(start), _NO_STRAND, dtype=np.int8),
            "line": np.arange(len(start)),
        }
        self._parts.append(self._on_contigs(columns))

    def _as_bed(self, content: bytes, first_line: int, converter: BedConverter) -> bytes:
        """Return the rows of a table with titles as BED lines, empty where a row is wrong, which is noted."""
        lines = []
        for number, raw in enumerate(content[:-1].split(b"\n"), start=first_line):
            try:
                lines.append(converter.bed_line(self._decoded(raw, number), number))
            except InputError as fault:
                self._note(fault, number, 1)
                lines.append("")
        return "\n".join([*lines, ""]).encode()

    def _is_header(self, line: bytes, number: int) -> bool:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return False
        check_not_vcf(text, self._source, number)
        try:
            if parse_bed_line(text, self._source, number) is not None:
                return False
            is_header = True
        except InputError:
            is_header = False
        if self._may_have_titles:
            self._converter = bed_converter(text, self._source, number)
            if self._converter is not None:
                self._may_have_titles = False
                return not self._converter.bed_line(text, number)
        return is_header

    def finish(self) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the table and how many regions were left out, by reason; or raise the first fault."""
        import pandas as pd

        if self._first_fault is not None:
            fault, others = self._first_fault, self._fault_count - 1
            if others:
                more = f"1 more {self._unit} is" if others == 1 else f"{others} more {self._unit}s are"
                fault = InputError(
                    f"{fault.problem} ({more} wrong)",
                    source=fault.source,
                    location=fault.location,
                    remedy=fault.remedy,
                )
            raise fault
        if self._names is not None:
            self._names.check_shared(self._contigs, self._source, "regions", "are left out")
        columns: dict[str, Any] = dict(self._joined())
        self._warn_of_empty(columns)
        columns["chrom"] = pd.Categorical.from_codes(columns["chrom"], pd.Index([*self._codes], dtype=object))
        columns["strand"] = pd.Categorical.from_codes(columns["strand"], pd.Index(STRANDS, dtype=object))
        texts = {"name", *self._further, _REST} & {*columns}
        columns |= {name: pd.Series(columns[name], dtype=object) for name in texts}
        details = (*self._texts, "strand") if self._texts else ()
        rest = (_REST,) if _REST in columns else ()
        order = ("chrom", "start", "end", *details, *self._further, *rest, "line")
        frame = pd.DataFrame({name: columns[name] for name in order})
        skipped = {reason: count for reason, count in self._skipped.items() if count}
        return frame, skipped

    def _warn_of_empty(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Say how many regions have no base, such as single bases of which the start was counted from 1."""
        is_empty = columns["start"] == columns["end"]
        if is_empty.any():
            first = int(is_empty.argmax())
            _log.warning(
                "%s, %s %d: %d of %d regions have no base, since their start %d is their end; one base has "
                "its start before it",
                self._source,
                self._unit,
                columns["line"][first],
                int(is_empty.sum()),
                len(is_empty),
                columns["start"][first],
            )

    def _joined(self) -> dict[str, NDArray[Any]]:
        """Return the blocks one below the other; the parts are given up column by column."""
        if not self._parts:
            kinds = {"chrom": "i4", "start": "i8", "end": "i8", "strand": "i1", "score": "f8", "line": "i8"}
            rest = (_REST,) if self._every_row else ()
            every = ("chrom", "start", "end", "strand", *self._texts, *self._further, *rest, "line")
            return {name: np.empty(0, dtype=kinds.get(name, object)) for name in every}
        names = list(self._parts[0])
        return {name: np.concatenate([part.pop(name) for part in self._parts]) for name in names}

    def _read_at_once(self, content: bytes) -> dict[str, NDArray[Any]] | None:
        """Return the columns of a block by pandas, or None where a line needs the careful reader."""
        if not content.isascii():
            try:
                content.decode()
            except UnicodeDecodeError:
                return None
        if may_hold_control(content):
            return None
        if b"\t" not in content:
            if not content.isascii():
                return None
            content = re.sub(_BLANKS, b"\t", content)
        letters = np.frombuffer(content, dtype=np.uint8)
        if has_signed_number(letters):  # pandas takes +5 for a number
            return None
        count = int(np.count_nonzero(letters == ord("\n")))
        width = content.count(b"\t", 0, content.index(b"\n")) + 1
        wanted = {"chrom": 0, "start": 1, "end": 2, **self._texts, **self._further}
        if self._texts:
            wanted["strand"] = _STRAND
        # where no line is longer than the first
        if len(wanted) > 3 and np.count_nonzero(letters == ord("\t")) == count * (width - 1):
            wanted = {name: number for name, number in wanted.items() if number < max(width, 3)}
        read = parse_bed_block(content, wanted)
        if read is None:
            return None
        codes, chroms = categories_of(read[0], content)
        start, end = read[1].to_numpy(), read[2].to_numpy()
        if start.dtype != np.int64 or end.dtype != np.int64:
            return None
        is_odd = len(read) != count or any(map(_is_odd_name, chroms))
        if is_odd or (end < start).any() or (end > LARGEST_POSITION).any():
            return None
        columns: dict[str, NDArray[Any]] = {
            "chrom": self._contig_codes(chroms, codes),
            "start": start,
            "end": end,
            "strand": np.full(count, _NO_STRAND, dtype=np.int8),
        }
        if "strand" in wanted:
            codes, texts = categories_of(read[_STRAND], content)
            columns["strand"] = _strand_codes(texts)[codes]
        for name in (*self._texts, *self._further):
            if name == "score" and name in wanted and read[_SCORE].dtype == np.int64:
                columns[name] = read[_SCORE].to_numpy(dtype=np.float64)
                continue
            column = column_as_text(read[wanted[name]], content) if name in wanted else None
            columns[name] = self._text_column(name, column, count)
        if self._every_row:
            columns[_REST] = _objects(line.split("\t", 3)[3:] for line in content[:-1].decode().split("\n"))
        return columns

    def _read_by_line(self, content: bytes, first_line: int) -> dict[str, NDArray[Any]]:
        """Return the columns of a block line by line, and note what is wrong."""
        rows: list[BedLine] = []
        lines = []
        for number, raw in enumerate(content[:-1].split(b"\n"), start=first_line):
            try:
                row = parse_bed_line(self._decoded(raw, number), self._source, number)
            except InputError as fault:
                self._note(fault, number, 1)
                continue
            if row is not None:
                rows.append(row)
                lines.append(number)
        met = {name: code for code, name in enumerate(dict.fromkeys(row.chrom for row in rows))}
        codes = np.array([met[row.chrom] for row in rows], dtype=np.int64)

        def texts(number: int) -> list[str]:
            return [row.columns[number] if len(row.columns) > number else "" for row in rows]

        rest = {_REST: _objects(["\t".join(row.columns[3:])] for row in rows)} if self._every_row else {}
        return {
            "chrom": self._contig_codes(list(met), codes),
            "start": np.array([row.start for row in rows], dtype=np.int64),
            "end": np.array([row.end for row in rows], dtype=np.int64),
            "strand": _strand_codes(texts(_STRAND)),
            **{
                name: self._text_column(name, np.array([*texts(number), None], dtype=object)[:-1], len(rows))
                for name, number in {**self._texts, **self._further}.items()
            },
            **rest,
            "line": np.array(lines, dtype=np.int64),
        }

    def _text_column(self, name: str, texts: NDArray[np.object_] | None, count: int) -> NDArray[Any]:
        """Return a column of text as the table has it; None is a column that no line has."""
        if name == "score":
            if texts is None:
                return np.full(count, np.nan)
            try:
                return texts.astype(np.float64)
            except (ValueError, OverflowError):
                return np.array([number_or_nan(text) for text in texts.tolist()], dtype=np.float64)
        missing = "." if name == "name" else ""
        if texts is None:
            return np.full(count, missing, dtype=object)
        return np.where(texts == "", missing, texts) if missing else texts

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

    def _contig_codes(self, met: list[str], codes: NDArray[np.integer]) -> NDArray[np.int32]:
        """Return the code of each row's contig in the table, -1 - i for the i-th name of `met` if unknown.

        The names are in the order of their first use.
        """
        self._met = met
        self._contigs.update(dict(zip(met, np.bincount(codes, minlength=len(met)).tolist(), strict=True)))
        table = np.empty(len(met), dtype=np.int32)
        for place, name in enumerate(met):
            own = name if self._names is None else self._names.resolve(name)
            if self._sizes is None:
                table[place] = self._codes.setdefault(own or name, len(self._codes))
            else:
                table[place] = -1 - place if own is None else self._codes.get(own, -1 - place)
        return table[codes] if len(met) else np.empty(0, dtype=np.int32)

    def _on_contigs(self, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the rows that lie within the genome; note or count the others."""
        codes, start = columns["chrom"], columns["start"]
        outside = {"negative_start": start < 0}
        if self._sizes is not None:
            is_unknown = codes < 0
            is_beyond = columns["end"] > self._ends[np.maximum(codes, -1)]
            outside = {
                "contig_not_in_genome": is_unknown,
                "beyond_contig_end": ~is_unknown & is_beyond,
                "negative_start": ~is_unknown & ~is_beyond & (start < 0),
            }
        is_outside = np.logical_or.reduce(list(outside.values()))
        if not is_outside.any():
            return columns
        if self._skip_outside:
            for reason, is_so in outside.items():
                self._skipped[reason] += int(is_so.sum())
                if self._every_row and is_so.any():
                    self._keep_outside({name: column[is_so] for name, column in columns.items()}, reason)
        else:
            row = int(is_outside.argmax())
            place = (int(columns[name][row]) for name in ("chrom", "start", "end", "line"))
            self._note(self._outside_error(*place), int(columns["line"][row]), int(is_outside.sum()))
        return {name: column[~is_outside] for name, column in columns.items()}

    def _keep_outside(self, columns: Mapping[str, NDArray[Any]], reason: str) -> None:
        import pandas as pd

        own = list(self._codes)
        chroms = [own[code] if code >= 0 else self._met[-1 - code] for code in columns["chrom"].tolist()]
        kept = {name: columns[name] for name in ("start", "end", _REST, "line") if name in columns}
        self.outside.append(pd.DataFrame({"chrom": chroms, **kept, "reason": reason}))

    def _outside_error(self, code: int, start: int, end: int, line: int) -> InputError:
        own = list(self._codes)
        if self._sizes is not None and code < 0:
            problem = f"there is no contig {self._met[-1 - code]!r} in the genome"
            others = f" and {len(own) - 3} others" if own[3:] else ""
            remedy = f"the genome has {', '.join(own[:3])}{others}; {RENAME}"
            if self._names is not None and (why := self._names.why_not(self._met[-1 - code])):
                problem = f"{problem}: {why}"
        elif start < 0 and self._converter is not None and self._converter.base:
            problem = f"the start {start + 1} is before base 1 of {own[code]}"
            remedy = "positions of this table are 1-based and inclusive"
        elif start < 0:
            problem = f"the start {start} is negative"
            remedy = "coordinates are 0-based and half-open"
        else:
            problem = f"the end {end} is beyond {own[code]} ({self._ends[code]} bp)"
            remedy = "check that the file and the genome are of the same assembly"
        if self._skip_outside is False:
            remedy = f"{remedy}; {LEAVE_OUT}"
        return InputError(problem, source=self._source, location=f"{self._unit} {line}", remedy=remedy)

    def _note(self, fault: InputError, line: int, count: int) -> None:
        self._fault_count += count
        if self._first_fault is None or line < self._first_fault_line:
            self._first_fault, self._first_fault_line = fault, line


def _strand_codes(texts: list[str]) -> NDArray[np.int8]:
    return np.array([STRANDS.index(text) if text in STRANDS else _NO_STRAND for text in texts], dtype=np.int8)


def _objects(rows: Iterable[list[str]]) -> NDArray[np.object_]:
    """Return the texts of one-element lists, empty for an empty one."""
    return np.array([*(row[0] if row else "" for row in rows), None], dtype=object)[:-1]


def _is_odd_name(chrom: str) -> bool:
    return not chrom or chrom != chrom.strip() or chrom.startswith("#")
