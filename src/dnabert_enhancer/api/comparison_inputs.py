"""What `compare` is given (calls, databases, genome, areas, genes) in the forms that are compared."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnabert_enhancer.api.inputs import require_columns
from dnabert_enhancer.comparison import (
    PRESETS,
    Assembly,
    CompareSettings,
    Database,
    EffectiveGenome,
    Elements,
    Selection,
    check_contigs,
    check_different,
    element_frame,
    head_of,
    into_genome,
    joined_elements,
    parse_database,
    read_chain_header,
    read_elements,
    read_manifest,
)
from dnabert_enhancer.dataset import begins_as_fasta
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import (
    Genome,
    Interval,
    check_genome_sizes,
    read_assembly_report,
    read_contig_sizes,
    read_genes,
    read_regions,
    recognised_assembly,
)
from dnabert_enhancer.scan import Scan

if TYPE_CHECKING:
    import pandas as pd

PathLike = str | os.PathLike[str]
_log = logging.getLogger(__name__)
_BEST_SCORE = "maximum"
_BED_SCORE = "5"


def assembly_of(
    genome: Any, settings: CompareSettings, chains: Sequence[PathLike], report: PathLike | None = None
) -> Assembly:
    """Return the genome of the calls, checked against the assembly named, with the chain files.

    Parameters
    ----------
    genome : Genome, path or mapping
        A FASTA, a file of contig lengths, or the lengths.
    settings : CompareSettings
    chains : sequence of path
    report : path, optional
        NCBI's report of the assembly.
    """
    sizes = _contig_sizes(genome)
    name = settings.assembly or recognised_assembly(sizes)
    if name is None:
        raise InputError(
            "the contig lengths do not show the assembly of the calls",
            remedy="name it: assembly='hg38', 'hg19', 'mm39' or any other name",
        )
    source = genome if isinstance(genome, (str, os.PathLike)) else getattr(genome, "path", "genome")
    check_genome_sizes(sizes, name, source)
    further = getattr(genome, "report", ()) if report is None else read_assembly_report(report)
    return Assembly(name, sizes, [read_chain_header(path) for path in chains], further)


def databases_of(databases: Any, assembly: str) -> list[Database]:  # see `compare`
    """Return the databases that `compare` was given.

    Raises
    ------
    InputError
        None at all, two of one name or content, what `parse_database` and `read_manifest` refuse.
    """
    found: list[Database] = []
    if isinstance(databases, (str, os.PathLike)):
        if isinstance(databases, str) and "=" in databases and not Path(databases).exists():
            databases = [databases]
        else:
            found, databases = read_manifest(databases, assembly), []
    if not isinstance(databases, Mapping):
        for item in databases:
            if not isinstance(item, (str, Database)):
                raise InputError(
                    f"{type(item).__name__} does not name a database",
                    remedy="give a dict of names and files or tables, or a list of 'NAME=FILE[,preset=…]'",
                )
            found.append(item if isinstance(item, Database) else parse_database(item, assembly))
    else:
        for name, value in databases.items():
            if hasattr(value, "iloc"):
                elements = _elements_of_frame(value, f"the database {name}")
                if not len(elements):
                    raise InputError(f"the database {name} has no elements", remedy="leave it out")
                found.append(Database(str(name), "a table", PRESETS["bed"], assembly, elements=elements))
            else:
                found.append(parse_database(f"{name}={os.fspath(value)}", assembly))
    if not found:
        raise InputError(
            "there is no database to compare with",
            source="--database",
            remedy="give --database NAME=FILE or --databases MANIFEST",
        )
    check_different(found)
    for database in found:
        if database.guessed:
            _log.info("%s: read as preset %s", database.name, database.preset.name)
        if not database.preset.verified:
            _log.warning(
                "%s: the layout of preset %s was not verified on a real file; check some of the elements",
                database.name,
                database.preset.name,
            )
    return found


def effective_genome_of(
    assembly: Assembly,
    scanned: Any,
    gaps: Any,  # see `compare`
) -> tuple[EffectiveGenome, dict[str, int]]:
    """Return what counts of the genome, and how many intervals of both were skipped, by role and reason."""
    areas: dict[str, pd.DataFrame | None] = {}
    skipped: dict[str, int] = {}
    for role, given in (("scanned", scanned), ("gaps", gaps)):
        areas[role], left_out = (None, {}) if given is None else _area(given, role, assembly)
        skipped |= {f"{role}_{reason}": number for reason, number in left_out.items()}
    if scanned is None:
        _log.info("no --scanned: all %d contigs of the genome count as scanned", len(assembly.sizes))
    effective = EffectiveGenome(assembly.sizes, areas["scanned"], areas["gaps"])
    if (area := areas["scanned"]) is not None and not len(area):
        _log.warning("%s: nothing was scanned, so nothing counts", _name_of(scanned, "scanned"))
    elif not effective.bases:
        raise InputError(
            "nothing is left to compare",
            source=_name_of(gaps, "gaps") if scanned is None else _name_of(scanned, "scanned"),
            remedy="check --scanned and --gaps",
        )
    return effective, skipped


def calls_of(calls: Any, settings: CompareSettings) -> tuple[Elements, str]:  # see `compare`
    """Return the calls with the scores to rank them by, and their name in messages."""
    if isinstance(calls, Scan):
        calls = calls.calls
    if hasattr(calls, "iloc"):
        return _elements_of_frame(calls, "the table of calls", settings.score_column), "calls"
    paths = [calls] if isinstance(calls, (str, os.PathLike)) else list(calls)
    if not paths:
        raise InputError("there is no file of calls", source="--calls", remedy="give one, or a table")
    found = joined_elements([_read_calls(path, settings.score_column) for path in paths])
    return found, " ".join(os.fspath(path) for path in paths)


def genes_of(genes: Any, assembly: Assembly) -> Elements | None:  # see `compare`
    """Return the genes in the contigs of the genome, or None when none are given."""
    if genes is None:
        return None
    if hasattr(genes, "iloc"):
        source, found = "genes", _elements_of_frame(genes, "the table of genes")
    else:
        given = parse_database(f"genes={os.fspath(genes)}", assembly.name)
        source = given.path
        if source == os.fspath(genes):
            found = _elements_of_frame(read_genes(source), source)
        else:  # keys that say where names and places are
            found = read_elements(source, given.preset, given.selection)
    known = into_genome(found, assembly.sizes, assembly.contig_names)
    check_contigs(found, assembly, source, "genes")
    return known.sorted()


def _contig_sizes(genome: Any) -> dict[str, int]:
    if isinstance(genome, Genome):
        return genome.contig_sizes
    if isinstance(genome, Mapping):
        return {str(name): int(size) for name, size in genome.items()}
    if not begins_as_fasta(os.fspath(genome)):
        return read_contig_sizes(genome)
    with Genome(genome) as opened:
        return opened.contig_sizes


def _area(given: Any, role: str, assembly: Assembly) -> tuple[pd.DataFrame, dict[str, int]]:
    if hasattr(given, "iloc"):
        elements = _elements_of_frame(given, f"the table of {role}")
        known = into_genome(elements, assembly.sizes, assembly.contig_names)
        codes = ("contig_not_in_genome", "beyond_contig_end")
        frame, skipped = known.frame, {code: known.counts[code] for code in codes if known.counts[code]}
    else:
        table = read_regions(
            given, assembly.sizes, names=assembly.contig_names, skip_outside=True, details=False
        )
        frame, skipped = table.frame, table.skipped
    for reason, number in skipped.items():
        _log.warning("%s: %d intervals skipped (%s)", _name_of(given, role), number, reason.replace("_", " "))
    return frame, skipped


def _read_calls(path: PathLike, score_column: str | None) -> Elements:
    titles = [line.lstrip("#").split("\t") for line in head_of(path, 1)]
    usual = _BEST_SCORE if any(_BEST_SCORE in row for row in titles) else _BED_SCORE
    column = score_column or usual
    wanted = Selection(strict=True, may_be_empty=True, columns={"score": column})
    found = read_elements(path, PRESETS["bed"], wanted)
    if score_column is not None and len(found) and np.isnan(found.scores).all():
        raise InputError(
            f"the column {column!r} holds no number",
            source=path,
            remedy="name another with --score-column, by its title or its number from 1",
        )
    return found


def _elements_of_frame(frame: pd.DataFrame, what: str, score_column: str | None = None) -> Elements:
    require_columns(frame, ["chrom", "start", "end", *([score_column] if score_column else [])], what)
    for name in ("start", "end"):
        if len(frame) and frame[name].dtype.kind not in "iu":
            raise InputError(
                f"the column {name} of {what} holds {frame[name].dtype}, not whole numbers",
                remedy="give 0-based, half-open positions",
            )
    start, end = frame["start"].to_numpy(dtype=np.int64), frame["end"].to_numpy(dtype=np.int64)
    for row in np.flatnonzero((start < 0) | (end < start))[:1].tolist():
        try:
            Interval(str(frame["chrom"].iloc[row]), int(start[row]), int(end[row]))
        except InputError as error:
            raise InputError(error.problem, source=what, location=f"row {row}", remedy=error.remedy) from None
    column = score_column or next((name for name in (_BEST_SCORE, "score") if name in frame), None)
    names = frame["name"].astype(str).tolist() if "name" in frame else []
    chroms = frame["chrom"].astype(str)
    contigs = list(dict.fromkeys(chroms))
    made = element_frame(
        contigs,
        chroms.map({name: number for number, name in enumerate(contigs)}).to_numpy(dtype=np.int32),
        start,
        end,
        names,
        np.full(len(frame), np.nan) if column is None else frame[column].to_numpy(dtype=np.float64),
        np.arange(1, len(frame) + 1),
    )
    elements = Elements(made, Counter(rows=len(frame)))
    return elements.take(elements.end > elements.start, dropped="zero_length")


def _name_of(given: Any, role: str) -> str:
    return os.fspath(given) if isinstance(given, (str, os.PathLike)) else role
