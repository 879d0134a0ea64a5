"""The section of a scan, and that of scored sequences."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from dnabert_enhancer.reporting.meanings import call_meanings, region_meanings, sequence_meanings
from dnabert_enhancer.reporting.picture import bars, histogram_of, score_histogram
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import (
    KeyFigure,
    ReportSettings,
    Section,
    genome_of,
    model_of,
    shown,
    skipped_notes,
)
from dnabert_enhancer.reporting.table import REGION, Table, best_rows, number, titles_of
from dnabert_enhancer.reporting.track import track_scores

_LIMITS = (
    "A score is a ranking by one model that sees one window at a time; it is no measurement of activity.",
    "q-values compare with shuffled DNA, not with real DNA that is no enhancer; in whole scans they are "
    "near 1. Rank by maximum.",
    "Promoters and CpG islands score high, too.",
)


def predict_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of predict."""
    return _scan(run, settings) if run.entry("scan") is not None else _sequences(run, settings)


def _scan(run: Run, settings: ReportSettings) -> Section:
    threshold = run.entry("calls_made_with", "threshold")
    by_contig: Counter[str] = Counter()
    calls = best_rows(
        run.file("calls.bed.gz"),
        "Calls",
        settings.rows,
        lambda row: number(row["maximum"]),
        watch=lambda row: by_contig.update([row["chrom"]]),
        needed=("chrom", "maximum"),
        order="the highest maximum first",
        meanings=call_meanings(),
        hidden=("score", "strand", "name"),
        place=REGION,
    )
    track = run.file("bw")
    contigs, values, bases = track_scores(track)
    counts, edges = histogram_of(values)
    scanned, called = run.count("scanned_bases"), run.count("called_bases")
    words = "windows" if threshold is None else f"windows that score {threshold:.3g} or more"
    window = run.entry("scan", "window_length")
    pictures = []
    if len(values):
        part = f" (of {bases:,} bases, evenly spread)" if bases < scanned else ""
        pictures.append(score_histogram(counts, edges, threshold, "bases", f"Scores of the track{part}"))
    if len(by_contig) > 1:
        pictures.append(bars(by_contig, "calls", "Calls by contig"))
    sentence = (
        f"Where in {scanned:,} bases of {genome_of(run)} does the DNA look like an enhancer to "
        f"{model_of(run)}? Calls are {words}, {window} bp long, joined where they touch."
    )
    best = calls.rows[0][list(calls.columns).index("maximum")] if calls.rows else "nan"
    figures = [
        KeyFigure(f"{calls.total:,}", f"calls, {shown(1e6 * calls.total / max(1, scanned))} per Mb"),
        KeyFigure(f"{100 * called / max(1, scanned):.1f} %", f"of the scanned bases called ({called:,} bp)"),
        KeyFigure(shown(number(best)), "highest probability of a call"),
    ]
    tables = [calls]
    path = run.optional("regions.tsv")
    if path is not None:
        regions, labels = _regions(path, settings)
        tables.insert(0, regions)
        label = str(run.entry("scan", "label"))
        if labels.keys() - {"NA"}:
            figures[2] = KeyFigure(f"{labels[label]:,}", f"of {regions.total:,} regions are labelled {label}")
    notes = skipped_notes(run, "windows")
    is_probability = run.entry("scan", "task") != "regression"
    return Section(
        run,
        f"Scan {run.name}",
        sentence,
        figures,
        pictures,
        tables,
        _LIMITS,
        notes,
        contigs,
        track,
        (0, 1) if is_probability else None,
    )


def _regions(path: Path, settings: ReportSettings) -> tuple[Table, Counter[str]]:
    """Return the table of the regions that were given, and how many have which label."""
    labels: Counter[str] = Counter()
    titles = titles_of(path)
    hidden = [name for name in titles[4:] if name in ("score", "strand") or name.startswith("column_")]
    regions = best_rows(
        path,
        "Regions",
        settings.rows,
        lambda row: number(row["maximum"]),
        watch=lambda row: labels.update([row["label"]]),
        needed=("maximum", "label"),
        order="the highest maximum first",
        meanings=region_meanings(titles),
        hidden=hidden,
        place=REGION,
    )
    return regions, labels


def _sequences(run: Run, settings: ReportSettings) -> Section:
    labels: Counter[str] = Counter()
    scores: list[float] = []

    def watch(row: dict[str, str]) -> None:
        labels.update([row["label"]])
        scores.append(number(row["maximum"]))

    table = best_rows(
        run.file("predictions.tsv"),
        "Sequences",
        settings.rows,
        lambda row: number(row["maximum"]),
        watch=watch,
        needed=("maximum", "label"),
        order="the highest maximum first",
        meanings=sequence_meanings(),
    )
    threshold = run.entry("threshold")
    values = np.array(scores)
    pictures = []
    if np.isfinite(values).any():
        pictures.append(
            score_histogram(*histogram_of(values), threshold, "sequences", "Highest score of each sequence")
        )
    label, most = max(
        labels.items(), key=lambda item: (item[0] == run.entry("model", "label"), item[1]), default=("", 0)
    )
    figures = [
        KeyFigure(f"{table.total:,}", "sequences"),
        KeyFigure(f"{most:,}", f"are {label}" if label not in ("", "NA") else "without a label"),
        KeyFigure(shown(max(values[np.isfinite(values)], default=np.nan)), "highest score"),
    ]
    at = "" if threshold is None else f" The label is that at the threshold of {threshold:.3g}."
    sentence = f"How much does each sequence look like an enhancer to {model_of(run)}?{at}"
    return Section(
        run,
        f"Sequences {run.name}",
        sentence,
        figures,
        pictures,
        [table],
        _LIMITS[:1],
        skipped_notes(run, "items"),
    )
