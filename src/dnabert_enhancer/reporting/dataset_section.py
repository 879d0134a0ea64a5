"""The section of a data set."""

from __future__ import annotations

from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import KeyFigure, ReportSettings, Section, genome_of, skipped_notes

SPLITS = ("train", "validation", "test")
_LIMITS = (
    "Negatives are no proof of inactivity: they are DNA that the positives do not name.",
    "A model that is judged on the test split is judged on sequences made in the same way.",
)


def dataset_section(run: Run, settings: ReportSettings) -> Section:  # noqa: ARG001, as the other sections
    """Return the section of a run of make-dataset."""
    positives, negatives = (
        sum(run.count(f"{split}_{kind}") for split in SPLITS) for kind in ("positives", "negatives")
    )
    parts = (
        f"{sum(run.count(f'{split}_{kind}') for kind in ('positives', 'negatives')):,} ({split})"
        for split in SPLITS
    )
    figures = [
        KeyFigure(f"{positives:,}", f"positives of {run.count('regions'):,} regions"),
        KeyFigure(f"{negatives:,}", "negatives"),
        KeyFigure(f"{run.count('test_positives') + run.count('test_negatives'):,}", "kept for the test"),
    ]
    return Section(
        run,
        f"Data set {run.name}",
        f"Which windows of {genome_of(run)} does a model learn from? {', '.join(parts)}.",
        figures,
        limits=_LIMITS,
        notes=skipped_notes(run, "windows"),
    )
