"""Fine-tuning: early stop, collapse guard, resume, logging, calibration.

What trains is imported when it is first asked for, and torch only when a training begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.training.search_settings import PRUNERS, SAMPLERS, SEARCHED, SearchSettings
from dnabert_enhancer.training.settings import CHOICES, LOGGERS, TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.training.augment import Augmentation
    from dnabert_enhancer.training.base_model import Target, open_base
    from dnabert_enhancer.training.batches import Collator
    from dnabert_enhancer.training.collapse import CollapsedTraining
    from dnabert_enhancer.training.epoch_metrics import SMALLER_IS_BETTER, chosen_metric
    from dnabert_enhancer.training.finetuning import TrainingResult, finetune
    from dnabert_enhancer.training.folds import TrainedFold, finetune_folds
    from dnabert_enhancer.training.job import EpochListener
    from dnabert_enhancer.training.losses import Loss
    from dnabert_enhancer.training.network import torch_model
    from dnabert_enhancer.training.packages import require_packages
    from dnabert_enhancer.training.processes import launched_count
    from dnabert_enhancer.training.run_folder import differences
    from dnabert_enhancer.training.study import PrunedTrial, Study, Trial, parameters_of
    from dnabert_enhancer.training.window_store import WindowStore

_LAZY = {
    "Augmentation": "augment",
    "CollapsedTraining": "collapse",
    "Collator": "batches",
    "EpochListener": "job",
    "Loss": "losses",
    "PrunedTrial": "study",
    "SMALLER_IS_BETTER": "epoch_metrics",
    "Study": "study",
    "Target": "base_model",
    "TrainedFold": "folds",
    "TrainingResult": "finetuning",
    "Trial": "study",
    "WindowStore": "window_store",
    "chosen_metric": "epoch_metrics",
    "differences": "run_folder",
    "finetune": "finetuning",
    "finetune_folds": "folds",
    "launched_count": "processes",
    "open_base": "base_model",
    "parameters_of": "study",
    "require_packages": "packages",
    "torch_model": "network",
}

__all__ = [
    "CHOICES",
    "LOGGERS",
    "PRUNERS",
    "SAMPLERS",
    "SEARCHED",
    "SMALLER_IS_BETTER",
    "Augmentation",
    "CollapsedTraining",
    "Collator",
    "EpochListener",
    "Loss",
    "PrunedTrial",
    "SearchSettings",
    "Study",
    "Target",
    "TrainedFold",
    "TrainingResult",
    "TrainingSettings",
    "Trial",
    "WindowStore",
    "chosen_metric",
    "differences",
    "finetune",
    "finetune_folds",
    "launched_count",
    "open_base",
    "parameters_of",
    "require_packages",
    "torch_model",
]


def __getattr__(name: str) -> Any:  # the lazy names
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
