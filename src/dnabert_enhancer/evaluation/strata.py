"""Rows by chromosome, by GC and by distance to genes: how good is a method in each of these groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset import gc_of_sequences
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.method_comparison import Method, Result, Subset, evaluate_methods
from dnabert_enhancer.evaluation.metric_set import AS_GIVEN, MetricKey
from dnabert_enhancer.genome import nearest, region_frame, transcription_starts

if TYPE_CHECKING:
    import pandas as pd

_GC_EDGES = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
_TSS_EDGES = (1_000, 5_000, 10_000, 50_000, 100_000)
_UNKNOWN = "unknown"


class Stratum(NamedTuple):
    """Rows of a group.

    Attributes
    ----------
    by : str
        One of `settings.STRATA`.
    group : str
        As tables show it, such as ``chr8``, ``0.40-0.45`` or ``1-5 kb``.
    rows : bool[n]
    """

    by: str
    group: str
    rows: NDArray[np.bool_]


def strata_of(
    frame: pd.DataFrame, by: Sequence[str], genes: pd.DataFrame | None, source: str
) -> list[Stratum]:
    """Return the groups of rows that are not empty, in their natural order.

    Parameters
    ----------
    frame : DataFrame
        The rows, as `dataset.Dataset` has them.
    by : sequence of str
        Some of `settings.STRATA`.
    genes : DataFrame, optional
        As `genome.read_genes` returns them, on the contigs of the rows; needed for ``tss``.
    source : str
        Of the rows, for errors.

    Raises
    ------
    InputError
        Rows without places, where they are grouped by them.
    """
    strata: list[Stratum] = []
    for kind in by:
        if kind != "gc" and ("chrom" not in frame or not frame["start"].notna().any()):
            raise InputError(
                f"the sequences have no places, so they cannot be grouped by {kind}",
                source=source,
                remedy="give a data set with chrom, start and end, such as make-dataset writes",
            )
        if kind == "tss":
            names, groups = _tss(frame, genes)
        else:
            names, groups = _gc(frame) if kind == "gc" else _chromosomes(frame)
        found = [Stratum(kind, name, groups == number) for number, name in enumerate(names)]
        strata += [stratum for stratum in found if stratum.rows.any()]
    return strata


def judge_strata(
    methods: Sequence[Method],
    labels: NDArray[Any],
    task: str,
    strata: Sequence[Stratum],
    *,
    resamples: int,
    seed: int,
) -> list[tuple[Stratum, list[Result]]]:
    """Return the results of the methods in each group; none for one with fewer than two classes or values."""
    judged = []
    for stratum in strata:
        inside = labels[stratum.rows]
        subset = Subset(f"{stratum.by}: {stratum.group}", stratum.rows)
        results = (
            evaluate_methods(methods, labels, task, [subset], resamples=resamples, seed=seed)
            if len(np.unique(inside)) > 1
            else []
        )
        judged.append((stratum, results))
    return judged


def strata_frame(
    judged: Sequence[tuple[Stratum, Sequence[Result]]],
    methods: Sequence[Method],
    labels: NDArray[Any],
    task: str,
    names: Sequence[str],
) -> pd.DataFrame:
    """Return one row for each group and method.

    Columns: ``by``, ``group``, ``method``, ``kind``, ``rows``, for two classes ``positives`` and
    ``negatives``, and for each metric its value, ``_low`` and ``_high``, on the rows as given; NaN in groups
    that cannot be judged.
    """
    import pandas as pd

    rows = []
    for stratum, results in judged:
        inside = labels[stratum.rows]
        found = {id(result.method): result for result in results}
        for method in methods:
            row: dict[str, Any] = {
                "by": stratum.by,
                "group": stratum.group,
                "method": method.name,
                "kind": method.kind,
                "rows": len(inside),
            }
            if task == "binary":
                row |= {"positives": int(inside.sum()), "negatives": int((1 - inside).sum())}
            for name in names:
                estimate = (
                    found[id(method)].estimates[MetricKey(AS_GIVEN, name)] if results else (np.nan,) * 3
                )
                row |= dict(zip((name, f"{name}_low", f"{name}_high"), estimate, strict=True))
            rows.append(row)
    return pd.DataFrame(rows)


def _chromosomes(frame: pd.DataFrame) -> tuple[list[str], NDArray[np.int64]]:
    import pandas as pd

    groups, names = pd.factorize(frame["chrom"].fillna(_UNKNOWN).astype(str))
    return [str(name) for name in names], groups.astype(np.int64)


def _gc(frame: pd.DataFrame) -> tuple[list[str], NDArray[np.int64]]:
    fractions = gc_of_sequences(frame["sequence"].tolist())
    between = [f"{low:.2f}-{high:.2f}" for low, high in pairwise(_GC_EDGES)]
    names = [f"below {_GC_EDGES[0]:.2f}", *between, f"{_GC_EDGES[-1]:.2f} or more", _UNKNOWN]
    groups = np.digitize(fractions, _GC_EDGES).astype(np.int64)
    return names, np.where(np.isnan(fractions), len(names) - 1, groups)


def _tss(frame: pd.DataFrame, genes: pd.DataFrame | None) -> tuple[list[str], NDArray[np.int64]]:
    """Return groups by the bases from a row to the nearest start of transcription, 0 where it is inside."""
    if genes is None:
        raise InputError("rows are grouped by tss without genes", source="--by tss", remedy="give --genes")
    kilobases = [edge // 1000 for edge in _TSS_EDGES]
    between = [f"{low}-{high} kb" for low, high in pairwise((0, *kilobases))]
    names = [*between, f"{kilobases[-1]} kb or more", "no gene on the chromosome", _UNKNOWN]
    placed = frame["start"].notna().to_numpy()
    groups = np.full(len(frame), len(names) - 1, dtype=np.int64)
    rows = frame[placed]
    windows = region_frame(
        rows["chrom"].astype(str).tolist(), rows["start"].astype("int64"), rows["end"].astype("int64")
    )
    starts = transcription_starts(genes)
    sites = region_frame(genes["chrom"].astype(str).tolist(), starts, starts + 1)
    _, distance = nearest(windows, sites)
    found = np.digitize(distance, _TSS_EDGES).astype(np.int64)
    groups[placed] = np.where(distance < 0, len(names) - 2, found)
    return names, groups
