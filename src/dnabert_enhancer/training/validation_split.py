"""Splits off a validation set where the data have none: by contig, or by groups of equal sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import canonical_sequence

if TYPE_CHECKING:
    import pandas as pd

_CONTIGS, _GROUPS = range(2)
"""Last key of the random streams, so that the two are independent of each other."""
NEAR_ENOUGH = (0.5, 1.5)
"""A split by contig is taken when its share lies within so many times the asked one."""


class Split(NamedTuple):
    """A validation split and how it was made.

    Attributes
    ----------
    validation : bool[n]
        Which rows are held out.
    description : str
        One clause for the log and the card.
    """

    validation: NDArray[np.bool_]
    description: str


def split_off_validation(frame: pd.DataFrame, fraction: float, seed: int, *, classes: bool) -> Split:
    """Choose validation rows out of a training split.

    Parameters
    ----------
    frame : DataFrame
        Columns ``sequence``, ``label`` and ``chrom`` (which may be missing or NA).
    fraction : float
        Share of the rows to hold out.
    seed : int
        Of the choice.
    classes : bool
        Labels are classes: each must be on both sides.

    Raises
    ------
    InputError
        When there are too few rows for both sides.
    """
    labels = frame["label"].to_numpy()
    chosen = _by_contig(frame, fraction, seed)
    if chosen is not None and (not classes or on_both_sides(labels, chosen.validation)):
        return chosen
    groups = groups_of_equal_sequences(frame["sequence"].tolist())
    strata = labels if classes else np.zeros(len(labels), dtype=np.int64)
    held_out = _random_groups(groups, strata, fraction, np.random.default_rng([seed, _GROUPS]))
    if not held_out.any() or held_out.all() or (classes and not on_both_sides(labels, held_out)):
        raise InputError(
            f"{len(frame)} sequences are too few to split off {fraction:g} of them for validation with every "
            "class on both sides",
            remedy="give more sequences, or a validation split",
        )
    share = held_out.mean()
    return Split(
        held_out,
        f"{int(held_out.sum())} sequences ({share:.1%}) at random by groups of equal sequences, seed {seed}",
    )


def _by_contig(frame: pd.DataFrame, fraction: float, seed: int) -> Split | None:
    if "chrom" not in frame or frame["chrom"].isna().any():
        return None
    names, index = np.unique(frame["chrom"].to_numpy(dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    sizes = np.bincount(index)
    wanted = fraction * len(frame)
    taken: list[int] = []
    rows = 0
    for contig in np.random.default_rng([seed, _CONTIGS]).permutation(len(names)).tolist():
        if abs(rows + sizes[contig] - wanted) < abs(rows - wanted):
            taken.append(contig)
            rows += int(sizes[contig])
    if not NEAR_ENOUGH[0] * wanted <= rows <= NEAR_ENOUGH[1] * wanted:
        return None
    listed = ", ".join(sorted(str(names[contig]) for contig in taken))
    return Split(
        np.isin(index, taken), f"{rows} sequences ({rows / len(frame):.1%}) on {listed}, seed {seed}"
    )


def _random_groups(
    groups: NDArray[np.int64], strata: NDArray[np.generic], fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Hold out whole groups until each stratum (by the group's first row) has its share."""
    first = np.unique(groups, return_index=True)[1]
    sizes = np.bincount(groups)
    held = np.zeros(len(first), dtype=bool)
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata[first] == stratum))
        before = np.cumsum(sizes[members]) - sizes[members]
        held[members[before < fraction * sizes[members].sum()]] = True
        # none where all sequences of a class stand under another one too
        if len(members) and held[members].all():
            held[members[-1]] = False
    return held[groups]


def groups_of_equal_sequences(sequences: list[str]) -> NDArray[np.int64]:
    """Return a group number a row; a sequence and its reverse complement are one group."""
    numbers: dict[str, int] = {}
    canonical = map(canonical_sequence, sequences)
    return np.array([numbers.setdefault(sequence, len(numbers)) for sequence in canonical], dtype=np.int64)


def on_both_sides(labels: NDArray[np.generic], held_out: NDArray[np.bool_]) -> bool:
    """Return whether the held-out rows and the others have the same classes."""
    return set(np.unique(labels[held_out])) == set(np.unique(labels[~held_out]))
