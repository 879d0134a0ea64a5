"""The engine: a model made ready on a device, and its predictions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Backend, load_backend, select_way
from dnabert_enhancer.engine.loop import Progress, by_length, distinct_windows, outputs_of
from dnabert_enhancer.engine.predictions import Predictions, interpret_outputs
from dnabert_enhancer.engine.settings import EngineSettings, Strand
from dnabert_enhancer.model import EnhancerModel

_log = logging.getLogger(__name__)


class Engine:
    """A model and the way in which it is computed, which follows the rule of `backends`.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings, optional

    Raises
    ------
    InputError, ResourceError
        The model cannot be computed as the settings ask.
    """

    def __init__(self, model: EnhancerModel, settings: EngineSettings | None = None) -> None:
        self.model = model
        self.settings = settings or EngineSettings()
        self._selection = select_way(model, self.settings)
        self._backend: Backend | None = None
        self._why = self._selection.why
        self._check: dict[str, Any] = {}

    @property
    def both_strands(self) -> bool:
        """Whether the strands are averaged: asked for by the settings, and right for the model."""
        return self.settings.strand == Strand.BOTH and self.model.card.strand == Strand.BOTH

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
            Equal windows are computed once. A window's numbers do not depend on the batch size, on the order,
            on the number of threads or on the windows beside it.

        Raises
        ------
        InputError
            Windows longer than the model can read.
        """
        groups = by_length(windows)
        for group in groups:
            self.model.check_window(group.codes.shape[1])
        results = np.zeros((len(windows), len(self.model.card.labels)), dtype=np.float32)
        for number, group in enumerate(groups):
            distinct = distinct_windows(group.codes)
            outputs = self._outputs(group.codes, distinct.rows, progress)
            if progress and len(distinct.rows) < len(group.codes):
                progress(len(group.codes) - len(distinct.rows))
            if number == 0 and outputs.shape[1] != results.shape[1]:
                results = np.zeros((len(windows), outputs.shape[1]), dtype=np.float32)
            results[group.places] = outputs[distinct.answers]
        return interpret_outputs(results, self.model.card)

    def description(self) -> dict[str, Any]:
        """Return how the model is computed and why, as JSON values for the run record."""
        content: dict[str, Any] = {
            "backend": self.settings.backend,
            "device": self.settings.device,
            "precision": self.settings.precision,
            "threads": self.settings.used_threads,
            "batch_size": self.settings.batch_size,
            "strand": Strand.BOTH if self.both_strands else Strand.FORWARD,
            "why": "nothing was predicted",
        }
        if self._backend is not None:
            content |= {name: getattr(self._backend, name) for name in ("device", "precision")}
            content |= {"backend": self._backend.name, "why": self._why, "precision_check": self._check}
        return {name: str(value) if isinstance(value, str) else value for name, value in content.items()}

    def _outputs(
        self, codes: NDArray[np.uint8], rows: NDArray[np.int64], progress: Progress | None
    ) -> NDArray[np.float32]:
        if self._backend is None:
            self._backend = self._load()
        return outputs_of(
            self._backend,
            self.model.tokenizer,
            codes,
            rows,
            both_strands=self.both_strands,
            chunk=self.settings.batch_size,
            progress=progress,
        )

    def _load(self) -> Backend:
        way, exact, threads = self._selection.way, self._selection.exact, self.settings.used_threads
        if exact is not None:
            from dnabert_enhancer.engine.precision_check import check_precision

            found = check_precision(self.model, way, exact, threads)
            self._check = found.report()
            self._why += f"; {way.precision} {'agrees' if found.passes else 'does not agree'} with float32"
            if not found.passes and self._selection.is_asked_for:
                _log.warning("engine: %s does not agree with float32 (%s)", way, self._check)
            elif not found.passes:
                way = exact
            _log.info("engine: %s (%s)", way, self._why)
        return load_backend(way, self.model, threads)
