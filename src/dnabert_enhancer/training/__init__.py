"""Fine-tuning: early stop, collapse guard, resume, logging, calibration.

What trains is imported when it is first asked for, and torch only when a training begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.training.settings import CHOICES, LOGGERS, TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.training.finetuning import TrainingResult, finetune

__all__ = ["CHOICES", "LOGGERS", "TrainingResult", "TrainingSettings", "finetune"]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in __all__:
        return getattr(import_module(f"{__name__}.finetuning"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
