"""Elements of a database, or calls: a table of regions, with counts of what was read and left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome import region_frame, sort_regions

if TYPE_CHECKING:
    import pandas as pd

NO_NAME = "."


@dataclass(frozen=True, eq=False)
class Elements:
    """A table of regions that keeps count of what was left out of it.

    Attributes
    ----------
    frame : DataFrame
        One row per element, numbered from 0, with ``chrom`` (categories of str), ``start`` and ``end``
        (int64, 0-based and half-open), ``name`` (``.`` for none), ``score`` (float64, NaN for none)
        and ``line`` (int64, of the file, from 1).
    counts : Counter of str
        What was read, filtered, lifted, renamed and left out, by a code.
    """

    frame: pd.DataFrame
    counts: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def contigs(self) -> list[str]:
        """The contigs that `contig_index` means."""
        return self.frame["chrom"].cat.categories.tolist()

    @property
    def contig_index(self) -> NDArray[np.int32]:
        """Contig of each element, shape (elements,)."""
        return self.frame["chrom"].cat.codes.to_numpy().astype(np.int32)

    def per_contig(self) -> dict[str, int]:
        """Return how many elements each contig has, without those that have none."""
        counts = np.bincount(self.contig_index, minlength=len(self.contigs)).tolist()
        return {name: count for name, count in zip(self.contigs, counts, strict=True) if count}

    @property
    def start(self) -> NDArray[np.int64]:
        """First base, 0-based, shape (elements,)."""
        return self.frame["start"].to_numpy()

    @property
    def end(self) -> NDArray[np.int64]:
        """One past the last base, shape (elements,)."""
        return self.frame["end"].to_numpy()

    @property
    def names(self) -> NDArray[Any]:  # of str objects
        """Names, ``.`` for none, shape (elements,)."""
        return self.frame["name"].to_numpy(dtype=object)

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores, NaN for none, shape (elements,)."""
        return self.frame["score"].to_numpy()

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp], *, dropped: str = "") -> Self:
        """Return the elements of a mask or of numbers; what is not taken counts as `dropped` when named."""
        numbers = np.flatnonzero(which) if which.dtype == np.bool_ else which
        counts = Counter(self.counts)
        if dropped and len(numbers) < len(self):
            counts[dropped] += len(self) - len(numbers)
        return type(self)(self.frame.take(numbers).reset_index(drop=True), counts)

    def on_contigs(self, contigs: Sequence[str], index: NDArray[np.int32], **columns: Any) -> Self:
        """Return the elements with other contigs, and other columns where some are given."""
        given = {"start": self.start, "end": self.end} | columns
        others = {name: self.frame[name] for name in ("name", "score", "line")}
        return type(self)(
            region_frame(index, given["start"], given["end"], contigs, **others), Counter(self.counts)
        )

    def sorted(self) -> Self:
        """Return the elements by contig, start and end; equal ones as in the file."""
        return type(self)(sort_regions(self.frame), self.counts)

    def without_repeats(self) -> Self:
        """Return sorted elements with each position once (the first of the file); the others are counted."""
        ordered = self.sorted()
        repeated = ordered.frame.duplicated(["chrom", "start", "end"]).to_numpy()
        return ordered.take(~repeated, dropped="repeated_place") if repeated.any() else ordered


def element_frame(
    contigs: Sequence[str],
    index: Any,
    start: Any,
    end: Any,
    names: Sequence[str],
    scores: Any,
    lines: Any,
) -> pd.DataFrame:
    """Return the table of `Elements` of sequences of its columns; no names at all stand for ``.``."""
    import pandas as pd

    number = len(start)
    texts = list(names) if len(names) else [NO_NAME] * number
    return region_frame(
        np.asarray(index, dtype=np.int32),
        start,
        end,
        contigs,
        name=pd.Series(texts, dtype=object),
        score=np.asarray(scores, dtype=np.float64),
        line=np.asarray(lines, dtype=np.int64),
    )


def joined_elements(parts: Sequence[Elements]) -> Elements:
    """Return the elements of several files as one set, with their counts added."""
    if len(parts) == 1:
        return parts[0]
    import pandas as pd
    from pandas.api.types import union_categoricals

    frame = pd.concat([part.frame.drop(columns="chrom") for part in parts], ignore_index=True)
    frame["chrom"] = union_categoricals([part.frame["chrom"] for part in parts])
    return Elements(
        frame[["chrom", "start", "end", "name", "score", "line"]],
        sum((part.counts for part in parts), Counter()),
    )
