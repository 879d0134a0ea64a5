"""What `compare-db` is given: databases, genome, areas, calls, genes; each noted in the run's record."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.compare import (
    PRESETS,
    Assembly,
    Database,
    Elements,
    Selection,
    Space,
    check_different,
    check_genome_sizes,
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
from dnabert_enhancer.genome import IntervalTable, open_genome, read_contig_sizes, read_intervals

_log = logging.getLogger(__name__)
BEST_SCORE_TITLE = "maximum"
BED_SCORE = "5"


def read_databases(args: argparse.Namespace) -> list[Database]:
    """Return the databases of the options and of the manifest."""
    for text in args.database:
        refuse_pipe(text.partition("=")[2].partition(",")[0])
    databases = [parse_database(text, args.assembly) for text in args.database]
    if args.databases is not None:
        databases += read_manifest(args.databases, args.assembly)
    if not databases:
        raise InputError(
            "there is no database to compare with",
            source="--database",
            remedy="give --database NAME=FILE or --databases MANIFEST",
        )
    check_different(databases)
    for database in databases:
        if database.guessed:
            _log.info("%s: read as preset %s", database.name, database.preset.name)
        if not database.preset.verified:
            _log.warning(
                "%s: the layout of preset %s was not verified on a real file; check some of the elements",
                database.name,
                database.preset.name,
            )
    return databases


def read_assembly(args: argparse.Namespace, record: RunRecord) -> Assembly:
    """Return the genome of the calls, checked against the assembly named, with the chain files."""
    sizes = _contig_sizes(args.genome_sizes)
    record.add_input("genome_sizes", args.genome_sizes)
    check_genome_sizes(sizes, args.assembly, args.genome_sizes)
    chains = [read_chain_header(path) for path in args.chain]
    for chain in chains:
        record.add_input("chain", chain.path)
    return Assembly(args.assembly, sizes, chains)


def _contig_sizes(path: str) -> dict[str, int]:
    if not begins_as_fasta(path):
        return read_contig_sizes(path)
    with open_genome(path) as genome:
        return genome.contig_sizes


def read_space(args: argparse.Namespace, assembly: Assembly, record: RunRecord) -> Space:
    """Return what counts of the genome."""
    scanned = _areas(args.scanned, "scanned", assembly, record)
    if scanned is None:
        _log.info("no --scanned: all %d contigs of the genome count as scanned", len(assembly.sizes))
    space = Space(assembly.sizes, scanned, _areas(args.gaps, "gaps", assembly, record))
    if scanned is not None and not len(scanned):
        _log.warning("%s: nothing was scanned, so that nothing counts", args.scanned)
    elif not space.bases:
        raise InputError(
            "nothing is left to compare",
            source=args.scanned or args.gaps,
            remedy="check --scanned and --gaps",
        )
    return space


def read_calls(args: argparse.Namespace, record: RunRecord) -> Elements:
    """Return the calls of all files, with the scores to rank them by."""
    parts = []
    for path in args.calls:
        refuse_pipe(path)
        column = args.score_column or _usual_score(path)
        wanted = Selection(strict=True, may_be_empty=True, columns={"score": column})
        part = read_elements(path, PRESETS["bed"], wanted)
        if args.score_column is not None and len(part) and np.isnan(part.scores).all():
            raise InputError(
                f"the column {column!r} holds no number",
                source=path,
                remedy="name another with --score-column, by its title or its number from 1",
            )
        parts.append(part)
        record.add_input("calls", path)
    return joined_elements(parts)


def _usual_score(path: str) -> str:
    """Return the column that calls are ranked by when none is named."""
    titles = [line.lstrip("#").split("\t") for line in head_of(path, 1)]
    return BEST_SCORE_TITLE if any(BEST_SCORE_TITLE in row for row in titles) else BED_SCORE


def read_genes(args: argparse.Namespace, assembly: Assembly, record: RunRecord) -> Elements | None:
    """Return the genes in the contigs of the genome, or None when none are given."""
    if args.genes is None:
        return None
    source = parse_database(f"genes={args.genes}", args.assembly)
    genes = into_genome(
        read_elements(source.path, source.preset, source.selection), assembly.sizes, assembly.contig_names
    )
    record.add_input("genes", source.path)
    record.count("genes", len(genes))
    if not len(genes):
        _log.warning("%s: none of the genes lies on a contig of the genome", source.path)
    return genes.sorted()


def refuse_pipe(path: str) -> None:
    """Refuse what can be read only once: the head of a file is looked at before the whole."""
    if path == "-" or (Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir())):
        raise InputError(
            "this can be read only once, and compare-db looks at its files more often",
            source="standard input" if path == "-" else path,
            remedy="save it to a file",
        )


def _areas(path: str | None, role: str, assembly: Assembly, record: RunRecord) -> IntervalTable | None:
    if path is None:
        return None
    table = read_intervals(path, assembly.sizes, names=assembly.contig_names, skip_outside=True)
    record.add_input(role, path)
    for reason, number in table.skipped.items():
        record.skip(f"{role}_{reason}", number)
        _log.warning("%s: %d intervals skipped (%s)", path, number, reason.replace("_", " "))
    return table
