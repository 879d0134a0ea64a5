"""Labelled sequences of another length than the window of the models that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnabert_enhancer.evaluation.ridge import Windows


class OtherLengths(NamedTuple):
    """How many sequences are not as long as a model's window, and what becomes of them.

    Attributes
    ----------
    window_length : int
        In bp.
    longer, shorter : int
        Numbers of sequences.
    sequences : int
        All there are.
    cropped : bool
        Longer ones are cut to the window at their centre, in place of having the score of their highest one.
    """

    window_length: int
    longer: int
    shorter: int
    sequences: int
    cropped: bool

    def sentence(self, models: Sequence[str]) -> str:
        """Return what a reader of the metrics should know, naming the models with this window."""
        told = []
        if self.longer and self.cropped:
            told.append(f"{self.longer:,} longer ones are cut to the window at their centre")
        elif self.longer:
            told.append(
                f"{self.longer:,} longer ones have the score of their highest window, as predict gives it "
                "(--crop centre cuts them to the window at their centre)"
            )
        if self.shorter:
            told.append(f"{self.shorter:,} shorter ones are scored as they are")
        return (
            f"{self.longer + self.shorter:,} of {self.sequences:,} sequences have another length than the "
            f"window of {' and '.join(models)}, {self.window_length} bp: {', '.join(told)}"
        )


def other_lengths(codes: Windows, window_length: int | None, *, cropped: bool) -> OtherLengths | None:
    """Return how many sequences have another length than a window; None where none has.

    Parameters
    ----------
    codes : uint8[n, length], or a sequence of n arrays
        Base codes, before they are cut.
    window_length : int or None
        In bp; None, not known, is no length to compare with.
    cropped : bool
        Whether longer ones are cut to the window.
    """
    if window_length is None:
        return None
    lengths = np.array([len(sequence) for sequence in codes], dtype=np.int64)
    longer, shorter = int((lengths > window_length).sum()), int((lengths < window_length).sum())
    if not longer and not shorter:
        return None
    return OtherLengths(window_length, longer, shorter, len(lengths), cropped)
