"""Windows of the genome with the share of each that every annotation covers; kept between runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dnabert_enhancer.genome import read_intervals

from .recipe import (
    CHR20,
    PIECES,
    SCAN_STRIDE,
    WINDOW,
    chain_from,
    genome_windows,
    positions_in_other_assembly,
    recipe_digest,
    split_of,
    window_shares,
)

CPG_ISLANDS = "databases/CpG_islands_hg19.bed.gz"
TRAINING_CONTIGS = ("chr2", "chr16")
_NOT_MARKS = ("chrom", "start", "sequence", "blacklist", "cpg_island")


def chr20_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the windows of the known part of hg19 chr20, 200 bp apart, without the blacklist."""
    return _kept(work, "chr20", lambda: _with_islands(data, CHR20))


def training_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the windows of the reference pieces that the model's training may use, 200 bp apart."""

    def make() -> pd.DataFrame:
        pieces = [piece for piece in PIECES if piece.chrom in TRAINING_CONTIGS]
        table = pd.concat([_with_islands(data, piece) for piece in pieces], ignore_index=True)
        splits = [
            split_of(chrom, start, text, in_genome=True)
            for chrom, start, text in zip(table["chrom"], table["start"], table["sequence"], strict=True)
        ]
        return table[np.array(splits) == "train"].reset_index(drop=True)

    return _kept(work, "training", make)


def labelled_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the recipe's labelled windows of all pieces."""
    return _kept(work, "labelled", lambda: genome_windows(data))


def unmarked(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which windows no annotation touches."""
    marks = table.columns.difference(list(_NOT_MARKS))
    return (table[list(marks)].max(axis=1) == 0).to_numpy()


def _with_islands(data: Path, piece: object) -> pd.DataFrame:
    table = window_shares(data, piece, SCAN_STRIDE)
    table = table[table["blacklist"] == 0].reset_index(drop=True)
    islands = read_intervals(data / CPG_ISLANDS)
    rows = islands.rows_of(piece.chrom)
    length = int(table["start"].max()) + WINDOW
    if piece.assembly == "hg19":
        places = np.arange(length)
    else:
        places = positions_in_other_assembly(data / chain_from(piece.assembly), piece.chrom, length)
    covered = np.zeros(max(int(places.max()), int(islands.end[rows].max())) + 1, dtype=bool)
    for row in rows:
        covered[islands.start[row] : islands.end[row]] = True
    sums = np.concatenate([[0], np.cumsum(np.where(places >= 0, covered[np.maximum(places, 0)], False))])
    starts = table["start"].to_numpy()
    return table.assign(cpg_island=(sums[starts + WINDOW] - sums[starts]) / WINDOW)


def _kept(work: Path, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    path = work / f"windows-{name}-{recipe_digest()}.tsv.gz"
    if not path.is_file():
        beside = path.with_suffix(".part")
        make().to_csv(beside, sep="\t", index=False, compression="gzip")
        beside.rename(path)
    return pd.read_csv(path, sep="\t", compression="gzip")
