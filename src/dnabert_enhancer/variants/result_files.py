"""Writes the results of variant scoring: VCF with its index, table, ranked candidates."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from dnabert_enhancer.files import OutputSet, open_bgzip, tabix_index
from dnabert_enhancer.variants.alleles import SkipReason
from dnabert_enhancer.variants.effect import EFFECTS, FunctionalEffect
from dnabert_enhancer.variants.output_rows import CANDIDATE_COLUMNS, COLUMNS, info_fields
from dnabert_enhancer.variants.results import ScoredVariants
from dnabert_enhancer.vcf import VcfHeader, header_with_fields, raw

_ROWS_IN_MEMORY = 5000


class ResultCounts(NamedTuple):
    """What came out.

    Attributes
    ----------
    counts : mapping of str to int
        Records, alleles, scored, gain, loss, rows, candidates.
    skipped : mapping of str to int
        Alleles by reason.
    null : mapping
        Of each model: null variants and how uniform their p-values are.
    indexed : bool
        Whether the VCF could be indexed: not when it is unsorted or has positions beyond 2^31 - 1.
    """

    counts: dict[str, int]
    skipped: dict[str, int]
    null: dict[str, Any]
    indexed: bool


class ResultFiles:
    """The files of a run's results, opened at once so that a place that cannot be written shows early.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    """

    def __init__(self, out: OutputSet, prefix: str) -> None:
        self._out, self._prefix = out, prefix
        self._vcf_path = out.path(f"{prefix}.vcf.gz")
        self._vcf = open_bgzip(self._vcf_path)
        self._table = out.open_text(f"{prefix}.tsv.gz")
        self._candidates = out.open_text(f"{prefix}.candidates.tsv")

    def write(self, scored: ScoredVariants) -> ResultCounts:
        """Write all results."""
        facts = scored.header
        fields = info_fields(scored.tf_names, facts["content"])
        own_lines = [raw(line) for line in facts["own_lines"]]
        header = VcfHeader.from_json(facts["header"])
        self._vcf.write(header_with_fields(header, fields, facts["contigs"], own_lines))
        self._table.write("\t".join(COLUMNS) + "\n")
        self._candidates.write("\t".join(CANDIDATE_COLUMNS) + "\n")
        tally = Counter(dict.fromkeys(("records", "alleles", "scored", "rows", "gain", "loss"), 0))
        skipped: Counter[str] = Counter()
        ranked = RankedRows()
        for block, outcomes, rows in scored.blocks():
            self._vcf.write(b"".join(line + b"\n" for line in rows.lines()))
            texts = []
            for columns, size in rows.rows():
                row = "\t".join(columns)
                texts.append(row + "\n")
                if size is not None:
                    ranked.add(size, row)
            self._table.writelines(texts)
            skips = Counter(block.arrays["alleles"]["skip"].tolist())
            skipped.update({reason.value: skips[reason.code] for reason in SkipReason if skips[reason.code]})
            enhancer = outcomes[:, 0]
            is_scored = enhancer["p_ref"] == enhancer["p_ref"]  # not NaN
            tally["rows"] += len(texts)
            tally["records"] += len(block.arrays["alts"])
            tally["alleles"] += len(outcomes)
            tally["scored"] += int(is_scored.sum())
            for number, effect in enumerate(EFFECTS):
                if effect is not FunctionalEffect.NONE:
                    tally[effect.code] += int((enhancer["effect"][is_scored] == number).sum())
        for rank, row in enumerate(ranked.sorted(), start=1):
            self._candidates.write(f"{rank}\t{row}\n")
        tally["candidates"] = len(ranked)
        indexed = self._index(is_indexable=facts["indexable"])
        return ResultCounts(dict(tally), dict(sorted(skipped.items())), scored.null_report(), indexed)

    def _index(self, *, is_indexable: bool) -> bool:
        """Close the VCF and index it where that can be; return whether it can."""
        self._vcf.close()
        stale = Path(f"{self._prefix}.vcf.gz.tbi")
        if is_indexable:
            tabix_index(self._vcf_path, "vcf")
            made = next(
                path for ending in (".tbi", ".csi") if (path := Path(f"{self._vcf_path}{ending}")).exists()
            )
            made.replace(self._out.path(f"{self._prefix}.vcf.gz{made.suffix}"))
        elif stale.exists():
            os.unlink(stale)  # noqa: PTH108  an index of an older file must not stay beside this one
        return is_indexable


class _Row(NamedTuple):
    """A row, ordered by the largest size and then by the first place."""

    negative_size: float
    place: int
    text: str


class RankedRows:
    """Collects rows and yields the largest first; rows of one size in the order in which they came."""

    def __init__(self, rows_in_memory: int = _ROWS_IN_MEMORY) -> None:
        self._limit = rows_in_memory
        self._rows: list[_Row] = []
        self._pieces: list[IO[str]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, size: float, text: str) -> None:
        """Add a row; the text has no line end."""
        self._rows.append(_Row(-size, self._count, text))
        self._count += 1
        if len(self._rows) == self._limit:
            self._spill()

    def sorted(self) -> Iterator[str]:
        """Yield the rows in order, and forget them."""
        self._rows.sort()
        yield from (row.text for row in heapq.merge(*map(_read, self._pieces), self._rows))
        for piece in self._pieces:
            piece.close()
        self._rows, self._pieces = [], []

    def _spill(self) -> None:
        piece = tempfile.TemporaryFile(  # noqa: SIM115  closed when all is read
            "w+", encoding="utf-8", errors="surrogateescape", newline="\n"
        )
        piece.writelines(f"{row.negative_size!r}\t{row.place}\t{row.text}\n" for row in sorted(self._rows))
        self._pieces.append(piece)
        self._rows = []


def _read(piece: IO[str]) -> Iterator[_Row]:
    piece.seek(0)
    for line in piece:
        size, place, text = line.removesuffix("\n").split("\t", 2)
        yield _Row(float(size), int(place), text)
