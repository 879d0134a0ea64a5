"""The tables of a comparison as data frames, and how they are written as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.database_results import ControlTest, DatabaseResult
from dnabert_enhancer.comparison.effective_genome import MappedElements
from dnabert_enhancer.comparison.enrichment import Enrichment, NullResult
from dnabert_enhancer.comparison.novelty import Novel
from dnabert_enhancer.evaluation import false_discovery_rates

NOT_KNOWN = "NA"
"""Written where there is no number."""
NULLS = ("circular", "resample")
"""The nulls, in the order of their columns."""
_ROWS_AT_ONCE = 20_000

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float


class SummaryColumn(NamedTuple):
    """A column of the summary.

    Attributes
    ----------
    name : str
    meaning : str
        What it holds, for the documentation.
    value : callable
        Takes a `DatabaseResult`.
    """

    name: str
    meaning: str
    value: Callable[[DatabaseResult], Cell]


def _count(code: str) -> Callable[[DatabaseResult], Cell]:
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
CONTROL_COLUMNS = (
    "control",
    "database",
    "null",
    "calls",
    "calls_overlapping",
    *(name for name in _NULL_COLUMNS if name != "q"),
)
"""Columns of ``PREFIX.controls.tsv``."""


def summary_columns() -> dict[str, str]:
    """Return the columns of the summary with their meaning."""
    plain = {column.name: column.meaning for column in _COLUMNS}
    return plain | {
        f"{null}_{name}": f"{meaning} ({null})" for null in NULLS for name, meaning in _NULL_COLUMNS.items()
    }


def summary_frame(results: Sequence[DatabaseResult]) -> pd.DataFrame:
    """Return the summary, one row per database, with the columns of `summary_columns`."""
    import pandas as pd

    rows = [{column.name: column.value(result) for column in _COLUMNS} for result in results]
    for null in NULLS:
        tests = [result.nulls.get(null) for result in results]
        q_values = false_discovery_rates(
            [math.nan if test is None else test.calls.p for test in tests]
        ).tolist()
        for row, test, q_value in zip(rows, tests, q_values, strict=True):
            values = null_values(test) | {"q": q_value}
            row.update({f"{null}_{name}": values.get(name, math.nan) for name in _NULL_COLUMNS})
    return pd.DataFrame(rows, columns=list(summary_columns()))


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


def controls_frame(tests: Sequence[ControlTest]) -> pd.DataFrame:
    """Return one row per control, null and database, with the columns `CONTROL_COLUMNS`."""
    import pandas as pd

    rows = [
        {
            "control": control.name,
            "database": database,
            "null": control.null,
            "calls": control.calls,
            "calls_overlapping": int(test.calls.observed),
            **null_values(test),
        }
        for control in tests
        for database, test in control.tests.items()
    ]
    return pd.DataFrame(rows, columns=list(CONTROL_COLUMNS))


def matrix_frame(
    names: Sequence[str], jaccard: NDArray[np.float64], share: NDArray[np.float64]
) -> pd.DataFrame:
    """Return how all sets agree: Jaccard, then the share of the row's elements in the column's set."""
    import pandas as pd

    statistics = np.repeat(["jaccard", "share_of_row_in_column"], len(names)).astype(object)
    frame = pd.DataFrame(np.concatenate((jaccard, share)), columns=list(names))
    # set names may be anything, "statistic" and "set" too
    frame.insert(0, "set", [*names, *names], allow_duplicates=True)
    frame.insert(0, "statistic", statistics, allow_duplicates=True)
    return frame


def per_call_frame(
    calls: MappedElements,
    found: NDArray[np.int64],
    results: Sequence[DatabaseResult],
    rows: slice = slice(None),
) -> pd.DataFrame:
    """Return one row per call, sorted by position.

    Columns: ``chrom start end name score n_databases`` and for every database NAME ``NAME.overlap_bp``
    (bases of the call in it), ``NAME.elements`` (that share a base), ``NAME.nearest_bp`` (see
    `genome.nearest_of`; missing where the contig has no element), ``NAME.best`` (element that shares most
    bases).
    """
    import pandas as pd

    columns: dict[str, Any] = {"n_databases": found[rows]}
    for result in results:
        name = result.database.name
        columns[f"{name}.overlap_bp"] = result.hits.bases[rows]
        columns[f"{name}.elements"] = result.hits.elements[rows]
        columns[f"{name}.nearest_bp"] = _known(result.distance[rows])
        columns[f"{name}.best"] = pd.Series(result.best_names[rows], dtype=object)
    places = calls.elements.frame[["chrom", "start", "end", "name", "score"]].iloc[rows]
    return pd.concat([places.reset_index(drop=True), pd.DataFrame(columns)], axis=1)


def novel_frame(calls: MappedElements, novel: Novel) -> pd.DataFrame:
    """Return the calls in no database, best first, as BED6 with rank, nearest gene and the bases to it."""
    frame = calls.elements.frame[["chrom", "start", "end", "name", "score"]].take(novel.calls)
    return frame.reset_index(drop=True).assign(
        strand=".",
        rank=np.arange(1, len(frame) + 1),
        nearest_gene=novel.gene,
        gene_distance=_known(novel.gene_distance),
    )


def write_table(stream: TextIO, frame: pd.DataFrame, *, title: str | None = "") -> None:
    """Write a table, tab-separated: numbers with all their digits, `NOT_KNOWN` for none.

    Parameters
    ----------
    stream : text stream
    frame : DataFrame
        A column ``score`` is written as BED has it: whole numbers without a point, ``.`` for none.
    title : str, optional
        Stands before the line of titles, such as ``#``; None: no line of titles.
    """
    if title is not None:
        stream.write(title + "\t".join(frame.columns) + "\n")
    columns = [_texts(name, frame.iloc[:, number]) for number, name in enumerate(frame.columns)]
    stream.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def write_per_call(
    stream: TextIO, calls: MappedElements, found: NDArray[np.int64], results: Sequence[DatabaseResult]
) -> None:
    """Write `per_call_frame`, some rows at a time."""
    for low in range(0, max(1, len(calls)), _ROWS_AT_ONCE):
        rows = slice(low, low + _ROWS_AT_ONCE)
        write_table(stream, per_call_frame(calls, found, results, rows), title=None if low else "#")


def number_text(value: float) -> str:
    """Return a number with all its digits, `NOT_KNOWN` for none."""
    return NOT_KNOWN if math.isnan(value) else repr(float(value))


def score_text(score: float) -> str:
    """Return a call's score as BED has it: whole numbers without a point, ``.`` for none."""
    if math.isnan(score):
        return "."
    return str(int(score)) if score == int(score) else repr(score)


def _texts(name: str, column: pd.Series[Any]) -> list[str]:
    if name == "score" and column.dtype.kind == "f":
        return [score_text(score) for score in column.tolist()]
    if column.dtype.name == "Int64":
        return column.astype(object).where(column.notna(), NOT_KNOWN).map(str).tolist()
    text = number_text if column.dtype.kind == "f" else str
    return [text(value) for value in column.tolist()]


def _known(distance: NDArray[np.int64]) -> pd.Series[Any]:
    """Return distances with what is unknown (-1) missing."""
    import pandas as pd

    return pd.Series(pd.array(distance, dtype="Int64")).mask(distance < 0)


def _share(which: NDArray[np.bool_]) -> float:
    return float(which.mean()) if len(which) else math.nan


def _median(distance: NDArray[np.int64]) -> float:
    known = distance[distance >= 0]
    return float(np.median(known)) if len(known) else math.nan
