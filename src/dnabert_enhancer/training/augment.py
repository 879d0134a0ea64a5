"""Which training windows are reversed, shifted and masked: decided by seed, epoch and row alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ORDER, _WINDOWS, _TOKENS = range(3)
"""Last key of the random streams, so that the three are independent of each other."""


class Draws(NamedTuple):
    """How each row of the training split is shown in one epoch: ``bool[n]`` and ``int64[n]``."""

    reverse: NDArray[np.bool_]
    shift: NDArray[np.int64]


@dataclass(frozen=True)
class Augmentation:
    """Seeded augmentation of training windows.

    Parameters
    ----------
    seed : int
        The run's seed.
    reverse_complement : bool
        Turn half of the windows.
    shift : int
        Largest shift in bp to either side.
    token_dropout : float
        Share of the tokens that are masked.
    run_length : int
        Tokens masked in one run: k for k-mers, since a k-mer's neighbours tell its letters.

    Notes
    -----
    A run that is killed and resumed shows the same windows as the unbroken one, since nothing but the
    three numbers seed, epoch and row decides.
    """

    seed: int
    reverse_complement: bool = True
    shift: int = 0
    token_dropout: float = 0.0
    run_length: int = 1

    def order(self, epoch: int, rows: int) -> NDArray[np.int64]:
        """Return the order of the rows in an epoch, ``int64[rows]``."""
        return np.random.default_rng([self.seed, epoch, _ORDER]).permutation(rows)

    def draws(self, epoch: int, rows: int) -> Draws:
        """Return how each row is shown in an epoch."""
        rng = np.random.default_rng([self.seed, epoch, _WINDOWS])
        reverse = rng.random(rows) < (0.5 if self.reverse_complement else 0.0)
        return Draws(reverse, rng.integers(-self.shift, self.shift, size=rows, endpoint=True))

    def masked(self, epoch: int, first_row: int, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which tokens of a batch to mask, ``bool[shape]``; the batch is named by its first row.

        Notes
        -----
        Each token starts a masked run of length r with probability ``1 - (1 - rate) ** (1 / r)``, so
        that a token away from the window's start is masked with probability ``rate``.
        """
        if self.token_dropout == 0:
            return np.zeros(shape, dtype=bool)
        rng = np.random.default_rng([self.seed, epoch, _TOKENS, first_row])
        start = rng.random(shape) < 1.0 - (1.0 - self.token_dropout) ** (1.0 / self.run_length)
        hidden: NDArray[np.bool_] = start.copy()
        for step in range(1, min(self.run_length, shape[1])):
            hidden[:, step:] |= start[:, :-step]
        return hidden


class TokenMasking:
    """Which tokens may be masked, and by what.

    Parameters
    ----------
    mask_id : int
        Token put in place of a masked one.
    special_ids : sequence of int
        Tokens that are never masked.
    """

    def __init__(self, mask_id: int, special_ids: Sequence[int]) -> None:
        self.mask_id = mask_id
        self.special_ids = np.asarray(special_ids, dtype=np.int64)

    def apply(self, ids: NDArray[np.int64], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the ids with the hidden ones replaced."""
        return np.where(hidden & ~np.isin(ids, self.special_ids), self.mask_id, ids)
