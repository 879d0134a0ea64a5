"""The tables of a comparison: one row a database, agreement of all sets, one row a call, novel calls."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.compare.enrichment import Enrichment, NullResult, false_discovery_rates
from dnabert_enhancer.compare.novelty import Novel
from dnabert_enhancer.compare.space import Placed
from dnabert_enhancer.compare.study import Result

NOT_KNOWN = "NA"
"""Written where there is no number."""
NULLS = ("circular", "resample")
"""The nulls, in the order of their columns."""
_ROWS_AT_ONCE = 20_000

Cell = str | int | float


class SummaryColumn(NamedTuple):
    """A column of the summary.

    Attributes
    ----------
    name : str
    meaning : str
        What it holds, for the documentation.
    value : callable
        Takes a `Result`.
    """

    name: str
    meaning: str
    value: Callable[[Result], Cell]


def _count(code: str) -> Callable[[Result], Cell]:
    return lambda result: result.counts.get(code, 0)


_COLUMNS = (
    SummaryColumn("database", "its name", lambda r: r.database.name),
    SummaryColumn("preset", "how the file was read", lambda r: r.database.preset.name),
    SummaryColumn("assembly", "what the file is in", lambda r: r.database.assembly),
    SummaryColumn("rows", "rows of the file", _count("rows")),
    SummaryColumn(
        "filtered",
        "rows left out by the preset's or the user's filters",
        lambda r: sum(count for code, count in r.counts.items() if code.startswith("filtered_by_")),
    ),
    SummaryColumn(
        "repeated", "elements at the same place as another, counted once", _count("repeated_place")
    ),
    SummaryColumn("lift_lost", "elements with an end that has no image", _count("lift_lost")),
    SummaryColumn("lift_split", "elements whose ends come apart", _count("lift_split")),
    SummaryColumn("lift_multiple", "elements with an end that has several images", _count("lift_multiple")),
    SummaryColumn("lift_length", "elements whose length changes by more than 10 %", _count("lift_length")),
    SummaryColumn("not_scanned", "elements without a base that was scanned", _count("not_scanned")),
    SummaryColumn("elements", "elements that count", lambda r: r.overlap.elements),
    SummaryColumn("elements_bp", "bases of their union", lambda r: r.overlap.elements_bp),
    SummaryColumn("calls", "calls that count", lambda r: r.overlap.calls),
    SummaryColumn("calls_bp", "bases of their union", lambda r: r.overlap.calls_bp),
    SummaryColumn("overlap_bp", "bases in both unions", lambda r: r.overlap.shared_bp),
    SummaryColumn(
        "jaccard", "overlap_bp / (calls_bp + elements_bp - overlap_bp)", lambda r: r.overlap.jaccard
    ),
    SummaryColumn(
        "calls_overlapping", "calls that share a base with an element", lambda r: r.overlap.calls_hit
    ),
    SummaryColumn("precision", "calls_overlapping / calls", lambda r: r.overlap.precision),
    SummaryColumn(
        "elements_overlapping", "elements that share a base with a call", lambda r: r.overlap.elements_hit
    ),
    SummaryColumn("recall", "elements_overlapping / elements", lambda r: r.overlap.recall),
    SummaryColumn("f1", "2 precision recall / (precision + recall)", lambda r: r.overlap.f1),
    SummaryColumn("bp_precision", "overlap_bp / calls_bp", lambda r: r.overlap.bp_precision),
    SummaryColumn("bp_recall", "overlap_bp / elements_bp", lambda r: r.overlap.bp_recall),
    SummaryColumn(
        "calls_min_fraction",
        "calls of which one element covers at least --min-fraction",
        lambda r: r.overlap.calls_hit_fraction,
    ),
    SummaryColumn(
        "calls_reciprocal_50",
        "calls with an element such that the shared bases are half of both",
        lambda r: r.overlap.calls_hit_reciprocal,
    ),
    SummaryColumn(
        "elements_reciprocal_50", "elements with such a call", lambda r: r.overlap.elements_hit_reciprocal
    ),
    SummaryColumn("bins_both", "bins (--bin) with a call and an element", lambda r: r.fisher.both),
    SummaryColumn("bins_calls_only", "bins with a call only", lambda r: r.fisher.calls_only),
    SummaryColumn("bins_database_only", "bins with an element only", lambda r: r.fisher.database_only),
    SummaryColumn("bins_neither", "bins with neither", lambda r: r.fisher.neither),
    SummaryColumn("odds_ratio", "of those four numbers", lambda r: r.fisher.odds_ratio),
    SummaryColumn("fisher_p", "one-sided exact test of them", lambda r: r.fisher.p),
    SummaryColumn(
        "median_distance",
        "median over calls of the bases to the nearest element",
        lambda r: _median(r.distance),
    ),
    SummaryColumn(
        "within_10kb",
        "share of calls within 10,000 bp of an element",
        lambda r: _share((r.distance >= 0) & (r.distance <= 10_000)),
    ),
    SummaryColumn("auroc", "of the calls' scores for being in the database", lambda r: r.ranking.auroc),
    SummaryColumn("auprc", "average precision of the same", lambda r: r.ranking.auprc),
)
_NULL_COLUMNS = {
    "expected": "calls that overlap by chance, mean",
    "sd": "their standard deviation",
    "fold": "calls_overlapping / expected",
    "fold_low": "calls_overlapping / 97.5 % quantile of the null",
    "fold_high": "calls_overlapping / 2.5 % quantile of the null",
    "z": "(calls_overlapping - expected) / sd",
    "p": "(1 + permutations with at least as many) / (1 + permutations)",
    "q": "Benjamini-Hochberg over the databases",
    "p_depleted": "the same p for at most as many",
    "bp_fold": "fold of the bases, summed over calls",
    "bp_z": "z of the bases",
    "bp_p": "p of the bases",
}


def summary_columns() -> dict[str, str]:
    """Return the columns of the summary with their meaning."""
    plain = {column.name: column.meaning for column in _COLUMNS}
    return plain | {
        f"{null}_{name}": f"{meaning} ({null})" for null in NULLS for name, meaning in _NULL_COLUMNS.items()
    }


def summary_rows(results: Sequence[Result]) -> list[dict[str, Cell]]:
    """Return the summary, one row a database, with the columns of `summary_columns`."""
    rows = [{column.name: column.value(result) for column in _COLUMNS} for result in results]
    for null in NULLS:
        tests = [result.nulls.get(null) for result in results]
        q_values = false_discovery_rates([math.nan if test is None else test.calls.p for test in tests])
        for row, test, q_value in zip(rows, tests, q_values, strict=True):
            values = null_values(test) | {"q": q_value}
            row.update({f"{null}_{name}": values.get(name, math.nan) for name in _NULL_COLUMNS})
    return rows


def null_values(test: NullResult | None) -> dict[str, float]:
    """Return one test's numbers by the ends of their column names; empty without a test."""
    if test is None:
        return {}
    calls: Enrichment = test.calls
    return {
        "expected": calls.expected,
        "sd": calls.deviation,
        "fold": calls.fold,
        "fold_low": calls.fold_low,
        "fold_high": calls.fold_high,
        "z": calls.z,
        "p": calls.p,
        "p_depleted": calls.p_depleted,
        "bp_fold": test.bases.fold,
        "bp_z": test.bases.z,
        "bp_p": test.bases.p,
    }


