"""The tables of seqlets and motifs of an interpretation, as far as the run wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.interpret import MOTIF_COLUMNS, SEQLET_COLUMNS
from dnabert_enhancer.reporting.meanings import (
    enrichment_meanings,
    found_motif_meanings,
    match_meanings,
    seqlet_meanings,
)
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.section import ReportSettings
from dnabert_enhancer.reporting.table import Place, Table, best_rows, number

_SEQLETS = ("chrom", "start", "end", "name", "score", "strand", *SEQLET_COLUMNS[4:])


def motif_tables(run: Run, settings: ReportSettings, place: Place | None) -> list[Table]:
    """Return the tables that there are: motifs found, their enrichment, seqlets, matches.

    Parameters
    ----------
    run : Run
    settings : ReportSettings
    place : Place, optional
        What says where a seqlet is; none of sequences.
    """
    found: list[Table] = []

    def add(ending: str, title: str, *size: Any, **more: Any) -> None:  # as of `best_rows`
        path = run.optional(ending)
        if path is not None:
            found.append(best_rows(path, title, settings.rows, *size, **more))

    by_p = {"order": "the smallest p first", "needed": ("p",)}
    add("motifs.tsv", "Motifs found", meanings=found_motif_meanings())
    add("motif_enrichment.tsv", "Motifs in seqlets", **by_p, meanings=enrichment_meanings())
    add(
        "seqlets.bed.gz",
        "Seqlets",
        lambda row: abs(number(row["sum"])),
        order="the largest |sum| first",
        titles=_seqlet_titles(run),
        meanings=seqlet_meanings(),
        hidden=("score", "strand"),
        place=place,
    )
    add(
        "motif_matches.tsv",
        "Motifs that resemble seqlets and found motifs",
        lambda row: -number(row["p"]),
        **by_p,
        meanings=match_meanings(),
    )
    return found


def _seqlet_titles(run: Run) -> Sequence[str]:
    """Return the titles of the BED of seqlets, which has none itself."""
    path = run.optional("seqlets.bed.gz")
    first = "" if path is None else next((text for _, text in read_text_lines(path)), "")
    return _SEQLETS if first.count("\t") < len(_SEQLETS) else (*_SEQLETS, *MOTIF_COLUMNS)
