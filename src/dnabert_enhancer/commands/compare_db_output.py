"""What `compare-db` writes: tables, controls, plots."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.compare import (
    NullResult,
    Result,
    agreement_figure,
    distance_figure,
    enrichment_figure,
    null_values,
    upset_figure,
    write_rows,
)
from dnabert_enhancer.evaluation import drawing, write_figure
from dnabert_enhancer.files import OutputSet, tabix_index

PLOTS = ("upset", "enrichment", "distance", "agreement")
PLOT_KINDS = ("png", "svg")
_NULL_VALUES = (
    "expected",
    "sd",
    "fold",
    "fold_low",
    "fold_high",
    "z",
    "p",
    "p_depleted",
    "bp_fold",
    "bp_z",
    "bp_p",
)
CONTROL_COLUMNS = ("control", "database", "null", "calls", "calls_overlapping", *_NULL_VALUES)
"""Columns of ``PREFIX.controls.tsv``."""


class OutputFiles(NamedTuple):
    """The outputs, opened at once so that a place that cannot be written shows early.

    Attributes
    ----------
    summary, matrix, per_call, novel : TextIO
    per_call_index : Path
    controls : TextIO or None
    plots : dict of (str, str) to Path
        By picture and kind of file; empty when no plots are wanted.
    record : TextIO
        The last one, which marks the set as complete.
    """

    summary: TextIO
    matrix: TextIO
    per_call: TextIO
    per_call_index: Path
    novel: TextIO
    controls: TextIO | None
    plots: dict[tuple[str, str], Path]
    record: TextIO


class ControlTest(NamedTuple):
    """Random calls against all databases under one null.

    Attributes
    ----------
    control : str
        How the calls were drawn.
    calls : int
    null : str
    results : sequence of Result
        The databases.
    tests : sequence of NullResult
        One a database.
    """

    control: str
    calls: int
    null: str
    results: Sequence[Result]
    tests: Sequence[NullResult]


def open_outputs(out: OutputSet, args: argparse.Namespace) -> OutputFiles:
    """Open all outputs."""
    prefix = args.output_prefix
    pictures = [(plot, kind) for plot in PLOTS for kind in PLOT_KINDS] if args.plots else []
    if args.null == "none":
        pictures = [picture for picture in pictures if picture[0] != "enrichment"]
    return OutputFiles(
        out.open_text(f"{prefix}.summary.tsv"),
        out.open_text(f"{prefix}.matrix.tsv"),
        out.open_text(f"{prefix}.per_call.tsv.gz"),
        out.path(f"{prefix}.per_call.tsv.gz.tbi"),
        out.open_text(f"{prefix}.novel.bed.gz"),
        out.open_text(f"{prefix}.controls.tsv") if args.controls else None,
        {picture: out.path(f"{prefix}.{'.'.join(picture)}") for picture in pictures},
        out.open_text(f"{prefix}.run.json"),
    )


def finish_per_call(files: OutputFiles) -> None:
    """Close the table of calls and index it."""
    files.per_call.close()
    written = Path(files.per_call.name)
    tabix_index(written)
    made = next(path for end in (".tbi", ".csi") if (path := Path(f"{written}{end}")).exists())
    made.replace(files.per_call_index)


def write_controls(stream: TextIO, tests: Sequence[ControlTest]) -> None:
    """Write one row a control, null and database."""
    rows: list[dict[str, str | int | float]] = [
        {
            "control": control,
            "database": result.database.name,
            "null": null,
            "calls": calls,
            "calls_overlapping": int(test.calls.observed),
            **null_values(test),
        }
        for control, calls, null, results, results_of_tests in tests
        for result, test in zip(results, results_of_tests, strict=True)
    ]
    write_rows(stream, rows, CONTROL_COLUMNS)


def draw_plots(
    plots: dict[tuple[str, str], Path],
    results: Sequence[Result],
    names: Sequence[str],
    jaccard: NDArray[np.float64],
    share: NDArray[np.float64],
) -> None:
    """Draw what is wanted, each picture once for both kinds of file."""
    if not plots:
        return
    draw = {
        "upset": lambda: upset_figure(results),
        "enrichment": lambda: enrichment_figure(results),
        "distance": lambda: distance_figure(results),
        "agreement": lambda: agreement_figure(names, jaccard, share),
    }
    with drawing():
        for plot in dict.fromkeys(plot for plot, _ in plots):
            figure = draw[plot]()
            for kind in PLOT_KINDS:
                write_figure(figure, plots[plot, kind])