def write_rows(stream: TextIO, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> None:
    """Write rows with a title line, tab-separated, all digits of every number."""
    stream.write("\t".join(columns) + "\n")
    for row in rows:
        stream.write("\t".join(text_of(row[column]) for column in columns) + "\n")


def write_matrix(
    stream: TextIO, names: Sequence[str], jaccard: NDArray[np.float64], share: NDArray[np.float64]
) -> None:
    """Write how all sets agree: Jaccard, then the share of the row's elements in the column's set."""
    stream.write("\t".join(("statistic", "set", *names)) + "\n")
    for statistic, matrix in (("jaccard", jaccard), ("share_of_row_in_column", share)):
        for name, values in zip(names, matrix.tolist(), strict=True):
            stream.write("\t".join((statistic, name, *map(text_of, values))) + "\n")


def write_calls(stream: TextIO, calls: Placed, found: NDArray[np.int64], results: Sequence[Result]) -> None:
    """Write one row a call, sorted by place.

    Columns: ``#chrom start end name score n_databases`` and for every database NAME ``NAME.overlap_bp``
    (bases of the call in it), ``NAME.elements`` (that share a base), ``NAME.nearest_bp`` (see
    `algebra.nearest`; NA where the contig has no element), ``NAME.best`` (element that shares most bases).
    """
    elements = calls.elements
    titles = ["#chrom", "start", "end", "name", "score", "n_databases"]
    for result in results:
        name = result.database.name
        titles += [f"{name}.{end}" for end in ("overlap_bp", "elements", "nearest_bp", "best")]
    stream.write("\t".join(titles) + "\n")
    for low in range(0, len(calls), _ROWS_AT_ONCE):
        rows = slice(low, low + _ROWS_AT_ONCE)
        columns: list[Iterator[str]] = [
            (elements.contigs[index] for index in elements.contig_index[rows].tolist()),
            map(str, elements.start[rows].tolist()),
            map(str, elements.end[rows].tolist()),
            (elements.name(number) for number in range(low, min(low + _ROWS_AT_ONCE, len(calls)))),
            map(score_text, elements.scores[rows].tolist()),
            map(str, found[rows].tolist()),
        ]
        for result in results:
            columns += [
                map(str, result.hits.bases[rows].tolist()),
                map(str, result.hits.elements[rows].tolist()),
                (str(d) if d >= 0 else NOT_KNOWN for d in result.distance[rows].tolist()),
                islice(result.best_names, low, low + _ROWS_AT_ONCE),
            ]
        stream.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def write_novel(stream: TextIO, calls: Placed, novel: Novel) -> None:
    """Write the calls in no database, best first, as BED6 with rank, nearest gene and the bases to it."""
    elements = calls.elements
    stream.write("#chrom\tstart\tend\tname\tscore\tstrand\trank\tnearest_gene\tgene_distance\n")
    rows = zip(novel.calls.tolist(), novel.gene, novel.gene_distance.tolist(), strict=True)
    for rank, (call, gene, distance) in enumerate(rows, start=1):
        place = (elements.contigs[elements.contig_index[call]], elements.start[call], elements.end[call])
        stream.write(
            "\t".join(map(str, (*place, elements.name(call), score_text(float(elements.scores[call])), ".")))
            + f"\t{rank}\t{gene}\t{distance if distance >= 0 else NOT_KNOWN}\n"
        )


def text_of(value: Cell) -> str:
    """Return a cell as text: numbers with all their digits, `NOT_KNOWN` for none."""
    if isinstance(value, float):
        return NOT_KNOWN if math.isnan(value) else repr(float(value))
    if isinstance(value, str):
        return os.fsencode(value).decode("utf-8", "replace")
    return str(int(value))


def score_text(score: float) -> str:
    """Return a call's score as BED has it: whole numbers without a point, ``.`` for none."""
    if math.isnan(score):
        return "."
    return str(int(score)) if score == int(score) else repr(score)


def _share(which: NDArray[np.bool_]) -> float:
    return float(which.mean()) if len(which) else math.nan


def _median(distance: NDArray[np.int64]) -> float:
    known = distance[distance >= 0]
    return float(np.median(known)) if len(known) else math.nan
