"""The trained weights as they are written: adapters merged, label scale folded in, float32 arrays by name; predictions from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.attempt import Job, both_strands
from dnabert_enhancer.training.batches import Collator
from dnabert_enhancer.training.losses import LabelScale
from dnabert_enhancer.training.windows import WindowStore

_BATCH = 256


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


def predict_split(model: Any, store: WindowStore, job: Job) -> NDArray[np.float64]:
    """Return the outputs of all windows of a split in float32 arithmetic, averaged over the strands, ``[n, m]``."""
    collate = Collator(store, np.zeros(len(store), np.int64), job.tokenizer, job.pad_id)
    device = next(model.parameters()).device
    outputs = []
    with torch.inference_mode():
        for first in range(0, 2 * len(store), _BATCH):
            batch = collate(list(range(first, min(first + _BATCH, 2 * len(store)))))
            inputs = {name: tensor.to(device) for name, tensor in batch.items() if name != "labels"}
            outputs.append(model(**inputs).logits.float().cpu().numpy())
    return both_strands(np.concatenate(outputs))


def _last_linear(model: torch.nn.Module) -> torch.nn.Linear:
    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1 and layer.bias is not None
    ]
    if not layers:
        raise InputError("the base model's head is not linear, so it cannot be used for a regression")
    return layers[-1]
