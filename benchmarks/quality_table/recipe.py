"""The parts of the default model's recipe that the table uses, so that both read and split data alike."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd

RECIPE = Path(__file__).resolve().parents[2] / "training/default_model"
sys.path.insert(0, str(RECIPE))

from assemble import RULE, gc_matched, split_of  # noqa: E402 (needs the path above)
from genome_windows import (  # noqa: E402 (needs the path above)
    HALF,
    PIECES,
    Piece,
    genome_windows,
    share_in_regions,
    unmarked,
    window_shares,
)
from measure import CHR20, PLACED_SOURCES, SCAN_STRIDE  # noqa: E402 (needs the path above)
from reserved import TEST_CONTIGS  # noqa: E402 (needs the path above)
from sources import SOURCES, WINDOW, centred, davuluri_dev  # noqa: E402 (needs the path above)

from dnabert_enhancer.dataset import shared_kmers  # noqa: E402 (needs the path above)

__all__ = [
    "CHR20",
    "HALF",
    "PIECES",
    "PLACED_SOURCES",
    "SCAN_STRIDE",
    "SOURCES",
    "TEST_CONTIGS",
    "WINDOW",
    "Piece",
    "centred",
    "davuluri_dev",
    "gc_matched",
    "genome_windows",
    "recipe_digest",
    "share_in_regions",
    "split_of",
    "unmarked",
    "window_shares",
    "with_splits",
    "without_shared",
]


def with_splits(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a source with the split in which the model's training has them."""
    splits = [
        split_of(chrom, start, text, in_genome=False)
        for chrom, start, text in zip(frame["chrom"], frame["start"], frame["sequence"], strict=True)
    ]
    return frame.assign(split=splits)


def without_shared(frame: pd.DataFrame, test: list[str]) -> pd.DataFrame:
    """Return the rows that share no 40-mer, on either strand, with a test sequence."""
    shared = shared_kmers(frame["sequence"].tolist(), test, RULE).sequences
    return frame[~np.asarray(shared)]


def recipe_digest() -> str:
    """Return a digest of the code that makes windows of the genome, for what is kept between runs."""
    text = b"".join((RECIPE / name).read_bytes() for name in ("genome_windows.py", "measure.py"))
    return hashlib.sha256(text).hexdigest()[:16]
