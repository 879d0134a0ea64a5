"""A BERT classifier in plain PyTorch functions, laid out for speed on a processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dnabert_enhancer.model import BertShape, State

_ACTIVATIONS: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "gelu": ("gelu", functional.gelu),
    "relu": ("relu", functional.relu),
    "gelu_new": ("", lambda x: functional.gelu(x, approximate="tanh")),
    "gelu_pytorch_tanh": ("", lambda x: functional.gelu(x, approximate="tanh")),
}
_ALGORITHM = {"gelu": "none", "relu": ""}


def can_compute(shape: BertShape) -> bool:
    """Tell whether the model's activation is one of those that are computed here."""
    return shape.activation in _ACTIVATIONS


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]  # torch gives it no types


class _Linear:
    """``x W^T + b``, then an activation; on a processor with the weights in oneDNN's own order.

    oneDNN's packed product, which torch's compiler uses too, spares a re-ordering of the weights in each call
    and applies the activation while the sums are in the registers.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, activation: str = "", rows: int = 0) -> None:
        self._weight = weight
        self._bias = bias
        self._fused = _ACTIVATIONS[activation][0] if activation else ""
        self._function = _ACTIVATIONS[activation][1] if activation else None
        self._packed: Any = None  # an opaque tensor
        if rows and weight.device.type == "cpu" and _has_onednn():
            try:
                self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
                self(torch.zeros((rows, weight.shape[1]), dtype=weight.dtype))
                self._weight = torch.empty(0)
            except (AttributeError, RuntimeError, NotImplementedError):
                self._packed = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self._packed is None:
            y = functional.linear(x, self._weight, self._bias)
            return y if self._function is None else self._function(y)
        attribute = self._fused or "none"
        y = torch.ops.mkldnn._linear_pointwise(
            x, self._packed, self._bias, attribute, [], _ALGORITHM.get(attribute, "")
        )
        return self._function(y) if self._function is not None and not self._fused else y


class _Layer(NamedTuple):
    """One layer; its queries are projected apart from keys and values in the last layer only."""

    query: _Linear | None
    key_value: _Linear
    context: _Linear
    norm: tuple[torch.Tensor, torch.Tensor]
    widen: _Linear
    narrow: _Linear
    last_norm: tuple[torch.Tensor, torch.Tensor]


class TorchBert:
    """The classifier: token ids to outputs.

    Parameters
    ----------
    shape : BertShape
    state : dict of str to float32 array
        Weights by Hugging Face's names.
    dtype : torch.dtype
        Of matrices and activations; embeddings, their normalisation and the head stay float32.
    device : str
    rows : int
        Tokens in a typical call, for which oneDNN lays out the weights.

    Notes
    -----
    Only the first token of the last layer reaches the classifier, so that layer computes its query, its
    feed-forward part and its normalisations for this token alone.
    """

    def __init__(self, shape: BertShape, state: State, dtype: torch.dtype, device: str, rows: int) -> None:
        self._shape = shape
        self._dtype = dtype
        self._device = device
        self._rows = rows
        self._state = state
        name = "bert.embeddings"
        self._words = self._tensor(f"{name}.word_embeddings.weight")
        positions = self._tensor(f"{name}.position_embeddings.weight")
        self._positions = positions + self._tensor(f"{name}.token_type_embeddings.weight")[0]
        self._norm = self._normalisation(name, torch.float32)
        self._layers = [self._layer(layer) for layer in range(shape.layers)]
        self._pooler = _Linear(*self._pair("bert.pooler.dense"))
        self._classifier = _Linear(*self._pair("classifier"))
        del self._state

    @torch.inference_mode()
    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the outputs, float32 (windows, outputs), of ids, int64 (windows, tokens)."""
        size, epsilon = (self._shape.hidden,), self._shape.epsilon
        x = functional.embedding(ids, self._words) + self._positions[: ids.shape[1]]
        x = functional.layer_norm(x, size, *self._norm, epsilon).to(self._dtype)
        for layer in self._layers:
            read = x if layer.query is None else x[:, :1]
            y = layer.context(self._attend(layer, read, x))
            read = functional.layer_norm(y + read, size, *layer.norm, epsilon)
            y = layer.narrow(layer.widen(read))
            x = functional.layer_norm(y + read, size, *layer.last_norm, epsilon)
        return self._classifier(torch.tanh(self._pooler(x[:, 0].float())))

    def _attend(self, layer: _Layer, read: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        windows, tokens = x.shape[:2]
        heads = self._shape.heads
        parts = 3 if layer.query is None else 2
        projected = layer.key_value(x).view(windows, tokens, parts, heads, -1).permute(2, 0, 3, 1, 4)
        if layer.query is None:
            query, key, value = projected.unbind(0)
        else:
            query = layer.query(read).view(windows, 1, heads, -1).transpose(1, 2)
            key, value = projected.unbind(0)
        context = functional.scaled_dot_product_attention(query, key, value)
        return context.transpose(1, 2).reshape(windows, -1, self._shape.hidden)

    def _layer(self, number: int) -> _Layer:
        name = f"bert.encoder.layer.{number}"
        attention = f"{name}.attention"
        last = number == self._shape.layers - 1
        parts = ("key", "value") if last else ("query", "key", "value")
        joined = [self._joined(f"{attention}.self", parts, kind) for kind in ("weight", "bias")]
        rows = 0 if last else self._rows
        return _Layer(
            query=_Linear(*self._pair(f"{attention}.self.query", self._dtype)) if last else None,
            key_value=_Linear(joined[0], joined[1], rows=self._rows),
            context=_Linear(*self._pair(f"{attention}.output.dense", self._dtype), rows=rows),
            norm=self._normalisation(f"{attention}.output", self._dtype),
            widen=_Linear(
                *self._pair(f"{name}.intermediate.dense", self._dtype), self._shape.activation, rows=rows
            ),
            narrow=_Linear(*self._pair(f"{name}.output.dense", self._dtype), rows=rows),
            last_norm=self._normalisation(f"{name}.output", self._dtype),
        )

    def _tensor(self, name: str, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        values: NDArray[np.float32] = self._state[name]
        return torch.tensor(values, dtype=dtype, device=self._device)

    def _pair(self, name: str, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
        return self._tensor(f"{name}.weight", dtype), self._tensor(f"{name}.bias", dtype)

    def _joined(self, name: str, parts: tuple[str, ...], kind: str) -> torch.Tensor:
        return torch.cat([self._tensor(f"{name}.{part}.{kind}", self._dtype) for part in parts])

    def _normalisation(self, name: str, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        return self._pair(f"{name}.LayerNorm", dtype)
