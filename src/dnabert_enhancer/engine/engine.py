"""The engine: a model made ready on a device, and its predictions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backend import Backend
from dnabert_enhancer.engine.loop import Progress, outputs_of
from dnabert_enhancer.engine.predictions import Predictions, interpret_outputs
from dnabert_enhancer.engine.settings import BackendName, Device, EngineSettings, Precision, Strand
from dnabert_enhancer.engine.windows import by_length, distinct_windows
from dnabert_enhancer.model import EnhancerModel

_log = logging.getLogger(__name__)


class Engine:
    """A model and the way in which it is computed.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings, optional
    """

    def __init__(self, model: EnhancerModel, settings: EngineSettings | None = None) -> None:
        self.model = model
        self.settings = settings or EngineSettings()
        self._backend: Backend | None = None
        self._why = "as asked"

    def predict(
        self, windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], progress: Progress | None = None
    ) -> Predictions:
        """Return the predictions of windows, in their order.

        Parameters
        ----------
        windows : uint8 array, shape (windows, length), or sequence of uint8 arrays of differing length
            Base codes; any strides, so views into a contig are fine.
        progress : callable, optional
            Called with the number of windows done since its last call.

        Returns
        -------
        Predictions
            Equal windows are computed once. The same windows give the same bits.

        Raises
        ------
        InputError
            Windows longer than the model can read.
        """
        groups = by_length(windows)
        results = np.zeros((len(windows), len(self.model.card.labels)), dtype=np.float32)
        for group in groups:
            self.model.check_window(group.codes.shape[1])
        if groups:
            backend = self._ready(groups[-1].codes)
            both = self.settings.strand == Strand.BOTH and self.model.card.strand == Strand.BOTH
        for number, group in enumerate(groups):
            distinct = distinct_windows(group.codes)
            outputs = outputs_of(
                backend,
                self.model.tokenizer,
                group.codes,
                distinct.rows,
                both_strands=both,
                chunk=self.settings.batch_size,
                progress=progress,
            )
            if progress and len(distinct.rows) < len(group.codes):
                progress(len(group.codes) - len(distinct.rows))
            if number == 0 and outputs.shape[1] != results.shape[1]:
                results = np.zeros((len(windows), outputs.shape[1]), dtype=np.float32)
            places = slice(None) if group.places is None else group.places
            results[places] = outputs[distinct.answers]
        return interpret_outputs(results, self.model.card)

    def description(self) -> dict[str, Any]:
        """Return what was chosen and why, as JSON values for the run record."""
        chosen = {"backend": None, "device": None, "precision": None, "workers": None}
        if self._backend is not None:
            chosen = {name: getattr(self._backend, name if name != "backend" else "name") for name in chosen}
        return {
            **chosen,
            "threads": self.settings.used_threads,
            "strand": self.settings.strand,
            "why": self._why,
        }

    def _ready(self, windows: NDArray[np.uint8]) -> Backend:
        if self._backend is None:
            from dnabert_enhancer.engine.onnx_backend import OnnxBackend
            from dnabert_enhancer.engine.torch_backend import TorchBackend

            wanted = self.settings.backend
            if wanted == BackendName.AUTO:
                wanted = BackendName.ONNX if self.model.has_onnx else BackendName.TORCH
            kind = OnnxBackend if wanted == BackendName.ONNX else TorchBackend
            self._backend = kind(self.model, Device.CPU, Precision.FLOAT32, self.settings.used_threads)
        return self._backend
