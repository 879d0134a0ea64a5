"""The one place where a model is asked: logits of sequences for one of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.model import Task, open_model
from dnabert_enhancer.sequence import encode_bases

from .kinds import ENHANCER, Scores


def open_engine(spec: str | PathLike[str] | None, threads: int) -> Engine:
    """Return a model ready to be asked, in full precision."""
    return Engine(open_model(spec), EngineSettings(precision=Precision.FLOAT32, threads=threads))


def output_names(engine: Engine) -> tuple[str, ...]:
    """Return the outputs that the model has; the first is `ENHANCER`."""
    card = engine.model.card
    if card.task != Task.BINARY:
        raise SystemExit(f"{engine.model.directory}: a {card.task} model has no {ENHANCER} output")
    return (ENHANCER, *card.further_outputs)


def logits(engine: Engine, sequences: Sequence[str], output: str) -> Scores:
    """Return what one output of the model says of sequences, before calibration, ``float64[n]``.

    Of a regression it is the value itself.

    Notes
    -----
    A sequence longer than the model's window is read in windows spread evenly over it, which overlap by half
    or more; their mean counts.
    """
    if output not in output_names(engine):
        raise ValueError(f"the model has no output {output!r}")
    if output != ENHANCER:
        engine = Engine(engine.model.select(output), engine.settings)
    windows, owner = _windows(sequences, engine.model.window_length)
    found = engine.predict(windows)
    is_value = engine.model.card.task == Task.REGRESSION
    values = np.asarray(found.outputs[:, 0] if is_value else found.logit, dtype=np.float64)
    return np.bincount(owner, weights=values) / np.bincount(owner)


def probabilities(engine: Engine, values: Scores, output: str) -> Scores:
    """Return the calibrated probability of logits; of an output without calibration the plain sigmoid."""
    card = engine.model.card if output == ENHANCER else engine.model.card.select(output)
    return np.asarray(card.calibration.apply(values), dtype=np.float64)


def _windows(sequences: Sequence[str], length: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
    windows, owner = [], []
    for number, text in enumerate(sequences):
        codes = encode_bases(text)
        rest = max(0, len(codes) - length)
        count = 1 + -(-rest // (length // 2))
        for start in np.linspace(0, rest, count).round().astype(int) if rest else [0]:
            windows.append(codes[start : start + length])
            owner.append(number)
    return windows, np.array(owner)
