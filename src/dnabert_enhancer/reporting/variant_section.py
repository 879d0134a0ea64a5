"""The section of scored variants."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.reporting.meanings import variant_meanings
from dnabert_enhancer.reporting.picture import Picture, allele_scatter
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
from dnabert_enhancer.reporting.table import POSITION, Table, best_rows, number, preamble_of

_LIMITS = (
    "The model sees one window: effects of distal changes, copy number and structural variants are not in "
    "it.",
    "Gain and loss depend on the threshold: a large change far from it is neither. Rank by LogitDifference "
    "or p_value where that matters.",
    "A small p-value says that the change is larger than in shuffled sequence of the same composition, not "
    "that the variant is functional.",
    "Not for clinical use.",
)
_SIZE = "LogitDifference"
_HIDDEN = (
    "variant_start_0based",
    "variant_end_0based",
    "region_coordinates",
    "ScoreChange",
    "LogOddRatio",
    "MaximumOverOffsets",
    "JensenShannon",
    "strand",
    "motifs",
    *(f"tf_{name}" for name in ("ScoreChange", "LogOddRatio", "MaximumOverOffsets", "JensenShannon")),
)


def variants_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of score-variants."""
    smallest = np.nan

    def watch(row: dict[str, str]) -> None:
        nonlocal smallest
        smallest = np.fmin(smallest, number(row["q_value"]))

    table = best_rows(
        run.file("tsv.gz"),
        "Variants",
        settings.rows,
        _size,
        watch=watch,
        needed=("chrom", "pos", _SIZE, f"tf_{_SIZE}", "p_value", "q_value"),
        order=f"the largest |{_SIZE}| of any model first",
        meanings=variant_meanings(),
        hidden=_HIDDEN,
        place=POSITION,
    )
    models = run.entry("scoring", "models")
    model = models[0] if isinstance(models, list) and models and isinstance(models[0], dict) else {}
    threshold = model.get("threshold")
    scored, gain, loss = (run.count(name) for name in ("scored", "gain", "loss"))
    words = "" if threshold is None else f", and does its probability cross {threshold:.3g}"
    sentence = (
        f"What does each of {run.count('alleles'):,} alleles in {genome_of(run)} change in the eyes of "
        f"{model_of(run)}{words}?"
    )
    figures = [
        KeyFigure(f"{scored:,}", f"alleles scored of {run.count('alleles'):,}"),
        KeyFigure(f"{gain + loss:,}", f"cross the threshold (gains of function: {gain:,}, losses: {loss:,})"),
        KeyFigure(shown(float(smallest)), "smallest q-value"),
    ]
    return Section(
        run,
        f"Variants {run.name}",
        sentence,
        figures,
        _pictures(table, threshold),
        [*_candidates(run, settings), _with_models(table)],
        _LIMITS,
        skipped_notes(run, "alleles"),
        _contigs(run.optional("vcf.gz")),
    )


def _candidates(run: Run, settings: ReportSettings) -> list[Table]:
    """Return the table of the candidates, where there are any."""
    path = run.optional("candidates.tsv")
    if path is None:
        return []
    table = best_rows(
        path,
        "Candidates",
        settings.rows,
        order=preamble_of(path) or "the largest |ScoreChange| first",
        meanings=variant_meanings(),
        hidden=_HIDDEN,
        place=POSITION,
    )
    return [_with_models(table)] if table.rows else []


def _size(row: dict[str, str]) -> float:
    """Return the largest |LogitDifference| of a row's models; NaN where it has none."""
    return float(np.fmax(abs(number(row[_SIZE])), abs(number(row[f"tf_{_SIZE}"]))))


def _with_models(table: Table) -> Table:
    """Return the table with the column of models hidden where there is one model only."""
    return replace(table, hidden=_HIDDEN if len({*table.column("model")}) > 1 else (*_HIDDEN, "model"))


def _pictures(table: Table, threshold: float | None) -> list[Picture]:
    """Return the picture of both probabilities: a mark for each allele, however many models have a row."""
    columns = (
        *("chrom", "pos", "reference_nucleotide", "alternative_nucleotide"),
        *("reference_probability", "alternative_probability", "predicted_functional_effect"),
    )
    alleles = list(dict.fromkeys(zip(*(table.column(name) for name in columns), strict=True)))
    ref, alt = ([number(allele[at]) for allele in alleles] for at in (4, 5))
    if not np.isfinite(ref).any():
        return []
    part = f" of the {len(table.rows):,} rows shown" if len(table.rows) < table.total else ""
    effect = [allele[6] for allele in alleles]
    return [allele_scatter(ref, alt, effect, threshold, f"Both alleles{part}")]


def _contigs(vcf: Path | None) -> dict[str, int]:
    """Return the contigs that the header of a VCF declares with their lengths."""
    found: dict[str, int] = {}
    for _, line in [] if vcf is None else read_text_lines(vcf):
        if not line.startswith("##"):
            break
        name, length = (re.search(rf"[<,]{key}=([^,>]+)", line) for key in ("ID", "length"))
        if line.startswith("##contig=") and name and length and length[1].isdigit():
            found[name[1]] = int(length[1])
    return found
