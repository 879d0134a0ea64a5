"""A model whose weights lie on the grid of 8-bit integers, written with how closely int8 agrees."""

from __future__ import annotations

import dataclasses
import logging
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from dnabert_enhancer.api.calibration import check_model, check_place, one_model
from dnabert_enhancer.api.inputs import named_sequences
from dnabert_enhancer.api.model import Model, Progress
from dnabert_enhancer.engine import (
    Agreement,
    EngineSettings,
    Precision,
    calibration_windows,
    quantized_weights,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, write_reweighted
from dnabert_enhancer.sequence import encode_bases

_log = logging.getLogger(__name__)


class QuantizedModel(Model):
    """A model that `quantize_model` wrote.

    Attributes
    ----------
    windows : int
        How many windows its weights were rounded by.
    before, after : Agreement
        Of the int8 of the given and of the new model with the float32 of the given one.
    """

    def __init__(
        self,
        opened: EnhancerModel,
        engine: EngineSettings,
        windows: int,
        before: Agreement,
        after: Agreement,
    ) -> None:
        super().__init__(opened, engine=engine)
        self.windows = windows
        self.before = before
        self.after = after


def quantize_model(
    model: Model | str | Path,
    sequences: Any,  # as `Model.predict` takes them
    output_dir: str | Path,
    *,
    engine: EngineSettings | None = None,
    progress: Progress | None = None,
) -> QuantizedModel:
    """Round the weights of a model to 8-bit integers so that int8 agrees better, and write the model.

    Parameters
    ----------
    model : Model, str or path
        What `load_model` takes or returns.
    sequences
        As `Model.predict` takes them: real DNA like that to be scored, by whose windows the rounding errors
        of a matrix are made to cancel. The centre of each is taken, 256 windows at most, spread over all;
        shorter ones and windows with unknown bases are left out.
    output_dir : path
        A new or empty folder.
    engine : EngineSettings, optional
        For the threads, and how the returned model computes; default: as `model`, in int8.
    progress : callable, optional
        Called with the number of windows; gives a context whose value takes how many are done since its last
        call.

    Returns
    -------
    QuantizedModel

    Raises
    ------
    InputError
        Fewer than 16 windows; an architecture that ONNX Runtime cannot compute; a folder that is not empty.

    Notes
    -----
    The weights stay float32 numbers, which every program reads, and are what 8-bit integers with a scale for
    each output stand for (`rounded_weights`). The card's ``training["int8"]`` has the agreement. Equal input
    gives equal bytes on equal processors.
    """
    opened = one_model(model)
    check_model(opened)
    if engine is None:
        given = model.engine.settings if isinstance(model, Model) else EngineSettings()
        engine = dataclasses.replace(given, precision=Precision.INT8)
    directory = Path(output_dir)
    check_place(opened, directory)
    if directory.is_dir() and any(directory.iterdir()):
        raise InputError("the folder is not empty", source=directory, remedy="name a new folder")
    codes = (encode_bases(item.sequence) for item in named_sequences(sequences))
    source = sequences if isinstance(sequences, (str, os.PathLike)) else None
    windows = calibration_windows(codes, opened.window_length, source)
    with nullcontext() if progress is None else progress(len(windows)) as advance:
        found = quantized_weights(opened, windows, engine.used_threads, advance)
    if not found.after.passes:
        _log.warning("int8 of %s does not agree with its float32: %s", opened.card.name, found.after.report())
    card = opened.network_card
    card = card.replace(training={**card.training, "int8": found.entry(opened)})
    written = write_reweighted(opened, found.state, card, directory)
    return QuantizedModel(written, engine, found.windows, found.before, found.after)
