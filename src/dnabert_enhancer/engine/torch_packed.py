"""Linear maps in PyTorch with their weights laid out for prediction on a processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": functional.gelu,
    "relu": functional.relu,
    "silu": functional.silu,
    "gelu_new": lambda x: functional.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: functional.gelu(x, approximate="tanh"),
}
_FUSED = {"gelu": "none", "relu": ""}
"""Activations that oneDNN applies in its matrix product, and how."""
PARTS = ("query", "key", "value")


class NoValuesDrawn(TorchFunctionMode):
    """Leaves the weights of layers that are made within as they are, for weights that are given afterwards.

    On the device meta torch would draw them by its compiler, whose import is half of a command's start.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a function of torch, unless it gives a tensor its first values."""
        given = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)


class PackedProjection(nn.Module):
    """The same by one product; of the first token alone the queries apart from keys and values."""

    def __init__(self, plain: Any, rows: int, *, first_only: bool) -> None:
        super().__init__()
        self.heads = plain.heads
        parts = [plain.get_submodule(name) for name in (PARTS[1:] if first_only else PARTS)]
        self.query = PackedLinear(plain.query, 0) if first_only else None
        with NoValuesDrawn():
            joined = nn.Linear(1, 1, device="meta")
        joined.weight = nn.Parameter(torch.cat([part.weight for part in parts]), requires_grad=False)
        joined.bias = nn.Parameter(torch.cat([part.bias for part in parts]), requires_grad=False)
        self.joined = PackedLinear(joined, rows)
        self.parts = len(parts)

    def forward(self, read: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the queries of `read`, the keys and the values of `x`."""
        windows, tokens = x.shape[:2]
        projected = self.joined(x).view(windows, tokens, self.parts, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.query is None:
            query, key, value = projected.unbind(0)
            return query, key, value
        query = self.query(read).view(windows, read.shape[1], self.heads, -1).transpose(1, 2)
        return query, *projected.unbind(0)


class Float64Linear(nn.Module):
    """A classifier in float64, for heads whose large weights meet units near 1 (see `encoder_to_onnx`)."""

    def __init__(self, plain: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(plain.weight.double(), requires_grad=False)
        self.bias = nn.Parameter(plain.bias.double(), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs, float64."""
        return functional.linear(x, self.weight, self.bias)


class PackedLinear(nn.Module):
    """``x W^T + b``, then an activation; on a processor with the weights in oneDNN's own order.

    oneDNN's packed product, which torch's compiler uses too, spares a re-ordering of the weights in each call
    and applies the activation while the sums are in the registers.
    """

    def __init__(self, plain: Any, rows: int, activation: str = "") -> None:
        super().__init__()
        self._weight: torch.Tensor = plain.weight.detach()
        self._bias: torch.Tensor | None = None if plain.bias is None else plain.bias.detach()
        self._fused = activation if activation in _FUSED else ""
        self._function = ACTIVATIONS[activation] if activation else None
        self._packed: Any = None  # an opaque tensor
        if rows and self._weight.device.type == "cpu" and _has_onednn():
            try:
                self._packed = torch.ops.mkldnn._reorder_linear_weight(self._weight, rows)
                self(torch.zeros((rows, self._weight.shape[1]), dtype=self._weight.dtype))
                self._weight = torch.empty(0)
            except (AttributeError, RuntimeError, NotImplementedError):
                self._packed = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product, with the activation."""
        if self._packed is None:
            y = functional.linear(x, self._weight, self._bias)
            return y if self._function is None else self._function(y)
        attribute = self._fused or "none"
        y = torch.ops.mkldnn._linear_pointwise(
            x, self._packed, self._bias, attribute, [], _FUSED.get(attribute, "")
        )
        return self._function(y) if self._function is not None and not self._fused else y


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]  # torch gives it no types
