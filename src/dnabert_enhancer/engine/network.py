"""A network and how it is computed: loaded on first use, shared by the engines of its outputs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.engine.backends import Backend, Way, load_backend, select_way
from dnabert_enhancer.engine.settings import EngineSettings, Precision
from dnabert_enhancer.model import EmbeddingRule, EnhancerModel

if TYPE_CHECKING:
    from dnabert_enhancer.engine.substitutions import SharedFirstLayer

_log = logging.getLogger(__name__)


class Network:
    """The network of a model, computed as the settings ask; the way follows the rule of `backends`.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings

    Attributes
    ----------
    way : Way or None
        How outputs are computed; None before the first.
    why : str
        Why in this way.
    check : dict
        How closely it agrees with float32, where that was looked at.

    Raises
    ------
    InputError, ResourceError
        The model cannot be computed as the settings ask.
    """

    def __init__(self, model: EnhancerModel, settings: EngineSettings) -> None:
        self._model, self._settings = model, settings
        self._selection = select_way(model, settings)
        self._backend: Backend | None = None
        self._embedders: dict[EmbeddingRule, Backend] = {}
        self._shared: SharedFirstLayer | None = None
        self.way: Way | None = None
        self.why = self._selection.why
        self.check: dict[str, Any] = {}

    @property
    def is_loaded(self) -> bool:
        """Whether the network that gives outputs is in memory."""
        return self._backend is not None

    @property
    def exact_way(self) -> Way:
        """How attention and embeddings are computed: in float32."""
        return (self._selection.exact or self._selection.way)._replace(precision=Precision.FLOAT32)

    def backend(self) -> Backend:
        """Return what gives the outputs."""
        if self._backend is None:
            if self.way is None:
                self.way = self._chosen_way()
            self._backend = load_backend(self.way, self._model, self._settings.used_threads)
        return self._backend

    def embedder(self, rule: EmbeddingRule) -> Backend:
        """Return what gives embeddings."""
        if rule not in self._embedders:
            threads = self._settings.used_threads
            self._embedders[rule] = load_backend(self.exact_way, self._model, threads, rule)
        return self._embedders[rule]

    def shared_first_layer(self) -> SharedFirstLayer | None:
        """Return what computes windows that differ in a few bases; None where they are computed in full."""
        from dnabert_enhancer.engine.substitutions import SharedFirstLayer, shares_first_layer

        self.backend()
        if self._shared is None and self.way is not None and shares_first_layer(self._model, self.way):
            self._shared = SharedFirstLayer(self._model, self._settings.used_threads)
        return self._shared

    def release(self) -> None:
        """Let go of what was loaded; it is read again when it is next asked for."""
        self._backend = self._shared = None
        self._embedders = {}

    def _chosen_way(self) -> Way:
        """Return the first way of the rule that agrees with float32, or float32; or what was asked for."""
        selection = self._selection
        if selection.exact is None:
            return selection.way
        from dnabert_enhancer.engine.precision_check import check_precision

        chosen = selection.exact
        for way in (selection.way, *selection.then):
            found = check_precision(self._model, way, selection.exact, self._settings.used_threads)
            self.check = found.report()
            self.why += f"; {way.precision} {'agrees' if found.passes else 'does not agree'} with float32"
            if not found.passes and selection.is_asked_for:
                _log.warning("engine: %s does not agree with float32 (%s)", way, self.check)
            if found.passes or selection.is_asked_for:
                chosen = way
                break
        _log.info("engine: %s (%s)", chosen, self.why)
        return chosen
