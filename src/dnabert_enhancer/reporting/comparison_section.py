"""The section of calls compared with databases."""

from __future__ import annotations

import math
from dataclasses import replace

from dnabert_enhancer.reporting.meanings import comparison_meanings
from dnabert_enhancer.reporting.picture import kept_picture
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import KeyFigure, ReportSettings, Section, shown, skipped_notes
from dnabert_enhancer.reporting.table import REGION, best_rows, number

_LIMITS = (
    "Only what was scanned counts; a database says where elements were found, not where none are.",
    "Fisher's p is too small, since neighbouring bins depend on each other: take the p and q of the nulls.",
    "A fold without an upper limit (inf) means that no such overlap came up in the nulls.",
)
_SHOWN = ("database", "elements", "calls_overlapping", "precision", "elements_overlapping", "recall", "auroc")
_PICTURES = {
    "enrichment": ("Enrichment", "Observed by expected calls in each database, with what the nulls leave."),
    "upset": ("Calls by databases", "How many calls are in which combination of databases."),
    "distance": ("Distance to the nearest element", "Share of calls with an element within a distance."),
    "sweep": ("Overlap by least share", "Share of calls and of elements that one partner covers so far."),
    "agreement": ("Agreement", "Two heat maps of how the calls and the databases agree."),
}


def comparison_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of compare-db."""
    meanings = comparison_meanings()
    summary = best_rows(run.file("summary.tsv"), "Databases", settings.rows, meanings=meanings)
    nulls = [name for name in ("circular", "resample") if f"{name}_fold" in summary.columns]
    seen = {*_SHOWN, *(f"{null}_{name}" for null in nulls for name in ("fold", "p", "q"))}
    hidden = [name for name in summary.columns if name not in seen]
    folds = [
        (number(cell), database, null)
        for null in nulls
        for cell, database in zip(summary.column(f"{null}_fold"), summary.column("database"), strict=True)
    ]
    fold, database, null = max(
        (one for one in folds if not math.isnan(one[0])), default=(math.nan, "no database", "no null")
    )
    calls, novel = run.count("calls"), run.count("novel")
    names = ", ".join(summary.column("database"))
    figures = [
        KeyFigure(f"{calls - novel:,}", f"of {calls:,} calls are in a database"),
        KeyFigure(f"{novel:,}", "calls are in none"),
        KeyFigure(shown(fold), f"times the expected number in {database} ({null}), the highest"),
    ]
    tables = [
        replace(summary, hidden=hidden),
        best_rows(
            run.file("novel.bed.gz"),
            "Calls in no database",
            settings.rows,
            order="the best score first",
            meanings=meanings,
            place=REGION,
            hidden=("strand",),
        ),
    ]
    sweep = run.optional("sweep.tsv")
    if sweep is not None:
        tables.append(best_rows(sweep, "Overlap by least share", settings.rows, meanings=meanings))
    controls = run.optional("controls.tsv")
    if controls is not None:
        tables.append(best_rows(controls, "Random calls", settings.rows, meanings=meanings))
    return Section(
        run,
        f"Comparison {run.name}",
        f"How many of {calls:,} calls are in {names}, is that more than by chance, and which are new?",
        figures,
        [one for name, told in _PICTURES.items() for one in kept_picture(run.optional(f"{name}.svg"), *told)],
        tables,
        _LIMITS,
        skipped_notes(run, "items"),
    )
