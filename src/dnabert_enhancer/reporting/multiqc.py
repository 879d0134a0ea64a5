"""Runs as sections of a MultiQC report: files of custom content, ``*_mqc.json``."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import DEFINITIONS
from dnabert_enhancer.reporting.dataset_section import SPLITS
from dnabert_enhancer.reporting.meanings import comparison_meanings
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import Section
from dnabert_enhancer.reporting.table import Table, number

Samples = dict[str, dict[str, float]]
_PREFIX = "dnabert_enhancer"
_GROUP = {
    "parent_id": _PREFIX,
    "parent_name": "DNABERT-Enhancer",
    "parent_description": "Enhancers, and what variants do to them, by DNABERT models.",
}
_SCAN = {
    "scanned_mb": ("Mb", "million bases that were scanned"),
    "calls": ("Calls", "windows over the threshold, joined"),
    "calls_per_mb": ("Calls per Mb", "calls by million scanned bases"),
    "called_percent": ("Called", "share of the scanned bases, in per cent"),
    "threshold": ("Threshold", "score from which on a window is called"),
}
_INTERPRETED = {
    "regions": ("Regions", "regions that were given"),
    "regions_explained": ("Explained", "regions that were explained"),
    "bases_explained": ("Bases", "bases that were explained"),
    "variants_explained": ("Variants", "variants that were explained"),
    "seqlets": ("Seqlets", "runs of high importance"),
    "motifs_found": ("Motifs", "motifs that were found without a database"),
}
_COMPARED = ("elements", "calls_overlapping", "precision", "recall", "circular_fold", "circular_q", "auroc")


class _Part(NamedTuple):
    """A section of MultiQC.

    Attributes
    ----------
    command : str
        Whose runs it is of.
    name, title, told : str
    kind : str
        Its plot: ``table``, ``bargraph`` or ``linegraph``.
    samples : callable
        Takes a section and the name of its run; returns the values of each sample.
    axes : mapping
        Titles of axes.
    headers : mapping
        Of a table: title and meaning of each column.
    """

    command: str
    name: str
    title: str
    told: str
    kind: str
    samples: Callable[[Section, str], Samples]
    axes: Mapping[str, str] = {}
    headers: Mapping[str, tuple[str, str]] = {}


def multiqc_files(sections: Sequence[Section]) -> dict[str, str]:
    """Return the files for MultiQC, by their names: one a kind of section, with samples.

    What comes from a run is escaped, since MultiQC puts names of samples into its page as they are.

    Raises
    ------
    InputError
        None of the runs has such a section.
    """
    names = _names([section.run for section in sections])
    files = {}
    for part in _parts():
        samples: Samples = {}
        for section, name in zip(sections, names, strict=True):
            if section.run.command == part.command:
                samples |= part.samples(section, name)
        kept = {name: known for name, values in samples.items() if (known := _finite(values))}
        if kept:
            files[f"{_PREFIX}_{part.name}_mqc.json"] = json.dumps(_content(part, kept), indent=1) + "\n"
    if not files:
        raise InputError(
            "none of the runs has a section for MultiQC",
            source="--multiqc",
            remedy=f"give runs of {', '.join(dict.fromkeys(part.command for part in _parts()))}",
        )
    return files


def _content(part: _Part, samples: Samples) -> dict[str, Any]:
    identifier = f"{_PREFIX}_{part.name}"
    content: dict[str, Any] = {
        "id": identifier,
        **_GROUP,
        "section_name": part.title,
        "description": html.escape(part.told),
        "plot_type": part.kind,
        "pconfig": {"id": f"{identifier}_plot", "title": f"DNABERT-Enhancer: {part.title}", **part.axes},
    }
    if part.headers:
        columns: dict[str, list[float]] = {}
        for values in samples.values():
            for name, value in values.items():
                columns.setdefault(name, []).append(value)
        content["headers"] = {
            name: {
                "title": title,
                "description": html.escape(told),
                "format": "{:,.0f}"
                if all(float(value).is_integer() for value in columns[name])
                else "{:,.4g}",
            }
            for name, (title, told) in part.headers.items()
            if name in columns
        }
    return {**content, "data": {html.escape(name): values for name, values in samples.items()}}


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the runs' names, numbered where a command has several of a name."""
    seen: dict[tuple[str, str], int] = {}
    names = []
    for run in runs:
        seen[run.command, run.name] = number_of = seen.get((run.command, run.name), 0) + 1
        names.append(run.name if number_of == 1 else f"{run.name} {number_of}")
    return names


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _dataset(section: Section, name: str) -> Samples:
    kinds = ("positives", "negatives")
    run = section.run
    return {f"{name}: {split}": {kind: run.count(f"{split}_{kind}") for kind in kinds} for split in SPLITS}


