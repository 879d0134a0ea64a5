"""Windows of the genome with the share of each that every annotation covers; kept between runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from .recipe import (
    CHR20,
    PIECES,
    SCAN_STRIDE,
    Piece,
    genome_windows,
    recipe_digest,
    split_of,
    window_shares,
)

TRAINING_CONTIGS = ("chr2", "chr16")


def chr20_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the windows of the known part of hg19 chr20, 200 bp apart, without the blacklist."""
    return _kept(work, "chr20", lambda: _windows(data, CHR20))


def training_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the windows of the reference pieces that the model's training may use, 200 bp apart."""

    def make() -> pd.DataFrame:
        pieces = [piece for piece in PIECES if piece.chrom in TRAINING_CONTIGS]
        table = pd.concat([_windows(data, piece) for piece in pieces], ignore_index=True)
        splits = [
            split_of(chrom, start, text, in_genome=True)
            for chrom, start, text in zip(table["chrom"], table["start"], table["sequence"], strict=True)
        ]
        return table[np.array(splits) == "train"].reset_index(drop=True)

    return _kept(work, "training", make)


def labelled_windows(data: Path, work: Path) -> pd.DataFrame:
    """Return the recipe's labelled windows of all pieces."""
    return _kept(work, "labelled", lambda: genome_windows(data))


def _windows(data: Path, piece: Piece) -> pd.DataFrame:
    table = window_shares(data, piece, SCAN_STRIDE)
    return table[table["blacklist"] == 0].reset_index(drop=True)


def _kept(work: Path, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    path = work / f"windows-{name}-{recipe_digest()}.tsv.gz"
    if not path.is_file():
        beside = path.with_suffix(".part")
        make().to_csv(beside, sep="\t", index=False, compression="gzip")
        beside.rename(path)
    return pd.read_csv(path, sep="\t", compression="gzip")
