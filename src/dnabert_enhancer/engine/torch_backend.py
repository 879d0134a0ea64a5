"""PyTorch as a backend: encoders by our own network, every other architecture by transformers' module."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import GPU_CALLS, windows_in_cache, windows_on_gpu
from dnabert_enhancer.engine.settings import Device, Precision
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import NO_PADDING, EnhancerModel, Pooling, name_padding, silence_transformers

if TYPE_CHECKING:
    import torch

    from dnabert_enhancer.engine.torch_encoder import EncoderNetwork
    from dnabert_enhancer.model import EmbeddingRule, Encoder, State

_CACHE_BYTES = 13 << 18  # 3.25 MiB of activations: measured best for layers of 128 and of 768 units


class TorchBackend:
    """A model in PyTorch, without a mask, since nothing is padded.

    Parameters
    ----------
    model : EnhancerModel
    device : {"cpu", "cuda"}
    precision : {"float32", "bfloat16"}
    threads : int
        On the processor that many calls go on at a time, each on one thread; on a GPU two.
    embedding : EmbeddingRule, optional
        Give embeddings in place of outputs.
    """

    name = "torch"

    def __init__(
        self,
        model: EnhancerModel,
        device: str,
        precision: str,
        threads: int,
        embedding: EmbeddingRule | None = None,
    ) -> None:
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
        self.workers = threads if device == Device.CPU else GPU_CALLS
        self._width = model.size("intermediate_size", 1024)
        dtype = torch.bfloat16 if precision == Precision.BFLOAT16 else torch.float32
        with self.session():
            self._compute = self._load(model, dtype, embedding)

    def windows_per_call(self, tokens: int) -> int:
        """Return how many windows keep the widest activations within a core's cache, or a GPU busy."""
        window_bytes = (2 if self.precision == Precision.BFLOAT16 else 4) * self._width * tokens
        if self.device != Device.CPU:
            return windows_on_gpu(window_bytes)
        return windows_in_cache(_CACHE_BYTES, window_bytes)

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

    def _load(
        self, model: EnhancerModel, dtype: torch.dtype, embedding: EmbeddingRule | None
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        if model.encoder is None:
            return _foreign_module(model, dtype, self.device)
        import torch

        from dnabert_enhancer.engine.torch_encoder import EncoderNetwork

        tokens = model.tokenizer.token_count(model.gauge_length)
        rows = tokens * self.windows_per_call(tokens)
        network = EncoderNetwork(model.encoder, model.read_state())
        whole = embedding is not None and embedding.pooling == Pooling.MEAN
        self.network = network.for_prediction(dtype, self.device, rows, whole=whole)

        @torch.inference_mode()
        def compute(ids: torch.Tensor) -> torch.Tensor:
            if embedding is not None:
                return network.embedding(ids, embedding)
            outputs: torch.Tensor = network(ids)["logits"]
            return outputs

        return compute


def encoder_network(encoder: Encoder, state: State, **options: Any) -> EncoderNetwork:
    """Return an encoder as a torch module, for training; see `EncoderNetwork` for the options."""
    from dnabert_enhancer.engine.torch_encoder import EncoderNetwork

    return EncoderNetwork(encoder, state, **options)


def _foreign_module(
    model: EnhancerModel, dtype: torch.dtype, device: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return transformers' own module as a function; code that comes with weights is never run."""
    import torch

    try:
        from transformers import AutoModelForSequenceClassification
    except ImportError:
        raise ResourceError(
            f"a model of type {model.kind!r} needs transformers",
            remedy="pip install '.[train]' in a clone of the suite",
        ) from None
    model.read_state()  # transformers would load weights that are not finite
    try:
        with silence_transformers():
            module, found = AutoModelForSequenceClassification.from_pretrained(
                model.directory,
                dtype=dtype,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"transformers cannot load it: {reason}", source=model.directory) from None
    lacking = sorted(name for name in found["missing_keys"] if ".pooler." not in name)
    if lacking:
        raise InputError(
            f"the weights lack {len(lacking)} tensors of a classifier, such as {lacking[0]}",
            source=model.directory,
            remedy="fine-tune the model before use",
        )
    name_padding(module, NO_PADDING)
    module.eval().to(device)

    @torch.inference_mode()
    def compute(ids: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = module(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        return outputs

    return compute
