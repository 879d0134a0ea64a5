"""What the table is made of: labelled sequences, views of a test set, sets, published figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FIRST = "first"
"""The output that every model has: the one that commands take unless another is named."""
WITHIN_GC = "within_gc"
"""Name of the views whose AUROC compares windows of the same share of G and C alone."""
CLASSES, VALUES = "classes", "values"
"""Kinds of labels: 0 and 1, or measured values."""
Scores = NDArray[np.float64]


class Labelled(NamedTuple):
    """Sequences with a label each."""

    sequences: list[str]
    labels: NDArray[np.float64]


class Published(NamedTuple):
    """A figure that somebody else published for the same public set, and where."""

    method: str
    figure: str
    source: str


@dataclass(frozen=True)
class View:
    """Some rows of a set's test part: one line of the table.

    Parameters
    ----------
    name, title : str
        For the JSON and for the page.
    rows : int64[n]
        Rows of the test part; a row may come twice (two measurements of one sequence).
    labels : float64[n]
        0 and 1, or measured values.
    at_prevalences : bool
        Weigh the negatives to 1:1, 1:10 and 1:100 too.
    groups : int64[n], optional
        Metrics are taken within each group, from 0, and their mean counts: of classes the AUROC alone,
        weighted by the positives.
    signs : bool
        Count only how many effects have the right sign.
    """

    name: str
    title: str
    rows: NDArray[np.int64]
    labels: NDArray[np.float64]
    at_prevalences: bool = False
    groups: NDArray[np.int64] | None = None
    signs: bool = False


@dataclass(frozen=True)
class QualitySet:
    """A test set, the rows on which simple methods are fitted for it, and its views.

    Parameters
    ----------
    name, title, about : str
        For options and JSON; for the page: what the rows are, and which are the test rows.
    kind : {"classes", "values"}
    output : str
        Output of the model that this set asks for; a model without it is asked for `FIRST`.
    test : list of str
        Sequences that are scored.
    views : sequence of View
    train : Labelled, optional
        The set's own training rows.
    published : sequence of Published
    per_row : int
        Scored sequences that belong to one row.
    combine : callable, optional
        From the scores of all sequences to those of the rows.
    quartiles : bool
        Also tell the top quartile of the values from the bottom quartile.
    shown : tuple of str
        Metrics of the page, the main one first.
    resamples : int
        Of the bootstrap.
    baselines : bool
        Fit random forest and gkm-SVM too.
    """

    name: str
    title: str
    about: str
    kind: str
    output: str
    test: list[str]
    views: Sequence[View]
    train: Labelled | None = None
    published: Sequence[Published] = field(default_factory=tuple)
    per_row: int = 1
    combine: Callable[[Scores], Scores] | None = None
    quartiles: bool = False
    shown: tuple[str, ...] = ("auroc", "auprc")
    resamples: int = 1000
    baselines: bool = True

    def of_rows(self, scores: Scores) -> Scores:
        """Return the scores of the rows."""
        return scores if self.combine is None else self.combine(scores)


def whole_view(labels: Sequence[float] | NDArray[np.float64], title: str = "all test rows") -> View:
    """Return the view of all rows."""
    values = np.asarray(labels, dtype=np.float64)
    return View("all", title, np.arange(len(values)), values)


def within_gc(
    labels: NDArray[np.bool_], gc: NDArray[np.float64], rows: NDArray[np.int64], width: float = 0.02
) -> View:
    """Return a view in which only rows of the same GC are compared, all that there are of both classes.

    Parameters
    ----------
    labels, gc : bool[n], float64[n]
        Of all rows of the test part.
    rows : int64[m]
        Those that are positive or negative at all.
    width : float
        Of a bin of GC; bins with one class alone are left out.
    """
    bins = np.floor(gc[rows] / width + 1e-9).astype(np.int64)
    both = np.intersect1d(bins[labels[rows]], bins[~labels[rows]])
    kept = np.isin(bins, both)
    groups = np.searchsorted(both, bins[kept])
    title = f"within bins of GC ({100 * width:g} %)"
    return View(WITHIN_GC, title, rows[kept], labels[rows[kept]].astype(float), groups=groups)


def gc_share(sequences: Sequence[str]) -> NDArray[np.float64]:
    """Return the share of G and C of each sequence."""
    return np.array([(text.count("G") + text.count("C")) / len(text) for text in sequences])


def of_both(positives: Sequence[str], negatives: Sequence[str]) -> Labelled:
    """Return sequences of two classes, the positives first."""
    labels = np.repeat([1.0, 0.0], [len(positives), len(negatives)])
    return Labelled([*positives, *negatives], labels)
