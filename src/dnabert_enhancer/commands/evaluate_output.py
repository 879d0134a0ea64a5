"""What evaluate writes and shows: tables, predictions, pictures, the run's record."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import (
    AS_GIVEN,
    DEFINITIONS,
    PLOTS,
    PREVALENCES,
    Labelled,
    MetricKey,
    Result,
    draw_plots,
    drawing,
    interval_text,
    metric_names,
    results_json,
    table_lines,
    write_figure,
)

if TYPE_CHECKING:
    from rich.table import Table

    from dnabert_enhancer.commands.evaluate_input import EvaluationInput
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet

_COORDINATES = ("name", "chrom", "start", "end", "strand")
_RARE_METRICS = ("precision", "mcc", "auprc")


class OutputFiles(NamedTuple):
    """Where the outputs go, opened before the work so that a bad place is found at once."""

    table: TextIO
    predictions: TextIO
    pictures: dict[str, Path]
    summary: TextIO
    record: TextIO


def reserve_outputs(outputs: OutputSet, prefix: str, task: str | None) -> OutputFiles:
    """Open all outputs under their temporary names; the record of the run is renamed last.

    Parameters
    ----------
    outputs : OutputSet
        Where the files are kept until the run has ended well.
    prefix : str
        What their names begin with.
    task : {"binary", "multiclass", "regression"} or None
        Whose pictures are drawn; None for no pictures.
    """
    return OutputFiles(
        table=outputs.open_text(f"{prefix}.metrics.tsv"),
        predictions=outputs.open_text(f"{prefix}.predictions.tsv.gz"),
        pictures={
            f"{picture}.{kind}": outputs.path(f"{prefix}.{picture}.{kind}")
            for picture in (PLOTS[task] if task else ())
            for kind in ("png", "svg")
        },
        summary=outputs.open_text(f"{prefix}.metrics.json"),
        record=outputs.open_text(f"{prefix}.run.json"),
    )


def write_outputs(
    files: OutputFiles,
    results: Sequence[Result],
    given: EvaluationInput,
    logits: Mapping[str, NDArray[np.float32]],
    args: argparse.Namespace,
    record: RunRecord,
) -> None:
    """Write everything.

    Parameters
    ----------
    files : OutputFiles
        Where to.
    results : sequence of Result
        Subset by subset.
    given : EvaluationInput
        What was judged.
    logits : mapping of str to float32[n]
        Logits before calibration by method.
    args : argparse.Namespace
        For the bootstrap's number and seed.
    record : RunRecord
        Written last.
    """
    data, subsets = given.data, given.subsets
    files.table.writelines(table_lines(results, data.labels, data.task))
    files.predictions.writelines(_prediction_lines(results, given, logits))
    last = [result for result in results if result.subset.name == subsets[-1].name]
    if files.pictures:
        with drawing():
            figures = draw_plots(last, data.labels, data.task, data.label_names)
            for name, path in files.pictures.items():
                write_figure(figures[name.partition(".")[0]], path)
    summary = results_json(results, data.labels, data.task)
    summary |= {
        "dataset": data.source,
        "label_names": list(data.label_names),
        "bootstrap": {
            "resamples": args.bootstrap,
            "seed": args.seed,
            "stratified": data.task != "regression",
        },
    }
    files.summary.write(json.dumps(summary, indent=2) + "\n")
    files.record.write(record.to_json())


def show_tables(results: Sequence[Result], data: Labelled) -> None:
    """Print the metrics with their intervals, and for two classes those of other prevalences."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    for name in dict.fromkeys(result.subset.name for result in results):
        rows = [result for result in results if result.subset.name == name]
        inside = data.labels[rows[0].subset.rows]
        size = f"{len(inside):,} sequences"
        if data.task == "binary":
            size = f"{int(inside.sum()):,} positives, {int((1 - inside).sum()):,} negatives"
        keys = [MetricKey(AS_GIVEN, metric) for metric in metric_names(rows)]
        console.print(_table(f"{size} ({name})", rows, keys))
        if data.task == "binary":
            keys = [MetricKey(ratio, metric) for ratio in PREVALENCES for metric in _RARE_METRICS]
            console.print(_table(f"negatives weighted to 1, 10 and 100 a positive ({name})", rows, keys))


def _table(title: str, rows: Sequence[Result], keys: Sequence[MetricKey]) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("method")
    for key in keys:
        place = "" if key.condition == AS_GIVEN else f" {key.condition}"
        table.add_column(DEFINITIONS[key.metric].title + place, justify="right")
    for row in rows:
        cells = [interval_text(row.estimates[key]).replace(" (", "\n(") for key in keys]
        table.add_row(Text(row.method.name), *(Text(cell) for cell in cells))
    return table


def _prediction_lines(
    results: Sequence[Result],
    given: EvaluationInput,
    logits: Mapping[str, NDArray[np.float32]],
) -> Iterator[str]:
    """Yield one line a sequence: where it is, its label, whether it is a duplicate, what each method says."""
    frame, data = given.frame, given.data
    columns: dict[str, list[str]] = {}
    for name in _COORDINATES:
        missing = frame[name].isna().tolist()
        values = frame[name].tolist()
        columns[name] = ["." if gone else str(value) for value, gone in zip(values, missing, strict=True)]
    columns["label"] = [repr(label) for label in data.labels.tolist()]
    for subset in given.subsets[1:]:
        columns["duplicate"] = [str(int(not inside)) for inside in subset.rows]
    for method in dict.fromkeys(id(result.method) for result in results):
        chosen = next(result.method for result in results if id(result.method) == method)
        scores = np.asarray(chosen.outputs)
        if scores.ndim == 2:
            for number in range(scores.shape[1]):
                label = data.label_names[number] if number < len(data.label_names) else str(number)
                columns[f"{chosen.name}: {label}"] = _texts(scores[:, number])
            continue
        kind = "value" if data.task == "regression" else "probability"
        columns[f"{chosen.name}: {kind}"] = _texts(scores)
        if chosen.name in logits:
            columns[f"{chosen.name}: logit"] = _texts(logits[chosen.name])
    yield "\t".join(name.replace("\t", " ") for name in columns) + "\n"
    for row in zip(*columns.values(), strict=True):
        yield "\t".join(row) + "\n"


def _texts(values: NDArray[np.floating[Any]]) -> list[str]:  # float32 or float64
    """Return numbers with the digits that give back the same float."""
    return (
        [str(value) for value in values]
        if values.dtype == np.float32
        else [repr(value) for value in values.tolist()]
    )
