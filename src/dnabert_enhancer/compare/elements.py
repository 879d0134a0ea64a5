"""Elements of a database or a set of calls: columns with the contigs' numbers, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Elements:
    """Intervals with names and numbers.

    Attributes
    ----------
    contigs : list of str
        The contigs that `contig_index` means.
    contig_index : int32 array, shape (elements,)
    start, end : int64 array, shape (elements,)
        0-based and half-open.
    texts : list of str
        Names, ``.`` for none; empty when no element has one. Shared by all sets taken from one file.
    text_index : int64 array, shape (elements,)
        Which of `texts` is each element's.
    scores : float64 array, shape (elements,)
        NaN where an element has none.
    rows : int64 array, shape (elements,)
        Line of the file, from 1.
    counts : Counter of str
        What was read, filtered, lost and dropped, by a code.
    """

    contigs: list[str]
    contig_index: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    texts: list[str]
    text_index: NDArray[np.int64]
    scores: NDArray[np.float64]
    rows: NDArray[np.int64]
    counts: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.start)

    def name(self, element: int) -> str:
        """Return the name of an element, ``.`` when it has none."""
        return self.texts[self.text_index[element]] if self.texts else "."

    @property
    def names(self) -> list[str]:
        """Names of all elements, unpacked at each call; empty when no element has one."""
        return [self.texts[number] for number in self.text_index.tolist()] if self.texts else []

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp], *, dropped: str = "") -> Self:
        """Return the elements of a mask or of numbers; what is not taken counts as `dropped` when named."""
        numbers = np.flatnonzero(which) if which.dtype == np.bool_ else which
        counts = Counter(self.counts)
        if dropped and len(numbers) < len(self):
            counts[dropped] += len(self) - len(numbers)
        return replace(
            self,
            contig_index=self.contig_index[numbers],
            start=self.start[numbers],
            end=self.end[numbers],
            text_index=self.text_index[numbers],
            scores=self.scores[numbers],
            rows=self.rows[numbers],
            counts=counts,
        )

    def sorted(self) -> Self:
        """Return the elements by contig, start and end; equal ones as in the file."""
        order = np.lexsort((self.end, self.start, self.contig_index))
        return self if np.array_equal(order, np.arange(len(self))) else self.take(order)

    def without_repeats(self) -> Self:
        """Return sorted elements with each place once (the first of the file); the others are counted."""
        ordered = self.sorted()
        if len(ordered) < 2:
            return ordered
        columns = (ordered.contig_index, ordered.start, ordered.end)
        is_first = np.ones(len(ordered), dtype=bool)
        is_first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
        return ordered if is_first.all() else ordered.take(is_first, dropped="repeated_place")


def joined_elements(parts: Sequence[Elements]) -> Elements:
    """Return the elements of several files as one set, with their counts added."""
    contigs: dict[str, int] = {}
    index = []
    for part in parts:
        numbers = np.array([contigs.setdefault(name, len(contigs)) for name in part.contigs], dtype=np.int32)
        index.append(numbers[part.contig_index])
    texts: list[str] = []
    text_index = []
    if any(part.texts for part in parts):
        for part in parts:
            text_index.append(part.text_index + len(texts) if part.texts else np.full(len(part), len(texts)))
            texts += part.texts or ["."]
    return Elements(
        list(contigs),
        np.concatenate(index),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        texts,
        np.concatenate(text_index) if texts else np.zeros(sum(map(len, parts)), dtype=np.int64),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.rows for part in parts]),
        sum((part.counts for part in parts), Counter()),
    )
