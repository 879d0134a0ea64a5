"""Exact duplicates across data sets: rows whose sequence, on either strand, is in another one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset import read_dataset
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import canonical_sequence


def known_rows(sequences: Iterable[str], known: Iterable[str]) -> NDArray[np.bool_]:
    """Return which sequences equal a known one in full, letter case, strand and U for T aside.

    Parameters
    ----------
    sequences : iterable of str
        Sequences to judge.
    known : iterable of str
        The known ones.

    Returns
    -------
    bool[n]
    """
    keys = {canonical_sequence(sequence) for sequence in known}
    return np.fromiter((canonical_sequence(sequence) in keys for sequence in sequences), dtype=bool)


def read_sequences(path: str | Path) -> list[str]:
    """Return all sequences of a FASTA file or a labelled table, or the training split of a folder.

    Of a folder without a training split all splits are taken.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    if not Path(path).is_dir():
        first = next((text for _, text in read_text_lines(path) if text.strip()), "")
        if first.startswith(">"):
            return [record.sequence for record in read_fasta(path, unique_names=False)]
    dataset = read_dataset(path, must_be_known=False, allow_one_class=True)
    frames = [dataset.splits["train"]] if "train" in dataset.splits else list(dataset.splits.values())
    return [sequence for frame in frames for sequence in frame["sequence"].tolist()]
