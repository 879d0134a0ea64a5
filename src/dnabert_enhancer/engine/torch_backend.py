"""PyTorch as a backend: BERT by our own functions, every other architecture by transformers' module."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import GPU_WINDOWS, windows_in_cache
from dnabert_enhancer.engine.settings import Device, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EnhancerModel, silence_transformers

if TYPE_CHECKING:
    import torch

_CACHE_BYTES = 13 << 18  # 3.25 MiB of activations: measured best for layers of 128 and of 768 units


class TorchBackend:
    """A model in PyTorch, without a mask, since nothing is padded.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "bfloat16"}
    threads : int
        On the processor that many calls go on at a time, each on one thread.
    """

    name = "torch"

    def __init__(self, model: EnhancerModel, device: str, precision: str, threads: int) -> None:
        try:
            import torch
        except ImportError:
            raise ResourceError(
                "the torch backend needs torch", remedy="pip install '.[train]' in a clone of the suite"
            ) from None
        if device == Device.CUDA and not torch.cuda.is_available():
            raise ResourceError("torch finds no CUDA device", remedy="use --device cpu")
        self.device = device
        self.precision = precision
        self.workers = threads if device == Device.CPU else 1
        self._width = int(model.config.get("intermediate_size", 1024))
        dtype = torch.bfloat16 if precision == Precision.BFLOAT16 else torch.float32
        with self.session():
            self._compute = self._load(model, dtype)

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within a core's cache."""
        if self.device != Device.CPU:
            return GPU_WINDOWS
        size = 2 if self.precision == Precision.BFLOAT16 else 4
        return windows_in_cache(_CACHE_BYTES, size * self._width * tokens)

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the outputs, shape (windows, outputs), of token ids, shape (windows, tokens)."""
        import torch

        tokens = torch.from_numpy(ids.astype(np.int64)).to(self.device)
        outputs: NDArray[np.float32] = self._compute(tokens).float().cpu().numpy()
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

    def _load(self, model: EnhancerModel, dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
        from dnabert_enhancer.engine.torch_bert import TorchBert, can_compute

        if model.is_bert and can_compute(model.shape):
            tokens = model.tokenizer.token_count(model.window_length)
            rows = tokens * self.windows_per_call(tokens)
            return TorchBert(model.shape, model.read_state(), dtype, self.device, rows)
        return _foreign_module(model, dtype, self.device)


def _foreign_module(
    model: EnhancerModel, dtype: torch.dtype, device: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return transformers' own module as a function; code that comes with weights is never run."""
    import torch

    try:
        from transformers import AutoModelForSequenceClassification
    except ImportError:
        raise ResourceError(
            f"a model of type {model.config.get('model_type')!r} needs transformers",
            remedy="pip install '.[train]' in a clone of the suite",
        ) from None
    try:
        with silence_transformers():
            module = AutoModelForSequenceClassification.from_pretrained(
                model.directory, dtype=dtype, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"transformers cannot load it: {reason}", source=model.directory) from None
    module.eval().to(device)

    @torch.inference_mode()
    def compute(ids: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = module(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        return outputs

    return compute
