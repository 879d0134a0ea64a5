"""Fine-tuning: early stop, collapse guard, resume, logging, calibration.

What trains is imported when it is first asked for, and torch only when a training begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.training.settings import CHOICES, LOGGERS, TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.training.augment import Augmentation
    from dnabert_enhancer.training.base_model import Target, open_base
    from dnabert_enhancer.training.batches import Collator
    from dnabert_enhancer.training.finetuning import TrainingResult, finetune
    from dnabert_enhancer.training.folds import TrainedFold, finetune_folds
    from dnabert_enhancer.training.losses import Loss
    from dnabert_enhancer.training.network import torch_model
    from dnabert_enhancer.training.precision import cpu_has_bfloat16_units
    from dnabert_enhancer.training.window_store import WindowStore

_LAZY = {
    "Augmentation": "augment",
    "Collator": "batches",
    "Loss": "losses",
    "Target": "base_model",
    "TrainedFold": "folds",
    "TrainingResult": "finetuning",
    "WindowStore": "window_store",
    "cpu_has_bfloat16_units": "precision",
    "finetune": "finetuning",
    "finetune_folds": "folds",
    "open_base": "base_model",
    "torch_model": "network",
}

__all__ = [
    "CHOICES",
    "LOGGERS",
    "Augmentation",
    "Collator",
    "Loss",
    "Target",
    "TrainedFold",
    "TrainingResult",
    "TrainingSettings",
    "WindowStore",
    "cpu_has_bfloat16_units",
    "finetune",
    "finetune_folds",
    "open_base",
    "torch_model",
]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
