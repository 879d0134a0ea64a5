"""The section of an interpretation, of regions or of variants."""

from __future__ import annotations

import itertools

from dnabert_enhancer.reporting.meanings import interpret_meanings
from dnabert_enhancer.reporting.motif_tables import motif_tables
from dnabert_enhancer.reporting.picture import Picture, kept_picture
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import (
    KeyFigure,
    ReportSettings,
    Section,
    model_of,
    shown,
    skipped_notes,
)
from dnabert_enhancer.reporting.table import POSITION, REGION, best_rows, number
from dnabert_enhancer.reporting.track import track_contigs

_LIMITS = (
    "Importance says what the model looks at, not what a cell does.",
    "Importance of a base is what its change does to the score: bases that stand in for each other look "
    "unimportant.",
)


def interpret_section(run: Run, settings: ReportSettings) -> Section:
    """Return the section of a run of interpret."""
    return _variants(run, settings) if run.optional("variants.tsv") is not None else _regions(run, settings)


def _regions(run: Run, settings: ReportSettings) -> Section:
    track, has_genome = run.optional("bw"), run.has_input("genome")
    table = best_rows(
        run.file("regions.tsv"),
        "Regions",
        settings.rows,
        lambda row: number(row["score"]),
        needed=("score", "maximum"),
        order="the highest score first",
        meanings=interpret_meanings(),
        place=REGION if has_genome else None,
    )
    figures = [
        KeyFigure(f"{run.count('regions_explained'):,}", f"regions explained of {run.count('regions'):,}"),
        KeyFigure(f"{run.count('bases_explained'):,}", f"bases explained of {run.count('bases'):,}"),
        KeyFigure(
            shown(max(map(number, table.column("maximum")), default=float("nan"))), "highest importance"
        ),
    ]
    return Section(
        run,
        f"Interpretation {run.name}",
        f"Which bases make the score that {model_of(run)} gives to each region?",
        figures,
        [*_motifs(run), *_logos(run, "logo", "Importance of each base, region")],
        [table, *motif_tables(run, settings, REGION if has_genome else None)],
        _LIMITS,
        skipped_notes(run, "regions"),
        {} if track is None else track_contigs(track),
        track,
    )


def _variants(run: Run, settings: ReportSettings) -> Section:
    table = best_rows(
        run.file("variants.tsv"),
        "Variants explained",
        settings.rows,
        lambda row: number(row["rewiring"]),
        needed=("rewiring", "change"),
        order="the largest rewiring first",
        meanings=interpret_meanings(),
        place=POSITION,
    )
    changes = [abs(number(cell)) for cell in table.column("change")]
    figures = [
        KeyFigure(f"{run.count('variants_explained'):,}", "variants explained"),
        KeyFigure(shown(max(changes, default=float("nan"))), "largest change of the logit"),
        KeyFigure(
            shown(max(map(number, table.column("rewiring")), default=float("nan"))), "largest rewiring"
        ),
    ]
    return Section(
        run,
        f"Interpretation of variants {run.name}",
        f"Which bases matter more, or less, to {model_of(run)} with each allele?",
        figures,
        _logos(run, "variant", "Importance with both alleles and their difference, variant"),
        [table],
        _LIMITS,
        skipped_notes(run, "variants"),
    )


def _motifs(run: Run) -> list[Picture]:
    """Return the logos of the motifs that the run found."""
    text = "Sequence logos of the motifs found in the regions themselves."
    return [one._replace(wide=True) for one in kept_picture(run.optional("motifs.svg"), "Motifs found", text)]


def _logos(run: Run, name: str, text: str) -> list[Picture]:
    """Return the logos that the run drew, the first ranks first."""
    found: list[Picture] = []
    for rank in itertools.count(1):
        picture = kept_picture(
            run.optional(f"{name}-{rank}.svg"), f"{text} {rank} by rank", f"{text} {rank}."
        )
        if not picture:
            return found
        found += [one._replace(wide=True) for one in picture]
    return found