def _losses(section: Section, name: str) -> Samples:
    found: Samples = {}
    for table in section.tables:
        fold = table.title.removeprefix("Epochs").removeprefix(" of ")
        for split in ("train", "validation"):
            if f"{split}_loss" in table.columns:
                points = zip(table.column("epoch"), table.column(f"{split}_loss"), strict=True)
                losses = {epoch: number(loss) for epoch, loss in points}
                found[f"{name}: {' '.join(filter(None, (fold, split)))}"] = losses
    return found


def _learned(section: Section, name: str) -> Samples:
    folds = section.run.entry("folds")
    models = folds if isinstance(folds, list) else [section.run.record]
    found: Samples = {}
    for at, model in enumerate(models, start=1):
        metrics = model.get("metrics") if isinstance(model, dict) else None
        for split, values in (metrics if isinstance(metrics, dict) else {}).items():
            if isinstance(values, dict):
                fold = f"fold{at} " if isinstance(folds, list) else ""
                found[f"{name}: {fold}{split}"] = {
                    metric: float(value)
                    for metric, value in values.items()
                    if metric in DEFINITIONS and isinstance(value, (int, float))
                }
    return found


def _scan(section: Section, name: str) -> Samples:
    run = section.run
    if run.entry("scan") is None:
        return {}
    scanned = run.count("scanned_bases")
    threshold = run.entry("calls_made_with", "threshold")
    values = {"scanned_mb": scanned / 1e6, "calls": run.count("calls")}
    if scanned:
        values["calls_per_mb"] = 1e6 * run.count("calls") / scanned
        values["called_percent"] = 100 * run.count("called_bases") / scanned
    if isinstance(threshold, (int, float)):
        values["threshold"] = threshold
    return {name: values}


def _effects(section: Section, name: str) -> Samples:
    alleles, scored, gain, loss = (section.run.count(key) for key in ("alleles", "scored", "gain", "loss"))
    left = {"No change": scored - gain - loss, "Not scored": alleles - scored}
    return {name: {"Gain of function": gain, "Loss of function": loss, **left}}


def _explained(section: Section, name: str) -> Samples:
    counts = section.run.record["counts"]
    return {name: {key: float(counts[key]) for key in _INTERPRETED if isinstance(counts.get(key), int)}}


def _judged(section: Section, name: str) -> Samples:
    return dict(_rows(section.tables[0], name, ("method", "subset", "prevalence"), list(DEFINITIONS)))


def _compared(section: Section, name: str) -> Samples:
    return dict(_rows(section.tables[0], name, ("database",), _COMPARED))


def _rows(
    table: Table, name: str, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the rows of a table as samples, named by the run and some columns."""
    for cells in table.rows:
        row = dict(zip(table.columns, cells, strict=True))
        words = ", ".join(row[key] for key in keys if row.get(key) not in (None, "", "all", "as given"))
        yield f"{name}: {words}", {column: number(row[column]) for column in columns if column in row}


def _parts() -> list[_Part]:
    """Return all sections; a further one is one entry."""
    metrics = {name: (one.title, one.formula) for name, one in DEFINITIONS.items()}
    meanings = comparison_meanings()
    compared = {name: (name.replace("_", " "), meanings.get(name, "")) for name in _COMPARED}
    epochs = {"xlab": "epoch", "ylab": "loss"}
    told_of_loss = "Loss by epoch on the training sequences, and on those kept out."
    told_of_effects = "What alleles do to the probability of the element."
    told_of_databases = "Calls beside the elements of each database."
    return [
        _Part(
            *("make-dataset", "dataset", "Data set", "Labelled windows by split.", "bargraph", _dataset),
            axes={"ylab": "windows"},
        ),
        _Part("finetune", "loss", "Training: loss", told_of_loss, "linegraph", _losses, axes=epochs),
        _Part("finetune", "training", "Training", "Metrics by split.", "table", _learned, headers=metrics),
        _Part(
            "evaluate", "evaluation", "Evaluation", "Metrics by method.", "table", _judged, headers=metrics
        ),
        _Part("predict", "scan", "Scan", "Genomes that were scanned.", "table", _scan, headers=_SCAN),
        _Part(
            *("score-variants", "variants", "Variants", told_of_effects, "bargraph", _effects),
            axes={"ylab": "alleles"},
        ),
        _Part(
            *("compare-db", "comparison", "Comparison", told_of_databases, "table", _compared),
            headers=compared,
        ),
        _Part(
            *("interpret", "interpretation", "Interpretation", "What was explained.", "table", _explained),
            headers=_INTERPRETED,
        ),
    ]
