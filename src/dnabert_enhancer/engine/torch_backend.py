"""PyTorch as a backend, through transformers' own module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.settings import Device
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.model import EnhancerModel

_ACTIVATION_BYTES = 1 << 20


class TorchBackend:
    """A model in transformers, with scaled-dot-product attention and no mask, since nothing is padded.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "bfloat16"}
    threads : int
        On the processor that many windows are computed at a time, each by one thread.
    """

    name = "torch"

    def __init__(self, model: EnhancerModel, device: str, precision: str, threads: int) -> None:
        try:
            import torch
            from transformers import AutoModelForSequenceClassification
        except ImportError:
            raise ResourceError(
                "the torch backend needs torch and transformers",
                remedy="pip install 'dnabert-enhancer[train]'",
            ) from None
        self.device = device
        self.precision = precision
        self.workers = threads if device == Device.CPU else 1
        self._model = model
        self._module = AutoModelForSequenceClassification.from_pretrained(
            model.directory, attn_implementation="sdpa", dtype=torch.float32, local_files_only=True
        )
        self._module.eval().to(device)

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within the cache of a processor core."""
        if self.device != Device.CPU:
            return 256
        width = int(self._model.config.get("intermediate_size", 1024))
        return max(1, min(8, _ACTIVATION_BYTES // (4 * width * tokens)))

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens)."""
        import torch

        with torch.inference_mode():
            tokens = torch.from_numpy(ids.astype(np.int64)).to(self.device)
            outputs: NDArray[np.float32] = self._module(input_ids=tokens).logits.float().cpu().numpy()
        return outputs

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Let every thread that calls `run` compute alone, and put the process's setting back."""
        import torch

        before = torch.get_num_threads()
        if self.device == Device.CPU:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
