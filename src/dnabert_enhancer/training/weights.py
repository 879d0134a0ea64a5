"""The trained weights as they are written: adapters merged, label scale folded in, float32 arrays by name."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.losses import LabelScale


def final_model(model: Any, scale: LabelScale) -> Any:  # transformers or peft model to transformers model
    """Return the model with merged adapters, whose regression output is in the units of the labels."""
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model = model.float().eval()
    if scale != LabelScale():
        layer = _last_linear(model)
        with torch.no_grad():
            layer.weight.mul_(scale.deviation)
            layer.bias.mul_(scale.deviation).add_(scale.mean)
    return model


def plain_state(model: torch.nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights as float32 arrays (integers as they are) by name."""
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().cpu().numpy()
        for name, tensor in model.state_dict().items()
    }


def _last_linear(model: torch.nn.Module) -> torch.nn.Linear:
    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1 and layer.bias is not None
    ]
    if not layers:
        raise InputError("the base model's head is not linear, so it cannot be used for a regression")
    return layers[-1]
