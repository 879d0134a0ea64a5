"""Scores of sequences as a table: one row per sequence, from what users give to `Model.predict`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.api.inputs import named_sequences
from dnabert_enhancer.model import percentiles
from dnabert_enhancer.scan import (
    SHORTER,
    NamedSequence,
    SequenceScore,
    SequenceScorer,
    SequenceSettings,
    shortest_sequence,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dnabert_enhancer.api.model import Model
    from dnabert_enhancer.engine import WindowScores

    SequenceInput = (
        str
        | os.PathLike[str]
        | pd.DataFrame
        | Mapping[str, str]
        | NDArray[np.uint8]
        | Iterable[str | NamedSequence | NDArray[np.uint8]]
    )
    WindowReport = Callable[[str, NDArray[np.int64], int, WindowScores], None]


def prediction_tables(
    model: Model,
    sequences: SequenceInput,
    settings: SequenceSettings,
    chunks: int | None,
    on_windows: WindowReport | None,
) -> Iterator[pd.DataFrame]:
    """Yield the tables of `Model.predict`: one of all sequences, or one for each `chunks` of them."""
    target = model.target  # a base model has none, which is said before anything else
    window, stride = settings.tiling(model.opened)
    scorer = SequenceScorer(
        model.engine,
        target,
        window,
        stride,
        shortest_sequence(model.opened),
        settings.max_unknown,
        settings.keep_letters,
        on_windows,
    )
    threshold = model.threshold(settings)
    rows = scorer.scores(named_sequences(sequences))
    if chunks is None:
        yield _table(model, list(rows), threshold, window)
        return
    while part := list(itertools.islice(rows, chunks)):
        yield _table(model, part, threshold, window)


def _table(model: Model, rows: list[SequenceScore], threshold: float | None, window: int) -> pd.DataFrame:
    import pandas as pd

    background = model.background
    quantiles = () if background is None else background.quantiles
    value = "probability" if model.target.is_probability else "value"
    deviation = {}
    if len(model.members) > 1:
        deviation[f"{value}_sd"] = np.array([row.maximum_sd for row in rows], dtype=np.float32)
    return pd.DataFrame(
        {
            "name": [row.name for row in rows],
            value: np.array([row.maximum for row in rows], dtype=np.float32),
            **deviation,
            "label": pd.array([_label(model, row, threshold) for row in rows], dtype="string"),
            "percentile": percentiles(np.array([row.highest for row in rows]), quantiles),
            "mean": np.array([row.mean for row in rows], dtype=np.float32),
            "summit": pd.array([row.summit if row.windows else None for row in rows], dtype="Int64"),
            "length": np.array([row.length for row in rows], dtype=np.int64),
            "windows": np.array([row.windows for row in rows], dtype=np.int64),
            "skipped": np.array([row.skipped for row in rows], dtype=np.int64),
            "note": [row.note or (SHORTER if row.length < window else "") for row in rows],
        }
    )


def _label(model: Model, row: SequenceScore, threshold: float | None) -> str | None:
    if not row.windows or threshold is None or not model.target.is_probability:
        return None
    if np.float32(row.maximum) >= threshold:
        return model.target.label
    return model.target.other_label(model.opened.card)
